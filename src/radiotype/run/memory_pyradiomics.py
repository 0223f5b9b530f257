"""How much memory the features of pyradiomics take, with those of filtered images."""

from __future__ import annotations

import math

import numpy as np

from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics.filters import LEAST_VOXELS, REACH_SIGMAS
from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.local_patterns import AT_ONCE, SPLINE_REACH
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.wavelets import reach_voxels
from radiotype.run.memory_ibsi import DISTINCT, needed_for_ibsi

#: Bytes for a voxel of the scan: double numbers, their copy and its result; and beside the stored ones.
NORMALISED, RESAMPLED_BY_ITK = 22, 10
#: Bytes for a voxel of a filtered image in the region's box while it is measured, with its levels.
MEASURED = 22
#: Bytes for a voxel of what a filter needs, while it runs: what ITK takes and gives; a cubic spline of the image.
BY_ITK, BY_SPLINE = 22, 20
#: Bytes for a voxel of the box: intensities one by one; neighbours within a slice, beside a bit for each.
ONE_BY_ONE, PLANAR = 48, 56
#: Numbers of double precision for each voxel of a wavelet transform: all bands, and while they are made.
BANDS, MAKING_BANDS = 8, 13
#: Bytes of each spherical harmonic of a neighbour.
HARMONIC = 48


def needed_for_pyradiomics(scan: Scan, mask: Mask, settings: PyradiomicsSettings) -> int:
    """Memory that the family `pyradiomics` takes at its peak, bytes: normalised and resampled is the whole scan."""
    n_voxels, itemsize = math.prod(scan.grid.shape), np.dtype(scan.voxels.dtype).itemsize
    whole = kept = 0
    if settings.normalise:
        whole, kept = NORMALISED * n_voxels, 8 * n_voxels
    elif settings.spacing_mm is not None:
        whole = kept = (RESAMPLED_BY_ITK + itemsize) * n_voxels
    wanted = settings.spacing_mm or (0.0, 0.0, 0.0)
    step = min((new or old) for new, old in zip(wanted, scan.grid.spacing_mm, strict=True))
    original = needed_for_ibsi(scan, mask, IbsiSettings(spacing_mm=step if settings.spacing_mm else None))
    filtered = [_needed_for_images(kind, scan, mask, settings.of_image(kind)) for kind in settings.images.types]
    read = itemsize * n_voxels if any(filtered) and scan.voxels.mapped and settings.filters_see == "scan" else 0
    return read + max([whole + original, *(kept + one for one in filtered)])


def _needed_for_images(kind: ImageType, scan: Scan, mask: Mask, settings: PyradiomicsSettings) -> int:
    """What the filtered images of one type take, while they are made and while they are measured."""
    if kind == "Original":
        return 0
    old = np.array(scan.grid.spacing_mm)
    given = np.array(settings.spacing_mm or (0.0, 0.0, 0.0))
    spacing = np.where(given == 0, old, given)
    low, high = (np.array(corner) for corner in mask.box)
    box = np.ceil((high - low) * old / spacing)
    seen = np.ceil(np.array(scan.grid.shape) * old / spacing)
    if settings.filters_see == "padding" or settings.spacing_mm is not None:
        seen = np.minimum(seen, box + 2 * settings.padding_voxels)
    inside = mask.n_voxels * float(np.prod(old / spacing))
    measured = DISTINCT * inside + MEASURED * float(np.prod(box))
    images = settings.images
    if kind == "LoG" and images.LoG is not None:
        margin = np.maximum(LEAST_VOXELS, np.ceil(REACH_SIGMAS * max(images.LoG.sigmas_mm) / spacing))
        return int(max(measured, BY_ITK * np.prod(np.minimum(seen, box + 2 * margin))))
    if kind == "Wavelet" and images.Wavelet is not None:
        own = images.Wavelet
        block = 8 * float(np.prod(box + sum(reach_voxels(own.wavelet, own.levels + own.levels_skipped))))
        return int(max(MAKING_BANDS * block, BANDS * block + measured))
    if kind == "LBP2D" and images.LBP2D is not None:
        return int(max(measured, (PLANAR + images.LBP2D.samples) * np.prod(box)))
    if kind == "LBP3D" and images.LBP3D is not None:
        around = np.prod(np.minimum(seen, box + 2 * (SPLINE_REACH + math.ceil(images.LBP3D.radius_voxels))))
        return int(max(measured, BY_SPLINE * around + HARMONIC * AT_ONCE * images.LBP3D.levels**2))
    return int(measured if kind == "Gradient" else ONE_BY_ONE * np.prod(box))
