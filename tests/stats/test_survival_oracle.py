"""Kaplan-Meier and log-rank against R survival 3.5-3, published tables and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import kaplan_meier, logrank, pairwise_logrank, restricted_mean

EQUAL_TO_R = 1e-8


def assert_curve_equals_r(curve, expected, rows):
    columns = {
        "time": curve.time,
        "n.risk": curve.n_at_risk,
        "n.event": curve.n_events,
        "n.censor": curve.n_censored,
        "surv": curve.survival,
        "std.err": curve.standard_error,
        "lower": curve.lower,
        "upper": curve.upper,
    }
    for name, values in columns.items():
        wanted = np.array(expected[name][rows], dtype=float)
        assert values.shape == wanted.shape, name
        np.testing.assert_allclose(values, wanted, rtol=0, atol=EQUAL_TO_R, err_msg=name)


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_curves_by_sex_equal_r(golden, survival_data, interval):
    lung, expected = survival_data("lung"), golden("km")[f"lung_sex_{interval}"]
    first = 0
    for stratum, sex in enumerate([1, 2]):
        own = lung[lung["sex"] == sex]
        curve = kaplan_meier(own["time"], own["status"], interval=interval)
        rows = slice(first, first + expected["strata"][stratum])
        first = rows.stop
        assert_curve_equals_r(curve, expected, rows)
        assert (curve.n, curve.events) == (len(own), own["status"].sum())
        median = (curve.median, curve.median_lower, curve.median_upper)
        assert median == tuple(expected[name][stratum] for name in ("median", "median_lo", "median_hi"))
        at_one_year = [curve.at(365)[0], curve.interval_at(365)[0][0], curve.interval_at(365)[1][0]]
        wanted = [expected[name][stratum] for name in ("s_at_365", "s365_lo", "s365_hi")]
        np.testing.assert_allclose(at_one_year, wanted, rtol=0, atol=EQUAL_TO_R)


def test_curve_that_starts_with_censored_cases_equals_r(golden, survival_data):
    gbsg = survival_data("gbsg")
    assert_curve_equals_r(kaplan_meier(gbsg["rfstime"], gbsg["status"]), golden("km")["gbsg_all"], slice(None))


@pytest.mark.parametrize(
    ("name", "data", "time", "group", "strata"),
    [
        ("lung_sex", "lung", "time", "sex", None),
        ("veteran_cell", "veteran", "time", "celltype", None),
        ("gbsg_grade", "gbsg", "rfstime", "grade", None),
        ("colon_rx", "colon", "time", "rx", None),
        ("lung_sex_strata_ecog", "lung", "time", "sex", "ph.ecog"),
    ],
)
def test_logrank_equals_r(golden, survival_data, name, data, time, group, strata):
    table, expected = survival_data(data), golden("logrank")[name]
    if strata:
        table = table[table[strata] < 3]  # the reference leaves out missing grades and the one case of grade 3
    if table[group].dtype.kind not in "iu":  # R keeps the levels in the order of the factor
        levels = {"celltype": ["squamous", "smallcell", "adeno", "large"], "rx": ["Obs", "Lev", "Lev+5FU"]}[group]
        table = table.assign(**{group: table[group].astype("category").cat.set_categories(levels)})
    test = logrank(table[time], table["status"], table[group], strata=table[strata] if strata else None)
    assert test.group_sizes.tolist() == expected["n"]
    assert test.observed.tolist() == expected["obs"]
    np.testing.assert_allclose(test.expected, expected["exp"], rtol=EQUAL_TO_R)
    np.testing.assert_allclose(test.variance.ravel(), expected["var"]["data_colmajor"], rtol=EQUAL_TO_R)
    assert test.chi_square == pytest.approx(expected["chisq"], rel=EQUAL_TO_R)
    assert test.degrees_of_freedom == expected["df"]
    assert test.p_value == pytest.approx(expected["p"], rel=EQUAL_TO_R)


def test_pairwise_logrank_equals_r_after_correction(golden, survival_data):
    veteran, expected = survival_data("veteran"), golden("logrank")["veteran_pairwise_BH"]
    pairs = [(row, column) for column in expected["colnames"] for row in expected["rownames"]]
    wanted = {pair: p for pair, p in zip(pairs, expected["data_colmajor"], strict=True) if p is not None}
    cells = veteran["celltype"].astype("category").cat.set_categories(["squamous", "smallcell", "adeno", "large"])
    found = pairwise_logrank(veteran["time"], veteran["status"], cells)
    assert (found.n_tests, found.correction) == (6, "bh")
    for (row, column), p in wanted.items():
        assert found[f"{row} v {column}"].q_value == pytest.approx(p, rel=EQUAL_TO_R)
    two = veteran[veteran["celltype"].isin(["adeno", "squamous"])]
    plain = logrank(two["time"], two["status"], two["celltype"])
    one = found["adeno v squamous"]
    assert (one.p_value, one.n, one.events) == (pytest.approx(plain.p_value, rel=1e-12), plain.n, plain.events)
    assert np.isnan(logrank(veteran["time"], veteran["status"], veteran["celltype"]).effect)
    # The ratio and its interval by Peto's formula; adeno stands first here, as the groups are sorted.
    turned = [1 / plain.effect, 1 / plain.upper, 1 / plain.lower]
    np.testing.assert_allclose(turned, [one.effect, one.lower, one.upper], rtol=1e-12)
    excess, variance = plain.observed[0] - plain.expected[0], plain.variance[0, 0]
    limits = np.exp(excess / variance + np.array([0, -1.959963984540054, 1.959963984540054]) / np.sqrt(variance))
    np.testing.assert_allclose([one.effect, one.lower, one.upper], limits, rtol=1e-12)


def test_pairs_are_compared_within_strata(survival_data):
    lung = survival_data("lung")
    lung = lung[lung["ph.ecog"] < 3]
    data = lung["time"], lung["status"], lung["sex"]
    plain = logrank(*data, strata=lung["ph.ecog"])
    assert pairwise_logrank(*data, strata=lung["ph.ecog"])["2 v 1"].p_value == plain.p_value
    assert pairwise_logrank(*data)["2 v 1"].p_value != plain.p_value


def test_a_pair_that_cannot_be_compared_has_its_reason():
    # All of c leave before the first event.
    time, event = [1, 1, 5, 6, 7, 8], [0, 0, 1, 1, 1, 0]
    found = pairwise_logrank(time, event, list("ccabab"), correction="holm")
    assert list(found.findings) == ["b v a"]
    assert sorted(found.reasons) == ["c v a", "c v b"]
    assert all(reason.startswith("RT302") for reason in found.reasons.values())
    assert found["b v a"].q_value == found["b v a"].p_value
    with pytest.raises(ComputeError, match=r"RT305.*one group only"):
        pairwise_logrank(time, event, list("aaaaaa"))


@pytest.mark.parametrize("sex", [1, 2])
def test_restricted_mean_equals_r(golden, survival_data, sex):
    lung, expected = survival_data("lung"), golden("km")["lung_sex_log-log"]
    own = lung[lung["sex"] == sex]
    found = restricted_mean(own["time"], own["status"], horizon=500)  # the horizon of the reference
    assert found.mean == pytest.approx(expected["rmean"][sex - 1], rel=EQUAL_TO_R)
    assert found.standard_error == pytest.approx(expected["rmean_se"][sex - 1], rel=EQUAL_TO_R)
    assert found.upper - found.mean == pytest.approx(1.959963984540054 * found.standard_error, rel=1e-10)


def test_restricted_mean_without_censoring_is_the_mean_of_cut_times():
    time = np.array([2.0, 3, 3, 7, 9, 20])
    for horizon in (1.0, 3.0, 8.0, 20.0, 50.0):
        cut = np.minimum(time, horizon)
        found = restricted_mean(time, np.ones(6), horizon=horizon)
        assert found.mean == pytest.approx(cut.mean(), rel=1e-14)
        assert found.standard_error == pytest.approx(cut.std() / np.sqrt(6), rel=1e-12, abs=1e-15)


def test_restricted_mean_beyond_the_follow_up_is_refused():
    with pytest.raises(ComputeError, match=r"RT305.*follow-up ends at 4 with cases still free"):
        restricted_mean([1, 2, 4], [1, 1, 0], horizon=5)
    with pytest.raises(RecipeError, match=r"RT103.*horizon"):
        restricted_mean([1, 2, 4], [1, 1, 0], horizon=0)


def test_leukaemia_curve_has_the_published_values(leukaemia):
    # Lawless, Statistical Models and Methods for Lifetime Data (1982), table 2.3.1: survival and Greenwood's error.
    drug = leukaemia[leukaemia["arm"] == "drug"]
    curve = kaplan_meier(drug["weeks"], drug["relapse"])
    at_events = curve.n_events > 0
    assert curve.time[at_events].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.n_at_risk[at_events].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival[at_events].round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    greenwood = (curve.survival * curve.standard_error)[at_events]
    assert greenwood.round(4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve.median == 23
    placebo = leukaemia[leukaemia["arm"] == "placebo"]
    assert kaplan_meier(placebo["weeks"], placebo["relapse"]).median == 8


def test_leukaemia_logrank_has_the_published_value(leukaemia):
    # Kleinbaum & Klein, Survival Analysis (2nd ed., 2005), chapter 2: expected 19.25 and 10.75, log-rank 16.79.
    test = logrank(leukaemia["weeks"], leukaemia["relapse"], leukaemia["arm"])
    assert test.groups == ("drug", "placebo")
    assert test.observed.tolist() == [9, 21]
    assert test.expected.round(2).tolist() == [19.25, 10.75]
    assert round(test.chi_square, 2) == 16.79


def test_without_censoring_survival_is_the_share_still_alive():
    time = np.arange(1, 21)
    curve = kaplan_meier(time, np.ones(20))
    np.testing.assert_allclose(curve.survival, 1 - time / 20, rtol=0, atol=1e-15)
    binomial = np.sqrt(curve.survival * (1 - curve.survival) / 20)[:-1]
    np.testing.assert_allclose(curve.survival[:-1] * curve.standard_error[:-1], binomial, rtol=1e-13)


@pytest.mark.parametrize(
    ("time", "event", "median"),
    [
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),  # one half from 2 to 3: the middle
        ([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], 3),
        ([1, 2, 3, 4], [1, 1, 0, 0], 2),  # one half to the end: its start
        ([1, 2, 3, 4], [1, 1, 0, 1], 3),  # one half from 2 to 4, a censored case between
        ([1, 2, 3, 4], [1, 0, 0, 0], np.nan),
        (list(range(1, 21)), [1] * 20, 10.5),  # one half up to rounding of 10 factors
    ],
)
def test_median_at_exactly_one_half_follows_r(time, event, median):
    # The rule in the manual page of R's quantile.survfit and the code behind print.survfit.
    np.testing.assert_equal(kaplan_meier(time, event).median, median)


def test_logrank_of_two_pairs_by_hand():
    # Events at 1 (a, risk 2 + 2) and 2 (b, risk 1 + 2): E_a = 1/2 + 1/3, V = 1/4 + 2/9.
    test = logrank([1, 2, 3, 4], [1, 1, 0, 0], ["a", "b", "a", "b"])
    np.testing.assert_allclose(test.expected, [5 / 6, 7 / 6], rtol=1e-14)
    assert test.variance[0, 0] == pytest.approx(17 / 36, rel=1e-14)
    assert test.chi_square == pytest.approx((1 / 6) ** 2 / (17 / 36), rel=1e-12)
