"""NRRD and MetaImage volumes, read without a library: a damaged header made the common one crash the whole process."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.text_header import TextHeader, read_text_header
from radiotype.io.unpack import unpacked

_NRRD_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_NRRD_TYPE = {name: code for code, names in _NRRD_TYPES.items() for name in names}
_META_TYPE = {
    **{"MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4"},
    **{
        "MET_LONG": "i4",
        "MET_ULONG": "u4",
        "MET_LONG_LONG": "i8",
        "MET_ULONG_LONG": "u8",
        "MET_FLOAT": "f4",
        "MET_DOUBLE": "f8",
    },
}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}

#: What turns the axes of a named NRRD space into LPS.
_TO_LPS = {
    **dict.fromkeys(("left-posterior-superior", "lps", "lpst", "scanner-xyz", "3d-right-handed", ""), (1.0, 1.0, 1.0)),
    **dict.fromkeys(("right-anterior-superior", "ras", "rast"), (-1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las", "last"), (1.0, -1.0, 1.0)),
}


@dataclass(frozen=True)
class StoredVoxels:
    """Where and how a file keeps its voxels; read on demand.

    `sizes` are those of the file, fastest axis first; `phases` says which of its axes counts phases, None for a plain volume.
    """

    path: Path
    sizes: tuple[int, ...]
    dtype: str
    n_header_bytes: int
    encoding: str = "raw"
    phases: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(I, J, K), or (T, I, J, K)."""
        space = tuple(n for axis, n in enumerate(self.sizes) if axis != self.phases)
        return space if self.phases is None else (self.sizes[self.phases], *space)

    @property
    def mapped(self) -> bool:
        return False

    @property
    def n_bytes(self) -> int:
        """Bytes of the voxels, unpacked."""
        return math.prod(self.sizes) * np.dtype(self.dtype).itemsize

    def read(self) -> npt.NDArray[Any]:
        """The stored array in the order of `shape`."""
        with guard.foreign(self.path, "the volume"), self.path.open("rb") as file:
            file.seek(self.n_header_bytes)
            array = unpacked(file, self.encoding, self.n_bytes).view(self.dtype).reshape(self.sizes, order="F")
        return array if self.phases is None else np.moveaxis(array, self.phases, 0)


def read_text_volume(path: Path, kind: str, size: int) -> tuple[Grid, StoredVoxels]:
    """Grid and voxels of a NRRD or MetaImage file of `size` bytes; the voxels are not read.

    Raises
    ------
    InputError
        RT202, RT207, RT209, RT210 or RT211, naming the file.
    """
    header = read_text_header(path, kind)
    try:
        grid, voxels = _nrrd(path, header) if kind == ".nrrd" else _metaimage(path, header)
    except InputError as error:
        error.file = path
        raise
    itemsize = np.dtype(voxels.dtype).itemsize
    stored = size - header.n_bytes
    guard.require_size(voxels.sizes, itemsize, path=path, stored=stored, compressed=voxels.encoding != "raw")
    if voxels.encoding == "gzip":
        guard.require_whole_gzip(path, voxels.n_bytes, offset=header.n_bytes)
    packed = header.fields.get("compresseddatasize", "0") if voxels.encoding == "zlib" else "0"
    if not packed.isdigit() or int(packed) > stored:
        raise InputError("RT209", "the header claims more compressed bytes than the file holds", file=path)
    return grid, voxels


def _nrrd(path: Path, header: TextHeader) -> tuple[Grid, StoredVoxels]:
    fields = header.fields
    sizes = _whole(fields, "sizes")
    code = _known(_NRRD_TYPE, fields.get("type", "").lower(), "type")
    encoding = _known(_ENCODINGS, fields.get("encoding", "").lower(), "encoding")
    if any(fields.get(name, "0") != "0" for name in ("line skip", "lineskip", "byte skip", "byteskip")):
        raise InputError("RT211", "the header skips a part of its own file")
    if "dimension" in fields and fields["dimension"] != str(len(sizes)):
        raise InputError("RT209", f"the header claims {len(sizes)} sizes, but another number of axes")
    kinds = fields.get("kinds", "").lower().split() or ["domain"] * len(sizes)
    vectors = _vectors(fields["space directions"]) if "space directions" in fields else None
    if len(kinds) != len(sizes) or (vectors is not None and len(vectors) != len(sizes)):
        raise InputError("RT209", "the header does not describe each of its axes")
    if not any(unit == "mm" for unit in fields.get("space units", '"mm"').replace('"', " ").split()):
        raise InputError("RT207", "the header gives positions in another unit than mm")
    phases = _phase_axis(sizes, kinds, vectors)
    space = [axis for axis in range(len(sizes)) if axis != phases]
    affine = np.eye(4)
    if vectors is not None:
        affine[:3, :3] = np.array([_three(vectors[axis]) for axis in space]).T
        affine[:3, 3] = _three(_vectors(fields.get("space origin", "(0,0,0)"))[0])
        named = (
            fields.get("space", "")
            .lower()
            .removesuffix("-time")
            .removesuffix("t" if len(fields.get("space", "")) == 4 else " ")
        )
        affine = np.diag([*_known(_TO_LPS, named, "space"), 1.0]) @ affine
    else:
        spacings, mins = _numbers(fields, "spacings", 1.0, len(sizes)), _numbers(fields, "axis mins", 0.0, len(sizes))
        affine[:3, :3] = np.diag([spacings[axis] for axis in space])
        centres = (fields.get("centers") or fields.get("centerings") or "").lower().split() or ["cell"] * len(sizes)
        if "axis mins" in fields and len(centres) == len(
            sizes
        ):  # the edge of the first voxel, unless it is said to be its centre
            affine[:3, 3] = [mins[axis] + (0.0 if centres[axis] == "node" else spacings[axis] / 2) for axis in space]
        if not (np.diag(affine) > 0).all():
            raise InputError("RT207", "voxel spacing must be positive")
    order = {"big": ">", "little": "<"}.get(fields.get("endian", "little").lower(), "<")
    voxels = StoredVoxels(path, sizes, order + code, header.n_bytes, encoding, phases)
    return Grid(_ijk(sizes, phases), affine), voxels


