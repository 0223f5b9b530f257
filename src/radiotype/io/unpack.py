"""Voxels of files unpacked piece by piece: the whole array stands in memory once, and no copy beside it."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

#: Bytes that are unpacked at a time, and compressed ones that are read at a time.
CHUNK = 2**18
PACKED = 2**16

#: A stream says itself whether it is gzip or zlib.
ANY_HEADER = zlib.MAX_WBITS | 32


def unpacked(file: IO[bytes], encoding: str, n_bytes: int, *, skip: int = 0) -> npt.NDArray[np.uint8]:
    """Bytes of a file from where it stands, unpacked.

    Parameters
    ----------
    file : binary file
    encoding : "raw", "gzip", "bzip2" or "zlib"
    n_bytes : int
        Bytes that are wanted; what follows them is not read. Where nothing follows in a gzip or zlib stream, its checksum is
        compared.
    skip : int
        Unpacked bytes that come before them.

    Raises
    ------
    EOFError
        If fewer come out.
    """
    result = np.empty(n_bytes, dtype=np.uint8)
    position = -skip
    for part in _parts(file, encoding, skip + n_bytes):
        kept = np.frombuffer(part, dtype=np.uint8)[max(-position, 0) : n_bytes - position]
        start = max(position, 0)
        result[start : start + len(kept)] = kept
        position += len(part)
    if position < n_bytes:
        raise EOFError
    return result


def _parts(file: IO[bytes], encoding: str, wanted: int) -> Iterator[bytes]:
    if encoding in ("gzip", "zlib"):
        yield from inflated(file, wanted, members=encoding == "gzip")
        return
    stream: Any = bz2.BZ2File(file) if encoding == "bzip2" else file
    while part := stream.read(min(CHUNK, wanted)):  # whatever follows may be damaged and does no harm
        wanted -= len(part)
        yield part


def inflated(file: IO[bytes], wanted: int, *, members: bool = True) -> Iterator[bytes]:
    """What comes out of a gzip or zlib stream, in pieces: the bytes that are wanted, and at most one more.

    Parameters
    ----------
    file : binary file
    wanted : int
    members : bool
        Whether other streams may follow the first, as gzip has it; zeros between them are passed over.

    Raises
    ------
    EOFError, gzip.BadGzipFile, zlib.error
        If the file ends within a stream, something else follows one, or it is damaged.
    """
    library = _library()
    left = wanted + 1  # by which a stream that ends there is known, and its checksum read
    inflate, packed = library.decompressobj(ANY_HEADER), b""
    while left:
        packed = packed or file.read(PACKED)
        try:
            part = inflate.decompress(packed, min(CHUNK, left))
        except library.error as error:
            raise zlib.error(str(error)) from error
        left -= len(part)
        if part:
            yield part
        elif not packed and not inflate.eof:
            raise EOFError
        packed = inflate.unconsumed_tail
        if not inflate.eof:
            continue
        packed = inflate.unused_data.lstrip(b"\0")
        while members and not packed and (packed := file.read(PACKED)):
            packed = packed.lstrip(b"\0")
        if not members or not packed or left == 1:
            return
        if not b"\x1f\x8b".startswith(packed[:2]):
            raise gzip.BadGzipFile
        inflate = library.decompressobj(ANY_HEADER)


def _library() -> Any:
    """ISA-L, which unpacks three times as fast, where it is installed; else zlib."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib
