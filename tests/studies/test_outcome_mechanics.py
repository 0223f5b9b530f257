"""Survival tables: cells that mean missing, levels that vanish, and outcomes that are refused before anything is computed."""

import pandas as pd
import pytest

from radiotype.core import Case, Cohort, Region, RowKey
from radiotype.errors import RecipeError
from radiotype.run import open_run
from radiotype.studies import imaging_subtypes
from radiotype.studies.outcome import survival_by_subtype
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import Sample

OUTCOME = {"time": "days", "event": "event"}


def evidence(covariates, **columns):
    """Survival of 24 patients in two subtypes; `columns` are cells in their order."""
    n = 24
    cases = pd.DataFrame(
        {
            "split": "discovery", "cancer_type": "all", "days": [str(10 + 7 * i % 23) for i in range(n)],
            "event": [str(int(i % 4 > 0)) for i in range(n)], "age": [str(50 + 5 * i % 17) for i in range(n)], **columns,
        }
    )  # fmt: skip
    recipe = check_recipe({"manifest": "m.csv", "outcome": OUTCOME, "covariates": covariates})
    subtype = pd.Series([str(1 + (i // 2) % 2) for i in range(n)])
    return survival_by_subtype(Sample(cases, pd.DataFrame(index=cases.index)), subtype, recipe)


@pytest.mark.parametrize("cell", ["", "NA", "nan", "NaN", "n/a", "null"])
def test_a_number_with_a_missing_cell_stays_one_column(cell):
    age = [str(50 + 5 * i % 17) for i in range(24)]
    age[5] = cell
    (model,) = evidence(["age"], age=age).cox
    assert model["term"].tolist() == ["subtype 2", "age"]
    assert model["n"].tolist() == [23, 23]


def test_the_reference_is_a_level_that_the_complete_rows_have():
    stage = ["ABC"[i % 3] for i in range(24)]
    age = [("" if s == "A" else str(50 + 5 * i % 17)) for i, s in enumerate(stage)]
    (model,) = evidence(["stage", "age"], stage=stage, age=age).cox
    assert model["term"].tolist() == ["subtype 2", "stage C", "age"]
    assert model["reference"].tolist() == ["against subtype 1", "against stage B", ""]


@pytest.mark.parametrize(("column", "cell"), [("days", "lost"), ("days", "inf"), ("days", "-1"), ("event", "2")])
def test_a_wrong_outcome_ends_the_study_before_anything_is_measured(tmp_path, monkeypatch, column, cell):
    def never(*arguments):
        raise AssertionError("something was measured")

    monkeypatch.setattr(imaging_subtypes, "measure", never)
    region = Region(RowKey("p", "c", "1", "CT", "tumour"), None, None, {"modality": "CT", "split": ""})
    clinical = {"days": "10", "event": "1"} | {column: cell}
    monkeypatch.setattr(imaging_subtypes, "read_cohort", lambda *_, **__: Cohort((Case("c", "p", (region,), clinical),)))
    recipe = check_recipe({"manifest": "m.csv", "outcome": OUTCOME})
    with pytest.raises(RecipeError, match="RT114"), open_run(tmp_path / "run", "run") as run:
        imaging_subtypes.run(recipe, tmp_path / "m.csv", run)
