"""Without groups, a test at 0.05 rejects in no more cohorts than an exact binomial bound of 0.0005 allows.

benchmarks/soak/calibration.py is the campaign; this is its quick guard.
"""

import numpy as np
import pytest
from scipy.stats import binom

from radiotype.subtypes import in_group_proportion, sigclust, sigclust_pairs, sigclust_tree

N_COHORTS, LEVEL, FEW = 200, 0.05, 39
UPPER = binom.ppf(0.9995, N_COHORTS, LEVEL)
FALLING = np.sqrt(4 / np.arange(1, 9))


def cohorts():
    """Cohorts of one Gaussian with unequal, correlated features, in pairs."""
    random = np.random.default_rng(np.random.SeedSequence(20261121))
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0]
    for _ in range(N_COHORTS):
        yield (random.normal(size=(2, 40, 8)) * FALLING) @ turn


def centroids_of(cohort):
    """Means of the two halves along the first feature."""
    high = cohort[:, 0] > np.median(cohort[:, 0])
    return np.array([cohort[high].mean(axis=0), cohort[~high].mean(axis=0)])


TESTS = {
    "sigclust, soft": lambda one, _: sigclust(one, n_simulations=FEW).p_value,
    "sigclust, hard": lambda one, _: sigclust(one, covariance="hard", n_simulations=FEW).p_value,
    "sigclust, sample": lambda one, _: sigclust(one, covariance="sample", n_simulations=FEW).p_value,
    "sigclust_tree": lambda one, _: sigclust_tree(one, n_simulations=FEW, min_cases=40).splits[0].test.p_value_gaussian,
    "in_group_proportion": lambda one, other: in_group_proportion(
        one, centroids_of(other), null="gaussian", n_permutations=FEW
    ).p_value[0],
}


def assert_cautious(p_values):
    rejected = np.count_nonzero(np.array(p_values) <= LEVEL)
    assert len(p_values) == N_COHORTS
    assert rejected <= UPPER, f"{rejected} of {N_COHORTS} at {LEVEL}; at most {UPPER:g} are allowed"


@pytest.mark.parametrize("test", TESTS)
def test_cohorts_without_groups_are_seldom_rejected(test):
    assert_cautious([TESTS[test](one, other) for one, other in cohorts()])


def test_the_bound_catches_a_p_value_that_was_chosen_among_three():
    random = np.random.default_rng(np.random.SeedSequence(1))
    with pytest.raises(AssertionError, match="are allowed"):
        assert_cautious(random.random((N_COHORTS, 3)).min(axis=1))


def test_the_same_cohorts_with_two_groups_are_rejected():
    apart = np.repeat([[0.0], [8.0]], 20, axis=0) * np.eye(8)[0]
    shifted = [one + apart for one, _ in list(cohorts())[:20]]
    for name in ("sigclust, soft", "sigclust, hard", "sigclust_tree"):
        assert max(TESTS[name](one, None) for one in shifted) <= LEVEL


def test_pairs_of_one_gaussian_in_pieces_are_no_evidence_where_the_tree_finds_no_groups():
    """What the docs warn of: the null of the pairs does not know that the partition was chosen."""
    told_apart = groups = 0
    for seed in range(5):
        one_cloud = np.random.default_rng(seed).normal(size=(100, 2)) * [4, 1]
        pieces = np.digitize(one_cloud[:, 0], np.quantile(one_cloud[:, 0], [1 / 3, 2 / 3]))
        told_apart += np.any(sigclust_pairs(one_cloud, pieces, n_simulations=99).q_value <= 0.05)
        groups += sigclust_tree(one_cloud, n_simulations=50).labels.max() > 0
    assert told_apart == 5
    assert groups == 0
