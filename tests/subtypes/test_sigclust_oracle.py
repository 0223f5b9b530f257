"""SigClust against R's sigclust 1.1.0.1, and its thresholds against a search of all of them."""

import json

import numpy as np
import pandas as pd
import pytest

from radiotype.subtypes import sigclust
from radiotype.subtypes.null_covariance import background_variance, covariance_eigenvalues, noise_variance, null_eigenvalues
from radiotype.subtypes.two_means import cluster_index

TABLES = {"ALL": "input_128x100.csv", "null": "input_null_100x50.csv", "subset40": "input_subset.csv"}
COVARIANCES = {"soft": 1, "sample": 2, "hard": 3}
EVERY_TABLE = pytest.mark.parametrize("table", TABLES)
EVERY_COVARIANCE = pytest.mark.parametrize("covariance", COVARIANCES)
N_R = 1000  # simulations behind R's numbers


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "sigclust"
    reference = json.loads((folder / "sigclust.json").read_text())

    def read(table, covariance="soft"):
        values = pd.read_csv(folder / TABLES[table], index_col=None if table == "null" else 0).to_numpy(float)
        return values, reference[f"{table}_icov{COVARIANCES[covariance]}"]

    return read


@EVERY_TABLE
def test_eigenvalues_and_noise_equal_r(golden, table):
    values, reference = golden(table)
    found, expected = covariance_eigenvalues(values), np.array(reference["veigval"])
    real = expected > 1e-12  # with fewer cases than features, the others are zero but for rounding
    np.testing.assert_allclose(found[real], expected[real], rtol=1e-12)
    assert found[~real].max(initial=0.0) < 1e-12
    assert background_variance(values) == pytest.approx(reference["simbackvar"], rel=1e-15)


@EVERY_TABLE
@EVERY_COVARIANCE
def test_null_eigenvalues_equal_r(golden, table, covariance):
    values, reference = golden(table, covariance)
    test = sigclust(values, covariance=covariance, n_simulations=2, like_r=True)
    np.testing.assert_allclose(test.null_eigenvalues, reference["vsimeigval"], rtol=1e-12, atol=1e-13)
    assert test.background_variance == pytest.approx(reference["simbackvar"], rel=1e-15)


@EVERY_TABLE
def test_cluster_index_equals_r(golden, table):
    values, reference = golden(table)
    given = np.array(reference["label"]["label"])
    assert cluster_index(values, given) == pytest.approx(reference["label"]["xcindex"], rel=1e-12)
    test = sigclust(values, labels=given, n_simulations=2)
    assert test.cluster_index == pytest.approx(reference["label"]["xcindex"], rel=1e-12)
    assert sigclust(values, n_simulations=2, n_starts=300).cluster_index == pytest.approx(reference["xcindex"], rel=1e-12)


@EVERY_TABLE
@EVERY_COVARIANCE
def test_simulations_agree_with_r(golden, table, covariance):
    # Four standard errors of the difference of two simulations of 1000.
    values, reference = golden(table, covariance)
    labels = np.array(reference["label"]["label"])
    test = sigclust(values, labels=labels, covariance=covariance, like_r=True)
    mean, spread = test.null_cluster_indices.mean(), test.null_cluster_indices.std(ddof=1)
    assert mean == pytest.approx(reference["sim_mean"], abs=4 * spread * np.sqrt(2 / N_R))
    assert spread == pytest.approx(reference["sim_sd"], rel=4 * np.sqrt(1 / N_R))
    for expected in (reference["pval"], reference["label"]["pval"]):
        pooled = (test.p_value + expected) / 2
        assert abs(test.p_value - expected) <= 4 * np.sqrt(2 * max(pooled * (1 - pooled), 1 / N_R) / N_R)


@pytest.mark.parametrize(("n_cases", "n_features"), [(400, 200), (200, 400), (2000, 10)])
def test_noise_variance_is_that_of_the_noise(n_cases, n_features):
    # Three strong directions along no feature; the estimate of single entries is beside the point.
    random = np.random.default_rng(n_cases)
    turn = np.linalg.qr(random.normal(size=(n_features, n_features)))[0]
    strong = np.concatenate([[40.0, 30.0, 20.0], np.full(n_features - 3, 1.0)])
    values = 2 * (random.normal(size=(n_cases, n_features)) * strong) @ turn + random.normal(size=n_features)
    assert 0.5 * 4 < noise_variance(values) < 1.15 * 4
    assert background_variance(values - values.mean(axis=0)) > 1.5 * 4


