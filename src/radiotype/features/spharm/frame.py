"""An orientation that depends on the mask alone, so that turning or mirroring the array changes nothing that follows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

Value = TypeVar("Value", bound=np.generic)
Triple = tuple[float, float, float]


class Frame(NamedTuple):
    """How an array is turned: `order`, the own axis that becomes each axis; `reversed_`, whether it then runs backwards."""

    order: tuple[int, int, int]
    reversed_: tuple[bool, bool, bool]

    def turn(self, array: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """The array (I, J, K) in this frame; a view."""
        x, y, z = (slice(None, None, -1) if back else slice(None) for back in self.reversed_)
        return array.transpose(self.order)[x, y, z]

    def back(self, array: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """The array that this frame turned, as it was; a view."""
        x, y, z = (slice(None, None, -1) if back else slice(None) for back in self.reversed_)
        i, j, k = (self.order.index(axis) for axis in range(3))
        return array[x, y, z].transpose(i, j, k)

    def spacing(self, spacing_mm: Triple) -> Triple:
        """The spacing along the axes of this frame."""
        i, j, k = self.order
        return spacing_mm[i], spacing_mm[j], spacing_mm[k]


def steps_of(spacing_mm: Triple) -> Triple:
    """The spacing in its smallest step, to one part in a million, so that neither unit nor rounding decides a tie."""
    smallest = min(spacing_mm)
    x, y, z = (round(step / smallest, 6) for step in spacing_mm)
    return x, y, z


def canonical_frame(mask: npt.NDArray[np.bool_], spacing_mm: Triple) -> Frame:
    """The frame in which all 48 turned and mirrored versions of a mask are the same array.

    Axes are sorted by spacing, length and profile (voxels per plane), each in the direction of its smaller profile; where that
    leaves a choice, the arrangement with the smaller bytes is taken. Arrangements that still tie are equal arrays.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        Cropped to its box.
    spacing_mm : tuple of float
        Compared to one part in a million.

    Examples
    --------
    >>> mask = np.zeros((3, 4, 5), dtype=bool)
    >>> mask[0] = mask[:, 1, 3] = True
    >>> other = mask[::-1].transpose(2, 0, 1)
    >>> here, there = canonical_frame(mask, (1, 1, 1)), canonical_frame(other, (1, 1, 1))
    >>> bool((here.turn(mask) == there.turn(other)).all()), bool((there.back(here.turn(mask)) == other).all())
    (True, True)
    """
    steps = steps_of(spacing_mm)
    profiles = [np.count_nonzero(mask, axis=tuple(a for a in range(3) if a != axis)).tolist() for axis in range(3)]
    keys = [(steps[axis], mask.shape[axis], min(profiles[axis], profiles[axis][::-1])) for axis in range(3)]
    candidates = list(_candidates(keys, profiles))
    if len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=lambda frame: frame.turn(mask).tobytes())


def _candidates(keys: list[tuple[float, int, list[int]]], profiles: list[list[int]]) -> Iterator[Frame]:
    ordered = sorted(keys)
    for order in permutations(range(3)):
        if [keys[axis] for axis in order] != ordered:
            continue
        ways = []
        for axis in order:
            there, back = profiles[axis], profiles[axis][::-1]
            ways.append((False, True) if there == back else (back < there,))
        for x, y, z in product(*ways):
            yield Frame((order[0], order[1], order[2]), (x, y, z))
