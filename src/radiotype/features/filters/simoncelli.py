"""Simoncelli's wavelet: the same band of frequencies in every direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, whole
from radiotype.features.filters.frequencies import filtered, radius, surroundings
from radiotype.features.filters.unfit import require_no_mean

#: Voxels by which an image is continued for the first level; twice as many for each further one.
REACH = 16


def simoncelli_reach(level: int) -> int:
    """Voxels by which an image is continued for a level."""
    return REACH * 2 ** (level - 1)


def lower_edge(level: int) -> float:
    """Where the band of a level begins, 1 for half a wave per voxel."""
    return 2.0 ** (-1 - level)


def band(frequency: Floats, level: int) -> Floats:
    """The band-pass response to frequencies of a given size, 1 for half a wave per voxel.

    Examples
    --------
    >>> band(np.array([0.25, 0.5, 1.0, 1.1]), 1).round(6).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    highest = 2.0 ** (1 - level)
    inside = (frequency > highest / 4) & (frequency <= highest)
    octaves = np.log2(2 * np.where(inside, frequency, highest) / highest)
    return np.where(inside, np.cos(np.pi / 2 * octaves), 0.0)


def simoncelli(
    image: Floats,
    *,
    level: int = 1,
    dimensions: int = 3,
    boundary: Boundary = "periodic",
    reach: int | None = None,
    keep: Sequence[Range] | None = None,
) -> Floats:
    """What an image holds of two octaves of frequencies, in whichever direction.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    level : int
        1 for the two octaves below half a wave per voxel; each level lies an octave below the one before.
    dimensions : 2 or 3
        2 stays within slices (I, J).
    boundary : Boundary
        What lies beyond the image. A periodic one is taken as it is; others are continued by `simoncelli_reach` voxels.
    reach : int, optional
        Voxels around those to keep that take part; all when left out. The response is infinitely wide and falls slowly.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    Raises
    ------
    UnfitError
        RT305 where an even number of voxels along axes would put the mean intensity into the band; RT306 for a part too large.

    References
    ----------
    IBSI reference manual, non-separable wavelets, Simoncelli (PRT7).

    Examples
    --------
    >>> wave = np.cos(2 * np.pi * 8 * np.arange(33) / 33)[:, None, None] * np.ones((1, 33, 33))  # half the highest frequency
    >>> bool(np.allclose(simoncelli(wave, boundary="periodic"), wave))
    True
    """
    boundary, keep = checked_boundary(boundary), keep or whole(image.shape)
    far = [reach if axis < dimensions else 0 for axis in range(3)]
    part, inner = surroundings(image, keep, far, boundary, beyond=[simoncelli_reach(level)] * 3)
    require_no_mean(part.shape[:dimensions], lower_edge(level))
    return filtered(part, lambda frequencies: band(radius(frequencies), level), range(dimensions))[inner]
