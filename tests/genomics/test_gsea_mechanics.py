"""What the ranking leaves uncertain is told, and no p-value is 0."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import pytest

from radiotype import report
from radiotype.genomics import gsea, running_sum

NAMES = [f"g{at}" for at in range(2000)]
RANKING = pd.Series(np.linspace(5, -4, 2000), index=NAMES)


def test_a_clean_ranking_has_no_warning():
    found = gsea(RANKING, {"s": NAMES[10:400:30], "few": NAMES[:3]})
    assert found.warnings == () and found.left_out.keys() == {"few"}


def test_of_a_name_that_stands_twice_the_value_farthest_from_zero_counts():
    twice = pd.concat([RANKING, pd.Series({"g0": -9.0, "g5": 0.1, "g1999": -4.0})])
    found = gsea(twice, {"s": NAMES[:6]}, n_random=100)
    expected = gsea(
        RANKING.drop("g0").pipe(lambda kept: pd.concat([kept, pd.Series({"g0": -9.0})])), {"s": NAMES[:6]}, n_random=100
    )
    assert found.enrichment[0] == expected.enrichment[0]
    assert found.leading_edge == expected.leading_edge
    assert found.warnings == ("3 values were dropped: their names stand twice, and the value farthest from 0 counts",)


def test_equal_values_stay_in_the_order_given_and_are_warned_of():
    ranking = {"a": 2.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": -1.0}
    found = gsea(ranking, {"s": ["a", "c"]}, least_members=2, n_random=100)
    turned = gsea(dict(reversed(ranking.items())), {"s": ["a", "d"]}, least_members=2, n_random=100)
    assert found.enrichment[0] == pytest.approx(2 / 3) and turned.enrichment[0] == pytest.approx(1.0 * 2 / 3 + 1 / 3)
    assert found.warnings[0].startswith("3 of 5 values are equal to another")


def test_a_ranking_of_one_sign_is_warned_of():
    found = gsea(RANKING + 10, {"s": NAMES[:10]}, n_random=100)
    assert found.warnings == ("no value lies on the other side of 0: one end of the ranking means nothing",)


def test_beyond_the_limit_a_p_value_is_an_upper_limit():
    sets = {"top": NAMES[:12], "bottom": NAMES[-12:], "spread": NAMES[5::50]}
    found = gsea(RANKING, sets, least_p=1e-6)
    assert found.at_limit.tolist() == [True, True, False]
    assert np.all((found.p_values[:2] <= 1e-6) & (found.p_values[:2] > 4e-7))
    further = gsea(RANKING, sets)
    assert not further.at_limit.any()
    exact = -np.log2(float(comb(2000, 12)) / 2)  # 8e30 sets, of which half score above 0
    assert np.all(np.abs(np.log2(further.p_values[:2]) - exact) < 4 * further.log2_error[:2])


def test_a_sign_that_chance_hardly_gives_has_no_p_value():
    # 293 of 300 names, without the seven that hold nearly all weight: only 4e-6 of such sets lack four of these or more
    ranking = pd.Series(np.append(np.full(7, 100.0), np.linspace(0.1, -0.1, 293)), index=NAMES[:300])
    found = gsea(ranking, {"high": NAMES[:293], "low": NAMES[7:300]}, n_random=100, n_kept=11)
    assert found.enrichment[0] > 0 > found.enrichment[1]
    assert not np.isnan([found.p_values[0], found.q_values[0], found.normalised[0]]).any()
    assert np.isnan([found.p_values[1], found.q_values[1], found.normalised[1], found.log2_error[1]]).all()
    assert found.warnings[-1] == "1 sets have no p-value: random sets hardly ever have a score of their sign"


def test_the_table_is_sorted_by_p():
    table = gsea(RANKING, {"spread": NAMES[5::50], "top": NAMES[:20]}).to_frame()
    assert list(table.index) == ["top", "spread"] and table["p_value"].is_monotonic_increasing
    assert table.loc["top", "leading_edge"].split()[:2] == ["g0", "g1"]
    assert table.loc["top", "n_members"] == 20


def test_the_table_of_a_running_sum_is_what_its_figure_takes():
    ranking = pd.Series(np.linspace(3, -2, 40), index=[f"g{j}" for j in range(40)])
    walk = running_sum(ranking, ["g1", "g2", "g9", "g30"])
    table = walk.to_frame()
    assert table.index[table["hit"]].tolist() == ["g1", "g2", "g9", "g30"]
    assert table["running_sum"].iloc[-1] == pytest.approx(0) and table["position"].tolist() == list(range(1, 41))
    np.testing.assert_array_equal(table["metric"], ranking)
    assert table["running_sum"].abs().max() == pytest.approx(abs(walk.enrichment))


def test_a_score_that_both_sides_tie_for_is_0_as_in_fgsea():
    ranking = {f"g{j}": value for j, value in enumerate([4.0, 2, 1, 0, 0, -1, -2, -4])}
    tied = {"both ends": ["g0", "g7"], "top": ["g0", "g1"]}
    found = gsea(ranking, tied, least_members=2)
    assert found.enrichment[0] == found.normalised[0] == 0 and found.p_values[0] == 1
    assert found.leading_edge["both ends"] == () and found.enrichment[1] > 0.5
    drawn = report.running_sum(running_sum(ranking, tied["both ends"]).to_frame())
    assert not drawn.data["leading_edge"].any() and not drawn.data["peak"].any()
