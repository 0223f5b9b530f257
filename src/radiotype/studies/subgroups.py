"""Hazard ratios of the subtypes in one subgroup of the patients after another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.stats import adjust_p_values, interaction, subgroup_forest
from radiotype.studies.evidence_columns import levels_of
from radiotype.studies.group_curves import group_curves, logrank_row, not_drawn
from radiotype.studies.modelled import Modelled, modelled, plain_reason
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample


def subtypes_in_subgroups(sample: Sample, subtype: pd.Series, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Each subtype against the first in all patients and in every level of the declared columns.

    All patients with follow-up, stratified by cancer type and adjusted for the covariates of the recipe, those of the column
    itself left out. Whether the subtypes' hazard ratios differ between the levels of a column is asked once per column, by the
    likelihood-ratio test of their product. q-values (Benjamini-Hochberg) are corrected over all ratios, over all log-rank tests
    and over all tests of interaction.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
        With `evidence.subgroups`.

    Returns
    -------
    data frame
        One row per subtype, column and level: `hazard_ratio` with `lower` and `upper`, or the `reason` why there is none. Rows
        without a column are of all patients.
    data frame
        One log-rank test per level, and one test of interaction per column.
    list of str
        What could not be tested, and why.

    References
    ----------
    Wang et al., N Engl J Med 357 (2007) 2189-2194.
    """
    settings = recipe.evidence
    ratios: list[dict[str, object]] = []
    tests: list[dict[str, object]] = []
    notes: list[str] = []
    names = sorted(set(subtype), key=int)
    whole: Modelled | None = None
    for column in () if settings is None else settings.subgroups:
        patients, levels = _in_levels(sample, subtype, recipe, column)
        if not len(levels):
            notes.append(f"There are no subgroups by {column}: no patient of the models has a value.")
            continue
        if whole is None:
            whole = modelled(sample, subtype, recipe)
            found, refused = _ratios(whole, "", np.full(len(whole.at), "all patients", dtype=object), names)
            ratios += found
            notes += [f"No hazard ratio in all patients: {reason}." for reason in refused]
        found, refused = _ratios(patients, column, levels, names)
        ratios += found
        notes += [f"No hazard ratios by {column}: {reason}." for reason in refused]
        for level in sorted(set(levels)):
            own = patients.take(levels == level)
            rank = logrank_row(own, own.subtype)
            if rank is not None:  # its hazard ratios say why
                tests.append({"variable": column, "level": str(level)} | rank)
        try:
            test = interaction(
                patients.time, patients.event, patients.categories, pd.Series(levels, dtype="category"),
                adjust=patients.adjust, strata=patients.strata,
            )  # fmt: skip
        except ComputeError as error:
            notes.append(f"Whether the subtypes' hazard ratios depend on {column} was not tested: {plain_reason(error)}.")
            continue
        tests.append(
            {"variable": column, "level": "", "test": "interaction", "n": test.n, "events": test.events}
            | {"statistic": test.test.statistic, "degrees_of_freedom": test.test.degrees_of_freedom, "p_value": test.p_value}
        )
    table, tested = pd.DataFrame(ratios), pd.DataFrame(tests)
    if len(table):
        of_subgroups = table["variable"] != ""
        table["q_value"] = _adjusted(table["p_value"].where(of_subgroups))
    if len(tested):
        tested["q_value"] = tested.groupby("test")["p_value"].transform(_adjusted)
    return table, tested, notes


def subgroup_curves(sample: Sample, subtype: pd.Series, recipe: Recipe) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Kaplan-Meier curves of the subtypes in every level of the declared columns.

    Of the patients whom the log-rank tests of `subtypes_in_subgroups` compare: all with follow-up, a level, and the covariates
    of the recipe but the column itself.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
        With `evidence.subgroups`.

    Returns
    -------
    data frame
        One row per step of a curve, and per `variable`, `level` and `subtype`; times in days.
    list of dict
        Subtypes that have too few patients in a level to be drawn.
    """
    curves: list[pd.DataFrame] = []
    left_out: list[dict[str, object]] = []
    names = sorted(set(subtype), key=int)
    for column in () if recipe.evidence is None else recipe.evidence.subgroups:
        patients, levels = _in_levels(sample, subtype, recipe, column)
        for level in sorted(set(levels)):
            own = patients.take(levels == level)
            drawn, few = group_curves(own, own.subtype, names, stratum=column, split=str(level))
            curves += drawn
            left_out += [{"variable": column, "level": str(level)} | row for row in not_drawn(few)]
    table = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame()
    return table.rename(columns={"stratum": "variable", "split": "level"}), left_out


def _in_levels(sample: Sample, subtype: pd.Series, recipe: Recipe, column: str) -> tuple[Modelled, np.ndarray]:
    """The patients of the models of a column's subgroups, and the level of each."""
    patients = modelled(sample, subtype, recipe, without=(column,))
    levels = levels_of(sample, column).to_numpy()[patients.at]
    known = pd.notna(levels)
    return patients.take(known), levels[known]


def _ratios(patients: Modelled, column: str, levels: np.ndarray, names: list[str]) -> tuple[list[dict[str, object]], list[str]]:
    """Hazard ratios of every subtype against the first of `names` in every level, and why a subtype has none at all."""
    rows: list[dict[str, object]] = []
    refused: dict[str, list[str]] = {}
    there = [name for name in names if name in set(patients.subtype)]
    if names[0] not in there:
        return [], [f"no patient of its models is of subtype {names[0]}, with which the others are compared"]
    for name in there[1:]:
        others = {f"subtype {other}": (patients.subtype == other).astype(float) for other in there[1:] if other != name}
        adjust = patients.covariates.assign(**others)
        try:
            forest = subgroup_forest(
                patients.time, patients.event, (patients.subtype == name).astype(float), {"level": levels},
                adjust=adjust if adjust.shape[1] else None, strata=patients.strata, correction="none",
            )  # fmt: skip
        except ComputeError as error:
            refused.setdefault(plain_reason(error), []).append(name)
            continue
        for level in sorted(set(levels)):
            own = levels == level
            key = f"level = {level}"
            found = forest.subgroups.findings.get(key)
            row: dict[str, object] = {"subtype": name, "reference": names[0], "variable": column, "level": str(level)}
            row |= {"n": int(own.sum()), "events": int(patients.event[own].sum())}
            row |= {name: getattr(found, field, np.nan) for name, field in _FIELDS.items()}
            row["reason"] = "" if found is not None else plain_reason(forest.subgroups.reasons[key])
            rows.append(row)
    return rows, [f"subtype {' and '.join(own)} against {names[0]}: {reason}" for reason, own in refused.items()]


_FIELDS = {"hazard_ratio": "effect", "lower": "lower", "upper": "upper", "p_value": "p_value"}


def _adjusted(p_values: pd.Series) -> pd.Series:
    """q-values of those that have a p-value."""
    known = p_values.notna()
    q_values = pd.Series(np.nan, index=p_values.index)
    if known.any():
        q_values[known] = adjust_p_values(p_values[known].to_numpy())
    return q_values
