"""Whether a recipe and a manifest fit together, before anything is measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from radiotype.core.cohort import Cohort
from radiotype.errors import RecipeError
from radiotype.studies.cells import columns_hint, counted, some
from radiotype.studies.covariates import check_covariates, feature_covariates, feature_names
from radiotype.studies.evidence_columns import check_evidence, evidence_columns
from radiotype.studies.outcome import outcome_of
from radiotype.studies.recipe import Recipe
from radiotype.studies.regions import check_regions, listed_regions

#: Name of the stratum of all patients in the tables of a run.
POOLED = "all"


def check_columns(recipe: Recipe, cohort: Cohort, manifest: Path) -> None:
    """Refuse a recipe that does not fit the manifest, before anything is computed.

    Raises
    ------
    RecipeError
        RT111 naming the columns that are missing, or asking for time_days when the order of the visits is not known; RT114 for
        a split that is neither discovery nor validation (an empty one means discovery), a patient in both, a patient with
        several scans or readers among which the recipe does not choose, and cells of outcome, covariates or cancer type that
        cannot be used.
    """
    clinical = cohort.clinical()
    wanted = [recipe.cancer_type, *recipe.all_covariates, *evidence_columns(recipe)]
    if recipe.outcome is not None:
        wanted += [recipe.outcome.time, recipe.outcome.event]
    features = feature_covariates(recipe, clinical.columns)
    missing = [name for name in wanted if name is not None and name not in clinical.columns and name not in features]
    if missing:
        raise RecipeError(
            "RT111",
            f"the recipe names columns that the manifest lacks: {', '.join(missing)}",
            file=manifest,
            hint=_columns_hint(recipe, missing, clinical.columns),
        )
    rows = listed_regions(cohort)
    unknown = sorted(set(rows["split"]) - {"discovery", "validation"})
    if unknown:
        raise RecipeError("RT114", f"split {unknown[0]!r} is neither discovery nor validation", file=manifest)
    both = rows[rows.groupby("patient_id")["split"].transform("nunique") > 1]
    if len(both):
        n = both["patient_id"].nunique()
        raise RecipeError(
            "RT114",
            f"{counted(n, 'patient')} {'stands' if n == 1 else 'stand'} in discovery and in validation "
            f"(case {some(both['case_id'])})",
            file=manifest,
            hint="give all rows of a patient the same split",
        )
    unordered = rows[rows["days"].isna() & rows.groupby("patient_id")["visit"].transform("nunique").gt(1)]
    if len(unordered):
        raise RecipeError(
            "RT111",
            f"the patient of case {unordered['case_id'].iloc[0]} has several visits, and which one is the first is not known",
            file=manifest,
            hint="fill the column time_days, or number the visits",
        )
    check_regions(rows, recipe.regions, manifest)
    if recipe.cancer_type is not None and (clinical[recipe.cancer_type] == POOLED).any():
        raise RecipeError(
            "RT114",
            f"the column {recipe.cancer_type!r} has a cancer type called {POOLED!r}, the name of all patients together",
            file=manifest,
            hint="give the cancer type another name",
        )
    if recipe.outcome is not None:
        outcome_of(clinical, recipe)
    check_covariates(recipe, cohort, manifest)
    check_evidence(recipe, clinical, manifest)


def _columns_hint(recipe: Recipe, missing: list[str], columns: Iterable[str]) -> str:
    """The likeliest columns; for a covariate also features, and which of them can be named."""
    covariates = [name for name in missing if name in recipe.all_covariates]
    if not covariates:
        return columns_hint(missing, columns)
    families = ", ".join(recipe.features.families)
    return f"{columns_hint(missing, columns, feature_names(recipe))}; covariates may also be features of {families}"
