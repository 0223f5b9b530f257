"""Cluster purity: patients stay together, seeds decide, and what cannot be used is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import AgglomerativeClustering, KMeans

from radiotype.errors import RadiotypeError
from radiotype.subtypes import ConsensusClustering, NearestCentroid, cluster_purity
from radiotype.subtypes.distances import METRICS

X = np.repeat([[0.0, 0.0], [9.0, 0.0]], 20, axis=0) + np.random.default_rng(1).normal(size=(40, 2))
SETTINGS = {"classifier": NearestCentroid("euclidean"), "n_repeats": 2}


class Recording(ClusterMixin, BaseEstimator):
    """Splits at 4.5 and remembers, in a list that copies share, which cases it saw."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y=None):
        self.labels_ = (X[:, 0] > 4.5).astype(int)
        self.seen.append(X.copy())
        return self


def test_cases_of_a_patient_are_left_out_together():
    patients = np.array([f"P{case // 4}" for case in range(40)])
    Recording.seen.clear()
    cluster_purity(X, Recording(), labels=np.arange(40) // 20, groups=patients, **SETTINGS)
    assert len(Recording.seen) == 10
    left_out = []
    for table in Recording.seen:
        out = [case for case in range(40) if not np.any(np.all(table == X[case], axis=1))]
        assert len(out) == 8
        assert set(out) == set(np.flatnonzero(np.isin(patients, patients[out])))
        left_out.append(out)
    for repeat in (left_out[:5], left_out[5:]):
        assert sorted(case for out in repeat for case in out) == list(range(40))


def test_without_patients_every_case_is_left_out_once():
    found = cluster_purity(X, KMeans(2, n_init=1, random_state=1), n_folds=40, **SETTINGS | {"n_repeats": 1})
    np.testing.assert_array_equal(found.confusion.sum(axis=(1, 2)), 40)


def test_repeats_depend_on_the_seed_and_their_number_alone():
    overlap, kmeans = X * [0.15, 1], KMeans(2, n_init=2, random_state=1)
    settings = {"classifier": NearestCentroid("euclidean")}
    few, many, other = (
        cluster_purity(overlap, kmeans, n_repeats=n, seed=seed, **settings) for n, seed in ((2, 5), (4, 5), (4, 6))
    )
    np.testing.assert_array_equal(many.confusion[:2], few.confusion)
    np.testing.assert_array_equal(many.adjusted_rand[:2], few.adjusted_rand)
    assert np.any(many.adjusted_rand != other.adjusted_rand)


def test_without_a_classifier_the_metric_is_that_of_the_clusterer():
    # two features correlate at 1 or -1, so that Pearson cannot tell these clusters apart
    consensus = ConsensusClustering(2, n_resamples=60, metric="euclidean", n_jobs=1)
    found = cluster_purity(X, consensus, n_repeats=1)
    np.testing.assert_array_equal(found.purity, 1)
    given = {metric: cluster_purity(X, consensus, classifier=NearestCentroid(metric), n_repeats=1) for metric in METRICS}
    np.testing.assert_array_equal(found.confusion, given["euclidean"].confusion)
    assert np.any(found.confusion != given["pearson"].confusion)
    kmeans = KMeans(2, n_init=1, random_state=1)  # has none
    settings = {"labels": np.arange(40) // 20, "n_repeats": 1}
    expected = cluster_purity(X, kmeans, classifier=NearestCentroid("pearson"), **settings)
    np.testing.assert_array_equal(cluster_purity(X, kmeans, **settings).confusion, expected.confusion)


@pytest.mark.parametrize("metric", ["manhattan", len])
def test_a_metric_that_no_centroid_knows_asks_for_a_classifier(metric):
    with pytest.raises(RadiotypeError, match="does not know the clusterer's metric") as caught:
        cluster_purity(X, AgglomerativeClustering(2, metric=metric, linkage="average"), labels=np.arange(40) // 20)
    assert caught.value.code == "RT103"


def test_the_estimators_given_stay_unfitted():
    kmeans, classifier = KMeans(2, n_init=1, random_state=1), NearestCentroid("euclidean")
    cluster_purity(X, kmeans, classifier=classifier, n_repeats=1)
    assert not hasattr(kmeans, "labels_")
    assert not hasattr(classifier, "centroids_")


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"n_folds": 1}, "RT103", "n_folds"),
        ({"n_folds": 41}, "RT301", "40 patients cannot form 41 folds"),
        ({"groups": np.arange(40) // 10}, "RT301", "4 patients cannot form 5 folds"),
        ({"groups": np.arange(39)}, "RT305", "groups has 39"),
        ({"groups": [None, *range(39)]}, "RT305", "groups has 1 missing"),
        ({"labels": np.arange(41)}, "RT305", "labels has 41"),
        ({"labels": [np.nan, *range(39)]}, "RT305", "labels has 1 missing"),
        ({"n_repeats": 0}, "RT103", "n_repeats"),
        ({"seed": None}, "RT103", "seed"),
    ],
)
def test_a_wrong_setting_is_refused(settings, code, words):
    with pytest.raises(RadiotypeError, match=words) as caught:
        cluster_purity(X, KMeans(2, n_init=1), **SETTINGS | settings)
    assert caught.value.code == code


def test_a_table_that_cannot_be_used_is_refused():
    with pytest.raises(RadiotypeError, match="feature 1 of case 2 is nan"):
        cluster_purity(np.where(np.arange(80).reshape(40, 2) == 5, np.nan, X), KMeans(2, n_init=1), **SETTINGS)
    with pytest.raises(RadiotypeError, match="index of groups"):
        cluster_purity(pd.DataFrame(X), KMeans(2, n_init=1), groups=pd.Series(np.arange(40), index=np.arange(40)[::-1]))


def test_the_result_is_read_only():
    found = cluster_purity(X, KMeans(2, n_init=1, random_state=1), **SETTINGS)
    for array in (found.purity, found.by_subtype, found.confusion, found.adjusted_rand):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
