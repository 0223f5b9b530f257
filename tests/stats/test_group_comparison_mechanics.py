"""Every check of a comparison of groups fires, and missing values are counted where they are."""

from __future__ import annotations

import doctest
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import compare_groups, group_comparison

GROUPS = ["low"] * 6 + ["mid"] * 6 + ["high"] * 6


def scores():
    values = np.random.default_rng(0).normal(size=(18, 5))
    return pd.DataFrame(values, columns=list("ABCDE"), index=[f"p{i}" for i in range(18)])


def refused(error, code, message, table=None, groups=GROUPS, pairs=None, **settings):
    with pytest.raises(error, match=message) as caught:
        compare_groups(scores() if table is None else table, groups, pairs, **settings)
    assert caught.value.code == code


def test_the_example_runs():
    assert doctest.testmod(group_comparison, extraglobs={"np": np}).failed == 0


def test_what_is_refused():
    refused(ComputeError, "RT305", "one label only, 'x'", groups=["x"] * 18)
    refused(ComputeError, "RT305", "called 'rest'", groups=["rest"] * 9 + ["x"] * 9)
    refused(ComputeError, "RT305", "missing", groups=[None] * 9 + ["x"] * 9)
    refused(ComputeError, "RT305", "lengths differ", groups=GROUPS[:-1])
    refused(ComputeError, "RT305", "index of groups", groups=pd.Series(GROUPS))
    refused(ComputeError, "RT305", "one scale", scores().assign(A=lambda t: 1e5 * t["A"]))
    refused(ComputeError, "RT304", "of the design", covariates=np.ones((18, 1)))
    clash = pd.DataFrame({"group low": np.arange(18.0)}, index=scores().index)
    refused(ComputeError, "RT305", "as the column of a group", covariates=clash)
    refused(RecipeError, "RT103", "nothing is compared", against_rest=False)
    refused(RecipeError, "RT103", "rest is 'all'", rest="all")
    refused(RecipeError, "RT103", "pairs is 'every'", pairs="every")
    refused(RecipeError, "RT103", "did you mean 'high'", pairs=[("hihg", "low")])
    refused(RecipeError, "RT103", "with itself", pairs=[("low", "low")])
    refused(RecipeError, "RT103", "expected pairs of groups", pairs=["ab"])
    refused(RecipeError, "RT103", "expected pairs of groups", pairs=[("low", "mid", "high")])
    four = np.repeat(["A", "A v B", "B v C", "C"], [5, 5, 4, 4])
    refused(RecipeError, "RT103", "both be called 'A v B v C'", groups=four, pairs=[("A v B", "C"), ("A", "B v C")])
    for cells in ("1_000", pd.Timestamp("2020-01-01"), pd.Timedelta(days=1), 1j):
        refused(ComputeError, "RT305", "'C' holds something else than numbers", scores().assign(C=cells))
    with pytest.raises(RecipeError, match="did you mean 'high v rest'"):
        compare_groups(scores(), GROUPS).to_frame("hihg v rest")


def test_two_labels_that_read_alike_are_refused():
    refused(ComputeError, "RT305", "same name as text", groups=pd.Categorical(["1", 1, 2] * 6, categories=["1", 1, 2]))


def test_values_are_counted_where_they_are():
    table = scores()
    table.iloc[:2, 0] = np.nan
    found = compare_groups(table.assign(flat=1.0), GROUPS, [("high", "low")])
    counts = found.to_frame("high v low")[["n_group", "n_reference"]]
    assert counts.loc["A"].tolist() == [6, 4]
    assert counts.loc["B"].tolist() == [6, 6]
    assert found.to_frame("low v rest").loc["A", ["n_group", "n_reference"]].tolist() == [4, 12]
    flat = found.to_frame("high v low").loc["flat"]
    assert np.isnan(flat["p_value"])
    assert flat["reason"].startswith("RT305: it is constant")
    assert found.tests.n_tests == 5


