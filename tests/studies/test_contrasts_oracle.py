"""Declared contrasts are the library's tests on the patients of both sides."""

import numpy as np
import pandas as pd
import pytest
from study_samples import planted_sample

from radiotype.errors import RecipeError
from radiotype.stats import adjust_p_values, cox, logrank
from radiotype.studies.contrasts import check_contrasts, survival_contrasts
from radiotype.studies.recipe import check_recipe


def recipe(contrasts=((3, 4), ("1+2", 4)), **more):
    content = {"manifest": "m.csv", "cancer_type": "type", "outcome": {"time": "days", "event": "event"}, "covariates": ["age"]}
    return check_recipe(content | {"contrasts": [list(one) for one in contrasts]} | more)


@pytest.fixture(scope="module")
def cohort():
    sample, group = planted_sample(240, 4)
    rng = np.random.default_rng(7)
    days = rng.exponential(900 / np.array([1, 1, 3, 1.5])[group])
    cells = {"days": days.round(1), "event": rng.integers(0, 2, 240), "age": rng.normal(60, 9, 240).round(1)}
    cases = sample.cases.assign(**{name: values.astype(str) for name, values in cells.items()})
    return type(sample)(cases, sample.values, sample.records, "type"), pd.Series((group + 1).astype(str)), cells


def test_each_contrast_is_a_stratified_logrank_test_and_cox_model_of_its_two_sides(cohort):
    sample, subtype, cells = cohort
    found = survival_contrasts(sample, subtype, recipe())
    assert found.table["contrast"].tolist() == ["3 v 4", "3 v 4", "1+2 v 4", "1+2 v 4"]
    sides = {"3 v 4": (["3"], ["4"]), "1+2 v 4": (["1", "2"], ["4"])}
    for row in found.table.to_dict("records"):
        first, second = sides[row["contrast"]]
        rows = subtype.isin(first + second).to_numpy()
        is_first = subtype.isin(first).to_numpy()[rows].astype(float)
        time, event, types = cells["days"][rows], cells["event"][rows], sample.cases["type"].to_numpy()[rows]
        test = logrank(time, event, is_first, strata=types)
        assert (row["chi_square"], row["p_value"]) == pytest.approx((test.chi_square, test.p_value), rel=1e-12)
        columns = [is_first] + ([cells["age"][rows]] if row["model"] == "adjusted" else [])
        fit = cox(time, event, np.column_stack(columns), strata=types)
        mine = (row["hazard_ratio"], row["lower"], row["upper"], row["p_value_hazard_ratio"])
        assert mine == pytest.approx((fit.hazard_ratios[0], fit.lower[0], fit.upper[0], fit.p_values[0]), rel=1e-9)
        assert row["patients_first"] == is_first.sum() and row["events_second"] == event[is_first == 0].sum()
    alone = found.table[found.table["model"] == "unadjusted"]
    np.testing.assert_allclose(alone["q_value"], adjust_p_values(alone["p_value"].to_numpy()), rtol=1e-12)
    merged = found.curves[(found.curves["contrast"] == "1+2 v 4") & (found.curves["subtype"] == "1+2")]
    assert merged["at_risk"].max() == subtype.isin(["1", "2"]).sum()


def test_a_side_with_few_patients_is_a_note_and_no_number(cohort):
    sample, subtype, _ = cohort
    few = subtype.where((subtype != "3") | (np.cumsum(subtype == "3") <= 4), "2")
    found = survival_contrasts(sample, few, recipe())
    assert found.table["contrast"].unique().tolist() == ["1+2 v 4"]
    assert found.notes == ("No contrast 3 v 4: one side has 4 patients with follow-up; 5 are needed.",)


def test_a_contrast_without_events_on_one_side_keeps_its_logrank_test_and_counts_among_the_contrasts(cohort):
    sample, subtype, cells = cohort
    spared = np.where(subtype == "4", 0, cells["event"])
    cases = sample.cases.assign(event=spared.astype(str))
    found = survival_contrasts(type(sample)(cases, sample.values, sample.records, "type"), subtype, recipe([(3, 4), (1, 2)]))
    row = found.table.iloc[0]
    assert row["contrast"] == "3 v 4" and row["model"] == "unadjusted" and np.isnan(row["hazard_ratio"])
    rows = subtype.isin(["3", "4"]).to_numpy()
    types = sample.cases["type"].to_numpy()[rows]
    test = logrank(cells["days"][rows], spared[rows], subtype[rows].to_numpy(), strata=types)
    assert row["p_value"] == pytest.approx(test.p_value, rel=1e-12)
    alone = found.table[found.table["model"] == "unadjusted"]
    np.testing.assert_allclose(alone["q_value"], adjust_p_values(alone["p_value"].to_numpy()), rtol=1e-12)
    assert len(alone) == 2 and found.table["q_value"].notna().all()
    assert any(note.startswith("No unadjusted hazard ratio of 3 v 4: on one side nobody had") for note in found.notes)


def test_covariates_known_on_one_side_only_leave_the_unadjusted_model(cohort):
    sample, subtype, _ = cohort
    cases = sample.cases.assign(age=np.where(subtype == "4", "", sample.cases["age"]))
    found = survival_contrasts(type(sample)(cases, sample.values, sample.records, "type"), subtype, recipe([(3, 4)]))
    assert found.table["hazard_ratio"].notna().tolist() == [True, False]
    assert any("all patients with known covariates are on one side" in note for note in found.notes)


def test_without_contrasts_there_is_nothing(cohort):
    found = survival_contrasts(cohort[0], cohort[1], recipe(contrasts=()))
    assert found.table.empty and found.curves.empty and found.notes == ()


def test_contrasts_that_cannot_be_are_refused_before_anything_is_measured():
    check_contrasts(recipe())
    with pytest.raises(RecipeError, match="names subtype 4; there can be 1, 2, 3"):
        check_contrasts(recipe(subtypes={"k": 3}))
    with pytest.raises(RecipeError, match="names no outcome"):
        check_contrasts(recipe(outcome=None))
    with pytest.raises(RecipeError, match="more than once"):
        recipe(contrasts=[("1+2", 2)])
