"""The filtered images of pyradiomics, on the part of the scan that the box of a region depends on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.wavelets import wavelet_bands
from radiotype.features.threads import in_order

if TYPE_CHECKING:
    import SimpleITK

Values = npt.NDArray[Any]
Corner = tuple[int, int, int]

#: Recursive filters reach on for ever; so many widths away, what they take is less than a double number holds.
REACH_SIGMAS = 24
#: Fewer voxels along an axis cannot be smoothed.
LEAST_VOXELS = 4


class Around(NamedTuple):
    """A region's box within what its filters see.

    `image`, shape (I, J, K), in the type of the scan; `region` in the box; `low`, its first voxel; `spacing_mm` along I, J, K.
    """

    image: Values
    region: npt.NDArray[np.bool_]
    low: Corner
    spacing_mm: tuple[float, float, float]

    @property
    def high(self) -> Corner:
        """The voxel after the last of the box."""
        i, j, k = (low + n for low, n in zip(self.low, self.region.shape, strict=True))
        return i, j, k

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where the box lies."""
        i, j, k = (slice(low, high) for low, high in zip(self.low, self.high, strict=True))
        return i, j, k

    def wider(self, margin: tuple[int, int, int]) -> tuple[Values, tuple[slice, slice, slice]]:
        """The box with a margin, as far as the image goes, and where the box lies in that."""
        starts = [max(low - more, 0) for low, more in zip(self.low, margin, strict=True)]
        parts = [slice(start, high + more) for start, high, more in zip(starts, self.high, margin, strict=True)]
        i, j, k = (slice(one.start - start, one.stop - start) for one, start in zip(self.box, starts, strict=True))
        return self.image[tuple(parts)], (i, j, k)


def filtered_images(
    kind: ImageType, around: Around, settings: PyradiomicsSettings, *, n_threads: int = 1
) -> Iterator[Values | None]:
    """The images of one type in the box of a region, in the order of `Images.names`.

    Parameters
    ----------
    kind : str
        One of `settings.images.types`.
    around : Around
    settings : PyradiomicsSettings
        Those of the type of image, `PyradiomicsSettings.of_image`.
    n_threads : int
        Laplacians of Gaussians at a time.

    Yields
    ------
    array, shape (I, J, K) of the box, or None
        Rounded as pyradiomics rounds it; None where the image is too small for the filter, and pyradiomics skips it.

    References
    ----------
    pyradiomics, `imageoperations.get*Image`.

    Examples
    --------
    >>> image = np.arange(27.0).reshape(3, 3, 3)
    >>> around = Around(image, np.ones((1, 1, 1), dtype=bool), (1, 1, 1), (1.0, 1.0, 1.0))
    >>> [round(float(one[0, 0, 0]), 9) for one in filtered_images("Square", around, PyradiomicsSettings())]
    [6.5]
    """
    images = settings.images
    if kind == "Original":
        yield around.image[around.box]
    elif kind == "LoG" and images.LoG is not None:
        widths = (float(sigma) for sigma in images.LoG.sigmas_mm)
        yield from in_order((partial(laplacian_of_gaussian, around, one) for one in widths), n_threads)
    elif kind == "Wavelet" and images.Wavelet is not None:
        own = images.Wavelet
        yield from wavelet_bands(
            around.image,
            around.low,
            around.high,
            wavelet=own.wavelet,
            levels=own.levels,
            levels_skipped=own.levels_skipped,
            across=settings.across,
        )
    elif kind == "Gradient" and images.Gradient is not None:
        yield gradient_magnitude(around, per_mm=images.Gradient.per_mm)
    elif kind == "LBP2D" and images.LBP2D is not None:
        from radiotype.features.pyradiomics.local_patterns import planar_patterns

        yield planar_patterns(around, images.LBP2D, "IJK".index(settings.slices_across))
    elif kind == "LBP3D" and images.LBP3D is not None:
        from radiotype.features.pyradiomics.local_patterns import spherical_patterns

        yield from spherical_patterns(around, images.LBP3D)
    else:
        yield voxel_by_voxel(kind, around)


def voxel_by_voxel(kind: ImageType, around: Around) -> Values:
    """Square, root, logarithm or exponential of the intensities, scaled by the largest magnitude that the filter sees."""
    largest = np.abs(np.array([around.image.min(), around.image.max()], dtype=np.float64)).max()
    values = around.image[around.box].astype(np.float64)
    with np.errstate(all="ignore"):  # an image of nothing but 0 has no scale
        if kind == "Square":
            return np.asarray(np.square(1 / np.sqrt(largest) * values))
        if kind == "Exponential":
            return np.asarray(np.exp(np.log(largest) / largest * values))
        magnitude = np.abs(values)
        if kind == "SquareRoot":
            return np.asarray(np.copysign(np.sqrt(magnitude * largest), values))
        return np.asarray(np.copysign(np.log(magnitude + 1), values) * (largest / np.log(largest + 1)))


def gradient_magnitude(around: Around, *, per_mm: bool) -> Values:
    """Magnitude of the gradient, from the two neighbours along each axis."""
    import SimpleITK

    image, box = around.wider((1, 1, 1))
    gradient = SimpleITK.GradientMagnitudeImageFilter()
    gradient.SetNumberOfThreads(1)
    gradient.SetUseImageSpacing(per_mm)
    return _array(gradient.Execute(_image(image, around.spacing_mm)))[box]


def laplacian_of_gaussian(around: Around, sigma_mm: float) -> Values | None:
    """Laplacian of the smoothed image times the square of the width: ITK's, but for the lines that are not needed.

    Each of its passes runs along the lines of one axis. The last one takes only the lines through the box, the one before it
    those that the last one needs. Sums are rounded to single precision where ITK rounds them.
    """
    import SimpleITK

    shape, spacing = np.array(around.image.shape), np.array(around.spacing_mm)
    if shape.min() < LEAST_VOXELS or (shape < np.ceil(sigma_mm / spacing) + 1).any():
        return None
    i, j, k = (max(LEAST_VOXELS, math.ceil(REACH_SIGMAS * sigma_mm / one)) for one in around.spacing_mm)
    part, box = around.wider((i, j, k))
    whole = _image(part, around.spacing_mm)
    total = np.zeros(around.region.shape, dtype=np.float32)
    smooth = SimpleITK.RecursiveGaussianImageFilter()
    smooth.SetNumberOfThreads(1)
    smooth.SetSigma(sigma_mm)
    smooth.SetNormalizeAcrossScale(True)
    for axis in range(3):
        image = whole
        for order, along in ((2, axis), *((0, other) for other in range(3) if other != axis)):
            smooth.SetOrder(order)
            smooth.SetDirection(along)
            passed = smooth.Execute(image)
            kept = tuple(one if other == along else slice(None) for other, one in enumerate(box))
            array = _array(passed)[kept]
            image = _image(array, around.spacing_mm)
        total = (total + array.astype(np.float64) * (1.0 / spacing[axis] ** 2)).astype(np.float32)
    return total


def _image(values: Values, spacing_mm: tuple[float, float, float]) -> SimpleITK.Image:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(values.T)
    image.SetSpacing(spacing_mm)
    return image


def _array(image: SimpleITK.Image) -> Values:
    import SimpleITK

    array: Values = SimpleITK.GetArrayFromImage(image)
    return array.T