def test_noise_variance_of_unequal_directions_follows_the_smallest():
    # 10, 5, 3.3 ... 1: most entries have far more than the last direction.
    values = np.random.default_rng(5).normal(size=(801, 10)) * np.sqrt(10 / np.arange(1, 11))
    smallest = np.linalg.eigvalsh(np.cov(values.T))[0]
    assert noise_variance(values) == pytest.approx(smallest / (1 - np.sqrt(10 / 800)) ** 2, rel=1e-12)
    assert noise_variance(values) < 0.75 * background_variance(values)


def share(eigenvalues):
    return eigenvalues[..., 0] / eigenvalues.sum(axis=-1)


@pytest.mark.parametrize("seed", range(8))
def test_no_threshold_gives_the_first_eigenvalue_a_larger_share(seed):
    random = np.random.default_rng(seed)
    eigenvalues = np.sort(random.exponential(size=30) ** 2)[::-1]
    background = float(np.quantile(eigenvalues, random.uniform(0.1, 0.9)))
    soft = null_eigenvalues(eigenvalues, background, "soft")
    thresholds = np.linspace(0, eigenvalues[0], 20_001)[:, None]
    lowered = np.maximum(eigenvalues - thresholds, background)
    allowed = lowered.sum(axis=1) >= eigenvalues.sum() * (1 - 1e-12)
    allowed[0] = True
    assert share(soft) >= share(lowered[allowed]).max() - 1e-12
    # It is itself a threshold, and one that is allowed.
    above = soft > background
    np.testing.assert_allclose(eigenvalues[above] - soft[above], eigenvalues[0] - soft[0], atol=1e-12)
    assert soft.sum() >= min(eigenvalues.sum(), null_eigenvalues(eigenvalues, background, "hard").sum()) * (1 - 1e-12)


def test_soft_thresholds_worked_out_by_hand():
    # Two are lifted by 1 each. Taking these 2 from the first leaves it 8 of 12, less than 10 of 14: nothing is lowered.
    np.testing.assert_allclose(null_eigenvalues(np.array([10.0, 1.0, 1.0]), 2.0, "soft"), [10.0, 2.0, 2.0])
    # One is lifted by 1. Taking a quarter from each of four leaves the first 9.75 of 25, more than 10 of 26.
    soft = null_eigenvalues(np.array([10.0, 5.0, 5.0, 5.0, 0.0]), 1.0, "soft")
    np.testing.assert_allclose(soft, [9.75, 4.75, 4.75, 4.75, 1.0])


def test_the_hard_threshold_lifts_small_eigenvalues_alone():
    np.testing.assert_array_equal(null_eigenvalues(np.array([5.0, 2.0, 0.1]), 1.0, "hard"), [5.0, 2.0, 1.0])
    np.testing.assert_array_equal(null_eigenvalues(np.array([5.0, 2.0, 0.1]), 1.0, "sample"), [5.0, 2.0, 0.1])


@pytest.mark.parametrize("covariance", ["soft", "hard"])
def test_without_small_eigenvalues_there_is_nothing_to_threshold(covariance):
    # R's soft threshold has no value here.
    for like_r in (False, True):
        eigenvalues = np.array([5.0, 3.0, 2.0])
        np.testing.assert_array_equal(null_eigenvalues(eigenvalues, 1.0, covariance, like_r=like_r), eigenvalues)
        np.testing.assert_array_equal(null_eigenvalues(eigenvalues, 6.0, covariance, like_r=like_r), [6.0, 6.0, 6.0])


def test_p_values_are_those_of_the_definition():
    test = sigclust(np.random.default_rng(2).normal(size=(30, 4)), n_simulations=199)
    as_low = np.count_nonzero(test.null_cluster_indices <= test.cluster_index)
    assert test.p_value == (1 + as_low) / 200
    from scipy.stats import norm

    z = (test.cluster_index - np.mean(test.null_cluster_indices)) / np.std(test.null_cluster_indices, ddof=1)
    assert test.p_value_gaussian == pytest.approx(norm.cdf(z), rel=1e-12)
