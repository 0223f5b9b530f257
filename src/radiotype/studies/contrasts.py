"""Survival of declared pairs of subtypes: 3 against 4, or 1 and 2 together against 4."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError, RecipeError
from radiotype.run.store import RunFolder
from radiotype.stats import adjust_p_values, cox, logrank
from radiotype.studies.biology_settings import Sides, sides_of
from radiotype.studies.cells import counted
from radiotype.studies.covariates import covariate_columns, design_matrix
from radiotype.studies.modelled import plain_reason
from radiotype.studies.outcome import Evidence, add_curves, outcome_of
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample

#: A contrast with fewer patients on one side is not made.
LEAST_PATIENTS = 5


@dataclass(frozen=True, eq=False)
class ContrastEvidence:
    """One row per contrast and model, the curves of both sides, and sentences on what was left out and why."""

    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    curves: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()


def check_contrasts(recipe: Recipe, subtypes: list[str] | None = None) -> None:
    """Refuse contrasts of subtypes that there cannot be, or without an outcome, before anything is measured.

    Raises
    ------
    RecipeError
        RT103.
    """
    if not recipe.contrasts:
        return
    if recipe.outcome is None:
        raise RecipeError("RT103", "`contrasts` compare survival, and the recipe names no outcome", hint="add `outcome:`")
    options = recipe.subtypes
    most = options.k_range[1] if options.k == "auto" else options.k
    allowed = subtypes or [str(at) for at in range(1, most + 1)]
    for pair in sides_of(recipe.contrasts):
        for name in (one for side in pair for one in side if one not in allowed):
            found = f"`contrasts` names subtype {name}; there can be {', '.join(allowed)}"
            raise RecipeError("RT103", found, hint="subtypes are numbered from 1 on, by the size of their tumours")


def survival_contrasts(sample: Sample, subtype: pd.Series, recipe: Recipe) -> ContrastEvidence:
    """Log-rank test and hazard ratio of every declared contrast, in all patients.

    Where there are several cancer types both are stratified by them. The hazard is that of the first side against the second:
    alone, and adjusted for the covariates where the recipe names any; NaN where no finite ratio describes the data, which
    takes nothing from the log-rank test. q-values (Benjamini and Hochberg) are over the log-rank tests of all contrasts.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
    """
    if not recipe.contrasts or recipe.outcome is None:
        return ContrastEvidence()
    patients = outcome_of(sample.cases, recipe).assign(stratum=sample.cancer_type.to_numpy(), subtype=subtype.to_numpy())
    known = (patients["time_days"].notna() & patients["event"].notna()).to_numpy()
    covariates = covariate_columns(sample, recipe.covariates)
    rows: list[dict[str, object]] = []
    curves: list[pd.DataFrame] = []
    notes: list[str] = []
    for pair in sides_of(recipe.contrasts):
        name = contrast_name(pair)
        side = _side(patients["subtype"], pair)
        inside = known & (side != "").to_numpy()
        least = min(int((side[inside] == one).sum()) for one in _names(pair))
        if least < LEAST_PATIENTS:
            notes.append(
                f"No contrast {name}: one side has {counted(least, 'patient')} with follow-up; {LEAST_PATIENTS} are needed."
            )
            continue
        own = patients[inside].assign(subtype=side[inside])
        drawn = Evidence()
        add_curves(drawn, name, "all", own)
        curves += [one.rename(columns={"stratum": "contrast"}).drop(columns="split") for one in drawn.kaplan_meier]
        try:
            rows += _tests(own, side, covariates, inside, pair, notes)
        except ComputeError as error:
            notes.append(f"No test of the contrast {name}: {error.found}.")
    table = pd.DataFrame(rows)
    if len(table):
        first = table["model"] == "unadjusted"
        q = dict(zip(table.loc[first, "contrast"], adjust_p_values(table.loc[first, "p_value"].to_numpy()), strict=True))
        table.insert(list(table.columns).index("p_value") + 1, "q_value", table["contrast"].map(q))
    return ContrastEvidence(table, pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(), tuple(notes))


def store_contrasts(folder: RunFolder, found: ContrastEvidence) -> None:
    """Tables `contrasts` and `contrast_curves`, where any could be made."""
    if len(found.table):
        folder.write_table("results/contrasts.parquet", found.table)
    if len(found.curves):
        folder.write_table("results/contrast_curves.parquet", found.curves)


def contrast_name(pair: Sides) -> str:
    """What a contrast is called: 1+2 v 4."""
    return " v ".join(_names(pair))


def _names(pair: Sides) -> tuple[str, str]:
    first, second = ("+".join(side) for side in pair)
    return first, second


def _side(subtype: pd.Series, pair: Sides) -> pd.Series:
    """Which side each patient is on; empty text for neither."""
    of = {one: name for name, side in zip(_names(pair), pair, strict=True) for one in side}
    return subtype.map(lambda one: of.get(one, ""))


def _tests(
    own: pd.DataFrame,
    side: pd.Series,
    covariates: dict[str, pd.Series],
    inside: np.ndarray,
    pair: Sides,
    notes: list[str],
) -> list[dict[str, object]]:
    time, event, types = own["time_days"].to_numpy(), own["event"].to_numpy(), own["stratum"].to_numpy()
    strata = types if len(set(types)) > 1 else None
    first, second = _names(pair)
    test = logrank(time, event, own["subtype"].to_numpy(), strata=strata)
    is_first = (side == first).astype(float)
    common: dict[str, object] = {"contrast": contrast_name(pair), "first": first, "second": second}
    tests: dict[str, object] = {"chi_square": test.chi_square, "p_value": test.p_value}
    rows: list[dict[str, object]] = []
    models: list[tuple[str, dict[str, pd.Series]]] = [("unadjusted", {})]
    if covariates:
        models.append(("adjusted", covariates))
    for model, columns in models:
        design, _, complete = design_matrix(is_first.rename("subtype"), columns, inside)
        kept = own[complete]
        counts: dict[str, int] = {}
        for label, name in (("first", first), ("second", second)):
            group = kept[kept["subtype"] == name]
            counts |= {f"patients_{label}": len(group), f"events_{label}": int(group["event"].sum())}
        ratio: dict[str, object] = dict.fromkeys(("hazard_ratio", "lower", "upper", "p_value_hazard_ratio"), np.nan)
        try:
            if "subtype" not in design:
                raise ComputeError("RT304", "all patients with known covariates are on one side")
            fit = cox(
                kept["time_days"].to_numpy(),
                kept["event"].to_numpy(),
                design[complete],
                strata=types[complete] if strata is not None else None,
                least_events=1,
            )
            at = list(design.columns).index("subtype")
            ratio |= {"hazard_ratio": float(fit.hazard_ratios[at]), "lower": float(fit.lower[at])}
            ratio |= {"upper": float(fit.upper[at]), "p_value_hazard_ratio": float(fit.p_values[at])}
        except ComputeError as error:  # the log-rank test was made all the same, and counts among the contrasts
            notes.append(f"No {model} hazard ratio of {contrast_name(pair)}: {plain_reason(error)}.")
        rows.append(common | {"model": model, "covariates": ", ".join(columns), **counts, **tests, **ratio})
    return rows
