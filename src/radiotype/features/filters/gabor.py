"""Gabor filters: waves of one length and direction in a Gaussian window, within planes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Boundary, Range, checked_boundary, extended, whole
from radiotype.features.filters.frequencies import require_voxels
from radiotype.features.filters.laplacian_of_gaussian import Spacing
from radiotype.features.filters.pooling import Pool, Pooling

#: Standard deviations at which the window ends.
CUTOFF = 4.5

#: Axes of the planes: axial, and the two at right angles to it.
PLANES = ((0, 1), (1, 2), (0, 2))

#: Voxels that are transformed at a time.
BLOCK = 2**19


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
) -> npt.NDArray[np.complex128]:
    """The kernel in a plane; its waves run along the first axis for the angle 0 and are turned clockwise by it."""
    places = []
    for step in spacing_mm:
        n = math.ceil(CUTOFF * sigma_mm / min(1.0, aspect_ratio) / step)
        places.append(np.arange(-n, n + 1) * step)
    x, y = np.meshgrid(*places, indexing="ij")
    along, across = x * math.cos(angle) + y * math.sin(angle), x * math.sin(angle) - y * math.cos(angle)
    window = -(along**2 + aspect_ratio**2 * across**2) / (2 * sigma_mm**2)
    kernel: npt.NDArray[np.complex128] = np.exp(window + 2j * math.pi * along / wavelength_mm)
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
    pool = Pool(pooling)
    angles = orientations(orientation_degrees, step_degrees)
    for axes in PLANES if orthogonal_planes else PLANES[:1]:
        spacing = (spacing_mm[axes[0]], spacing_mm[axes[1]])
        kernels = [gabor_kernel(sigma_mm, wavelength_mm, aspect_ratio, angle, spacing) for angle in angles]
        for response in _responses(image, axes, kernels, boundary, keep):
            pool.add(response)
    return pool.result()


def _responses(
    image: Floats,
    axes: tuple[int, int],
    kernels: Sequence[npt.NDArray[np.complex128]],
    boundary: Boundary,
    keep: Sequence[Range],
) -> Iterator[Floats]:
    """The size of the response to each of the kernels, which all have one shape, in the planes along two axes."""
    from scipy import fft

    part, across = image, 3 - sum(axes)
    part = extended(part, across, keep[across], boundary, held=(0, image.shape[across]), n=image.shape[across])
    for axis, n in zip(axes, kernels[0].shape, strict=True):
        low, high = keep[axis]
        part = extended(part, axis, (low - n // 2, high + n // 2), boundary, held=(0, image.shape[axis]), n=image.shape[axis])
    part = np.moveaxis(part, across, 0)
    require_voxels(part.shape)
    sizes = [fft.next_fast_len(n, real=False) for n in part.shape[1:]]
    spectra = [fft.fft2(kernel, sizes) for kernel in kernels]
    slices = max(1, BLOCK // math.prod(sizes))
    found = [np.empty([high - low for low, high in keep], order="F") for _ in kernels]
    # Of a circular convolution the places that no kernel reaches round the edge are those of the image.
    inner = tuple(slice(n - 1, n - 1 + keep[axis][1] - keep[axis][0]) for axis, n in zip(axes, kernels[0].shape, strict=True))
    for start in range(0, part.shape[0], slices):
        spectrum = fft.fft2(part[start : start + slices], sizes, axes=(1, 2))
        for kernel, result in zip(spectra, found, strict=True):
            response = fft.ifft2(spectrum * kernel, axes=(1, 2), overwrite_x=True)
            np.moveaxis(result, across, 0)[start : start + slices] = np.abs(response[(slice(None), *inner)])
    yield from found
