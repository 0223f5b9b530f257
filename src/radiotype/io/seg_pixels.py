"""Pixels of the frames of a DICOM segmentation, unpacked one frame at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.dicom.dataset import CUT_SHORT, inflate
from radiotype.io.dicom.decoding import Encoded, decode, require_decoder
from radiotype.io.dicom.header import Instance
from radiotype.io.dicom.pixels import BIG_ENDIAN, DEFLATED, NATIVE, frame_fragments

#: Frames deflated one by one; the only compression of single bits that is read.
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"

#: A deflated file is inflated up to here, bytes: a small file can claim any size.
MAX_INFLATED_BYTES = 128 * 2**20


@dataclass(frozen=True, eq=False)
class FramePixels:
    """Pixels of the frames of one file; nothing is read before it is asked for."""

    instance: Instance

    @staticmethod
    def of(instance: Instance) -> FramePixels:
        """Check size and coding from the header.

        Raises
        ------
        InputError
            RT202 for missing pixels or odd types, RT209 for fewer bytes than the header claims, RT215 for a compression that
            is not decoded.
        """
        one, path = instance, instance.path
        if one.bits not in (1, 8, 16) or one.samples != 1:
            raise InputError("RT202", f"a segmentation has 1, 8 or 16 bits per pixel, this has {one.bits}", file=path)
        if not one.has_pixels or one.pixels is None or one.pixels.float_type:
            raise InputError("RT202", f"the segmentation has no pixels ({one.rows} rows, {one.columns} columns)", file=path)
        size = path.stat().st_size
        claimed = (one.rows * one.columns * one.n_frames * one.bits + 7) // 8
        native = one.transfer_syntax in NATIVE
        if native and one.transfer_syntax == BIG_ENDIAN:
            raise InputError("RT202", "big-endian segmentations are not read", file=path, hint="export as little endian")
        if not native and one.transfer_syntax != DEFLATED_FRAMES:
            if one.bits == 1:
                raise InputError(
                    "RT215", "single bits in this compression are not decoded", file=path, hint="save it uncompressed"
                )
            require_decoder(one.transfer_syntax, path)
        if one.transfer_syntax == DEFLATED and one.pixels.offset + claimed > MAX_INFLATED_BYTES:
            limit = MAX_INFLATED_BYTES // 2**20
            raise InputError("RT209", f"the deflated data hold more than {limit} MB", file=path, hint="save it uncompressed")
        stored = size * guard.MAX_GZIP_RATIO
        if native and one.transfer_syntax != DEFLATED:
            stored = min(one.pixels.length or 0, size - one.pixels.offset)
        if claimed > min(stored, guard.max_volume_bytes()):
            raise InputError(
                "RT209", f"the header claims {claimed:,} bytes of pixels, the file of {size:,} bytes cannot hold them",
                file=path, hint=CUT_SHORT,
            )  # fmt: skip
        return FramePixels(instance)

    def frames(self, numbers: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
        """Stored values of some frames (0 is the first), each of shape (rows, columns)."""
        one = self.instance
        if not numbers:
            return
        if one.transfer_syntax in NATIVE:
            yield from self._native(numbers)
            return
        pieces = frame_fragments(one)
        if one.transfer_syntax == DEFLATED_FRAMES:
            yield from self._deflated([pieces[n] for n in numbers])
            return
        what = (one.transfer_syntax, one.rows, one.columns, one.bits, one.bits_stored, False)
        yield from decode([Encoded(str(one.path), pieces[n], *what) for n in numbers])

    def _native(self, numbers: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
        one = self.instance
        bits = one.rows * one.columns * one.bits
        offset = one.pixels.offset if one.pixels else 0
        if one.transfer_syntax == DEFLATED:
            data = inflate(one.path, offset + (bits * one.n_frames + 7) // 8)
            for n in numbers:
                yield self._unpacked(data[offset + n * bits // 8 : offset + (n * bits + bits + 7) // 8], n * bits % 8)
            return
        with one.path.open("rb") as file:
            for n in numbers:
                file.seek(offset + n * bits // 8)
                yield self._unpacked(file.read((n * bits + bits + 7) // 8 - n * bits // 8), n * bits % 8)

    def _deflated(self, pieces: list[list[tuple[int, int]]]) -> Iterator[npt.NDArray[Any]]:
        n_bytes = (self.instance.rows * self.instance.columns * self.instance.bits + 7) // 8
        with self.instance.path.open("rb") as file:
            for one in pieces:
                packed = b""
                for offset, length in one:
                    file.seek(offset)
                    packed += file.read(length)
                yield self._unpacked(zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, n_bytes), 0)

    def _unpacked(self, data: bytes, skip: int) -> npt.NDArray[Any]:
        """Pixels of one frame from its bytes, the first of which may begin with bits of the frame before."""
        one = self.instance
        size = one.rows * one.columns
        if one.bits == 1:
            flat = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[skip : skip + size]
        else:
            flat = np.frombuffer(data, f"<u{one.bits // 8}")
        if len(flat) != size:
            raise InputError("RT209", "the pixel data end too early", file=one.path, hint=CUT_SHORT)
        return flat.reshape(one.rows, one.columns)
