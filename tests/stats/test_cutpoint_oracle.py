"""Chosen cuts against R maxstat 0.7-25 and survminer's surv_cutpoint."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, norm

from radiotype.stats import cox, maximal_cutpoint

VARIABLES = ["lung_age", "lung_wt.loss", "lung_meal.cal", "gbsg_pgr", "gbsg_age", "gbsg_er", "gbsg_nodes"]


@pytest.fixture(params=VARIABLES)
def variable(request, golden_file):
    data, column = request.param.split("_", 1)
    table = golden_file(f"maxstat/input_{data}.csv")
    return table[column], table["time"], table["status"], golden_file("maxstat/maxstat.json")[request.param]


def test_cut_and_statistics_are_those_of_r(variable):
    *data, golden = variable
    found = maximal_cutpoint(*data, p_method="lausen-1992")
    assert found.cutpoint == golden["estimate"] == golden["surv_cutpoint"]
    assert found.cuts.tolist() == golden["cuts"]
    assert found.statistics == pytest.approx(np.array(golden["stats"]), rel=1e-11)
    assert found.statistic == pytest.approx(golden["surv_statistic"], rel=1e-12)
    assert (found.n_high, found.n_low) == (golden["n_high"], golden["n_low"])


def test_both_approximations_are_those_of_r(variable):
    """R's second one can exceed 1, as a bound may; here it stops there."""
    *data, golden = variable
    assert maximal_cutpoint(*data, p_method="lausen-1992").p_value == pytest.approx(golden["Lau92"], rel=1e-9)
    assert maximal_cutpoint(*data, p_method="lausen-1994").p_value == pytest.approx(min(golden["Lau94"], 1.0), rel=1e-9)


def test_permutation_agrees_with_that_of_r(variable):
    """Both counts are binomial with 9,999 draws; the band is 0.001 two-sided. R counts zero where p is below 1e-4."""
    *data, golden = variable
    found = maximal_cutpoint(*data, seed=1).p_value
    pooled = (found + golden["condMC"]) / 2
    assert abs(found - golden["condMC"]) <= norm.isf(0.0005) * np.sqrt(2 * pooled * (1 - pooled) / 9999) + 1e-4


def test_permutation_counts_equal_statistics_as_all_deals_of_two_values_do():
    """Of the 252 ways to choose 5 of 10 cases, two are as extreme as this one: the first five times, and the last five."""
    x, time = np.repeat([0, 1], 5), np.arange(10.0)
    found = maximal_cutpoint(x, time, np.ones(10)).p_value
    assert binom.ppf(0.0005, 9999, 2 / 252) <= found * 10_000 - 1 <= binom.ppf(0.9995, 9999, 2 / 252)


def test_a_statistic_below_one_is_no_evidence_by_the_first_approximation():
    """Its formula holds from 1 on; below that R's maxstat says 1, and the formula would say less."""
    found = maximal_cutpoint(np.tile([0, 1], 10), np.repeat(np.arange(10.0), 2), np.ones(20), p_method="lausen-1992")
    assert found.statistic < 0.5
    assert found.p_value == 1


def test_hazard_ratio_is_that_of_cox_and_the_plain_p_value_that_of_the_statistic(golden_file):
    lung = golden_file("maxstat/input_lung.csv")
    found = maximal_cutpoint(lung["age"], lung["time"], lung["status"], p_method="lausen-1992", confidence=0.9)
    fit = cox(lung["time"], lung["status"], (lung[["age"]] > 64).astype(float), confidence=0.9)
    assert (found.effect, found.lower, found.upper) == (fit.hazard_ratios[0], fit.lower[0], fit.upper[0])
    assert found.optimistic_p_value == pytest.approx(2 * norm.sf(2.1506896931631445), rel=1e-12)
    assert found.p_value > 10 * found.optimistic_p_value
    assert found.events == lung["status"].sum()
