"""The sixteen features that run-length, size-zone, distance-zone and dependence matrices have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.features.ibsi.texture_matrices import LevelMatrices

RUN_LENGTH = (
    "short_runs_emphasis",
    "long_runs_emphasis",
    "low_grey_level_run_emphasis",
    "high_grey_level_run_emphasis",
    "short_run_low_grey_level_emphasis",
    "short_run_high_grey_level_emphasis",
    "long_run_low_grey_level_emphasis",
    "long_run_high_grey_level_emphasis",
    "grey_level_non_uniformity",
    "normalised_grey_level_non_uniformity",
    "run_length_non_uniformity",
    "normalised_run_length_non_uniformity",
    "run_percentage",
    "grey_level_variance",
    "run_length_variance",
    "run_entropy",
)
SIZE_ZONE = (
    "small_zone_emphasis",
    "large_zone_emphasis",
    "low_grey_level_zone_emphasis",
    "high_grey_level_zone_emphasis",
    "small_zone_low_grey_level_emphasis",
    "small_zone_high_grey_level_emphasis",
    "large_zone_low_grey_level_emphasis",
    "large_zone_high_grey_level_emphasis",
    "grey_level_non_uniformity",
    "normalised_grey_level_non_uniformity",
    "zone_size_non_uniformity",
    "normalised_zone_size_non_uniformity",
    "zone_percentage",
    "grey_level_variance",
    "zone_size_variance",
    "zone_size_entropy",
)
DISTANCE_ZONE = (
    "small_distance_emphasis",
    "large_distance_emphasis",
    "low_grey_level_zone_emphasis",
    "high_grey_level_zone_emphasis",
    "small_distance_low_grey_level_emphasis",
    "small_distance_high_grey_level_emphasis",
    "large_distance_low_grey_level_emphasis",
    "large_distance_high_grey_level_emphasis",
    "grey_level_non_uniformity",
    "normalised_grey_level_non_uniformity",
    "zone_distance_non_uniformity",
    "normalised_zone_distance_non_uniformity",
    "zone_percentage",
    "grey_level_variance",
    "zone_distance_variance",
    "zone_distance_entropy",
)
DEPENDENCE = (
    "low_dependence_emphasis",
    "high_dependence_emphasis",
    "low_grey_level_count_emphasis",
    "high_grey_level_count_emphasis",
    "low_dependence_low_grey_level_emphasis",
    "low_dependence_high_grey_level_emphasis",
    "high_dependence_low_grey_level_emphasis",
    "high_dependence_high_grey_level_emphasis",
    "grey_level_non_uniformity",
    "normalised_grey_level_non_uniformity",
    "dependence_count_non_uniformity",
    "normalised_dependence_count_non_uniformity",
    "dependence_count_percentage",
    "grey_level_variance",
    "dependence_count_variance",
    "dependence_count_entropy",
    "dependence_count_energy",
)


def level_statistics(matrices: LevelMatrices) -> NDArray[np.float64]:
    """How the counts of every matrix are spread over grey levels and columns.

    Parameters
    ----------
    matrices : LevelMatrices
        `run_length`, `size_zone`, `distance_zone` or `dependence` of `texture_matrices`.

    Returns
    -------
    array, shape (n_matrices, 17)
        In the order of `DEPENDENCE`; `RUN_LENGTH`, `SIZE_ZONE` and `DISTANCE_ZONE` name the first sixteen for the other matrices.

    References
    ----------
    IBSI reference manual: run length (TP0I), size zone (9SAK), distance zone (VMDZ) and dependence (REK0) matrix. Entropies are in
    bits.

    Examples
    --------
    >>> from radiotype.features.ibsi.texture_matrices import texture_matrices
    >>> zones = texture_matrices(np.array([[[1], [1], [2]]])).size_zone
    >>> values = dict(zip(SIZE_ZONE, level_statistics(zones)[0].tolist(), strict=False))
    >>> values["small_zone_emphasis"], values["large_zone_emphasis"], values["grey_level_variance"]
    (0.625, 2.5, 0.25)
    """
    counts = matrices.counts
    n, n_levels, n_columns = counts.shape
    levels, columns = matrices.levels.astype(np.float64), matrices.columns.astype(np.float64)
    entries = np.flatnonzero(counts)
    matrix, within = np.divmod(entries, n_levels * n_columns)
    row, column = np.divmod(within, n_columns)
    found = counts.ravel()[entries].astype(np.float64)
    total = np.bincount(matrix, found, n)

    by_level = np.bincount(matrix * n_levels + row, found, n * n_levels).reshape(n, n_levels)
    square = np.square(levels)[row]
    by_column, low, high = (
        np.bincount(matrix * n_columns + column, weighted, n * n_columns).reshape(n, n_columns)
        for weighted in (found, found / square, found * square)
    )
    emphases = np.stack([1 / np.square(columns), np.square(columns), np.ones(n_columns)], axis=1)
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
            total / matrices.n_voxels,
            _variance(by_level, levels, total),
            _variance(by_column, columns, total),
            -np.bincount(matrix, probability * np.log2(probability), n),
            np.bincount(matrix, probability**2, n),
        ],
        axis=1,
    )


def _variance(counts: NDArray[np.float64], values: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    mean = counts @ values / total
    return (counts * np.square(values - mean[:, None])).sum(axis=1) / total
