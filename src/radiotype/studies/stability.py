"""Which features survive another contour: agreement over deformed masks, and over readers."""

from __future__ import annotations

import re
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

#: What two readings of one region have in common, beside its label.
SUBJECT = ("patient_id", "case_id", "visit", "scan")


#: What the manifest calls a region that has a reader and no name of its own.
READER = "reader-"


def one_way(readings: pd.DataFrame) -> IntraclassCorrelation:
    """ICC(1,1): of readings that have no order."""
    return icc(readings, model="one-way")


def feature_stability(
    cohort: Cohort,
    settings: FeatureSettings | None = None,
    *,
    amount_mm: float = 1.0,
    smoothness_mm: float = SMOOTHNESS_MM,
    n_deformed: int = 1,
    seed: int = 0,
    agreement: Agreement = one_way,
    workers: Workers | None = None,
) -> Findings[IntraclassCorrelation]:
    """Agreement of every feature over deformed readings of the same masks.

    Parameters
    ----------
    cohort : Cohort
    settings : FeatureSettings, optional
        What to measure.
    amount_mm, smoothness_mm : float
        How far, and how smoothly, the surface is moved, as in `radiotype.imaging.perturb.deform`.
    n_deformed : int
        Deformed readings of each mask. With 2 or more they are compared with each other, and the mask itself is no reading: it
        lies nearer to each than they to each other, so the result would depend on their number. 1 is compared with the mask.
    seed : int
    agreement : callable
        Takes the readings of one feature, one column each, and returns a finding. ICC(1,1) when left out: deformed readings
        have no order. Another: `lambda readings: icc(readings, model="one-way", unit="average")`.
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
    cohorts = [cohort] if n_deformed == 1 else []
    cohorts += [deformed(cohort, amount_mm=amount_mm, smoothness_mm=smoothness_mm, seed=one) for one in seeds]
    workers = workers or Workers()
    readings = []
    for one in cohorts:
        table = describe_cohort(one, settings, memory_bytes=workers.row_bytes, executor=workers.executor()).table
        if table is None:
            raise ComputeError("RT301", "no region gave features", hint="`describe_cohort(cohort).cases()` says why")
        readings.append(values_by_region(table))
    return agreement_between(readings, agreement)


def reader_agreement(
    table: FeatureTable, *, readers: Sequence[str] | None = None, agreement: Agreement = icc
) -> Findings[IntraclassCorrelation]:
    """Agreement of every feature between the readers of one region.

    Parameters
    ----------
    table : FeatureTable
        `roi` is reader-NAME, as the manifest calls a row that has a reader and no roi; or reader-NAME-LABEL, where a file held
        several labels: the readers of one label read one region.
    readers : sequence of str, optional
        Their names; regions of others are left out. When left out: every NAME there is, none with a label.
    agreement : callable
        As in `feature_stability`; ICC(2,1) when left out. Where the readers of one case are not those of the next, a reader's
        name means nothing: `lambda readings: icc(readings, model="one-way")`.

    Returns
    -------
    Findings
        `n` of a feature counts the regions in which every reader has a value; the others are left out.

    Raises
    ------
    RecipeError
        RT103 for a reader without a region.
    ComputeError
        RT305 without `readers`, for a region whose name is not that of a reader, or ends like a label; RT301 for fewer than two
        readers; else as `per_feature`.
    """
    table = table.distinct()
    rois = table.keys["roi"].tolist()
    names = sorted({_sole_reader(roi) for roi in rois} if readers is None else set(readers), key=len)
    drawn = {roi: name for name in names for roi in rois if f"{roi}-".startswith(f"{READER}{name}-")}
    for name in names:
        if name not in drawn.values():
            raise RecipeError("RT103", f"readers names {name!r}, who drew no region of the table")
    labels = [roi.removeprefix(f"{READER}{drawn.get(roi)}") for roi in rois]
    values = table.values.set_axis(_index(table.keys.assign(label=labels), (*SUBJECT, "label")))
    by = table.keys["roi"].map(drawn).to_numpy()
    return agreement_between([values[by == name] for name in sorted(names)], agreement)


def _sole_reader(roi: str) -> str:
    """The reader whom the name of a region is made of."""
    name = roi.removeprefix(READER)
    if name in ("", roi) or re.fullmatch(r".+-\d+", name):
        found = f"the region {roi!r} " + (
            "is not named after a reader" if name in ("", roi) else "may be a reader's or one label"
        )
        raise ComputeError("RT305", found, hint="name the readers: `readers=`; a region is one if its roi is reader-NAME")
    return name


def values_by_region(table: FeatureTable) -> pd.DataFrame:
    """Features that repeat no other one, indexed by region: one reading of each."""
    table = table.distinct()
    return table.values.set_axis(_index(table.keys, (*SUBJECT, "roi")))


def agreement_between(readings: Sequence[pd.DataFrame], agreement: Agreement) -> Findings[IntraclassCorrelation]:
    """Per feature, over the subjects of every reading that have a value in all; readings are indexed by subject."""
    subjects = readings[0].index
    for other in readings[1:]:
        subjects = subjects.intersection(other.index)
    by_feature = readings_by_feature([one.loc[subjects] for one in readings])
    return per_feature(by_feature, lambda columns: agreement(columns.dropna()))


def _index(keys: pd.DataFrame, columns: Sequence[str]) -> pd.MultiIndex:
    import pandas as pd

    return pd.MultiIndex.from_frame(keys[list(columns)])
