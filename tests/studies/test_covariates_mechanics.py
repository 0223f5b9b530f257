"""Covariates: one type per column, features as covariates, names that clash, and what is refused before measuring."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from radiotype.core import Case, Cohort, FeatureRecord, Region, RowKey
from radiotype.errors import RecipeError
from radiotype.stats import cox
from radiotype.studies.columns import check_columns
from radiotype.studies.outcome import survival_by_subtype
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import Sample

N = 48


def cohort_of(**columns):
    """24 cases with an outcome; `columns` are cells in their order."""
    columns = {"os_days": [str(10 + i) for i in range(24)], "os_event": ["1"] * 24} | columns
    cases = []
    for i in range(24):
        key = RowKey(f"p{i:02}", f"c{i:02}", "1", "CT", "tumour")
        own = Region(key, None, None, {"modality": "CT", "split": ""})
        cases.append(Case(key.case_id, key.patient_id, (own,), {name: cells[i] for name, cells in columns.items()}))
    return Cohort(tuple(cases))


def refused(recipe=None, **columns):
    content = {"manifest": "m.csv", "covariates": [name for name in columns if name == "x"], "outcome": {}} | (recipe or {})
    with pytest.raises(RecipeError) as caught:
        check_columns(check_recipe(content), cohort_of(**columns), Path("m.csv"))
    assert caught.value.code == "RT114"
    return str(caught.value)


def test_numbers_with_other_text_among_them_are_refused():
    text = refused(x=["59,5", "inf", "3a", "4b", *["60"] * 19, ""])
    assert "the column 'x' has 4 cells that are no numbers among numbers (case c00, c01, c02 and 1 more)" in text
    assert "use a decimal point" in text
    assert "59,5" not in text


def test_an_id_is_no_covariate():
    assert "has 24 levels among 24 patients" in refused(x=[f"id-{i}" for i in range(24)])
    content = {"manifest": "m.csv", "covariates": ["x"]}
    check_columns(check_recipe(content), cohort_of(x=[f"site-{i % 8}" for i in range(24)]), Path("m.csv"))
    assert "9 levels" in refused(x=[f"site-{i % 9}" for i in range(24)])


def test_outcome_cells_are_named_by_case_and_never_quoted():
    text = refused(os_event=["dead", "2", *["1"] * 22])
    assert "the column 'os_event' has 2 cells other than 0 and 1 (case c00, c01)" in text
    assert "write 1 for the event, 0 for censored" in text
    assert "dead" not in text
    assert "'os_days' has 1 cell that are no number of days from 0 on (case c05)" in refused(
        os_days=[*["3"] * 5, "-1", *["4"] * 18]
    )


def test_a_cancer_type_called_all_is_refused():
    text = refused({"cancer_type": "type"}, type=["all" if i == 3 else "lung" for i in range(24)])
    assert "a cancer type called 'all'" in text


def test_a_covariate_that_is_neither_a_column_nor_a_feature_is_refused():
    recipe = {"manifest": "m.csv", "covariates": ["spharm_volume_mm3", "volume_mm4"]}
    with pytest.raises(RecipeError, match="the manifest lacks: volume_mm4") as caught:
        check_columns(check_recipe(recipe), cohort_of(), Path("m.csv"))
    assert caught.value.hint.startswith("did you mean 'spharm_volume_mm3' for volume_mm4? The manifest has case_id")
    assert caught.value.hint.endswith("covariates may also be features of spharm, margin")


def test_a_column_that_is_nearly_there_is_suggested():
    recipe = {"manifest": "m.csv", "outcome": {"time": "os_dayz", "event": "died"}}
    with pytest.raises(RecipeError, match="lacks: os_dayz, died") as caught:
        check_columns(check_recipe(recipe), cohort_of(), Path("m.csv"))
    assert caught.value.hint.startswith("did you mean 'os_days' for os_dayz? The manifest has case_id")
    assert "features" not in caught.value.hint


def sample_of(**columns):
    rng = np.random.default_rng(5)
    cases = pd.DataFrame(
        {
            "case_id": [f"c{i}" for i in range(N)], "split": "discovery", "type": ["lung"] * 24 + ["brain"] * 24,
            "days": [str(1 + (i * 31) % 97) for i in range(N)], "died": [str(int(i % 3 > 0)) for i in range(N)],
        } | columns
    )  # fmt: skip
    records = (FeatureRecord("volume_mm3", "test", "a test", unit="mm3"),)
    values = pd.DataFrame({"volume_mm3": rng.lognormal(3, 1, N)})
    return Sample(cases, values, records, "type"), pd.Series([str(1 + i % 2) for i in range(N)])


def models(covariates, **columns):
    sample, subtype = sample_of(**columns)
    recipe = check_recipe(
        {"manifest": "m.csv", "outcome": {"time": "days", "event": "died"}, "covariates": covariates, "cancer_type": "type"}
    )
    evidence = survival_by_subtype(sample, subtype, recipe)
    return {one["model"].iloc[0]: one for one in evidence.cox}, evidence, sample


def test_a_column_has_one_type_in_every_cancer_type():
    stage = ["1" if i % 5 < 2 else "2" for i in range(24)] + ["II" if i % 4 else "III" for i in range(24)]
    found, _, _ = models(["stage"], stage=stage)
    assert found["lung"]["term"].tolist() == ["subtype 2", "stage 2"]  # as a number it would be `stage`


def test_volume_adjusts_by_its_logarithm():
    found, _, sample = models(["volume_mm3"])
    lung = (sample.cases["type"] == "lung").to_numpy()
    design = np.column_stack([np.arange(N) % 2, np.log(sample.values["volume_mm3"])])[lung]
    own = sample.cases[lung]
    expected = cox(own["days"].astype(float).to_numpy(), own["died"].astype(float).to_numpy(), design)
    assert found["lung"]["term"].tolist() == ["subtype 2", "log volume_mm3"]
    assert found["lung"]["hazard_ratio"].tolist() == pytest.approx(expected.hazard_ratios.tolist(), rel=1e-12)
    assert found["lung"]["lower"].tolist() == pytest.approx(expected.lower.tolist(), rel=1e-12)
    assert found["lung"]["upper"].tolist() == pytest.approx(expected.upper.tolist(), rel=1e-12)
    assert (found["lung"]["lower"] < found["lung"]["upper"]).all()


def test_columns_may_have_the_names_that_the_tables_of_a_run_use():
    one, two, three = ["x", "y", "z", "x"] * 12, ["u", "v", "w"] * 16, [str(i % 7) for i in range(N)]
    died = [str(int(i % 5 > 0)) for i in range(N)]
    plain, _, _ = models(["a", "b", "c"], died=died, a=one, b=two, c=three)
    found, _, _ = models(["subtype", "event", "time_days"], died=died, subtype=one, event=two, time_days=three)
    assert "all" in found
    assert set(found) == set(plain)  # a separating level may cost the model of one type
    for name in found:
        assert found[name]["hazard_ratio"].tolist() == plain[name]["hazard_ratio"].tolist()
    expected = ["subtype 2", "column subtype y", "column subtype z", "event v", "event w", "time_days"]
    assert found["all"]["term"].tolist() == expected


def test_a_separating_level_is_said_in_plain_words_first():
    died = [str(int(i % 4 > 0 and i % 3 > 0)) for i in range(N)]
    rare = ["yes" if i in (0, 12, 24, 36) else "no" for i in range(N)]
    _, evidence, _ = models(["rare"], died=died, rare=rare)
    note = next(note for note in evidence.notes if note.startswith("No Cox model in all"))
    assert note.startswith("No Cox model in all: in one of the groups nobody had the event")
    assert "'rare yes' separates the events" in note


def test_a_feature_that_repeats_another_is_no_covariate():
    recipe = {"manifest": "m.csv", "covariates": ["spharm_magnitude_l1_m1", "spharm_magnitude_l1_minus1"]}
    with pytest.raises(RecipeError, match="the manifest lacks: spharm_magnitude_l1_minus1\n"):
        check_columns(check_recipe(recipe), cohort_of(), Path("m.csv"))
