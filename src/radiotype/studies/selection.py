"""The patients of a study: one row each, with features without gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.core.feature import FeatureRecord, volume_feature
from radiotype.core.table import FeatureTable
from radiotype.errors import ComputeError
from radiotype.studies.cells import counted, were
from radiotype.studies.recipe import Recipe
from radiotype.studies.regions import choose_regions, listed_regions, region_notes

#: A feature that is missing in more than this fraction of the discovery cases is left out.
MAX_MISSING = 0.1

#: Units of features that grow or shrink with the tumour.
SIZE_UNITS = frozenset({"mm", "mm2", "mm3", "/mm"})


@dataclass(frozen=True, eq=False)
class Sample:
    """One row per patient, ordered by patient.

    Parameters
    ----------
    cases : data frame
        case_id, patient_id, visit, scan, roi, modality, reader and split of the region used, and the clinical columns; text.
    values : data frame, shape (n_patients, n_features)
        Features in the units of their records; NaN where missing.
    records : tuple of FeatureRecord
        What the features are.
    cancer_type_column : str, optional
        Column of `cases` that names the cancer type.
    notes : tuple of str
        How the patients were chosen.
    unused : set of str
        Features that are not to be clustered.
    """

    cases: pd.DataFrame
    values: pd.DataFrame
    records: tuple[FeatureRecord, ...] = ()
    cancer_type_column: str | None = None
    notes: tuple[str, ...] = ()
    unused: frozenset[str] = frozenset()

    @property
    def discovery(self) -> np.ndarray:
        """True for the patients on whom everything is fitted."""
        return (self.cases["split"] == "discovery").to_numpy()

    @property
    def cancer_type(self) -> pd.Series:
        """The cancer type of each patient; "all" where the recipe names no column."""
        if self.cancer_type_column is None:
            return pd.Series("all", index=self.cases.index, dtype=object)
        return self.cases[self.cancer_type_column]

    @property
    def sizes(self) -> frozenset[str]:
        """Features in mm, mm2, mm3 or per mm."""
        return frozenset(record.name for record in self.records if record.unit in SIZE_UNITS)

    def take(self, rows: np.ndarray) -> Sample:
        """The patients for whom `rows` is True."""
        return replace(self, cases=self.cases[rows].reset_index(drop=True), values=self.values[rows].reset_index(drop=True))


def logarithm_of_sizes(values: pd.DataFrame, sizes: frozenset[str]) -> pd.DataFrame:
    """Features with sizes by their logarithm, so that a doubling counts the same at any size."""
    return values.assign(**{name: np.log(np.maximum(values[name], 1e-6)) for name in values.columns if name in sizes})


def primary_regions(table: FeatureTable, cohort: Cohort, recipe: Recipe, modality: pd.Series | None = None) -> Sample:
    """One region per patient: of those the recipe wants, the largest at the first visit.

    Visits are ordered by `time_days`, or by their number where the manifest has no days. Modality and split are those of the
    region itself; an empty split means discovery. A feature that repeats another one is left out, so that nothing counts twice.

    Parameters
    ----------
    table : FeatureTable
    cohort : Cohort
    recipe : Recipe
    modality : series, length n_regions, optional
        Modality of each region as its scan was measured; where left out or empty, that of the manifest.

    Raises
    ------
    ComputeError
        RT301 if no described region is one that the recipe wants.
    """
    table = table.distinct()
    size = volume_feature(table.values.columns)
    volume = pd.Series(0.0, index=table.values.index) if size is None else table.values[size]
    chosen = choose_regions(table.keys, volume, listed_regions(cohort), recipe.regions)
    if chosen.empty:
        raise ComputeError(
            "RT301", "no described region is one that `regions` of the recipe wants", hint="cases.parquet lists every region"
        )
    clinical = cohort.clinical()
    cases = chosen.drop(columns="set_aside")
    if modality is not None:
        measured = modality.iloc[chosen.index].set_axis(cases.index)
        cases["modality"] = measured.where(measured != "", cases["modality"])
    clinical = clinical[[name for name in clinical.columns if name not in cases.columns or name in ("case_id", "patient_id")]]
    cases = cases.merge(clinical, on=["case_id", "patient_id"], validate="one_to_one")
    return Sample(
        cases,
        table.values.iloc[chosen.index].reset_index(drop=True),
        records=table.records,
        cancer_type_column=recipe.cancer_type,
        notes=tuple(region_notes(table.keys, chosen)),
    )


def complete_features(sample: Sample) -> tuple[pd.DataFrame, list[str]]:
    """Features without gaps, and sentences that say what was done to get there.

    A feature missing in more than a tenth of the discovery cases, or the same in all of them, is left out; other gaps take the
    median of the discovery cases.

    Raises
    ------
    ComputeError
        RT301 without discovery cases, or when no feature is left.
    """
    values = sample.values.drop(columns=[name for name in sample.values.columns if name in sample.unused])
    discovery = values[sample.discovery]
    if discovery.empty:
        raise ComputeError("RT301", "no discovery patient has features", hint="check the column split, and cases.parquet")
    missing = discovery.isna().mean()
    constant = discovery.nunique() <= 1
    dropped = [name for name in values.columns if missing[name] > MAX_MISSING or constant[name]]
    if len(dropped) == values.shape[1]:
        raise ComputeError(
            "RT301",
            f"no feature varies among {counted(len(discovery), 'discovery patient')}",
            hint="cases.parquet says what is missing",
        )
    notes = []
    if dropped:
        notes.append(f"Left out before clustering, missing in over 10 % of discovery cases or constant: {', '.join(dropped)}.")
    kept = values.drop(columns=dropped)
    gaps = int(kept.isna().sum().sum())
    if gaps:
        notes.append(f"{counted(gaps, 'missing feature value')} {were(gaps)} replaced by the discovery median.")
    return kept.fillna(discovery.median()), notes
