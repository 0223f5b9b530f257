"""How much memory finding the parenchyma around a region takes."""

from __future__ import annotations

import math

import numpy as np

from radiotype.core.volume import PhaseVoxels, Scan
from radiotype.imaging.parenchyma.loader import FoundParenchyma
from radiotype.imaging.parenchyma.working import blocks_of

#: Bytes per block on which an organ is looked for, while it is: measured 25 (lung) to 40 (breast) in scans of 1 to 13 million
#: blocks. And while it is laid onto the scan, bytes per block and per voxel.
FINDING = 40
LAYING = (6, 1.5)


def needed_to_find(scan: Scan, source: FoundParenchyma) -> int:
    """Memory that finding takes at its peak beyond what is held now, bytes; from headers alone."""
    searched = source.image() if source.apart else scan
    blocks = blocks_of(searched.grid)
    n_blocks = math.prod(len(blocks.starts(axis)) for axis in range(3))
    n_voxels = math.prod(searched.grid.shape)
    voxels = searched.voxels
    series = math.prod(voxels.shape) if not isinstance(voxels, PhaseVoxels) else math.prod(voxels.series.shape)
    held = "data" in vars(searched) or voxels.mapped
    stored = 0 if held else (series + n_voxels * (series > n_voxels)) * np.dtype(voxels.dtype).itemsize
    masks = n_voxels if source.apart else 0
    return stored + masks + int(max(FINDING * n_blocks, LAYING[0] * n_blocks + LAYING[1] * n_voxels))
