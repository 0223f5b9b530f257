"""Features of grey-level co-occurrence matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.features.ibsi.entries import Entries, entries_of, sums
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
    return glcm_features_of(entries_of(matrices.counts), matrices.levels, matrices.n_grey_levels)


def glcm_features_of(entries: Entries, levels: NDArray[np.int64], spread: int) -> NDArray[np.float64]:
    """The same from the entries of the matrices, whose rows and columns stand for `levels`, of `spread` grey levels in all."""
    matrix, row, column, found, n = entries
    n_levels = levels.size
    total = sums(matrix, found, n)
    probability = found / total[matrix]
    low, high = levels[row], levels[column]

    by_level = sums(matrix * n_levels + row, probability, n, n_levels)
    differences, of_difference = _possible(np.abs(low - high), spread)
    by_difference = sums(matrix * differences.size + of_difference, probability, n, differences.size)
    totals, of_total = _possible(low + high, 2 * spread + 1)
    by_sum = sums(matrix * totals.size + of_total, probability, n, totals.size)

    maximum = np.zeros(n)
    np.maximum.at(maximum, matrix, probability)
    joint_entropy = -sums(matrix, probability * np.log2(probability), n)
    level_entropy = entropy(by_level)
    average = by_level @ levels.astype(np.float64)

    k = differences.astype(np.float64)
    relative = k / spread
    unequal = np.divide(1, np.square(k), out=np.zeros_like(k), where=k > 0)
    functions = [k, k**2, 1 / (1 + k), 1 / (1 + relative), 1 / (1 + k**2), 1 / (1 + relative**2), unequal]
    difference, contrast, *inverses, inverse_variance = (by_difference @ np.stack(functions, axis=1)).T
    # The two levels of a pair have the same mean: their sum varies around twice that, and their variance and covariance are the
    # sum and the difference of how much their sum and difference vary.
    offset = totals - 2 * average[:, None]
    square = np.square(offset)
    tendency, shade, prominence = ((by_sum * power).sum(axis=1) for power in (square, square * offset, np.square(square)))
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


def _possible(values: NDArray[np.int64], end: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the values may be, from 0 to before `end` or, where that is far, what occurs; and where each value stands there."""
    if end <= 1024:
        return np.arange(end), values
    occurring, where = np.unique(values, return_inverse=True)
    return occurring, where


def entropy(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in bits along the last axis."""
    logarithm = np.log2(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return -(probabilities * logarithm).sum(axis=-1)


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.full_like(below, np.nan), where=below > 0)
