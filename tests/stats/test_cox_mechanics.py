"""Table, prediction, guards and speed of Cox regression."""

from __future__ import annotations

import dataclasses
import time as clock

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import logsumexp

from radiotype.errors import ComputeError, ModelError, RecipeError
from radiotype.stats import cox

COVARIATES = ["age", "volume", "treated"]


def refusal(*arguments, **settings):
    with pytest.raises(ComputeError) as caught:
        cox(*arguments, **settings)
    return caught.value


def test_table_has_one_named_row_per_covariate(simulated):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES], confidence=0.9)
    table = fit.to_frame()
    assert table.index.tolist() == COVARIATES
    columns = ["coefficient", "standard_error", "hazard_ratio", "lower", "upper", "z", "p_value", "q_value"]
    assert table.columns.tolist() == columns
    assert table.loc["age", "hazard_ratio"] == pytest.approx(np.exp(fit.coefficients[0]))
    width = np.log(table["upper"] / table["lower"]) / fit.standard_errors
    np.testing.assert_allclose(width, 2 * 1.6448536269514722, rtol=1e-12)


def test_names_come_from_columns_or_from_the_caller(simulated):
    data = simulated["time"], simulated["event"]
    assert cox(*data, simulated[COVARIATES]).names == tuple(COVARIATES)
    assert cox(*data, simulated[COVARIATES].to_numpy()).names == ("x1", "x2", "x3")
    assert cox(*data, simulated[COVARIATES].to_numpy(), names=["a", "b", "c"]).names == ("a", "b", "c")


def test_linear_predictor_finds_columns_by_name(simulated):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES])
    expected = simulated[COVARIATES].to_numpy() @ fit.coefficients
    np.testing.assert_allclose(fit.linear_predictor(simulated[["site", *COVARIATES[::-1]]]), expected, rtol=1e-14)
    np.testing.assert_allclose(fit.linear_predictor(simulated[COVARIATES].to_numpy()), expected, rtol=1e-14)


def test_linear_predictor_refuses_another_table(simulated):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES])
    with pytest.raises(ModelError, match=r"RT501.*lacks the columns age, treated"):
        fit.linear_predictor(simulated[["volume"]])
    with pytest.raises(ModelError, match=r"RT501.*shape \(2, 2\)"):
        fit.linear_predictor(np.zeros((2, 2)))


def test_results_cannot_be_changed(simulated):
    fit = cox(simulated["time"], simulated["event"], simulated[COVARIATES])
    with pytest.raises(ValueError, match="read-only"):
        fit.coefficients[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        fit.n = 0


def test_input_is_not_changed(simulated):
    before = simulated.copy(deep=True)
    cox(simulated["time"], simulated["event"], simulated[COVARIATES], strata=simulated["site"])
    pd.testing.assert_frame_equal(simulated, before)


@pytest.mark.parametrize(("setting", "value"), [("ties", "exact"), ("confidence", 1.0)])
def test_unknown_settings_are_refused(simulated, setting, value):
    with pytest.raises(RecipeError, match="RT103"):
        cox(simulated["time"], simulated["event"], simulated[COVARIATES], **{setting: value})


def test_lengths_that_differ_are_refused():
    error = refusal([1, 2, 3], [1, 1, 0], [[1.0], [2.0]])
    assert (error.code, error.found) == ("RT305", "the lengths differ: time has 3, event has 3, X has 2")


def test_rows_in_another_order_are_refused(simulated):
    error = refusal(simulated["time"], simulated["event"], simulated[COVARIATES].iloc[::-1])
    assert error.code == "RT305" and "index of X" in error.found


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "'volume' has 1 missing value (row 4"), (-np.inf, "'volume' has 1 infinite")]
)
def test_values_that_are_not_finite_are_refused(simulated, value, words):
    simulated.loc[4, "volume"] = value
    error = refusal(simulated["time"], simulated["event"], simulated[COVARIATES])
    assert error.code == "RT305" and words in error.found


def test_text_column_is_refused_by_name(simulated):
    error = refusal(simulated["time"], simulated["event"], simulated[["age", "site"]])
    assert error.code == "RT305" and "'site'" in error.found


