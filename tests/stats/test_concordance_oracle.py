"""Harrell's C against R survival 3.5-3 and counting by hand."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from radiotype.stats import concordance, cox


def test_lung_age_has_the_counts_of_r(golden, survival_data):
    lung, expected = survival_data("lung"), golden("concordance")["lung_age"]
    result = concordance(lung["time"], lung["status"], lung["age"])
    assert [result.concordant, result.discordant, result.tied, result.tied_time] == expected["count"][:4]
    assert result.c_index == pytest.approx(expected["c"], abs=1e-12)


def test_gbsg_scores_have_the_index_of_r(shared, golden):
    scores = pd.read_csv(shared / "golden" / "survival" / "concordance_scores_gbsg.csv")
    expected = golden("concordance")
    found = [concordance(scores["time"], scores["status"], scores[name]).c_index for name in ("p1", "p2")]
    assert found == pytest.approx(expected["coef"], abs=1e-12)
    second = concordance(scores["time"], scores["status"], scores["p2"])
    counts = [second.concordant, second.discordant, second.tied, second.tied_time]
    assert counts == expected["timewt"]["n"]["count"][:4]


def test_counts_equal_a_loop_over_pairs(simulated):
    table = simulated.assign(risk=(simulated["age"] / 5).round())
    counts = {"concordant": 0, "discordant": 0, "tied": 0, "tied_time": 0}
    rows = list(table[["time", "event", "risk"]].itertuples(index=False))
    for one, other in itertools.combinations(rows, 2):
        first, second = sorted([one, other], key=lambda case: (case.time, -case.event))
        if not first.event:
            continue
        if first.time == second.time and second.event:
            counts["tied_time"] += first.risk != second.risk
        elif first.risk == second.risk:
            counts["tied"] += 1
        else:
            counts["concordant" if first.risk > second.risk else "discordant"] += 1
    result = concordance(table["time"], table["event"], table["risk"])
    assert {name: getattr(result, name) for name in counts} == counts
    assert min(counts.values()) > 0


def test_pairs_are_counted_within_strata_as_r_does_for_a_stratified_model(golden, survival_data):
    """R breaks one of the 65 ties by rounding: two men of equal covariates differ in the last bit of its predictor."""
    lung = survival_data("lung").dropna(subset=["age", "ph.karno", "sex"])
    time, event, sex = (lung[name].to_numpy() for name in ("time", "status", "sex"))
    fit = cox(time, event, lung[["age", "ph.karno"]], strata=sex)
    risk = fit.linear_predictor(lung[["age", "ph.karno"]]).round(10)
    result = concordance(time, event, risk, strata=sex)
    alike = lung.groupby(["age", "ph.karno"]).ngroup().to_numpy()  # ties by the covariates, without any arithmetic
    assert result.tied == concordance(time, event, alike, strata=sex).tied == 65
    pairs = result.concordant + result.discordant + result.tied
    as_r = (result.concordant + 1 + (result.tied - 1) / 2) / pairs
    assert as_r == pytest.approx(golden("coxph")["lung_strata"]["concordance"], abs=1e-12)
    parts = [concordance(time[own], event[own], risk[own]) for own in (sex == 1, sex == 2)]
    for name in ("concordant", "discordant", "tied", "tied_time"):
        assert getattr(result, name) == sum(getattr(part, name) for part in parts)
    assert result.c_index != concordance(time, event, risk).c_index
