"""Standard errors of C, Uno's C, the difference of two C, and areas at a time, against R and closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import concordance, concordance_difference, time_dependent_auc, uno_concordance
from radiotype.stats._censoring import uncensored_before


@pytest.fixture(scope="module")
def scores(shared):
    return pd.read_csv(shared / "golden" / "survival" / "concordance_scores_gbsg.csv")


def test_standard_error_equals_r(golden, scores, survival_data):
    expected, lung = golden("concordance"), survival_data("lung")
    found = concordance(lung["time"], lung["status"], lung["age"])
    assert found.standard_error == pytest.approx(expected["lung_age"]["se"], abs=1e-12)
    found = concordance(scores["time"], scores["status"], scores["p2"])
    assert found.standard_error == pytest.approx(expected["timewt"]["n"]["se"], abs=1e-12)
    assert found.upper - found.c_index == pytest.approx(1.959963984540054 * found.standard_error, rel=1e-12)


def test_standard_error_in_strata_equals_a_jackknife_written_out(simulated):
    # The infinitesimal jackknife: derivative of C with respect to the weight of each case, by a small step.
    time, event, risk = (simulated[name].to_numpy(float) for name in ("time", "event", "age"))
    site = simulated["site"].to_numpy()
    later = (time > time[:, None]) | ((time == time[:, None]) & (event == 0))
    pairs = later & (event == 1)[:, None] & (site == site[:, None])
    value = (risk[:, None] > risk) + 0.5 * (risk[:, None] == risk)

    def weighted(weight):
        mass = pairs * np.outer(weight, weight)
        return (mass * value).sum() / mass.sum()

    step = 1e-6
    slopes = [(weighted(1 + step * one) - weighted(1 - step * one)) / (2 * step) for one in np.eye(time.size)]
    found = concordance(time, event, risk, strata=site)
    assert found.c_index == pytest.approx(weighted(np.ones(time.size)), rel=1e-12)
    assert found.standard_error == pytest.approx(np.sqrt(np.sum(np.square(slopes))), rel=1e-7)


def test_uno_equals_r(golden, scores):
    expected = golden("concordance")
    data = scores["time"], scores["status"], scores["p2"]
    found = uno_concordance(*data)
    assert found.effect == pytest.approx(expected["timewt"]["n/G2"]["c"], abs=1e-12)
    assert found.standard_error == pytest.approx(expected["timewt"]["n/G2"]["se"], abs=1e-12)
    cut = uno_concordance(*data, horizon=1825)
    assert cut.effect == pytest.approx(expected["uno_ymax1825"], abs=1e-12)
    # concordance(Surv(time, status) ~ p2, reverse = TRUE, timewt = "n/G2", ymax = 1825) of R survival 3.5-3
    assert cut.standard_error == pytest.approx(0.0157918601763677, abs=1e-12)
    assert (found.n, found.events, cut.horizon) == (686, 299, 1825)


def test_uno_without_censoring_is_harrell(simulated):
    time = simulated["time"] + np.linspace(0, 0.5, 120)
    event = np.ones(120)
    harrell, uno = concordance(time, event, simulated["age"]), uno_concordance(time, event, simulated["age"])
    assert (uno.effect, uno.standard_error) == pytest.approx((harrell.c_index, harrell.standard_error), rel=1e-12)


def test_probability_of_being_uncensored_by_hand():
    # Event and censoring at 8: the event comes first, so one of three is censored.
    time, event = np.array([5.0, 8, 8, 12, 14]), np.array([1, 1, 0, 1, 0]) == 1
    np.testing.assert_allclose(uncensored_before(time, event), [1, 1, 1, 2 / 3, 2 / 3], rtol=1e-15)


def test_difference_of_two_indices_equals_comparec(golden, scores):
    expected = golden("concordance")["compareC"]
    found = concordance_difference(scores["time"], scores["status"], scores["p1"], scores["p2"])
    assert [found.first, found.second] == pytest.approx(expected["est.c"], abs=1e-12)
    assert found.effect == pytest.approx(expected["est.diff_c"], abs=1e-12)
    squares = [found.first_error**2, found.second_error**2, found.standard_error**2]
    assert squares == pytest.approx([expected[name] for name in ("est.varCxy", "est.varCxz", "est.vardiff_c")], rel=1e-10)
    assert found.p_value == pytest.approx(expected["pval"], abs=1e-12)
    half = 1.959963984540054 * found.standard_error
    assert (found.lower, found.upper) == pytest.approx((found.effect - half, found.effect + half), rel=1e-10)


def test_a_score_does_not_differ_from_itself_and_the_difference_turns_round(simulated):
    data = simulated["time"], simulated["event"]
    same = concordance_difference(*data, simulated["age"], simulated["age"] * 2)
    assert (same.effect, same.standard_error) == (0, 0)
    assert np.isnan(same.p_value)
    one = concordance_difference(*data, simulated["age"], simulated["volume"])
    other = concordance_difference(*data, simulated["volume"], simulated["age"])
    assert one.effect == -other.effect
    assert one.p_value == pytest.approx(other.p_value, rel=1e-10)


def test_the_stratified_difference_compares_within_strata_only(simulated):
    data, strata = (simulated["time"], simulated["event"]), simulated["site"]
    one, other = simulated["age"], simulated["volume"]
    found = concordance_difference(*data, one, other, strata=strata)
    for value, score in ((found.first, one), (found.second, other)):
        assert value == pytest.approx(concordance(*data, score, strata=strata).c_index, abs=1e-12)
    same = concordance_difference(*data, one, other, strata=np.zeros(120))
    assert same.standard_error == concordance_difference(*data, one, other).standard_error
    # The error is near that of leaving out one case after another, which knows nothing of U-statistics.
    effects = []
    for case in range(120):
        rows = np.arange(120) != case
        left = [concordance(data[0][rows], data[1][rows], x[rows], strata=strata[rows]).c_index for x in (one, other)]
        effects.append(left[0] - left[1])
    jackknife = np.sqrt(119 / 120 * np.sum((np.array(effects) - np.mean(effects)) ** 2))
    assert found.standard_error == pytest.approx(jackknife, rel=0.05)


@pytest.mark.parametrize("days", [365, 1095, 1825])
def test_area_equals_timeroc(golden, scores, days):
    expected = golden("concordance")["timeROC"]
    position = expected["times"].index(days)
    found = time_dependent_auc(scores["time"], scores["status"], scores["p2"], days)
    assert found.auc[0] == pytest.approx(expected["AUC"][position], abs=1e-12)
    assert found.standard_error[0] == pytest.approx(expected["se"][position], rel=1e-5)  # it breaks ties of censored cases


def test_area_counts_an_event_at_the_very_time_as_a_case(golden, scores):
    """timeROC leaves such cases out: at 730 days there is one. The definition, pair by pair."""
    time, event, risk = (scores[name].to_numpy() for name in ("time", "status", "p2"))
    assert (time[event == 1] == 730).sum() == 1
    weight = 1 / uncensored_before(time.astype(float), event == 1)

    def area(cases):
        controls = time > 730
        wins = (risk[cases, None] > risk[controls]) + 0.5 * (risk[cases, None] == risk[controls])
        return weight[cases] @ wins.mean(axis=1) / weight[cases].sum()

    found = time_dependent_auc(time, event, risk, [730])
    assert found.auc[0] == pytest.approx(area((event == 1) & (time <= 730)), rel=1e-12)
    expected = golden("concordance")["timeROC"]
    assert expected["AUC"][1] == pytest.approx(area((event == 1) & (time < 730)), abs=1e-12)


def test_without_censoring_the_area_is_that_of_the_two_groups_with_its_known_error():
    # Hanley & McNeil (1982) / DeLong: variance from the placements, here with the sample variance over all cases.
    random = np.random.default_rng(np.random.SeedSequence(6))
    time = random.permutation(np.arange(1.0, 61))
    risk = random.normal(size=60) - time / 30
    case = time <= 25
    wins = (risk[case, None] > risk[~case]) + 0.0
    added = np.zeros(60)
    added[case] = 60 * (wins.mean(axis=1) - wins.mean()) / 25
    added[~case] = 60 * (wins.mean(axis=0) - wins.mean()) / 35
    found = time_dependent_auc(time, np.ones(60), risk, 25)
    assert found.auc[0] == pytest.approx(wins.mean(), rel=1e-12)
    assert found.standard_error[0] == pytest.approx(added.std(ddof=1) / np.sqrt(60), rel=1e-12)
    assert (found.n_cases[0], found.n_controls[0]) == (25, 35)


def test_error_of_an_area_is_the_jackknife_written_out_with_events_before_censorings_at_one_time(simulated):
    # The infinitesimal jackknife: derivative of the area, its censoring weights included, by the weight of each case.
    time, event, risk = (simulated[name].to_numpy(float) for name in ("time", "event", "age"))
    assert len(set(time[event == 1]) & set(time[event == 0])) > 5
    when, n = 12.0, time.size

    def area(weight):
        uncensored = np.ones(n)
        for end in np.unique(time[event == 0]):
            leaving = weight[(time == end) & (event == 0)].sum()
            stayed = weight[time > end].sum()
            uncensored[time > end] *= stayed / (stayed + leaving)
        case = np.where((event == 1) & (time <= when), weight / uncensored, 0.0)
        control = np.where(time > when, weight, 0.0)
        beaten = (risk[:, None] > risk) + 0.5 * (risk[:, None] == risk)
        return case @ beaten @ control / (case.sum() * control.sum())

    step = 1e-6
    slopes = np.array([(area(1 + step * one) - area(1 - step * one)) / (2 * step) for one in np.eye(n)])
    found = time_dependent_auc(time, event, risk, [when])
    assert found.auc[0] == pytest.approx(area(np.ones(n)), rel=1e-12)
    assert found.standard_error[0] == pytest.approx(np.sqrt(n / (n - 1) * np.sum(slopes**2)), rel=1e-6)
