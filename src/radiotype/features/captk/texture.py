"""Textures of a region: the IBSI's, averaged over directions, the mean level of its zones, and local binary patterns."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import Row
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.ibsi.texture import measure as measure_textures
from radiotype.features.registry import Measured

#: What a fixed number of bins leaves as it is.
UNCHANGED = ("scale", "intensity_shift", "intensity_scale")
_HIGHEST, _ABOVE = "glszm_high_grey_level_zone_emphasis_3d", "glszm_grey_level_variance_3d"

#: Features that the IBSI does not define.
ZONE_ROWS = (Row("grey_level_mean_3d", "", "mean level of a zone", "1", 1, unchanged_by=UNCHANGED),)
LBP_ROWS = (
    Row(
        "entropy", "", "information in the pattern of lighter and darker neighbours within a slice (higher: more varied)",
        "bit", 0, math.log2(10), UNCHANGED,
    ),
)  # fmt: skip

#: Places of the eight neighbours within a slice, once around.
_AROUND = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """Textures by the IBSI's names, `glszm_grey_level_mean_3d` and `lbp_entropy`.

    Codes of a NaN are those of `radiotype.features.ibsi.texture.texture_features`, and `no_whole_neighbourhood` where no voxel
    has eight neighbours of the region in its slice. The region has at least one voxel with an intensity.
    """
    found = measure_textures(prepared, settings)
    values, reasons = dict(found.values), dict(found.reasons)
    # the mean of the squares is the square of the mean plus the variance
    values["glszm_grey_level_mean_3d"] = math.sqrt(values[_HIGHEST] - values[_ABOVE])
    counts = np.bincount(local_binary_patterns(prepared.levels))
    fractions = counts[counts > 0] / max(1, counts.sum())
    values["lbp_entropy"] = float(-(fractions * np.log2(fractions)).sum()) + 0.0 if counts.any() else math.nan
    if not counts.any():
        reasons["lbp_entropy"] = "no_whole_neighbourhood"
    return Measured(values, reasons)


def local_binary_patterns(levels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Rotation-invariant uniform local binary pattern of every voxel whose eight neighbours in its slice belong to the region.

    Parameters
    ----------
    levels : array of integers, shape (I, J, K)
        Grey levels from 1, 0 outside the region; K runs across the slices.

    Returns
    -------
    array of int, shape (n,)
        Once around a voxel, neighbours are as light as it or darker. 0 to 8: how many are at least as light, where that
        changes at most twice; 9 where it changes more often.

    References
    ----------
    Ojala, Pietikainen & Maenpaa, IEEE Transactions on Pattern Analysis and Machine Intelligence 24 (2002) 971-987, with the
    eight neighbours themselves in place of points interpolated on a circle.

    Examples
    --------
    >>> local_binary_patterns(np.array([[[1], [1], [1]], [[1], [2], [3]], [[2], [3], [3]]]))
    array([4])
    """
    found = np.pad(np.asarray(levels), ((1, 1), (1, 1), (0, 0)))
    i, j = found.shape[0] - 1, found.shape[1] - 1
    centre = found[1:i, 1:j]
    whole = centre > 0
    lighter = np.empty((len(_AROUND), *centre.shape), dtype=bool)
    for place, (di, dj) in enumerate(_AROUND):
        neighbour = found[1 + di : i + di, 1 + dj : j + dj]
        whole = whole & (neighbour > 0)
        lighter[place] = neighbour >= centre
    patterns = lighter[:, whole]
    changes = np.count_nonzero(patterns != np.roll(patterns, 1, axis=0), axis=0)
    codes: npt.NDArray[np.int64] = np.where(changes <= 2, np.count_nonzero(patterns, axis=0), 9).astype(np.int64)
    return codes
