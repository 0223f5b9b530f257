"""Filters that are given by what they do to each frequency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, extended

Complex = npt.NDArray[np.complex128]

#: The response to given frequencies along each axis, 1 for half a wave per voxel; real or complex.
Transfer = Callable[[Sequence[Floats]], Floats | Complex]


class Surroundings(NamedTuple):
    """Part of an image, and where in it the voxels to keep lie."""

    image: Floats
    inner: tuple[slice, ...]


def surroundings(image: Floats, keep: Sequence[Range], reach: Sequence[int], boundary: Boundary) -> Surroundings:
    """The voxels to keep, and as many more on each side as a filter reaches, an odd number along each axis.

    A periodic image is taken as a whole, as it is, along the axes where the filter reaches beyond it: a Fourier transform takes
    images to be periodic.
    """
    inner = []
    for axis, ((low, high), far, n) in enumerate(zip(keep, reach, image.shape, strict=True)):
        if far == 0 or (boundary == "periodic" and (low - far < 0 or high + far > n)):
            if far == 0:
                image = extended(image, axis, (low, high), boundary, held=(0, n), n=n)
            inner.append(slice(0, high - low) if far == 0 else slice(low, high))
            continue
        size = _odd_length(high - low + 2 * far)
        first = low - (size - (high - low)) // 2
        image = extended(image, axis, (first, first + size), boundary, held=(0, n), n=n)
        inner.append(slice(low - first, high - first))
    return Surroundings(image, tuple(inner))


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
    """The next odd number that a Fourier transform takes apart quickly."""
    n += 1 - n % 2
    while _largest_factor(n) > 11:
        n += 2
    return n


def _largest_factor(n: int) -> int:
    for factor in (3, 5, 7, 11):
        while n % factor == 0:
            n //= factor
    return n
