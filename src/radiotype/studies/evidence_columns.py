"""Columns that subgroups and treatments are read from: levels, or numbers cut at their median."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.errors import RecipeError, did_you_mean
from radiotype.studies.cells import as_numbers, counted, is_missing
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample

#: More levels make no subgroups that anybody could read.
MOST_LEVELS = 12

#: Numbers of more different values are cut at their median.
MOST_VALUES = 5


def evidence_columns(recipe: Recipe) -> list[str]:
    """The columns that subgroups and the treatment need."""
    if recipe.evidence is None:
        return []
    treatment = recipe.evidence.treatment
    return [*recipe.evidence.subgroups, *([] if treatment is None else [treatment])]


def check_evidence(recipe: Recipe, clinical: pd.DataFrame, manifest: Path) -> None:
    """Refuse subgroups and treatments that cannot be told apart, and covariates of a cancer type that nobody has.

    Raises
    ------
    RecipeError
        RT114 for a column with one level, or with more than twelve; RT103 for a column of the outcome, for a cancer type that
        the manifest lacks, or for the covariates of the only one there is.
    """
    if recipe.evidence is None:
        return
    outcome = () if recipe.outcome is None else (recipe.outcome.time, recipe.outcome.event)
    for name in evidence_columns(recipe):
        if name in outcome:
            raise RecipeError(
                "RT103",
                f"the column {name!r} is the outcome itself, by which no patients can be told apart beforehand",
                file=manifest,
                hint="name columns that were known when follow-up began",
            )
        cells = clinical[name].astype(str).str.strip()
        filled = ~is_missing(clinical[name])
        n = cells[filled].nunique()
        cut = name != recipe.evidence.treatment and _is_cut(clinical[name])
        if n < 2 or (n > MOST_LEVELS and not cut):
            what = "subgroups" if name in recipe.evidence.subgroups else "treatments"
            raise RecipeError(
                "RT114",
                f"the column {name!r} has {counted(n, 'different value')}; expected 2 to {MOST_LEVELS} {what}",
                file=manifest,
                hint="merge rare levels; leave cells without a value empty",
            )
    if recipe.cancer_type is not None:
        types = sorted(set(clinical[recipe.cancer_type].astype(str)))
        for name in recipe.evidence.covariates_by_type:
            if name not in types:
                raise RecipeError(
                    "RT103",
                    f"`evidence.covariates_by_type` names {name!r}, which no patient has{did_you_mean(name, types)}",
                    file=manifest,
                    hint=f"the column {recipe.cancer_type!r} has {', '.join(types)}",
                )
        if recipe.evidence.covariates_by_type and len(types) == 1:
            raise RecipeError(
                "RT103",
                f"`evidence.covariates_by_type` is set, and all patients have one cancer type ({types[0]})",
                file=manifest,
                hint="one cancer type has one model, that of all patients: write its covariates as `covariates`",
            )


def levels_of(sample: Sample, name: str) -> pd.Series:
    """The level of each patient, None where missing; a column of many numbers is cut at the median in discovery."""
    cells = sample.cases[name].astype(str).str.strip()
    filled = ~is_missing(sample.cases[name])
    if not _is_cut(sample.cases[name]):
        return cells.where(filled, None).astype(object)
    numbers = as_numbers(sample.cases[name])
    of_discovery = numbers[sample.discovery]
    cut = float((of_discovery if of_discovery.notna().any() else numbers).median())
    halves = pd.Series(np.where(numbers > cut, f"above {cut:g}", f"{cut:g} or below"), index=cells.index, dtype=object)
    return halves.where(filled, None)


def _is_cut(cells: pd.Series) -> bool:
    """Whether a column holds numbers of many different values, and nothing else."""
    numbers = as_numbers(cells)
    return bool((numbers.notna() == ~is_missing(cells)).all()) and numbers.nunique() > MOST_VALUES
