"""Voxels of files unpacked piece by piece: the whole array stands in memory once, and no copy beside it."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

#: Bytes that are read or unpacked at a time.
CHUNK = 2**20


def unpacked(file: IO[bytes], encoding: str, n_bytes: int, *, skip: int = 0) -> npt.NDArray[np.uint8]:
    """Bytes of a file from where it stands, unpacked.

    Parameters
    ----------
    file : binary file
    encoding : "raw", "gzip", "bzip2" or "zlib"
    n_bytes : int
        Bytes that are wanted; what follows them is not read.
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
        if position >= n_bytes:
            return result
    raise EOFError


def _parts(file: IO[bytes], encoding: str, wanted: int) -> Iterator[bytes]:
    if encoding == "zlib":
        yield from _inflated(file)
        return
    stream: Any = file
    if encoding == "gzip":
        stream = gzip.GzipFile(fileobj=file)
    elif encoding == "bzip2":
        stream = bz2.BZ2File(file)
    while part := stream.read(min(CHUNK, wanted)):  # whatever follows may be damaged and does no harm
        wanted -= len(part)
        yield part


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
    while not inflate.eof and (packed := inflate.unconsumed_tail or file.read(CHUNK)):
        yield inflate.decompress(packed, CHUNK)
