"""What the Cox models adjust for: columns of the manifest, or features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.errors import RecipeError
from radiotype.features.registry import family
from radiotype.studies.cells import as_numbers, counted, is_missing, refuse_cells
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample, logarithm_of_sizes

#: A column may have two levels however few the patients are; more of them only up to this fraction of the patients.
MAX_LEVELS = 1 / 3


def feature_covariates(recipe: Recipe, columns: pd.Index) -> list[str]:
    """Covariates that are distinct features and no column of the manifest."""
    features = feature_names(recipe)
    return [name for name in recipe.all_covariates if name not in columns and name in features]


def feature_names(recipe: Recipe) -> set[str]:
    """Names of the distinct features that the recipe measures."""
    records = [record for name in recipe.features.families for record in family(name).records(recipe.features)]
    return {record.name for record in records if not record.duplicate_of}


def check_covariates(recipe: Recipe, cohort: Cohort, manifest: Path) -> None:
    """Refuse a covariate that is neither a number nor a few levels, before anything is measured.

    Raises
    ------
    RecipeError
        RT114 for a column that mixes numbers with other text, or with more levels than a third of the patients.
    """
    clinical = cohort.clinical()
    n = clinical["patient_id"].nunique()
    for name in recipe.all_covariates:
        if name not in clinical.columns:
            continue
        cells = clinical[name]
        filled, numbers = ~is_missing(cells), as_numbers(cells)
        if numbers.notna().any():
            refuse_cells(
                clinical,
                name,
                filled & numbers.isna(),
                "that are no numbers among numbers",
                "use a decimal point (59.5), leave cells without a value empty; for levels write text in every cell (stage 1)",
            )
            continue
        levels = cells[filled].str.strip().nunique()
        if levels > max(2, n * MAX_LEVELS):
            raise RecipeError(
                "RT114",
                f"the covariate {name!r} has {levels} levels among {counted(n, 'patient')}; "
                "expected numbers, or at most a third as many levels as patients",
                file=manifest,
                hint="an id or a date is no covariate; merge rare levels, or write numbers with a decimal point",
            )


def covariate_columns(sample: Sample, covariates: tuple[str, ...]) -> dict[str, pd.Series]:
    """The covariates of all patients: numbers (NaN where missing) or levels (None where missing).

    What a column is is decided once, over all patients. A feature in mm, mm2, mm3 or per mm enters by its logarithm.
    """
    logged = logarithm_of_sizes(sample.values, sample.sizes)
    columns: dict[str, pd.Series] = {}
    for name in covariates:
        if name not in sample.cases.columns:
            columns[f"log {name}" if name in sample.sizes else name] = logged[name]
            continue
        cells = sample.cases[name].astype(str).str.strip()
        filled, numbers = ~is_missing(cells), as_numbers(cells)
        columns[name] = numbers if (numbers.notna() == filled).all() else cells.where(filled, None)
    return columns


def design_matrix(
    subtype: pd.Series, covariates: dict[str, pd.Series], rows: np.ndarray
) -> tuple[pd.DataFrame, dict[str, str], np.ndarray]:
    """Columns of one model, the reference of each indicator, and which of its rows are complete.

    Subtypes against the first; a covariate of levels by one indicator per level against the first level that a complete row
    has. Columns that are constant among the complete rows are left out.

    Parameters
    ----------
    subtype : series, length n_patients
    covariates : dict of series, length n_patients
        As `covariate_columns` gives them.
    rows : array of bool, length n_patients
        The patients of this model.
    """
    parts = [("subtype", subtype[rows]), *((name, column[rows]) for name, column in covariates.items())]
    complete = np.ones(int(rows.sum()), dtype=bool)
    for _, cells in parts:
        complete &= cells.notna().to_numpy()
    columns: dict[str, pd.Series] = {}
    references: dict[str, str] = {}
    for place, (name, cells) in enumerate(parts):
        shown = f"column {name}" if place and name.split(" ")[0] == "subtype" else name
        if cells.dtype.kind == "f":
            columns[_free(shown, columns)] = cells
            continue
        levels = sorted(cells[complete].unique())
        for level in levels[1:]:
            term = _free(f"{shown} {level}", columns)
            columns[term] = (cells == level).astype(float)
            references[term] = f"against {shown} {levels[0]}"
    design = pd.DataFrame(columns, index=subtype.index[rows], dtype="float64")
    return design.loc[:, design[complete].nunique() > 1], references, complete


def _free(term: str, taken: dict[str, pd.Series]) -> str:
    """The term, marked where another covariate already gave a column of that name."""
    while term in taken:
        term += " (another column)"
    return term
