"""SigClust at every split: what is refused, and what does not change the answer."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage as scipy_linkage

from radiotype.errors import RadiotypeError
from radiotype.subtypes import sigclust_pairs, sigclust_tree

X = np.repeat([[0.0, 0.0], [9.0, 0.0]], 15, axis=0) + np.random.default_rng(1).normal(size=(30, 2))
MERGES = scipy_linkage(X, "ward")


def wrong(row, column, value):
    merges = MERGES.copy()
    merges[row, column] = value
    return merges


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"linkage": "median"}, "RT103", "median"),
        ({"covariance": "none"}, "RT103", "none"),
        ({"alpha": 0}, "RT103", "alpha"),
        ({"alpha": 1.0}, "RT103", "alpha"),
        ({"alpha": np.nan}, "RT103", "alpha"),
        ({"alpha": True}, "RT103", "alpha"),
        ({"n_simulations": 1}, "RT103", "n_simulations"),
        ({"min_cases": 2}, "RT103", "min_cases"),
        ({"seed": -3}, "RT103", "seed"),
        ({"dendrogram": MERGES[:-1]}, "RT305", r"shape \(28, 4\)"),
        ({"dendrogram": MERGES[:, 0]}, "RT305", r"shape \(29,\)"),
        ({"dendrogram": wrong(0, 0, 58)}, "RT305", "none of 30 cases"),
        ({"dendrogram": wrong(5, 1, 0.5)}, "RT305", "none of 30 cases"),
        ({"dendrogram": wrong(5, 1, np.nan)}, "RT305", "none of 30 cases"),
        ({"dendrogram": MERGES[::-1]}, "RT305", "none of 30 cases"),
    ],
)
def test_a_wrong_setting_of_the_tree_is_refused(settings, code, words):
    with pytest.raises(RadiotypeError, match=words) as caught:
        sigclust_tree(X, **{"n_simulations": 5} | settings)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("labels", "settings", "code", "words"),
    [
        (np.zeros(30), {}, "RT305", "one group"),
        (np.arange(29), {}, "RT305", "29"),
        ([np.nan, *range(29)], {}, "RT305", "missing"),
        (np.arange(30) // 29, {"correction": "sidak"}, "RT103", "sidak"),
        (np.arange(30), {"correction": "none"}, "RT301", "2 cases"),
        (np.arange(30) % 3, {"n_simulations": 58}, "RT103", "no q_value of 3 pairs can fall below 0.051"),
        (np.arange(30) % 3, {"n_simulations": 58, "correction": "bonferroni"}, "RT103", "below 0.051"),
        (np.arange(30) % 3, {"n_simulations": 18, "correction": "bh"}, "RT103", "below 0.053"),
        (np.arange(30) % 2, {"n_simulations": 18}, "RT103", "19 or more"),
        (np.arange(30) % 2, {"n_simulations": 1.5}, "RT103", "n_simulations"),
        (np.arange(30) % 2, {"seed": 1.5}, "RT103", "seed"),
    ],
)
def test_wrong_pairs_are_refused(labels, settings, code, words):
    with pytest.raises(RadiotypeError, match=words) as caught:
        sigclust_pairs(X, labels, **{"n_simulations": 19} | settings)
    assert caught.value.code == code


@pytest.mark.parametrize(("correction", "n_simulations"), [("holm", 59), ("bh", 19), ("none", 19)])
def test_so_many_simulations_that_the_correction_can_reach_one_in_twenty_are_taken(correction, n_simulations):
    apart = X + np.repeat([[0.0, 0.0], [0.0, 40.0], [40.0, 0.0]], 10, axis=0)
    found = sigclust_pairs(apart, np.arange(30) // 10, n_simulations=n_simulations, correction=correction)
    assert found.q_value.min() == pytest.approx(0.05, rel=1e-12)


@pytest.mark.parametrize("values", [X[:2], np.where(X > 10, np.nan, X), np.ones((30, 2))])
def test_a_table_that_cannot_be_used_is_refused(values):
    with pytest.raises(RadiotypeError):
        sigclust_tree(values, n_simulations=5)
    with pytest.raises(RadiotypeError):
        sigclust_pairs(values, np.arange(len(values)) % 2, n_simulations=19)


def test_equal_cases_below_a_split_are_left_whole():
    twice = np.repeat([[0.0, 1.0], [5.0, 2.0]], 12, axis=0)
    found = sigclust_tree(twice, n_simulations=20)
    assert len(found.splits) == 1
    np.testing.assert_array_equal(found.labels, np.repeat([0, 1], 12))


def test_unit_and_order_of_the_cases_do_not_matter():
    order = np.random.default_rng(2).permutation(30)
    before, scaled, mixed = (sigclust_tree(values, n_simulations=20) for values in (X, 4 * X, X[order]))
    for after, rows in ((scaled, np.arange(30)), (mixed, order)):
        assert len(after.splits) == len(before.splits)
        same = after.labels[:, None] == after.labels
        np.testing.assert_array_equal(same, (before.labels[:, None] == before.labels)[np.ix_(rows, rows)])


def test_results_are_read_only():
    found, pairs = sigclust_tree(X, n_simulations=5), sigclust_pairs(X, np.arange(30) // 15, n_simulations=19)
    for array in (found.labels, found.splits[0].left, found.splits[0].right, pairs.p_value, pairs.q_value, pairs.cluster_index):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
