"""The entries of many grey-level matrices that are not 0: matrices are mostly empty, those of small regions nearly so."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Entries(NamedTuple):
    """Arrays of one length: which matrix, row and column, and what stands there; `n` matrices in all."""

    matrix: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    found: NDArray[np.float64]
    n: int


def entries_of(counts: NDArray[np.integer]) -> Entries:
    """The entries of matrices (n_matrices, n_rows, n_columns) that are not 0, in their order."""
    n, n_rows, n_columns = counts.shape
    places = np.flatnonzero(counts)
    matrix, within = np.divmod(places, n_rows * n_columns)
    row, column = np.divmod(within, n_columns)
    return Entries(matrix, row, column, counts.ravel()[places].astype(np.float64), n)


def sums(keys: NDArray[np.int64], weights: NDArray[np.float64], *shape: int) -> NDArray[np.float64]:
    """Sum of the weights of each key, keys counting through an array of that shape."""
    return np.bincount(keys, weights, math.prod(shape)).astype(np.float64, copy=False).reshape(shape)
