"""How much memory the features of pyradiomics take, with those of filtered images."""

from __future__ import annotations

import math

import numpy as np

from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics.filter_memory import bytes_of
from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.threads import threads_for
from radiotype.run.memory_ibsi import needed_for_ibsi

#: Bytes for a voxel of the scan: double numbers, their copy and its result; and beside the stored ones.
NORMALISED, RESAMPLED_BY_ITK = 22, 10


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
    itemsize = 8 if settings.normalise else np.dtype(scan.voxels.dtype).itemsize
    making, measuring = bytes_of(
        kind, settings, seen=seen.tolist(), box=box.tolist(), inside=inside, spacing_mm=spacing.tolist(), itemsize=itemsize
    )
    n_images = len({image for _, image, *_ in settings.columns})
    n_threads = threads_for(n_images, making + measuring)
    return max(making, measuring) if n_threads == 1 else n_threads * (making + measuring)