def test_the_table_is_tidy_and_the_result_frozen():
    groups = pd.Categorical(GROUPS, categories=["low", "mid", "high"])
    found = compare_groups(scores(), groups, [("high", "low"), ("high", "low")])
    assert found.comparisons == ("low v rest", "mid v rest", "high v rest", "high v low")
    table = found.to_frame()
    assert len(table) == 4 * 5
    assert not table.duplicated(["comparison", "feature"]).any()
    assert (table["comparison"] == table["group"] + " v " + table["reference"]).all()
    pd.testing.assert_frame_equal(
        table[table["comparison"] == "high v low"].set_index("feature").drop(columns="comparison"), found.to_frame("high v low")
    )
    with pytest.raises(FrozenInstanceError):
        found.groups = ()
    with pytest.raises(ValueError, match="read-only"):
        found.observed[0, 0] = 1


def test_arrays_and_tables_give_the_same():
    table = scores()
    one = compare_groups(
        table, pd.Series(GROUPS, index=table.index), covariates=pd.DataFrame({"age": range(18)}, index=table.index)
    )
    other = compare_groups(table.to_numpy(), GROUPS, covariates=np.arange(18.0)[:, None])
    np.testing.assert_array_equal(one.tests.p_values, other.tests.p_values)


def test_a_list_with_nothing_in_a_cell_is_standardised_like_a_table_with_a_missing_value():
    table = scores()
    table.iloc[0, 2] = np.nan
    listed = [[None if np.isnan(value) else value for value in row] for row in table.to_numpy().tolist()]
    for settings in ({}, {"standardise": True}):
        one, other = (compare_groups(values, GROUPS, **settings).tests for values in (listed, table))
        np.testing.assert_allclose(one.p_values, other.p_values, rtol=1e-12)
        assert np.isfinite(one.p_values).all()


def test_a_constant_feature_whose_spread_is_rounding_is_no_matter_of_scale():
    table = pd.concat([scores()] * 10, ignore_index=True)
    constant = np.full(len(table), 0.1)
    assert constant.std(ddof=1) > 0
    found = compare_groups(table.assign(silent=constant), GROUPS * 10)
    assert found.tests.reasons == {"silent": "RT305: it is constant; expected different values"}
    assert np.isfinite(found.tests.p_values[:5]).all()


def test_merged_groups_are_compared_by_the_mean_of_their_cases_or_of_the_groups():
    groups = np.array(["low"] * 4 + ["mid"] * 8 + ["high"] * 6)
    table = scores()
    found = compare_groups(table, groups, [(["low", "mid"], "high"), ("high", ["mid", "low"])])
    assert found.comparisons[3:] == ("low+mid v high", "high v low+mid")
    rows = found.to_frame("low+mid v high")
    plain = table[groups != "high"].mean() - table[groups == "high"].mean()
    np.testing.assert_allclose(rows["effect"], plain, rtol=1e-12, atol=1e-15)
    assert set(rows["n_group"]) == {12}
    assert set(rows["n_reference"]) == {6}
    opposite, rest = found.to_frame("high v low+mid"), found.to_frame("high v rest")
    np.testing.assert_allclose(opposite["effect"], -rows["effect"], rtol=1e-12, atol=1e-15)
    pd.testing.assert_frame_equal(opposite.drop(columns="reference"), rest.drop(columns="reference"))
    evenly = compare_groups(table, groups, [(["low", "mid"], "high")], rest="groups").to_frame("low+mid v high")
    means = table.groupby(groups).mean()
    np.testing.assert_allclose(evenly["effect"], means.loc[["low", "mid"]].mean() - means.loc["high"], rtol=1e-12, atol=1e-15)


def test_merged_groups_without_a_single_value_are_not_tested():
    table = scores()
    table.loc[table.index[:12], "B"] = np.nan
    rows = compare_groups(table, GROUPS, [(["low", "mid"], "high")]).to_frame("low+mid v high")
    assert np.isnan(rows.loc["B", "effect"])
    assert rows.loc["B", "reason"] == "RT301: it has no value in groups 'low', 'mid'"
    assert rows.drop(index="B")["effect"].notna().all()


def test_what_is_refused_of_merged_groups():
    refused(RecipeError, "RT103", "'mid' with itself", pairs=[(["low", "mid"], "mid")])
    refused(RecipeError, "RT103", "did you mean 'high'", pairs=[(["low", "hihg"], "mid")])
    refused(RecipeError, "RT103", "side without groups", pairs=[([], "mid")])
