"""Which region stands for a patient when there are several visits, scans and splits."""

from pathlib import Path

import pandas as pd
import pytest

from radiotype.core import Case, Cohort, FeatureRecord, Features, FeatureTable, Region, RowKey
from radiotype.errors import ComputeError, RecipeError
from radiotype.studies.columns import check_columns
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import Sample, complete_features, primary_regions

RECIPE = check_recipe({"manifest": "m.csv"})
RECORDS = (FeatureRecord("volume_mm3", "test", "a test"),)


def region(case="c", patient="p", visit="1", scan="CT", **attributes):
    return Region(RowKey(patient, case, visit, scan, "tumour"), None, None, attributes={"modality": "CT", **attributes})


def asking(**regions):
    return check_recipe({"manifest": "m.csv", "regions": regions})


def chosen(*regions, volumes, recipe=RECIPE):
    """The row that stands for the only patient; `volumes` in the order of the regions."""
    cohort = Cohort((Case("c", "p", regions),))
    rows = [(one.key, Features({"volume_mm3": volume}, {}, RECORDS)) for one, volume in zip(regions, volumes, strict=True)]
    check_columns(recipe, cohort, Path("m.csv"))
    sample = primary_regions(FeatureTable.from_rows(rows), cohort, recipe)
    assert len(sample.cases) == 1
    return dict(sample.cases.iloc[0]) | {"volume_mm3": sample.values["volume_mm3"].iloc[0]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"visit": "pre", "time_days": "0"}, {"visit": "post", "time_days": "90"}),
        ({"visit": "V1", "time_days": "9"}, {"visit": "V2", "time_days": "10"}),
        ({"visit": "2"}, {"visit": "10"}),
    ],
    ids=["names", "days", "numbers"],
)
def test_the_first_visit_is_the_earliest_and_not_the_first_in_the_alphabet(first, second):
    row = chosen(region(**second), region(**first), volumes=(9.0, 5.0))
    assert (row["visit"], row["volume_mm3"]) == (first["visit"], 5.0)


def test_visits_without_a_known_order_are_refused():
    with pytest.raises(RecipeError, match="case c has several visits") as caught:
        chosen(region(visit="pre"), region(visit="post"), volumes=(1.0, 2.0))
    assert caught.value.code == "RT111"


def test_the_modality_is_that_of_the_scan_that_was_chosen():
    regions = (region(scan="a", modality="CT"), region(scan="b", modality="PT"))
    assert chosen(*regions, volumes=(9.0, 5.0), recipe=asking(scan="b"))["modality"] == "PT"
    assert chosen(*regions, volumes=(5.0, 9.0), recipe=asking(scan="a"))["modality"] == "CT"


def test_a_case_whose_rows_stand_in_both_splits_is_refused():
    with pytest.raises(RecipeError, match="1 patient stands in discovery and in validation"):
        chosen(region(scan="a", split="discovery"), region(scan="b", split="validation"), volumes=(1.0, 1.0))


def test_an_empty_split_and_discovery_are_the_same():
    regions = (region(scan="a", split=""), region(scan="b", split="discovery"))
    row = chosen(*regions, volumes=(1.0, 2.0), recipe=asking(scan="b"))
    assert row["split"] == "discovery"


def test_a_case_of_two_patients_is_refused():
    with pytest.raises(RecipeError, match="patient_id") as caught:
        Cohort((Case("c", "p", (region(), region(patient="q", scan="b"))),))
    assert caught.value.code == "RT113"


@pytest.mark.parametrize(
    ("splits", "words"), [(["validation"] * 3, "no discovery patient"), (["discovery"] * 3, "no feature varies")]
)
def test_too_little_to_cluster_is_said(splits, words):
    sample = Sample(pd.DataFrame({"split": splits}), pd.DataFrame({"a": [1.0] * 3}))
    with pytest.raises(ComputeError, match=words) as caught:
        complete_features(sample)
    assert caught.value.code == "RT301"


def test_the_modality_is_that_of_the_scan_as_measured_and_else_that_of_the_manifest():
    regions = [region("a", "p"), region("b", "q"), region("a", "p", visit="2")]
    cohort = Cohort((Case("a", "p", (regions[0], regions[2])), Case("b", "q", (regions[1],))))
    table = FeatureTable.from_rows([(one.key, Features({"volume_mm3": 1.0}, {}, RECORDS)) for one in regions])
    names = {("a", "1"): "MR", ("a", "2"): "PT", ("b", "1"): ""}
    modality = pd.Series([names[key] for key in table.keys[["case_id", "visit"]].itertuples(index=False, name=None)])
    cases = primary_regions(table, cohort, RECIPE, modality).cases
    assert dict(zip(cases["case_id"], cases["modality"], strict=True)) == {"a": "MR", "b": "CT"}
