"""Which region stands for a patient: scans, readers and labels, with and without the recipe's choice."""

from pathlib import Path

import pytest

from radiotype.core import Case, Cohort, FeatureRecord, Features, FeatureTable, Region, RowKey
from radiotype.errors import RecipeError
from radiotype.studies.columns import check_columns
from radiotype.studies.recipe import check_recipe
from radiotype.studies.selection import primary_regions

RECORDS = (FeatureRecord("volume_mm3", "test", "a test", unit="mm3"),)


def region(scan="CT", roi="tumour", patient="p", visit="1", **attributes):
    key = RowKey(patient, f"c-{patient}", visit, scan, roi)
    return Region(key, None, None, attributes={"modality": scan[:2], **attributes})


def sample_of(regions, volumes, labels=None, **wanted):
    """The sample; `labels` are the rois that the engine makes of the only row."""
    recipe = check_recipe({"manifest": "m.csv", "regions": wanted})
    cases = {one.key.case_id: one.key.patient_id for one in regions}
    cohort = Cohort(
        tuple(Case(case, who, tuple(one for one in regions if one.key.case_id == case)) for case, who in cases.items())
    )
    check_columns(recipe, cohort, Path("m.csv"))
    keys = [one.key for one in regions] if labels is None else [regions[0].key._replace(roi=roi) for roi in labels]
    rows = [(key, Features({"volume_mm3": size}, {}, RECORDS)) for key, size in zip(keys, volumes, strict=True)]
    return primary_regions(FeatureTable.from_rows(rows), cohort, recipe)


@pytest.mark.parametrize("volumes", [(1000.0, 1001.0, 999.0), (1001.0, 1000.0, 999.0)])
def test_a_fraction_of_volume_does_not_decide_between_scans(volumes):
    scans = [region("CT"), region("MR"), region("PT")]
    with pytest.raises(RecipeError, match=r"1 patient \(p\) has several scans at the first visit: CT, MR, PT") as caught:
        sample_of(scans, volumes)
    assert caught.value.code == "RT114"
    assert "regions: {scan: CT}" in caught.value.hint
    cases = sample_of(scans, volumes, scan="MR").cases
    assert cases[["scan", "modality", "roi", "visit"]].iloc[0].tolist() == ["MR", "MR", "tumour", "1"]


def test_a_pattern_that_leaves_two_scans_is_refused_too_and_one_that_fits_nothing():
    scans = [region("MR-T1"), region("MR-T2"), region("CT")]
    with pytest.raises(RecipeError, match="MR-T1, MR-T2"):
        sample_of(scans, (1.0, 2.0, 3.0), scan="MR*")
    with pytest.raises(RecipeError, match=r"no row of the manifest has regions \{scan: US\}"):
        sample_of(scans, (1.0, 2.0, 3.0), scan="US")


def test_several_readers_are_refused_until_the_recipe_names_one():
    readers = [region(roi="reader-A", reader="A"), region(roi="reader-B", reader="B")]
    with pytest.raises(RecipeError, match="several readers at the first visit: A, B") as caught:
        sample_of(readers, (5.0, 4.0))
    assert "regions: {reader: A}" in caught.value.hint
    assert sample_of(readers, (5.0, 4.0), reader="B").cases["roi"].tolist() == ["reader-B"]


def test_of_several_regions_in_one_scan_the_largest_counts_and_the_others_are_counted():
    sample = sample_of([region(roi="a"), region(roi="b"), region(roi="c"), region(patient="q")], (5.0, 9.0, 7.0, 1.0))
    assert sample.cases["roi"].tolist() == ["b", "tumour"]
    assert sample.notes == (
        "1 patient had several regions in the scan of the first visit: the largest was used, 2 smaller regions were set aside.",
    )


def test_labels_that_the_engine_finds_are_regions_of_their_row():
    row = [region(reader="A", split="validation")]
    sample = sample_of(row, (5.0, 9.0), labels=("tumour-1", "tumour-2"))
    assert sample.cases[["roi", "reader", "split"]].iloc[0].tolist() == ["tumour-2", "A", "validation"]
    assert "1 smaller region was set aside" in sample.notes[0]
    assert sample_of(row, (5.0, 9.0), labels=("tumour-1", "tumour-2"), roi="tumour-1").cases["roi"].tolist() == ["tumour-1"]
    assert sample_of(row, (5.0, 9.0), labels=("tumour-1", "tumour-2"), roi="tumour").cases["roi"].tolist() == ["tumour-2"]


def test_patients_without_a_wanted_region_are_left_out_and_counted():
    sample = sample_of([region("CT"), region("MR", patient="q")], (1.0, 2.0), scan="CT")
    assert sample.cases["patient_id"].tolist() == ["p"]
    assert sample.notes == ("1 patient without a region that the recipe wants was left out.",)


def test_several_scans_at_different_visits_are_no_question():
    sample = sample_of([region("CT", visit="1"), region("MR", visit="2")], (1.0, 2.0))
    assert sample.cases["scan"].tolist() == ["CT"]
