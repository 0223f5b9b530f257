"""What a worker process does: read the rows of one image, and measure what is not in the store."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from radiotype.core.case import Region, RowKey
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError, InputError, RadiotypeError
from radiotype.features.describe import described
from radiotype.features.margin import margin_regions
from radiotype.features.settings import FeatureSettings
from radiotype.imaging.margins import MarginRegions
from radiotype.imaging.parenchyma.loader import FoundParenchyma
from radiotype.run.digests import Digests, SourceDigest, sources_of, unchanged
from radiotype.run.memory import needed_to_measure, needed_to_read, require_memory
from radiotype.run.memory_parenchyma import needed_to_find
from radiotype.run.parts import PICTURES, SHOWN, Failure, Part, RegionPart, part_key, stored_part
from radiotype.run.store import RunFolder, npz, picture_name

T = TypeVar("T")

#: Code of an error that radiotype did not foresee; the case fails, the run goes on, the exit code says so.
UNFORESEEN = "RT000"

#: The stage in which the organ tissue around a region is read, or found.
PARENCHYMA = "read parenchyma"

#: A row whose files were replaced while it was measured; nothing of it can be trusted.
CHANGED = Failure(
    "read",
    "RT202",
    "a file of this row changed while it was measured",
    "give the same command again when it is complete",
)


@dataclass(frozen=True)
class Row:
    """One row of the manifest to describe; `inputs` are the digests of its files, None where they are not known yet."""

    region: Region
    missing: tuple[str, ...]
    inputs: tuple[SourceDigest, ...] | None = None


@dataclass(frozen=True)
class Task:
    """Rows that share one image, and the parts that each is to have.

    `store` is the folder of the run, `memory_bytes` what describing them may take.
    """

    rows: tuple[Row, ...]
    names: tuple[str, ...]
    settings: FeatureSettings
    store: Path | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class RowResult:
    """How one row ended.

    `parts` are by family, `keys` those under which they are to be stored; `failure` says why there is none, when the row could
    not be read. `digests` were computed on the way, `pictures` are stored arrays by name. `stored`: nothing had to be measured;
    `anew`: what was stored of the row before does not count.
    """

    key: RowKey
    parts: Mapping[str, Part] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    digests: tuple[SourceDigest, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    stored: bool = False
    anew: bool = False


class _Held(NamedTuple):
    """The scan of the row before, and the digest of its file where that is known."""

    scan: Scan
    input: SourceDigest | None


@dataclass(frozen=True, eq=False)
class Around:
    """The organ tissue around the regions of a row: given, found, or none; or why it was not found.

    `remarks` say how it was found, `doubtful` whether something speaks against it.
    """

    mask: Mask | None = None
    remarks: tuple[str, ...] = ()
    doubtful: bool = False
    found: bool = False
    failure: Failure | None = None

    def said_of(self, part: RegionPart) -> RegionPart:
        """The margin features with what is to be said of a parenchyma that was found."""
        if not self.found or self.mask is None:
            return part
        flags = {**part.flags, "parenchyma_found_voxels": float(self.mask.n_voxels)}
        if not self.doubtful:
            return replace(part, flags=flags)
        care = {name: "parenchyma_doubtful" for name in part.values if "_parenchymal_" in name}
        return replace(part, flags=flags | {"parenchyma_doubtful": 1.0}, reasons=care | dict(part.reasons))


def describe_rows(task: Task) -> list[RowResult]:
    """Describe the rows of a task; the image is read once. Whatever a row raises ends that row only."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        held: _Held | None = None
        digests = Digests()
        results = []
        for row in task.rows:
            result, held = _describe_row(row, task, digests, held)
            results.append(result)
        return results


def _describe_row(row: Row, task: Task, digests: Digests, held: _Held | None) -> tuple[RowResult, _Held | None]:
    """The result of a row, and its scan for the next one."""
    region, clock = row.region, _Clock()
    blank, missing = RowResult(region.key), row.missing
    found: dict[str, Part] = {}
    inputs: tuple[SourceDigest, ...] | None = None
    try:
        if task.store is not None:
            folder = RunFolder(task.store)
            inputs, blank, found = clock.time("look up", lambda: _look_up(row, task, folder, digests))
            missing = tuple(name for name in (task.names if blank.anew else missing) if name not in found)
            if not missing:
                return replace(blank, parts=found, keys={}, seconds=clock.seconds, stored=True), held
        image = inputs[0] if inputs else None
        if held is None or held.input != image:
            held = _Held(clock.time("read image", region.image), image)
        current = held.scan
        require_memory(needed_to_read(current, region, missing), current, task.memory_bytes)
        masks = clock.time("read mask", lambda: region.masks(current))
        around = clock.time(PARENCHYMA, lambda: _parenchyma(region, current, masks, missing, task.memory_bytes))
        require_memory(needed_to_measure(current, masks, missing, task.settings), current, task.memory_bytes)
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this row only
        return replace(blank, failure=_failure(clock.stage, error), seconds=clock.seconds, keys={}), held
    parts: dict[str, list[RegionPart]] = {name: [] for name in missing}
    pictures: dict[str, bytes] = {}
    for mask in masks:
        regions = None  # of this mask, once they are measured
        for name in missing:
            if name == PICTURES:
                part, drawn = _draw(current, mask, around, regions, task.settings, clock)
                pictures |= drawn
            else:
                part, found_regions = _measure(name, current, mask, around, task.settings, clock)
                regions = found_regions or regions
            parts[name].append(part)
    if inputs is not None and not _still(region, inputs):
        return replace(blank, failure=CHANGED, seconds=clock.seconds, keys={}, digests=(), anew=True), None
    done = {name: tuple(part) for name, part in parts.items()}
    whole = {name: key for name, key in blank.keys.items() if name in done and not any(part.failure for part in done[name])}
    if around.failure is not None:
        whole.pop(PICTURES, None)  # what is missing in it may be there next time
    return replace(blank, parts=found | done, keys=whole, seconds=clock.seconds, pictures=pictures), held


