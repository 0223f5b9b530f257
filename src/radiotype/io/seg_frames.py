"""Frames of a DICOM segmentation: whose they are and where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import GRID_TOLERANCE_VOXELS, Floats, Grid
from radiotype.errors import InputError
from radiotype.io import guard

if TYPE_CHECKING:
    from pydicom import Dataset

Ints = npt.NDArray[np.int64]

#: More slices than this between the first and the last frame are taken for a damaged position.
MAX_SLICES = 8192


@dataclass(frozen=True, eq=False)
class Frames:
    """Geometry of the frames of a segmentation.

    Parameters
    ----------
    rows, columns : int
        Size of a frame.
    segment : array, shape (n_frames,), int
        Segment number of each frame; 0 in a label map, whose frames hold all segments.
    position : array, shape (n_frames, 3), mm
        Centre of the first pixel, LPS.
    across, down : array, shape (3,), mm
        From a pixel to the next of its row, and to the next of its column.
    spacing_mm : float
        Distance of neighbouring slices as stated; 0 when the file does not say.
    """

    rows: int
    columns: int
    segment: Ints
    position: Floats
    across: Floats
    down: Floats
    spacing_mm: float

    @staticmethod
    def of(dataset: Dataset) -> Frames:
        """Read them from the functional groups.

        Raises
        ------
        InputError
            RT202 for groups that are missing or contradict themselves, RT207 for frames without one common orientation and
            pixel spacing, RT211 for tiles of a microscope slide.
        """
        _refuse_tiles(dataset)
        per_frame = list(dataset.get("PerFrameFunctionalGroupsSequence") or ())
        n_frames = int(dataset.get("NumberOfFrames") or 1)
        if len(per_frame) != n_frames:
            raise InputError("RT202", f"{n_frames} frames are stated, {len(per_frame)} are described", hint="export it again")
        groups = _Groups((dataset.get("SharedFunctionalGroupsSequence") or [None])[0], per_frame)
        position = groups.vectors("PlanePositionSequence", "ImagePositionPatient", 3)
        orientation = groups.vectors("PlaneOrientationSequence", "ImageOrientationPatient", 6)
        spacing = groups.vectors("PixelMeasuresSequence", "PixelSpacing", 2)
        for what, values, tolerance in (("orientation", orientation, 1e-3), ("pixel spacing", spacing, 1e-3 * spacing.min())):
            if np.ptp(values, axis=0).max() > tolerance:
                raise InputError("RT207", f"the frames differ in {what}", hint="save one series per segmentation")
        lengths = np.linalg.norm(orientation[0].reshape(2, 3), axis=1)
        if np.abs(lengths - 1).max() > 1e-2 or spacing.min() <= 0:
            raise InputError("RT207", "the orientation or pixel spacing of the frames is not usable")
        across = orientation[0, :3] / lengths[0] * spacing[0, 1]
        down = orientation[0, 3:] / lengths[1] * spacing[0, 0]
        if dataset.get("SegmentationType") == "LABELMAP":
            segment = np.zeros(n_frames, dtype=np.int64)
        else:
            segment = groups.vectors("SegmentIdentificationSequence", "ReferencedSegmentNumber", 1)[:, 0].astype(np.int64)
        stated = groups.stated_spacing(one_plane=len(np.unique(position.round(3), axis=0)) == 1)
        return Frames(int(dataset.Rows), int(dataset.Columns), segment, position, across, down, stated)

    def grid(self) -> Grid:
        """The smallest regular grid whose slices hold every frame; slices without a frame are part of it.

        Raises
        ------
        InputError
            RT207 if the frames do not lie on such a grid, RT209 if it is larger than volumes may be.
        """
        normal = np.cross(self.across, self.down)
        normal /= np.linalg.norm(normal)
        along = (self.position - self.position[0]) @ normal
        places = np.unique(along.round(4))
        places = places[np.append(True, np.diff(places) > 1e-3)]
        steps = np.diff(places)
        if self.spacing_mm > 0 and not _on_steps(places, self.spacing_mm) and self._each_on_steps(along):
            raise InputError("RT207", "the segments lie on different slices", hint="read it together with its scan")
        fits = [one for one in (self.spacing_mm, steps.min() if len(steps) else 0.0) if one > 0 and _on_steps(places, one)]
        if not fits:
            found = f"distances from {steps.min():.3f} to {steps.max():.3f} mm" if len(steps) else "one slice of no thickness"
            raise InputError(
                "RT207",
                f"the frames do not lie on slices of one spacing ({found})",
                hint="read it together with its scan, on whose slices it is then placed",
            )
        n_slices = round((places[-1] - places[0]) / fits[0]) + 1
        step = (places[-1] - places[0]) / (n_slices - 1) if n_slices > 1 else fits[0]
        if n_slices > MAX_SLICES:
            raise InputError("RT207", f"the frames span {n_slices:,} slices")
        if self.rows * self.columns * n_slices > guard.max_volume_bytes():
            raise InputError("RT209", f"the frames span {n_slices:,} slices of {self.rows} x {self.columns} pixels")
        lowest = self.position[np.argmin(along)]
        beside = self.position - lowest - np.outer(along - along.min(), normal)
        if np.abs(beside).max() > GRID_TOLERANCE_VOXELS * min(np.linalg.norm(self.across), np.linalg.norm(self.down)):
            raise InputError("RT207", f"the frames are shifted against each other by up to {np.abs(beside).max():.2f} mm")
        affine = np.eye(4)
        affine[:3] = np.column_stack([self.across, self.down, normal * step, lowest])
        return Grid((self.columns, self.rows, n_slices), affine)

    def _each_on_steps(self, along: Floats) -> bool:
        """Whether the slices of each segment alone have the spacing that the file states."""
        places = [np.unique(along[self.segment == one].round(4)) for one in np.unique(self.segment)]
        return len(places) > 1 and all(_on_steps(one, self.spacing_mm) for one in places)


def _on_steps(places: Floats, step: float) -> bool:
    """Whether places, ascending, lie on equal steps, to a tenth of one."""
    position = (places - places[0]) / step
    n = max(round(float(position[-1])), 1)
    position *= n / position[-1] if len(places) > 1 else 1.0
    whole = np.rint(position)
    return bool(np.abs(position - whole).max() <= GRID_TOLERANCE_VOXELS and (np.diff(whole) >= 1).all())


def _refuse_tiles(dataset: Dataset) -> None:
    tiled = str(dataset.get("DimensionOrganizationType", "")).startswith("TILED")
    if tiled or "TotalPixelMatrixColumns" in dataset or "TotalPixelMatrixOriginSequence" in dataset:
        raise InputError(
            "RT211",
            "the segmentation is made of tiles of a microscope slide and has no volume in the patient",
            hint="regions of microscope slides are not described",
        )


@dataclass(frozen=True, eq=False)
class _Groups:
    """Functional groups, per frame and shared by all."""

    shared: Any
    per_frame: list[Any]

    def vectors(self, group: str, keyword: str, size: int) -> Floats:
        """One value of each frame, shape (n_frames, size)."""
        found = np.empty((len(self.per_frame), size))
        common = _of_group(self.shared, group, keyword)
        for n, frame in enumerate(self.per_frame):
            value = _of_group(frame, group, keyword)
            value = common if value is None else value
            if value is None:
                lacking = f"frame {n + 1} of {len(self.per_frame)} lacks {keyword}"
                if group == "SegmentIdentificationSequence":
                    raise InputError("RT202", lacking, hint="export it again")
                raise InputError("RT207", lacking, hint="the segmentation has no place in the patient, or was damaged")
            vector = np.atleast_1d(np.array(value, dtype=np.float64))
            if vector.shape != (size,) or not np.isfinite(vector).all() or np.abs(vector).max() > 1e6:
                raise InputError("RT207", f"{keyword} of frame {n + 1} of {len(self.per_frame)} is not usable")
            found[n] = vector
        return found

    def stated_spacing(self, *, one_plane: bool) -> float:
        """Distance of neighbouring slices; thickness where the distance is not stated; 0 when neither is.

        For a single plane the thickness comes first: a common writer states 1 mm for the distance to a neighbour it has not.
        """
        first = self.per_frame[0] if self.per_frame else None
        distances = ("SpacingBetweenSlices", "SliceThickness")
        for keyword in distances[::-1] if one_plane else distances:
            for place in (self.shared, first):
                value = _of_group(place, "PixelMeasuresSequence", keyword)
                if value is not None and np.isfinite(float(value)) and float(value) > 0:
                    return float(value)
        return 0.0


def _of_group(place: Any, group: str, keyword: str) -> Any:
    items = place.get(group) if place is not None else None
    return items[0].get(keyword) if items else None
