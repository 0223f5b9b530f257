"""What must not change a penalised Cox model, and that of noise it selects no more than it promises."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats import CoxLasso, cross_validated_lasso, stability_selection
from radiotype.stats.lasso_stability import unimodal_factor


def data(seed, n, p, effect=0.8, rounded=True):
    random = np.random.default_rng(np.random.SeedSequence(seed))
    X = random.normal(size=(n, p)) + random.normal(size=(n, 1))
    latent, end = random.exponential(20 * np.exp(-effect * (X[:, 0] - X[:, 1]))), random.exponential(40, n)
    time = np.minimum(latent, end)
    return X, np.ceil(time) if rounded else time, latent <= end


def optimum_gap(X, time, event, strata, model, k, ratio, efron):
    """Violation of the optimality conditions at lambda k, from the definition: one loop over events, strata and ties."""
    x = (X - X.mean(axis=0)) / X.std(axis=0)
    b = model.coefficients_[k] * X.std(axis=0)
    weight, pull = np.exp(x @ b), x[event].sum(axis=0)
    for block in np.unique(strata):
        for when in np.unique(time[event & (strata == block)]):
            at_risk = (strata == block) & (time >= when)
            dead = at_risk & event & (time == when)
            for rank in range(dead.sum()):
                share = weight * (at_risk - dead * (rank / dead.sum() if efron else 0.0))
                pull = pull - share @ x / share.sum()
    lambda_ = model.lambdas_[k]
    pull = pull / len(time) - lambda_ * (1 - ratio) * b
    return np.where(b == 0, np.maximum(np.abs(pull) - lambda_ * ratio, 0), np.abs(pull - lambda_ * ratio * np.sign(b))).max()


SHAPES = [(60, 5, 1.0), (60, 150, 1.0), (50, 40, 0.3), (61, 17, 0.0), (30, 200, 0.1), (30, 100, 0.0), (20, 700, 0.0)]


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize(("n", "p", "ratio"), SHAPES)
def test_optimality_conditions_hold_at_every_lambda(ties, n, p, ratio):
    X, time, event = data(n + p, n, p)
    strata = np.arange(n) % 3
    model = CoxLasso(ratio, ties=ties).fit(X, time, event, strata=strata)
    for k in range(0, model.lambdas_.size, 6):
        assert optimum_gap(X, time, event, strata, model, k, ratio, ties == "efron") < 1.01e-6 * model.lambdas_[0]
    assert (model.coefficients_[-1] != 0).sum() >= min(p, 5)


def test_an_elastic_net_of_more_coefficients_than_are_solved_for_at_once_converges():
    X, time, event = data(530, 30, 500)
    model = CoxLasso(0.05).fit(X, time, event)
    assert (model.coefficients_[-1] != 0).sum() > 2 * 30 + 256
    assert optimum_gap(X, time, event, np.zeros(30), model, 99, 0.05, False) < 1.01e-6 * model.lambdas_[0]


def test_order_of_cases_and_covariates_does_not_matter():
    X, time, event = data(1, 70, 30)
    random = np.random.default_rng(np.random.SeedSequence(2))
    rows, columns = random.permutation(70), random.permutation(30)
    one = CoxLasso(tolerance=1e-9).fit(X, time, event)
    other = CoxLasso(tolerance=1e-9).fit(X[np.ix_(rows, columns)], time[rows], event[rows])
    size = min(one.lambdas_.size, other.lambdas_.size)
    np.testing.assert_allclose(other.coefficients_[:size], one.coefficients_[:size, columns], atol=1e-6)


def test_unit_and_origin_of_covariates_and_time_do_not_matter():
    X, time, event = data(3, 70, 20)
    unit = np.ldexp(1.0, np.arange(20) - 10)
    one = CoxLasso(tolerance=1e-9).fit(X, time, event)
    other = CoxLasso(tolerance=1e-9).fit(X * unit + 3, 7 * time, event)
    np.testing.assert_allclose(other.coefficients_ * unit, one.coefficients_, atol=1e-6)
    raw = CoxLasso(standardise=False, tolerance=1e-9).fit(X * unit, time, event)
    assert not np.allclose(raw.coefficients_[5] * unit, one.coefficients_[5], atol=1e-3)


def test_a_covariate_that_stands_twice_shares_its_effect_in_the_elastic_net():
    X, time, event = data(4, 80, 3)
    X = np.column_stack([X[:, 0], X])
    found = CoxLasso(0.5, tolerance=1e-10).fit(X, time, event).coefficients_
    np.testing.assert_allclose(found[:, 0], found[:, 1], atol=1e-7)
    lasso = CoxLasso(tolerance=1e-8).fit(X, time, event)
    single = CoxLasso(tolerance=1e-8).fit(X[:, 1:], time, event)
    size = min(lasso.lambdas_.size, single.lambdas_.size)
    np.testing.assert_allclose(
        (lasso.coefficients_[:, 0] + lasso.coefficients_[:, 1])[:size], single.coefficients_[:size, 0], atol=1e-5
    )


def test_every_level_gives_equal_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(
        """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.stats import CoxLasso
