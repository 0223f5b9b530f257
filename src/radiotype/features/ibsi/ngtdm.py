"""Features of neighbourhood grey tone difference matrices."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from radiotype.features.ibsi.texture_matrices import ToneDifferences

#: What the IBSI sets where no voxel differs from its neighbours.
HIGHEST_COARSENESS = 1e6


def ngtdm_features(matrices: ToneDifferences) -> NDArray[np.float64]:
    """The five grey tone difference features of every matrix.

    Parameters
    ----------
    matrices : ToneDifferences
        `tone_difference` of `texture_matrices`.

    Returns
    -------
    array, shape (n_matrices, 5)
        In the order of `texture_table.NGTDM`. NaN where no voxel has a neighbour. Where none differs from its neighbours,
        coarseness is `HIGHEST_COARSENESS` and the others are 0. NaN for `busyness` where level times probability is the same
        for all levels.

    References
    ----------
    IBSI reference manual, neighbourhood grey tone difference matrix (IPET).

    Examples
    --------
    >>> from radiotype.features.ibsi.texture_matrices import texture_matrices
    >>> ngtdm_features(texture_matrices(np.array([[[1], [3]]])).tone_difference).tolist()
    [[0.5, 2.0, 1.0, 4.0, 2.0]]
    """
    return np.array(
        [
            _features(voxels[voxels > 0], differences[voxels > 0], matrices.levels[voxels > 0])
            for voxels, differences in zip(matrices.n_voxels, matrices.differences, strict=True)
        ]
    ).reshape(-1, 5)


def _features(
    voxels: NDArray[np.int64], differences: NDArray[np.float64], levels: NDArray[np.int64]
) -> tuple[float, float, float, float, float]:
    if voxels.size == 0:
        return (math.nan,) * 5
    if voxels.size == 1 or not differences.any():
        return HIGHEST_COARSENESS, 0.0, 0.0, 0.0, 0.0
    n = voxels.sum()
    p, level = voxels / n, levels.astype(np.float64)
    weighted = p * differences
    change = weighted.sum()
    apart = np.abs(level[:, None] - level)
    sums = p[:, None] + p
    moments = p * level
    contrast = (apart**2 * (p[:, None] * p)).sum() / (p.size * (p.size - 1)) * differences.sum() / n
    unlike = np.abs(moments[:, None] - moments).sum()
    return (
        float(1 / change),
        float(contrast),
        float(change / unlike) if unlike > 1e-12 * moments.sum() else math.nan,
        float((apart * (weighted[:, None] + weighted) / sums).sum() / n),
        float((sums * apart**2).sum() / differences.sum()),
    )
