"""Convex analysis of mixtures: CPU time beside debCAM's, how often the true number is found, and how well the shares.

Run: python benchmarks/mixtures.py [SHARED]. SHARED is a folder with debCAM's golden output (default: ../shared). debCAM 1.9.1
(R and Java) is not run here: its CPU times are those that came with that output, of R 4.2.2 in one thread on an AMD EPYC. Ours
are of one thread, with k-means.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from radiotype.genomics import ConvexMixture, deconvolve

DEBCAM_CPU_S = {3: 0.79, 10: 14.28}
AS_DEBCAM = {"norm_quantiles": (0.3, 0.95), "n_candidates": None, "n_partitions": 1, "n_jobs": 1}


def agreement(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Lowest correlation of a share with the true one over samples, and mean absolute difference."""
    if found.shape != truth.shape:
        return np.nan, np.nan
    correlation = np.corrcoef(found.T, truth.T)[: found.shape[1], found.shape[1] :]
    rows, columns = linear_sum_assignment(-correlation)
    return float(correlation[rows, columns].min()), float(np.abs(found[:, rows] - truth[:, columns]).mean())


def timed(model: ConvexMixture, expression: np.ndarray) -> tuple[ConvexMixture, float]:
    start = time.process_time()
    model.fit(expression)
    return model, time.process_time() - start


def planted(
    n_subclones: int, n_samples: int, n_genes: int, noise: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expression, shares and profiles; every fiftieth gene is a marker of each subclone."""
    random = np.random.default_rng([seed, n_subclones])
    profiles = random.lognormal(4, 1.5, n_genes) * np.exp(random.normal(0, 0.5, (n_subclones, n_genes)))
    markers = random.permutation(n_genes)[: n_subclones * (n_genes // 50)].reshape(n_subclones, -1)
    for own, genes in enumerate(markers):
        profiles[np.ix_([at for at in range(n_subclones) if at != own], genes)] *= 0.01
    shares = random.dirichlet(np.ones(n_subclones), n_samples)
    return shares @ profiles * np.exp(random.normal(0, noise, (n_samples, n_genes))), shares, profiles


def rats(folder: Path) -> None:
    expression = pd.read_csv(folder / "input_X_2500x21.csv", index_col=0).T
    shares = pd.read_csv(folder / "true_A.csv").to_numpy()
    print("\n## Rat liver, brain and lung: 2,500 genes, 21 mixtures; K = 2 to 5, or 3 in three dimensions\n")
    print("| dimensions | from | CPU s | debCAM | number found, 10 seeds | lowest correlation | mean difference |")
    print("|---|---|---|---|---|---|---|")
    for dim, numbers in ((3, [2, 3]), (10, [2, 3, 4, 5])):
        given = pd.read_csv(folder / f"dim{dim}_kmeans_cluster.csv", index_col="gene")["cluster"]
        labels = given.reindex(expression.columns).fillna(-1).astype(int).to_numpy()
        start = time.process_time()
        model = ConvexMixture(numbers, n_dimensions=dim, **AS_DEBCAM).fit(expression, clusters=labels)
        took = time.process_time() - start
        row = (
            dim,
            "debCAM's clusters",
            f"{took:.2f}",
            "",
            model.n_subclones_,
            *agreement(model.solutions_[3].proportions, shares),
        )
        print("| {} | {} | {} | {} | {} | {:.3f} | {:.3f} |".format(*row))
        for name, settings in (
            ("one run of 51", {}),
            ("8 runs of 51", {"n_partitions": 8}),
            ("20 runs of 51", {"n_partitions": 20}),
        ):
            fits = [
                timed(ConvexMixture(numbers, n_dimensions=dim, seed=seed, **(AS_DEBCAM | settings)), expression)
                for seed in range(10)
            ]
            found = np.bincount([model.n_subclones_ for model, _ in fits], minlength=6)
            counted = ", ".join(f"{k}: {n}" for k, n in enumerate(found) if n)
            close = np.array([agreement(model.solutions_[3].proportions, shares) for model, _ in fits])
            took = np.mean([took for _, took in fits])
            print(
                f"| {dim} | {name} | {took:.2f} | {DEBCAM_CPU_S[dim] if not settings else ''} | {counted} "
                f"| {close[:, 0].min():.3f} | {close[:, 1].mean():.3f} |",
                flush=True,
            )


def known() -> None:
    print("\n## Planted subclones: K = 2 to 8 tried, 20 % noise, defaults\n")
    print("| genes x samples | true K | found | CPU s | lowest correlation | difference | new: additive | new: proportional |")
    print("|---|---|---|---|---|---|---|---|")
    for n_genes, n_samples, numbers in ((5000, 60, (2, 3, 4, 5, 6)), (20_000, 200, (4,))):
        for k in numbers:
            expression, shares, _ = planted(k, n_samples + 40, n_genes, 0.2, 1)
            model, took = timed(ConvexMixture(n_jobs=1), expression[:n_samples])
            lowest, mean = agreement(model.proportions_, shares[:n_samples])
            new = [
                agreement(deconvolve(expression[n_samples:], model.profiles_, noise=noise).proportions, shares[n_samples:])[1]
                for noise in ("additive", "proportional")
            ]
            print(
                f"| {n_genes:,} x {n_samples} | {k} | {model.n_subclones_} | {took:.1f} | {lowest:.4f} | {mean:.3f} "
                f"| {new[0]:.3f} | {new[1]:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    print("# Convex analysis of mixtures")
    golden = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2] / "shared") / "golden" / "debcam"
    if golden.is_dir():
        rats(golden)
    else:
        print("\ndebCAM's golden output is absent; the rats are left out")
    known()