random = np.random.default_rng(np.random.SeedSequence(7))
found = hashlib.sha256()
for n, p, ratio, ties in ((90, 200, 1.0, "breslow"), (71, 30, 0.5, "efron"), (40, 3, 0.0, "efron")):
    X = random.normal(size=(n, p)) + random.normal(size=(n, 1))
    model = CoxLasso(ratio, ties=ties).fit(X, np.ceil(random.exponential(9, n)), random.random(n) < 0.7)
    found.update(model.coefficients_.tobytes() + model.violation_.tobytes() + model.explained_.tobytes())
print(_native.simd_level(), found.hexdigest())
"""
    )


def test_same_seed_same_folds_and_halves_another_seed_others():
    X, time, event = data(5, 80, 20)
    runs = [cross_validated_lasso(CoxLasso(), X, time, event, n_folds=4, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].mean.tobytes() == runs[1].mean.tobytes() != runs[2].mean.tobytes()
    picks = [
        stability_selection(CoxLasso(), X, time, event, n_picked=4, n_pairs=8, seed=seed).probabilities for seed in (1, 1, 2)
    ]
    assert picks[0].tobytes() == picks[1].tobytes() != picks[2].tobytes()


def test_true_covariates_are_stable_and_bounds_are_those_of_the_papers():
    X, time, event = data(6, 160, 40, effect=1.2)
    found = stability_selection(CoxLasso(), X, time, event, n_picked=4, threshold=0.8, n_pairs=20)
    assert found.selected[:2] == ("x1", "x2")
    assert found.probabilities.max() <= 1
    assert found.mean_picked == pytest.approx(found.probabilities.sum())
    assert found.mean_picked == pytest.approx(4)
    assert found.false_bound == pytest.approx(4**2 / (0.6 * 40))
    assert found.unimodal_bound == pytest.approx(4 * (0.2 + 1 / 40) / (1 + 1 / 20) * 4**2 / 40)


def test_unimodal_factor_is_continuous_and_falls_with_the_threshold():
    """Shah & Samworth's two branches meet at 3/4, where both are 1 / (1 - 1 / B) or nearly; theorem 1 is the rest."""
    factors = [unimodal_factor(tau, 50, 0.1) for tau in (0.53, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0)]
    assert factors == sorted(factors, reverse=True)
    assert unimodal_factor(0.75, 50, 0.1) == pytest.approx(1 / 0.98)
    assert unimodal_factor(0.75 + 1e-12, 50, 0.1) == pytest.approx(1.04 / 1.02)
    assert unimodal_factor(0.6, 50, 0.4) == pytest.approx(5)


def test_noise_is_selected_no_more_often_than_promised():
    """Pure noise, 40 data sets: the mean number of selections stays below the bound, and halves do pick."""
    selected, bounds = [], []
    for seed in range(40):
        X, time, event = data(1000 + seed, 60, 25, effect=0.0, rounded=False)
        found = stability_selection(CoxLasso(), X, time, event, n_picked=4, threshold=0.7, n_pairs=10)
        selected.append(len(found.selected))
        bounds.append(found.false_bound)
    assert np.mean(selected) < np.mean(bounds) < 2
