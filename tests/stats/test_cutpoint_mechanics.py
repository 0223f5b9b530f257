"""Invariances, groups, seeds and refusals of the chosen cut."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import maximal_cutpoint


def test_only_the_order_of_values_counts_and_turning_them_turns_the_groups(simulated):
    time, event, volume = (simulated[name].to_numpy() for name in ("time", "event", "volume"))
    found = maximal_cutpoint(volume, time, event)
    log = maximal_cutpoint(np.log(volume), time, event)
    assert (log.statistic, log.p_value, log.n_low) == (found.statistic, found.p_value, found.n_low)
    assert log.cutpoint == pytest.approx(np.log(found.cutpoint))
    turned = maximal_cutpoint(-volume, time, event, p_method="lausen-1992")
    assert turned.statistic == pytest.approx(found.statistic, rel=1e-12)
    assert (turned.n_low, turned.n_high) == (found.n_high, found.n_low)
    assert turned.effect == pytest.approx(1 / found.effect, rel=1e-9)


def test_order_of_cases_does_not_matter(simulated):
    mixed = simulated.sample(frac=1, random_state=1)
    found, other = (maximal_cutpoint(t["age"], t["time"], t["event"], p_method="lausen-1994") for t in (simulated, mixed))
    assert (found.cutpoint, found.n_low) == (other.cutpoint, other.n_low)
    assert other.statistic == pytest.approx(found.statistic, rel=1e-12)


def test_groups_are_as_large_as_asked_and_ties_stay_together(simulated):
    ages = simulated["age"].round(-1)
    found = maximal_cutpoint(ages, simulated["time"], simulated["event"], minimum_share=0.2)
    assert (ages <= found.cutpoint).sum() == found.n_low
    assert found.n_low + found.n_high == found.n == 120
    assert all(24 <= (ages <= cut).sum() <= 96 for cut in found.cuts)
    assert set(found.cuts) <= set(ages)


def test_the_chosen_cut_is_not_as_certain_as_it_looks(simulated):
    found = maximal_cutpoint(simulated["age"], simulated["time"], simulated["event"])
    assert found.p_value > found.optimistic_p_value
    assert "optimistic" in found.measure


def test_same_seed_same_p_value_in_any_number_of_parts(simulated, monkeypatch):
    data = np.cos(np.arange(120)), simulated["time"], simulated["event"]
    first, again, other = (maximal_cutpoint(*data, n_permutations=2000, seed=seed).p_value for seed in (1, 1, 2))
    assert first == again != other
    monkeypatch.setattr(sys.modules[maximal_cutpoint.__module__], "VALUES_AT_ONCE", 1000)
    assert maximal_cutpoint(*data, n_permutations=2000, seed=1).p_value == first


def test_a_group_without_events_has_no_hazard_ratio():
    x = np.arange(20.0)
    found = maximal_cutpoint(x, np.where(x < 10, 50.0, 20 - x), x >= 10)
    assert found.cutpoint == 9
    assert np.isnan([found.effect, found.lower, found.upper]).all()
    assert found.p_value < 0.001


@pytest.mark.parametrize(
    ("x", "time", "event", "match"),
    [
        (range(9), range(9), [1] * 9, "RT301: there are 9 cases"),
        ([3] * 12, range(12), [1] * 12, "RT305: no cut of x leaves 10% of the 12 cases"),
        ([*[0] * 19, 1], range(20), [1] * 20, "RT305: no cut of x"),
        (range(12), range(12), [0] * 12, "RT302: none of the 12 cases"),
        (range(12), [5] * 12, [1] * 12, "RT302: no event tells two cases apart"),
        ([np.nan, *range(11)], range(12), [1] * 12, "RT305: x has 1 missing"),
        (range(12), range(11), [1] * 12, "RT305: the lengths differ"),
    ],
)
def test_what_cannot_be_cut_is_refused(x, time, event, match):
    with pytest.raises(ComputeError, match=match):
        maximal_cutpoint(list(x), list(time), event)


@pytest.mark.parametrize(
    "options", [{"p_method": "plain"}, {"minimum_share": 0}, {"minimum_share": 0.5}, {"n_permutations": 0}]
)
def test_options_that_do_not_exist_are_refused(simulated, options):
    with pytest.raises(RecipeError, match="RT103"):
        maximal_cutpoint(simulated["age"], simulated["time"], simulated["event"], **options)
