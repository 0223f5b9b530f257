"""Riesz transforms: a filter without direction given one, as a derivative of any order would, at the same scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, whole
from radiotype.features.filters.frequencies import Complex, filtered, radius, surroundings
from radiotype.features.filters.laplacian_of_gaussian import Spacing, gaussian_reach, laplacian_of_gaussian
from radiotype.features.filters.simoncelli import band, lower_edge, simoncelli_reach
from radiotype.features.filters.steering import aligned
from radiotype.features.filters.unfit import LEAST_SIGMA, require_no_mean, require_sampled

#: Voxels beyond those of the Gaussian by which an image is continued.
REACH = 16


def riesz_transfer(order: Sequence[int]) -> Callable[[Sequence[Floats]], Complex]:
    """What the transform of an order, one number for each axis, does to frequencies.

    Raises
    ------
    RecipeError
        RT103 for an order that is not two or three whole numbers of which one at least is above 0.
    """
    if len(order) not in (2, 3) or min(order) < 0 or not any(order):
        hint = "one whole number for each of two or three axes, not all 0"
        raise RecipeError("RT103", f"{tuple(order)} is no order of a Riesz transform", hint=hint)
    total = sum(order)
    factor = (-1j) ** total * math.sqrt(math.factorial(total) / math.prod(math.factorial(own) for own in order))

    def transfer(frequencies: Sequence[Floats]) -> Complex:
        size = radius(frequencies)
        size[size == 0] = 1.0
        result: Complex = np.asarray(factor, dtype=np.complex128) * size ** (-float(total))
        for own, power in zip(frequencies, order, strict=True):
            if power:
                result = result * own**power
        return result

    return transfer


def riesz_log(
    image: Floats,
    order: Sequence[int],
    sigma_mm: float,
    *,
    spacing_mm: Spacing = (1.0, 1.0, 1.0),
    cutoff: float = 4.0,
    boundary: Boundary = "mirror",
    reach: int | None = None,
    align_sigma_mm: float | None = None,
    keep: Sequence[Range] | None = None,
) -> Floats:
    """The Riesz transform of the response to a Laplacian of a Gaussian.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    order : two or three of int
        How often along each axis; (1, 0, 0) is odd along the first one. Two stay within slices (I, J).
    sigma_mm, spacing_mm, cutoff, boundary, keep
        As `laplacian_of_gaussian` has them.
    reach : int, optional
        Voxels around those to keep that take part; all when left out. The response is infinitely wide and falls slowly.
    align_sigma_mm : float, optional
        Turn the axes at each voxel to those of the structure tensor, weighted by a Gaussian of this width, as
        `radiotype.features.filters.steering.aligned` says. Not standardised.

    References
    ----------
    IBSI reference manual, Riesz transformation (AYRS).
    """
    transfer, boundary, keep = riesz_transfer(order), checked_boundary(boundary), keep or whole(image.shape)
    n = len(order)
    require_sampled(sigma_mm, spacing_mm[:n], LEAST_SIGMA, "a Gaussian")
    far = [reach if axis < n else 0 for axis in range(3)]
    beyond = [own + REACH for own in gaussian_reach(sigma_mm, spacing_mm, cutoff)]
    part, inner = surroundings(image, keep, far, boundary, beyond=beyond)
    response = laplacian_of_gaussian(
        part, sigma_mm, spacing_mm=spacing_mm, cutoff=cutoff, dimensions=n, boundary=_again(boundary)
    )
    if align_sigma_mm is None:
        return filtered(response, transfer, range(n))[inner]
    return aligned(
        lambda own: filtered(response, riesz_transfer(own), range(n)),
        order,
        align_sigma_mm,
        spacing_mm=spacing_mm,
        periodic=boundary == "periodic",
        inner=inner,
    )


def riesz_simoncelli(
    image: Floats,
    order: Sequence[int],
    *,
    level: int = 1,
    boundary: Boundary = "periodic",
    reach: int | None = None,
    align_sigma_mm: float | None = None,
    spacing_mm: Spacing = (1.0, 1.0, 1.0),
    keep: Sequence[Range] | None = None,
) -> Floats:
    """The Riesz transform of the response to Simoncelli's wavelet.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    order : two or three of int
        How often along each axis; (1, 0, 0) is odd along the first one. Two stay within slices (I, J).
    level, boundary, reach, keep
        As `simoncelli` has them.
    align_sigma_mm, spacing_mm
        As `riesz_log` has them.

    References
    ----------
    IBSI reference manual, Riesz transformation (AYRS).

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.cos(np.pi * np.arange(33) / 2)[:, None, None] * np.ones((1, 33, 33))
    >>> bool(np.abs(riesz_simoncelli(wave, (0, 1, 0))).max() < 1e-9)  # nothing changes along the second axis
    True
    """
    riesz_transfer(order)  # refuses what is no order
    boundary, keep, n = checked_boundary(boundary), keep or whole(image.shape), len(order)
    far = [reach if axis < n else 0 for axis in range(3)]
    part, inner = surroundings(image, keep, far, boundary, beyond=[simoncelli_reach(level)] * 3)
    require_no_mean(part.shape[:n], lower_edge(level))

    def component(own: Sequence[int]) -> Floats:
        transfer = riesz_transfer(own)
        return filtered(part, lambda frequencies: band(radius(frequencies), level) * transfer(frequencies), range(n))

    if align_sigma_mm is None:
        return component(order)[inner]
    periodic = boundary == "periodic"
    return aligned(component, order, align_sigma_mm, spacing_mm=spacing_mm, periodic=periodic, inner=inner)


def _again(boundary: Boundary) -> Boundary:
    """The rule for the edges of a part that was continued by it already: those do not matter, or the part is the whole."""
    return "periodic" if boundary == "periodic" else "nearest"
