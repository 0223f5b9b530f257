"""Scan and mask before they are measured: interpolated, re-segmented and put into grey levels, after the IBSI."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Box, Mask, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.features.filters.boundary import LARGEST
from radiotype.features.ibsi.discretise import Levels, grey_levels, level_rule
from radiotype.features.ibsi.filter_base import FilterSettings, Spacing
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.mesh import checked_region
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.resample import (
    TIE,
    Lattice,
    Order,
    centred_lattice,
    require_room,
    resampled,
    resampled_region,
)

#: Radius of a ball of 1 cm3, in which intensity peaks are taken.
PEAK_RADIUS_MM = 10 * math.cbrt(3 / (4 * math.pi))

#: Why a region has no value at all, or none that depends on intensities.
LOST, NOTHING_LEFT = "lost_in_resampling", "nothing_left_by_resegmentation"


#: Beyond so many different intensities several tables of counts no longer fit into the cache.
MANY_VALUES = 4096

#: Half of what the allocator keeps for the next region, bytes.
KEPT = 2**24

Limits = tuple[float | None, float | None]

#: The corners (low, high) of a box, three numbers each.
Indices = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


class Extent(NamedTuple):
    """Least and most of the intensities of a region, how many there are, how many are not finite, whether all are whole."""

    least: float
    most: float
    n: int
    n_broken: int
    whole: bool


class Discretised(NamedTuple):
    """`inside`: the voxels that re-segmentation leaves; `levels` of these, `n_levels` and `bin_width`; their `extent`."""

    inside: npt.NDArray[np.bool_]
    levels: Levels
    n_levels: int
    bin_width: float
    extent: Extent


class Counts(NamedTuple):
    """Different values, rising, and how many voxels hold each."""

    values: Floats
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Prepared:
    """One region, ready to be measured. Axes run to the patient's left, back and head; arrays have one shape (I, J, K).

    In memory I is the fastest axis, as in files.

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
    levels : array of uint16, or int32 where there are more than that holds
        Grey levels 1 .. n_levels inside the intensity mask, 0 outside.
    n_levels : int
        The highest level; 0 without voxels.
    bin_width : float
        Width of a level in the unit of the scan; 0 where all intensities are the same.
    spacing_mm : tuple of float
        Distance between voxel centres along each axis.
    intensity_range : tuple of float or None
        Limits of re-segmentation that were set.
    extent : Extent
        Of the intensities inside the intensity mask.
    far : array, optional
        Interpolated intensities as far as the filters of the settings reach; NaN or infinite where the scan is.
    far_first : tuple of int
        Where the region's own box begins in `far`.
    lay_grid : callable, optional
        Makes `grid`, which tells where the voxels of the region's own box lie in the patient.
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
    extent: Extent
    far: Floats | None = None
    far_first: tuple[int, int, int] = (0, 0, 0)
    lay_grid: Callable[[], Grid] | None = None

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
        image, inside = self.image.T, np.ascontiguousarray(self.intensity_mask.T).view(np.uint8)
        least, most, n, _, whole = self.extent
        if whole and most - least <= n:
            n_values = int(most - least) + 1
            tables = np.zeros((4 if n_values < MANY_VALUES else 1, n_values), dtype=np.int64)
            native.intensity_counts(image, inside, least, tables)
            counts = tables.sum(axis=0)
            filled = np.flatnonzero(counts)
            return Counts(np.add(filled, least, dtype=np.float64), counts[filled])
        values, counts = np.unique(image[self.intensity_mask.T], return_counts=True)
        return Counts(values, counts)

    @cached_property
    def level_counts(self) -> npt.NDArray[np.int64]:
        """Voxels of each level 1 .. n_levels."""
        if self.levels.dtype != np.uint16:
            return np.bincount(self.levels[self.intensity_mask], minlength=self.n_levels + 1)[1:]
        counts = np.zeros(self.n_levels + 1, dtype=np.int64)
        native.texture_scan(self.levels, counts, np.zeros(6, dtype=np.int64))
        return counts[1:]

    @property
    def grid(self) -> Grid | None:
        """Where the voxels of the region's own box lie in the patient; None if nobody said."""
        return None if self.lay_grid is None else self.lay_grid()

    @property
    def whole(self) -> bool:
        """Whether every voxel of the mask has an intensity."""
        return int(np.count_nonzero(self.morphological_mask)) == self.extent.n

    @property
    def missing(self) -> str:
        """Why no feature of intensities has a value; empty if they have one."""
        if not self.morphological_mask.any():
            return LOST
        return "" if self.extent.n else NOTHING_LEFT


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
        RT203 for a mask on another grid; RT206 if a voxel of the region is not finite, or too large to be squared.
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
    _keep_freed_memory()
    axes = patient_axes(scan.grid.direction)
    i, j, k = (scan.grid.shape[axis] for axis in axes.order)
    shape = (i, j, k)
    spacing, target = axes.spacing(scan.grid.spacing_mm), settings.spacing_mm
    lattice = centred_lattice(shape, spacing, (target, target, None if settings.slice_by_slice else target))
    low, high = _covered(axes.box(mask.box, scan.grid.shape), lattice)
    x, y, z = (old if step == 1 else float(target or old) for old, step in zip(spacing, lattice.step, strict=True))
    margin = np.floor(PEAK_RADIUS_MM / np.array([x, y, z]) + 1e-9).astype(np.int64)
    wide_low, wide_high = np.maximum(low - margin, 0), np.minimum(high + margin, lattice.shape)
    far_low, far_high = seen_by(settings.filters, (x, y, z), (low, high), (wide_low, wide_high), lattice.shape)
    setting, instead = "features.ibsi.spacing_mm", ", or `reach` of the filters that see the whole scan"
    require_room(wide_high - wide_low, scan.grid.shape, scan.grid.spacing_mm, setting=setting)
    require_room(far_high - far_low, scan.grid.shape, scan.grid.spacing_mm, setting=setting, otherwise=instead)

    near = wide_low - far_low
    wide = _slices(_three(near), _three(wide_high - wide_low))
    order: Order = 3 if settings.interpolation == "cubic" else 1
    part, old_low, old_high = lattice.part(far_low, far_high).within(shape, order=order)
    old_box = axes.box_back(((*old_low.tolist(),), (*old_high.tolist(),)), shape)
    values = np.asfortranarray(axes.turned(scan.box(*old_box)))
    region = axes.turned(mask.cropped(*old_box))
    extent = None
    if (lattice.step == 1).all():
        far, first = values, _three(low - far_low)
        own = _slices(first, _three(high - low))
        region = np.asfortranarray(region[own])
        extent = _finite_extent(far[own], region)
    else:
        region = np.asfortranarray(region)
        _finite_extent(values, region)
        part = Lattice(part.first[::-1], part.step[::-1], part.shape[::-1])
        far = resampled(values.T, part, order=order).T
        del values  # it may be larger than all that follows
        if settings.whole_hu and scan.unit == "HU":
            np.rint(far, out=far)
        region = resampled_region(region.T, part).T
        if region.any():
            cropped = checked_region(region.T, (z, y, x))
            region, first = cropped.mask.T, _three(cropped.first[::-1])
        else:
            region, first = region[wide], _three(near)
    surroundings = np.asfortranarray(far[wide])
    far_first, first = first, _three(np.array(first) - near)
    image = surroundings[_slices(first, region.shape)]
    limits = settings.intensity_range or (None, None)
    inside, levels, n_levels, width, extent = discretised(image, region, settings, limits, extent)
    for array in (surroundings, region, inside, levels):
        array.setflags(write=False)
    if settings.filters:
        _require_no_giants(far)

    def lay_grid() -> Grid:
        corner = far_low + far_first
        return lattice.part(corner, corner + region.shape).grid(axes.grid(scan.grid))

    seen = far if settings.filters else None
    return Prepared(
        surroundings, first, region, inside, levels, n_levels, width, (x, y, z), limits, extent, seen, far_first, lay_grid
    )


