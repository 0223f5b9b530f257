"""Survival by subtype: Kaplan-Meier, log-rank and Cox tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import concordance, cox, kaplan_meier, logrank
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample

#: What a cell of a clinical column holds when there is no value, in lower case.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "<na>", "null"})


@dataclass
class Evidence:
    """Rows of the survival tables, and sentences on what was left out and why."""

    kaplan_meier: list[pd.DataFrame] = field(default_factory=list)
    logrank: list[dict[str, object]] = field(default_factory=list)
    cox: list[pd.DataFrame] = field(default_factory=list)
    cox_tests: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def survival_by_subtype(sample: Sample, subtype: pd.Series, recipe: Recipe) -> Evidence:
    """Curves, tests and models: for all patients together and for each cancer type.

    Parameters
    ----------
    sample : Sample
        One row per patient.
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
        Outcome columns and covariates.

    Raises
    ------
    RecipeError
        RT114 if an outcome column holds something that is neither a number nor empty, or an event other than 0 and 1.
    """
    evidence = Evidence()
    table = with_outcome(sample.cases, recipe).assign(subtype=subtype.to_numpy())
    known = table["time_days"].notna() & table["event"].notna()
    table, n_without = table[known].reset_index(drop=True), int((~known).sum())
    if n_without:
        evidence.notes.append(f"{n_without} patients without follow-up were left out of the survival analysis.")
    for stratum, rows in _strata(table):
        for split in ("all", "discovery", "validation"):
            part = rows if split == "all" else rows[rows["split"] == split]
            if split == "all" or (0 < len(part) < len(rows)):
                _curves(evidence, stratum, split, part)
        _model(evidence, stratum, rows, recipe)
    return evidence


def with_outcome(cases: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The cases with `time_days` and `event` as numbers, NaN where missing.

    Raises
    ------
    RecipeError
        RT114 for a cell that is neither a number nor missing, a negative or infinite time, or an event other than 0 and 1.
    """
    if recipe.outcome is None:
        raise RecipeError("RT103", "the recipe names no outcome")
    numbers = {
        name: _numbers(cases[column], column)
        for name, column in (("time_days", recipe.outcome.time), ("event", recipe.outcome.event))
    }
    time, event = numbers["time_days"].dropna(), numbers["event"].dropna()
    if not event.isin([0, 1]).all() or (time < 0).any() or np.isinf(time).any():
        raise RecipeError(
            "RT114", f"{recipe.outcome.event} must be 0 or 1, {recipe.outcome.time} a number of days that is not negative"
        )
    return cases.assign(**numbers)


def is_missing(cells: pd.Series) -> pd.Series:
    """Whether a cell of text says that there is no value."""
    return cells.astype(str).str.strip().str.lower().isin(MISSING)


def _numbers(column: pd.Series, name: str) -> pd.Series:
    missing = is_missing(column)
    numbers = pd.to_numeric(column.where(~missing), errors="coerce").astype("float64")
    wrong = numbers.isna() & ~missing
    if wrong.any():
        raise RecipeError("RT114", f"the column {name!r} holds {int(wrong.sum())} cells that are no numbers")
    return numbers


