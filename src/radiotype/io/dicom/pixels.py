"""Voxels of DICOM planes: checked against the files before anything is allocated, read when they are asked for."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.dicom.dataset import CUT_SHORT, DEFLATED, inflate, reading
from radiotype.io.dicom.decoding import Encoded, decode, require_decoder
from radiotype.io.dicom.header import Instance
from radiotype.io.dicom.stack import Plane

BIG_ENDIAN = "1.2.840.10008.1.2.2"

#: Transfer syntaxes whose pixel data are plain numbers.
NATIVE = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", BIG_ENDIAN, DEFLATED, "1.2.840.113619.5.2"})

#: A compressed frame larger than this must not be more than `guard.MAX_GZIP_RATIO` times its stored size, bytes.
MAX_FRAME_BYTES_UNCHECKED = 2**26

#: More fragments than this in one file are taken for damage.
MAX_FRAGMENTS = 200_000


def stored_dtype(instance: Instance) -> np.dtype[Any]:
    """Type of the stored numbers in native byte order."""
    if instance.pixels is not None and instance.pixels.float_type:
        return np.dtype(instance.pixels.float_type)
    return np.dtype(f"{'i' if instance.signed else 'u'}{instance.bits // 8}")


def require_pixels(instance: Instance) -> None:
    """Refuse a file whose pixel data are not grey values, do not fit its header or cannot be decoded here.

    Raises
    ------
    InputError
        RT202 for colour or odd layouts; RT209 if the file is shorter than its header claims, or claims too much; RT215 if there
        is no decoder for its compression.
    """
    path, pixels = instance.path, instance.pixels
    if pixels is None:
        raise InputError("RT209", "the file ends before its pixel data", file=path, hint=CUT_SHORT)
    if instance.samples != 1 or not instance.photometric.startswith("MONOCHROME"):
        how = "indices into a palette" if instance.samples == 1 else f"{instance.samples} samples per pixel"
        raise InputError(
            "RT202",
            f"the pixels are not grey values ({how})",
            file=path,
            hint="this is a picture (colour, palette or screen copy); name the original series",
        )
    bits, stored, high = instance.bits, instance.bits_stored, instance.high_bit
    floats = {"f4": 32, "f8": 64}.get(pixels.float_type)
    if bits not in ((floats,) if floats else (8, 16, 32)):
        raise InputError("RT202", f"pixels of {bits} bits are not read; they may have 8, 16 or 32", file=path)
    if not floats and not 1 <= stored <= high + 1 <= bits:
        raise InputError("RT209", f"{stored} bits up to bit {high} do not fit pixels of {bits} bits", file=path)
    frame_bytes = instance.rows * instance.columns * bits // 8
    claimed = frame_bytes * instance.n_frames
    guard.require_size(
        (instance.rows, instance.columns, instance.n_frames), bits // 8, path=path, stored=claimed, compressed=False
    )
    if instance.transfer_syntax in NATIVE:
        _require_native(instance, claimed)
        return
    require_decoder(instance.transfer_syntax, path)
    size = path.stat().st_size
    if frame_bytes > MAX_FRAME_BYTES_UNCHECKED and claimed > size * guard.MAX_GZIP_RATIO:
        raise InputError(
            "RT209",
            f"the header claims {claimed:,} bytes of voxels, the file holds {size:,} compressed",
            file=path,
            hint=CUT_SHORT,
        )
    frame_fragments(instance)


def _require_native(instance: Instance, claimed: int) -> None:
    path, pixels = instance.path, instance.pixels
    assert pixels is not None  # noqa: S101 - require_pixels has looked
    if pixels.length is None:
        raise InputError("RT209", "the pixel data are in fragments, but the header says they are not compressed", file=path)
    if instance.transfer_syntax == BIG_ENDIAN and instance.bits == 8:
        raise InputError("RT202", "big-endian pixels of 8 bits are not read", file=path, hint="export as little endian")
    size = path.stat().st_size
    held = pixels.length if instance.transfer_syntax == DEFLATED else min(pixels.length, size - pixels.offset)
    limit = size * guard.MAX_GZIP_RATIO if instance.transfer_syntax == DEFLATED else size
    if held < claimed or claimed > limit:
        raise InputError(
            "RT209",
            f"the header claims {claimed:,} bytes of voxels, the file holds {min(held, limit):,}",
            file=path,
            hint=CUT_SHORT,
        )


def frame_fragments(instance: Instance) -> list[list[tuple[int, int]]]:
    """Where the pieces of each compressed frame stand: (byte offset, length), frame by frame.

    Raises
    ------
    InputError
        RT209 if a piece reaches beyond the file, or the pieces cannot be shared among the frames.
    """
    pieces, table = _fragments(instance)
    n_frames = instance.n_frames
    if n_frames == 1 and pieces:
        return [pieces]
    if len(pieces) == n_frames:
        return [[piece] for piece in pieces]
    starts = [offset - 8 - (pieces[0][0] - 8) for offset, _ in pieces] if pieces else []
    if len(table) == n_frames and set(table) <= set(starts) and list(table) == sorted(set(table)) and table[0] == 0:
        bounds = [starts.index(offset) for offset in table] + [len(pieces)]
        return [pieces[a:b] for a, b in pairwise(bounds)]
    raise InputError(
        "RT209",
        f"{len(pieces)} compressed pieces cannot be shared among {n_frames} frames",
        file=instance.path,
        hint=CUT_SHORT,
    )


def _fragments(instance: Instance) -> tuple[list[tuple[int, int]], tuple[int, ...]]:
    """Every piece of the encapsulated pixel data, and the basic offset table."""
    path, pixels = instance.path, instance.pixels
    if pixels is None or pixels.length is not None:
        raise InputError("RT209", "the pixel data are not in fragments, but the header says they are compressed", file=path)
    size = path.stat().st_size
    pieces: list[tuple[int, int]] = []
    table: tuple[int, ...] = ()
    offset, first = pixels.offset, True
    with path.open("rb") as file:
        while len(pieces) <= MAX_FRAGMENTS:
            file.seek(offset)
            head = file.read(8)
            if len(head) < 8:
                break
            tag, length = head[:4], struct.unpack("<L", head[4:])[0]
            if tag == b"\xfe\xff\xdd\xe0":
                return pieces, table
            if tag != b"\xfe\xff\x00\xe0" or offset + 8 + length > size:
                break
            if first:
                table = struct.unpack(f"<{length // 4}L", file.read(length // 4 * 4)) if length <= 4 * MAX_FRAGMENTS else ()
            else:
                pieces.append((offset + 8, length))
            first = False
            offset += 8 + length
    raise InputError("RT209", f"the compressed pixel data end after {len(pieces)} pieces", file=path, hint=CUT_SHORT)


class Digests:
    """Digests of the stored pixels of planes; each file is checked once, however many planes it holds."""

    def __init__(self) -> None:
        self._pieces: dict[Path, list[list[tuple[int, int]]]] = {}
        self._inflated: dict[Path, bytes] = {}

    def __call__(self, plane: Plane) -> bytes:
        instance, path, index = plane.instance, plane.path, plane.frame.index
        native = instance.transfer_syntax in NATIVE
        with reading(path, "the pixel data"):
            if path not in self._pieces:
                require_pixels(instance)
                self._pieces[path] = [] if native else frame_fragments(instance)
            if native:
                return hashlib.sha256(_native_frame(instance, index, self._inflated).tobytes()).digest()
            found = hashlib.sha256()
            with path.open("rb") as file:
                for offset, length in self._pieces[path][index]:
                    file.seek(offset)
                    found.update(file.read(length))
            return found.digest()


@dataclass(frozen=True)
class DicomVoxels:
    """Voxels of one or several phases of planes, read on demand.

    Parameters
    ----------
    volumes : sequence of sequence of Plane
        Phases of planes in order of position.
    scaling : array, shape (T, K, 2), optional
        Slope and intercept of each plane; float32 values are made with them. Stored numbers are given when left out.
    """

    volumes: tuple[tuple[Plane, ...], ...]
    scaling: npt.NDArray[np.float64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(I, J, K), or (T, I, J, K) for several phases."""
        one = self.volumes[0][0].instance
        volume = (one.columns, one.rows, len(self.volumes[0]))
        return volume if len(self.volumes) == 1 else (len(self.volumes), *volume)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of what `read` gives."""
        types = {stored_dtype(plane.instance) for volume in self.volumes for plane in volume}
        return np.dtype(np.float32) if self.scaling is not None else np.result_type(*types)

    @property
    def mapped(self) -> bool:
        return False

    @property
    def path(self) -> Path:
        """The first file, for messages."""
        return self.volumes[0][0].path

    def read(self) -> npt.NDArray[Any]:
        """The array in its stored type, or float32 values; planes lie one after another in memory."""
        with reading(self.path, "the pixel data"):
            return self._read()

    def _read(self) -> npt.NDArray[Any]:
        one = self.volumes[0][0].instance
        data = np.empty((len(self.volumes), len(self.volumes[0]), one.rows, one.columns), dtype=self.dtype)
        packed: list[tuple[int, int, Plane]] = []
        inflated: dict[Path, bytes] = {}
        for t, volume in enumerate(self.volumes):
            for k, plane in enumerate(volume):
                if plane.instance.transfer_syntax not in NATIVE:
                    packed.append((t, k, plane))
                    continue
                with reading(plane.path, "the pixel data"):
                    self._store(data, t, k, _native_frame(plane.instance, plane.frame.index, inflated))
        if packed:
            frames = _encoded([plane for _, _, plane in packed])
            for (t, k, plane), frame in zip(packed, decode(frames), strict=True):
                self._store(data, t, k, _in_range(frame, plane.instance))
        array = data.transpose(0, 3, 2, 1)
        return array[0] if len(self.volumes) == 1 else array

    def _store(self, data: npt.NDArray[Any], t: int, k: int, frame: npt.NDArray[Any]) -> None:
        if self.scaling is None:
            data[t, k] = frame
        else:
            slope, intercept = self.scaling[t, k]
            data[t, k] = frame * slope + intercept


def _native_frame(instance: Instance, index: int, inflated: dict[Path, bytes] | None = None) -> npt.NDArray[Any]:
    """One frame of uncompressed pixel data, (rows, columns)."""
    dtype, pixels = stored_dtype(instance), instance.pixels
    n_bytes = instance.rows * instance.columns * dtype.itemsize
    offset = (pixels.offset if pixels else 0) + index * n_bytes
    if instance.transfer_syntax == DEFLATED:
        cache = {} if inflated is None else inflated
        if instance.path not in cache:
            cache.clear()
            cache[instance.path] = inflate(instance.path, (pixels.offset if pixels else 0) + n_bytes * instance.n_frames)
        raw = bytearray(cache[instance.path][offset : offset + n_bytes])
    else:
        raw = bytearray(n_bytes)
        with instance.path.open("rb", buffering=0) as file:
            file.seek(offset, os.SEEK_SET)
            if file.readinto(raw) != n_bytes:
                raw = bytearray()
    if len(raw) != n_bytes:
        raise InputError("RT209", "the pixel data end too early", file=instance.path, hint=CUT_SHORT)
    swapped = dtype.newbyteorder(">" if instance.transfer_syntax == BIG_ENDIAN else "<")
    frame = np.frombuffer(raw, dtype=swapped).reshape(instance.rows, instance.columns)
    return _in_range(frame.astype(dtype, copy=False), instance)


def _in_range(frame: npt.NDArray[Any], instance: Instance) -> npt.NDArray[Any]:
    """The stored bits alone: overlays may lie above them, and a negative number may lack its sign there."""
    if frame.dtype.kind == "f" or instance.bits_stored == instance.bits:
        return frame
    above, unused = instance.bits - 1 - instance.high_bit, instance.bits - instance.bits_stored
    return np.right_shift(np.left_shift(frame, above), unused)


def _encoded(planes: Sequence[Plane]) -> list[Encoded]:
    fragments: dict[Path, list[list[tuple[int, int]]]] = {}
    found = []
    for plane in planes:
        one = plane.instance
        if one.path not in fragments:
            with reading(one.path, "the pixel data"):
                fragments[one.path] = frame_fragments(one)
        found.append(
            Encoded(
                path=str(one.path),
                pieces=fragments[one.path][plane.frame.index],
                transfer_syntax=one.transfer_syntax,
                rows=one.rows,
                columns=one.columns,
                bits=one.bits,
                bits_stored=one.bits_stored,
                signed=one.signed,
            )
        )
    return found
