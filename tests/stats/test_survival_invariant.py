"""What must not change a Kaplan-Meier curve or a log-rank test."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats import kaplan_meier, logrank


def test_curve_scales_with_time(simulated):
    days = kaplan_meier(simulated["time"], simulated["event"])
    years = kaplan_meier(simulated["time"] / 365.25, simulated["event"])
    np.testing.assert_array_equal(years.survival, days.survival)
    np.testing.assert_array_equal(years.lower, days.lower)
    assert years.median == pytest.approx(days.median / 365.25, rel=1e-15)


def test_curve_does_not_depend_on_the_order_of_cases(simulated):
    shuffled = simulated.sample(frac=1, random_state=3)
    one = kaplan_meier(simulated["time"], simulated["event"])
    other = kaplan_meier(shuffled["time"], shuffled["event"])
    np.testing.assert_array_equal(one.survival, other.survival)
    np.testing.assert_array_equal(one.upper, other.upper)


def test_times_that_differ_by_rounding_are_one_time():
    curve = kaplan_meier([0.1 + 0.2, 0.3, 0.4], [1, 1, 0])
    assert curve.time.size == 2
    assert curve.n_events.tolist() == [2, 0]


def test_logrank_does_not_depend_on_order_labels_or_time_unit(simulated):
    base = logrank(simulated["time"], simulated["event"], simulated["site"])
    shuffled = simulated.sample(frac=1, random_state=5)
    renamed = shuffled["site"].map({"north": 3, "south": 2, "west": 1})
    other = logrank(shuffled["time"] * 30.4, shuffled["event"], renamed)
    assert other.chi_square == pytest.approx(base.chi_square, rel=1e-12)
    np.testing.assert_allclose(other.expected[::-1], base.expected, rtol=1e-13)


def test_expected_events_add_up_to_observed(simulated):
    test = logrank(simulated["time"], simulated["event"], simulated["site"], strata=simulated["treated"])
    assert test.expected.sum() == pytest.approx(test.events, rel=1e-13)
    np.testing.assert_allclose(test.variance.sum(axis=0), 0, atol=1e-12)


def test_equal_strata_add_their_statistics(simulated):
    # Twice the same stratum: observed, expected and variance double, so chi-square doubles.
    one = logrank(simulated["time"], simulated["event"], simulated["site"])
    twice = {name: np.tile(simulated[name], 2) for name in ("time", "event", "site")}
    two = logrank(twice["time"], twice["event"], twice["site"], strata=np.repeat([0, 1], len(simulated)))
    assert two.chi_square == pytest.approx(2 * one.chi_square, rel=1e-12)


def test_group_that_leaves_before_the_first_event_changes_nothing(simulated):
    base = logrank(simulated["time"], simulated["event"], simulated["site"])
    early = simulated["time"][simulated["event"] == 1].min() / 2
    other = logrank(
        np.append(simulated["time"], [early, early]),
        np.append(simulated["event"], [0, 0]),
        np.append(simulated["site"], ["east", "east"]),
    )
    assert other.groups[0] == "east"
    assert other.degrees_of_freedom == base.degrees_of_freedom
    assert other.chi_square == pytest.approx(base.chi_square, rel=1e-12)