@pytest.mark.parametrize(
    ("design", "names"),
    [(np.zeros(4), None), (np.zeros((4, 0)), None), (np.ones((4, 2)), ["a"]), (np.ones((4, 2)), ["a", "a"])],
)
def test_design_without_columns_or_names_is_refused(design, names):
    assert refusal([1, 2, 3, 4], [1, 1, 1, 0], design, names=names).code == "RT305"


def test_negative_time_is_refused():
    assert "1 negative value" in refusal([1, -2, 3], [1, 1, 0], [[1], [0], [1]]).found


def test_no_events_are_refused():
    error = refusal([1, 2, 3], [0, 0, 0], [[1], [0], [1]])
    assert error.code == "RT302" and "none of the 3 cases" in error.found


def test_fewer_events_than_five_per_covariate_are_refused_unless_asked_for(simulated):
    event = np.zeros(120)
    event[:14] = 1
    error = refusal(simulated["time"], event, simulated[COVARIATES])
    assert error.code == "RT302" and "14 events for 3 covariates; expected at least 5 events for each" in error.found
    assert "least_events" in error.hint
    assert cox(simulated["time"], event, simulated[COVARIATES], least_events=14 / 3).events == 14
    event[14] = 1
    assert cox(simulated["time"], event, simulated[COVARIATES]).events == 15


def test_fewer_events_than_covariates_are_refused(simulated):
    event = np.zeros(120)
    event[:2] = 1
    error = refusal(simulated["time"], event, simulated[COVARIATES], least_events=1)
    assert error.code == "RT302" and "2 events for 3 covariates" in error.found
    event[1] = 0
    error = refusal(simulated["time"], event, simulated[COVARIATES[:1]])
    assert error.found == "there is 1 event for 1 covariate; expected at least 5 events for each covariate"


def test_constant_column_is_refused_by_name(simulated):
    error = refusal(simulated["time"], simulated["event"], simulated[COVARIATES].assign(scanner=0.1))
    assert (error.code, error.found) == ("RT304", "constant: 'scanner'")


def test_column_that_is_constant_within_strata_is_refused_by_name(simulated):
    design = simulated[["age"]].assign(south=simulated["site"] == "south")
    error = refusal(simulated["time"], simulated["event"], design, strata=simulated["site"])
    assert (error.code, error.found) == ("RT304", "constant within every stratum: 'south'")


def test_collinear_column_is_refused_by_name(simulated):
    design = simulated[COVARIATES].assign(both=2 * simulated["age"] - simulated["treated"] + 7)
    error = refusal(simulated["time"], simulated["event"], design)
    assert (error.code, error.found) == ("RT304", "'both' is a linear combination of 'age', 'treated'")


def test_nearly_collinear_column_is_fitted(simulated):
    noise = np.random.default_rng(np.random.SeedSequence(4)).normal(size=120)
    fit = cox(simulated["time"], simulated["event"], simulated[["age"]].assign(again=simulated["age"] + 1e-3 * noise))
    assert np.isfinite(fit.standard_errors).all()


def test_column_that_varies_only_before_the_first_event_is_refused_by_name():
    time, event = [1, 1, 2, 3, 4, 5], [0, 0, 1, 1, 1, 0]
    design = pd.DataFrame({"early": [3, 5, 0, 0, 0, 0], "size": [1, 2, 2, 1, 2, 1]})
    error = refusal(time, event, design, least_events=1)
    assert error.code == "RT304" and error.found.startswith("'early' does not vary among the cases at risk")


def separated_cases():
    random = np.random.default_rng(np.random.SeedSequence(9))
    n = 80
    time, event = random.exponential(10, n), random.random(n) < 0.6
    noise = random.normal(size=n)
    few, many = np.arange(n) < 6, np.arange(n) < 70
    yield "few without events", time, event & ~few, {"noise": noise, "mark": few}, "'mark' separates"
    yield "many without events", time, event & ~many, {"mark": many}, "'mark' separates"
    levels = {name: np.arange(n) % 4 == level for level, name in enumerate("abc")}
    yield "reference level without events", time, event & (np.arange(n) % 4 != 3), levels, "'a', 'b', 'c' separates"
    yield "risk in the order of time", time, event, {"mark": -time, "noise": noise}, "did not converge"
    yield "only the first event marked", time, event, {"mark": time <= time[event].min()}, "'mark' separates"
    yield "units far apart", time, event & ~few, {"noise": noise * 1e9, "mark": few * 1e-7}, "'mark' separates"


