"""The largest cohort of each cancer type validates; where that cannot be decided the study says why before it measures."""

from pathlib import Path

import pytest

from radiotype.core import Case, Cohort, Region, RowKey
from radiotype.errors import RecipeError
from radiotype.studies.columns import check_columns
from radiotype.studies.recipe import check_recipe
from radiotype.studies.regions import listed_regions
from radiotype.studies.split import with_split

RULE = check_recipe({"manifest": "m.csv", "cancer_type": "type", "split": "largest_cohort"})


def cohort(*rows):
    """A case for each (patient, cohort, cancer type), its split declared in a way that no study takes."""
    cases = []
    for number, (patient, name, cancer_type) in enumerate(rows):
        key = RowKey(patient, f"c{number}", "1", "CT", "tumour")
        region = Region(key, None, None, attributes={"cohort": name, "split": "train", "modality": "CT"})
        cases.append(Case(key.case_id, patient, (region,), {"type": cancer_type}))
    return Cohort(tuple(cases))


TWO_TYPES = [
    ("a", "big", "lung"), ("b", "big", "lung"), ("c", "small", "lung"), ("d", "other", "lung"),
    ("e", "north", "brain"), ("f", "south", "brain"), ("f", "south", "brain"), ("g", "south", "brain"),
]  # fmt: skip


def splits(found):
    return listed_regions(found).drop_duplicates("patient_id").set_index("patient_id")["split"].to_dict()


def test_the_largest_cohort_of_each_cancer_type_validates_and_the_note_names_it():
    found, (note,) = with_split(cohort(*TWO_TYPES), RULE, Path("m.csv"))
    validates = {patient for patient, split in splits(found).items() if split == "validation"}
    assert validates == {"a", "b", "f", "g"}
    assert "south (2 of 3 patients of brain); big (2 of 4 patients of lung)" in note
    check_columns(RULE, found, Path("m.csv"))  # the declared split was not looked at
    assert set(found.clinical()["split"]) == {"discovery", "validation"}  # and what is stored is the split used


def test_without_cancer_types_the_largest_of_all_validates():
    found, (note,) = with_split(cohort(*TWO_TYPES), RULE.model_copy(update={"cancer_type": None}), Path("m.csv"))
    assert {patient for patient, split in splits(found).items() if split == "validation"} == {"a", "b"}
    assert "big (2 of 7 patients)" in note


def test_of_equal_cohorts_the_first_by_name_validates_whatever_the_order():
    rows = [("a", "z", "lung"), ("b", "y", "lung")]
    for order in (rows, rows[::-1]):
        assert splits(with_split(cohort(*order), RULE, Path("m.csv"))[0]) == {"a": "discovery", "b": "validation"}


def test_a_declared_split_is_left_alone():
    given = cohort(*TWO_TYPES)
    assert with_split(given, check_recipe({"manifest": "m.csv"}), Path("m.csv")) == (given, [])


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ([("a", "", "lung"), ("b", "", "lung")], "RT111", "needs the column 'cohort'"),
        ([("a", "x", "lung"), ("b", "", "lung")], "RT114", r"1 row has no cohort \(case c1\)"),
        ([("a", "x", "lung"), ("b", "x", "lung")], "RT114", "one cohort only of lung, 'x'"),
        ([("a", "x", "lung"), ("a", "y", "lung")], "RT114", r"1 patient \(a\) stands in several cohorts: x, y"),
        ([("a", "x", "lung"), ("a", "x", "brain")], "RT114", r"1 patient \(a\) stands in several cancer types: brain, lung"),
    ],
)
def test_a_manifest_that_leaves_the_rule_open_is_refused(rows, code, words):
    with pytest.raises(RecipeError, match=words) as caught:
        with_split(cohort(*rows), RULE, Path("m.csv"))
    assert caught.value.code == code
    assert caught.value.hint
