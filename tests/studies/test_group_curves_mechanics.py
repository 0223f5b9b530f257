"""Curves within subgroups and by treatment are those of their patients; groups of few patients have none, and are told of."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from outcome_samples import clinic

from radiotype.stats import adjust_p_values, kaplan_meier, logrank
from radiotype.studies.contrasts import LEAST_PATIENTS
from radiotype.studies.outcome_models import of_subtypes
from radiotype.studies.recipe import check_recipe

COLUMNS = {"time_days", "at_risk", "events", "censored", "survival", "lower", "upper"}


def recipe_of(covariates=(), **evidence):
    content = {"manifest": "m.csv", "outcome": {}, "cancer_type": "type", "covariates": list(covariates)}
    return check_recipe(content | {"evidence": evidence})


def followed(sample):
    return sample.cases["os_days"].astype(float).to_numpy(), sample.cases["os_event"].astype(float).to_numpy()


def assert_curve(rows, sample, own):
    """The rows are the curve of the patients `own`, from day 0 on."""
    time, event = followed(sample)
    curve = kaplan_meier(time[own], event[own])
    rows = rows.reset_index(drop=True)
    if curve.time[0] > 0:
        assert rows.loc[0, ["time_days", "at_risk", "survival"]].tolist() == [0, own.sum(), 1]
        rows = rows.iloc[1:]
    for column, expected in (
        ("time_days", curve.time), ("at_risk", curve.n_at_risk), ("events", curve.n_events), ("censored", curve.n_censored),
        ("survival", curve.survival), ("lower", curve.lower), ("upper", curve.upper),
    ):  # fmt: skip
        np.testing.assert_array_equal(rows[column], expected)


def test_curves_in_subgroups_are_those_of_the_patients_that_are_tested():
    sample, subtype = clinic(180, 2)
    cases = sample.cases.copy()
    cases.loc[:9, "age"], cases.loc[10:19, "sex"] = "", ""
    sample = replace(sample, cases=cases)
    models = of_subtypes(sample, subtype, recipe_of(["age"], subgroups=["sex"]))
    table = models.tables["subgroup_curves"]
    assert set(table.columns) == {*COLUMNS, "variable", "level", "subtype"}
    assert set(table["variable"]) == {"sex"} and "" not in set(table["level"])
    found = table.groupby(["level", "subtype"])
    assert len(found) == 2 * 4
    tests = models.tables["subgroup_tests"].set_index("level")
    for (level, name), rows in found:
        complete = (cases["sex"] == level) & (cases["age"] != "")
        assert_curve(rows, sample, (complete & (subtype == name)).to_numpy())
        assert tests.loc[level, "n"] == complete.sum()
    assert "curves_not_drawn" not in models.tables and "treatment_curves" not in models.tables


def test_curves_by_treatment_are_those_of_each_arm_with_a_stratified_test():
    sample, subtype = clinic(240, 3)
    models = of_subtypes(sample, subtype, recipe_of(treatment="treatment"))
    table, tests = models.tables["treatment_curves"], models.tables["treatment_logrank"]
    assert set(table.columns) == {*COLUMNS, "subtype", "treatment"}
    arm = sample.cases["treatment"].to_numpy()
    found = table.groupby(["subtype", "treatment"])
    assert len(found) == 4 * len(set(arm))
    for (name, given), rows in found:
        assert_curve(rows, sample, (subtype == name).to_numpy() & (arm == given))
    time, event = followed(sample)
    assert tests["subtype"].tolist() == ["1", "2", "3", "4"]
    for row in tests.to_dict("records"):
        own = (subtype == row["subtype"]).to_numpy()
        stratified = logrank(time[own], event[own], arm[own], strata=sample.cases["type"].to_numpy()[own])
        assert (row["n"], row["events"]) == (own.sum(), event[own].sum())
        assert row["statistic"] == pytest.approx(stratified.chi_square) and row["p_value"] == pytest.approx(stratified.p_value)
        assert row["statistic"] != pytest.approx(logrank(time[own], event[own], arm[own]).chi_square)
    np.testing.assert_array_equal(tests["q_value"], adjust_p_values(tests["p_value"].to_numpy()))
    assert "subgroup_curves" not in models.tables


def test_groups_of_few_patients_are_not_drawn_and_are_told_of():
    sample, subtype = clinic(150, 4)
    place = np.full(150, "large", dtype=object)
    first, third = (np.flatnonzero(subtype == name) for name in ("1", "3"))
    place[first[:LEAST_PATIENTS]] = "small"
    place[third[: LEAST_PATIENTS - 1]] = "small"
    arm = np.where(np.arange(150) % 2, "a", "b").astype(object)
    arm[third] = "a"
    sample = replace(sample, cases=sample.cases.assign(site=place, treatment=arm))
    models = of_subtypes(sample, subtype, recipe_of(subgroups=["site"], treatment="treatment"))
    curves, few = models.tables["subgroup_curves"], models.tables["curves_not_drawn"]
    assert set(curves.loc[curves["level"] == "small", "subtype"]) == {"1"}
    assert set(curves.loc[curves["level"] == "large", "subtype"]) == {"1", "2", "3", "4"}
    by_treatment = models.tables["treatment_curves"]
    assert set(by_treatment.loc[by_treatment["subtype"] == "3", "treatment"]) == {"a"}
    assert "3" not in set(models.tables["treatment_logrank"]["subtype"])  # one arm cannot be compared
    assert few.to_dict("split")["data"] == [
        ["subgroups", "site", "small", "2", 0, LEAST_PATIENTS],
        ["subgroups", "site", "small", "3", LEAST_PATIENTS - 1, LEAST_PATIENTS],
        ["subgroups", "site", "small", "4", 0, LEAST_PATIENTS],
        ["treatment", "subtype", "3", "b", 0, LEAST_PATIENTS],
    ]
    assert few.columns.tolist() == ["question", "variable", "level", "group", "n", "needed"]


def test_without_two_treatments_there_are_no_curves_of_them():
    sample, subtype = clinic(90, 4)
    sample = replace(sample, cases=sample.cases.assign(treatment=""))
    models = of_subtypes(sample, subtype, recipe_of(subgroups=["sex"], treatment="treatment"))
    assert not {"treatment_curves", "treatment_logrank"} & set(models.tables)
    assert isinstance(models.tables["subgroup_curves"], pd.DataFrame)