@pytest.mark.parametrize("case", list(separated_cases()), ids=lambda case: case[0])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_monotone_likelihood_is_refused_by_name(case, ties):
    _, time, event, design, words = case
    error = refusal(time, event, pd.DataFrame(design), ties=ties)
    assert error.code == "RT303"
    assert words in error.found
    assert "penalised" in error.hint


@pytest.mark.parametrize("seed", [7, 84, 180])
def test_monotone_likelihood_is_refused_when_its_information_is_rounding_noise(seed):
    random = np.random.default_rng(np.random.SeedSequence(seed))
    design, event = random.integers(0, 2, size=(12, 2)), random.random(12) < 0.6
    event[design[:, 0] == 1] = False
    error = refusal(random.exponential(size=12), event, design, least_events=1)
    assert error.code == "RT303" and "'x1'" in error.found


def test_strong_but_finite_effect_is_fitted():
    # The marked 200 die before the unmarked 200, all but one unmarked case, which dies first of all.
    fit = cox(np.arange(400), np.ones(400), (np.arange(400) > 0)[:, None] & (np.arange(400) < 201)[:, None])
    left = np.arange(1, 201)

    def slope(ratio):  # of the log-likelihood in the log hazard ratio
        return (199 / (left * ratio + 199)).sum() - ratio / (ratio + 1)

    assert fit.hazard_ratios[0] == pytest.approx(brentq(slope, 100, 10_000, xtol=1e-10), rel=1e-10)
    assert fit.hazard_ratios[0] > 1000


def test_extreme_value_does_not_look_like_separation():
    # One case a million times larger than the others: its weight vanishes, and the information with it.
    random = np.random.default_rng(np.random.SeedSequence(21))
    x = random.normal(size=200)
    time = random.exponential(np.exp(0.8 * x))
    odd = np.argsort(time)[-2]
    x[odd] = 1e6
    event = np.arange(200) != odd
    fit = cox(time, event, x[:, None])
    reference = cox(time[event], event[event], x[event, None])
    assert fit.coefficients[0] == pytest.approx(reference.coefficients[0], rel=1e-6)


def test_too_few_steps_are_refused(simulated):
    error = refusal(simulated["time"], simulated["event"], simulated[COVARIATES], max_iterations=1)
    assert error.code == "RT303" and "did not converge in 1 steps" in error.found


def test_sound_data_converge_in_few_steps(simulated):
    assert cox(simulated["time"], simulated["event"], simulated[COVARIATES]).iterations < 10


def test_newton_overshoot_is_halved():
    # A long tail makes full steps overshoot for ever; the fit must still reach the maximum of a fine grid.
    random = np.random.default_rng(np.random.SeedSequence(95))
    x, time = random.standard_t(1, size=30).round(1), random.exponential(size=30)
    fit = cox(time, np.ones(30), x[:, None])
    grid = np.linspace(-1, 1, 20_001)
    value = np.zeros_like(grid)
    for case in range(30):
        value += grid * x[case] - logsumexp(np.outer(grid, x[time >= time[case]]), axis=1)
    assert fit.coefficients[0] == pytest.approx(grid[value.argmax()], abs=1e-4)


def test_fit_of_700_cases_and_7_covariates_takes_less_than_20_ms():
    random = np.random.default_rng(np.random.SeedSequence(1))
    design = random.normal(size=(686, 7))
    time = np.ceil(random.exponential(1000 * np.exp(-design[:, 0] / 3)))
    event = random.random(686) < 0.45
    seconds = []
    for _ in range(10):
        start = clock.process_time()
        cox(time, event, design)
        seconds.append(clock.process_time() - start)
    assert min(seconds) < 0.020
