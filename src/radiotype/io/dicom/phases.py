"""The phases of a series: several images at each position, told apart by what the files say of time and order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from radiotype.errors import InputError
from radiotype.io.dicom.moments import DAY_S, is_dated
from radiotype.io.dicom.stack import MAX_LISTED, Plane, heights, levels

Level = list[Plane]
Key = Callable[[Plane], float | None]


@dataclass(frozen=True, eq=False)
class Phases:
    """Volumes of one stack.

    `volumes` holds the planes of each phase in order of position; `times_s` the seconds from the first phase, None when the
    files do not say; `split_by` the element that told the phases apart, empty for one phase; `n_dropped` how many copies of
    an image were left out.
    """

    volumes: tuple[tuple[Plane, ...], ...]
    times_s: tuple[float, ...] | None = None
    split_by: str = ""
    n_dropped: int = 0


#: What tells phases apart when it takes the same values at every position, best first.
_LABELS: tuple[tuple[str, Key], ...] = (
    ("TemporalPositionIdentifier", lambda plane: plane.frame.temporal_position),
    ("AcquisitionNumber", lambda plane: plane.frame.acquisition_number),
    ("TriggerTime", lambda plane: plane.frame.trigger_time_s),
    ("AcquisitionTime", lambda plane: plane.frame.acquisition_time),
    ("ContentTime", lambda plane: plane.frame.content_time),
)

#: What tells phases apart by its order at each position.
_ORDERS: tuple[tuple[str, Key], ...] = (
    ("AcquisitionTime", lambda plane: plane.frame.acquisition_time),
    ("TriggerTime", lambda plane: plane.frame.trigger_time_s),
    ("InstanceNumber", lambda plane: plane.frame.instance_number),
)

#: Where the time of a phase stands, best first.
_CLOCKS: tuple[Key, ...] = (
    lambda plane: plane.frame.time_offset_s,
    lambda plane: plane.frame.trigger_time_s,
    lambda plane: plane.frame.acquisition_time,
    lambda plane: plane.frame.content_time,
)


def split_phases(planes: Sequence[Plane], digest: Callable[[Plane], bytes]) -> Phases:
    """The phases of a stack.

    Parameters
    ----------
    planes : sequence of Plane
        One size, spacing and direction.
    digest : callable
        A digest of the pixels of a plane; called only where two images cannot be told apart otherwise.

    Returns
    -------
    Phases

    Raises
    ------
    InputError
        RT213 if a position has more images than others, or two that differ and cannot be told apart.
    """
    planes, n_dropped = _without_repeated_files(planes, digest)
    stack = levels(planes)
    counts = {len(level) for level in stack}
    if counts == {1}:
        return Phases((tuple(level[0] for level in stack),), n_dropped=n_dropped)
    if len(counts) == 1:
        split = _split_by_label(stack)
        if split is not None:
            return _with_times(*split, n_dropped)
    different = _without_copies(stack, digest)
    if len(counts) > 1 or len({len(level) for level in different}) == 1:
        # Otherwise only some positions hold the same pixels twice, as blank slices of several phases do: those are no copies.
        n_dropped += sum(map(len, stack)) - sum(map(len, different))
        stack, counts = different, {len(level) for level in different}
    if counts == {1}:
        return Phases((tuple(level[0] for level in stack),), n_dropped=n_dropped)
    if len(counts) > 1:
        raise _uneven(stack)
    split = _split_by_label(stack) or _split_by_order(stack)
    if split is None:
        raise InputError(
            "RT213",
            f"{counts.pop()} different images stand at each position and nothing tells them apart",
            hint="separate them into series of their own",
        )
    return _with_times(*split, n_dropped)


def _without_repeated_files(planes: Sequence[Plane], digest: Callable[[Plane], bytes]) -> tuple[list[Plane], int]:
    """Without second copies of one image (same instance UID); copies must have the same pixels."""
    known: dict[tuple[str, int], Plane] = {}
    kept: list[Plane] = []
    for plane in planes:
        key = (plane.instance.sop_instance_uid, plane.frame.index)
        first = known.setdefault(key, plane) if key[0] else plane
        if first is plane:
            kept.append(plane)
        elif digest(first) != digest(plane) or first.frame.position != plane.frame.position:
            raise InputError(
                "RT213",
                "two files claim to be the same image (same instance UID) and differ",
                file=plane.path,
                hint="keep the original and remove the edited copy",
            )
    return kept, len(planes) - len(kept)


def _without_copies(stack: list[Level], digest: Callable[[Plane], bytes]) -> list[Level]:
    """Without second copies of an image under another instance UID at the same position: the same numbers, scaled alike."""
    kept: list[Level] = []
    for level in stack:
        if len(level) == 1:
            kept.append(level)
            continue
        by_content: dict[tuple[object, ...], Plane] = {}
        for plane in level:
            by_content.setdefault((digest(plane), plane.frame.slope, plane.frame.intercept), plane)
        kept.append(list(by_content.values()))
    return kept


def _split_by_label(stack: list[Level]) -> tuple[list[list[Plane]], str] | None:
    for name, key in _LABELS:
        wanted: set[float] | None = None
        rows = []
        for level in stack:
            found = {value: plane for plane in level if (value := key(plane)) is not None}
            if len(found) != len(level) or (wanted is not None and set(found) != wanted):
                break
            wanted = set(found)
            rows.append([found[value] for value in _in_order(found, name)])
        else:
            return rows, name
    return None


def _split_by_order(stack: list[Level]) -> tuple[list[list[Plane]], str] | None:
    for name, key in _ORDERS:
        rows = []
        for level in stack:
            found = {value: plane for plane in level if (value := key(plane)) is not None}
            if len(found) != len(level):
                break
            rows.append([found[value] for value in _in_order(found, name)])
        else:
            return rows, name
    return None


def _in_order(values: Iterable[float], name: str) -> list[float]:
    """Values in increasing order; times of day without a date begin after their longest pause, which may include midnight."""
    found = sorted(values)
    if name not in ("AcquisitionTime", "ContentTime") or is_dated(found[-1]):
        return found
    pauses = [later - earlier for earlier, later in pairwise([*found, found[0] + DAY_S])]
    first = (pauses.index(max(pauses)) + 1) % len(found)
    return found[first:] + found[:first]


def _with_times(rows: list[list[Plane]], split_by: str, n_dropped: int) -> Phases:
    volumes = tuple(zip(*rows, strict=True))
    return Phases(volumes, phase_times(volumes), split_by, n_dropped)


def phase_times(volumes: Sequence[Sequence[Plane]]) -> tuple[float, ...] | None:
    """Seconds from the first phase, by the first clock that runs forward through all; a phase starts with its first plane."""
    for clock in _CLOCKS:
        starts: list[float] = []
        for volume in volumes:
            moments = [moment for plane in volume if (moment := clock(plane)) is not None]
            if not moments or len(moments) < len(volume):
                break
            start = min(moments)
            if starts and not is_dated(start) and DAY_S / 2 < starts[-1] - start < 2.5 * DAY_S:
                start += round((starts[-1] - start) / DAY_S) * DAY_S  # midnight has passed
            starts.append(start)
        if len(starts) == len(volumes) and (np.diff(starts) > 0).all():
            return tuple(round(start - starts[0], 6) for start in starts)
    return None


def _uneven(stack: list[Level]) -> InputError:
    counts = [len(level) for level in stack]
    usual = max(set(counts), key=counts.count)
    odd = [(level, count) for level, count in zip(stack, counts, strict=True) if count != usual]
    listed = "; ".join(f"{count} at {float(heights(level[:1])[0]):.2f} mm" for level, count in odd[:MAX_LISTED])
    more = f"; and {len(odd) - MAX_LISTED} more" if len(odd) > MAX_LISTED else ""
    return InputError(
        "RT213",
        f"most positions have {usual} image{'s' if usual > 1 else ''}, but there are {listed}{more}",
        hint="images are missing in some phases or stand twice with different content; fetch the series again",
    )
