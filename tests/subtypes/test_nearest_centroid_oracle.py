"""Nearest centroid against scikit-learn (Euclidean) and against correlations written out (Pearson, Spearman)."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr
from sklearn.neighbors import NearestCentroid as SklearnNearestCentroid

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import NearestCentroid

generator = np.random.default_rng(1)
LABELS = np.repeat([2, 5, 9], [20, 15, 10])
DISCOVERY = 2 * generator.normal(size=(10, 6))[LABELS] + generator.normal(size=(45, 6))
VALIDATION = 2 * generator.normal(size=(30, 6))


def test_euclidean_equals_scikit_learn():
    ours = NearestCentroid("euclidean").fit(DISCOVERY, LABELS)
    theirs = SklearnNearestCentroid().fit(DISCOVERY, LABELS)
    np.testing.assert_allclose(ours.centroids_, theirs.centroids_, rtol=1e-13)
    np.testing.assert_array_equal(ours.predict(VALIDATION), theirs.predict(VALIDATION))


@pytest.mark.parametrize(("metric", "correlate"), [("pearson", pearsonr), ("spearman", spearmanr)])
def test_a_case_goes_to_the_centroid_it_correlates_with_most(metric, correlate):
    model = NearestCentroid(metric).fit(DISCOVERY, LABELS)
    centroids = [DISCOVERY[label == LABELS].mean(axis=0) for label in (2, 5, 9)]
    correlation = np.array([[correlate(case, centroid).statistic for centroid in centroids] for case in VALIDATION])
    np.testing.assert_array_equal(model.predict(VALIDATION), np.array([2, 5, 9])[correlation.argmax(axis=1)])
    np.testing.assert_allclose(model.distances(VALIDATION), 1 - correlation, atol=1e-14)


def test_labels_may_be_words_and_a_single_subtype_takes_all():
    words = np.where(LABELS == 2, "a", "b")
    assert set(NearestCentroid().fit(DISCOVERY, words).predict(VALIDATION)) == {"a", "b"}
    assert set(NearestCentroid().fit(DISCOVERY, np.ones(45, dtype=int)).predict(VALIDATION)) == {1}


def test_of_equal_distances_the_first_subtype_counts():
    model = NearestCentroid("euclidean").fit([[0.0], [2.0]], [1, 0])
    assert model.predict([[1.0]]).tolist() == [0]


def test_what_cannot_be_assigned_is_refused():
    model = NearestCentroid().fit(DISCOVERY, LABELS)
    constant, gap = VALIDATION.copy(), VALIDATION.copy()
    constant[4], gap[3, 1] = 1.0, np.nan
    with pytest.raises(ComputeError, match="RT305: case 4 has the same value"):
        model.predict(constant)
    with pytest.raises(ComputeError, match="RT305: feature 1 of case 3 is nan"):
        model.predict(gap)
    with pytest.raises(ComputeError, match="RT305: feature 1 of case 3 is nan"):
        NearestCentroid().fit(gap, np.arange(30) % 2)
    with pytest.raises(RecipeError, match=r"RT103.*cosine"):
        NearestCentroid("cosine").fit(DISCOVERY, LABELS)
