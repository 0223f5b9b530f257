"""The Laplacian of a Gaussian: blobs and edges of a given size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, whole
from radiotype.features.filters.separable import Chain, centred, each_separable, grouped
from radiotype.features.filters.unfit import LEAST_SIGMA, require_sampled

Spacing = tuple[float, float, float]


def gaussian_reach(sigma_mm: float, spacing_mm: Spacing, cutoff: float) -> tuple[int, int, int]:
    """Voxels to each side that a Gaussian covers when it is cut off at so many standard deviations."""
    x, y, z = (math.floor(cutoff * sigma_mm / step + 0.5) for step in spacing_mm)
    return x, y, z


def log_products(sigma_mm: float, spacing_mm: Spacing, cutoff: float, dimensions: int) -> list[tuple[Chain, ...]]:
    """The products whose sum is the kernel: the second derivative along one axis, the Gaussian along the others."""
    smooth, curved = [], []
    for step, n in zip(spacing_mm, gaussian_reach(sigma_mm, spacing_mm, cutoff), strict=True):
        sigma = sigma_mm / step
        place = np.arange(-n, n + 1.0)
        weights = np.exp(-((place / sigma) ** 2) / 2) / (math.sqrt(2 * math.pi) * sigma)
        per_voxel = (spacing_mm[0] / step) ** 2  # of the first axis, so that the response depends on no direction
        smooth.append((centred(weights.tolist()),))
        curved.append((centred((((place / sigma) ** 2 - 1) / sigma**2 * weights * per_voxel).tolist()),))
    own = [[curved[axis] if axis == at else smooth[axis] for axis in range(dimensions)] for at in range(dimensions)]
    return [(*product, *((),) * (3 - dimensions)) for product in own]


def laplacian_of_gaussian(
    image: Floats,
    sigma_mm: float,
    *,
    spacing_mm: Spacing = (1.0, 1.0, 1.0),
    cutoff: float = 4.0,
    dimensions: int = 3,
    boundary: Boundary = "mirror",
    keep: Sequence[Range] | None = None,
) -> Floats:
    """The curvature of the smoothed intensities: below 0 in bright blobs, above 0 in dark ones.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    sigma_mm : float
        Standard deviation of the Gaussian, mm; at least `LEAST_SIGMA` voxels along each axis that is filtered.
    spacing_mm : tuple of float
        Distance between voxel centres along each axis, mm.
    cutoff : float
        Standard deviations at which the kernel ends.
    dimensions : 2 or 3
        2 stays within slices (I, J).
    boundary : Boundary
        What lies beyond the image.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    Returns
    -------
    array
        Intensity per squared voxel of the first axis.

    Raises
    ------
    UnfitError
        RT305 for a Gaussian that is finer than the voxels can hold.

    References
    ----------
    IBSI reference manual, Laplacian-of-Gaussian filters (L6PA).

    Examples
    --------
    >>> ball = (((np.indices((15, 15, 15)) - 7) ** 2).sum(axis=0) < 9).astype(float)
    >>> bool(laplacian_of_gaussian(ball, 1.5)[7, 7, 7] < 0)
    True
    """
    require_sampled(sigma_mm, spacing_mm[:dimensions], LEAST_SIGMA, "a Gaussian")
    products = grouped(log_products(sigma_mm, spacing_mm, cutoff, dimensions))
    found = each_separable(image, products, boundary=checked_boundary(boundary), keep=keep or whole(image.shape))
    total = next(found)
    for part in found:
        total += part
    return total
