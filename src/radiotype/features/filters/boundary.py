"""What an image is taken to hold beyond its edges, and the part of it that a filter has to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError

#: The rules of the IBSI: zeros, the nearest voxel, the image again, its mirror image; a number stands for a constant value.
Rule = Literal["zero", "nearest", "periodic", "mirror"]
Boundary = Rule | float

#: Voxels low <= index < high along an axis.
Range = tuple[int, int]

#: Squares of larger intensities, summed over a region, could overflow.
LARGEST = 1e140

Indices = npt.NDArray[np.int64]


def checked_boundary(boundary: Boundary) -> Boundary:
    """The rule, if there is such a one.

    Raises
    ------
    RecipeError
        RT103.
    """
    known = boundary in get_args(Rule) if isinstance(boundary, str) else abs(boundary) <= LARGEST
    if not known:
        rules = ", ".join(get_args(Rule))
        hint = f"{rules}, or a number up to {LARGEST:g}"
        raise RecipeError("RT103", f"{boundary!r} is no rule for boundaries", hint=hint)
    return boundary


def whole(shape: Sequence[int]) -> tuple[Range, ...]:
    """Every voxel of an image of that shape."""
    return tuple((0, n) for n in shape)


def sources(wanted: Range, n: int, boundary: Boundary) -> tuple[Indices, npt.NDArray[np.bool_] | None]:
    """The voxel of an axis of `n` that each wanted place takes its value from, and the places that hold a constant, if any.

    References
    ----------
    IBSI reference manual, boundary conditions: constant value and nearest value padding, periodisation and mirroring, where
    the voxel at the edge is repeated.

    Examples
    --------
    >>> sources((-2, 5), 3, "mirror")[0].tolist()
    [1, 0, 0, 1, 2, 2, 1]
    >>> sources((-2, 5), 3, "periodic")[0].tolist()
    [1, 2, 0, 1, 2, 0, 1]
    """
    place = np.arange(*wanted)
    if boundary == "mirror":
        place %= 2 * n
        return np.minimum(place, 2 * n - 1 - place), None
    if boundary == "periodic":
        return place % n, None
    inside = (place >= 0) & (place < n)
    return np.clip(place, 0, n - 1), None if boundary == "nearest" or inside.all() else ~inside


def needed(wanted: Range, n: int, boundary: Boundary) -> Range:
    """The voxels of an axis of `n` that the wanted places take their values from, without gaps."""
    if boundary == "periodic" and (wanted[0] < 0 or wanted[1] > n):
        return 0, n
    low = min(max(wanted[0], 0), n - 1)
    return low, max(min(wanted[1], n), low + 1)


def extended(image: Floats, axis: int, wanted: Range, boundary: Boundary, *, held: Range, n: int) -> Floats:
    """The wanted places along an axis of `n` voxels of an image that holds the voxels `held` of it; a view where it can."""
    low, high = wanted
    index: list[slice | Indices | npt.NDArray[np.bool_]] = [slice(None)] * image.ndim
    if held[0] <= low and high <= held[1]:
        index[axis] = slice(low - held[0], high - held[0])
        return image[tuple(index)]
    source, constant = sources(wanted, n, boundary)
    found = image.take(source - held[0], axis=axis)
    if constant is not None:
        index[axis] = constant
        found[tuple(index)] = 0.0 if boundary == "zero" else boundary
    return found
