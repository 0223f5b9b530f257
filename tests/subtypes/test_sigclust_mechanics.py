"""SigClust: what it refuses, and the form of what it returns."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RadiotypeError
from radiotype.subtypes import sigclust

X = np.random.default_rng(1).normal(size=(20, 4))


def changed(value):
    values = X.copy()
    values[3, 2] = value
    return values


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"covariance": "ml"}, "RT103", "ml"),
        ({"n_simulations": 1}, "RT103", "n_simulations"),
        ({"n_simulations": 10.0}, "RT103", "n_simulations"),
        ({"n_starts": 0}, "RT103", "n_starts"),
        ({"seed": -1}, "RT103", "seed"),
        ({"labels": np.zeros(20)}, "RT305", "1 groups"),
        ({"labels": np.arange(20) % 3}, "RT305", "3 groups"),
        ({"labels": np.arange(19) % 2}, "RT305", "labels has 19"),
        ({"labels": [None] + ["a", "b"] * 9 + ["a"]}, "RT305", "missing"),
    ],
)
def test_a_wrong_setting_is_refused(settings, code, words):
    with pytest.raises(RadiotypeError, match=words) as caught:
        sigclust(X, **{"n_simulations": 5} | settings)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        (changed(np.nan), "RT305", "feature 2 of case 3 is nan"),
        (changed(-np.inf), "RT305", "feature 2 of case 3 is -inf"),
        (pd.DataFrame(changed(np.nan), columns=list("abcd")), "RT305", r"feature 2 \(c\) of case 3"),
        (X[:2], "RT301", "2 cases"),
        (X[:0], "RT301", "0 cases"),
        (X[0], "RT305", r"shape \(4,\)"),
        (X[:, :0], "RT305", r"shape \(20, 0\)"),
        (np.ones((9, 3)), "RT305", "equal"),
        (np.full((9, 3), "1"), "RT305", "expected numbers"),
        (np.full((9, 3), "low", dtype=object), "RT305", "no numbers"),
        (X + 1j, "RT305", "complex"),
        (X * 1e150, "RT305", "spread over .*e\\+150"),
        (X * 1e-150, "RT305", "spread over .*e-150"),
        (np.sign(X) * 1.7e308, "RT305", "spread over inf"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(values, code, words):
    with pytest.raises(ComputeError, match=words) as caught:
        sigclust(values, n_simulations=5)
    assert caught.value.code == code


def test_rows_in_another_order_are_refused():
    table = pd.DataFrame(X)
    with pytest.raises(ComputeError, match="index of labels"):
        sigclust(table, labels=pd.Series(np.arange(20) % 2, index=np.arange(20)[::-1]), n_simulations=5)


def test_the_result_is_read_only_and_complete():
    test = sigclust(X, n_simulations=7)
    assert set(test.labels) == {0, 1}
    assert test.labels[0] == 0
    assert test.eigenvalues.shape == test.null_eigenvalues.shape == (4,)
    assert test.null_cluster_indices.shape == (7,)
    for array in (test.labels, test.eigenvalues, test.null_eigenvalues, test.null_cluster_indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_least_p_value_is_never_zero_but_in_r():
    apart = X + np.repeat([[0.0], [50.0]], 10, axis=0)
    assert sigclust(apart, n_simulations=19).p_value == 1 / 20
    assert sigclust(apart, n_simulations=19, like_r=True).p_value == 0


@pytest.mark.parametrize("further", [np.full(20, 3.0), X[:, 1]], ids=["constant", "repeated"])
def test_a_feature_that_adds_no_direction_leaves_no_noise(further):
    test = sigclust(np.column_stack([X, further]), n_simulations=19)
    assert test.background_variance == pytest.approx(0, abs=1e-25)
    np.testing.assert_allclose(test.null_eigenvalues, test.eigenvalues, atol=1e-25)


def test_degenerate_cohorts_have_an_answer():
    three = sigclust(X[:3], n_simulations=19)
    assert 0 < three.p_value <= 1
    one_alone = sigclust(X, labels=np.arange(20) == 7, n_simulations=19)
    assert one_alone.p_value > 0.5
    twice = sigclust(np.repeat([[0.0, 1.0], [1.0, 0.0]], 5, axis=0), n_simulations=19)
    assert twice.cluster_index == pytest.approx(0, abs=1e-15)
    one_feature = sigclust(X[:, :1], n_simulations=19)
    assert one_feature.null_eigenvalues.shape == (1,)
    more_features_than_cases = sigclust(np.random.default_rng(2).normal(size=(6, 50)), covariance="sample", n_simulations=19)
    assert np.count_nonzero(more_features_than_cases.null_eigenvalues > 1e-12) == 5
