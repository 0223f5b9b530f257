"""Volumes as NIfTI files: the same voxels always give the same bytes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Scan
from radiotype.errors import ComputeError, InputError, unwritable

#: From our patient axes (LPS) to those of NIfTI (RAS).
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

#: Fast rather than small: noise hardly shrinks anyway.
COMPRESSION = 1

#: Voxels begin here, behind the header and four bytes that say that nothing lies between.
OFFSET = 352

_TYPES = {"uint8": 2, "int16": 4, "int32": 8, "float32": 16, "float64": 64, "int8": 256, "uint16": 512, "uint32": 768}
_MM_AND_SECONDS = 2 | 8
_SCANNER = 1
_HEADER = np.dtype(
    {
        "names": [
            "size", "dim", "datatype", "bits", "pixdim", "offset", "slope", "intercept", "units",
            "qform_code", "sform_code", "quaternion", "qoffset", "srow", "magic",
        ],
        "formats": [
            "<i4", "<8i2", "<i2", "<i2", "<8f4", "<f4", "<f4", "<f4", "u1", "<i2", "<i2", "<3f4", "<3f4", "(3,4)<f4", "S4",
        ],
        "offsets": [0, 40, 70, 72, 76, 108, 112, 116, 123, 252, 254, 256, 268, 280, 344],
        "itemsize": OFFSET,
    }
)  # fmt: skip


def write_nifti(path: str | Path, stored: npt.NDArray[Any], grid: Grid, *, step: float = 1.0) -> None:
    """Write a NIfTI-1 file, gzipped if its name ends in .gz, without name and time in it.

    Parameters
    ----------
    path : path
        Ends in .nii or .nii.gz.
    stored : array, shape (I, J, K)
        Whole numbers of up to 32 bits, or floats.
    grid : Grid
    step : float
        Value of one stored grey level.

    Raises
    ------
    InputError
        RT211 for another ending.
    ComputeError
        RT305 if the array has another shape than the grid, or a type that the format has not.
    StoreError
        RT401 or RT405 if it cannot be written.

    Examples
    --------
    >>> from radiotype.io import read_scan
    >>> write_nifti("map.nii.gz", np.ones((2, 2, 2), np.float32), Grid((2, 2, 2), np.eye(4)))
    >>> read_scan("map.nii.gz").grid.shape
    (2, 2, 2)
    """
    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InputError("RT211", f"{path.name} is no NIfTI file", file=path, hint="end the name in .nii or .nii.gz")
    if stored.shape != grid.shape or stored.dtype.name not in _TYPES:
        found = f"the voxels have the shape {stored.shape} and the type {stored.dtype}; expected {grid.shape}"
        raise ComputeError("RT305", f"{found} and one of {', '.join(_TYPES)}", file=path)
    try:
        path.write_bytes((packed_nifti if path.suffix == ".gz" else nifti_bytes)(stored, grid, step=step))
    except OSError as error:
        raise unwritable(error, path) from error


def write_scan(path: str | Path, scan: Scan) -> Path:
    """Write the values of a scan as float32 into a NIfTI file.

    Parameters
    ----------
    path : path
        Ends in .nii or .nii.gz; its folder exists.
    scan : Scan
        Of one phase. `read_scan` gives it back with the same grid; modality and unit have no place in such a file.

    Returns
    -------
    Path
        Where it lies.

    Raises
    ------
    InputError
        RT211 for another ending; RT212 for a scan of several phases.
    StoreError
        RT401 or RT405 if it cannot be written.

    Examples
    --------
    >>> write_scan("log_1.5mm.nii.gz", response)  # doctest: +SKIP
    """
    if len(scan.voxels.shape) != 3:
        hint = "write scan.phase(0) and so on, each into a file of its own"
        raise InputError("RT212", f"the scan has {scan.n_phases} phases", file=path, hint=hint)
    write_nifti(path, scan.box((0, 0, 0), scan.grid.shape).astype(np.float32), scan.grid)
    return Path(path)


def packed_nifti(stored: npt.NDArray[Any], grid: Grid, *, step: float = 1.0) -> bytes:
    """The content of a gzipped NIfTI-1 file."""
    return gzip.compress(nifti_bytes(stored, grid, step=step), compresslevel=COMPRESSION, mtime=0)


def nifti_bytes(stored: npt.NDArray[Any], grid: Grid, *, step: float = 1.0) -> bytes:
    """The content of such a file."""
    affine = LPS_TO_RAS @ grid.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    rotation = _nearest_rotation(affine[:3, :3] / spacing)
    flipped = np.linalg.det(rotation) < 0
    header = np.zeros((), _HEADER)
    header["size"], header["magic"] = 348, b"n+1"
    header["dim"] = [3, *stored.shape, 1, 1, 1, 1]
    header["datatype"], header["bits"] = _TYPES[stored.dtype.name], 8 * stored.dtype.itemsize
    header["pixdim"] = [-1.0 if flipped else 1.0, *spacing, 1, 1, 1, 1]
    header["offset"], header["slope"], header["units"] = OFFSET, step, _MM_AND_SECONDS
    header["qform_code"] = header["sform_code"] = _SCANNER
    header["quaternion"] = _quaternion(rotation * [1.0, 1.0, -1.0] if flipped else rotation)
    header["qoffset"], header["srow"] = affine[:3, 3], affine[:3]
    return header.tobytes() + stored.astype(stored.dtype.newbyteorder("<"), copy=False).tobytes(order="F")


def _nearest_rotation(axes: Floats) -> Floats:
    """The orthogonal matrix closest to axes that are hardly oblique to each other."""
    left, _, right = np.linalg.svd(axes)
    rotation: Floats = left @ right
    return rotation


def _quaternion(rotation: Floats) -> Floats:
    """The last three parts (3,) of a unit quaternion whose first part is 0 or more."""
    products = np.zeros((4, 4))  # whose largest eigenvector is the quaternion (Bar-Itzhack 2000)
    products[0, 0] = np.trace(rotation)
    skew = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    products[0, 1:] = products[1:, 0] = skew
    products[1:, 1:] = rotation + rotation.T - np.trace(rotation) * np.eye(3)
    found: Floats = np.linalg.eigh(products)[1][:, -1]
    return found[1:] * (-1.0 if found[0] < 0 else 1.0)
