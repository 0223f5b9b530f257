"""Harrell's C against R survival 3.5-3 and counting by hand."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from radiotype.stats import concordance


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
