"""Simulated volumes as NIfTI files: the same voxels always give the same bytes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid

#: From our patient axes (LPS) to those of NIfTI (RAS).
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: Fast rather than small: noise hardly shrinks anyway.
COMPRESSION = 1


def write_volume(path: Path, stored: npt.NDArray[Any], grid: Grid, *, step: float = 1.0) -> None:
    """Write a NIfTI file, gzipped, without name and time in it.

    Parameters
    ----------
    path : path
        Ends in .nii.gz.
    stored : array, shape (I, J, K), int16, uint8 or float32
    grid : Grid
    step : float
        Value of one stored grey level.
    """
    import nibabel

    affine = LPS_TO_RAS @ grid.affine
    image = nibabel.Nifti1Image(stored, affine)
    image.header.set_data_dtype(stored.dtype)
    image.header.set_slope_inter(step, 0.0)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    path.write_bytes(gzip.compress(image.to_bytes(), compresslevel=COMPRESSION, mtime=0))


def stored_values(values: npt.NDArray[np.float64], step: float) -> npt.NDArray[np.int16]:
    """Values in whole grey levels of `step`, as int16."""
    limits = np.iinfo(np.int16)
    return np.clip(np.rint(values / step), limits.min, limits.max).astype(np.int16)


def read_volume(path: Path) -> tuple[npt.NDArray[Any], Grid, float]:
    """Stored numbers, grid and value of one grey level of a file that `write_volume` wrote."""
    import nibabel

    image: Any = nibabel.load(path)
    return np.asanyarray(image.dataobj.get_unscaled()), Grid(image.shape, LPS_TO_RAS @ image.affine), float(image.dataobj.slope)
