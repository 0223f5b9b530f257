"""Consensus clustering: every setting and table it refuses."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.resampling import Draw, count_pairs

X = np.random.default_rng(0).normal(size=(20, 5))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"algorithm": "dbscan"}, "algorithm='dbscan' does not exist\n.*use one of: pam, hierarchical, kmeans"),
        ({"algorithm": "kmeans"}, "k-means has no metric='pearson'"),
        ({"inner_linkage": "median"}, "inner_linkage='median'"),
        ({"k_null": "permuted"}, "use one of: gaussian, copula, None"),
        ({"k": 3.0}, "k=3.0 is no whole number"),
        ({"item_fraction": "0.8"}, "item_fraction='0.8' is not in"),
        ({"n_landmarks": 0}, "n_landmarks=0"),
        ({"n_null": 19}, "n_null=19 is not a whole number from 20 on"),
        ({"n_jobs": 0}, "n_jobs=0"),
        ({"feature_fraction": 0.0}, "feature_fraction=0.0"),
        ({"metric": "cosine"}, "use one of: pearson, spearman, euclidean"),
        ({"linkage": "median"}, "use one of: average, complete, single, ward"),
        ({"choose": "gap"}, "use one of: stability, area"),
        ({"n_resamples": 0}, "n_resamples=0"),
        ({"n_resamples": 10.0}, "n_resamples=10.0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": None}, "seed=None"),
        ({"seed": 2**31, "seed_like_r": True}, "32-bit"),
        ({"item_fraction": 0.0}, "item_fraction=0.0"),
        ({"item_fraction": 1.2}, "item_fraction=1.2"),
        ({"k": 1}, "k=1 "),
        ({"k": []}, r"k=\[\] "),
        ({"k": [2, 2.5]}, r"k=\[2, 2.5\]"),
        ({"k": [2, 255]}, "2 to 254"),
        ({"k": True}, "k=True"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused(settings, words):
    with pytest.raises(RecipeError, match=words) as caught:
        ConsensusClustering(**{"k": [2, 3], "n_resamples": 20} | settings).fit(X)
    assert caught.value.code == "RT103"


def test_too_few_cases_for_the_largest_k():
    with pytest.raises(ComputeError, match="8 of 10 cases are drawn at a time; k=8") as caught:
        ConsensusClustering(range(2, 9), n_resamples=50).fit(X[:10])
    assert caught.value.code == "RT301"
    assert ConsensusClustering(range(2, 8), n_resamples=50, choose="area").fit(X[:10]).k_ in range(2, 8)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_with_case_and_feature(value):
    table = pd.DataFrame(X, columns=["volume", "area", "length", "width", "depth"])
    table.loc[7, "length"] = value
    with pytest.raises(ComputeError, match=r"feature 2 \(length\) of case 7") as caught:
        ConsensusClustering(2, n_resamples=20).fit(table)
    assert caught.value.code == "RT305"
    with pytest.raises(ComputeError, match="feature 2 of case 7"):
        ConsensusClustering(2, n_resamples=20).fit(table.to_numpy())


def test_a_constant_case_is_refused_with_its_row():
    table = X.copy()
    table[11] = 0.5
    with pytest.raises(ComputeError, match="case 11 has the same value") as caught:
        ConsensusClustering(2, n_resamples=20).fit(table)
    assert caught.value.code == "RT305"


def test_a_pair_that_was_never_drawn_together_is_refused():
    with pytest.raises(RecipeError, match="n_resamples=1 never drew the cases") as caught:
        ConsensusClustering(2, n_resamples=1).fit(X)
    assert caught.value.code == "RT103"


def test_k_may_come_unordered_and_repeated():
    model = ConsensusClustering([4, 2, 4], n_resamples=40, choose="area").fit(X)
    assert list(model.consensus_) == list(model.labels_at_) == [2, 4]
    assert set(model.relative_change_) == {2, 4}


def test_more_memory_than_allowed_is_refused_before_anything_is_computed():
    with pytest.raises(ComputeError, match="RT306: consensus clustering of 20 cases at 2 numbers of clusters") as caught:
        ConsensusClustering([2, 3], n_resamples=20, memory_limit_bytes=10_000).fit(X)
    assert "n_landmarks" in str(caught.value)
    few = ConsensusClustering([2, 3], n_resamples=20, choose="area", n_jobs=64, memory_limit_bytes=4 * 20**2 * 14).fit(X)
    assert few._threads_that_fit(20, 2) == 2  # as many as fit


def test_fewer_different_cases_than_clusters_are_refused():
    few = np.repeat(X[:3], 8, axis=0)
    with pytest.raises(ComputeError, match="RT301: 24 cases are 3 different ones; k=4 needs at least 4"):
        ConsensusClustering([2, 4], n_resamples=20).fit(few)


@pytest.mark.parametrize(
    ("metric", "row", "words"),
    [("pearson", np.full(X.shape[1], 2.0), "correlates with nothing"), ("euclidean", X[0] * 1e200, "distances overflow")],
)
def test_a_case_without_distances_is_found_before_the_landmarks_are_clustered(metric, row, words):
    cases = np.vstack([X, row])
    model = ConsensusClustering([2], n_resamples=20, metric=metric, n_landmarks=6, seed=0)
    assert len(X) not in model._drawn_landmarks(len(cases))
    with pytest.raises(ComputeError, match=words) as caught:
        model.fit(cases)
    assert caught.value.code == "RT305" and not hasattr(model, "consensus_")


def test_an_error_in_a_thread_reaches_the_caller():
    class Failing:
        def __call__(self, subset):
            if subset.number == 300:
                raise ComputeError("RT305", "planted")
            return np.zeros((1, len(subset.items)), dtype=np.int32)

        def copy(self):
            return self

    with pytest.raises(ComputeError, match="planted"):
        count_pairs(20, [2], Draw(20, 16, 1, 1).subsets(600, seed=1), Failing(), n_threads=2)
