"""Matching of subtypes against every possible matching, and the cases in which it cannot be complete."""

from itertools import permutations

import numpy as np
import pytest

from radiotype.errors import RadiotypeError
from radiotype.subtypes import match_labels, match_partitions
from radiotype.subtypes.distances import METRICS, distances_between
from radiotype.subtypes.matching import UNMATCHED

RANDOM = np.random.default_rng(41)


def best_sum(score, best):
    rows, columns = score.shape
    if rows > columns:
        return best_sum(score.T, best)
    return best(sum(score[row, column] for row, column in enumerate(chosen)) for chosen in permutations(range(columns), rows))


def sum_of(matching):
    pairs = [(row, column) for column, row in enumerate(matching.reference) if row != UNMATCHED]
    assert len({row for row, _ in pairs}) == len(pairs) == min(matching.score.shape)
    return sum(matching.score[pair] for pair in pairs)


SHAPES = pytest.mark.parametrize(("n_reference", "n"), [(1, 1), (4, 4), (3, 5), (5, 3), (1, 4), (4, 1)])


@SHAPES
@pytest.mark.parametrize("metric", METRICS)
def test_centroids_are_matched_at_the_least_distance_in_sum(n_reference, n, metric):
    one, other = RANDOM.normal(size=(n_reference, 6)), RANDOM.normal(size=(n, 6))
    matching = match_labels(one, other, metric=metric)
    np.testing.assert_array_equal(matching.score, distances_between(one, other, metric))
    assert sum_of(matching) == pytest.approx(best_sum(matching.score, min), rel=1e-12)


@SHAPES
def test_partitions_are_matched_at_the_most_common_cases(n_reference, n):
    one = np.concatenate([np.arange(n_reference), RANDOM.integers(0, n_reference, 60)])
    other = np.concatenate([RANDOM.integers(0, n, n_reference), RANDOM.integers(0, n, 60)])
    other[-n:] = np.arange(n)
    matching = match_partitions(one, other)
    for row in range(n_reference):
        for column in range(n):
            assert matching.score[row, column] == np.count_nonzero((one == row) & (other == column))
    assert sum_of(matching) == best_sum(matching.score, max)


def test_permuted_names_are_found_again():
    names = RANDOM.permutation(5)
    centroids = RANDOM.normal(size=(5, 8))
    np.testing.assert_array_equal(match_labels(centroids, centroids[names]).reference, names)
    labels = RANDOM.integers(0, 5, 80)
    matching = match_partitions(names[labels], labels)
    np.testing.assert_array_equal(matching.reference, names)
    np.testing.assert_array_equal(matching.relabel(labels), names[labels])


def test_labels_may_be_words():
    matching = match_partitions(["x", "x", "y", "y"], ["low", "low", "high", "high"])
    np.testing.assert_array_equal(matching.reference, [1, 0])  # high is y, low is x


def test_one_cluster_goes_to_the_largest():
    np.testing.assert_array_equal(match_partitions([0, 1, 1, 2], [0, 0, 0, 0]).reference, [1])
    np.testing.assert_array_equal(match_partitions([0, 0, 0, 0], [0, 1, 1, 2]).reference, [UNMATCHED, 0, UNMATCHED])


@pytest.mark.parametrize("labels", [[0, 2], [-1], [0.0], ["a"]])
def test_labels_that_were_not_matched_are_refused(labels):
    with pytest.raises(RadiotypeError, match=r"RT305.*0 to 1"):
        match_partitions([0, 1], [0, 1]).relabel(labels)


@pytest.mark.parametrize(
    ("one", "other", "settings", "words"),
    [
        (np.eye(3), np.eye(4), {}, "RT305: reference_centroids have 3 features and centroids 4"),
        (np.eye(3) * np.nan, np.eye(3), {}, "RT305.*nan"),
        (np.eye(3), np.eye(3), {"metric": "city"}, "RT103.*city"),
        (np.ones((1, 3)), np.eye(3), {}, "RT305.*same value"),
        (np.empty((0, 3)), np.eye(3), {}, "RT301.*0 cases"),
    ],
)
def test_centroids_that_cannot_be_used_are_refused(one, other, settings, words):
    with pytest.raises(RadiotypeError, match=words):
        match_labels(one, other, **settings)


def test_partitions_of_other_cases_are_refused():
    with pytest.raises(RadiotypeError, match=r"RT305.*labels has 3"):
        match_partitions([0, 1], [0, 1, 1])
    with pytest.raises(RadiotypeError, match=r"RT305.*missing"):
        match_partitions([0, None], [0, 1])


def test_the_result_is_read_only():
    matching = match_partitions([0, 1], [0, 1])
    for array in (matching.reference, matching.score):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
