"""Fisher's exact test for tables larger than 2 x 2 (Freeman & Halton)."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray

MOST_HALF_TABLES = 1_000_000
"""Fillings of one half of the columns that are listed; bounds memory to about a hundred megabytes."""

ROUNDING = 1e-7
"""A table counts as no more probable than the observed one up to this relative difference, as in R."""


def freeman_halton(table: NDArray[np.int64]) -> float:
    """Probability, given the margins, of all tables that are no more probable than this one.

    Left and right half of the columns are listed apart. A table is one filling of each whose row sums meet, so its
    probability is a product, and a sorted running sum of the right halves serves every left half.
    """
    from scipy.special import gammaln

    table = table if table.shape[0] <= table.shape[1] else table.T
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    middle = columns.size // 2
    left_sums, left = _fillings(rows, columns[:middle])
    right_sums, right = _fillings(rows, columns[middle:])
    base = int(rows.max()) + 1
    digits = base ** np.arange(rows.size)
    left_key, right_key = left_sums @ digits, (rows - right_sums) @ digits
    order = np.lexsort((right, right_key))
    right_key, right = right_key[order], right[order]
    limit = -float(gammaln(table + 1.0).sum()) + np.log1p(ROUNDING)
    scale = float(gammaln(rows + 1.0).sum() + gammaln(columns + 1.0).sum() - gammaln(rows.sum() + 1.0))
    total = 0.0
    for key in np.unique(left_key):
        first, last = np.searchsorted(right_key, [key, key + 1])
        own, other = left[left_key == key], right[first:last]
        running = np.append(0.0, np.cumsum(np.exp(other)))
        total += float(np.exp(own + scale) @ running[np.searchsorted(other, limit - own, side="right")])
    return min(total, 1.0)


def _fillings(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], FloatArray]:
    """Row sums and log weight (minus the log factorials of the cells) of every way to fill these columns."""
    from scipy.special import gammaln

    sums, weights = np.zeros((1, rows.size), dtype=np.int64), np.zeros(1)
    for column in columns:
        n_parts = comb(int(column) + rows.size - 1, rows.size - 1)
        if n_parts * len(weights) > MOST_HALF_TABLES:
            raise ComputeError(
                "RT305",
                f"a table of {rows.sum()} cases with {rows.size} labels on its shorter side is too large for Fisher's test",
                hint='merge rare labels, or use method="chi-square"',
            )
        bars = np.array(list(combinations(range(int(column) + rows.size - 1), rows.size - 1)), dtype=np.int64)
        edges = np.hstack([np.full((n_parts, 1), -1), bars, np.full((n_parts, 1), int(column) + rows.size - 1)])
        parts = np.diff(edges, axis=1) - 1
        parts = parts[np.all(parts <= rows, axis=1)]
        sums = (sums[:, None] + parts).reshape(-1, rows.size)
        weights = (weights[:, None] - gammaln(parts + 1.0).sum(axis=1)).ravel()
        kept = np.all(sums <= rows, axis=1)
        sums, weights = sums[kept], weights[kept]
    return sums, weights
