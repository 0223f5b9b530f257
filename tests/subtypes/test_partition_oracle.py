"""Cuts of a dendrogram against R's hclust and cutree, and SciPy's own cut."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.cluster.hierarchy import cut_tree
from scipy.cluster.hierarchy import linkage as scipy_linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_rand_score

from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.partition import LINKAGES, by_size, hierarchical_labels


@pytest.mark.parametrize("linkage", LINKAGES)
def test_the_cut_equals_r(shared, linkage):
    folder = shared / "golden"
    reference = json.loads((folder / "pam_hclust" / "hclust.json").read_text())["ward.D2" if linkage == "ward" else linkage]
    points = pd.read_csv(folder / "pam_hclust" / "ruspini.csv", index_col=0).to_numpy(float)
    ruspini = hierarchical_labels(case_distances(points, "euclidean"), 4, linkage)
    assert adjusted_rand_score(reference["ruspini"]["cut4"], ruspini) == 1
    expression = pd.read_csv(folder / "consensusclusterplus" / "input_ALL_200x128.csv", index_col=0).to_numpy().T
    for k in (3, 5):
        labels = hierarchical_labels(case_distances(expression), k, linkage)
        assert adjusted_rand_score(reference["ALL_pearson"][f"cut{k}"], labels) == 1


@pytest.mark.parametrize("linkage", LINKAGES)
def test_the_cut_equals_scipy(linkage):
    distances = case_distances(np.random.default_rng(4).normal(size=(25, 3)), "euclidean")
    for k in range(1, 26):
        expected = cut_tree(scipy_linkage(squareform(distances), linkage), k).ravel()
        labels = hierarchical_labels(distances, k, linkage)
        np.testing.assert_array_equal(labels, by_size(expected))


def test_equal_heights_still_give_exactly_k_clusters():
    for k in range(1, 9):
        assert len(np.unique(hierarchical_labels(np.zeros((8, 8)), k))) == k
        assert len(np.unique(hierarchical_labels(1 - np.eye(8), k))) == k


def test_labels_are_numbered_by_size_then_by_first_case():
    np.testing.assert_array_equal(by_size(np.array([5, 5, 2, 2, 9, 9, 9, 1])), [1, 1, 2, 2, 0, 0, 0, 3])