def _metaimage(path: Path, header: TextHeader) -> tuple[Grid, StoredVoxels]:
    fields = header.fields
    sizes = _whole(fields, "dimsize")
    code = _known(_META_TYPE, fields.get("elementtype", "").upper(), "element type")
    n = len(sizes)
    if fields.get("elementnumberofchannels", "1") != "1":
        raise InputError("RT207", "a grey volume is needed, the voxels have several components")
    if fields.get("binarydata", "true").lower() != "true" or fields.get("headersize", "0") not in ("0", "-1"):
        raise InputError("RT211", "the voxels are written as text or after a second header")
    phases = _phase_axis(sizes, ["domain"] * n, None)
    spacing = _numbers(fields, "elementspacing" if "elementspacing" in fields else "elementsize", 1.0, n)
    origin = _numbers(fields, next((name for name in ("offset", "position", "origin") if name in fields), "offset"), 0.0, n)
    matrix = next((name for name in ("transformmatrix", "rotation", "orientation") if name in fields), None)
    direction = np.eye(n) if matrix is None else np.array(_numbers(fields, matrix, 0.0, n * n)).reshape(n, n).T
    if min(spacing[:3]) <= 0:
        raise InputError("RT207", "voxel spacing must be positive")
    affine = np.eye(4)
    affine[:3, :3] = direction[:3, :3] * np.array(spacing[:3])
    affine[:3, 3] = origin[:3]
    big = "true" in (fields.get("binarydatabyteordermsb", "").lower(), fields.get("elementbyteordermsb", "").lower())
    encoding = "zlib" if fields.get("compresseddata", "").lower() == "true" else "raw"
    voxels = StoredVoxels(path, sizes, (">" if big else "<") + code, header.n_bytes, encoding, phases)
    return Grid(_ijk(sizes, phases), affine), voxels


def _ijk(sizes: tuple[int, ...], phases: int | None) -> tuple[int, int, int]:
    i, j, k = (n for axis, n in enumerate(sizes) if axis != phases)
    return i, j, k


def _phase_axis(sizes: tuple[int, ...], kinds: list[str], vectors: list[Floats | None] | None) -> int | None:
    """The axis that counts phases; None for a plain volume."""
    if len(sizes) == 3 and (vectors is None or all(one is not None for one in vectors)):
        return None
    if len(sizes) != 4:
        raise InputError("RT207", f"a volume needs three axes, found {len(sizes)}")
    apart = [axis for axis, vector in enumerate(vectors or []) if vector is None] or [
        axis for axis, kind in enumerate(kinds) if kind not in ("domain", "space", "???")
    ]
    axis = apart[0] if apart else 3
    if len(apart) > 1 or kinds[axis] not in ("list", "time", "domain", "space", "???", "none"):
        raise InputError("RT207", "a grey volume of three axes is needed, the voxels have several components")
    return axis


def _three(vector: Floats | None) -> Floats:
    """The part of a vector that lies in space."""
    if vector is None or len(vector) not in (3, 4):
        raise InputError("RT207", "the header does not place the volume in three dimensions")
    return vector[:3]


def _known(table: dict[str, Any], value: str, what: str) -> Any:
    if value not in table:
        raise InputError("RT211", f"the {what} of the header is none that is read")
    return table[value]


def _whole(fields: dict[str, str], name: str) -> tuple[int, ...]:
    cells = fields.get(name, "").split()
    if not 1 <= len(cells) <= 8 or not all(cell.isascii() and cell.isdigit() and len(cell) < 10 for cell in cells):
        raise InputError("RT209", "the header does not give the size of each axis as a whole number")
    return tuple(int(cell) for cell in cells)


def _numbers(fields: dict[str, str], name: str, default: float, n: int) -> list[float]:
    cells = fields[name].split() if name in fields else []
    try:
        values = [float(cell) for cell in cells] or [default] * n
    except ValueError:
        values = []
    if len(values) != n:
        raise InputError("RT207", f"the header needs {n} numbers for the {name}")
    return values


def _vectors(text: str) -> list[Floats | None]:
    """Vectors written as (1,0,0) (0,1,0) none."""
    vectors: list[Floats | None] = []
    for piece in text.replace("none", "(none)").replace(" ", "").strip("()").split(")("):
        try:
            vectors.append(None if piece == "none" else np.array([float(cell) for cell in piece.split(",")]))
        except ValueError:
            raise InputError("RT207", "the header does not place the voxels with numbers") from None
    return vectors
