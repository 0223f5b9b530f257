"""Planes that lie on one another: which belong together, where they lie, and whether one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import ORTHOGONALITY_TOLERANCE, Grid
from radiotype.errors import InputError
from radiotype.io.dicom.frames import Frame
from radiotype.io.dicom.header import Instance

Floats = npt.NDArray[np.float64]

#: Largest difference between direction cosines of planes of one stack; about a tenth of a pixel at the edge of the image.
ORIENTATION_TOLERANCE = 2e-4

#: Largest relative difference between the gaps of neighbouring slices.
GAP_TOLERANCE = 0.01

#: Positions are often stored with two decimals; gaps may differ by this much for that reason alone, mm.
ROUNDING_MM = 0.0101

#: A series that shows more shapes or directions than this is no volume.
MAX_STACKS = 32

#: At most this many positions are listed in a message.
MAX_LISTED = 5


class Plane(NamedTuple):
    """One frame of one file."""

    instance: Instance
    frame: Frame

    @property
    def path(self) -> Path:
        """The file it stands in."""
        return self.instance.path


def require_geometry(plane: Plane) -> None:
    """Refuse a plane that does not say where it lies.

    Raises
    ------
    InputError
        RT207 naming what is missing or wrong.
    """
    frame = plane.frame
    needed = {
        "ImagePositionPatient": frame.position,
        "ImageOrientationPatient": frame.orientation,
        "PixelSpacing": frame.spacing,
    }
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise InputError(
            "RT207",
            f"the image does not say where it lies: {', '.join(missing)} is missing",
            file=plane.path,
            hint="export the series again, as original images rather than as pictures",
        )
    rows = np.array(frame.orientation).reshape(2, 3)
    lengths = np.linalg.norm(rows, axis=1)
    if np.abs(lengths - 1).max() > ORTHOGONALITY_TOLERANCE or abs(rows[0] @ rows[1]) > ORTHOGONALITY_TOLERANCE:
        raise InputError("RT207", "ImageOrientationPatient does not hold two unit vectors at right angles", file=plane.path)
    if min(frame.spacing or (0,)) <= 0 or max(np.abs(frame.position or (0,))) > 1e6:
        raise InputError("RT207", "PixelSpacing is not positive or ImagePositionPatient is far away", file=plane.path)


def split_stacks(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Planes of one size, spacing and direction each; the largest stack first."""
    stacks: list[list[Plane]] = []
    directions: list[Floats] = []
    layouts: list[tuple[int, int, Floats]] = []
    for plane in planes:
        direction = np.array(plane.frame.orientation)
        layout = (plane.instance.rows, plane.instance.columns, np.array(plane.frame.spacing))
        for index, known in enumerate(layouts):
            if (
                known[:2] == layout[:2]
                and np.abs(known[2] / layout[2] - 1).max() < 1e-3
                and np.abs(directions[index] - direction).max() < ORIENTATION_TOLERANCE
            ):
                stacks[index].append(plane)
                break
        else:
            stacks.append([plane])
            directions.append(direction)
            layouts.append(layout)
            if len(stacks) > MAX_STACKS:
                raise InputError("RT207", f"the series holds images of more than {MAX_STACKS} sizes or directions")
    return sorted(stacks, key=len, reverse=True)


def heights(planes: Sequence[Plane]) -> Floats:
    """Position of each plane along the normal (row x column direction), mm."""
    orientation = np.array(planes[0].frame.orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    along: Floats = np.array([plane.frame.position for plane in planes]) @ normal
    return along


def levels(planes: Sequence[Plane]) -> list[list[Plane]]:
    """The planes at each position, in increasing position along the normal."""
    along = heights(planes)
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order])
    # Repeated images of one slice may differ by rounding; no two slices of a scan are closer than this.
    same = min(0.05, max(1e-3, 0.02 * float(steps.max(initial=0.0))))
    found: list[list[Plane]] = [[planes[order[0]]]]
    for step, index in zip(steps, order[1:], strict=True):
        if step > same:
            found.append([])
        found[-1].append(planes[index])
    return found


def grid_of(volume: Sequence[Plane]) -> Grid:
    """The grid of planes in order of position, one at each.

    Raises
    ------
    InputError
        RT207 if the planes are shifted sideways (tilted gantry) or a single plane has no thickness; RT213 if the gaps differ.
    """
    first = volume[0]
    frame = first.frame
    orientation = np.array(frame.orientation)
    row, column = orientation[:3], orientation[3:]
    spacing = np.array(frame.spacing)
    positions = np.array([plane.frame.position for plane in volume])
    if len(volume) == 1:
        if not frame.thickness or frame.thickness <= 0:
            raise InputError(
                "RT207", "the series has one slice and does not say how thick it is", hint="name the folder of the whole series"
            )
        step = np.cross(row, column) * frame.thickness
    else:
        _require_even_gaps(volume)
        step = (positions[-1] - positions[0]) / (len(volume) - 1)
        sideways = np.abs((positions - positions[0] - np.arange(len(volume))[:, None] * step) @ np.column_stack([row, column]))
        if sideways.max() > 0.1 * spacing.min():
            raise InputError(
                "RT207", f"the slices are shifted sideways against each other by up to {sideways.max():.2f} mm", file=first.path
            )
    affine = np.eye(4)
    affine[:3, 0] = row * spacing[1]
    affine[:3, 1] = column * spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = positions[0]
    return Grid((first.instance.columns, first.instance.rows, len(volume)), affine)


def _require_even_gaps(volume: Sequence[Plane]) -> None:
    along = heights(volume)
    gaps = np.diff(along)
    usual = float(np.sort(gaps)[(len(gaps) - 1) // 2])
    wrong = np.flatnonzero(np.abs(gaps - usual) > max(GAP_TOLERANCE * usual, ROUNDING_MM))
    if len(wrong) == 0:
        drift = float(np.abs(along - along[0] - np.arange(len(along)) * (along[-1] - along[0]) / len(gaps)).max())
        if drift > 0.1 * usual:
            raise InputError("RT213", f"the gaps between slices change along the stack (off by up to {drift:.2f} mm)")
        return
    listed = "; ".join(
        f"{gaps[k]:.2f} mm between {_name(volume[k], along[k])} and {_name(volume[k + 1], along[k + 1])}"
        for k in wrong[:MAX_LISTED]
    )
    more = f"; and {len(wrong) - MAX_LISTED} more" if len(wrong) > MAX_LISTED else ""
    missing = int(np.rint(gaps[wrong] / usual - 1).clip(0).sum())
    whole = bool((np.abs(gaps[wrong] / usual - np.rint(gaps[wrong] / usual)) < 0.1).all())
    count = "1 slice is" if missing == 1 else f"{missing} slices are"
    what = f"{count} missing" if whole and missing else "the slices are not evenly spaced"
    raise InputError(
        "RT213",
        f"{what}: the usual gap is {usual:.2f} mm, but it is {listed}{more}",
        hint="fetch the whole series again, or name one file of a complete series",
    )


def _name(plane: Plane, along: float) -> str:
    number = plane.frame.instance_number
    return f"{along:.2f} mm" if number is None else f"{along:.2f} mm (image {number})"