@cache
def _keep_freed_memory() -> None:
    """Once: a block is freed unused, and glibc keeps up to twice its size from then on.

    It would give the few megabytes of a region back after each, and fetch them again for the next: 30 ns per voxel.
    """
    np.empty(KEPT, dtype=np.uint8)


def seen_by(
    filters: Iterable[FilterSettings], spacing_mm: Spacing, own: Indices, wide: Indices, shape: tuple[int, ...]
) -> Indices:
    """The box (low, high) that holds another and all that filters see of a scan around the region's own box."""
    low, high = wide
    size = np.array(shape)
    for one in filters:
        reach = np.array(one.reach_voxels(spacing_mm))
        first, last = own[0] - reach, own[1] + reach
        if one.boundary == "periodic":  # what lies beyond one end is at the other
            beyond = (first < 0) | (last > size)
            first, last = np.where(beyond, 0, first), np.where(beyond, size, last)
        low, high = np.minimum(low, np.maximum(first, 0)), np.maximum(high, np.minimum(last, size))
    return low, high


def _three(numbers: Iterable[int]) -> tuple[int, int, int]:
    i, j, k = (int(number) for number in numbers)
    return i, j, k


def _extent(image: Floats, region: npt.NDArray[np.bool_], lower: float = -math.inf, upper: float = math.inf) -> Extent:
    """Of what a region holds within limits."""
    return Extent(*native.intensity_range(image.T, region.T.view(np.uint8), lower, upper))