def _strata(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    types = sorted(table["cancer_type"].unique())
    return [("all", table), *((name, table[table["cancer_type"] == name]) for name in types if len(types) > 1)]


def _curves(evidence: Evidence, stratum: str, split: str, rows: pd.DataFrame) -> None:
    where = {"stratum": stratum, "split": split}
    for name, group in rows.groupby("subtype"):
        curve = kaplan_meier(group["time_days"].to_numpy(), group["event"].to_numpy())
        steps = {
            "time_days": curve.time,
            "at_risk": curve.n_at_risk,
            "events": curve.n_events,
            "censored": curve.n_censored,
            "survival": curve.survival,
            "lower": curve.lower,
            "upper": curve.upper,
        }
        frame = pd.DataFrame(steps)
        if frame["time_days"].iloc[0] > 0:
            start = dict.fromkeys(("survival", "lower", "upper"), 1.0) | dict.fromkeys(("events", "censored"), 0)
            frame = pd.concat([pd.DataFrame([{"time_days": 0.0, "at_risk": len(group), **start}]), frame], ignore_index=True)
        evidence.kaplan_meier.append(frame.assign(**where, subtype=name))
    try:
        test = logrank(rows["time_days"].to_numpy(), rows["event"].to_numpy(), rows["subtype"].to_numpy())
    except ComputeError as error:
        evidence.notes.append(f"No log-rank test in {stratum} ({split}): {error.found}.")
        return
    evidence.logrank.append(
        where
        | {
            "n": len(rows),
            "events": int(rows["event"].sum()),
            "chi_square": test.chi_square,
            "degrees_of_freedom": test.degrees_of_freedom,
            "p_value": test.p_value,
        }
    )


def _model(evidence: Evidence, stratum: str, rows: pd.DataFrame, recipe: Recipe) -> None:
    design, references, complete = _design(rows, recipe.covariates)
    if (~complete).any():
        evidence.notes.append(
            f"{int((~complete).sum())} patients with missing covariates were left out of the model in {stratum}."
        )
    rows, design = rows[complete], design[complete]
    types = rows["cancer_type"].to_numpy() if stratum == "all" and rows["cancer_type"].nunique() > 1 else None
    time, event = rows["time_days"].to_numpy(), rows["event"].to_numpy()
    try:
        fit = cox(time, event, design, strata=types)
    except ComputeError as error:
        evidence.notes.append(f"No Cox model in {stratum}: {error.found}.")
        return
    evidence.cox.append(
        pd.DataFrame(
            {
                "model": stratum,
                "term": list(design.columns),
                "reference": [references.get(name, "") for name in design.columns],
                "n": fit.n,
                "events": fit.events,
                "hazard_ratio": fit.hazard_ratios,
                "lower": fit.lower,
                "upper": fit.upper,
                "z": fit.z,
                "p_value": fit.p_values,
            }
        )
    )
    c_index = concordance(time, event, fit.linear_predictor(design)).c_index
    tests = (("likelihood ratio", fit.likelihood_ratio), ("Wald", fit.wald), ("score", fit.score))
    evidence.cox_tests += [
        {
            "model": stratum,
            "n": fit.n,
            "events": fit.events,
            "test": name,
            "statistic": test.statistic,
            "degrees_of_freedom": test.degrees_of_freedom,
            "p_value": test.p_value,
            "concordance": c_index,
        }
        for name, test in tests
    ]


def _design(rows: pd.DataFrame, covariates: tuple[str, ...]) -> tuple[pd.DataFrame, dict[str, str], np.ndarray]:
    """Columns of the model, the reference of each indicator, and which rows are complete.

    Subtypes against the first; a covariate is numeric when every cell is a number, otherwise one indicator per level against
    the first level that a complete row has. Columns that are constant among the complete rows are left out.
    """
    complete = np.ones(len(rows), dtype=bool)
    columns: dict[str, pd.Series] = {}
    references: dict[str, str] = {}
    for name in ("subtype", *covariates):
        complete &= ~is_missing(rows[name]).to_numpy()
    for name in ("subtype", *covariates):
        cells = rows[name].astype(str)
        missing = is_missing(cells)
        numbers = pd.to_numeric(cells.where(~missing), errors="coerce")
        if name != "subtype" and numbers[~missing].notna().all():
            columns[name] = numbers
            continue
        levels = sorted(cells[complete].unique())
        for level in levels[1:]:
            columns[f"{name} {level}"] = (cells == level).astype(float)
            references[f"{name} {level}"] = f"against {name} {levels[0]}"
    design = pd.DataFrame(columns, index=rows.index, dtype="float64")
    return design.loc[:, design[complete].nunique() > 1], references, complete
