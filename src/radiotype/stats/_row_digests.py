"""Which cases a table holds, as numbers that tell nothing about them."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray, read_only

TELLING = 3
"""Fewest values that are not whole numbers for a row to be told from others; grades and flags alone may agree by chance."""


def row_digests(values: FloatArray) -> NDArray[np.uint64]:
    """The sorted different digests of the rows that tell a case, rounded to single precision."""
    digests = digest_each(values)
    return read_only(np.unique(digests[telling(values)]))


def digest_each(values: FloatArray) -> NDArray[np.uint64]:
    """Digest of each row, (n_cases,): equal where all values agree to seven digits."""
    with np.errstate(over="ignore"):
        rounded = np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)  # no negative zero
    found = [hashlib.blake2b(row, digest_size=8).digest() for row in rounded]
    return np.frombuffer(b"".join(found), dtype="<u8").astype(np.uint64)


def telling(values: FloatArray) -> NDArray[np.bool_]:
    """Rows with enough values that are not whole numbers."""
    return np.count_nonzero(values != np.rint(values), axis=1) >= TELLING
