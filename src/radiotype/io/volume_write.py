"""Scans as NIfTI files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from radiotype.core.volume import Scan
from radiotype.errors import InputError

#: From our patient axes (LPS) to those of NIfTI (RAS).
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_scan(path: str | Path, scan: Scan) -> Path:
    """Write the values of a scan as float32 into a NIfTI file; the same scan always gives the same bytes.

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

    Examples
    --------
    >>> write_scan("log_1.5mm.nii.gz", response)  # doctest: +SKIP
    """
    import nibabel

    path = Path(path)
    if not path.name.endswith((".nii", ".nii.gz")):
        raise InputError("RT211", f"{path.name} is no NIfTI file", file=path, hint="end the name in .nii or .nii.gz")
    if len(scan.voxels.shape) != 3:
        hint = "write scan.phase(0) and so on, each into a file of its own"
        raise InputError("RT212", f"the scan has {scan.n_phases} phases", file=path, hint=hint)
    values = scan.box((0, 0, 0), scan.grid.shape).astype(np.float32)
    affine = _LPS_TO_RAS @ scan.grid.affine
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    content = image.to_bytes()
    path.write_bytes(gzip.compress(content, compresslevel=1, mtime=0) if path.name.endswith(".gz") else content)
    return path
