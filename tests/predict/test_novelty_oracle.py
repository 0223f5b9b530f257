"""Distances by hand, and what the flag catches and lets pass."""

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from radiotype.errors import ComputeError, RecipeError
from radiotype.predict import OutOfDistribution
from radiotype.predict.steps import arrays_of
from radiotype.subtypes import RobustScaler01, SparseAutoencoder

RNG = np.random.default_rng(1)
MIXING = RNG.normal(size=(6, 6))


def cohort(n_cases, seed):
    return np.random.default_rng(seed).normal(size=(n_cases, 6)) @ MIXING * [1, 1, 10, 0.1, 1, 1] + 5


def test_the_distance_is_that_of_mahalanobis_with_a_shrunk_covariance():
    values, new = cohort(400, 2), cohort(20, 3)
    model = OutOfDistribution(clip=1e6).fit(values)
    low, middle, high = np.percentile(values, [25, 50, 75], axis=0)
    spread = (high - low) / 1.349
    covariance, _ = ledoit_wolf((values - middle) / spread, assume_centered=True)
    counted = (new - middle) / spread
    by_hand = np.sqrt(np.sum(counted * np.linalg.solve(covariance, counted.T).T, axis=1))
    np.testing.assert_allclose(model.distances(new), by_hand, rtol=1e-10)


def test_independent_features_give_the_euclidean_distance():
    # plus and minus one in every combination: median 0, covariance the unit matrix times the squared spread
    values = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T
    model = OutOfDistribution(n_folds=4).fit(values)
    np.testing.assert_allclose(model.distances([[2.0, 0, 0, 0], [1, 1, 0, 0]]), [2, np.sqrt(2)], rtol=1e-12)


@pytest.mark.parametrize("quantile", [0.9, 0.99])
def test_of_cases_like_the_discovery_so_many_are_flagged_as_the_quantile_says(quantile):
    model = OutOfDistribution(quantile).fit(cohort(2000, 4))
    assert model.is_outside(cohort(20_000, 5)).mean() == pytest.approx(1 - quantile, rel=0.35)


def test_with_as_many_features_as_cases_ordinary_cases_still_pass():
    rng = np.random.default_rng(6)
    mixing = rng.normal(size=(100, 100)) * 0.8 ** np.arange(100)[:, None]
    values, new = rng.normal(size=(120, 100)) @ mixing, rng.normal(size=(2000, 100)) @ mixing
    model = OutOfDistribution(0.95).fit(values)
    assert 0.025 < model.is_outside(new).mean() < 0.1
    # distances of cases that the covariance has seen would have given more than twice the 5 % asked for
    assert (model.distances(new) > np.quantile(model.distances(values), 0.95)).mean() > 0.1


def test_it_sees_what_codes_and_single_features_hide():
    values = cohort(500, 7)
    scaler = RobustScaler01().fit(values)
    encoder = SparseAutoencoder(2, max_iterations=50).fit(scaler.transform(values))
    model = OutOfDistribution().fit(values)
    beyond = np.max(values, axis=0) + 1e3 * values.std(axis=0)
    just = np.percentile(values, 98, axis=0)
    np.testing.assert_array_equal(  # scaling clips: the encoder cannot tell the two
        encoder.transform(scaler.transform([beyond])), encoder.transform(scaler.transform([just]))
    )
    assert model.is_outside([beyond])[0]
    # each feature well within its range, but never together: against the strongest correlation
    correlation = np.corrcoef(values.T) - np.eye(6)
    one, other = np.unravel_index(np.abs(correlation).argmax(), correlation.shape)
    odd = np.median(values, axis=0)
    odd[one] += 2 * values[:, one].std()
    odd[other] -= 2 * values[:, other].std() * np.sign(correlation[one, other])
    assert model.is_outside([odd])[0]
    assert not model.is_outside([np.median(values, axis=0)])[0]


