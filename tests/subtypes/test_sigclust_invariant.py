"""SigClust: what must not change when cases, features, origin or unit do."""

import numpy as np
import pytest

from radiotype.subtypes import sigclust

RANDOM = np.random.default_rng(12)
X = RANDOM.normal(size=(40, 12)) * np.linspace(3, 0.5, 12)
LABELS = np.repeat([0, 1], [25, 15])
FEW = {"n_simulations": 50, "seed": 3}


def assert_equal_tests(one, other):
    assert other.p_value == one.p_value
    assert other.p_value_gaussian == pytest.approx(one.p_value_gaussian, rel=1e-9)
    assert other.cluster_index == pytest.approx(one.cluster_index, rel=1e-12)
    np.testing.assert_allclose(other.null_cluster_indices, one.null_cluster_indices, rtol=1e-9)


@pytest.mark.parametrize("covariance", ["soft", "hard", "sample"])
def test_the_order_of_cases_and_features_does_not_matter(covariance):
    before = sigclust(X, labels=LABELS, covariance=covariance, **FEW)
    rows, columns = RANDOM.permutation(40), RANDOM.permutation(12)
    assert_equal_tests(before, sigclust(X[rows][:, columns], labels=LABELS[rows], covariance=covariance, **FEW))


def test_the_search_finds_the_same_clusters_in_any_order():
    apart = X.copy()
    apart[::2] += 6
    rows = RANDOM.permutation(40)
    before, after = sigclust(apart, **FEW), sigclust(apart[rows], **FEW)
    assert_equal_tests(before, after)
    np.testing.assert_array_equal(after.labels == after.labels[0], before.labels[rows] == before.labels[rows[0]])


def test_shifting_features_does_not_matter_but_in_r():
    shift = RANDOM.normal(size=12) * 5
    assert_equal_tests(sigclust(X, labels=LABELS, **FEW), sigclust(X + shift, labels=LABELS, **FEW))
    in_r = [sigclust(values, labels=LABELS, like_r=True, **FEW).background_variance for values in (X, X + shift)]
    assert in_r[1] > 2 * in_r[0]


@pytest.mark.parametrize("covariance", ["soft", "hard", "sample"])
def test_the_axes_do_not_matter_but_in_r(covariance):
    turn = np.linalg.qr(RANDOM.normal(size=(12, 12)))[0]
    assert_equal_tests(*(sigclust(values, labels=LABELS, covariance=covariance, **FEW) for values in (X, X @ turn)))
    one, other = (sigclust(values, labels=LABELS, like_r=True, **FEW).background_variance for values in (X, X @ turn))
    assert abs(other / one - 1) > 0.1


def test_the_unit_does_not_matter():
    before, after = sigclust(X, **FEW), sigclust(4 * X, **FEW)
    np.testing.assert_array_equal(after.null_cluster_indices, before.null_cluster_indices)
    assert after.p_value == before.p_value
    assert after.background_variance == 16 * before.background_variance


def test_a_constant_feature_does_not_matter():
    # "sample" needs no noise variance, which constant entries make smaller.
    wider = np.column_stack([X, np.full(40, 7.0)])
    before, after = (sigclust(values, labels=LABELS, covariance="sample", **FEW) for values in (X, wider))
    assert_equal_tests(before, after)


def test_swapping_the_labels_does_not_matter():
    one, other = sigclust(X, labels=LABELS, **FEW), sigclust(X, labels=np.array(["b", "a"])[LABELS], **FEW)
    assert_equal_tests(one, other)
    np.testing.assert_array_equal(one.labels, other.labels)


def test_each_simulation_depends_on_the_seed_and_its_number_alone():
    few, many = (sigclust(X, n_simulations=n, seed=3).null_cluster_indices for n in (20, 50))
    np.testing.assert_array_equal(many[:20], few)
    assert np.all(sigclust(X, n_simulations=20, seed=4).null_cluster_indices != few)
