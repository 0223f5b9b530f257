"""Nearest medoid against PAM and distances by hand."""

import numpy as np
import pytest

from radiotype.subtypes import NearestMedoid, pam
from radiotype.subtypes.distances import case_distances


@pytest.mark.parametrize("metric", ["pearson", "spearman", "euclidean"])
def test_medoids_are_those_of_pam_and_give_its_labels_back(metric):
    rng = np.random.default_rng(3)
    values = np.repeat(rng.normal(size=(3, 6)) * 2, 15, axis=0) + rng.normal(size=(45, 6))
    partition = pam(case_distances(values, metric), 3)
    model = NearestMedoid(metric).fit(values, partition.labels)
    np.testing.assert_array_equal(model.centroids_, values[partition.medoids])
    np.testing.assert_array_equal(model.predict(values), partition.labels)


def test_the_medoid_is_a_case_where_the_mean_is_none():
    values = np.array([[0.0], [0.0], [10.0], [30.0], [34.0]])
    model = NearestMedoid("euclidean").fit(values, ["low", "low", "low", "high", "high"])
    np.testing.assert_array_equal(model.centroids_.ravel(), [30, 0])  # of equal sums the first case
    assert list(model.predict([[14.9], [15.1]])) == ["low", "high"]
