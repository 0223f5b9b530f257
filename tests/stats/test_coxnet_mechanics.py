"""What the penalised Cox model refuses, and what its results hold."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import CoxLasso, cross_validated_lasso, stability_selection


@pytest.fixture
def cases():
    """80 cases, 12 covariates of which the first two matter, exponential times, a quarter censored."""
    random = np.random.default_rng(np.random.SeedSequence(80))
    X = pd.DataFrame(random.normal(size=(80, 12)), columns=[f"f{j}" for j in range(12)])
    time = random.exponential(np.exp(-X["f0"] + X["f1"]))
    return X, time, (random.random(80) < 0.75).astype(int)


@pytest.mark.parametrize(
    "settings",
    [
        {"l1_ratio": 1.5},
        {"l1_ratio": True},
        {"n_lambdas": 1},
        {"lambda_min_ratio": 0.0},
        {"lambda_min_ratio": 2.0},
        {"lambdas": []},
        {"lambdas": [0.1, -0.1]},
        {"lambdas": ["a"]},
        {"penalty_factors": [1.0]},
        {"penalty_factors": np.zeros(12)},
        {"penalty_factors": -np.ones(12)},
        {"ties": "exact"},
        {"tolerance": 0},
        {"max_steps": 0},
    ],
    ids=str,
)
def test_settings_that_are_refused(cases, settings):
    with pytest.raises(RecipeError, match=r"RT103"):
        CoxLasso(**settings).fit(*cases)


def test_data_that_are_refused(cases):
    X, time, event = cases
    with pytest.raises(ComputeError, match=r"RT302.*0 events"):
        CoxLasso().fit(X, time, np.zeros(80))
    with pytest.raises(ComputeError, match=r"RT302.*there is 1 event among 80 cases"):
        CoxLasso().fit(X, time, np.arange(80) == 7)
    with pytest.raises(ComputeError, match=r"RT304.*'f3', 'f5'"):
        CoxLasso().fit(X.assign(f3=2.0, f5=0.1), time, event)
    with pytest.raises(ComputeError, match=r"RT305.*'f4'.*missing"):
        CoxLasso().fit(X.assign(f4=np.nan), time, event)
    with pytest.raises(ComputeError, match=r"RT305.*lengths"):
        CoxLasso().fit(X, time[1:], event)
    with pytest.raises(ComputeError, match=r"RT305.*lengths"):
        CoxLasso().fit(X, time, event, strata=np.zeros(3))
    with pytest.raises(ComputeError, match=r"RT304.*no covariate"):
        CoxLasso().fit(np.eye(80)[:, -1:], np.append(np.arange(2.0, 81), 1), np.append(np.ones(79), 0))


def test_a_path_that_does_not_converge_is_an_error(cases):
    with pytest.raises(ComputeError, match=r"RT303.*number 2 of 100"):
        CoxLasso(max_steps=1, tolerance=1e-12).fit(*cases)


def test_path_of_own_lambdas_is_followed_to_its_end(cases):
    model = CoxLasso(lambdas=[0.01, 0.2, 0.05]).fit(*cases)
    assert model.lambdas_.tolist() == [0.2, 0.05, 0.01]


def test_path_ends_where_everything_is_explained():
    X = np.arange(30.0)[:, None]
    model = CoxLasso(lambda_min_ratio=1e-12).fit(X, np.arange(30.0)[::-1], np.ones(30))
    assert model.lambdas_.size < 100
    assert model.explained_[-1] > 0.999
    assert model.explained_[-2] <= 0.999


def test_path_ends_where_no_more_is_explained(cases):
    model = CoxLasso(lambda_min_ratio=1e-9, n_lambdas=200).fit(*cases)
    rise = np.diff(model.explained_) / model.explained_[1:]
    assert model.lambdas_.size < 200
    assert rise[-1] < 1e-5
    assert (rise[3:-1] >= 1e-5).all()


def test_coefficients_between_two_lambdas_lie_on_the_line(cases):
    model = CoxLasso().fit(*cases)
    high, low = model.lambdas_[10:12]
    between = model.coefficients_at(0.25 * high + 0.75 * low)
    np.testing.assert_allclose(between, 0.25 * model.coefficients_[10] + 0.75 * model.coefficients_[11], atol=1e-14)
    np.testing.assert_array_equal(model.coefficients_at(10.0), model.coefficients_[0])
    np.testing.assert_array_equal(model.coefficients_at(0), model.coefficients_[-1])
    single = CoxLasso(lambdas=[0.1]).fit(*cases)
    np.testing.assert_array_equal(single.coefficients_at(0.3), single.coefficients_[0])
    for wrong in (-1.0, np.inf, "a"):
        with pytest.raises(RecipeError, match=r"RT103"):
            model.coefficients_at(wrong)


def test_predictor_of_new_cases(cases):
    X = cases[0]
    with pytest.raises(NotFittedError):
        CoxLasso().predict(X, 0.1)
    model = CoxLasso().fit(*cases)
    np.testing.assert_allclose(model.predict(X, 0.1), X @ model.coefficients_at(0.1))
    np.testing.assert_allclose(model.predict(X.to_numpy(), 0.1), model.predict(X, 0.1))
    with pytest.raises(ComputeError, match=r"RT305.*'other'"):
        model.predict(X.rename(columns={"f2": "other"}), 0.1)
    with pytest.raises(ComputeError, match=r"RT305.*11 columns"):
        model.predict(X.iloc[:, 1:], 0.1)
    with pytest.raises(ComputeError, match=r"RT305.*in their order"):
        model.predict(X.iloc[:, ::-1], 0.1)


def test_it_is_a_scikit_learn_estimator():
    model = CoxLasso(0.5, ties="efron", penalty_factors=[1, 2])
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(l1_ratio=0.2).l1_ratio == 0.2


def test_folds_that_are_refused(cases):
    X, time, event = cases
    with pytest.raises(ComputeError, match=r"RT301.*80 patients for 81 folds"):
        cross_validated_lasso(CoxLasso(), X, time, event, n_folds=81)
    with pytest.raises(ComputeError, match=r"RT301.*4 patients for 10 folds"):
        cross_validated_lasso(CoxLasso(), X, time, event, patient=np.arange(80) % 4)
    with pytest.raises(ComputeError, match=r"RT302.*fold 2 has 1 event;"):
        cross_validated_lasso(CoxLasso(), X, time, event, folds=np.arange(80) == np.flatnonzero(event)[3])
    with pytest.raises(ComputeError, match=r"RT305.*splits 40 patients"):
        cross_validated_lasso(CoxLasso(), X, time, event, patient=np.arange(80) // 2, folds=np.arange(80) % 2)
    with pytest.raises(ComputeError, match=r"RT305.*one label"):
        cross_validated_lasso(CoxLasso(), X, time, event, folds=np.ones(80))
    with pytest.raises(ComputeError, match=r"RT305.*lengths"):
        cross_validated_lasso(CoxLasso(), X, time, event, patient=np.arange(3))
    for wrong in ({"measure": "brier"}, {"n_folds": 1}, {"seed": -1}):
        with pytest.raises(RecipeError, match=r"RT103"):
            cross_validated_lasso(CoxLasso(), X, time, event, **wrong)


def test_a_fold_without_a_pair_or_a_fit_says_which(cases):
    X, _, _ = cases
    time, event = np.where(np.arange(80) < 40, np.arange(80.0), 90.0), np.append(np.ones(40), np.append([1, 1], np.zeros(38)))
    folds = np.digitize(np.arange(80), [20, 40])
    time[42:] = 80.0
    with pytest.raises(ComputeError, match=r"RT302.*fold 3: no two cases"):
        cross_validated_lasso(CoxLasso(), X, time, event, measure="concordance", folds=folds)
    rare = np.zeros((80, 1))
    rare[:3] = 1.0
    with pytest.raises(ComputeError, match=r"RT304.*fold 1: no covariate"):
        cross_validated_lasso(CoxLasso(), rare, cases[1], cases[2], folds=np.arange(80) // 40)


def test_patients_are_never_split_and_folds_share_the_events(cases):
    X, time, event = cases
    found = cross_validated_lasso(CoxLasso(), X, time, event, patient=np.arange(80) // 2, n_folds=4)
    assert (found.folds[::2] == found.folds[1::2]).all()
    assert (found.n_folds, found.n, found.events) == (4, 80, event.sum())
    for array in (found.mean, found.folds, found.lambdas):
        assert not array.flags.writeable
    assert found.lambda_min in found.lambdas
    assert found.lambda_1se >= found.lambda_min


def test_selection_settings_that_are_refused(cases):
    wrongs = (
        {"n_pairs": 0},
        {"threshold": 0.5},
        {"threshold": 1.1},
        {"n_picked": 12},
        {"n_picked": 0},
        {"seed": -1},
        {"n_pairs": 1, "threshold": 0.9},
    )
    for wrong in wrongs:
        with pytest.raises(RecipeError, match=r"RT103"):
            stability_selection(CoxLasso(), *cases, **{"n_picked": 3, **wrong})
    with pytest.raises(RecipeError, match=r"RT103.*keeps every covariate"):
        stability_selection(CoxLasso(0.0), *cases, n_picked=3)
    with pytest.raises(ComputeError, match=r"RT302.*3 patients"):
        stability_selection(CoxLasso(), cases[0], cases[1], np.arange(80) < 3, n_picked=3)
    with pytest.raises(ComputeError, match=r"RT305.*lengths"):
        stability_selection(CoxLasso(), *cases, n_picked=3, patient=[1, 2])
    with pytest.raises(ComputeError, match=r"RT303.*pair 1"):
        stability_selection(CoxLasso(max_steps=1, tolerance=1e-12), *cases, n_picked=3)


def test_importing_the_statistics_does_not_load_scikit_learn():
    program = "import sys, radiotype.stats as s; a = 'sklearn' in sys.modules; s.CoxLasso; print(a, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
