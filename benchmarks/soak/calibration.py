"""How often the tests of subtypes find subtypes where there are none: 400 cohorts of one Gaussian each.

Run: python benchmarks/soak/calibration.py; about 5 minutes of one core. The seed was chosen before the first run. A test at 0.05 should reject in
5 % of the cohorts; the band is that of the binomial distribution, 0.001 outside. Fewer is allowed (a conservative test), more
is not. Variants that are not meant to hold (those of R) are printed beside the others and marked so.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np  # noqa: E402
from scipy.stats import binom  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402

from radiotype.subtypes import in_group_proportion, sigclust, sigclust_pairs, sigclust_tree  # noqa: E402

SEED = 20261121
N_COHORTS, LEVEL, N_SIMULATIONS = 400, 0.05, 99
LOWER, UPPER = (int(bound) for bound in binom.ppf([0.0005, 0.9995], N_COHORTS, LEVEL))
N_CASES, N_FEATURES = 100, 30
FALLING = np.sqrt(10.0 / np.arange(1, N_FEATURES + 1))

COHORTS = {
    "equal variances": lambda random: random.normal(size=(N_CASES, N_FEATURES)),
    "falling variances": lambda random: random.normal(size=(N_CASES, N_FEATURES)) * FALLING,
    "features with offsets": lambda random: random.normal(size=(N_CASES, N_FEATURES)) + 3 * random.normal(size=N_FEATURES),
}


def of_one_cohort(random: np.random.Generator, seed: int) -> Iterator[tuple[str, bool]]:
    """What each test says of one cohort of each kind: its name, and whether it rejects."""
    for kind, draw in COHORTS.items():
        X = draw(random)
        for covariance in ("soft", "hard", "sample"):
            test = sigclust(X, covariance=covariance, n_simulations=N_SIMULATIONS, seed=seed)
            yield f"sigclust, {covariance} | {kind}", test.p_value <= LEVEL
            if covariance == "soft":
                yield f"sigclust, {covariance}, Gaussian p | {kind}", test.p_value_gaussian <= LEVEL
        like_r = sigclust(X, n_simulations=N_SIMULATIONS, like_r=True, seed=seed)
        yield f"(sigclust, soft, like_r | {kind}", like_r.p_value <= LEVEL
        tree = sigclust_tree(X, n_simulations=N_SIMULATIONS, seed=seed)
        yield f"sigclust_tree, any split | {kind}", tree.splits[0].significant
        halves = KMeans(3, n_init=1, random_state=seed).fit(X).labels_
        pairs = sigclust_pairs(X, halves, n_simulations=N_SIMULATIONS, seed=seed)
        yield f"sigclust_pairs of 3-means, any pair, Holm | {kind}", bool(np.any(pairs.q_value <= LEVEL))

        centroids = KMeans(3, n_init=1, random_state=seed).fit(draw(random)).cluster_centers_
        for tolerance in (0.0, 0.2, np.inf):
            found = in_group_proportion(X, centroids, n_permutations=500, size_tolerance=tolerance, seed=seed)
            yield f"in_group_proportion, sizes within {tolerance:g} | {kind}", bool(found.p_value[0] <= LEVEL)


def main() -> None:
    begun = time.process_time()
    rejected: dict[str, int] = defaultdict(int)
    for cohort in range(N_COHORTS):
        for name, rejects in of_one_cohort(np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(cohort,))), cohort):
            rejected[name] += rejects
    print("# Subtypes where there are none\n")
    print(
        f"`python benchmarks/soak/calibration.py`: {N_COHORTS} cohorts of {N_CASES} cases and {N_FEATURES} features, seed {SEED}, ",
        end="",
    )
    print(f"{N_SIMULATIONS} simulations per test; rejected at {LEVEL}; a calibrated test rejects {LOWER} to {UPPER} times.\n")
    print("| test | cohorts | rejected | rate | |\n|---|---|---|---|---|")
    for name, count in rejected.items():
        test, kind = name.removeprefix("(").split(" | ")
        verdict = "as it should" if LOWER <= count <= UPPER else "too seldom" if count < LOWER else "too often"
        print(f"| {test} | {kind} | {count} | {count / N_COHORTS:.3f} | {verdict} |")
    print(f"\n{time.process_time() - begun:.0f} s of one core.")
    broken = [name for name, count in rejected.items() if count > UPPER and not name.startswith("(")]
    raise SystemExit(f"above the band: {broken}" if broken else 0)


if __name__ == "__main__":
    main()
