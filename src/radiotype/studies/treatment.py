"""Whether the effect of a treatment depends on the subtype."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.stats import adjust_p_values, interaction, subgroup_forest
from radiotype.stats.findings import Finding
from radiotype.studies.evidence_columns import levels_of
from radiotype.studies.group_curves import group_curves, logrank_row, not_drawn
from radiotype.studies.modelled import Modelled, modelled, plain_reason
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample


def treatment_by_subtype(sample: Sample, subtype: pd.Series, recipe: Recipe) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Hazard ratios of the declared treatments in every subtype, and tests of interaction.

    In all patients with follow-up and a treatment, stratified by cancer type, and in each cancer type; adjusted for the
    covariates of the recipe. Treatments are compared with the first of their names. The interaction of treatment and subtype is
    tested by likelihood ratio; the ratio of a treatment's hazard ratios in two subtypes has Wald's interval. q-values
    (Benjamini-Hochberg) are corrected over the subtypes, or over their pairs, of one cancer type.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
        With `evidence.treatment`.

    Returns
    -------
    dict of data frames
        `treatment_effects`: one row per cancer type, treatment and subtype ("all" for all of them). `treatment_tests`: one
        likelihood-ratio test per cancer type. `treatment_ratios`: one row per pair of subtypes.
    list of str
        What could not be tested, and why.
    """
    settings = recipe.evidence
    effects: list[dict[str, object]] = []
    tests: list[dict[str, object]] = []
    ratios: list[dict[str, object]] = []
    notes: list[str] = []
    if settings is None or settings.treatment is None:
        return {}, []
    types = sorted(set(sample.cancer_type))
    for stratum in ("all", *(types if len(types) > 1 else ())):
        patients, given = _treated(sample, subtype, recipe, settings.treatment, stratum)
        treatments = sorted(set(given))
        if len(treatments) < 2 or len(set(patients.subtype)) < 2:
            few = "treatment" if len(treatments) < 2 else "subtype"
            notes.append(f"Treatment by subtype was not tested in {stratum}: fewer than two kinds of {few} among its patients.")
            continue
        for other in treatments[1:]:
            where = {"stratum": stratum, "treatment": other, "reference": treatments[0]}
            both = np.isin(given, [treatments[0], other])
            try:
                effects += [where | row for row in _effects(patients.take(both), (given[both] == other).astype(float))]
            except ComputeError as error:
                notes.append(f"No hazard ratio of {other} against {treatments[0]} in {stratum}: {plain_reason(error)}.")
        try:
            found, pairs = _interaction(patients, given)
        except ComputeError as error:
            notes.append(f"Treatment by subtype was not tested in {stratum}: {plain_reason(error)}.")
            continue
        tests.append({"stratum": stratum} | found)
        q_values = adjust_p_values(np.array([pair["p_value"] for pair in pairs], dtype=float))
        ratios += [{"stratum": stratum, **pair, "q_value": float(q)} for pair, q in zip(pairs, q_values, strict=True)]
    tables = {"treatment_effects": effects, "treatment_tests": tests, "treatment_ratios": ratios}
    return {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}, notes


def treatment_curves(
    sample: Sample, subtype: pd.Series, recipe: Recipe
) -> tuple[dict[str, pd.DataFrame], list[dict[str, object]]]:
    """Kaplan-Meier curves and log-rank tests of the declared treatments in each subtype, all cancer types together.

    Of the patients of `treatment_by_subtype`. The tests are stratified by cancer type where there are several; q-values
    (Benjamini-Hochberg) are corrected over the subtypes.

    Parameters
    ----------
    sample : Sample
    subtype : series, length n_patients
        "1" .. "K".
    recipe : Recipe
        With `evidence.treatment`.

    Returns
    -------
    dict of data frames
        `treatment_curves`: one row per step of a curve, and per `subtype` and `treatment`; times in days. `treatment_logrank`:
        one test per subtype.
    list of dict
        Treatments that too few patients of a subtype were given to be drawn.
    """
    settings = recipe.evidence
    if settings is None or settings.treatment is None:
        return {}, []
    patients, given = _treated(sample, subtype, recipe, settings.treatment, "all")
    treatments = sorted(set(given))
    if len(treatments) < 2:
        return {}, []
    curves: list[pd.DataFrame] = []
    tests: list[dict[str, object]] = []
    left_out: list[dict[str, object]] = []
    for name in sorted(set(subtype), key=int):
        inside = patients.subtype == name
        own, arm = patients.take(inside), given[inside]
        drawn, few = group_curves(own, arm, treatments, stratum=name)
        curves += drawn
        left_out += [{"variable": "subtype", "level": name} | row for row in not_drawn(few)]
        test = logrank_row(own, arm)
        if test is not None:
            tests.append({"subtype": name} | test)
    tables: dict[str, pd.DataFrame] = {}
    if curves:
        columns = {"stratum": "subtype", "subtype": "treatment"}
        tables["treatment_curves"] = pd.concat(curves, ignore_index=True).drop(columns="split").rename(columns=columns)
    if tests:
        q_values = adjust_p_values(np.array([test["p_value"] for test in tests], dtype=float))
        tables["treatment_logrank"] = pd.DataFrame(tests).assign(q_value=q_values)
    return tables, left_out


