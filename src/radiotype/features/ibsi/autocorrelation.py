"""How alike the intensities of near voxels are: Moran's I and Geary's C, over all pairs of voxels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats


class Autocorrelation(NamedTuple):
    """Moran's I: above 0 near voxels are alike, below 0 they differ. Geary's C: below 1 alike, above 1 different."""

    moran: float
    geary: float


def autocorrelation(image: Floats, mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> Autocorrelation:
    """Moran's I and Geary's C with weights of one over the distance.

    All pairs are counted: a sum over pairs is a sum over frequencies of power spectra times the spectrum of the weights, so
    that it takes four Fourier transforms of a box of twice the size instead of n^2 steps.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite inside the mask.
    mask : array of bool, shape (I, J, K)
        At least two voxels of different intensity.
    spacing_mm : tuple of float

    References
    ----------
    IBSI reference manual, Moran's I index (N365) and Geary's C measure (NPT7).

    Examples
    --------
    >>> ramp = np.arange(4.0)[:, None, None]
    >>> found = autocorrelation(ramp, ramp >= 0, (1, 1, 1))
    >>> round(found.moran, 6), round(found.geary, 6)
    (-0.046154, 0.692308)
    """
    from scipy import fft

    n = int(np.count_nonzero(mask))
    values = image[mask]
    away = values - values.mean()
    away /= np.abs(away).max()
    away -= away.mean()
    squares = away**2

    size = tuple(fft.next_fast_len(2 * extent - 1, real=True) for extent in image.shape)
    weights = fft.rfftn(_weights(size, image.shape, spacing_mm)).real.copy()  # the weights are even
    # A real transform holds half of the frequencies; all but the first, and the last of an even size, stand for two.
    weights *= 2 / np.prod(size)
    weights[..., 0] /= 2
    if size[2] % 2 == 0:
        weights[..., -1] /= 2

    def spectrum(inside: Floats) -> npt.NDArray[np.complex128]:
        array = np.zeros(image.shape)
        array[mask] = inside
        found: npt.NDArray[np.complex128] = fft.rfftn(array, size)
        return found

    def pairs(first: npt.NDArray[np.complex128], second: npt.NDArray[np.complex128]) -> float:
        planes = zip(first, second, weights, strict=True)
        return sum(float(((a.real * b.real + a.imag * b.imag) * weight).sum()) for a, b, weight in planes)

    ones = spectrum(np.ones(n))
    total, of_squares = pairs(ones, ones), pairs(spectrum(squares), ones)
    del ones  # a spectrum is the largest array here
    deviations = spectrum(away)
    products = pairs(deviations, deviations)
    variance = float(squares.sum())
    return Autocorrelation(
        moran=n / total * products / variance,
        geary=(n - 1) / (2 * total) * (2 * of_squares - 2 * products) / variance,
    )


def _weights(size: tuple[int, ...], shape: tuple[int, ...], spacing_mm: tuple[float, float, float]) -> Floats:
    """One over the distance of two voxels, by their difference in index; differences below 0 stand at the end."""
    squared = np.zeros(size)
    for axis, (length, extent, step) in enumerate(zip(size, shape, spacing_mm, strict=True)):
        index = np.arange(length)
        distance = np.where(index < extent, index, length - index) * step
        squared += (distance**2).reshape([-1 if other == axis else 1 for other in range(3)])
    squared[0, 0, 0] = np.inf
    np.sqrt(squared, out=squared)
    return np.divide(1.0, squared, out=squared)
