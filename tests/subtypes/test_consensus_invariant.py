"""Consensus clustering: same seed same bytes; a subset depends on the seed and its number alone."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.resampling import Draw

X = np.random.default_rng(0).normal(size=(40, 6))


def everything(model):
    by_k = (model.consensus_, model.labels_at_, model.cdf_, model.area_, model.relative_change_, model.pac_)
    return [np.asarray(found[k]).tobytes() for found in by_k for k in sorted(found)] + [model.k_, model.labels_.tobytes()]


@pytest.mark.parametrize("seed_like_r", [False, True])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(seed_like_r):
    first, again, other = (
        everything(ConsensusClustering([2, 3, 4], choose="area", n_resamples=300, seed=seed, seed_like_r=seed_like_r).fit(X))
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first != other


def test_a_k_does_not_depend_on_the_others_tried():
    several = ConsensusClustering([2, 3, 5], choose="area", n_resamples=60).fit(X)
    alone = ConsensusClustering(3, n_resamples=60).fit(X)
    np.testing.assert_array_equal(several.consensus_[3], alone.consensus_[3])
    np.testing.assert_array_equal(several.labels_at_[3], alone.labels_)
    assert alone.k_ == 3


def test_more_resamples_keep_the_first_ones():
    few, many = ([subset.items for subset in Draw(50, 40, 1, 1).subsets(n, seed=9)] for n in (5, 12))
    np.testing.assert_array_equal(few, many[:5])
    for items in many:
        assert len(set(items.tolist())) == 40
        assert (np.diff(items) > 0).all()


def test_every_case_is_drawn_equally_often():
    drawn = np.bincount(np.concatenate([subset.items for subset in Draw(20, 16, 1, 1).subsets(4000, seed=1)]), minlength=20)
    # binomial, sd = sqrt(4000 * .8 * .2) = 25; five of them
    assert np.abs(drawn - 3200).max() < 127


def test_scaling_a_case_changes_nothing_under_pearson():
    factors = 2.0 ** np.random.default_rng(3).integers(-3, 4, size=(40, 1))  # powers of two: no rounding
    before = ConsensusClustering([2, 3], choose="area", n_resamples=60).fit(X)
    after = ConsensusClustering([2, 3], choose="area", n_resamples=60).fit(X * factors)
    assert everything(before) == everything(after)


def test_drawing_all_cases_makes_every_resample_the_same_partition():
    model = ConsensusClustering([2, 3], choose="area", n_resamples=3, item_fraction=1.0).fit(X)
    for k in (2, 3):
        assert set(np.unique(model.consensus_[k])) == {0.0, 1.0}
        assert model.pac_[k] == 0


def test_the_order_of_the_cases_does_not_decide_clear_subtypes():
    generator = np.random.default_rng(2)
    groups = np.repeat([0, 1, 2], 20)
    blobs = 9 * generator.normal(size=(3, 8))[groups] + generator.normal(size=(60, 8))
    order = generator.permutation(60)
    model = ConsensusClustering(3, n_resamples=100).fit(blobs[order])
    assert adjusted_rand_score(groups[order], model.labels_) == 1


@pytest.mark.parametrize(("algorithm", "features"), [("pam", 1.0), ("pam", 0.7), ("hierarchical", 1.0), ("kmeans", 1.0)])
def test_the_number_of_threads_changes_nothing(algorithm, features):
    settings = {
        "n_resamples": 300,
        "choose": "area",
        "metric": "euclidean",
        "algorithm": algorithm,
        "feature_fraction": features,
    }
    one, three = (ConsensusClustering([2, 3, 4], n_jobs=n_jobs, **settings).fit(X) for n_jobs in (1, 3))
    assert everything(one) == everything(three)


def test_features_that_are_drawn_are_a_part_of_them():
    subsets = list(Draw(50, 40, 10, 7).subsets(20, seed=3))
    assert {len(set(subset.features.tolist())) for subset in subsets} == {7}
    assert len({tuple(subset.features) for subset in subsets}) > 10


def test_landmarks_find_what_all_cases_find_and_all_cases_are_given_a_subtype():
    generator = np.random.default_rng(2)
    group = generator.integers(0, 3, 300)
    table = 5 * generator.normal(size=(3, 6))[group] + generator.normal(size=(300, 6))
    settings = {"n_resamples": 100, "metric": "euclidean", "seed": 4}
    every, some = (ConsensusClustering(3, n_landmarks=n, **settings).fit(table) for n in (None, 60))
    assert len(every.landmarks_) == 300 and every.consensus_[3].shape == (300, 300)
    assert len(some.landmarks_) == 60 and some.consensus_[3].shape == (60, 60) and some.labels_.shape == (300,)
    assert adjusted_rand_score(every.labels_, some.labels_) == 1
    assert some.item_consensus_[3].shape == (60, 3)
