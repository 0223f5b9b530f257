"""SigClust down a dendrogram and between pairs: levels, order and numbers against their definitions."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster
from scipy.cluster.hierarchy import linkage as scipy_linkage
from sklearn.metrics import adjusted_rand_score

from radiotype.stats import adjust_p_values
from radiotype.subtypes import sigclust, sigclust_pairs, sigclust_tree
from radiotype.subtypes.partition import LINKAGES
from radiotype.subtypes.two_means import cluster_index

RANDOM = np.random.default_rng(21)
CENTRES = np.array([[0.0, 0, 0, 0, 0], [10, 0, 0, 0, 0], [10, 6, 0, 0, 0]])
TRUTH = np.repeat([0, 1, 2], [30, 20, 25])
PLANTED = CENTRES[TRUTH] + RANDOM.normal(size=(75, 5))
NOISE = RANDOM.normal(size=(60, 5))


@pytest.mark.parametrize("linkage", ["average", "complete", "ward"])
def test_planted_clusters_are_found_and_no_more(linkage):
    found = sigclust_tree(PLANTED, linkage=linkage, n_simulations=100)
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    significant = [split for split in found.splits if split.significant]
    assert [(len(split.left), len(split.right)) for split in significant] == [(30, 45), (20, 25)]
    np.testing.assert_array_equal(np.bincount(found.labels), [30, 25, 20])


@pytest.mark.parametrize("linkage", LINKAGES)
def test_one_gaussian_is_left_whole(linkage):
    found = sigclust_tree(NOISE, linkage=linkage, n_simulations=100)
    assert len(found.splits) == 1
    assert not found.splits[0].significant
    np.testing.assert_array_equal(found.labels, 0)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_the_first_split_is_that_of_scipy(linkage):
    (split, *_) = sigclust_tree(NOISE, linkage=linkage, n_simulations=10, min_cases=60).splits
    labels = fcluster(scipy_linkage(NOISE, linkage), 2, "maxclust")
    np.testing.assert_array_equal(split.left, np.flatnonzero(labels == labels[0]))
    np.testing.assert_array_equal(split.right, np.flatnonzero(labels != labels[0]))
    assert split.test.cluster_index == pytest.approx(cluster_index(NOISE, labels), rel=1e-12)


def test_null_cohorts_are_clustered_with_the_same_linkage():
    # Single linkage cuts off one case; simulated cohorts must do the same, or every cohort would look worse than they.
    (split, *_) = sigclust_tree(NOISE, linkage="single", n_simulations=100).splits
    assert min(len(split.left), len(split.right)) == 1
    assert 0.01 < split.test.p_value < 0.99
    assert split.test.null_cluster_indices.min() > 0.9
    (ward, *_) = sigclust_tree(NOISE, n_simulations=100).splits
    assert ward.test.null_cluster_indices.max() < 0.95


def test_family_wise_levels_shrink_with_the_cluster():
    found = sigclust_tree(PLANTED, n_simulations=50, alpha=0.04)
    for split in found.splits:
        n = len(split.left) + len(split.right)
        assert split.level == pytest.approx(0.04 * (n - 1) / 74, rel=1e-15)
        assert split.significant == (split.test.p_value_gaussian < split.level)
    assert {split.level for split in sigclust_tree(PLANTED, n_simulations=50, family_wise=False).splits} == {0.05}


def test_nothing_is_tested_below_a_split_that_is_not_significant():
    found = sigclust_tree(PLANTED, n_simulations=50)
    whole = [frozenset(range(75))]
    for split in found.splits:
        cases = frozenset(split.left) | frozenset(split.right)
        assert cases in whole
        whole.remove(cases)
        if split.significant:
            whole += [frozenset(split.left), frozenset(split.right)]
    # What is left was too small or not significant; the labels are exactly the leaves.
    tested = {frozenset(split.left) | frozenset(split.right): split.significant for split in found.splits}
    leaves = whole + [cases for cases, significant in tested.items() if not significant]
    assert {frozenset(np.flatnonzero(found.labels == at)) for at in np.unique(found.labels)} == set(leaves)


def test_small_clusters_are_not_tested():
    assert len(sigclust_tree(PLANTED, n_simulations=20, min_cases=46).splits) == 1
    assert sigclust_tree(PLANTED, n_simulations=20, min_cases=76).splits == ()


def test_another_dendrogram_is_compared_with_two_means():
    merges = scipy_linkage(PLANTED, "average")
    found = sigclust_tree(PLANTED, dendrogram=merges, n_simulations=50)
    assert adjusted_rand_score(TRUTH, found.labels) == 1
    (root, *_) = sigclust_tree(NOISE, dendrogram=scipy_linkage(NOISE, "single"), n_simulations=50).splits
    assert root.test.p_value == 1


def test_pairs_are_those_of_the_partition():
    names = np.array(["c", "a", "b"])[TRUTH]
    found = sigclust_pairs(PLANTED, names, n_simulations=99)
    assert found.pairs == (("a", "b"), ("a", "c"), ("b", "c"))
    for place, pair in enumerate(found.pairs):
        both = np.isin(names, pair)
        test = sigclust(PLANTED[both], labels=names[both], n_simulations=99)
        assert found.cluster_index[place] == test.cluster_index
        assert found.p_value[place] == test.p_value == 0.01
    np.testing.assert_array_equal(found.q_value, adjust_p_values(found.p_value, correction="holm"))


def test_pairs_within_one_gaussian_are_not_told_apart():
    by_chance = RANDOM.integers(0, 3, 60)
    found = sigclust_pairs(NOISE, by_chance, n_simulations=99, correction="none")
    np.testing.assert_array_equal(found.p_value, 1)
    np.testing.assert_array_equal(found.q_value, found.p_value)
