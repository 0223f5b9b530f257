"""Distances of cases against NumPy and SciPy, and the constant case they refuse."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.distances import METRICS, case_distances, distances_between

VALUES = np.random.default_rng(5).normal(size=(17, 9)).round(1)  # rounded: ranks with ties


def test_pearson_is_one_minus_the_correlation():
    np.testing.assert_allclose(case_distances(VALUES), 1 - np.corrcoef(VALUES), atol=4e-16)


def test_spearman_is_one_minus_the_rank_correlation():
    np.testing.assert_allclose(case_distances(VALUES, "spearman"), 1 - spearmanr(VALUES, axis=1).statistic, atol=4e-16)


def test_euclidean_is_the_straight_line():
    np.testing.assert_allclose(case_distances(VALUES, "euclidean"), cdist(VALUES, VALUES), rtol=1e-15)


@pytest.mark.parametrize("metric", METRICS)
def test_the_matrix_is_symmetric_with_a_zero_diagonal(metric):
    distances = case_distances(VALUES * 1e6, metric)
    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(np.diag(distances), 0)
    assert distances.min() >= 0


@pytest.mark.parametrize("metric", METRICS)
def test_distances_to_centroids_agree_with_the_matrix(metric):
    np.testing.assert_allclose(distances_between(VALUES, VALUES[:3], metric), case_distances(VALUES, metric)[:, :3], atol=4e-16)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6 / 3])
@pytest.mark.parametrize("metric", ["pearson", "spearman"])
def test_a_constant_case_is_refused_by_its_number(metric, constant):
    values = VALUES.copy()
    values[6] = constant
    with pytest.raises(ComputeError, match="case 6 has the same value") as caught:
        case_distances(values, metric)
    assert caught.value.code == "RT305"
    assert case_distances(values, "euclidean").shape == (17, 17)


def test_an_unknown_metric_is_refused():
    with pytest.raises(RecipeError, match=r"RT103.*cosine"):
        case_distances(VALUES, "cosine")
