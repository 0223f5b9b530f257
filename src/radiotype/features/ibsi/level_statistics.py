"""The sixteen features that run-length, size-zone, distance-zone and dependence matrices have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.features.ibsi.entries import Entries, entries_of, sums
from radiotype.features.ibsi.texture_matrices import LevelMatrices


def level_statistics(matrices: LevelMatrices) -> NDArray[np.float64]:
    """How the counts of every matrix are spread over grey levels and columns.

    Parameters
    ----------
    matrices : LevelMatrices
        `run_length`, `size_zone`, `distance_zone` or `dependence` of `texture_matrices`.

    Returns
    -------
    array, shape (n_matrices, 17)
        In the order of `texture_table.NGLDM`; `GLRLM`, `GLSZM` and `GLDZM` name the first sixteen of other matrices.

    References
    ----------
    IBSI reference manual: run length (TP0I), size zone (9SAK), distance zone (VMDZ) and dependence (REK0) matrix. Entropies are
    in bits.

    Examples
    --------
    >>> from radiotype.features.ibsi.texture_matrices import texture_matrices
    >>> zones = texture_matrices(np.array([[[1], [1], [2]]])).size_zone
    >>> small_zone_emphasis, large_zone_emphasis, *_ = level_statistics(zones)[0].tolist()
    >>> small_zone_emphasis, large_zone_emphasis
    (0.625, 2.5)
    """
    return level_statistics_of(entries_of(matrices.counts), matrices.levels, matrices.columns, matrices.n_voxels)


def level_statistics_of(
    entries: Entries,
    levels: NDArray[np.integer],
    columns: NDArray[np.integer],
    n_voxels: NDArray[np.integer] | NDArray[np.float64],
) -> NDArray[np.float64]:
    """The same from the entries of the matrices, with what their rows and columns stand for and the voxels behind each."""
    matrix, row, column, found, n = entries
    level, size = levels.astype(np.float64), columns.astype(np.float64)
    n_levels, n_columns = level.size, size.size
    total = sums(matrix, found, n)

    by_level = sums(matrix * n_levels + row, found, n, n_levels)
    square = np.square(level)[row]
    by_column, low, high = (
        sums(matrix * n_columns + column, weighted, n, n_columns) for weighted in (found, found / square, found * square)
    )
    emphases = np.stack([1 / np.square(size), np.square(size), np.ones(n_columns)], axis=1)
    short, long, _ = (by_column @ emphases).T / total
    short_low, long_low, all_low = (low @ emphases).T / total
    short_high, long_high, all_high = (high @ emphases).T / total
    level_squares, column_squares = np.square(by_level).sum(axis=1), np.square(by_column).sum(axis=1)
    probability = found / total[matrix]
    return np.stack(
        [
            short,
            long,
            all_low,
            all_high,
            short_low,
            short_high,
            long_low,
            long_high,
            level_squares / total,
            level_squares / total**2,
            column_squares / total,
            column_squares / total**2,
            total / n_voxels,
            _variance(by_level, level, total),
            _variance(by_column, size, total),
            -sums(matrix, probability * np.log2(probability), n),
            sums(matrix, probability**2, n),
        ],
        axis=1,
    )


def _variance(counts: NDArray[np.float64], values: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = counts @ values / total
    return (counts * np.square(values - mean[:, None])).sum(axis=1) / total
