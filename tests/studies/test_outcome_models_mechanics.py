"""Subgroups, treatment, comparator: what is refused, what is noted, what stays as it was, and what never sees validation."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from outcome_samples import clinic, textures
from scipy.stats import spearmanr
from study_samples import planted_sample

from radiotype.core import Case, Cohort, Region, RowKey
from radiotype.errors import RecipeError
from radiotype.run.store import RunFolder
from radiotype.stats import cox
from radiotype.studies.columns import check_columns
from radiotype.studies.conventional import conventional_by_subtype
from radiotype.studies.outcome import survival_by_subtype
from radiotype.studies.outcome_models import OutcomeModels, outcome_models, store_outcome_models
from radiotype.studies.recipe import check_recipe
from radiotype.studies.subgroups import subtypes_in_subgroups
from radiotype.studies.subtyping import subtype as find_subtypes
from radiotype.studies.treatment import treatment_by_subtype

TRAINED = ("conventional_model", "conventional_path", "subtype_score")


def recipe_of(covariates=("age",), **evidence):
    content = {"manifest": "m.csv", "outcome": {}, "cancer_type": "type", "covariates": list(covariates)}
    return check_recipe(content | ({"evidence": evidence} if evidence else {}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"outcome": None, "evidence": {"treatment": "x"}}, "needs `outcome`"),
        ({"evidence": {}}, "asks for nothing"),
        ({"cancer_type": None, "evidence": {"covariates_by_type": {"lung": ["age"]}}}, "needs `cancer_type`"),
        ({"evidence": {"covariates_by_type": {"all": ["age"]}}}, "`all` is no cancer type"),
        ({"evidence": {"subgroups": ["sex", "sex"]}}, "more than once"),
        ({"evidence": {"comparator": {"pyradiomics": {"bin_width": 5.0}}}}, "`pyradiomics` is set, but `family` is ibsi"),
        ({"evidence": {"comparator": {"family": "spharm"}}}, "ibsi"),
        ({"evidence": {"comparator": {"folds": 2}}}, "3"),
        ({"evidence": {"comparator": {}}, "frozen": {"model": "m.radiotype"}}, "with a frozen model there are none"),
        ({"robustness": {}, "frozen": {"model": "m.radiotype"}}, "`robustness` is set"),
    ],
)
def test_a_recipe_that_asks_for_what_cannot_be_is_refused(content, words):
    with pytest.raises(RecipeError) as caught:
        check_recipe({"manifest": "m.csv", "outcome": {}, "cancer_type": "type"} | content)
    assert caught.value.code == "RT103"
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("evidence", "code", "words"),
    [
        ({"subgroups": ["nothing"]}, "RT111", "lacks: nothing"),
        ({"treatment": "nothing"}, "RT111", "lacks: nothing"),
        ({"subgroups": ["one"]}, "RT114", "the column 'one' has 1 different value; expected 2 to 12 subgroups"),
        ({"subgroups": ["id"]}, "RT114", "the column 'id' has 24 different values"),
        ({"treatment": "age"}, "RT114", "expected 2 to 12 treatments"),
        ({"treatment": "os_event"}, "RT103", "the column 'os_event' is the outcome itself"),
        ({"subgroups": ["os_days"]}, "RT103", "the column 'os_days' is the outcome itself"),
        ({"covariates_by_type": {"lugn": ["age"]}}, "RT103", "'lugn', which no patient has, did you mean 'lung'?"),
        ({"covariates_by_type": {"lung": ["id"]}}, "RT114", "the covariate 'id' has 24 levels"),
        ({"covariates_by_type": {"lung": ["age"]}}, "RT103", "all patients have one cancer type (lung)"),
    ],
)
def test_a_manifest_that_does_not_hold_what_is_asked_is_refused_before_anything_is_measured(evidence, code, words):
    cases = []
    for i in range(24):
        key = RowKey(f"p{i:02}", f"c{i:02}", "1", "CT", "tumour")
        own = Region(key, None, None, {"modality": "CT", "split": ""})
        cells = {"os_days": str(10 + i), "os_event": "1", "type": "lung", "one": "x", "id": f"id-{i}", "age": str(50 + i)}
        cases.append(Case(key.case_id, key.patient_id, (own,), cells))
    with pytest.raises(RecipeError) as caught:
        check_columns(recipe_of([], **evidence), Cohort(tuple(cases)), Path("m.csv"))
    assert caught.value.code == code
    assert words in str(caught.value)


def test_covariates_of_a_cancer_type_change_its_model_and_no_other():
    sample, subtype = clinic(180, 2)
    before = survival_by_subtype(sample, subtype, recipe_of())
    after = survival_by_subtype(sample, subtype, recipe_of(covariates_by_type={"breast": ["age", "er", "volume_mm3"]}))
    for one, other in zip(before.cox, after.cox, strict=True):
        if one["model"].iloc[0] != "breast":
            pd.testing.assert_frame_equal(one, other)
    own = next(table for table in after.cox if table["model"].iloc[0] == "breast").set_index("term")
    assert own.index.tolist() == ["subtype 2", "subtype 3", "subtype 4", "age", "er positive", "log volume_mm3"]
    rows = (sample.cases["type"] == "breast").to_numpy()
    cases = sample.cases[rows]
    design = pd.DataFrame({name: subtype[rows] == name for name in ("2", "3", "4")}, dtype=float)
    design["age"], design["er"] = cases["age"].astype(float), (cases["er"] == "positive").astype(float)
    design["volume"] = np.log(sample.values["volume_mm3"][rows])
    fit = cox(cases["os_days"].astype(float), cases["os_event"].astype(float), design, least_events=1)
    np.testing.assert_allclose(own["hazard_ratio"], fit.hazard_ratios, rtol=1e-8)


def test_small_subgroups_have_a_reason_in_place_of_a_ratio():
    sample, subtype = clinic(150, 4)
    site = np.where(np.arange(150) < 8, "small", np.where(np.arange(150) < 12, "", "large"))
    sample = replace(sample, cases=sample.cases.assign(site=site))
    ratios, _, _ = subtypes_in_subgroups(sample, subtype, recipe_of(subgroups=["site"]))
    small = ratios[ratios["level"] == "small"]
    assert small["hazard_ratio"].isna().all()
    assert small["reason"].str.startswith("too few events (").all()
    assert set(ratios.loc[ratios["level"] != "small", "reason"]) == {""}
    assert set(ratios["level"]) == {"all patients", "small", "large"}  # an empty cell is no subgroup
    assert ratios.loc[ratios["level"] == "large", "q_value"].notna().all()
    assert ratios.loc[ratios["level"] == "all patients", "q_value"].isna().all()


def test_whether_hazard_ratios_depend_on_the_cancer_type_is_tested_though_it_stratifies_the_models():
    sample, subtype = clinic(240, 1)
    ratios, tests, notes = subtypes_in_subgroups(sample, subtype, recipe_of(subgroups=["type"]))
    assert notes == [] and ratios["hazard_ratio"].notna().all()
    (test,) = tests[tests["test"] == "interaction"].to_dict("records")
    assert test["degrees_of_freedom"] == 6 and 0 < test["p_value"] < 1


def test_every_ratio_is_against_one_and_the_same_subtype():
    sample, subtype = clinic(150, 4)
    site = np.where(subtype == "1", "", np.where(np.arange(150) % 2, "a", "b"))
    sample = replace(sample, cases=sample.cases.assign(site=site))
    ratios, _, notes = subtypes_in_subgroups(sample, subtype, recipe_of(subgroups=["site", "sex"]))
    assert set(ratios["reference"]) == {"1"} and set(ratios["variable"]) == {"", "sex"}
    assert notes == ["No hazard ratios by site: no patient of its models is of subtype 1, with which the others are compared."]


def test_what_all_patients_cannot_tell_is_noted_once_and_logrank_tests_stay():
    sample, subtype = clinic(150, 4)
    spared = np.where(subtype == "1", "0", sample.cases["os_event"])
    sample = replace(sample, cases=sample.cases.assign(os_event=spared))
    ratios, tests, notes = subtypes_in_subgroups(sample, subtype, recipe_of(subgroups=["sex", "stage"]))
    assert ratios.empty and len(set(notes)) == len(notes)
    (whole,) = [note for note in notes if note.startswith("No hazard ratio in all patients")]
    assert whole.startswith(
        "No hazard ratio in all patients: subtype 2 and 3 and 4 against 1: on one side nobody had the event"
    )
    assert (tests["test"] == "log-rank").any()


def test_a_missing_volume_costs_that_patient_and_not_the_correlation():
    sample, subtype = clinic(150, 6)
    gone = np.flatnonzero(~sample.discovery)[:3]
    values = sample.values.copy()
    values.loc[gone, "volume_mm3"] = np.nan
    table = textures(sample, 6)
    recipe = recipe_of(comparator={"folds": 3})
    tables, notes = conventional_by_subtype(replace(sample, values=values), subtype, table, recipe)
    row = tables["risk_and_volume"].query("stratum == 'all' and split == 'validation' and score == 'conventional'")
    scores = tables["risk_scores"].query("split == 'validation'").dropna(subset=["volume_mm3"])
    assert row["n"].item() == len(scores) == (~sample.discovery).sum() - 3
    assert row["rho"].item() == pytest.approx(spearmanr(scores["conventional"], scores["volume_mm3"]).statistic)
    assert "3 patients without a measured tumour volume were left out of its correlations." in notes
    nothing = replace(sample, values=pd.DataFrame({"x": np.arange(150.0)}), records=())
    tables, notes = conventional_by_subtype(nothing, subtype, table, recipe)
    assert "risk_and_volume" not in tables and sum("volume" in note for note in notes) == 1


def test_a_small_cohort_has_a_conventional_model_of_a_shorter_path():
    sample, subtype = clinic(240, 1)
    few = sample.take(np.arange(240) < 40)
    table = textures(sample, 1)
    tables, notes = conventional_by_subtype(few, subtype[:40], table, recipe_of(comparator={"folds": 3}))
    lambdas = tables["conventional_path"]["lambda"]
    assert lambdas.min() / lambdas.max() >= 0.01 - 1e-9, notes


def test_without_followed_discovery_patients_there_is_no_conventional_model_and_the_reason_is_told():
    sample, subtype = clinic(90, 4)
    days = np.where(sample.discovery, "", sample.cases["os_days"])
    sample = replace(sample, cases=sample.cases.assign(os_days=days))
    tables, notes = conventional_by_subtype(sample, subtype, textures(sample, 1), recipe_of(comparator={}))
    assert tables == {} and "no discovery patient has both follow-up and its features" in notes[0]


def test_what_cannot_be_tested_is_noted():
    sample, subtype = clinic(90, 4)
    none = replace(sample, cases=sample.cases.assign(treatment=np.where(sample.cases["type"] == "lung", "a", "b")))
    tables, notes = treatment_by_subtype(none, subtype, recipe_of(treatment="treatment"))
    assert "Treatment by subtype was not tested in lung: fewer than two kinds of treatment among its patients." in notes
    assert any(note.startswith("No hazard ratio of b against a in all: ") for note in notes)  # follows from the cancer type
    assert tables == {}
    everybody = replace(sample, cases=sample.cases.assign(split="discovery"))
    recipe = recipe_of(comparator={"folds": 3})
    tables, notes = conventional_by_subtype(everybody, subtype, textures(sample, 1), recipe)
    assert "There are no validation patients: the conventional model and the subtypes could not be compared fairly." in notes
    assert set(tables["risk_concordance"]["split"]) == {"discovery"}
    tables, notes = conventional_by_subtype(sample, subtype, None, recipe)
    assert (tables, len(notes)) == ({}, 1)
    few = sample.take(np.arange(90) < 12)
    tables, (note,) = conventional_by_subtype(few, subtype[:12], textures(few, 1), recipe_of(comparator={}))
    assert tables == {}
    assert note.startswith("There is no conventional radiomics model to compare with: too few")


def test_patients_without_conventional_features_are_left_out_and_counted():
    sample, subtype = clinic(150, 6)
    table = textures(sample, 6)
    values = table.values.copy()
    values.loc[:4] = np.nan
    reasons = tuple(dict.fromkeys(values.columns, "RT305") if i < 5 else {} for i in range(150))
    tables, notes = conventional_by_subtype(
        sample, subtype, replace(table, values=values, reasons=reasons), recipe_of(comparator={"folds": 3})
    )
    assert notes[0].startswith("5 patients whose conventional features could not be measured were not compared (case ")
    assert notes[0].endswith(" and 2 more).")
    small = tables["risk_concordance"]["events"].min()
    assert small >= 10
    assert all(note.startswith("Scores were not compared in ") for note in notes[1:])
    assert tables["risk_scores"]["case_id"].tolist() == sample.cases["case_id"].tolist()[5:]


def trained(sample, subtype, table, folder):
    """Bytes of all that the comparison learns, scores of the discovery patients, and C in validation."""
    tables, _ = conventional_by_subtype(sample, subtype, table, recipe_of(comparator={"folds": 3}))
    run = RunFolder.create(folder)
    store_outcome_models(run, OutcomeModels(tables))
    found = {name: (folder / "results" / f"{name}.parquet").read_bytes() for name in TRAINED}
    scores = tables["risk_scores"]
    found["scores"] = scores[scores["split"] == "discovery"].to_csv(index=False).encode()
    return found, tables["risk_concordance"].query("split == 'validation'")["concordance"].tolist()


@pytest.mark.parametrize("which", ["outcomes", "features", "none left"])
def test_changing_validation_changes_no_byte_of_the_trained_model(tmp_path, which):
    sample, subtype = clinic(150, 8)
    table, out = textures(sample, 8), ~sample.discovery
    before, scored = trained(sample, subtype, table, tmp_path / "0")
    rng = np.random.default_rng(0)
    if which == "outcomes":
        cases = sample.cases.copy()
        cases.loc[out, "os_days"] = [str(day) for day in rng.integers(1, 3000, out.sum())]
        cases.loc[out, "os_event"] = [str(event) for event in rng.integers(0, 2, out.sum())]
        after, others = trained(replace(sample, cases=cases), subtype, table, tmp_path / "1")
    elif which == "features":
        values = table.values.copy()
        values.loc[out] *= rng.normal(size=(out.sum(), values.shape[1]))
        after, others = trained(sample, subtype, replace(table, values=values), tmp_path / "1")
    else:
        kept = sample.discovery | (np.cumsum(out) < 20)
        few = sample.take(kept)
        after, others = trained(few, subtype[kept].reset_index(drop=True), table, tmp_path / "1")
    assert [name for name in before if before[name] != after[name]] == []
    assert others != scored  # the change was seen where it must be


def test_changing_one_discovery_outcome_changes_the_trained_model(tmp_path):
    sample, subtype = clinic(150, 8)
    before, _ = trained(sample, subtype, textures(sample, 8), tmp_path / "0")
    cases = sample.cases.copy()
    at = np.flatnonzero(sample.discovery & (cases["os_event"] == "1"))[0]
    cases.loc[at, "os_days"] = "2999"
    after, _ = trained(replace(sample, cases=cases), subtype, textures(sample, 8), tmp_path / "1")
    assert all(before[name] != after[name] for name in TRAINED)


def test_a_study_stores_what_was_asked_and_without_evidence_nothing():
    sample, group = planted_sample(160, 2)
    rng = np.random.default_rng(1)
    cases = sample.cases.assign(
        os_days=[str(int(day) + 1) for day in rng.exponential(500 / (1 + group))],
        os_event="1",
        sex=np.where(rng.random(160) < 0.5, "F", "M"),
    )
    content = {
        "manifest": "m.csv", "outcome": {}, "cancer_type": "type", "subtypes": {"k": 2, "k_range": [2, 2], "n_resamples": 20},
    }  # fmt: skip
    found = find_subtypes(replace(sample, cases=cases), check_recipe(content))
    nothing = outcome_models(found, None, check_recipe(content))
    assert (nothing.tables, nothing.notes) == ({}, ())
    models = outcome_models(found, None, check_recipe(content | {"evidence": {"subgroups": ["sex"]}}))
    assert sorted(models.tables) == ["subgroup_curves", "subgroup_tests", "subgroups"]
    one = replace(found, k=1, subtype=pd.Series("1", index=found.subtype.index))
    models = outcome_models(one, None, check_recipe(content | {"evidence": {"subgroups": ["sex"]}}))
    assert (models.tables, len(models.notes)) == ({}, 1)
