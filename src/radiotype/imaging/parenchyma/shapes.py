"""Dilation, erosion, closing and components of regions, in mm."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.imaging.distances import distances_inside
from radiotype.imaging.parenchyma.working import Bools

Spacing = tuple[float, float, float]

#: Lengths that differ by less than this fraction are equal.
TIE = 1e-5


def dilated(region: Bools, radius_mm: float, spacing_mm: Spacing) -> Bools:
    """Voxels at most this far from the region."""
    if not region.any():
        return region
    found: Bools = distances_inside(~region, spacing_mm) <= radius_mm * (1 + TIE)
    return found


def eroded(region: Bools, radius_mm: float, spacing_mm: Spacing) -> Bools:
    """Voxels farther than this from what is outside the region; the end of the array is no outside."""
    if region.all():
        return region
    found: Bools = distances_inside(region, spacing_mm) > radius_mm * (1 + TIE)
    return found


def closed(region: Bools, radius_mm: float, spacing_mm: Spacing) -> Bools:
    """Gaps that no ball of this radius fits into are filled; the region goes on beyond the array as it ends there."""
    low, high = _box(region)
    if high is None or low is None:
        return region
    reach = np.ceil(radius_mm / np.array(spacing_mm)).astype(int) + 1
    start, stop = np.maximum(low - reach, 0), np.minimum(high + reach, region.shape)
    part = tuple(map(slice, start.tolist(), stop.tolist()))
    result = region.copy()
    result[part] |= eroded(dilated(region[part], radius_mm, spacing_mm), radius_mm, spacing_mm)
    return result


def filled(region: Bools) -> Bools:
    """The region with its cavities."""
    from scipy import ndimage

    found: Bools = ndimage.binary_fill_holes(region)
    return found


def components(region: Bools) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """The parts of a region that touch face to face: labels from 1 on, and voxels of each (0 stands for the rest)."""
    from scipy import ndimage

    labels = np.empty(region.shape, dtype=np.int32)
    n = ndimage.label(region, output=labels)
    return labels, np.bincount(labels.ravel(), minlength=int(n) + 1)


def largest(region: Bools) -> Bools:
    """The largest part of a region; of equal ones the first."""
    labels, sizes = components(region)
    if len(sizes) < 2:
        return region
    found: Bools = labels == 1 + int(np.argmax(sizes[1:]))
    return found


def otsu(values: Floats, n_bins: int = 512) -> float:
    """The threshold that parts values best in two classes: the one with the least variance within them.

    References
    ----------
    Otsu, IEEE Transactions on Systems, Man and Cybernetics 9 (1979) 62-66.

    Examples
    --------
    >>> 2 < otsu(np.array([1.0, 1.1, 1.2, 9.0, 9.1])) < 9
    True
    """
    counts, edges = np.histogram(values, bins=n_bins)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = below[-1] + counts[-1] - below
    sums = np.cumsum(counts * centres)
    lower, upper = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (upper - lower) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))  # between two separate classes all are equally good
    return float((edges[1 + best[0]] + edges[1 + best[-1]]) / 2)


def _box(region: Bools) -> tuple[npt.NDArray[np.int64] | None, npt.NDArray[np.int64] | None]:
    low, high = [], []
    for axis in range(3):
        inside = np.flatnonzero(region.any(axis=tuple(other for other in range(3) if other != axis)))
        if not len(inside):
            return None, None
        low.append(inside[0])
        high.append(inside[-1] + 1)
    return np.array(low), np.array(high)
