"""Which region stands for which patient, and the clinical columns as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.core.table import FeatureTable
from radiotype.errors import ComputeError, RecipeError
from radiotype.studies.recipe import Recipe

#: A feature that is missing in more than this fraction of the discovery cases is left out.
MAX_MISSING = 0.1


@dataclass(frozen=True, eq=False)
class Sample:
    """One row per patient, ordered by patient.

    Parameters
    ----------
    cases : data frame
        case_id, patient_id, split, cancer_type, modality and the clinical columns, text.
    values : data frame, shape (n_patients, n_features)
        Features in the units of their records; NaN where missing.
    """

    cases: pd.DataFrame
    values: pd.DataFrame

    @property
    def discovery(self) -> np.ndarray:
        """True for the patients on whom everything is fitted."""
        return (self.cases["split"] == "discovery").to_numpy()


def check_columns(recipe: Recipe, cohort: Cohort, manifest: Path) -> None:
    """Refuse a recipe that names columns the manifest does not have, before anything is computed.

    Raises
    ------
    RecipeError
        RT111 naming the columns, or asking for time_days when the order of the visits is not known; RT114 for a split that is
        neither discovery nor validation, or that parts a patient (an empty split means discovery).
    """
    clinical = cohort.clinical()
    wanted = [recipe.cancer_type, *recipe.covariates]
    if recipe.outcome is not None:
        wanted += [recipe.outcome.time, recipe.outcome.event]
    missing = [name for name in wanted if name is not None and name not in clinical.columns]
    if missing:
        raise RecipeError(
            "RT111",
            f"the recipe names columns that the manifest lacks: {', '.join(missing)}",
            file=manifest,
            hint=f"it has {', '.join(clinical.columns)}",
        )
    rows = _attributes(cohort)
    unknown = sorted(set(rows["split"]) - {"discovery", "validation"})
    if unknown:
        raise RecipeError("RT114", f"split {unknown[0]!r} is neither discovery nor validation", file=manifest)
    parted = rows.groupby("patient_id")["split"].nunique()
    if (parted > 1).any():
        raise RecipeError("RT114", f"{int((parted > 1).sum())} patients stand in discovery and in validation", file=manifest)
    unordered = rows[rows["days"].isna() & rows.groupby("patient_id")["visit"].transform("nunique").gt(1)]
    if len(unordered):
        raise RecipeError(
            "RT111",
            f"the patient of case {unordered['case_id'].iloc[0]} has several visits, and which one is the first is not known",
            file=manifest,
            hint="fill the column time_days, or number the visits",
        )


def _attributes(cohort: Cohort) -> pd.DataFrame:
    """One row per row of the manifest: patient, case, visit, scan, modality, split, and days of the visit (else its number)."""
    rows = []
    for region in cohort.regions():
        key, own = region.key, region.attributes
        split = own.get("split", "") or "discovery"
        rows.append([*key[:4], own.get("modality", ""), split, own.get("time_days", "")])
    table = pd.DataFrame(rows, columns=["patient_id", "case_id", "visit", "scan", "modality", "split", "days"])
    days = pd.to_numeric(table["days"], errors="coerce")
    return table.assign(days=pd.to_numeric(table["visit"], errors="coerce") if days.isna().all() else days)


def primary_regions(table: FeatureTable, cohort: Cohort, recipe: Recipe) -> Sample:
    """One region per patient: the largest at the first visit (the first by key when volume was not measured).

    Visits are ordered by `time_days`, or by their number where the manifest has no days. Modality and split are those of the
    region itself; an empty split means discovery.
    """
    region = ["patient_id", "case_id", "visit", "scan"]
    rows = _attributes(cohort).sort_values([*region, "modality", "days"]).drop_duplicates(region)
    order = table.keys.reset_index(drop=True).merge(rows, on=region, how="left", validate="many_to_one")
    order["volume"] = table.values["volume_mm3"].to_numpy() if "volume_mm3" in table.values else 0.0
    order = order.sort_values(
        ["patient_id", "days", "volume", "case_id", "scan", "roi"], ascending=[True, True, False, True, True, True]
    )
    chosen = order.drop_duplicates("patient_id")
    clinical = cohort.clinical().drop(columns=["modality", "split"], errors="ignore")
    cases = chosen.drop(columns=["days", "volume"]).merge(clinical, on=["case_id", "patient_id"], validate="one_to_one")
    if recipe.cancer_type is None:
        cases["cancer_type"] = "all"
    elif recipe.cancer_type != "cancer_type":
        cases["cancer_type"] = cases[recipe.cancer_type]
    return Sample(cases.reset_index(drop=True), table.values.iloc[chosen.index].reset_index(drop=True))


def complete_features(sample: Sample) -> tuple[pd.DataFrame, list[str]]:
    """Features without gaps, and sentences that say what was done to get there.

    A feature missing in more than a tenth of the discovery cases, or the same in all of them, is left out; other gaps take the
    median of the discovery cases.

    Raises
    ------
    ComputeError
        RT301 without discovery cases, or when no feature is left.
    """
    discovery = sample.values[sample.discovery]
    if discovery.empty:
        raise ComputeError("RT301", "no discovery patient has features", hint="check the column split, and cases.parquet")
    missing = discovery.isna().mean()
    constant = discovery.nunique() <= 1
    dropped = [name for name in sample.values.columns if missing[name] > MAX_MISSING or constant[name]]
    if len(dropped) == sample.values.shape[1]:
        raise ComputeError(
            "RT301",
            f"no feature varies among the {len(discovery)} discovery patients",
            hint="cases.parquet says what is missing",
        )
    notes = []
    if dropped:
        notes.append(f"Left out before clustering, missing in over 10 % of discovery cases or constant: {', '.join(dropped)}.")
    kept = sample.values.drop(columns=dropped)
    gaps = int(kept.isna().sum().sum())
    if gaps:
        notes.append(f"{gaps} missing feature values were replaced by the discovery median.")
    return kept.fillna(discovery.median()), notes
