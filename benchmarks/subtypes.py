"""How well consensus clustering finds subtypes: planted ones, none at all, and many cases by landmarks.

Run: python benchmarks/subtypes.py [planted] [none] [landmarks]
Seeds are fixed here. "none": 100 tables of one Gaussian group each (200 cases, 10 features); how often no subtypes are found.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from sklearn.metrics import adjusted_rand_score

from radiotype.subtypes import ConsensusClustering

SEED = 20261121


def groups(n_cases: int, separation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Four groups of 40, 30, 20 and 10 % in ten features; their centres lie `separation` apart on average, noise has sd 1."""
    random = np.random.default_rng([SEED, seed])
    centres = random.normal(size=(4, 10))
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1)
    centres *= separation / apart[np.triu_indices(4, 1)].mean()
    group = random.choice(4, n_cases, p=(0.4, 0.3, 0.2, 0.1))
    return centres[group] + random.normal(size=(n_cases, 10)), group


def planted() -> None:
    print("\n## Four planted subtypes, 1,000 cases, 10 features\n")
    print("| centres apart, sd | metric | K by stability | K by area | ARI at the K by stability | ARI at K = 4 | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for separation in (3.0, 4.5, 6.0):
        values, group = groups(1000, separation, 1)
        for metric in ("pearson", "euclidean"):
            start = time.process_time()
            model = ConsensusClustering(n_resamples=1000, metric=metric, seed=SEED).fit(values)
            took = time.process_time() - start
            by_area = max((k for k in range(3, 11) if model.relative_change_[k] >= 0.1), default=2)
            found, at_four = (adjusted_rand_score(group, labels) for labels in (model.labels_, model.labels_at_[4]))
            row = (f"{separation:g}", metric, model.k_, by_area, f"{found:.3f}", f"{at_four:.3f}", f"{took:.0f}")
            print(f"| {' | '.join(map(str, row))} |", flush=True)


def none(n_tables: int = 100) -> None:
    print(f"\n## {n_tables} tables without subtypes, 200 cases, 10 features\n")
    print("| metric | no subtypes found | CPU s a table |")
    print("|---|---|---|")
    for metric in ("pearson", "euclidean"):
        start, right = time.process_time(), 0
        for table in range(n_tables):
            values = np.random.default_rng([SEED, 2, table]).normal(size=(200, 10))
            right += ConsensusClustering(n_resamples=50, metric=metric, seed=table).fit(values).k_ == 1
        print(f"| {metric} | {right} of {n_tables} | {(time.process_time() - start) / n_tables:.1f} |", flush=True)


def landmarks() -> None:
    print("\n## Landmarks: 5,000 cases in four planted subtypes (centres 4.5 sd apart), K = 4, 200 resamples\n")
    print("| cases | landmarks | ARI with all cases as landmarks | ARI with the planted | CPU s |")
    print("|---|---|---|---|---|")
    values, group = groups(5000, 4.5, 3)
    exact = None
    for number in (None, 2000, 1000, 500):
        labels, took = _timed(values, number)
        exact = labels if exact is None else exact
        same, planted_too = adjusted_rand_score(exact, labels), adjusted_rand_score(group, labels)
        print(f"| 5,000 | {number or 'all'} | {same:.3f} | {planted_too:.3f} | {took:.1f} |", flush=True)
    for n_cases in (20_000, 80_000, 320_000):
        values, group = groups(n_cases, 4.5, 3)
        labels, took = _timed(values, 1000)
        print(f"| {n_cases:,} | 1000 | | {adjusted_rand_score(group, labels):.3f} | {took:.1f} |", flush=True)


def _timed(values: np.ndarray, n_landmarks: int | None) -> tuple[np.ndarray, float]:
    start = time.process_time()
    model = ConsensusClustering(4, n_resamples=200, metric="euclidean", seed=SEED, n_landmarks=n_landmarks).fit(values)
    return model.labels_, time.process_time() - start


if __name__ == "__main__":
    print("# Subtypes: planted, none, and many cases")
    for name in sys.argv[1:] or ("planted", "none", "landmarks"):
        {"planted": planted, "none": none, "landmarks": landmarks}[name]()
