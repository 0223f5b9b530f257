"""Gabor filters: waves of one length and direction in a Gaussian window, within planes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, extended, whole
from radiotype.features.filters.frequencies import Complex, require_voxels
from radiotype.features.filters.laplacian_of_gaussian import Spacing
from radiotype.features.filters.pooling import Pooling
from radiotype.features.filters.unfit import LEAST_WAVE, require_sampled

#: Standard deviations at which the window ends.
CUTOFF = 4.5

#: Axes of the planes: axial, and the two at right angles to it.
PLANES = ((0, 1), (1, 2), (0, 2))

#: Voxels that are transformed at a time.
BLOCK = 2**19

#: Numbers of transformed kernels that are held at a time, 16 bytes each; one kernel may be as large.
KERNELS = 2**23


def gabor_reach(sigma_mm: float, aspect_ratio: float, spacing_mm: Spacing) -> tuple[int, int, int]:
    """Voxels to each side that the window covers in any direction."""
    x, y, z = (math.ceil(CUTOFF * sigma_mm / min(1.0, aspect_ratio) / step) for step in spacing_mm)
    return x, y, z


def orientations(first_degrees: float, step_degrees: float | None) -> tuple[float, ...]:
    """The directions of the waves, radians: the first alone, or all round in equal steps.

    Directions half a turn apart have responses of one size; one of the two is enough where every one has such an other.
    """
    first = math.radians(first_degrees)
    if step_degrees is None:
        return (first,)
    n = max(1, round(360 / step_degrees))
    return tuple(first + 2 * math.pi * k / n for k in range(n if n % 2 else n // 2))


def gabor_kernel(
    sigma_mm: float, wavelength_mm: float, aspect_ratio: float, angle: float, spacing_mm: tuple[float, float]
) -> Complex:
    """The kernel in a plane; its waves run along the first axis for the angle 0 and are turned clockwise by it."""
    places = []
    for step in spacing_mm:
        n = math.ceil(CUTOFF * sigma_mm / min(1.0, aspect_ratio) / step)
        places.append(np.arange(-n, n + 1) * step)
    x, y = np.meshgrid(*places, indexing="ij", sparse=True)
    along, across = x * math.cos(angle) + y * math.sin(angle), x * math.sin(angle) - y * math.cos(angle)
    window = -(along**2 + aspect_ratio**2 * across**2) / (2 * sigma_mm**2)
    kernel: Complex = np.exp(window + 2j * math.pi * along / wavelength_mm)
    kernel[window < -(CUTOFF**2) / 2] = 0
    return kernel


def gabor(
    image: Floats,
    sigma_mm: float,
    wavelength_mm: float,
    *,
    aspect_ratio: float = 1.0,
    orientation_degrees: float = 0.0,
    step_degrees: float | None = None,
    pooling: Pooling = "mean",
    orthogonal_planes: bool = False,
    spacing_mm: Spacing = (1.0, 1.0, 1.0),
    boundary: Boundary = "mirror",
    keep: Sequence[Range] | None = None,
) -> Floats:
    """The size of the response to a wave in a Gaussian window.

    Parameters
    ----------
    image : array, shape (I, J, K)
        Finite.
    sigma_mm : float
        Standard deviation of the window along the wave, mm.
    wavelength_mm : float
        At least `LEAST_WAVE` voxels along each axis that is filtered.
    aspect_ratio : float
        Standard deviation along the wave over that across it.
    orientation_degrees : float
        Direction of the wave from the first axis of a plane, clockwise.
    step_degrees : float, optional
        Pool over directions all round, so many degrees apart; one direction only when left out.
    pooling : "max", "mean" or "min"
        Of directions and planes.
    orthogonal_planes : bool
        Pool over the three planes of the grid, in place of the slices (I, J) alone.
    spacing_mm : tuple of float
        Distance between voxel centres along each axis, mm.
    boundary : Boundary
        What lies beyond the image.
    keep : three of (low, high), optional
        Voxels that the result holds; all when left out.

    Raises
    ------
    UnfitError
        RT305 for waves shorter than two voxels; RT306 before any kernel is made, where a plane with what the window covers
        around it holds more than `KERNELS` voxels.

    References
    ----------
    IBSI reference manual, Gabor filters (Q88H).

    Examples
    --------
    >>> wave = np.cos(2 * np.pi * np.arange(40) / 5)[:, None, None] * np.ones((1, 40, 1))
    >>> along, across = (gabor(wave, 4, 5, orientation_degrees=angle)[20, 20, 0] for angle in (0, 90))
    >>> bool(along > 100 * across)
    True
    """
    boundary, keep = checked_boundary(boundary), keep or whole(image.shape)
    reach, angles = gabor_reach(sigma_mm, aspect_ratio, spacing_mm), orientations(orientation_degrees, step_degrees)
    planes = PLANES if orthogonal_planes else PLANES[:1]
    require_sampled(wavelength_mm, [spacing_mm[axis] for axes in planes for axis in axes], LEAST_WAVE, "a wave")
    for axes in planes:
        require_voxels([keep[axis][1] - keep[axis][0] + 2 * reach[axis] for axis in axes], most=KERNELS)
    found = np.full([high - low for low, high in keep], math.inf if pooling == "min" else 0.0, order="F")
    for axes in planes:
        spacing = (spacing_mm[axes[0]], spacing_mm[axes[1]])
        sizes = transformed(keep, axes, reach)
        at_once = max(1, KERNELS // math.prod(sizes))
        for first in range(0, len(angles), at_once):
            some = angles[first : first + at_once]
            kernels = [_spectrum(gabor_kernel(sigma_mm, wavelength_mm, aspect_ratio, one, spacing), sizes) for one in some]
            _pool_responses(found, image, axes, kernels, pooling, boundary=boundary, keep=keep, reach=reach)
    return found / (len(angles) * len(planes)) if pooling == "mean" else found


def transformed(keep: Sequence[Range], axes: tuple[int, int], reach: Sequence[int]) -> tuple[int, int]:
    """Voxels of a plane that are transformed: those to keep and what the window covers around them."""
    from scipy import fft

    one, other = (fft.next_fast_len(keep[axis][1] - keep[axis][0] + 2 * reach[axis], real=False) for axis in axes)
    return one, other


def _spectrum(kernel: Complex, sizes: tuple[int, int]) -> Complex:
    from scipy import fft

    spectrum: Complex = fft.fft2(kernel, sizes)
    return spectrum


def _pool_responses(
    found: Floats,
    image: Floats,
    axes: tuple[int, int],
    kernels: Sequence[Complex],
    pooling: Pooling,
    *,
    boundary: Boundary,
    keep: Sequence[Range],
    reach: Sequence[int],
) -> None:
    """Pool the size of the response to each of the kernels into what was found, some planes along two axes at a time."""
    from scipy import fft

    combine = {"max": np.maximum, "mean": np.add, "min": np.minimum}[pooling]
    across = 3 - sum(axes)
    low, high = keep[across]
    slices = max(1, BLOCK // kernels[0].size)
    # Of a circular convolution the places that no kernel reaches round the edge are those of the image.
    inner = tuple(slice(2 * reach[axis], 2 * reach[axis] + keep[axis][1] - keep[axis][0]) for axis in axes)
    for start in range(low, high, slices):
        span = (start, min(start + slices, high))
        part = extended(image, across, span, boundary, held=(0, image.shape[across]), n=image.shape[across])
        for axis in axes:
            seen = (keep[axis][0] - reach[axis], keep[axis][1] + reach[axis])
            part = extended(part, axis, seen, boundary, held=(0, image.shape[axis]), n=image.shape[axis])
        spectrum = fft.fft2(np.moveaxis(part, across, 0), kernels[0].shape, axes=(1, 2))
        into = np.moveaxis(found, across, 0)[start - low : span[1] - low]
        for kernel in kernels:
            response = fft.ifft2(spectrum * kernel, axes=(1, 2), overwrite_x=True)
            combine(into, np.abs(response[(slice(None), *inner)]), out=into)
