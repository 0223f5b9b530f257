"""Steps, edges and refusals of Kaplan-Meier and log-rank."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import kaplan_meier, logrank


def test_curve_is_a_right_continuous_step():
    curve = kaplan_meier([2, 4, 4, 8], [1, 1, 0, 0])
    assert curve.at([0, 1.9, 2, 3.9, 4, 8]).tolist() == [1, 1, 0.75, 0.75, 0.5, 0.5]
    assert np.isnan(curve.at(8.1)[0])  # nobody was followed that long
    assert curve.n_at_risk_at([0, 2, 2.1, 4, 8, 9]).tolist() == [4, 4, 3, 3, 1, 0]
    lower, upper = curve.interval_at([1, 2, 9])
    assert np.isnan(lower[[0, 2]]).all()
    assert lower[1] == curve.lower[0] and upper[1] == curve.upper[0]


def test_curve_that_reached_zero_stays_there():
    assert kaplan_meier([1, 2], [1, 1]).at([2, 5]).tolist() == [0, 0]


@pytest.mark.parametrize("interval", ["log-log", "log", "plain"])
def test_there_are_no_limits_where_survival_is_zero(interval):
    curve = kaplan_meier([1, 2, 3], [1, 1, 1], interval=interval)
    assert np.isinf(curve.standard_error[-1])
    assert np.isnan([curve.lower[-1], curve.upper[-1]]).all()
    assert np.isfinite([curve.lower[:-1], curve.upper[:-1]]).all()


def test_without_events_survival_stays_one_and_there_is_no_median():
    curve = kaplan_meier([1, 2, 3], [0, 0, 0])
    assert curve.survival.tolist() == [1, 1, 1]
    assert np.isnan([curve.median, curve.median_lower, curve.median_upper]).all()


def test_higher_confidence_is_wider(leukaemia):
    narrow = kaplan_meier(leukaemia["weeks"], leukaemia["relapse"], confidence=0.8)
    wide = kaplan_meier(leukaemia["weeks"], leukaemia["relapse"], confidence=0.99)
    inside = narrow.survival > 0
    assert (wide.upper - wide.lower > narrow.upper - narrow.lower)[inside].all()


def test_results_cannot_be_changed(leukaemia):
    curve = kaplan_meier(leukaemia["weeks"], leukaemia["relapse"])
    test = logrank(leukaemia["weeks"], leukaemia["relapse"], leukaemia["arm"])
    with pytest.raises(ValueError, match="read-only"):
        curve.survival[0] = 2
    with pytest.raises(ValueError, match="read-only"):
        test.variance[0, 0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        curve.median = 1.0


def test_ratio_of_one_case_against_thousands_does_not_warn():
    test = logrank(np.arange(1, 5001), np.ones(5000), np.arange(5000) == 0)
    assert test.effect == np.inf
    assert test.p_value < 1e-6


def test_groups_of_a_category_keep_their_order(leukaemia):
    arm = leukaemia["arm"].astype("category").cat.set_categories(["placebo", "none", "drug"])
    assert logrank(leukaemia["weeks"], leukaemia["relapse"], arm).groups == ("placebo", "drug")


def test_lists_arrays_series_and_booleans_give_one_answer(leukaemia):
    frame = logrank(leukaemia["weeks"], leukaemia["relapse"] == 1, leukaemia["arm"])
    lists = logrank(*(leukaemia[name].tolist() for name in ("weeks", "relapse", "arm")))
    assert frame.chi_square == lists.chi_square


@pytest.mark.parametrize(("setting", "value"), [("interval", "arcsin"), ("confidence", 95), ("confidence", float("nan"))])
def test_unknown_settings_are_refused(setting, value):
    with pytest.raises(RecipeError, match="RT103.*" + setting):
        kaplan_meier([1, 2], [1, 0], **{setting: value})


@pytest.mark.parametrize(
    ("time", "event", "code", "words"),
    [
        ([], [], "RT301", "no cases"),
        ([1, 2, 3], [1, 0], "RT305", "time has 3, event has 2"),
        ([1, np.nan, None], [1, 0, 1], "RT305", "time has 2 missing values (rows 1, 2"),
        ([1, 2, 3], pd.array([1, None, 0], dtype="Int64"), "RT305", "event has 1 missing"),
        ([1, np.inf], [1, 0], "RT305", "1 infinite"),
        ([1, -2.0], [1, 0], "RT305", "1 negative"),
        ([1, 2], [1, 2], "RT305", "event holds 2"),
        (["1", "2"], [1, 0], "RT305", "expected numbers"),
        (np.array([1, "2"], dtype=object), [1, 0], "RT305", "expected numbers"),
        (np.array([1, {}], dtype=object), [1, 0], "RT305", "expected numbers"),
        (np.array([1, 2], dtype="timedelta64[D]"), [1, 0], "RT305", "expected numbers"),
        ([[1, 2], [3, 4]], [1, 0], "RT305", "shape (2, 2)"),
        (3.0, [1], "RT305", "single value"),
    ],
)
def test_unusable_follow_up_is_refused(time, event, code, words):
    with pytest.raises(ComputeError) as caught:
        kaplan_meier(time, event)
    assert caught.value.code == code
    assert words in caught.value.found


def test_tables_in_different_order_are_refused(leukaemia):
    with pytest.raises(ComputeError, match=r"RT305.*index of event"):
        kaplan_meier(leukaemia["weeks"], leukaemia["relapse"].iloc[::-1])


@pytest.mark.parametrize(
    ("event", "group", "strata", "code", "words"),
    [
        ([0, 0, 0, 0], "aabb", None, "RT302", "none of the 4 cases"),
        ([1, 1, 1, 1], "aaaa", None, "RT305", "one group only"),
        ([1, 1, 0, 0], ["a", None, "b", "b"], None, "RT305", "group has 1 missing"),
        ([1, 1, 0, 0], [{}, {}, {}, {}], None, "RT305", "cannot be sorted"),
        ([1, 1, 0, 0], [["a"], ["b"], ["a"], ["b"]], None, "RT305", "2 dimensions"),
        ([0, 0, 1, 1], "aabb", None, "RT302", "only one group"),  # all of a left before the first event
        ([1, 1, 1, 1], "abab", "xyxy", "RT302", "two groups are at risk together"),
        ([1, 1, 1, 1, 1, 1, 1, 1], "ababcdcd", "xxxxyyyy", "RT305", "never at risk together"),
        ([1, 1, 0, 0], "abab", ["x", "x", np.nan, "y"], "RT305", "strata has 1 missing"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(event, group, strata, code, words):
    time = np.arange(1, len(event) + 1)
    as_labels = [None if values is None else list(values) for values in (group, strata)]
    with pytest.raises(ComputeError) as caught:
        logrank(time, event, as_labels[0], strata=as_labels[1])
    assert caught.value.code == code
    assert words in caught.value.found
