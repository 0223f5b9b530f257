"""A scan normalised and resampled by the filters that pyradiomics calls, so that equal values come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Box, Mask
from radiotype.features.pyradiomics.settings import INTERPOLATORS, PyradiomicsSettings
from radiotype.imaging.resample import Lattice, part_of, require_room

if TYPE_CHECKING:
    import SimpleITK

Spacing = tuple[float, float, float]


def normalised_and_resampled(
    values: npt.NDArray[Any], mask: Mask, grid: Grid, settings: PyradiomicsSettings, seen: Box
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_], Spacing, Grid]:
    """Intensities and region around a mask, their spacing, and where they lie.

    Parameters
    ----------
    values : array, shape (I, J, K)
        The whole scan: its mean belongs to the normalisation, and splines are fitted through all of it.
    mask : Mask
    grid : Grid
        Of the scan.
    settings : PyradiomicsSettings
    seen : tuple of tuple of int
        The part of the scan that is given back where it is not resampled.

    Raises
    ------
    ComputeError
        RT306 if the resampled box would be too large.

    References
    ----------
    pyradiomics, `imageoperations.normalizeImage` and `resampleImage`: the grid is aligned to the corner of the first voxel, and
    an axis along which the mask has one voxel is not resampled.
    """
    import SimpleITK

    direction = _direction(grid, mask.source)
    image = _image(values, grid, direction)
    if settings.normalise:
        image = _normalised(image, settings)
    low, high = (np.array(side) for side in mask.box)
    old = np.array(image.GetSpacing())
    new = old if settings.spacing_mm is None else np.where(np.array(settings.spacing_mm) == 0, old, settings.spacing_mm)
    new = np.where(high - low == 1, old, new)
    if np.allclose(old, new):
        part = _array(image, tuple(slice(a, b) for a, b in zip(*seen, strict=True)))
        return part, mask.cropped(*seen), grid.spacing_mm, part_of(grid, seen)

    ratio = old / new
    first = np.maximum(np.floor((low - 0.5) * ratio - settings.padding_voxels), 0)
    last = np.ceil((high - 0.5) * ratio + settings.padding_voxels)
    last = np.minimum(last, np.ceil(np.array(grid.shape) * ratio) - 1)
    size = (last - first + 1).astype(int)
    require_room(size, grid.shape, grid.spacing_mm, setting="features.pyradiomics.spacing_mm")
    resample = SimpleITK.ResampleImageFilter()
    resample.SetNumberOfThreads(1)
    resample.SetOutputSpacing(new.tolist())
    resample.SetOutputDirection(image.GetDirection())
    resample.SetSize(size.tolist())
    origin = 0.5 * (new - old) / old + first / ratio
    resample.SetOutputOrigin(image.TransformContinuousIndexToPhysicalPoint(origin.tolist()))
    resample.SetInterpolator(getattr(SimpleITK, INTERPOLATORS[settings.interpolation]))
    resampled = _array(resample.Execute(image))
    resample.SetInterpolator(SimpleITK.sitkNearestNeighbor)
    region = _array(resample.Execute(_image(mask.data.view(np.uint8), grid, direction))) != 0
    i, j, k = new.tolist()
    return resampled, region, (i, j, k), Lattice(origin, new / old, region.shape).grid(grid)


def _normalised(image: SimpleITK.Image, settings: PyradiomicsSettings) -> SimpleITK.Image:
    import SimpleITK

    normalise = SimpleITK.NormalizeImageFilter()
    normalise.SetNumberOfThreads(1)
    result = normalise.Execute(image)
    if settings.normalised_limit is not None:
        result = SimpleITK.Clamp(result, lowerBound=-settings.normalised_limit, upperBound=settings.normalised_limit)
    return result * settings.normalised_scale


def _direction(grid: Grid, source: str) -> Floats:
    """The directions of the axes to the last bit, which decides where a new voxel lies half-way between two old ones.

    The reader of NRRD files that pyradiomics uses multiplies by 1 / spacing; others hold unit vectors.
    """
    if not source.lower().endswith((".nrrd", ".nhdr")):
        return grid.direction
    direction: Floats = grid.affine[:3, :3] * (1 / np.array(grid.spacing_mm))
    return direction


def _image(values: npt.NDArray[Any], grid: Grid, direction: Floats) -> SimpleITK.Image:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(values.T)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(direction.ravel().tolist())
    return image


def _array(image: SimpleITK.Image, box: tuple[slice, ...] = ()) -> npt.NDArray[Any]:
    import SimpleITK

    array: npt.NDArray[Any] = SimpleITK.GetArrayViewFromImage(image).T
    return array[box].copy()  # what the view shows goes with the image
