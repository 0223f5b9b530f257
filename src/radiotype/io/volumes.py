"""Scans from NIfTI, NRRD, MHA and DICOM: headers first, voxels when they are asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.core.volume import Scan
from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.nifti_header import read_nifti_header
from radiotype.io.text_volumes import StoredVoxels, read_text_volume
from radiotype.io.unpack import unpacked

#: Rises when the same files come to be read otherwise; part of the key of every stored result.
READER_VERSION = 1

NIFTI = (".nii", ".nii.gz")
ITK = (".nrrd", ".mha")
DICOM = (".dcm", ".ima")

#: Patient axes of NIfTI (RAS) against ours (LPS).
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Header:
    """What a volume's header says.

    `shape` is (I, J, K) or (T, I, J, K); `voxels` reads the stored array in that order.
    """

    grid: Grid
    voxels: NiftiVoxels | StoredVoxels
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class NiftiVoxels:
    """Voxels of a NIfTI file, read on demand."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    @property
    def mapped(self) -> bool:
        return suffix_of(self.path) == ".nii"

    def read(self) -> npt.NDArray[Any]:
        sizes = self.shape if len(self.shape) == 3 else (*self.shape[1:], self.shape[0])
        with guard.foreign(self.path, "the NIfTI volume"):
            data: npt.NDArray[Any]
            if self.mapped:
                data = np.asarray(np.memmap(self.path, self.dtype, "r", self.offset, sizes, "F"))
            else:
                with self.path.open("rb") as file:
                    raw = unpacked(file, "gzip", math.prod(sizes) * self.dtype.itemsize, skip=self.offset)
                data = raw.view(self.dtype).reshape(sizes, order="F")
            return np.moveaxis(data, 3, 0) if len(self.shape) == 4 else data


def suffix_of(path: Path) -> str:
    """The suffix that decides the format, lower case; ".nii.gz" counts as one."""
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def read_header(path: Path) -> Header:
    """Geometry and stored type of a volume, without its voxels.

    Raises
    ------
    InputError
        RT201, RT202, RT207, RT209, RT210 or RT211, each naming the file.
    """
    suffix = suffix_of(path)
    size = guard.require_file(path)
    if suffix not in NIFTI + ITK:
        raise InputError(
            "RT211",
            f"files of this type are not read; volumes may be {', '.join(NIFTI + ITK)}",
            file=path,
            hint="convert it; a pair of header and data (.hdr/.img, .mhd/.raw, .nhdr/.raw) must become one file",
        )
    try:
        return _nifti_header(path, size) if suffix in NIFTI else Header(*read_text_volume(path, suffix, size))
    except InputError as error:
        error.file = error.file or path
        raise


def _nifti_header(path: Path, size: int) -> Header:
    compressed = suffix_of(path) == ".nii.gz"
    with guard.foreign(path, "the NIfTI header"):
        head = read_nifti_header(path, compressed=compressed)
    shape, offset, itemsize = head.shape, head.offset, head.dtype.itemsize
    guard.require_size(shape, itemsize, path=path, stored=size if compressed else size - offset, compressed=compressed)
    if compressed:
        guard.require_whole_gzip(path, offset + itemsize * math.prod(shape))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (3, 4):
        raise InputError("RT207", f"a volume needs three axes, found shape {shape}", file=path)
    affine = head.affine.copy()
    affine[:3] *= head.mm_per_unit
    with np.errstate(invalid="ignore"):  # infinite numbers are refused by the grid
        grid = Grid((shape[0], shape[1], shape[2]), RAS_TO_LPS @ affine)
    ordered = shape if len(shape) == 3 else (shape[3], *shape[:3])
    return Header(grid, NiftiVoxels(path, ordered, head.dtype, offset), head.slope, head.intercept)


def is_dicom(path: Path) -> bool:
    """Whether a path is read as DICOM: a folder, a .dcm or .ima file, or a file of no known suffix that carries the marker."""
    suffix = suffix_of(path)
    if suffix in NIFTI + ITK:
        return False
    if suffix in DICOM or path.is_dir():
        return True
    from radiotype.io.dicom.dataset import has_dicom_marker

    return has_dicom_marker(path)


def files_of(path: Path) -> tuple[Path, ...]:
    """Every file that reading the scan at this path may open, in order of name: one, or all of a DICOM folder."""
    try:
        if not is_dicom(path):
            return (path,)
        folder = path if path.is_dir() else path.parent
        return tuple(sorted(one for one in folder.iterdir() if one.is_file()))
    except OSError:
        return ()


def read_scan(path: str | Path, *, phase: int | None = None, modality: str = "OT", unit: str = "") -> Scan:
    """An image from a NIfTI, NRRD or MHA file or a DICOM series; its voxels are read when first needed.

    Parameters
    ----------
    path : path
        .nii, .nii.gz, .nrrd or .mha; or the folder of one DICOM series, or any file of a series.
    phase : int, optional
        One phase of a four-dimensional file or a series of several phases, 0 is the first.
    modality, unit : str
        What the values of a volume file mean, for it does not say: CT, MR, PT, SER (a signal enhancement ratio map) or OT. A
        DICOM file says so itself; OT leaves it to the file, SER marks an MR map, another modality than the file's is refused.
        The unit "Bq/mL" keeps the activity of a PET series instead of its standardised uptake value.

    Returns
    -------
    Scan

    Raises
    ------
    InputError
        RT201 .. RT217, naming the file and what to do.

    Examples
    --------
    >>> scan = read_scan("tumour.nii.gz", modality="CT")  # doctest: +SKIP
    """
    path = Path(path)
    if is_dicom(path):
        from radiotype.io.recent import recent_series_of

        return recent_series_of(path).scan(phase, modality=modality, unit=unit)
    header = read_header(path)
    try:
        scan = Scan(header.voxels, header.grid, modality, unit, header.slope, header.intercept)
        return scan if phase is None else scan.phase(phase)
    except InputError as error:
        error.file = error.file or path
        raise
