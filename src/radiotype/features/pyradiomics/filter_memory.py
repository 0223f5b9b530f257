"""How much memory the filtered images of pyradiomics take, while they are made and while they are measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from radiotype.features.pyradiomics.filters import LEAST_VOXELS, REACH_SIGMAS
from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.local_patterns import AT_ONCE, SPLINE_REACH
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.wavelets import reach_voxels

#: Bytes for a voxel of a filtered image in the region's box while it is measured, with its levels; and for one inside.
MEASURED, DISTINCT = 22, 64
#: Bytes for a voxel of what a filter needs beside the stored one, while it runs: what ITK takes and gives; a cubic spline.
BY_ITK, BY_SPLINE = 20, 20
#: Bytes for a voxel of the box: intensities one by one; neighbours within a slice, beside a bit for each.
ONE_BY_ONE, PLANAR = 48, 56
#: Numbers of double precision for each voxel of a wavelet transform: all bands, and while they are made, at once or by level.
BANDS, MAKING_BANDS, MAKING_LEVELS = 8, 13, 16
#: Bytes of each spherical harmonic of a neighbour; of the place of a voxel inside, and of each of its numbers.
HARMONIC, PLACE, NUMBER = 48, 24, 8


class Taken(NamedTuple):
    """Bytes that images of one type take: while one is made, with what is held meanwhile, and while one is measured."""

    making: int
    measuring: int


def bytes_of(
    kind: ImageType,
    settings: PyradiomicsSettings,
    *,
    seen: Sequence[float],
    box: Sequence[float],
    inside: float,
    spacing_mm: Sequence[float],
    itemsize: int,
) -> Taken:
    """Memory that the images of one type take.

    Parameters
    ----------
    kind : str
    settings : PyradiomicsSettings
        Those of the type of image.
    seen, box : three numbers
        Voxels of what filters see, and of the region's box.
    inside : float
        Voxels of the region.
    spacing_mm : three numbers
    itemsize : int
        Bytes of a voxel of what filters see.
    """
    size, all_seen, spacing = (np.array(numbers, dtype=float) for numbers in (box, seen, spacing_mm))
    images, n_box = settings.images, float(np.prod(size))
    measuring = int(DISTINCT * inside + MEASURED * n_box)
    if kind == "Original":
        return Taken(0, 0)
    if kind == "LoG" and images.LoG is not None:
        margin = np.maximum(LEAST_VOXELS, np.ceil(REACH_SIGMAS * max(images.LoG.sigmas_mm) / spacing))
        return Taken(int((BY_ITK + itemsize) * np.prod(np.minimum(all_seen, size + 2 * margin))), measuring)
    if kind == "Wavelet" and images.Wavelet is not None:
        own = images.Wavelet
        n_levels = own.levels + own.levels_skipped
        reach, period = sum(reach_voxels(own.wavelet, n_levels)), all_seen + 2 + sum(reach_voxels(own.wavelet, 1))
        block = 8 * float(np.prod(np.minimum(size + reach, period)))
        return Taken(int((MAKING_BANDS if n_levels == 1 else MAKING_LEVELS) * block), int(BANDS * block + measuring))
    if kind == "LBP2D" and images.LBP2D is not None:
        return Taken(int((PLANAR + images.LBP2D.samples) * n_box), measuring)
    if kind == "LBP3D" and images.LBP3D is not None:
        levels = images.LBP3D.levels
        around = np.prod(np.minimum(all_seen, size + 2 * (SPLINE_REACH + math.ceil(images.LBP3D.radius_voxels))))
        held = int(BY_SPLINE * around + (PLACE + NUMBER * (levels + 1)) * inside)
        return Taken(held + HARMONIC * AT_ONCE * levels**2, held + measuring)
    if kind == "Gradient":
        return Taken(0, measuring)
    return Taken(int(ONE_BY_ONE * n_box), int(ONE_BY_ONE * n_box))  # as many different values as there were
