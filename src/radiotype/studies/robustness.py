"""Which features survive another contour, and whether those that do not are clustered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.core.table import FeatureTable
from radiotype.errors import ComputeError
from radiotype.imaging.perturb import deformed
from radiotype.run.engine import describe_cohort
from radiotype.run.store import RunFolder
from radiotype.run.workers import Workers
from radiotype.stats.agreement import icc
from radiotype.studies.cells import counted, were
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample, logarithm_of_sizes
from radiotype.studies.stability import agreement_between, values_by_region

KEY = ["patient_id", "case_id", "visit", "scan", "roi"]


@dataclass(frozen=True, eq=False)
class Robustness:
    """One row per feature: `icc`, `lower`, `upper`, `n` patients, whether it is `clustered`, and the `reason` of none."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def unused(self) -> frozenset[str]:
        """Features that agree too little to be clustered."""
        return frozenset(self.table.loc[~self.table["clustered"], "feature"])


def robustness(
    cohort: Cohort, table: FeatureTable, sample: Sample, recipe: Recipe, *, workers: Workers | None = None
) -> Robustness | None:
    """Agreement of every feature between the contours drawn and contours moved a little, in discovery patients.

    Parameters
    ----------
    cohort : Cohort
    table : FeatureTable
        What was measured on the contours drawn.
    sample : Sample
        The patients; those drawn are the same whatever the validation patients are.
    recipe : Recipe
        `robustness` says how many patients and how far; nothing is done without it.
    workers : Workers, optional

    Returns
    -------
    Robustness or None
        ICC(2,1), for two readings of which the second is the moved one; of the logarithm of sizes, as they are clustered.

    Raises
    ------
    ComputeError
        RT301 if no feature is left to be clustered.
    """
    asked = recipe.robustness
    if asked is None:
        return None
    names = list(sample.values.columns)
    discovery = sample.cases[sample.discovery]
    random = np.random.default_rng(np.random.SeedSequence([recipe.seed, 20]))
    drawn = discovery.iloc[np.sort(random.permutation(len(discovery))[: asked.n_patients])]
    moved = deformed(_only(cohort, drawn), amount_mm=asked.amount_mm, smoothness_mm=asked.smoothness_mm, seed=recipe.seed)
    workers = workers or Workers()
    again = describe_cohort(moved, recipe.features, memory_bytes=workers.row_bytes, executor=workers.executor()).table
    try:
        if again is None:
            raise ComputeError("RT301", "no moved contour could be measured")
        stand = pd.MultiIndex.from_frame(drawn[KEY])  # of several labels in a file one stands for the patient
        first, second = (values_by_region(one)[names] for one in (table, again))
        readings = [logarithm_of_sizes(one[one.index.isin(stand)], sample.sizes) for one in (first, second)]
        found = agreement_between(readings, icc).to_frame()
    except ComputeError as error:
        rows = pd.DataFrame({"feature": names})
        empty = rows.assign(icc=np.nan, lower=np.nan, upper=np.nan, n=0, clustered=True, reason=error.found)
        return Robustness(empty, (f"Features were not tested by moving contours: {error.found}.",))
    rows = found.reindex(names).rename_axis("feature").reset_index()
    rows = rows.rename(columns={"effect": "icc"})[["feature", "icc", "lower", "upper", "n", "reason"]]
    rows["n"] = rows["n"].fillna(0).astype(int)
    rows["reason"] = rows["reason"].fillna("not measured on moved contours")
    kept = pd.Series(True, index=rows.index) if asked.least_icc is None else rows["icc"] >= asked.least_icc
    rows.insert(5, "clustered", kept)
    notes = []
    if not kept.all():
        n = int((~kept).sum())
        if n == len(rows):
            raise ComputeError(
                "RT301", f"no feature has an ICC of {asked.least_icc:g} or more", hint="lower robustness.least_icc or amount_mm"
            )
        notes.append(
            f"{counted(n, 'feature')} with an ICC below {asked.least_icc:g}, or none, between contours drawn and moved by "
            f"{asked.amount_mm:g} mm {were(n)} not clustered."
        )
    return Robustness(rows, tuple(notes))


def with_robust_features(sample: Sample, found: Robustness | None) -> Sample:
    """The sample, knowing which features are not to be clustered."""
    if found is None:
        return sample
    return replace(sample, unused=found.unused, notes=(*sample.notes, *found.notes))


def store_robustness(folder: RunFolder, found: Robustness | None) -> None:
    """Agreement by feature."""
    if found is not None:
        folder.write_table("results/robustness.parquet", found.table)


def _only(cohort: Cohort, cases: pd.DataFrame) -> Cohort:
    """The regions that stand for these patients: their images and masks, whatever the label."""
    wanted = set(cases[["patient_id", "case_id", "visit", "scan"]].itertuples(index=False, name=None))
    rois = dict(zip(cases["case_id"], cases["roi"], strict=True))
    kept = []
    for case in cohort.cases:
        regions = tuple(
            region
            for region in case.regions
            if tuple(region.key)[:4] in wanted and f"{rois[region.key.case_id]}-".startswith(f"{region.key.roi}-")
        )
        if regions:
            kept.append(replace(case, regions=regions))
    return Cohort(tuple(kept))
