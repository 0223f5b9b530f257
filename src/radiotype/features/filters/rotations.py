"""A filter turned by right angles into every direction of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range
from radiotype.features.filters.pooling import Pool, Pooling
from radiotype.features.filters.separable import Chain, each_separable, grouped, separable


def turned(chains: Sequence[Chain]) -> dict[tuple[Chain, ...], tuple[int, int]]:
    """A product of chains, and what it becomes by turns about the axes.

    Parameters
    ----------
    chains : two or three tuples of Taps
        Two are turned within slices of a third axis, by a quarter turn each time; three in all 24 ways.

    Returns
    -------
    dict
        Three chains, and how many of the turns lead there, and to the same with the other sign.

    References
    ----------
    IBSI reference manual, rotation invariance: turns by right angles are permutations and flips of separable filters.
    """
    n, found = len(chains), dict[tuple[Chain, ...], tuple[int, int]]()
    for order in permutations(range(n)):
        for signs in product((1, -1), repeat=n):
            if _determinant(order, signs) < 0:
                continue
            parts = [_standard(chains[own], flip=sign < 0) for own, sign in zip(order, signs, strict=True)]
            key = (*(chain for chain, _ in parts), *((),) * (3 - n))
            alike, opposite = found.get(key, (0, 0))
            positive = np.prod([sign for _, sign in parts]) > 0
            found[key] = (alike + 1, opposite) if positive else (alike, opposite + 1)
    return found


def pooled_turns(
    image: Floats, chains: Sequence[Chain], pooling: Pooling | None, *, boundary: Boundary, keep: Sequence[Range]
) -> Floats:
    """The response to a product of chains, pooled over all its turns; to the product as it is without pooling."""
    if pooling is None:
        chains = (*chains, *((),) * (3 - len(chains)))
        return separable(image, chains, boundary=boundary, keep=keep)
    turns, pool = turned(chains), Pool(pooling)
    products = grouped(list(turns))
    for one, response in zip(products, each_separable(image, products, boundary=boundary, keep=keep), strict=True):
        alike, opposite = turns[one]
        pool.add(response, alike=alike, opposite=opposite)
    return pool.result()


def _determinant(order: Sequence[int], signs: Sequence[int]) -> float:
    matrix = np.zeros((len(order), len(order)))
    matrix[np.arange(len(order)), order] = signs
    return float(np.linalg.det(matrix))


def _standard(chain: Chain, *, flip: bool) -> tuple[Chain, int]:
    """A chain, flipped if asked; where a flip changes but the sign, the chain as it was and -1."""
    sign, result = 1, []
    for taps in chain:
        other = taps.flipped if flip else taps
        if other == taps.negative:
            other, sign = taps, -sign
        result.append(other)
    return tuple(result), sign
