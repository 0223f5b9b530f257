"""Sums of weighted neighbours, axis by axis: every filter that is a product of one-dimensional ones."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

import radiotype._native as native
from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, extended, needed


class Taps(NamedTuple):
    """Weights of neighbours along one axis: `weights[t]` belongs to the voxel `first + t` further on."""

    weights: tuple[float, ...]
    first: int

    @property
    def flipped(self) -> Taps:
        """The same in the other direction."""
        return Taps(self.weights[::-1], 1 - self.first - len(self.weights))

    @property
    def negative(self) -> Taps:
        """The opposite weights."""
        return Taps(tuple(-weight for weight in self.weights), self.first)

    @property
    def total(self) -> float:
        """The response to 1 everywhere."""
        return math.fsum(self.weights)


#: Taps that follow one another along one axis, the response to each padded before the next; none leaves the axis as it is.
Chain = tuple[Taps, ...]


def centred(weights: Sequence[float]) -> Taps:
    """An odd number of weights around the voxel."""
    return Taps(tuple(float(weight) for weight in weights), -(len(weights) // 2))


def convolution(kernel: Sequence[float]) -> Taps:
    """A kernel that is convolved with the image: what comes first in it weighs what comes last in the image.

    The middle of an even number of weights is the one after it, as the IBSI's references have it.
    """
    return Taps(tuple(float(weight) for weight in kernel[::-1]), len(kernel) // 2 - len(kernel) + 1)


def reach(chain: Chain) -> int:
    """Voxels that a chain looks at, at most, on one side."""
    before = sum(-taps.first for taps in chain)
    after = sum(taps.first + len(taps.weights) - 1 for taps in chain)
    return max(before, after, 0)


def beyond(boundary: Boundary, chain: Chain) -> Boundary:
    """What lies beyond the response to a chain: a constant has been multiplied by all the taps, as the image has.

    Examples
    --------
    >>> beyond(-1000.0, (centred([1, 2, 1]),)), beyond("mirror", (centred([1, 2, 1]),))
    (-4000.0, 'mirror')
    """
    return boundary if isinstance(boundary, str) else math.prod((taps.total for taps in chain), start=boundary)


def along_axis(
    image: Floats,
    axis: int,
    chain: Chain,
    *,
    boundary: Boundary,
    keep: Range,
    held: Range | None = None,
    n: int | None = None,
) -> Floats:
    """The responses of one axis to a chain of taps, for the voxels to keep.

    Parameters
    ----------
    image : array, shape (I, J, K)
    axis : int
    chain : tuple of Taps
    boundary : Boundary
    keep : (low, high)
        Voxels of the axis that the result holds.
    held, n : (low, high) and int, optional
        Voxels of the axis that the array holds of an image, and how many that has; the array is the image when left out.
    """
    n = n or image.shape[axis]
    held = held or (0, n)
    steps: list[tuple[Taps, Range, Range]] = []
    result = keep
    for taps in reversed(chain):
        span = (result[0] + taps.first, result[1] + taps.first + len(taps.weights) - 1)
        steps.insert(0, (taps, span, result))
        result = needed(span, n, boundary)
    for taps, span, result in steps:
        image = _correlated(extended(image, axis, span, boundary, held=held, n=n), axis, taps.weights)
        held, boundary = result, beyond(boundary, (taps,))
    return extended(image, axis, keep, boundary, held=held, n=n)


def separable(image: Floats, chains: Sequence[Chain], *, boundary: Boundary, keep: Sequence[Range]) -> Floats:
    """The response to a product of chains, one for each axis.

    Parameters
    ----------
    image : array, shape (I, J, K)
    chains : three tuples of Taps
    boundary : Boundary
        What lies beyond the edges of the image, and of the response to each of the taps; a number lies beyond the image, and
        what the taps make of it beyond their responses.
    keep : three of (low, high)
        Voxels that the result holds.

    Examples
    --------
    >>> image = np.arange(8.0).reshape(2, 2, 2)
    >>> separable(image, [(), (), (centred([1, 1, 1]),)], boundary="zero", keep=[(0, 2), (0, 2), (0, 1)]).ravel().tolist()
    [1.0, 5.0, 9.0, 13.0]
    """
    return next(each_separable(image, [tuple(chains)], boundary=boundary, keep=keep))


def each_separable(
    image: Floats, products: Sequence[tuple[Chain, ...]], *, boundary: Boundary, keep: Sequence[Range]
) -> Iterator[Floats]:
    """The responses to several products of chains, in an order of their own that `grouped` tells.

    What two of them do alike along the first axes is done once.
    """
    yield from _each(image, list(products), (0, 1, 2), boundary, keep)


def grouped(products: Sequence[tuple[Chain, ...]], axes: tuple[int, ...] = (0, 1, 2)) -> list[tuple[Chain, ...]]:
    """The products in the order in which `each_separable` gives their responses."""
    if not axes:
        return list(products)
    groups: dict[Chain, list[tuple[Chain, ...]]] = defaultdict(list)
    for product in products:
        groups[product[axes[0]]].append(product)
    return [product for group in groups.values() for product in grouped(group, axes[1:])]


def _each(
    image: Floats, products: list[tuple[Chain, ...]], axes: tuple[int, ...], boundary: Boundary, keep: Sequence[Range]
) -> Iterator[Floats]:
    if not axes:
        yield from (image for _ in products)
        return
    axis = axes[0]
    groups: dict[Chain, list[tuple[Chain, ...]]] = defaultdict(list)
    for product in products:
        groups[product[axis]].append(product)
    for chain, group in groups.items():
        part = along_axis(image, axis, chain, boundary=boundary, keep=keep[axis])
        yield from _each(part, group, axes[1:], beyond(boundary, chain), keep)


def _correlated(image: Floats, axis: int, weights: tuple[float, ...]) -> Floats:
    """Sums of the weighted values along an axis, without those that reach beyond the ends."""
    if not image.flags.c_contiguous and image.strides[0] == image.itemsize:
        return _correlated(image.T, image.ndim - 1 - axis, weights).T
    if image.strides[-1] != image.itemsize:
        image = np.ascontiguousarray(image)
    shape = list(image.shape)
    shape[axis] -= len(weights) - 1
    found = np.empty(shape)
    native.correlate(image, axis, np.array(weights), found)
    return found
