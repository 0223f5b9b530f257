"""Filters that are given by what they do to each frequency."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, extended
from radiotype.features.filters.unfit import UnfitError

Complex = npt.NDArray[np.complex128]

#: Voxels that are added on each side at most, for a number of them that is quickly transformed.
ROOM = 8

#: Largest part of an image that is transformed, voxels: 1.5 GB with its frequencies.
MAX_VOXELS = 64_000_000

#: The response to given frequencies along each axis, 1 for half a wave per voxel; real or complex.
Transfer = Callable[[Sequence[Floats]], Floats | Complex]


class Surroundings(NamedTuple):
    """Part of an image, and where in it the voxels to keep lie."""

    image: Floats
    inner: tuple[slice, ...]


def surroundings(
    image: Floats, keep: Sequence[Range], reach: Sequence[int | None], boundary: Boundary, *, beyond: Sequence[int]
) -> Surroundings:
    """What a filter sees of an image: an odd number of voxels along each axis, or those to keep where it sees no more.

    Parameters
    ----------
    image : array, shape (I, J, K)
    keep : three of (low, high)
    reach : three of int or None
        Voxels seen on each side of those to keep; all for None.
    boundary : Boundary
        A periodic image is taken as a whole, as it is, along the axes where the filter sees beyond it: a Fourier transform
        takes images to be periodic.
    beyond : three of int
        Voxels seen beyond both ends of the image where all of it is seen.
    """
    spans = seen_spans(image.shape, keep, reach, boundary, beyond=beyond)
    require_voxels([last - first for first, last in spans])
    inner = tuple(slice(low - span[0], high - span[0]) for (low, high), span in zip(keep, spans, strict=True))
    for axis, (span, n) in enumerate(zip(spans, image.shape, strict=True)):
        image = extended(image, axis, span, boundary, held=(0, n), n=n)
    return Surroundings(image, inner)


def seen_spans(
    shape: Sequence[int], keep: Sequence[Range], reach: Sequence[int | None], boundary: Boundary, *, beyond: Sequence[int]
) -> list[Range]:
    """The voxels of an image of some shape, or beyond its ends, that `surroundings` takes along each axis."""
    spans = []
    for (low, high), far, more, n in zip(keep, reach, beyond, shape, strict=True):
        first, last = (-more, n + more) if far is None else (low - far, high + far)
        if far == 0:
            span = (low, high)
        elif boundary == "periodic" and (far is None or first < 0 or last > n):
            span = (0, n)
        else:
            extra = _odd_length(last - first) - (last - first)
            span = (first - extra // 2, last + extra - extra // 2)
        spans.append(span)
    return spans


def require_voxels(sizes: Sequence[int], most: int | None = None) -> None:
    """Refuse a transform of more than `MAX_VOXELS`, or fewer.

    Raises
    ------
    UnfitError
        RT306.
    """
    most = min(MAX_VOXELS, most or MAX_VOXELS)
    if math.prod(sizes) > most:
        raise UnfitError(
            "filter_too_large",
            "RT306",
            f"a filter would see {' x '.join(map(str, sizes))} voxels, more than {most:,}",
            hint="set `reach` of the filter, a lower level or sigma_mm, or a larger spacing_mm",
        )


def filtered(image: Floats, transfer: Transfer, axes: Sequence[int]) -> Floats:
    """The image with each of its frequencies along the axes multiplied.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Taken to repeat itself along the axes.
    transfer : callable
    axes : sequence of int

    Notes
    -----
    An axis of n voxels has n frequencies, evenly from -1 to 1, as the IBSI's reference filters sample them. For an odd n they
    are symmetrical; for an even one the real part of the response is taken, which is that of a filter made symmetrical.
    """
    from scipy import fft

    forward = [_frequencies(image.shape[axis]) for axis in axes]
    last = forward[-1].size // 2 + 1
    multiplier = transfer(_broadcast(forward, axes, last))
    if any(image.shape[axis] % 2 == 0 for axis in axes):
        backward = [np.roll(own[::-1], 1) for own in forward]
        multiplier = (multiplier + np.conj(transfer(_broadcast(backward, axes, last)))) / 2
    spectrum = fft.rfftn(image, axes=axes)
    spectrum *= multiplier
    result: Floats = fft.irfftn(spectrum, [image.shape[axis] for axis in axes], axes=axes, overwrite_x=True)
    return result


def radius(frequencies: Sequence[Floats]) -> Floats:
    """The size of a frequency, whichever its direction."""
    squares: Floats = reduce(np.add, [own**2 for own in frequencies])
    return np.sqrt(squares)


def _frequencies(n: int) -> Floats:
    """n frequencies from -1 to 1, from the middle one on, as a Fourier transform orders them."""
    return np.fft.ifftshift((np.arange(n) - (n - 1) / 2) / max((n - 1) / 2, 0.5))


def _broadcast(frequencies: Sequence[Floats], axes: Sequence[int], last: int) -> list[Floats]:
    shaped = []
    for own, axis in zip(frequencies, axes, strict=True):
        shape = [1, 1, 1]
        shape[axis] = -1
        shaped.append((own[:last] if axis == axes[-1] else own).reshape(shape))
    return shaped


def _odd_length(n: int) -> int:
    """The next odd number that a Fourier transform takes apart quickly, if one is near."""
    first = n + 1 - n % 2
    return next((one for one in range(first, first + 2 * ROOM, 2) if _largest_factor(one) <= 11), first)


def _largest_factor(n: int) -> int:
    for factor in (3, 5, 7, 11):
        while n % factor == 0:
            n //= factor
    return n
