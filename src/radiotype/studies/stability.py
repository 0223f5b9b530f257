"""Which features survive another contour: agreement over deformed masks, and over readers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from radiotype.core.cohort import Cohort
from radiotype.core.table import FeatureTable
from radiotype.errors import ComputeError, RecipeError
from radiotype.features.settings import FeatureSettings
from radiotype.imaging.perturb import SMOOTHNESS_MM, check_deformation, deformed
from radiotype.run.engine import describe_cohort
from radiotype.run.workers import Workers
from radiotype.stats.agreement import IntraclassCorrelation, icc, readings_by_feature
from radiotype.stats.findings import Findings, per_feature

if TYPE_CHECKING:
    import pandas as pd

Agreement = Callable[["pd.DataFrame"], IntraclassCorrelation]

#: What two readings of one region have in common.
SUBJECT = ("patient_id", "case_id", "visit", "scan")


def feature_stability(
    cohort: Cohort,
    settings: FeatureSettings | None = None,
    *,
    amount_mm: float = 1.0,
    smoothness_mm: float = SMOOTHNESS_MM,
    n_deformed: int = 1,
    seed: int = 0,
    agreement: Agreement = icc,
    workers: Workers | None = None,
) -> Findings[IntraclassCorrelation]:
    """Agreement of every feature of the masks with those of the same masks, deformed.

    Parameters
    ----------
    cohort : Cohort
    settings : FeatureSettings, optional
        What to measure.
    amount_mm, smoothness_mm : float
        How far, and how smoothly, the surface is moved, as in `radiotype.imaging.perturb.deform`.
    n_deformed : int
        Deformed readings of each mask, beside the mask itself.
    seed : int
    agreement : callable
        Takes the readings of one feature, one column each, and returns a finding: `radiotype.stats.icc`, or
        `lambda readings: icc(readings, kind="consistency")`.
    workers : Workers, optional
        Where features are measured, such as `radiotype.run.Workers(jobs=4)`; this process when left out.

    Returns
    -------
    Findings
        `n` of a feature counts the regions in which every reading has a value; the others are left out.

    Raises
    ------
    RecipeError
        RT103 for an amount, a smoothness, a number or a seed that cannot be.
    ComputeError
        RT301 if no region could be described; else as `per_feature`.
    """
    if isinstance(n_deformed, bool) or not isinstance(n_deformed, int) or n_deformed < 1:
        raise RecipeError("RT103", f"n_deformed is {n_deformed!r}; expected a whole number, 1 or more")
    check_deformation(amount_mm, smoothness_mm, seed)
    seeds = np.random.SeedSequence(seed).generate_state(n_deformed).tolist()
    cohorts = [cohort]
    cohorts += [deformed(cohort, amount_mm=amount_mm, smoothness_mm=smoothness_mm, seed=one) for one in seeds]
    workers = workers or Workers()
    readings = []
    for one in cohorts:
        table = describe_cohort(one, settings, memory_bytes=workers.row_bytes, executor=workers.executor()).table
        if table is None:
            raise ComputeError("RT301", "no region gave features", hint="`describe_cohort(cohort).cases()` says why")
        table = table.distinct()
        readings.append(table.values.set_axis(_index(table, (*SUBJECT, "roi"))))
    return _agreement(readings, agreement)


def reader_agreement(table: FeatureTable, *, agreement: Agreement = icc) -> Findings[IntraclassCorrelation]:
    """Agreement of every feature between the regions of one scan: the readers.

    Parameters
    ----------
    table : FeatureTable
        Rows that differ in `roi` alone are readings of one region; `roi` names the reader.
    agreement : callable
        As in `feature_stability`. Where the readers of one case are not those of the next, a reader's number means nothing:
        `lambda readings: icc(readings, model="one-way")`.

    Returns
    -------
    Findings
        `n` of a feature counts the scans in which every reader has a value; the others are left out.

    Raises
    ------
    ComputeError
        RT301 for fewer than two readers; else as `per_feature`.
    """
    table = table.distinct()
    values = table.values.set_axis(_index(table, SUBJECT))
    readers = table.keys["roi"].to_numpy()
    return _agreement([values[readers == reader] for reader in sorted(set(readers))], agreement)


def _index(table: FeatureTable, columns: Sequence[str]) -> pd.MultiIndex:
    import pandas as pd

    return pd.MultiIndex.from_frame(table.keys[list(columns)])


def _agreement(readings: Sequence[pd.DataFrame], agreement: Agreement) -> Findings[IntraclassCorrelation]:
    """Per feature, over the subjects with a value in every reading."""
    subjects = readings[0].index
    for other in readings[1:]:
        subjects = subjects.intersection(other.index)
    by_feature = readings_by_feature([one.loc[subjects] for one in readings])
    return per_feature(by_feature, lambda columns: agreement(columns.dropna()))
