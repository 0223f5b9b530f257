"""Features of grey-level co-occurrence matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.features.ibsi.level_statistics import sums
from radiotype.features.ibsi.texture_matrices import LevelMatrices


def glcm_features(matrices: LevelMatrices) -> NDArray[np.float64]:
    """The 25 co-occurrence features of every matrix.

    Parameters
    ----------
    matrices : LevelMatrices
        `cooccurrence` of `texture_matrices`; symmetric.

    Returns
    -------
    array, shape (n_matrices, 25)
        In the order of `texture_table.GLCM`. NaN throughout where no voxel has a neighbour; NaN for `correlation` and
        `information_correlation_1` where only one grey level has.

    References
    ----------
    IBSI reference manual, co-occurrence matrix (LFYI). Entropies are in bits.

    Examples
    --------
    >>> from radiotype.features.ibsi.texture_matrices import texture_matrices
    >>> from radiotype.features.ibsi.texture_table import GLCM
    >>> matrices = texture_matrices(np.array([[[1], [1], [2]]])).cooccurrence
    >>> values = dict(zip((row.name for row in GLCM.rows), glcm_features(matrices)[0].tolist(), strict=True))
    >>> values["joint_maximum"], values["contrast"], round(values["correlation"], 3)
    (0.5, 0.5, -0.333)
    """
    counts = matrices.counts
    n, n_levels = counts.shape[:2]
    # Matrices are mostly empty: everything is summed over the entries that are not.
    entries = np.flatnonzero(counts)
    matrix, within = np.divmod(entries, n_levels * n_levels)
    row, column = np.divmod(within, n_levels)
    found = counts.ravel()[entries].astype(np.float64)
    total = sums(matrix, found, n)
    probability = found / total[matrix]
    low, high = matrices.levels[row], matrices.levels[column]

    spread = matrices.n_grey_levels
    by_level = sums(matrix * n_levels + row, probability, n, n_levels)
    by_difference = sums(matrix * spread + np.abs(low - high), probability, n, spread)
    width = 2 * spread + 1
    by_sum = sums(matrix * width + low + high, probability, n, width)

    maximum = np.zeros(n)
    np.maximum.at(maximum, matrix, probability)
    joint_entropy = -sums(matrix, probability * np.log2(probability), n)
    level_entropy = entropy(by_level)
    average = by_level @ matrices.levels.astype(np.float64)

    k: NDArray[np.float64] = np.arange(spread, dtype=np.float64)
    inverse_square = np.zeros(spread)
    inverse_square[1:] = 1 / np.square(k[1:])
    of_difference = np.stack(
        [k, k**2, 1 / (1 + k), 1 / (1 + k / spread), 1 / (1 + k**2), 1 / (1 + (k / spread) ** 2), inverse_square], axis=1
    )
    difference, contrast, *inverses, inverse_variance = (by_difference @ of_difference).T
    # The two levels of a pair have the same mean: their sum varies around twice that, and their variance and covariance are the
    # sum and the difference of how much their sum and difference vary.
    offset = np.arange(width) - 2 * average[:, None]
    tendency, shade, prominence = ((by_sum * offset**power).sum(axis=1) for power in (2, 3, 4))
    variance = (tendency + contrast) / 4
    values = np.stack(
        [
            maximum,
            average,
            variance,
            joint_entropy,
            difference,
            contrast - difference**2,
            entropy(by_difference),
            2 * average,
            tendency,
            entropy(by_sum),
            sums(matrix, probability**2, n),
            contrast,
            difference,
            *inverses,
            inverse_variance,
            _ratio((tendency - contrast) / 4, variance),
            (tendency - contrast) / 4 + average**2,
            tendency,
            shade,
            prominence,
            # Both sums over products of marginals are twice the entropy of the levels, the matrix being symmetric.
            _ratio(joint_entropy - 2 * level_entropy, level_entropy),
            np.sqrt(1 - np.exp(-2 * np.maximum(2 * level_entropy - joint_entropy, 0))),
        ],
        axis=1,
    )
    values[total == 0] = np.nan
    return values


def entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in bits along the last axis."""
    logarithm = np.log2(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return -(probabilities * logarithm).sum(axis=-1)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full_like(below, np.nan), where=below > 0)
