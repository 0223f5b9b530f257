"""What simulated scans are stored as: whole grey levels of a step, in gzipped NIfTI files."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.io.nifti_header import read_nifti_header
from radiotype.io.nifti_write import LPS_TO_RAS


def stored_values(values: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.int16]:
    """Values in whole grey levels of `step`, as int16."""
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(values / step), limits.min, limits.max).astype(np.int16)


def read_volume(path: Path) -> tuple[npt.NDArray[Any], Grid, float]:
    """Stored numbers, grid and value of one grey level of a file that `write_nifti` wrote."""
    header = read_nifti_header(path, compressed=True)
    voxels = np.frombuffer(gzip.decompress(path.read_bytes()), header.dtype, offset=header.offset)
    width, height, depth = header.shape
    return voxels.reshape(header.shape, order="F"), Grid((width, height, depth), LPS_TO_RAS @ header.affine), header.slope
