"""How much memory a filter takes, beside the image that it sees."""

from __future__ import annotations

import math
from collections.abc import Sequence

from radiotype.features.filters.boundary import Range
from radiotype.features.filters.frequencies import MAX_VOXELS, seen_spans
from radiotype.features.filters.gabor import BLOCK, KERNELS, gabor_reach, orientations, transformed
from radiotype.features.filters.laplacian_of_gaussian import gaussian_reach
from radiotype.features.filters.riesz import REACH
from radiotype.features.filters.simoncelli import simoncelli_reach
from radiotype.features.ibsi.filter_base import FilterSettings, Spacing
from radiotype.features.ibsi.filter_settings import (
    GaborFilter,
    LawsFilter,
    LogFilter,
    MeanFilter,
    RieszFilter,
    SimoncelliFilter,
    WaveletFilter,
)

#: Bytes of a number.
FLOAT = 8
#: Bytes for a voxel of what is transformed, with its frequencies and what they are multiplied with: of Simoncelli's wavelet, of
#: its Riesz transform and of that of a Laplacian, both within slices and in space.
WAVELET, RIESZ, OF_LOG = 23, (26, 36), (45, 62)
#: The same where axes are turned at each voxel; for a voxel of the result, and for each axis of what is transformed.
ALIGNED = 450
#: Bytes for a voxel of the planes that a Gabor filter transforms at a time, and of a kernel while it is made.
PLANES, KERNEL = 58, 64


def bytes_of(one: FilterSettings, seen: Sequence[int], keep: Sequence[Range], spacing_mm: Spacing) -> int:
    """Memory that a response takes at its peak, bytes; 0 for one that is refused as too large.

    Parameters
    ----------
    one : FilterSettings
    seen : three of int
        Voxels of the image.
    keep : three of (low, high)
        Voxels of the response.
    spacing_mm : tuple of float
    """
    box = [high - low for low, high in keep]
    if isinstance(one, SimoncelliFilter | RieszFilter):
        return _of_frequencies(one, seen, keep, spacing_mm)
    if isinstance(one, GaborFilter):
        return _of_gabor(one, keep, spacing_mm)
    reach = one.reach_voxels(spacing_mm)
    wide = box
    if isinstance(one, LawsFilter) and one.energy_distance:
        wide = [min(n, own + 2 * one.energy_distance * bool(far)) for n, own, far in zip(seen, box, reach, strict=True)]
        reach = tuple(max(0, far - one.energy_distance) for far in reach)  # type: ignore[assignment]
    pooled = not isinstance(one, MeanFilter | LogFilter) and one.rotation_invariant  # type: ignore[attr-defined]
    several = pooled or isinstance(one, LogFilter)
    steps = one.level if isinstance(one, WaveletFilter) else 1
    return FLOAT * _separable(seen, wide, reach, several=several, steps=steps)


def _separable(seen: Sequence[int], box: Sequence[int], reach: Sequence[int], *, several: bool, steps: int) -> int:
    """Numbers held at most: what was filtered along the axes before, the longer lines that are filtered, and the result."""
    kept = 2 * math.prod(box) if several else 0
    again = 1 if several else 0  # what the product before left
    most = held = 0
    size = list(seen)
    for axis in range(3):
        if not reach[axis]:
            continue
        wide = list(size)
        wide[axis] = box[axis] + 2 * reach[axis]
        copied = math.prod(wide) if wide[axis] > size[axis] else 0
        size[axis] = box[axis]
        made = math.prod(size)
        first = made if steps == 1 else (3 * math.prod(wide) + made) // 2  # the first of several steps, and the next
        most = max(most, kept + held + copied + first + made * again)
        held += made
    return max(most, held + kept)


def _of_gabor(one: GaborFilter, keep: Sequence[Range], spacing_mm: Spacing) -> int:
    """The result twice, kernels of some directions, and some planes that are transformed."""
    reach = gabor_reach(one.sigma_mm, one.aspect_ratio, spacing_mm)
    n_angles = len(orientations(one.orientation_degrees, one.step_degrees))
    most = 0
    for axes in ((0, 1), (1, 2), (0, 2)) if one.dimensions == 3 else ((0, 1),):
        across, (i, j) = 3 - sum(axes), axes
        plane = math.prod(keep[axis][1] - keep[axis][0] + 2 * reach[axis] for axis in axes)
        if plane > KERNELS:
            return 0
        plane = math.prod(transformed(keep, (i, j), reach))
        kernels = 2 * FLOAT * plane * min(n_angles, max(1, KERNELS // plane))
        at_once = plane * min(max(1, BLOCK // plane), keep[across][1] - keep[across][0])
        kernel = math.prod(2 * reach[axis] + 1 for axis in axes)
        most = max(most, kernels + max(PLANES * at_once, KERNEL * kernel))
    return most + 2 * FLOAT * math.prod(high - low for low, high in keep)


def _of_frequencies(
    one: SimoncelliFilter | RieszFilter, seen: Sequence[int], keep: Sequence[Range], spacing_mm: Spacing
) -> int:
    n = one.dimensions if isinstance(one, SimoncelliFilter) else len(one.order)
    sigma_mm = one.sigma_mm if isinstance(one, RieszFilter) else None
    beyond = [simoncelli_reach(one.level or 1)] * 3
    if sigma_mm is not None:
        beyond = [own + REACH for own in gaussian_reach(sigma_mm, spacing_mm, 4.0)]
    far = [one.reach if axis < n else 0 for axis in range(3)]
    voxels = math.prod(last - first for first, last in seen_spans(seen, keep, far, one.boundary, beyond=beyond))
    if voxels > MAX_VOXELS:
        return 0
    if isinstance(one, SimoncelliFilter):
        continued = one.boundary != "periodic"  # and copied
        return (WAVELET + FLOAT * continued) * voxels
    own = (RIESZ if sigma_mm is None else OF_LOG)[n - 2]
    if one.align_sigma_mm is None:
        return own * voxels
    kept = math.prod(high - low for low, high in keep)
    return max((own + FLOAT * n) * voxels, FLOAT * n * voxels + ALIGNED * kept)
