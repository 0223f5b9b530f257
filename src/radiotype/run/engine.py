"""Describe every region of a cohort; a bad file costs that file, not the run."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.core.case import Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.core.feature import Features
from radiotype.core.table import FeatureTable
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError, InputError, RadiotypeError, RecipeError
from radiotype.features.describe import describe
from radiotype.features.settings import FeatureSettings
from radiotype.run.executor import Executor, Inline
from radiotype.run.progress import progress

T = TypeVar("T")

#: Code of an error that radiotype did not foresee; the case fails, the run goes on, the exit code says so.
UNFORESEEN = "RT000"


@dataclass(frozen=True)
class Task:
    """One region to describe."""

    region: Region
    settings: FeatureSettings
    pictures: bool


@dataclass(frozen=True)
class Outcome:
    """How one region ended: features, or a code with its reason and a hint.

    `row` is the key of its row in the manifest; `key` is completed with the label where the mask file holds several.
    """

    key: RowKey
    modality: str
    features: Features | None = None
    stage: str = ""
    code: str = ""
    reason: str = ""
    hint: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    planes: dict[str, npt.NDArray[Any]] | None = None
    row: RowKey | None = None

    @property
    def status(self) -> str:
        """ok, partial (some features are NaN) or failed."""
        if self.features is None:
            return "failed"
        return "partial" if any(np.isnan(value) for value in self.features.values.values()) else "ok"


@dataclass(frozen=True, eq=False)
class Extraction:
    """What a cohort gave: the feature table (None when every region failed) and how each region ended."""

    table: FeatureTable | None
    outcomes: tuple[Outcome, ...]

    def cases(self) -> pd.DataFrame:
        """One row per region: key, modality, status, stage, code, reason, hint."""
        columns = ("modality", "status", "stage", "code", "reason", "hint")
        rows = [one.key._asdict() | {name: getattr(one, name) for name in columns} for one in self.outcomes]
        return pd.DataFrame(rows, columns=[*RowKey._fields, *columns])

    def timings(self) -> pd.DataFrame:
        """Seconds per region and stage."""
        rows = [
            one.key._asdict() | {"stage": stage, "seconds": seconds}
            for one in self.outcomes
            for stage, seconds in one.seconds.items()
        ]
        return pd.DataFrame(rows, columns=[*RowKey._fields, "stage", "seconds"])

    @property
    def n_failed(self) -> int:
        """Number of regions without features."""
        return sum(one.features is None for one in self.outcomes)


def describe_cohort(
    cohort: Cohort,
    settings: FeatureSettings | None = None,
    *,
    pictures: bool = False,
    executor: Executor[Task, list[Outcome]] | None = None,
) -> Extraction:
    """Describe every region of every case.

    Parameters
    ----------
    cohort : Cohort
    settings : FeatureSettings, optional
    pictures : bool
        Also keep three planes with the contour of each region.
    executor : Executor, optional
        Where to do it; this process when left out.

    Returns
    -------
    Extraction
        Ordered by key, whatever the order in which the regions finished. A region without a label in a mask file of several is
        called roi-label; where that is the name of another row, the row that comes later by its own key fails (RT112).

    Raises
    ------
    RecipeError
        RT103 if the environment asks for a SIMD level that this processor does not have.
    """
    _require_simd_level()
    chosen = settings or FeatureSettings()
    regions = list(cohort.regions())
    workers: Executor[Task, list[Outcome]] = executor or Inline(describe_region)
    outcomes: list[Outcome] = []
    try:
        for region in regions:
            workers.submit(Task(region, chosen, pictures))
        with progress("describing regions", len(regions)) as advance:
            for found in workers.results():
                outcomes += found
                advance()
    finally:
        workers.close()
    outcomes = _one_per_key(outcomes)
    described = [(one.key, one.features) for one in outcomes if one.features is not None]
    return Extraction(FeatureTable.from_rows(described) if described else None, tuple(outcomes))


def _require_simd_level() -> None:
    """Refuse a wrong RADIOTYPE_SIMD once, at the start; it is no fault of any case."""
    from radiotype import _native

    try:
        _native.simd_level()
    except RuntimeError as error:
        raise RecipeError("RT103", str(error), hint="correct or unset the environment variable RADIOTYPE_SIMD") from error


def _one_per_key(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes ordered by key; of those that share one, all but that of the first row of the manifest fail."""
    result: list[Outcome] = []
    for one in sorted(outcomes, key=lambda one: (one.key, one.row or one.key)):
        if result and result[-1].key == one.key:
            reason = f"the region {one.key.roi!r} of this scan stands there already, from another row or label"
            hint = (
                "name the label of each row, or give its roi another name: roi-label is taken where a file holds several labels"
            )
            one = Outcome(
                one.key, one.modality, stage="key", code="RT112", reason=reason, hint=hint, seconds=one.seconds, row=one.row
            )
        result.append(one)
    return result


def describe_region(task: Task) -> list[Outcome]:
    """Read and describe one row of the manifest; several outcomes when its mask file holds several labels."""
    from threadpoolctl import threadpool_limits

    region = task.region
    blank = Outcome(region.key, region.attributes.get("modality", ""), row=region.key)
    with threadpool_limits(1):
        clock = _Clock()
        try:
            scan = clock.time("read image", region.image)
            masks = clock.time("read mask", lambda: region.masks(scan))
            parenchyma = clock.time("read parenchyma", lambda: _parenchyma(region, scan))
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this region only
            return [_failure(replace(blank, seconds=clock.seconds), clock.stage, error)]
        result = []
        for mask in masks:
            key = region.key if len(masks) == 1 else region.key._replace(roi=f"{region.key.roi}-{mask.label}")
            result.append(_describe_one(replace(blank, key=key), scan, mask, parenchyma, task, dict(clock.seconds)))
        return result


def _describe_one(
    blank: Outcome, scan: Scan, mask: Mask, parenchyma: Mask | None, task: Task, seconds: dict[str, float]
) -> Outcome:
    clock = _Clock(seconds)
    try:
        features = clock.time("features", lambda: describe(scan, mask, parenchyma=parenchyma, settings=task.settings))
        planes = clock.time("pictures", lambda: _planes(scan, mask)) if task.pictures else None
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this region only
        return _failure(replace(blank, seconds=clock.seconds), clock.stage, error)
    return replace(blank, features=features, planes=planes, seconds=clock.seconds)


def _parenchyma(region: Region, scan: Scan) -> Mask | None:
    return region.parenchyma(scan)[0] if region.parenchyma is not None else None


def _planes(scan: Scan, mask: Mask) -> dict[str, npt.NDArray[Any]]:
    from radiotype.imaging.planes import three_planes

    return three_planes(scan, mask)


def _failure(outcome: Outcome, stage: str, error: Exception) -> Outcome:
    """The outcome of a region that ended in an error; errors that end the run are raised again."""
    if isinstance(error, InputError | ComputeError):
        return replace(outcome, stage=stage, code=error.code, reason=error.found, hint=error.hint or "")
    if isinstance(error, RadiotypeError):
        raise error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    reason = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    hint = "this is a fault of radiotype: please report code, reason and version"
    return replace(outcome, stage=stage, code=UNFORESEEN, reason=reason, hint=hint)


class _Clock:
    """Seconds per stage, and the stage that is running."""

    def __init__(self, seconds: dict[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})
        self.stage = ""

    def time(self, stage: str, work: Callable[[], T]) -> T:
        self.stage = stage
        start = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


def picture_name(key: RowKey) -> str:
    """File name of the pictures of one region; says nothing about the patient."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:16] + ".npz"