def _treated(sample: Sample, subtype: pd.Series, recipe: Recipe, treatment: str, stratum: str) -> tuple[Modelled, np.ndarray]:
    """The patients of one model who were given a treatment, and which."""
    patients = modelled(sample, subtype, recipe, stratum=stratum, without=(treatment,))
    given = levels_of(sample, treatment).to_numpy()[patients.at]
    known = pd.notna(given)
    return patients.take(known), given[known]


def _effects(patients: Modelled, treated: np.ndarray) -> list[dict[str, object]]:
    """The treatment's hazard ratio in all patients and in each subtype; q-values over the subtypes."""
    forest = subgroup_forest(
        patients.time, patients.event, treated, {"subtype": patients.categories}, adjust=patients.adjust, strata=patients.strata
    )
    rows = [_row("all", forest.overall, np.ones(len(treated), dtype=bool), patients)]
    for name in patients.categories.cat.categories:
        key = f"subtype = {name}"
        row = _row(name, forest.subgroups.findings.get(key), patients.subtype == name, patients)
        reason = forest.subgroups.reasons.get(key)
        rows.append(row | {"reason": "" if reason is None else plain_reason(reason)})
    return rows


def _row(name: str, found: Finding | None, own: np.ndarray, patients: Modelled) -> dict[str, object]:
    row: dict[str, object] = {"subtype": name, "n": int(own.sum()), "events": int(patients.event[own].sum())}
    fields = {"hazard_ratio": "effect", "lower": "lower", "upper": "upper", "p_value": "p_value", "q_value": "q_value"}
    return row | {column: getattr(found, field, np.nan) for column, field in fields.items()} | {"reason": ""}


def _interaction(patients: Modelled, given: np.ndarray) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The likelihood-ratio test, and the ratio of hazard ratios of every pair of subtypes."""
    names = list(patients.categories.cat.categories)
    treatments = pd.Series(given, dtype=pd.CategoricalDtype(sorted(set(given))))
    test: dict[str, object] = {}
    pairs: list[dict[str, object]] = []
    for place, reference in enumerate(names[:-1]):
        order = [reference, *(name for name in names if name != reference)]
        found = interaction(
            patients.time,
            patients.event,
            treatments,
            patients.categories.cat.reorder_categories(order),
            adjust=patients.adjust,
            strata=patients.strata,
        )
        if not test:
            test = {"n": found.n, "events": found.events, "treatments": len(treatments.cat.categories), "subtypes": len(names)}
            test |= {"test": "likelihood ratio", "statistic": found.test.statistic}
            test |= {"degrees_of_freedom": found.test.degrees_of_freedom, "p_value": found.p_value}
        for treatment in treatments.cat.categories[1:]:
            for name in names[place + 1 :]:
                j = found.fit.names.index(f"exposure={treatment}:modifier={name}")
                pairs.append(
                    {"treatment": treatment, "reference": treatments.cat.categories[0], "subtype": name}
                    | {"reference_subtype": reference, "ratio": float(found.fit.hazard_ratios[j])}
                    | {"lower": float(found.fit.lower[j]), "upper": float(found.fit.upper[j])}
                    | {"p_value": float(found.fit.p_values[j])}
                )
    return test, pairs
