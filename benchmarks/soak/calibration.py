"""How often the tests of subtypes find subtypes where there are none: 400 cohorts of one Gaussian each, of four kinds.

Run: python benchmarks/soak/calibration.py; minutes of one core. The seed was chosen before the first run. A test at 0.05
should reject in 5 % of the cohorts; the band is that of the binomial distribution, 0.001 outside. Fewer is allowed (a test may
be cautious), more is not. Tests that are known not to hold are in brackets. A fifth kind holds three groups, to see what the
tests find where there is something.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np
from scipy.stats import binom
from sklearn.cluster import KMeans

from radiotype.subtypes import in_group_proportion, sigclust, sigclust_pairs, sigclust_tree

SEED = 20261121
N_COHORTS, LEVEL, N_SIMULATIONS = 400, 0.05, 39
LOWER, UPPER = (int(bound) for bound in binom.ppf([0.0005, 0.9995], N_COHORTS, LEVEL))
N_CASES, N_FEATURES, PART = 100, 30, 50
FALLING = np.sqrt(10.0 / np.arange(1, N_FEATURES + 1))
CENTRES = 5.0 * np.eye(3, N_FEATURES)
TURN = np.linalg.qr(np.random.default_rng(SEED).normal(size=(N_FEATURES, N_FEATURES)))[0]
GROUPS = "three groups"

COHORTS = {
    "equal variances": lambda random: random.normal(size=(N_CASES, N_FEATURES)),
    "falling variances": lambda random: random.normal(size=(N_CASES, N_FEATURES)) * FALLING,
    "features with offsets": lambda random: random.normal(size=(N_CASES, N_FEATURES)) + 3 * random.normal(size=N_FEATURES),
    GROUPS: lambda random: random.normal(size=(N_CASES, N_FEATURES)) + CENTRES[random.integers(0, 3, N_CASES)],
    "correlated features": lambda random: random.normal(size=(N_CASES, N_FEATURES)) * FALLING @ TURN,
}


def of_one_cohort(kind: str, random: np.random.Generator, seed: int) -> Iterator[tuple[str, bool]]:
    """What each test says of one cohort: its name, and whether it rejects. Each kind has centroids of a cohort of its own."""
    X, discovery = COHORTS[kind](random), COHORTS[kind](random)
    for covariance in ("soft", "hard", "sample"):
        test = sigclust(X, covariance=covariance, n_simulations=N_SIMULATIONS, seed=seed)
        yield f"sigclust, {covariance}", test.p_value <= LEVEL
        if covariance == "soft":
            yield f"sigclust, {covariance}, Gaussian p", test.p_value_gaussian <= LEVEL
    like_r = sigclust(X, n_simulations=N_SIMULATIONS, like_r=True, seed=seed)
    yield "(sigclust, soft, like_r)", like_r.p_value <= LEVEL
    tree = sigclust_tree(X, n_simulations=N_SIMULATIONS, alpha=LEVEL, seed=seed)
    yield "sigclust_tree, any split", tree.splits[0].significant
    thirds = KMeans(3, n_init=1, random_state=seed).fit(X).labels_
    pairs = sigclust_pairs(X, thirds, n_simulations=99, seed=seed)  # with 39, three corrected p-values are 0.075 or more
    yield "sigclust_pairs of 3-means, any pair, Holm", bool(np.any(pairs.q_value <= LEVEL))

    centroids = KMeans(3, n_init=1, random_state=seed).fit(discovery).cluster_centers_
    found = in_group_proportion(X, centroids, n_permutations=500, size_tolerance=0.2, seed=seed)
    yield "(in_group_proportion, permuted)", bool(found.p_value[0] <= LEVEL)
    found = in_group_proportion(X, centroids, null="gaussian", n_permutations=N_SIMULATIONS, seed=seed)
    yield "in_group_proportion, gaussian", bool(found.p_value[0] <= LEVEL)


def of_a_kind(kind: str, first: int) -> Counter[str]:
    """In how many of the cohorts of a kind, from the first, each test rejects."""
    place, rejected = list(COHORTS).index(kind), Counter[str]()
    for cohort in range(first, first + PART):
        random = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(place, cohort)))
        rejected.update({name: int(rejects) for name, rejects in of_one_cohort(kind, random, cohort)})
    return rejected


def main() -> None:
    rejected: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(COHORTS, 0))
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        parts = [(kind, first) for kind in COHORTS for first in range(0, N_COHORTS, PART)]
        for (kind, _), counts in zip(parts, pool.map(of_a_kind, *zip(*parts, strict=True)), strict=True):
            for name, count in counts.items():
                rejected[name][kind] += count
    print("# Subtypes where there are none\n")
    print(
        f"`python benchmarks/soak/calibration.py`: {N_COHORTS} cohorts of each kind, {N_CASES} cases and {N_FEATURES} features;"
    )
    print(f"seed {SEED}, {N_SIMULATIONS} simulations per test (500 sets of permuted centroids). How many of {N_COHORTS} were")
    print(f"rejected at {LEVEL}. Without groups a calibrated test rejects {LOWER} to {UPPER}; **more** is too often.\n")
    print(f"| test | {' | '.join(COHORTS)} |\n|---{'|---' * len(COHORTS)}|")
    broken = []
    for name, counts in rejected.items():
        too_often = [kind for kind, count in counts.items() if kind != GROUPS and count > UPPER]
        cells = [f"**{count}**" if kind in too_often else str(count) for kind, count in counts.items()]
        print(f"| {name} | {' | '.join(cells)} |")
        broken += [f"{name}: {kind}" for kind in too_often if not name.startswith("(")]
    raise SystemExit(f"above the band: {broken}" if broken else 0)


if __name__ == "__main__":
    main()
