"""The tests of a study are those of limma's method on GSVA's scores, and Cramer's V that of the table of counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from biology_cohort import CELLS, SETS, data, expression, patients, recipe
from scipy.stats import chi2_contingency, fisher_exact

from radiotype.genomics import cell_populations, ssgsea
from radiotype.stats import adjust_p_values, moderated_tests
from radiotype.studies.biology import biology_by_subtype


def rows(table: pd.DataFrame, comparison: str, stratum: str = "all", split: str = "all") -> pd.DataFrame:
    where = (table["stratum"] == stratum) & (table["split"] == split) & (table["comparison"] == comparison)
    return table[where].set_index(next(name for name in ("gene_set", "population") if name in table.columns))


def test_effects_are_those_of_moderated_tests_with_a_mean_per_subtype_and_cancer_type_on_scores_of_ssgsea():
    sample, subtype = patients()
    table = expression(sample, subtype, {"4": list(SETS["SET_03"])})
    found = biology_by_subtype(sample, subtype, data(table), recipe(contrasts=[[3, 4], ["1+2", 4]])).tables["hallmarks"]
    scores = ssgsea(table, SETS).to_frame()
    design = pd.DataFrame({f"s{name}": (subtype == name).astype(float).to_numpy() for name in "1234"}, index=table.index)
    design["lung"] = (sample.cancer_type == "lung").astype(float).to_numpy()
    n = subtype.value_counts()
    rest = {f"s{name}": -n[name] / (n["1"] + n["2"] + n["3"]) for name in "123"}
    both = {f"s{name}": n[name] / (n["1"] + n["2"]) for name in "12"}
    contrasts = {"4 v rest": {"s4": 1.0, **rest}, "3 v 4": {"s3": 1.0, "s4": -1.0}, "1+2 v 4": {**both, "s4": -1.0}}
    expected = moderated_tests(scores, design, contrasts)
    for name in contrasts:
        own, other = rows(found, name), expected.to_frame(name)
        for column in ("effect", "lower", "upper", "t", "p_value", "q_value"):
            np.testing.assert_allclose(own[column], other[column], rtol=1e-9, atol=1e-12)
        deviation = np.sqrt(expected.variances)
        np.testing.assert_allclose(own["standardised_lower"], other["lower"] / deviation, rtol=1e-9)
        np.testing.assert_allclose(own["q_value"], adjust_p_values(own["p_value"].to_numpy()), rtol=1e-12)


def test_within_one_cancer_type_without_covariates_the_effect_is_a_difference_of_means():
    sample, subtype = patients()
    table = expression(sample, subtype, {"4": list(CELLS["cells 2"])})
    found = biology_by_subtype(sample, subtype, data(table), recipe(cells_by="mean", contrasts=[[4, 3]])).tables["cells"]
    scores = cell_populations(table, CELLS).scores
    lung = (sample.cancer_type == "lung").to_numpy()
    three, four = (scores[lung & (subtype == name).to_numpy()].mean() for name in "34")
    np.testing.assert_allclose(rows(found, "4 v 3", "lung")["effect"], four - three, rtol=1e-10)
    assert rows(found, "4 v 3", "lung")["n_group"].unique().tolist() == [int((lung & (subtype == "4")).sum())]


def test_a_platform_with_another_level_changes_nothing_once_it_is_adjusted_for():
    sample, subtype = patients()
    table = expression(sample, subtype, {"4": list(SETS["SET_03"])})
    half = np.arange(len(table)) % 3 == 0
    second = table[half].copy()
    second[list(SETS["SET_10"])] += 3.0  # this platform measures ten genes higher, in everybody
    apart = biology_by_subtype(sample, subtype, data(table[~half], second), recipe()).tables["hallmarks"]
    found = rows(apart, "4 v rest")
    assert found.loc["SET_03", "q_value"] < 0.001
    assert found.loc["SET_10", "p_value"] > 0.01
    mixed = pd.concat([table[~half], second])
    strata = sample.cancer_type.to_numpy() + np.where(half, "2", "1")
    scores = ssgsea(mixed.loc[table.index, sorted(table.columns)], SETS).to_frame()
    design = pd.get_dummies(pd.Series(subtype.to_numpy(), index=table.index)).astype(float)
    for level in sorted(set(strata))[1:]:
        design[level] = (strata == level).astype(float)
    expected = moderated_tests(scores, design, {"3 - 4": {"3": 1, "4": -1}}).to_frame("3 - 4")
    pair = biology_by_subtype(sample, subtype, data(table[~half], second), recipe(contrasts=[[3, 4]])).tables["hallmarks"]
    np.testing.assert_allclose(rows(pair, "3 v 4")["p_value"], expected["p_value"], rtol=1e-8)


def test_association_with_molecular_subtypes_is_that_of_the_table_of_counts():
    sample, subtype = patients()
    rng = np.random.default_rng(5)
    sample.cases["grade"] = np.where(subtype.isin(["3", "4"]) ^ (rng.random(len(subtype)) < 0.2), "high", "low")
    sample.cases["rare"] = np.where(np.arange(len(subtype)) < 6, "yes", "no")
    sample.cases.loc[:9, "grade"] = ["", "NA", "n/a", "nan", "", "", "", "", "", ""]
    found = biology_by_subtype(
        sample, subtype, data(expression(sample, subtype, {})), recipe(molecular=["grade", "rare"])
    ).tables["molecular"]
    one = found[(found["stratum"] == "lung") & (found["split"] == "all")].set_index("column")
    rows_of = (sample.cancer_type == "lung") & sample.cases["grade"].isin(["high", "low"])
    counts = pd.crosstab(subtype[rows_of], sample.cases["grade"][rows_of])
    chi_square, p_value, *_ = chi2_contingency(counts, correction=False)
    assert one.loc["grade", "method"] == ("chi-square" if chi2_contingency(counts).expected_freq.min() >= 5 else "fisher")
    np.testing.assert_allclose(one.loc["grade", "cramers_v"], np.sqrt(chi_square / counts.to_numpy().sum()), rtol=1e-12)
    if one.loc["grade", "method"] == "chi-square":
        np.testing.assert_allclose(one.loc["grade", "p_value"], p_value, rtol=1e-10)
    assert one.loc["rare", "method"] == "fisher"
    np.testing.assert_allclose(one["q_value"], adjust_p_values(one["p_value"].to_numpy()))
    two = subtype.where(subtype.isin(["1"]), "2")
    again = biology_by_subtype(sample, two, data(expression(sample, two, {})), recipe(molecular=["rare"])).tables["molecular"]
    exact = fisher_exact(pd.crosstab(two, sample.cases["rare"]))
    whole = again[(again["stratum"] == "all") & (again["split"] == "all")].iloc[0]
    np.testing.assert_allclose(whole["p_value"], exact.pvalue, rtol=1e-9)
