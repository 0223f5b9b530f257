"""Separable wavelets without decimation: what an image holds at one scale, along and across its axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, whole
from radiotype.features.filters.pooling import Pooling
from radiotype.features.filters.rotations import pooled_turns
from radiotype.features.filters.separable import Chain, Taps, convolution
from radiotype.features.filters.wavelet_kernels import wavelet_kernels


def wavelet_chains(name: str, subband: str, level: int) -> tuple[Chain, ...]:
    """One chain for each letter of the sub-band: low-pass kernels up to the last level, which is as the letter says.

    The kernels of level j have 2^(j - 1) - 1 zeros behind each weight.

    Raises
    ------
    RecipeError
        RT103 for letters other than L and H, or a number of them other than 2 and 3.
    """
    if len(subband) not in (2, 3) or not set(subband) <= {"L", "H"}:
        raise RecipeError(
            "RT103", f"{subband!r} is no sub-band", hint='L or H for each axis, such as "LLH", or "LH" within slices'
        )
    low, high = wavelet_kernels(name)
    before = [_spread(low, step) for step in range(1, level)]
    return tuple((*before, _spread(low if letter == "L" else high, level)) for letter in subband)


def _spread(kernel: Sequence[float], level: int) -> Taps:
    step = 2 ** (level - 1)
    spread = np.zeros(len(kernel) * step)
    spread[::step] = kernel
    return convolution(spread.tolist())


def wavelet(
    image: Floats,
    name: str,
    subband: str,
    *,
    level: int = 1,
    rotation_invariant: bool = True,
    pooling: Pooling = "mean",
    boundary: Boundary = "mirror",
    keep: Sequence[Range] | None = None,
) -> Floats:
    """One sub-band of the stationary wavelet transform.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    name : str
        "haar", "db1" to "db20" or "coif1" to "coif5".
    subband : str
        L (low-pass) or H (high-pass) for each axis, such as "LLH"; two letters, such as "LH", stay within slices (I, J).
    level : int
        Scale, from 1; each is twice as coarse as the one before.
    rotation_invariant : bool
        Pool the responses to the kernels in all directions of the grid.
    pooling : "max", "mean" or "min"
    boundary : Boundary
        What lies beyond the image, and beyond the response at each level; of a number, the response to it.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    References
    ----------
    IBSI reference manual, separable wavelets (25BO).

    Examples
    --------
    >>> step = np.zeros((4, 4, 4))
    >>> step[2:] = 1
    >>> wavelet(step, "haar", "HLL", rotation_invariant=False)[:, 0, 0].round(6).tolist()
    [0.0, -1.414214, 0.0, 0.0]
    """
    chains = wavelet_chains(name, subband, level)
    how = pooling if rotation_invariant else None
    return pooled_turns(image, chains, how, boundary=checked_boundary(boundary), keep=keep or whole(image.shape))
