"""The mean of a voxel's neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, whole
from radiotype.features.filters.separable import Chain, Taps, centred, separable


def mean_chains(size: int, dimensions: int = 3) -> tuple[Chain, ...]:
    """Equal weights over `size` voxels along the first axes, 2 or 3 of them."""
    taps: Taps = centred([1 / size] * size)
    return (*((taps,),) * dimensions, *((),) * (3 - dimensions))


def mean(
    image: Floats, size: int, *, dimensions: int = 3, boundary: Boundary = "mirror", keep: Sequence[Range] | None = None
) -> Floats:
    """The mean intensity of a cube around each voxel, or of a square in its slice.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    size : int
        Voxels along a side; odd.
    dimensions : 2 or 3
        2 stays within slices (I, J).
    boundary : Boundary
        What lies beyond the image.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    References
    ----------
    IBSI reference manual, mean filters (S60F).

    Examples
    --------
    >>> import numpy as np
    >>> mean(np.eye(3)[:, :, None], 3, dimensions=2, boundary="zero")[1, 1, 0].round(6)
    np.float64(0.333333)
    """
    chains = mean_chains(size, dimensions)
    return separable(image, chains, boundary=checked_boundary(boundary), keep=keep or whole(image.shape))