def _finite_extent(values: Floats, region: npt.NDArray[np.bool_]) -> Extent:
    """The same without limits, all finite and small enough to be squared."""
    extent = _extent(values, region)
    if extent.n_broken:
        found = f"{extent.n_broken:,} voxels of the region hold no finite value"
        raise InputError("RT206", found, hint="check the scan in a viewer")
    if max(-extent.least, extent.most) > LARGEST:
        found = f"the region holds values from {extent.least:.3g} to {extent.most:.3g}, whose squares are no numbers any more"
        raise InputError("RT206", found, hint="check the scan in a viewer")
    return extent


def _require_no_giants(values: Floats) -> None:
    """The same for what surrounds the region and is filtered; what is not finite takes the value of its nearest neighbour."""
    finite = np.isfinite(values)
    least, most = (float(one(values, initial=0.0, where=finite)) for one in (np.min, np.max))
    if max(-least, most) > LARGEST:
        found = f"what surrounds the region holds values from {least:.3g} to {most:.3g}, whose squares are no numbers any more"
        raise InputError("RT206", found, hint="check the scan in a viewer")


def _slices(first: tuple[int, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(start, start + n) for start, n in zip(first, shape, strict=True))


def _covered(box: Box, lattice: Lattice) -> Indices:
    """The voxels (low, high) of a lattice that may lie at least half in a box of the old grid; at least one."""
    low, high = np.array(box)
    size = np.array(lattice.shape)
    first = np.ceil((low - 0.5 - lattice.first) / lattice.step - TIE).astype(np.int64)
    last = np.floor((high - 0.5 - lattice.first) / lattice.step + TIE).astype(np.int64)
    first = np.clip(first, 0, size - 1)
    return first, np.clip(last + 1, first + 1, size)


def discretised(
    image: Floats, region: npt.NDArray[np.bool_], settings: IbsiSettings, limits: Limits, extent: Extent | None = None
) -> Discretised:
    """The voxels of a region that re-segmentation leaves, and their grey levels; `extent` of all of them where it is known."""
    region = np.asfortranarray(region)
    lower, upper = (-math.inf if limits[0] is None else limits[0]), (math.inf if limits[1] is None else limits[1])
    if extent is None or limits != (None, None):
        extent = _extent(image, region, lower, upper)
    if settings.outlier_sigma is not None and extent.n:
        lower, upper = _without_outliers(image, region, settings.outlier_sigma, lower, upper)
        extent = _extent(image, region, lower, upper)
    least, most = extent.least, extent.most
    flags = region.T.view(np.uint8)
    inside = np.empty(flags.shape, dtype=np.uint8)
    levels: Levels = np.empty(flags.shape, dtype=np.uint16)
    ends = np.array([least, most] if extent.n else [])
    grey, width = grey_levels(ends, settings.bins, lowest=limits[0])
    highest = int(grey.max(initial=0))
    rule = level_rule(settings.bins, least, most, lowest=limits[0])
    native.intensity_levels(image.T, flags, lower, upper, rule, inside, levels)
    if highest > np.iinfo(np.uint16).max:
        levels = np.zeros(flags.shape, dtype=np.int32)
        levels[inside.view(np.bool_)] = grey_levels(image.T[inside.view(np.bool_)], settings.bins, lowest=limits[0])[0]
    return Discretised(inside.view(np.bool_).T, levels.T, highest, width, extent)


def _without_outliers(
    image: Floats, region: npt.NDArray[np.bool_], sigma: float, lower: float, upper: float
) -> tuple[float, float]:
    """The limits, and no further from the mean of what they hold than so many standard deviations."""
    values = image.T[region.T]
    values = values[np.isfinite(values) & (values >= lower) & (values <= upper)]
    largest = np.abs(values).max() or 1.0
    mean, deviation = (values / largest).mean(), (values / largest).std()
    reach = sigma * deviation + 1e-12  # a constant region has no outliers
    return max(lower, float((mean - reach) * largest)), min(upper, float((mean + reach) * largest))
