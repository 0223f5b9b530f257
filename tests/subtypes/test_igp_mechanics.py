"""In-group proportion: what must not change, what is refused, and the form of the result."""

import numpy as np
import pytest

from radiotype.errors import RadiotypeError
from radiotype.subtypes import in_group_proportion

RANDOM = np.random.default_rng(3)
VALUES, CENTROIDS = RANDOM.normal(size=(50, 8)), RANDOM.normal(size=(3, 8))


def test_the_order_of_cases_subtypes_and_features_does_not_matter():
    before = in_group_proportion(VALUES, CENTROIDS, n_permutations=1)
    rows, columns, subtypes = RANDOM.permutation(50), RANDOM.permutation(8), np.array([2, 0, 1])
    after = in_group_proportion(VALUES[rows][:, columns], CENTROIDS[subtypes][:, columns], n_permutations=1)
    np.testing.assert_array_equal(subtypes[after.labels], before.labels[rows])
    np.testing.assert_array_equal(after.igp, before.igp[subtypes])
    np.testing.assert_array_equal(after.size, before.size[subtypes])


def test_scale_and_level_of_a_case_do_not_matter_to_a_correlation():
    before = in_group_proportion(VALUES, CENTROIDS, n_permutations=300)
    scaled = VALUES * RANDOM.uniform(0.5, 2, size=(50, 1)) + RANDOM.normal(size=(50, 1))
    after = in_group_proportion(scaled, 4 * CENTROIDS, n_permutations=300)
    for name in ("labels", "igp", "size", "p_value", "n_compared"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


def test_the_order_of_cases_does_not_matter_to_p_values():
    before = in_group_proportion(VALUES, CENTROIDS, n_permutations=300)
    after = in_group_proportion(VALUES[::-1], CENTROIDS, n_permutations=300)
    np.testing.assert_array_equal(after.p_value, before.p_value)


def test_further_permutations_add_to_the_first_ones():
    few, many = (in_group_proportion(VALUES, CENTROIDS, n_permutations=n, seed=2) for n in (250, 350))
    assert np.all(many.n_compared >= few.n_compared)
    again = in_group_proportion(VALUES, CENTROIDS, n_permutations=250, seed=2)
    np.testing.assert_array_equal(again.p_value, few.p_value)
    assert np.any(in_group_proportion(VALUES, CENTROIDS, n_permutations=250, seed=3).p_value != few.p_value)


def planted(spread):
    """300 cases around three centroids, and these."""
    random = np.random.default_rng(11)
    centroids, labels = random.normal(size=(3, 30)), np.repeat([0, 1, 2], 100)
    return centroids[labels] + random.normal(scale=spread, size=(300, 30)), centroids, labels


@pytest.mark.parametrize("null", ["permuted", "gaussian"])
def test_planted_subtypes_are_found_and_noise_is_not(null):
    values, centroids, labels = planted(1.0)
    settings = {"null": null, "n_permutations": 100, "size_tolerance": 0.2}
    found = in_group_proportion(values, centroids, **settings)
    np.testing.assert_array_equal(found.labels, labels)
    assert np.all(found.p_value < 0.05)
    assert np.any(in_group_proportion(VALUES, CENTROIDS, **settings).p_value > 0.05)


def test_far_apart_permuted_centroids_catch_whole_subtypes_but_one_gaussian_has_none():
    values, centroids, _ = planted(0.1)
    permuted = in_group_proportion(values, centroids, n_permutations=200, size_tolerance=0.2)
    np.testing.assert_array_equal(permuted.igp, 1)
    assert np.all(permuted.p_value > 0.2)
    assert np.all(in_group_proportion(values, centroids, null="gaussian", n_permutations=100).p_value < 0.1)


def test_unequal_features_without_groups_deceive_permuted_centroids_and_not_one_gaussian():
    # The published p-value compares directions; the cut of one long cloud into halves agrees with the cloud.
    random = np.random.default_rng(13)
    values = random.normal(size=(200, 30)) * np.sqrt(10 / np.arange(1, 31))
    centroids = np.array([[1.0], [-1.0]]) * np.eye(30)[0]
    settings = {"metric": "euclidean", "n_permutations": 100}
    assert in_group_proportion(values, centroids, size_tolerance=np.inf, **settings).p_value[0] < 0.05
    assert np.all(in_group_proportion(values, centroids, null="gaussian", **settings).p_value > 0.05)


def test_a_subtype_without_cases_has_no_proportion():
    far = np.array([[1.0, 0.0, 0.0], [0.9, 0.1, 0.0], [0.0, 0.0, 5.0]])
    near_the_first = np.array([1.0, 0.0, 0.0]) + RANDOM.normal(scale=0.01, size=(9, 3))
    found = in_group_proportion(near_the_first, far, metric="euclidean", n_permutations=50)
    assert found.size[2] == found.n_compared[2] == 0
    assert np.isnan(found.igp[2])
    assert np.isnan(found.p_value[2])


def test_a_size_that_no_permuted_group_has_gives_no_p_value():
    found = in_group_proportion(VALUES, CENTROIDS, n_permutations=1)
    alone = found.n_compared == 0
    assert alone.any()
    np.testing.assert_array_equal(np.isnan(found.p_value), alone)
    wide = in_group_proportion(VALUES, CENTROIDS, n_permutations=1, size_tolerance=np.inf)
    assert not np.isnan(wide.p_value).any()


def test_a_case_alone_in_its_subtype_is_not_in_group():
    values = np.array([[0.0], [0.1], [0.2], [9.0]])
    found = in_group_proportion(values, [[0.0], [9.0]], metric="euclidean", n_permutations=20)
    np.testing.assert_array_equal(found.igp, [1, 0])


@pytest.mark.parametrize(
    ("values", "centroids", "settings", "code", "words"),
    [
        (VALUES, CENTROIDS[:, :7], {}, "RT305", "8 features and centroids 7"),
        (VALUES, CENTROIDS[:1], {}, "RT301", "centroids has 1"),
        (VALUES[:1], CENTROIDS, {}, "RT301", "values has 1"),
        (VALUES * np.nan, CENTROIDS, {}, "RT305", "nan"),
        (VALUES, CENTROIDS * np.inf, {}, "RT305", "inf"),
        (np.ones((5, 8)), CENTROIDS, {}, "RT305", "equal"),
        (np.vstack([VALUES, np.ones(8)]), CENTROIDS, {}, "RT305", "case 50 has the same value"),
        (VALUES, CENTROIDS, {"metric": "cosine"}, "RT103", "cosine"),
        (VALUES, CENTROIDS, {"null": "normal"}, "RT103", "normal"),
        (VALUES, CENTROIDS, {"n_permutations": 0}, "RT103", "n_permutations"),
        (VALUES, CENTROIDS, {"seed": 0.5}, "RT103", "seed"),
        (VALUES, CENTROIDS, {"size_tolerance": -0.1}, "RT103", "size_tolerance"),
        (VALUES, CENTROIDS, {"size_tolerance": np.nan}, "RT103", "size_tolerance"),
        (VALUES, CENTROIDS, {"size_tolerance": True}, "RT103", "size_tolerance"),
    ],
)
def test_what_cannot_be_used_is_refused(values, centroids, settings, code, words):
    with pytest.raises(RadiotypeError, match=words) as caught:
        in_group_proportion(values, centroids, **{"n_permutations": 5} | settings)
    assert caught.value.code == code


def test_the_result_is_read_only():
    found = in_group_proportion(VALUES, CENTROIDS, n_permutations=5)
    for name in ("labels", "igp", "size", "p_value", "n_compared"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(found, name)[0] = 1
