"""Inputs at the edge: masks, units, extreme scales, names that clash, options of the wrong kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import (
    calibration,
    concordance,
    cox,
    cross_validated_concordance,
    decision_curve,
    icc,
    interaction,
    kaplan_meier,
    logrank,
    maximal_cutpoint,
    nested_test,
    per_feature,
    proportional_hazards,
    restricted_mean,
    subgroup_forest,
    time_dependent_auc,
    uno_concordance,
)


@pytest.fixture
def data(simulated):
    return simulated["time"], simulated["event"]


def test_masked_values_are_missing_values():
    time = np.ma.masked_array([1, 2, 3, 4], mask=[False, True, False, False])
    with pytest.raises(ComputeError, match=r"RT305.*time has 1 missing value \(row 1"):
        kaplan_meier(time, [1, 1, 0, 1])
    assert kaplan_meier(np.ma.masked_array([1, 2, 3, 4]), [1, 1, 0, 1]).n == 4


def test_spans_of_time_are_refused_with_the_way_to_days():
    with pytest.raises(ComputeError, match=r"RT305.*timedelta64.*\n.*Timedelta\(days=1\)"):
        kaplan_meier(pd.to_timedelta([1, 2, 3], unit="D"), [1, 0, 1])


@pytest.mark.parametrize("factor", [1e-90, 1e90])
def test_tiny_and_huge_covariates_change_nothing_but_the_unit(simulated, data, factor):
    plain = cox(*data, simulated[["age", "volume"]])
    scaled = cox(*data, simulated[["age", "volume"]] * factor)
    np.testing.assert_allclose(scaled.z, plain.z, rtol=1e-10)
    np.testing.assert_allclose(scaled.coefficients * factor, plain.coefficients, rtol=1e-10)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_covariates_whose_variance_is_no_number_are_refused(simulated, data, factor):
    with pytest.raises(ComputeError, match=r"RT305.*standard deviation of 'age'.*\n.*another unit"):
        cox(*data, simulated[["age"]] * factor)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_the_unit_of_readings_does_not_matter(factor):
    ratings = np.array([[9, 2, 5], [6, 1, 3], [8, 4, 6], [7, 1, 2], [10, 5, 6.5]])
    assert icc(ratings * factor).effect == pytest.approx(icc(ratings).effect, rel=1e-12)


def test_readings_that_agree_have_an_interval_that_holds_the_value():
    for count in range(4, 12):
        found = icc(np.repeat(np.arange(count)[:, None], 3, axis=1))
        assert found.lower <= found.effect <= found.upper <= 1


def test_a_further_covariate_must_not_take_the_place_of_the_exposure(simulated, data):
    treated, age = simulated["treated"], simulated["age"]
    named = interaction(*data, treated, age, adjust=simulated[["volume"]])
    for taken in ("exposure", "modifier"):
        with pytest.raises(ComputeError, match=rf"RT305.*adjust has a column '{taken}'"):
            interaction(*data, treated, age, adjust=simulated[["volume"]].set_axis([taken], axis=1))
    assert named.fit.names == ("exposure", "modifier", "volume", "exposure:modifier")


def test_models_with_other_covariates_under_one_name_are_not_nested(simulated, data):
    small = cox(*data, simulated[["age"]].to_numpy())
    with pytest.raises(ComputeError, match=r"RT305.*x1 is not the same covariate in both models"):
        nested_test(small, cox(*data, simulated[["volume", "age"]].to_numpy()))
    noise = np.column_stack([np.cos(np.arange(120)), np.sin(np.arange(120))])
    centred = [columns - columns.mean(axis=0) for columns in (simulated[["volume"]].to_numpy(), noise)]
    with pytest.raises(ComputeError, match=r"RT305.*x1 is not the same covariate"):  # of equal mean, but of lower likelihood
        nested_test(cox(*data, centred[0]), cox(*data, centred[1]))
    found = nested_test(small, cox(*data, simulated[["age", "volume"]].to_numpy().copy(order="C")))
    assert found.terms == ("x2",)
    assert found.lower < found.effect < found.upper
    several = nested_test(small, cox(*data, simulated[["age", "volume", "treated"]].to_numpy()))
    assert several.terms == ("x2", "x3")
    assert np.isnan(several.effect)


def test_a_subgroup_finds_its_interaction_whatever_its_name(simulated, data):
    plain = subgroup_forest(*data, simulated["age"], {"arm": simulated["treated"]}).to_frame()
    named = subgroup_forest(*data, simulated["age"], {"a = b": simulated["treated"]}).to_frame()
    assert np.isfinite(plain["p_interaction"].iloc[1:]).all()
    assert named["p_interaction"].iloc[1:].tolist() == plain["p_interaction"].iloc[1:].tolist()
    with pytest.raises(ComputeError, match=r"RT305.*two subgroups are named 'a = b = c'"):
        subgroup_forest(*data, simulated["age"], {"a": ["b = c", "d"] * 60, "a = b": ["c", "e"] * 60})


def test_log_rank_and_c_of_many_features_are_corrected_together(simulated, data):
    groups = {"treated": simulated["treated"], "site": simulated["site"], "nothing": np.zeros(120)}
    found = per_feature(groups, lambda column: logrank(*data, column), correction="bonferroni")
    assert found.n_tests == 2
    assert found["treated"].q_value == min(2 * logrank(*data, simulated["treated"]).p_value, 1)
    indices = per_feature(simulated[["age", "volume"]], lambda column: concordance(*data, column))
    assert indices["age"].effect == indices["age"].c_index == concordance(*data, simulated["age"]).c_index
    assert indices.to_frame().loc["volume", "correction"] == "bh"


def test_a_finding_without_a_p_value_is_not_counted_as_a_test():
    time = np.arange(1.0, 21)
    columns = {"perfect": -time, "other": np.cos(time)}
    found = per_feature(columns, lambda column: uno_concordance(time, time > 0, column), correction="bonferroni")
    assert np.isnan(found["perfect"].q_value)
    assert found.n_tests == 1
    assert found["other"].q_value == found["other"].p_value
    alone = per_feature({"perfect": -time}, lambda column: uno_concordance(time, time > 0, column))
    assert alone.n_tests == 0
    assert np.isnan(alone["perfect"].q_value)


def test_groups_relative_to_what_was_expected(simulated, data):
    found = logrank(*data, simulated["site"])
    np.testing.assert_allclose(found.relative_hazards, found.observed / found.expected)
    assert np.isnan([found.effect, found.lower, found.upper]).all()
    assert (found.q_value, found.correction) == (found.p_value, "none")


def test_a_perfect_score_has_an_area_of_one_and_no_p_value():
    random = np.random.default_rng(np.random.SeedSequence(0))
    time = random.exponential(10, 60)
    found = time_dependent_auc(time, random.random(60) < 0.6, -time, [2.0, 5.0, 9.0])
    np.testing.assert_allclose(found.auc, 1, rtol=1e-15)
    assert found.auc.max() <= 1
    assert found.upper.max() <= 1
    assert np.isnan(found.p_values).all()


def test_slope_of_a_hazard_ratio_over_time_equals_one_newton_step_of_r():
    random = np.random.default_rng(np.random.SeedSequence(20261121))
    time, event = np.ceil(random.exponential(12, 60)), random.random(60) < 0.7
    design = pd.DataFrame({"x": random.normal(size=60).round(3), "b": np.arange(60) % 2})
    found = proportional_hazards(time, event, design, transform="identity")
    errors = (found.upper - found.slopes) / 1.959963984540054
    np.testing.assert_allclose((found.slopes / errors) ** 2, found.chi_square, rtol=1e-10)
    # coxph(Surv(time, event) ~ x + b + tt(z)), tt = z * (time - mean event time), from c(coef, 0), one step; R survival 3.5-3.
    np.testing.assert_allclose(found.slopes, [0.00818566496870885, -0.0353148774325654], rtol=1e-9)
    np.testing.assert_allclose(errors, [0.0201355650902612, 0.0366598988808126], rtol=1e-9)
    both = proportional_hazards(time, event, design, terms={"all": ["x", "b"]})
    assert np.isnan(both.slopes).all()
    assert both.to_frame().loc["all", "p_value"] == both.overall.p_value


def test_calibration_says_how_many_events_each_group_had(simulated, data):
    risk = np.linspace(0.1, 0.9, 120)
    horizon = simulated["time"][simulated["event"] == 1].median()
    assert ((simulated["time"] == horizon) & (simulated["event"] == 1)).any()
    found = calibration(*data, risk, horizon=horizon, n_groups=3)
    assert found.group_events.sum() == np.count_nonzero(simulated["event"] & (simulated["time"] <= horizon))
    assert (found.q_value, found.correction) == (found.p_value, "none")


def test_a_prediction_at_the_edge_of_a_group_belongs_to_the_lower_one():
    risk = np.arange(1, 12) / 12
    found = calibration(12 - np.arange(11.0), np.ones(11), np.roll(risk, 3), horizon=6, n_groups=5)
    assert found.group_sizes.tolist() == [3, 2, 2, 2, 2]


def test_who_stands_at_the_threshold_is_treated():
    time, risk = np.arange(1.0, 9), np.array([0.5, 0.5, 0.2, 0.5, 0.2, 0.2, 0.2, 0.2])
    at, above = (decision_curve(time, np.ones(8), risk, horizon=4, thresholds=[cut]) for cut in (0.5, 0.6))
    assert at.n_above.tolist() == [3]
    assert at.net_benefit == pytest.approx([3 / 8])  # all three have the event by the horizon
    assert above.net_benefit.tolist() == [0]


REFUSED = {
    "confidence": lambda data, x: kaplan_meier(*data, confidence="0.95"),
    "horizon": lambda data, x: restricted_mean(*data, horizon="12"),
    "horizon of a curve": lambda data, x: decision_curve(*data, x, horizon=True),
    "horizon of Uno": lambda data, x: uno_concordance(*data, x, horizon=0),
    "horizon of a calibration": lambda data, x: calibration(*data, x, horizon=np.nan),
    "n_groups": lambda data, x: calibration(*data, x, horizon=10, n_groups=2.5),
    "n_permutations": lambda data, x: maximal_cutpoint(x, *data, n_permutations=99.5),
    "no permutation": lambda data, x: maximal_cutpoint(x, *data, n_permutations=0),
    "seed": lambda data, x: maximal_cutpoint(x, *data, seed=-1),
    "n_folds": lambda data, x: cross_validated_concordance(*data, x, n_folds=5.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_option_of_the_wrong_kind_is_refused(simulated, data, name):
    with pytest.raises(RecipeError, match="RT103"):
        REFUSED[name](data, simulated["age"])
