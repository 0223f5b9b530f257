"""How much memory finding the parenchyma around a region takes."""

from __future__ import annotations

import math

import numpy as np

from radiotype.core.volume import PhaseVoxels, Scan
from radiotype.imaging.parenchyma.loader import FoundParenchyma
from radiotype.imaging.parenchyma.working import finding_bytes

#: Bytes per voxel of the scan while the organ that was found is laid onto it; measured 1.3 to 1.5.
LAYING = 1.5


def needed_to_find(scan: Scan, source: FoundParenchyma) -> int:
    """Memory that finding takes at its peak beyond what is held now, bytes; from headers alone."""
    searched = source.image() if source.apart else scan
    n_voxels = math.prod(searched.grid.shape)
    voxels = searched.voxels
    series = math.prod(voxels.shape) if not isinstance(voxels, PhaseVoxels) else math.prod(voxels.series.shape)
    held = "data" in vars(searched) or voxels.mapped
    stored = 0 if held else (series + n_voxels * (series > n_voxels)) * np.dtype(voxels.dtype).itemsize
    masks = n_voxels if source.apart else 0
    return stored + masks + max(finding_bytes(searched.grid), int(LAYING * n_voxels))
