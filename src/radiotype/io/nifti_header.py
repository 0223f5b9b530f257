"""The header of a NIfTI file, read without a library: the common one takes as long to import as a large mask to read."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import InputError

#: Extensions between a NIfTI header and its voxels are not longer than this, bytes.
MAX_OFFSET = 64 * 2**20

#: Size of the header, and the place and type of what is read of it, for both versions.
_SIZES = {1: 348, 2: 540}
_FIELDS = {
    1: {
        "dim": (40, "8i2"), "datatype": (70, "i2"), "pixdim": (76, "8f4"), "vox_offset": (108, "f4"), "scl_slope": (112, "f4"),
        "scl_inter": (116, "f4"), "xyzt_units": (123, "u1"), "qform_code": (252, "i2"), "sform_code": (254, "i2"),
        "quatern": (256, "3f4"), "qoffset": (268, "3f4"), "srow": (280, "(3,4)f4"), "magic": (344, "S3"),
    },
    2: {
        "dim": (16, "8i8"), "datatype": (12, "i2"), "pixdim": (104, "8f8"), "vox_offset": (168, "i8"), "scl_slope": (176, "f8"),
        "scl_inter": (184, "f8"), "xyzt_units": (500, "i4"), "qform_code": (344, "i4"), "sform_code": (348, "i4"),
        "quatern": (352, "3f8"), "qoffset": (376, "3f8"), "srow": (400, "(3,4)f8"), "magic": (4, "S3"), "eol": (8, "4u1"),
    },
}  # fmt: skip

#: What the numbers of voxel types and units mean. Bits, complex numbers and colours are known, and not read.
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
_OTHER_TYPES = {1: "bit", 32: "complex64", 128: "RGB", 1536: "float128", 1792: "complex128", 2048: "complex256", 2304: "RGBA"}
_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}

#: Methods of placing the voxels that the standard knows; any other number counts as none.
_METHODS = range(1, 6)


@dataclass(frozen=True)
class NiftiHeader:
    """What a NIfTI header says of its voxels.

    `offset`: where they begin, bytes. `qform` and `sform` (4, 4): the two ways of placing them, to RAS in the unit of the file,
    None where the header does not use it. `affine` (4, 4): that which counts.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    mm_per_unit: float
    affine: Floats
    qform: Floats | None
    sform: Floats | None


def read_nifti_header(path: Path, *, compressed: bool) -> NiftiHeader:
    """The header of a single NIfTI file, version 1 or 2.

    Raises
    ------
    InputError
        RT202 for a header that is none; RT209 for numbers that cannot be; RT210 if its voxels are in another file.
    """
    with gzip.open(path) if compressed else path.open("rb") as file:
        start = file.read(max(_SIZES.values()))
    order: Literal["<", ">"] = "<" if start[:1] in (b"\x5c", b"\x1c") else ">"
    size = int.from_bytes(start[:4], "little" if order == "<" else "big")
    version = {size: version for version, size in _SIZES.items()}.get(size)
    if version is None or len(start) < size:
        raise InputError("RT202", "the file does not begin with a NIfTI header")
    fields = _FIELDS[version]
    places, kinds = zip(*fields.values(), strict=True)
    layout = np.dtype({"names": list(fields), "offsets": places, "formats": kinds, "itemsize": size})
    head = np.frombuffer(start, layout.newbyteorder(order), 1)[0]
    if head["magic"] != (b"n+1" if version == 1 else b"n+2"):
        raise InputError(
            "RT210", "the header does not keep its voxels in the same file", hint="save it as one .nii or .nii.gz file"
        )
    if version == 2 and head["eol"].tolist() not in ([13, 10, 26, 10], [0, 0, 0, 0]):
        raise InputError("RT202", "the file was changed by a transfer as text", hint="copy it again as binary")
    return _header(head, size, order)


def _header(head: Any, size: int, order: str) -> NiftiHeader:
    n_axes, code, unit = int(head["dim"][0]), int(head["datatype"]), int(head["xyzt_units"]) % 8
    if not 1 <= n_axes <= 7:
        raise InputError("RT209", f"the header claims {n_axes} axes")
    if code not in _TYPES:
        raise InputError("RT202", f"voxels of type {_OTHER_TYPES.get(code, code)} are not grey values")
    if unit not in _MM_PER_UNIT:
        raise InputError("RT207", "the header gives positions in a unit that the format does not know")
    if head["vox_offset"] != 0 and not size + 4 <= head["vox_offset"] <= MAX_OFFSET:
        raise InputError("RT209", "the header says that the voxels begin where they cannot")
    shape = tuple(head["dim"][1 : n_axes + 1].tolist())
    slope, intercept = float(head["scl_slope"]), float(head["scl_inter"])
    if slope == 0 or not np.isfinite(slope):
        slope, intercept = 1.0, 0.0
    if not np.isfinite(intercept):
        raise InputError("RT209", f"the header's scaling (slope {slope}, intercept {intercept}) is not usable")
    steps = np.abs(head["pixdim"][1:4])
    steps[steps == 0] = 1
    qform = _from_quaternion(head, steps) if head["qform_code"] in _METHODS else None
    sform = np.vstack([head["srow"], [0.0, 0.0, 0.0, 1.0]]).astype(np.float64) if head["sform_code"] in _METHODS else None
    if sform is None and qform is None and head["qform_code"] in _METHODS:
        raise InputError("RT207", "the header turns the volume by a quaternion that is none")
    affine = sform if sform is not None else qform if qform is not None else _from_steps(shape, steps)
    offset = int(head["vox_offset"]) or size + 4
    dtype = np.dtype(order + _TYPES[code])
    return NiftiHeader(shape, dtype, offset, slope, intercept, _MM_PER_UNIT[unit], affine, qform, sform)


def _from_quaternion(head: Any, steps: Any) -> Floats | None:
    """Method 2 of the standard: a rotation, the size of a voxel, and where the first one lies. None if it is no rotation."""
    x, y, z = head["quatern"].astype(np.longdouble)
    rest = 1 - (x * x + y * y + z * z)
    precision = 3 * np.finfo(head["quatern"].dtype).eps
    if not rest > -precision:
        return None
    w = np.sqrt(rest) if rest >= precision else np.longdouble(0)
    twice = 2 / (w * w + x * x + y * y + z * z)
    u, v, t = x * twice, y * twice, z * twice
    rotation = np.array(
        [
            [1 - (y * v + z * t), x * v - w * t, x * t + w * v],
            [x * v + w * t, 1 - (x * u + z * t), y * t - w * u],
            [x * t - w * v, y * t + w * u, 1 - (x * u + y * v)],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = rotation * (steps * [1, 1, -1 if head["pixdim"][0] == -1 else 1])
    affine[:3, 3] = head["qoffset"]
    return affine


def _from_steps(shape: tuple[int, ...], steps: Any) -> Floats:
    """Where neither method is used: the size of a voxel, the middle of the volume at zero, the first axis to the left."""
    affine = np.diag([*(np.append(steps[: len(shape)], np.ones(3))[:3] * [-1, 1, 1]), 1.0])
    affine[:3, 3] = -np.diag(affine)[:3] * (np.array([*shape, 1, 1][:3]) - 1) / 2
    return affine
