"""Riesz transforms along directions that the image itself gives, other ones at each voxel."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError

#: The transform of an order, one number for each axis, of an image that is at hand.
Component = Callable[[tuple[int, ...]], Floats]

#: Standard deviations at which the Gaussian of the structure tensor ends.
CUTOFF = 4.0


def aligned(
    component: Component,
    order: Sequence[int],
    sigma_mm: float,
    *,
    spacing_mm: tuple[float, float, float],
    periodic: bool,
    inner: tuple[slice, ...],
) -> Floats:
    """A Riesz transform whose axes are turned at each voxel to those of the structure tensor there.

    The first axis is that along which the image changes most. Each axis points to where the transform of the first order is
    not negative.

    Parameters
    ----------
    component : callable
        The transform (I, J, K) of an order along the axes of the voxels.
    order : two or three of int
        How often along each turned axis.
    sigma_mm : float
        Standard deviation of the Gaussian that weighs the structure tensor, above 0.
    spacing_mm : tuple of float
    periodic : bool
        Whether the image repeats itself; otherwise its last voxel goes on.
    inner : three of slice
        The voxels to keep.

    Raises
    ------
    RecipeError
        RT103 for another standard deviation.

    References
    ----------
    IBSI reference manual, Riesz transformation (AYRS): it describes the alignment and has no reference response of it; sign and
    weight are ours. Chenouard and Unser, IEEE Transactions on Image Processing 21 (2012) 2294-2302.
    """
    from scipy.ndimage import gaussian_filter1d

    if not (math.isfinite(sigma_mm) and sigma_mm > 0):
        raise RecipeError("RT103", f"a structure tensor over {sigma_mm} mm is none", hint="set a length above 0, such as 2.0")
    n, total = len(order), sum(order)
    firsts = [component(_unit(axis, n)) for axis in range(n)]
    tensor = np.empty((*firsts[0][inner].shape, n, n))
    for a in range(n):
        for b in range(a, n):
            product = firsts[a] * firsts[b]
            for axis in range(n):
                product = gaussian_filter1d(
                    product, sigma_mm / spacing_mm[axis], axis, mode="wrap" if periodic else "nearest", truncate=CUTOFF
                )
            tensor[..., a, b] = tensor[..., b, a] = product[inner]
    first = np.stack([one[inner] for one in firsts], axis=-1)
    directions = np.linalg.eigh(tensor)[1][..., ::-1]  # columns, that of the largest eigenvalue first
    along = np.einsum("...a,...ad->...d", first, directions)
    directions = np.where(along[..., None, :] < 0, -directions, directions)
    if total == 1:
        return np.asarray(np.abs(along[..., order.index(1)]))
    result = np.zeros(first.shape[:-1])
    for own in _orders(n, total):
        weight = _coefficient(own, order, directions)
        # Each transform is normalised by the number of ways to order its axes.
        weight *= math.sqrt(_permutations(order) / _permutations(own))
        result += weight * component(own)[inner]
    return result


def _coefficient(own: tuple[int, ...], order: Sequence[int], directions: Floats) -> Floats:
    """What the product of powers `own` of frequencies has for a factor in that of turned ones, at each voxel."""
    terms: dict[tuple[int, ...], Floats] = {(0,) * len(order): np.ones(directions.shape[:-2])}
    for turned, times in enumerate(order):
        for _ in range(times):
            grown: dict[tuple[int, ...], Floats] = {}
            for powers, factor in terms.items():
                for axis in range(len(order)):
                    if powers[axis] == own[axis]:
                        continue  # cannot become `own` any more
                    key = tuple(power + (place == axis) for place, power in enumerate(powers))
                    product = factor * directions[..., axis, turned]
                    grown[key] = grown[key] + product if key in grown else product
            terms = grown
    return terms[own]


def _orders(n: int, total: int) -> Iterator[tuple[int, ...]]:
    """Every order of n axes that adds up to a number."""
    if n == 1:
        yield (total,)
        return
    for one in range(total, -1, -1):
        yield from ((one, *rest) for rest in _orders(n - 1, total - one))


def _unit(axis: int, n: int) -> tuple[int, ...]:
    return tuple(int(one == axis) for one in range(n))


def _permutations(order: Sequence[int]) -> float:
    return math.factorial(sum(order)) / math.prod(math.factorial(one) for one in order)
