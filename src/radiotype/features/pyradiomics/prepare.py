"""Scan and mask before they are measured, as pyradiomics prepares them: normalised, resampled, checked, cut to a range."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.core.volume import Box, Mask, PhaseVoxels, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.features.ibsi.preprocess import LOST, NOTHING_LEFT
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.imaging.resample import part_of
from radiotype.io.volumes import NiftiVoxels

Values = npt.NDArray[Any]
Region = npt.NDArray[np.bool_]


class Prepared(NamedTuple):
    """One region in its box, arrays of one shape (I, J, K).

    `image` in the type of the scan, or float64 once normalised; `region`: voxels with intensities; `shape_region`: those that
    shape features are of; `spacing_mm` along I, J and K; `around`: what filters see, in which the box begins at `low`;
    `around_grid`: where its voxels lie; `missing`: why there is nothing to measure, or empty.
    """

    image: Values
    region: Region
    shape_region: Region
    spacing_mm: tuple[float, float, float]
    around: Values
    low: tuple[int, int, int]
    around_grid: Grid
    missing: str = ""

    @property
    def grid(self) -> Grid:
        """Where the voxels of the box lie."""
        i, j, k = (low + n for low, n in zip(self.low, self.region.shape, strict=True))
        return part_of(self.around_grid, (self.low, (i, j, k)))


def prepare(scan: Scan, mask: Mask, settings: PyradiomicsSettings) -> Prepared:
    """Normalise and resample a scan, resample and cut its mask.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    settings : PyradiomicsSettings

    Returns
    -------
    Prepared
        What a region misses: `lost_in_resampling`, `single_voxel`, `too_few_dimensions`, `too_few_voxels`, or
        `nothing_left_by_resegmentation`.

    Raises
    ------
    InputError
        RT203 for a mask on another grid; RT206 if a voxel of the region is not finite; RT212 for a scan of several phases.
    ComputeError
        RT306 if the resampled box would be too large.

    References
    ----------
    pyradiomics, `RadiomicsFeatureExtractor.execute`. The box of what an intensity range leaves also cuts the region that shape
    features are of, as there.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((8, 8, 4), np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> inside = np.zeros(grid.shape, dtype=bool)
    >>> inside[2:6, 2:6, 1:3] = True
    >>> scan = Scan(np.indices(grid.shape)[0].astype(np.int16), grid, "CT")
    >>> prepare(scan, Mask(inside, grid), PyradiomicsSettings(spacing_mm=(1, 1, 1))).region.shape
    (4, 4, 4)
    """
    require_same_grid(scan, mask)
    seen = _seen(scan, mask, settings)
    if settings.normalise or settings.spacing_mm is not None:
        from radiotype.features.pyradiomics.resample import normalised_and_resampled

        whole = stored_values(scan, ((0, 0, 0), scan.grid.shape))
        around, region, spacing, place = normalised_and_resampled(whole, mask, scan.grid, settings, seen)
    else:
        around, region, spacing = stored_values(scan, seen), mask.cropped(*seen), scan.grid.spacing_mm
        place = part_of(scan.grid, seen)
    missing = _missing(region, settings)
    if missing:
        return Prepared(around, region, region, spacing, around, (0, 0, 0), place, missing)
    box = _box(region)
    image, region = around[box], region[box]
    broken = int(np.count_nonzero(~np.isfinite(image[region])))
    if broken:
        raise InputError("RT206", f"{broken:,} voxels of the region hold no finite value", hint="check the scan in a viewer")
    if settings.intensity_range is None:
        return Prepared(image, region, region, spacing, around, _corner(box), place)
    left = _within_range(image, region, settings)
    n_left = int(np.count_nonzero(left))
    if n_left <= 1:
        code = "single_voxel" if n_left else NOTHING_LEFT
        return Prepared(image, left, region, spacing, around, _corner(box), place, code)
    inner = _box(left)
    image, region, left = image[inner], region[inner], left[inner]
    i, j, k = (outer.start + one.start for outer, one in zip(box, inner, strict=True))
    shape = left if settings.range_changes_shape else region
    return Prepared(image, left, shape, spacing, around, (i, j, k), place, _missing(left, settings))


def _seen(scan: Scan, mask: Mask, settings: PyradiomicsSettings) -> Box:
    """What filters see of a scan that is not resampled; the box of the region alone where nothing is filtered."""
    if settings.images.types in ((), ("Original",)):
        return mask.box
    if settings.filters_see == "scan" and settings.spacing_mm is None:
        return (0, 0, 0), scan.grid.shape
    more = settings.padding_voxels
    low, high = mask.box
    i, j, k = (max(one - more, 0) for one in low)
    x, y, z = (min(one + more, n) for one, n in zip(high, scan.grid.shape, strict=True))
    return (i, j, k), (x, y, z)


def stored_values(scan: Scan, box: Box) -> Values:
    """Voxels of a box in the type in which ITK hands the file to pyradiomics, which cuts resampled whole numbers to whole.

    A NIfTI file with a slope or intercept is read in single precision, unless its numbers are double; other whole numbers stay
    whole.
    """
    plain = (scan.slope, scan.intercept) == (1.0, 0.0)
    if plain and len(scan.voxels.shape) == 3:
        part = scan.data[tuple(slice(low, high) for low, high in zip(*box, strict=True))]
        return part.astype(part.dtype.newbyteorder("="), copy=False)
    values = scan.box(*box)
    source = scan.voxels.series if isinstance(scan.voxels, PhaseVoxels) else scan.voxels
    if isinstance(source, NiftiVoxels) and not plain:
        return values if scan.data.dtype.itemsize == 8 and scan.data.dtype.kind == "f" else values.astype(np.float32)
    whole = scan.data.dtype.kind in "iu" and float(scan.slope).is_integer() and float(scan.intercept).is_integer()
    return values.astype(np.int32) if whole and np.abs(values).max() < 2**31 else values


def _missing(region: Region, settings: PyradiomicsSettings) -> str:
    """Why a region is not measured; empty if it is."""
    n = int(np.count_nonzero(region))
    if n == 0:
        return LOST
    extends = sum(np.count_nonzero(region.any(axis=others)) > 1 for others in ((1, 2), (0, 2), (0, 1)))
    if extends == 0:
        return "single_voxel"
    if extends < settings.minimum_dimensions:
        return "too_few_dimensions"
    return "too_few_voxels" if settings.minimum_voxels is not None and n <= settings.minimum_voxels else ""


def _box(region: Region) -> tuple[slice, slice, slice]:
    """Where a region lies."""
    inside = [np.flatnonzero(region.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    i, j, k = (slice(int(places[0]), int(places[-1]) + 1) for places in inside)
    return i, j, k


def _corner(box: tuple[slice, slice, slice]) -> tuple[int, int, int]:
    i, j, k = (int(one.start) for one in box)
    return i, j, k


def _within_range(image: Values, region: Region, settings: PyradiomicsSettings) -> Region:
    limits: list[Any] = list(settings.intensity_range or ())
    values = image.T[region.T]  # sums of single precision depend on the order
    if settings.range_in == "relative":
        limits = [values.max() * limit for limit in limits]
    elif settings.range_in == "sigma":
        mean, deviation = np.mean(values), np.std(values)
        limits = [mean + deviation * limit for limit in limits]
    left = region & (image >= limits[0])
    return left if len(limits) == 1 else left & (image <= limits[1])
