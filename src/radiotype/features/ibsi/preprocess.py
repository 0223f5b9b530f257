"""Scan and mask before they are measured: interpolated, re-segmented and put into grey levels, after the IBSI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.core.volume import Box, Mask, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.features.ibsi.discretise import Levels, grey_levels
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.mesh import checked_region
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.resample import TIE, Lattice, Order, centred_lattice, require_room, resampled, resampled_region

#: Radius of a ball of 1 cm3, in which intensity peaks are taken.
PEAK_RADIUS_MM = 10 * math.cbrt(3 / (4 * math.pi))

#: Why a region has no value at all, or none that depends on intensities.
LOST, NOTHING_LEFT = "lost_in_resampling", "nothing_left_by_resegmentation"


class Counts(NamedTuple):
    """Different values, rising, and how many voxels hold each."""

    values: Floats
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Prepared:
    """One region, ready to be measured. Axes run to the patient's left, back and head; arrays have one shape (I, J, K).

    Parameters
    ----------
    surroundings : array, shape (I', J', K')
        Interpolated intensities of a box that holds a ball of 1 cm3 around every voxel of the region, as far as the scan
        reaches; NaN where the scan has no value.
    first : tuple of int
        Where the region's own box begins in `surroundings`.
    morphological_mask : array of bool
        The interpolated mask in its own box. No voxel inside: it was lost in interpolation.
    intensity_mask : array of bool
        Its voxels that re-segmentation left, all of finite intensity.
    levels : array of int32
        Grey levels 1 .. n_levels inside the intensity mask, 0 outside.
    n_levels : int
        The highest level; 0 without voxels.
    bin_width : float
        Width of a level in the unit of the scan; 0 where all intensities are the same.
    spacing_mm : tuple of float
        Distance between voxel centres along each axis.
    intensity_range : tuple of float or None
        Limits of re-segmentation that were set.
    """

    surroundings: Floats
    first: tuple[int, int, int]
    morphological_mask: npt.NDArray[np.bool_]
    intensity_mask: npt.NDArray[np.bool_]
    levels: Levels
    n_levels: int
    bin_width: float
    spacing_mm: tuple[float, float, float]
    intensity_range: tuple[float | None, float | None]

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.levels.shape))
        return f"Prepared({size} voxels, {np.count_nonzero(self.intensity_mask):,} with intensities, {self.n_levels} levels)"

    @property
    def image(self) -> Floats:
        """Interpolated intensities in the region's own box."""
        return self.surroundings[_slices(self.first, self.levels.shape)]

    @cached_property
    def intensity_counts(self) -> Counts:
        """The different intensities inside the intensity mask."""
        values = self.image[self.intensity_mask]
        low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
        if high - low <= values.size and (values == np.rint(values)).all():
            counts = np.bincount((values - low).astype(np.int64))
            filled = np.flatnonzero(counts)
            return Counts(filled + low, counts[filled])
        values, counts = np.unique(values, return_counts=True)
        return Counts(values, counts)

    @cached_property
    def level_counts(self) -> npt.NDArray[np.int64]:
        """Voxels of each level 1 .. n_levels."""
        return np.bincount(self.levels[self.intensity_mask], minlength=self.n_levels + 1)[1:]

    @property
    def missing(self) -> str:
        """Why no feature of intensities has a value; empty if they have one."""
        if not self.morphological_mask.any():
            return LOST
        return "" if self.intensity_mask.any() else NOTHING_LEFT


def prepare(scan: Scan, mask: Mask, settings: IbsiSettings) -> Prepared:
    """Interpolate, re-segment and discretise one region of a scan.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    settings : IbsiSettings

    Returns
    -------
    Prepared
        Only what surrounds the region is interpolated, on the grid that the IBSI lays around the middle of the whole scan.

    Raises
    ------
    InputError
        RT203 for a mask on another grid; RT206 if a voxel of the region is not finite.
    ComputeError
        RT305 if the bins are far too narrow; RT306 if the interpolated box would be too large.

    References
    ----------
    Zwanenburg et al., Radiology 295 (2020) 328-338; IBSI reference manual, image processing.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((8, 8, 4), np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> inside = np.zeros(grid.shape, dtype=bool)
    >>> inside[2:6, 2:6, 1:3] = True
    >>> prepare(Scan(np.indices(grid.shape)[0], grid, "CT"), Mask(inside, grid), IbsiSettings(spacing_mm=1))
    Prepared(4 x 4 x 4 voxels, 64 with intensities, 32 levels)
    """
    require_same_grid(scan, mask)
    axes = patient_axes(scan.grid.direction)
    i, j, k = (scan.grid.shape[axis] for axis in axes.order)
    shape = (i, j, k)
    spacing, target = axes.spacing(scan.grid.spacing_mm), settings.spacing_mm
    lattice = centred_lattice(shape, spacing, (target, target, None if settings.slice_by_slice else target))
    low, high = _covered(axes.box(mask.box, scan.grid.shape), lattice)
    x, y, z = (old if step == 1 else float(target or old) for old, step in zip(spacing, lattice.step, strict=True))
    margin = np.floor(PEAK_RADIUS_MM / np.array([x, y, z]) + 1e-9).astype(np.int64)
    wide_low, wide_high = np.maximum(low - margin, 0), np.minimum(high + margin, lattice.shape)
    require_room(wide_high - wide_low, scan.grid.shape, scan.grid.spacing_mm, setting="features.ibsi.spacing_mm")

    order: Order = 3 if settings.interpolation == "cubic" else 1
    part, old_low, old_high = lattice.part(wide_low, wide_high).within(shape, order=order)
    old_box = axes.box_back(((*old_low.tolist(),), (*old_high.tolist(),)), shape)
    values = np.ascontiguousarray(axes.turned(scan.box(*old_box)))
    region = np.ascontiguousarray(axes.turned(mask.cropped(*old_box)))
    broken = int(np.count_nonzero(~np.isfinite(values[region])))
    if broken:
        raise InputError("RT206", f"{broken:,} voxels of the region hold no finite value", hint="check the scan in a viewer")
    surroundings = resampled(values, part, order=order)
    if settings.whole_hu and scan.unit == "HU" and not (lattice.step == 1).all():
        np.rint(surroundings, out=surroundings)
    region, first = resampled_region(region, part), (0, 0, 0)
    if region.any():
        region, _, first = checked_region(region, (x, y, z))
    image = surroundings[_slices(first, region.shape)]
    inside = _resegmented(image, region, settings)
    limits = settings.intensity_range or (None, None)
    grey, width = grey_levels(image[inside], settings.bins, lowest=limits[0])
    levels = np.zeros(image.shape, dtype=np.int32)
    levels[inside] = grey
    for array in (surroundings, region, inside, levels):
        array.setflags(write=False)
    return Prepared(surroundings, first, region, inside, levels, int(grey.max(initial=0)), width, (x, y, z), limits)


def _slices(first: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(start, start + n) for start, n in zip(first, shape, strict=True))


def _covered(box: Box, lattice: Lattice) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The voxels (low, high) of a lattice that may lie at least half in a box of the old grid; at least one."""
    low, high = np.array(box)
    size = np.array(lattice.shape)
    first = np.ceil((low - 0.5 - lattice.first) / lattice.step - TIE).astype(np.int64)
    last = np.floor((high - 0.5 - lattice.first) / lattice.step + TIE).astype(np.int64)
    first = np.clip(first, 0, size - 1)
    return first, np.clip(last + 1, first + 1, size)


def _resegmented(image: Floats, region: npt.NDArray[np.bool_], settings: IbsiSettings) -> npt.NDArray[np.bool_]:
    """The voxels of a region within the range of the settings and not too far from the region's mean."""
    inside: npt.NDArray[np.bool_] = region & np.isfinite(image)
    low, high = settings.intensity_range or (None, None)
    limits = [(low, high)]
    if settings.outlier_sigma is not None and inside.any():
        values = image[inside]
        largest = np.abs(values).max() or 1.0
        mean, deviation = (values / largest).mean(), (values / largest).std()
        reach = settings.outlier_sigma * deviation + 1e-12  # a constant region has no outliers
        limits.append(((mean - reach) * largest, (mean + reach) * largest))
    for lower, upper in limits:
        if lower is not None:
            inside &= image >= lower
        if upper is not None:
            inside &= image <= upper
    return inside