def test_a_single_feature_far_outside_all_limits_counts_among_many():
    values = np.random.default_rng(8).normal(size=(300, 100))
    model = OutOfDistribution().fit(values)
    case = values[:1].copy()
    case[0, 17] = 1e9
    clipped = case.copy()
    clipped[0, 17] = 5 * model.spread_[17]
    assert not model.is_outside(clipped)[0]  # which is all that the distance of all features together would count
    assert model.is_outside(case)[0]
    single = model.single_features(case)[0]
    assert single.argmax() == 17 and (np.delete(single, 17) < 1).all()


def test_the_limit_of_a_single_feature_is_twice_what_left_out_cases_reach():
    rng = np.random.default_rng(12)
    values = np.column_stack([rng.normal(size=2000), rng.standard_t(3, size=2000)])
    model = OutOfDistribution().fit(values)
    z = np.abs(values - model.centre_) / model.spread_
    np.testing.assert_allclose(model.reach_, np.maximum(np.quantile(z, 0.99, axis=0), 3), rtol=1e-12)
    assert model.reach_limit_ == pytest.approx(2 * np.quantile((z / model.reach_).max(axis=1), 0.99), rel=0.1)
    beyond = model.centre_ + 1.01 * model.spread_ * model.reach_ * model.reach_limit_ * [[1, 0], [0, -1]]
    np.testing.assert_allclose(model.single_features(beyond).max(axis=1), 1.01, rtol=1e-12)
    assert model.is_outside(beyond).all()
    # heavy tails are ordinary: of new cases hardly more are flagged than without
    new = np.column_stack([rng.normal(size=20_000), rng.standard_t(3, size=20_000)])
    assert (model.single_features(new).max(axis=1) > 1).mean() < 0.003


def test_a_feature_that_is_always_the_same_is_not_looked_at_and_a_rare_one_is():
    values = np.column_stack([cohort(300, 9), np.full(300, 0.1), np.arange(300) % 10 == 0])
    model = OutOfDistribution().fit(values)
    new = values[:1].copy()
    new[0, 6] = 99
    assert model.distances(new)[0] == model.distances(values[:1])[0]
    assert model.spread_[7] == pytest.approx(0.3)  # half the cases are alike: the standard deviation


def test_whole_patients_are_left_out_for_the_limit():
    patient = np.repeat(np.arange(30), 10)
    values = np.random.default_rng(10).normal(size=(30, 25))[patient]
    by_patient, by_case = OutOfDistribution().fit(values, groups=patient), OutOfDistribution().fit(values)
    assert by_patient.limit_ > 1.2 * by_case.limit_


def test_the_same_seed_gives_the_same_bytes_and_no_case_is_kept():
    values = cohort(200, 11)
    first, again = (arrays_of(OutOfDistribution(seed=2).fit(values)) for _ in range(2))
    assert {name: array.tobytes() for name, array in first.items()} == {name: a.tobytes() for name, a in again.items()}
    assert {array.shape for array in first.values()} == {(6,), (6, 6), ()}


@pytest.mark.parametrize("settings", [{"quantile": 1.0}, {"clip": 0.0}, {"n_folds": 1}, {"seed": 0.5}], ids=str)
def test_settings_that_are_not_allowed_are_refused(settings):
    with pytest.raises(RecipeError, match=next(iter(settings))):
        OutOfDistribution(**settings).fit(cohort(50, 1))


def test_cohorts_that_show_nothing_are_refused():
    with pytest.raises(ComputeError, match="9 cases do not show"):
        OutOfDistribution().fit(cohort(9, 1))
    with pytest.raises(ComputeError, match="all cases are alike"):
        OutOfDistribution().fit(np.ones((20, 3)))
    with pytest.raises(ComputeError, match="the cohort has 2 patients, too few for 5 folds"):
        OutOfDistribution().fit(cohort(20, 1), groups=np.arange(20) % 2)
