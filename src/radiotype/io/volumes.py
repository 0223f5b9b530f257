"""Scans from NIfTI, NRRD, MHA and DICOM: headers first, voxels when they are asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.core.volume import Scan
from radiotype.errors import InputError
from radiotype.io import guard

NIFTI = (".nii", ".nii.gz")
ITK = (".nrrd", ".mha")
DICOM = (".dcm", ".ima")

#: Patient axes of NIfTI (RAS) against ours (LPS).
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

MM_PER_UNIT = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}


@dataclass(frozen=True)
class Header:
    """What a volume's header says.

    `shape` is (I, J, K) or (T, I, J, K); `voxels` reads the stored array in that order.
    """

    grid: Grid
    voxels: NiftiVoxels | ItkVoxels
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class NiftiVoxels:
    """Voxels of a NIfTI file, read on demand."""

    path: Path
    shape: tuple[int, ...]

    def read(self) -> npt.NDArray[Any]:
        import nibabel

        with guard.foreign(self.path, "the NIfTI volume"):
            data = np.asanyarray(nibabel.load(self.path).dataobj.get_unscaled())  # type: ignore[attr-defined]
            data = data.reshape((*data.shape[:3], -1))
            return np.moveaxis(data, 3, 0) if len(self.shape) == 4 else data[..., 0]


@dataclass(frozen=True)
class ItkVoxels:
    """Voxels of a NRRD or MHA file, read on demand."""

    path: Path
    shape: tuple[int, ...]

    def read(self) -> npt.NDArray[Any]:
        import SimpleITK

        with guard.foreign(self.path, "the volume"):
            array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(os.fspath(self.path)))
            if len(self.shape) == 4:
                return array.transpose(0, 3, 2, 1)
            return array.transpose(2, 1, 0)


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
    if suffix not in NIFTI + ITK:
        raise InputError(
            "RT211",
            f"files of type {suffix or 'unknown'!r} are not read; volumes may be {', '.join(NIFTI + ITK)}",
            file=path,
        )
    size = guard.require_file(path)
    try:
        return _nifti_header(path, size) if suffix in NIFTI else _itk_header(path, size)
    except InputError as error:
        error.file = error.file or path
        raise


def _nifti_header(path: Path, size: int) -> Header:
    import nibabel

    with guard.foreign(path, "the NIfTI header"):
        image: Any = nibabel.load(path)
        shape = tuple(int(n) for n in image.shape)
        dtype = image.get_data_dtype()
        offset = int(image.dataobj.offset)
        slope, intercept = float(image.dataobj.slope), float(image.dataobj.inter)
        affine = np.asarray(image.affine, dtype=np.float64)
        unit = image.header.get_xyzt_units()[0] or "unknown"
    if dtype.kind not in "iufb":
        raise InputError("RT202", f"voxels of type {dtype} are not grey values", file=path)
    compressed = suffix_of(path) == ".nii.gz"
    guard.require_size(shape, dtype.itemsize, path=path, stored=size if compressed else size - offset, compressed=compressed)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) not in (3, 4):
        raise InputError("RT207", f"a volume needs three axes, found shape {shape}", file=path)
    if not np.isfinite([slope, intercept]).all() or slope == 0:
        raise InputError("RT209", f"the header's scaling (slope {slope}, intercept {intercept}) is not usable", file=path)
    affine[:3] *= MM_PER_UNIT[unit]
    grid = Grid((shape[0], shape[1], shape[2]), RAS_TO_LPS @ affine)
    ordered = shape if len(shape) == 3 else (shape[3], *shape[:3])
    return Header(grid, NiftiVoxels(path, ordered), slope, intercept)


def _itk_header(path: Path, size: int) -> Header:
    import SimpleITK

    _require_attached(path)
    with guard.foreign(path, "the header"):
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(os.fspath(path))
        reader.ReadImageInformation()
        shape = tuple(int(n) for n in reader.GetSize())
        components = reader.GetNumberOfComponents()
        itemsize = np.dtype(_NUMPY_OF_ITK.get(reader.GetPixelID(), "u1")).itemsize
        spacing, origin, direction = reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection()
    guard.require_size((*shape, components), itemsize, path=path, stored=size, compressed=_is_deflated(path))
    n_axes = len(shape)
    if components > 1 or n_axes not in (3, 4):
        raise InputError(
            "RT207", f"a grey volume of three axes is needed, found {shape} with {components} components", file=path
        )
    affine = np.eye(4)
    affine[:3, :3] = np.array(direction).reshape(n_axes, n_axes)[:3, :3] * np.array(spacing[:3])
    affine[:3, 3] = origin[:3]
    grid = Grid((shape[0], shape[1], shape[2]), affine)
    ordered = shape if n_axes == 3 else (shape[3], *shape[:3])
    return Header(grid, ItkVoxels(path, ordered))


#: Bytes per voxel of SimpleITK's scalar pixel identifiers (sitkUInt8 .. sitkFloat64).
_NUMPY_OF_ITK = {0: "u1", 1: "i1", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "u4", 7: "i4", 8: "u8", 9: "i8", 10: "f4", 11: "f8"}

#: No header of a volume is longer than this.
_HEADER_BYTES = 64 * 1024


def _header_fields(path: Path) -> list[tuple[str, str]]:
    """Lower-case names and values of a NRRD or MHA text header, in order."""
    with path.open("rb") as file:
        text = file.read(_HEADER_BYTES).decode("latin-1")
    fields = []
    for line in text.splitlines():
        if suffix_of(path) == ".nrrd" and not line.strip():
            break
        name, separator, value = line.partition("=" if suffix_of(path) == ".mha" else ":")
        if separator:
            fields.append((name.strip().lower(), value.strip()))
        if name.strip().lower() == "elementdatafile":
            break
    return fields


def _require_attached(path: Path) -> None:
    """Refuse a header that fetches its voxels from another file: it could name any file of this machine."""
    fields = dict(_header_fields(path))
    elsewhere = fields.get("data file") or fields.get("datafile") or fields.get("elementdatafile", "LOCAL")
    if elsewhere.upper() != "LOCAL":
        raise InputError(
            "RT210",
            "the header takes its voxels from another file",
            file=path,
            hint="save header and voxels in one file (.nrrd, .mha or .nii.gz)",
        )


def _is_deflated(path: Path) -> bool:
    fields = dict(_header_fields(path))
    return fields.get("encoding", "raw").lower() in ("gzip", "gz", "bzip2", "bz2") or (
        fields.get("compresseddata", "false").lower() == "true"
    )


def is_dicom(path: Path) -> bool:
    """Whether a path is read as DICOM: a folder, a .dcm or .ima file, or a file of no known suffix that carries the marker."""
    suffix = suffix_of(path)
    if suffix in NIFTI + ITK:
        return False
    if suffix in DICOM or path.is_dir():
        return True
    from radiotype.io.dicom.dataset import has_dicom_marker

    return has_dicom_marker(path)


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
        from radiotype.io.dicom.series import series_of

        return series_of(path).scan(phase, modality=modality, unit=unit)
    header = read_header(path)
    try:
        scan = Scan(header.voxels, header.grid, modality, unit, header.slope, header.intercept)
        return scan if phase is None else scan.phase(phase)
    except InputError as error:
        error.file = error.file or path
        raise
