"""What a worker process does: read the rows of one image, and measure what is not in the store."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from radiotype.core.case import Region, RowKey
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError, InputError, RadiotypeError
from radiotype.features.describe import describe
from radiotype.features.settings import FeatureSettings
from radiotype.run.digests import Digests, FileDigest
from radiotype.run.entries import Entries
from radiotype.run.memory import needed_to_measure, needed_to_read, require_memory
from radiotype.run.parts import PICTURES, Failure, Part, RegionPart, from_plain, part_key
from radiotype.run.store import RunFolder, npz, picture_name

T = TypeVar("T")

#: Code of an error that radiotype did not foresee; the case fails, the run goes on, the exit code says so.
UNFORESEEN = "RT000"


@dataclass(frozen=True)
class Row:
    """One row of the manifest to describe; `inputs` are the digests of its files, None where they are not known yet."""

    region: Region
    missing: tuple[str, ...]
    inputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Task:
    """Rows that share one image. `store` is the folder of the run, `memory_bytes` what describing them may take."""

    rows: tuple[Row, ...]
    settings: FeatureSettings
    store: Path | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class RowResult:
    """How one row ended.

    `parts` are by family, `keys` those under which they are to be stored; `failure` says why there is none, when the row could
    not be read. `digests` were computed on the way, `pictures` are stored arrays by name.
    """

    key: RowKey
    parts: Mapping[str, Part] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    digests: tuple[FileDigest, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def describe_rows(task: Task) -> list[RowResult]:
    """Describe the rows of a task; the image is read once. Whatever a row raises ends that row only."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        scan: Scan | None = None
        results = []
        for row in task.rows:
            result, scan = _describe_row(row, task, scan)
            results.append(result)
        return results


def _describe_row(row: Row, task: Task, scan: Scan | None) -> tuple[RowResult, Scan | None]:
    """The result of a row, and its scan for the next one."""
    region, clock = row.region, _Clock()
    blank, missing = RowResult(region.key), row.missing
    found: dict[str, Part] = {}
    try:
        if task.store is not None:
            blank, found = clock.time("look up", lambda: _look_up(row, task, blank))
            missing = tuple(name for name in missing if name not in found)
            if not missing:
                return replace(blank, parts=found, keys={}, seconds=clock.seconds), scan
        scan = scan or clock.time("read image", region.image)
        require_memory(needed_to_read(scan, region, missing), scan, task.memory_bytes)
        current = scan
        masks = clock.time("read mask", lambda: region.masks(current))
        parenchyma = clock.time("read parenchyma", lambda: _parenchyma(region, current))
        require_memory(needed_to_measure(scan, masks, missing, task.settings), scan, task.memory_bytes)
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this row only
        return replace(blank, failure=_failure(clock.stage, error), seconds=clock.seconds, keys={}), scan
    parts: dict[str, list[RegionPart]] = {name: [] for name in missing}
    pictures: dict[str, bytes] = {}
    for mask in masks:
        for name in missing:
            if name == PICTURES:
                part, drawn = _draw(scan, mask, clock)
                pictures |= drawn
            else:
                part = _measure(name, scan, mask, parenchyma, task.settings, clock)
            parts[name].append(part)
    done = {name: tuple(part) for name, part in parts.items()}
    whole = {name: key for name, key in blank.keys.items() if name in done and not any(part.failure for part in done[name])}
    return replace(blank, parts=found | done, keys=whole, seconds=clock.seconds, pictures=pictures), scan


def _look_up(row: Row, task: Task, blank: RowResult) -> tuple[RowResult, dict[str, Part]]:
    """Digests and keys of a row whose files were not known, and what the store holds of it after all."""
    inputs, digests = row.inputs, Digests()
    if inputs is None:
        region = row.region
        sources = [one for one in (region.image, region.masks, region.parenchyma) if one is not None]
        found = [digests.hashed(source) for source in sources]
        if None in found:
            return blank, {}
        inputs = tuple(one for one in found if one is not None)
    keys = {name: part_key(name, row.region, inputs, task.settings) for name in row.missing}
    stored = {}
    if row.inputs is None and task.store is not None:
        entries = Entries(RunFolder(task.store))
        read = {name: entries.read(key) for name, key in keys.items()}
        stored = {name: from_plain(plain) for name, plain in read.items() if plain is not None}
    return replace(blank, keys=keys, digests=digests.known()), stored


def _measure(
    name: str, scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings, clock: _Clock
) -> RegionPart:
    try:
        found = clock.time(name, lambda: describe(scan, mask, [name], parenchyma=parenchyma, settings=settings))
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this family of this region only
        return RegionPart(mask.label, _remarks(scan, mask), failure=_failure(name, error))
    return RegionPart(mask.label, _remarks(scan, mask), dict(found.values), dict(found.reasons), dict(found.flags))


def _draw(scan: Scan, mask: Mask, clock: _Clock) -> tuple[RegionPart, dict[str, bytes]]:
    from radiotype.imaging.planes import three_planes

    try:
        data = clock.time(PICTURES, lambda: npz(three_planes(scan, mask)))
    except Exception as error:  # noqa: BLE001 - a picture that cannot be drawn costs that picture
        return RegionPart(mask.label, _remarks(scan, mask), failure=_failure(PICTURES, error)), {}
    name = picture_name(data)
    return RegionPart(mask.label, _remarks(scan, mask), picture=name), {name: data}


def _remarks(scan: Scan, mask: Mask) -> tuple[str, ...]:
    return (*scan.remarks, *mask.remarks)


def _parenchyma(region: Region, scan: Scan) -> Mask | None:
    return region.parenchyma(scan)[0] if region.parenchyma is not None else None


def _failure(stage: str, error: Exception) -> Failure:
    """Why a row or a family ended; errors that end the run are raised again."""
    if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
        return Failure(
            stage, "RT306", "there was not enough memory", "give more with --memory, or start fewer processes with --jobs"
        )
    if isinstance(error, InputError | ComputeError):
        return Failure(stage, error.code, error.found, error.hint or "")
    if isinstance(error, RadiotypeError):
        raise error
    frame = traceback.extract_tb(error.__traceback__)[-1]
    reason = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
    return Failure(stage, UNFORESEEN, reason, "this is a fault of radiotype: please report code, reason and version")


class _Clock:
    """Seconds per stage, and the stage that is running."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.stage = ""

    def time(self, stage: str, work: Callable[[], T]) -> T:
        self.stage = stage
        start = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start
