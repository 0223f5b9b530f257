"""Survival by subtype: Kaplan-Meier, log-rank and Cox tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import concordance, cox, kaplan_meier, logrank, proportional_hazards
from radiotype.studies.cells import as_numbers, counted, is_missing, refuse_cells, were
from radiotype.studies.covariates import covariate_columns, design_matrix
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample


@dataclass
class Evidence:
    """Rows of the survival tables, and sentences on what was left out and why."""

    kaplan_meier: list[pd.DataFrame] = field(default_factory=list)
    logrank: list[dict[str, object]] = field(default_factory=list)
    cox: list[pd.DataFrame] = field(default_factory=list)
    cox_tests: list[dict[str, object]] = field(default_factory=list)
    proportional_hazards: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def survival_by_subtype(sample: Sample, subtype: pd.Series, recipe: Recipe) -> Evidence:
    """Curves, tests and models: for all patients together and for each cancer type.

    Where the recipe has `evidence`, also whether the hazard ratios of each model stay the same over time.

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
    patients = outcome_of(sample.cases, recipe).assign(
        subtype=subtype.to_numpy(), stratum=sample.cancer_type.to_numpy(), split=sample.cases["split"].to_numpy()
    )
    covariates = {
        name: covariate_columns(sample, recipe.covariates_of(name)) for name in ("all", *patients["stratum"].unique())
    }
    known = (patients["time_days"].notna() & patients["event"].notna()).to_numpy()
    n_without = int((~known).sum())
    if n_without:
        evidence.notes.append(
            f"{counted(n_without, 'patient')} without follow-up {were(n_without)} left out of the survival analysis."
        )
    types = sorted(patients["stratum"][known].unique())
    for stratum in ("all", *(types if len(types) > 1 else ())):
        rows = known if stratum == "all" else known & (patients["stratum"] == stratum).to_numpy()
        for split in ("all", "discovery", "validation"):
            part = rows if split == "all" else rows & (patients["split"] == split).to_numpy()
            if split == "all" or (0 < part.sum() < rows.sum()):
                add_curves(evidence, stratum, split, patients[part])
        _model(evidence, stratum, patients, covariates[stratum], rows, over_time=recipe.evidence is not None)
    return evidence


def outcome_of(cases: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """`time_days` and `event` of each case as numbers, NaN where missing.

    Raises
    ------
    RecipeError
        RT114 for a cell that is neither a number nor missing, a negative or infinite time, or an event other than 0 and 1.
    """
    if recipe.outcome is None:
        raise RecipeError("RT103", "the recipe names no outcome")
    time, event = recipe.outcome.time, recipe.outcome.event
    days, happened = as_numbers(cases[time]), as_numbers(cases[event])
    refuse_cells(
        cases,
        time,
        ~is_missing(cases[time]) & ~(days >= 0),
        "that are no number of days from 0 on",
        "write days with a decimal point, and leave unknown follow-up empty",
    )
    refuse_cells(
        cases,
        event,
        ~is_missing(cases[event]) & ~happened.isin([0, 1]),
        "other than 0 and 1",
        "write 1 for the event, 0 for censored, and leave unknown ones empty",
    )
    return pd.DataFrame({"time_days": days, "event": happened})


def add_curves(evidence: Evidence, stratum: str, split: str, rows: pd.DataFrame) -> None:
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


def _model(
    evidence: Evidence,
    stratum: str,
    patients: pd.DataFrame,
    covariates: dict[str, pd.Series],
    rows: np.ndarray,
    *,
    over_time: bool,
) -> None:
    design, references, complete = design_matrix(patients["subtype"], covariates, rows)
    n_incomplete = int((~complete).sum())
    if n_incomplete:
        left_out = f"{counted(n_incomplete, 'patient')} with missing covariates {were(n_incomplete)} left out"
        evidence.notes.append(f"{left_out} of the model in {stratum}.")
    own, design = patients[rows][complete], design[complete]
    types = own["stratum"].to_numpy() if stratum == "all" and own["stratum"].nunique() > 1 else None
    time, event = own["time_days"].to_numpy(), own["event"].to_numpy()
    try:
        fit = cox(time, event, design, strata=types, least_events=1)  # recipe version 1 promised a model wherever one exists
    except ComputeError as error:
        evidence.notes.append(f"No Cox model in {stratum}: {_plain(error)}.")
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
    risk = fit.linear_predictor(design).round(10)  # patients of equal covariates must tie
    c_index = concordance(time, event, risk, strata=types).c_index
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
    if over_time:
        evidence.proportional_hazards += _over_time(stratum, time, event, design, types)


def _over_time(
    stratum: str, time: np.ndarray, event: np.ndarray, design: pd.DataFrame, types: np.ndarray | None
) -> list[dict[str, object]]:
    """Whether hazard ratios stay the same over time: the subtypes as one term, every covariate, and all together."""
    own = [name for name in design.columns if name.startswith("subtype ")]
    terms = ({"subtype": own} if own else {}) | {name: [name] for name in design.columns if name not in own}
    try:
        found = proportional_hazards(time, event, design, strata=types, terms=terms, least_events=1)
    except ComputeError:  # the model stands without it
        return []
    where = {"model": stratum, "n": found.n, "events": found.events}
    each = zip(found.terms, found.chi_square, found.degrees_of_freedom, found.p_values, strict=True)
    everything = ("all terms", found.overall.statistic, found.overall.degrees_of_freedom, found.overall.p_value)
    return [
        where | {"term": term, "chi_square": float(chi_square), "degrees_of_freedom": int(df), "p_value": float(p_value)}
        for term, chi_square, df, p_value in (*each, everything)
    ]


def _plain(error: ComputeError) -> str:
    """Why a model could not be fitted: in plain words first where there are any, then the reason of the library."""
    if error.code == "RT303" and "separates" in error.found:
        return (
            "in one of the groups nobody had the event, or only they had it, so that no finite hazard ratio describes the data "
            f"({error.found}); {error.hint}"
        )
    return error.found
