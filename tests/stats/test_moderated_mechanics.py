"""Every check of moderated tests fires, and features that cannot be tested say why."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import moderated_tests

N, M = 12, 30


def data():
    random = np.random.default_rng(0)
    values = pd.DataFrame(random.normal(size=(N, M)), columns=[f"gene{j}" for j in range(M)])
    return values, pd.DataFrame({"A": np.repeat([1, 0], 6), "B": np.repeat([0, 1], 6)})


def refused(error, code, message, values=None, design=None, contrasts=None, **settings):
    table, columns = data()
    with pytest.raises(error, match=message) as caught:
        moderated_tests(table if values is None else values, columns if design is None else design, contrasts, **settings)
    assert caught.value.code == code


def test_designs_that_cannot_be_fitted():
    _, design = data()
    refused(ComputeError, "RT304", "'one' of the design", design=design.assign(one=1.0))
    refused(ComputeError, "RT304", "'zero' of the design", design=design.assign(zero=0.0))
    refused(ComputeError, "RT301", "12 cases for 13 columns", design=np.eye(12, 13))
    refused(ComputeError, "RT301", "0 features have residual degrees of freedom", design=np.eye(12))
    refused(ComputeError, "RT305", "missing values", design=design.assign(age=np.nan))
    refused(ComputeError, "RT305", "the lengths differ", design=design.iloc[:10])
    refused(ComputeError, "RT305", "index of design", design=design.set_axis(range(1, N + 1)))


def test_values_that_cannot_be_used():
    values, _ = data()
    refused(ComputeError, "RT305", "infinite entries, the first in 'gene3'", values=values.assign(gene3=np.inf))
    refused(ComputeError, "RT305", "something else than numbers", values=values.astype(object).assign(gene3="high"))
    refused(ComputeError, "RT305", "expected \\(n_cases, n_features\\)", values=values["gene1"])
    refused(ComputeError, "RT305", "same name", values=values.rename(columns={"gene1": "gene2"}))
    refused(ComputeError, "RT301", "2 features have residual", values=values[["gene1", "gene2"]])
    refused(ComputeError, "RT305", "no feature can be tested", values=values * np.nan)
    grouped = np.repeat([[0.0], [1.0]], 6, axis=0) * np.arange(1, M + 1)
    refused(ComputeError, "RT305", "without any residual", values=grouped)


def test_contrasts_that_mean_nothing():
    refused(RecipeError, "RT103", "names 'C', no column", contrasts={"C - A": {"C": 1, "A": -1}})
    refused(RecipeError, "RT103", "not all zero", contrasts={"nothing": {"A": 0}})
    refused(RecipeError, "RT103", "expected numbers", contrasts={"nothing": {"A": np.nan}})
    for wrong in ({}, ["A"], {"A": 1}):
        refused(RecipeError, "RT103", "contrasts are not understood", contrasts=wrong)


def test_settings_that_are_not_allowed():
    refused(RecipeError, "RT103", "least_change is -1", least_change=-1)
    refused(RecipeError, "RT103", "effect_share is 0", effect_share=0)
    refused(RecipeError, "RT103", "effect_share is 1", effect_share=1)
    refused(RecipeError, "RT103", "least_change is '1'", least_change="1")
    refused(RecipeError, "RT103", "confidence", confidence=95)
    refused(RecipeError, "RT103", "correction", correction="fdr")
    refused(ComputeError, "RT305", "not above 0", weights=np.zeros(N))
    refused(ComputeError, "RT305", "not above 0", weights=np.full(N, np.nan))
    refused(ComputeError, "RT305", "weights have shape", weights=np.ones((N, 2)))
    turned = pd.DataFrame(1.0, index=range(N), columns=[f"gene{j}" for j in reversed(range(M))])
    refused(ComputeError, "RT305", "columns of weights are not those of values", weights=turned)
    refused(ComputeError, "RT305", "weights are not numbers", weights=["heavy"] * N)


@pytest.mark.parametrize("settings", [{}, {"trend": True}, {"robust": True}, {"trend": True, "robust": True}], ids=str)
def test_features_that_cannot_be_tested_have_a_reason_and_touch_no_other(settings):
    values, design = data()
    contrasts = {"B - A": {"B": 1, "A": -1}}
    plain = moderated_tests(values, design, contrasts, **settings)
    odd = values.assign(missing=np.nan, constant=3.0)
    odd["one"] = [1.0] + [np.nan] * 11
    odd["first"] = [*range(6)] + [np.nan] * 6
    found = moderated_tests(odd[["missing", *values, "constant", "one", "first"]], design, contrasts, **settings)
    assert {name: reason[:5] for name, reason in found.reasons.items()} == {
        "missing": "RT305",
        "constant": "RT305",
        "one": "RT301",
        "first": "RT304",
    }
    assert found.n_tests == M
    assert found.features[0] == "missing"
    table = found.to_frame("B - A")
    assert table.loc[list(found.reasons)].drop(columns="reason").isna().all(axis=None)
    pd.testing.assert_frame_equal(table.loc[list(values)], plain.to_frame("B - A"), rtol=1e-9)
    assert np.all(found.directions()[0] == 0)


@pytest.mark.parametrize("settings", [{}, {"trend": True}, {"robust": True}, {"trend": True, "robust": True}], ids=str)
def test_a_feature_without_residual_degrees_of_freedom_has_the_prior_variance(settings):
    values, design = data()
    values.loc[[0, 1, 2, 3, 4, 6, 7, 8, 9, 10], "gene4"] = np.nan
    found = moderated_tests(values, design, {"B - A": {"B": 1, "A": -1}}, **settings)
    assert found.residual_df[4] == 0
    assert np.isnan(found.variances[4])
    assert found.posterior_variances[4] == pytest.approx(found.prior_variances[4])
    assert 0 < found.p_values[4, 0] < 1


def test_a_feature_that_fits_exactly_is_tested_by_the_prior():
    values, design = data()
    values["gene4"] = np.repeat([0.0, 1.0], 6)
    for robust in (False, True):
        found = moderated_tests(values, design, {"B - A": {"B": 1, "A": -1}}, robust=robust)
        assert found.variances[4] == 0
        assert 0 < found.p_values[4, 0] < 1


def test_trend_of_equal_averages_is_none():
    values, design = data()
    level = values - values.mean()
    for robust in (False, True):
        one = moderated_tests(level, design, robust=robust)
        for name in ("t", "prior_variances"):
            other = moderated_tests(level.round(12) - level.round(12).mean(), design, robust=robust)
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6)


def test_the_result_is_read_only_and_named():
    values, design = data()
    found = moderated_tests(values, design)
    assert found.contrasts == ("A", "B")
    assert found.t.shape == (M, 2)
    assert found.correction == "bh"
    with pytest.raises(ValueError, match="read-only"):
        found.t[0, 0] = 0
    with pytest.raises(RecipeError, match=re.escape("there is no contrast 'b', did you mean 'B'?")):
        found.to_frame("b")
    assert list(found.overall().columns) == ["A", "B", "average", "F", "p_value", "q_value"]
    by_array = moderated_tests(values.to_numpy(), design.to_numpy(), {"second": {"x2": 1}})
    assert by_array.features[0] == "f1"
    np.testing.assert_allclose(by_array.t[:, 0], found.t[:, 1])


def test_pandas_missing_values_and_integers_are_read():
    values, design = data()
    whole = (values * 100).round().astype("Int64")
    whole.iloc[3, 2] = pd.NA
    found = moderated_tests(whole, design)
    assert found.residual_df[2] == N - 3
    assert found.residual_df[1] == N - 2


def test_masked_values_are_missing():
    values, design = data()
    hidden = np.zeros((N, M), dtype=bool)
    hidden[3, 2] = True
    masked = moderated_tests(np.ma.masked_array(values.to_numpy(), hidden), design)
    np.testing.assert_array_equal(masked.p_values, moderated_tests(values.mask(hidden), design).p_values)


@pytest.mark.parametrize("n_features", [3, 4, 5, 6, 10, 11, 30])
def test_few_features_and_few_cases_give_finite_numbers(n_features):
    for seed in range(12):
        random = np.random.default_rng(seed)
        n = int(random.integers(3, 9))
        values = random.normal(size=(n, n_features)) * 10.0 ** random.integers(-9, 9)
        design = np.c_[np.ones(n), np.arange(n) % 2]
        for trend in (False, True):
            for robust in (False, True):
                found = moderated_tests(values, design, trend=trend, robust=robust)
                assert np.all((found.p_values >= 0) & (found.p_values <= 1))
                for name in ("t", "log_odds", "f", "prior_variances", "posterior_variances", "total_df", "lower", "upper"):
                    assert np.isfinite(getattr(found, name)).all(), name


def test_weights_of_contrasts_that_differ_between_features():
    values = np.random.default_rng(7).normal(size=(12, 3))
    design = np.repeat(np.eye(3), 4, axis=0)
    own = np.array([0.0, -0.25, 0.5])
    found = moderated_tests(values, design, {"a": {"x1": 1, "x2": own, "x3": -1 - own}, "b": {"x1": 1, "x2": -1}})
    for feature, weight in enumerate(own):
        one = moderated_tests(values, design, {"a": {"x1": 1, "x2": weight, "x3": -1 - weight}, "b": {"x1": 1, "x2": -1}})
        np.testing.assert_allclose(found.t[feature], one.t[feature], rtol=1e-12)
        np.testing.assert_allclose(found.effects[feature], one.effects[feature], rtol=1e-12)
    same = {"a": {"x1": 1, "x2": np.array([0.0, -0.25, -1.0]), "x3": np.array([-1.0, -0.75, 0.0])}, "b": {"x1": 1, "x2": -1}}
    with pytest.raises(RecipeError, match="contrasts that follow from one another"):
        moderated_tests(values, design, same)
    with pytest.raises(RecipeError, match=r"weights of shape \(2,\)") as caught:
        moderated_tests(values, design, {"a": {"x1": 1, "x2": own[:2]}})
    assert caught.value.code == "RT103"
