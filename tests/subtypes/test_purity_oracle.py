"""Cluster purity against a plain count, and against clusterings whose purity is known."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from radiotype.subtypes import ConsensusClustering, NearestCentroid, cluster_purity

RANDOM = np.random.default_rng(31)
TRUTH = np.repeat([0, 1, 2], [40, 30, 20])
X = np.array([[0.0, 0, 0], [8, 0, 0], [0, 8, 0]])[TRUTH] + RANDOM.normal(size=(90, 3))
OVERLAP = np.array([[0.0, 0, 0], [2.5, 0, 0], [0, 2.5, 0]])[TRUTH] + RANDOM.normal(size=(90, 3))
EUCLIDEAN = NearestCentroid("euclidean")


class BySign(ClusterMixin, BaseEstimator):
    """Clusters by the sign of the first feature, its names given by the size: the larger is 0."""

    def fit(self, X, y=None):
        positive = X[:, 0] > 0
        self.labels_ = (positive == (positive.mean() < 0.5)).astype(int)
        return self


class Constant(ClassifierMixin, BaseEstimator):
    """Predicts the first class, whatever comes."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_clusters_far_apart_are_pure():
    found = cluster_purity(X, ConsensusClustering(3, n_resamples=30, metric="euclidean"), classifier=EUCLIDEAN, n_repeats=2)
    np.testing.assert_array_equal(found.purity, 1)
    np.testing.assert_array_equal(found.by_subtype, 1)
    np.testing.assert_array_equal(found.adjusted_rand, 1)
    np.testing.assert_array_equal(found.confusion, [np.eye(3, 4) * [40, 30, 20, 0]] * 2)
    assert found.subtypes == (0, 1, 2)


def test_numbers_are_those_of_a_plain_count():
    clusterer = KMeans(3, n_init=3, random_state=4)
    found = cluster_purity(OVERLAP, clusterer, labels=TRUTH, classifier=EUCLIDEAN, n_folds=4, n_repeats=2, seed=9)
    for repeat in range(2):
        order = np.random.default_rng(np.random.SeedSequence(9, spawn_key=(repeat,))).permutation(90)
        confusion = np.zeros((3, 4), dtype=int)
        for fold, out in enumerate(np.array_split(order, 4)):
            stay = np.setdiff1d(np.arange(90), out)
            clusters = clusterer.fit(OVERLAP[stay]).labels_
            # Well enough apart here that each cluster has its majority, and each subtype one cluster.
            majority = [np.bincount(TRUTH[stay][clusters == at], minlength=3).argmax() for at in range(3)]
            assert sorted(majority) == [0, 1, 2]
            centroids = np.array([OVERLAP[stay][clusters == at].mean(axis=0) for at in range(3)])
            for case in out:
                nearest = np.argmin(np.sum((OVERLAP[case] - centroids) ** 2, axis=1))
                confusion[TRUTH[case], majority[nearest]] += 1
            assert found.adjusted_rand[repeat, fold] == adjusted_rand_score(TRUTH[stay], clusters)
        np.testing.assert_array_equal(found.confusion[repeat], confusion)
        assert found.purity[repeat] == np.trace(confusion) / 90
        np.testing.assert_array_equal(found.by_subtype[repeat], np.diag(confusion) / confusion[:, :3].sum(axis=0))
    assert 0.5 < found.purity.min() < 1


def test_clusters_that_change_their_names_are_matched():
    values = np.concatenate([np.full(11, 1.0), np.full(10, -1.0)])[:, None] + RANDOM.uniform(-0.1, 0.1, size=(21, 1))
    found = cluster_purity(values, BySign(), classifier=EUCLIDEAN, n_repeats=10)
    names = {bool(BySign().fit(np.delete(values, out, axis=0)).labels_[0]) for out in (0, 20)}
    assert names == {True, False} or found.purity.min() == 1
    np.testing.assert_array_equal(found.purity, 1)


def test_a_classifier_that_knows_one_subtype_has_the_share_of_it():
    found = cluster_purity(X, KMeans(3, n_init=3, random_state=1), labels=TRUTH, classifier=Constant(), n_repeats=1)
    # Of each fold all cases are in one column; whichever subtypes these are, rows add up to the sizes.
    np.testing.assert_array_equal(found.confusion[0].sum(axis=1), [40, 30, 20])
    matched = np.trace(found.confusion[0])
    assert found.purity[0] == matched / 90 < 0.6


@pytest.mark.parametrize("k", [2, 4])
def test_other_numbers_of_clusters_than_subtypes_are_counted_against_it(k):
    found = cluster_purity(X, KMeans(k, n_init=3, random_state=2), labels=TRUTH, classifier=EUCLIDEAN, n_repeats=2)
    assert np.all(found.purity < 1)
    assert np.all((found.confusion[:, :, 3].sum(axis=1) > 0) == (k == 4))
    assert np.all(found.confusion.sum(axis=(1, 2)) == 90)
    if k == 2:
        assert np.isnan(found.by_subtype).any() or (found.confusion[:, 2, 2] < 20).all()


def test_one_cluster_is_the_largest_subtype():
    found = cluster_purity(X, KMeans(1, random_state=2), labels=TRUTH, n_repeats=1)
    np.testing.assert_array_equal(found.confusion[0][:, 0], [40, 30, 20])
    assert found.purity[0] == 40 / 90
    np.testing.assert_array_equal(np.isnan(found.by_subtype[0]), [False, True, True])
