"""Which patients are discovery and which validation, where the manifest does not say so itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.errors import RecipeError
from radiotype.studies.cells import counted, some
from radiotype.studies.recipe import Recipe


def with_split(cohort: Cohort, recipe: Recipe, manifest: Path) -> tuple[Cohort, list[str]]:
    """The cohort with the split that the recipe asks for, and sentences that name the cohorts that validate.

    With `split: declared` the cohort as it is. With `split: largest_cohort` the column `split` of the manifest is not looked
    at: of each cancer type (of all patients, where the recipe names no column for it) the cohort with the most listed patients
    is validation, all others are discovery; of equal ones the first by name.

    Raises
    ------
    RecipeError
        RT111 if the manifest has no column `cohort`; RT114 for a row without a cohort, a patient in two cohorts or of two
        cancer types, or a cancer type of one cohort only, which would leave nothing of it for discovery.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798.
    """
    if recipe.split == "declared":
        return cohort, []
    rows = _rows(cohort, recipe, manifest)
    patients = rows.drop_duplicates("patient_id")
    largest: dict[str, str] = {}
    for cancer_type in sorted(set(patients["cancer_type"])):
        part = patients[patients["cancer_type"] == cancer_type]
        sizes = part["cohort"].value_counts()
        if len(sizes) == 1:
            of = f" of {cancer_type or 'patients whose cancer type is empty'}" if recipe.cancer_type else ""
            raise RecipeError(
                "RT114",
                f"there is one cohort only{of}, {sizes.index[0]!r}: as validation it would leave nothing for discovery",
                file=manifest,
                hint="declare the split in the manifest (column split) and write `split: declared`, or add another cohort",
            )
        largest[cancer_type] = min(sizes.index[sizes == sizes.max()])
    validates = {
        patient: largest[cancer_type] == own
        for patient, cancer_type, own in patients[["patient_id", "cancer_type", "cohort"]].itertuples(index=False, name=None)
    }
    cases = []
    for case in cohort.cases:
        split = "validation" if validates[case.patient_id] else "discovery"
        regions = tuple(replace(one, attributes={**one.attributes, "split": split}) for one in case.regions)
        cases.append(replace(case, regions=regions))
    return Cohort(tuple(cases)), _notes(patients, largest, recipe)


def _rows(cohort: Cohort, recipe: Recipe, manifest: Path) -> pd.DataFrame:
    """Patient, case, cohort and cancer type of each region, checked."""
    column = recipe.cancer_type
    rows = pd.DataFrame(
        [
            (
                region.key.patient_id,
                case.id,
                region.attributes.get("cohort", ""),
                "" if column is None else str(case.clinical.get(column, region.attributes.get(column, ""))),
            )
            for case in cohort.cases
            for region in case.regions
        ],
        columns=["patient_id", "case_id", "cohort", "cancer_type"],
    )
    empty = rows["cohort"] == ""
    if empty.all():
        raise RecipeError(
            "RT111",
            "`split: largest_cohort` needs the column 'cohort', which the manifest lacks or leaves empty",
            file=manifest,
            hint="name the cohort of each case there, or write `split: declared` and fill the column split",
        )
    if empty.any():
        found = f"{counted(int(empty.sum()), 'row')} {'has' if empty.sum() == 1 else 'have'} no cohort"
        raise RecipeError(
            "RT114", f"{found} (case {some(rows.loc[empty, 'case_id'])})", file=manifest, hint="fill the column cohort"
        )
    for name, noun in (("cohort", "cohorts"), ("cancer_type", "cancer types")):
        several = rows[rows.groupby("patient_id")[name].transform("nunique") > 1]
        if len(several):
            n = several["patient_id"].nunique()
            raise RecipeError(
                "RT114",
                f"{counted(n, 'patient')} ({some(several['patient_id'])}) {'stands' if n == 1 else 'stand'} in several {noun}: "
                f"{some(sorted(set(several[name])))}",
                file=manifest,
                hint="a patient is on one side of the split: give all rows of a patient the same value",
            )
    return rows


def _notes(patients: pd.DataFrame, largest: dict[str, str], recipe: Recipe) -> list[str]:
    """Which cohorts validate, and how many patients that makes."""
    parts = []
    for cancer_type, name in largest.items():
        own = patients[patients["cancer_type"] == cancer_type]
        of = f" of {cancer_type or 'patients whose cancer type is empty'}" if recipe.cancer_type else ""
        parts.append(f"{name} ({int((own['cohort'] == name).sum()):,} of {counted(len(own), 'patient')}{of})")
    which = "of each cancer type" if recipe.cancer_type else "of all"
    return [
        f"By the rule `largest_cohort` the largest cohort {which} is validation, all others are discovery: {'; '.join(parts)}."
    ]