def _look_up(
    row: Row, task: Task, folder: RunFolder, digests: Digests
) -> tuple[tuple[SourceDigest, ...] | None, RowResult, dict[str, Part]]:
    """Digests and keys of a row; and what the store holds of it, where its files were not known or changed since."""
    region, blank = row.region, RowResult(row.region.key)
    if row.inputs is not None and unchanged(region, row.inputs):
        keys = {name: part_key(name, region, row.inputs, task.settings) for name in row.missing}
        return row.inputs, replace(blank, keys=keys), {}
    blank = replace(blank, anew=True)
    found = [digests.hashed(source) for source in sources_of(region)]
    hashed = [one for one in found if one is not None]
    if len(hashed) < len(found):
        return None, blank, {}
    inputs = tuple(one for one, _ in hashed)
    keys = {name: part_key(name, region, inputs, task.settings) for name in task.names}
    stored = {}
    for name, key in keys.items():
        part = stored_part(folder, key)
        if part is not None:
            stored[name] = part
    return inputs, replace(blank, keys=keys, digests=tuple(one for one, lasting in hashed if lasting)), stored


def _still(region: Region, inputs: tuple[SourceDigest, ...]) -> bool:
    """Whether the files of a row still hold what they held before it was measured."""
    if unchanged(region, inputs):
        return True
    again = [Digests().hashed(source) for source in sources_of(region)]
    return [one and one[0].sha256 for one in again] == [one.sha256 for one in inputs]


def _measure(
    name: str, scan: Scan, mask: Mask, around: Around, settings: FeatureSettings, clock: _Clock
) -> tuple[RegionPart, MarginRegions | None]:
    needs_it = name == SHOWN
    blank = _blank(scan, mask, around.remarks if needs_it else ())
    if needs_it and around.failure is not None:
        return replace(blank, failure=around.failure), None
    try:
        found, regions = clock.time(name, lambda: described(scan, mask, [name], parenchyma=around.mask, settings=settings))
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends this family of this region only
        return replace(blank, failure=_failure(name, error)), None
    part = replace(blank, values=dict(found.values), reasons=dict(found.reasons), flags=dict(found.flags))
    return around.said_of(part) if needs_it else part, regions


def _draw(
    scan: Scan, mask: Mask, around: Around, regions: MarginRegions | None, settings: FeatureSettings, clock: _Clock
) -> tuple[RegionPart, dict[str, bytes]]:
    """The picture of a region, with what the margin features compare; regions that were measured are not made again."""
    from radiotype.imaging.planes import three_planes

    def drawn() -> bytes:
        shown = regions
        if shown is None and SHOWN in settings.families and around.failure is None:
            with suppress(InputError, ComputeError):  # the margin features say why there are none
                shown = margin_regions(scan, mask, parenchyma=around.mask, settings=settings.margin)
        return npz(three_planes(scan, mask, shown, parenchyma=around.mask if around.found else None))

    try:
        data = clock.time(PICTURES, drawn)
    except Exception as error:  # noqa: BLE001 - a picture that cannot be drawn costs that picture
        return replace(_blank(scan, mask), failure=_failure(PICTURES, error)), {}
    name = picture_name(data)
    return replace(_blank(scan, mask), picture=name), {name: data}


def _blank(scan: Scan, mask: Mask, remarks: tuple[str, ...] = ()) -> RegionPart:
    """What reading said of a region, before it is measured."""
    return RegionPart(mask.label, (*scan.remarks, *mask.remarks, *remarks), modality=scan.modality)


def _parenchyma(region: Region, scan: Scan, masks: Sequence[Mask], parts: Sequence[str], memory_bytes: int | None) -> Around:
    """The organ tissue around the regions of a row, given or found; where it cannot be, only what needs it has no value."""
    source = region.parenchyma
    if not isinstance(source, FoundParenchyma):
        return Around(source(scan)[0] if source is not None else None)
    if SHOWN not in parts and PICTURES not in parts:
        return Around()
    try:
        require_memory(needed_to_find(scan, source), scan, memory_bytes)
        found = source.find(scan, masks)
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends the families that need a parenchyma only
        return Around(failure=_failure(PARENCHYMA, error), found=True)
    return Around(found.mask, (found.sentence,), doubtful=bool(found.doubts), found=True)


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
