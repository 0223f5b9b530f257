"""Voxel arrays brought to another spacing."""

from __future__ import annotations

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError

#: Largest result of a resampling, voxels: 512 MB of float64. A tumour with its margins at 1 mm needs a tenth of it at most.
MAX_VOXELS = 64_000_000

#: Weight of the finite neighbours, of 1, that a voxel needs to have a value.
MIN_WEIGHT = 0.5


def to_isotropic(
    values: Floats, spacing_mm: tuple[float, float, float], target_mm: float, *, centre: tuple[float, float, float]
) -> Floats:
    """Linear interpolation on an isotropic grid through `centre` that stays within the old one.

    Parameters
    ----------
    values : array, shape (I, J, K)
    spacing_mm : tuple of float
        Distance between voxel centres along each axis, mm.
    target_mm : float
        The same for the result, mm.
    centre : tuple of float
        A position, in voxel indices of `values`, on which a voxel of the result lies: what surrounds it does not move the grid.

    Returns
    -------
    array, shape (I', J', K')
        The values themselves when the spacing is the target already. Values that are not finite take no part: a voxel is the
        weighted mean of the finite ones around it, and NaN where these carry less than half of the weight.

    Raises
    ------
    ComputeError
        RT306 if the result would have more than `MAX_VOXELS`; nothing is allocated before.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.arange(5.0)[:, None, None] * np.ones((1, 2, 2))
    >>> to_isotropic(ramp, (2.0, 1.0, 1.0), 1.0, centre=(2, 0, 0))[:, 0, 0].tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    from scipy import ndimage

    spacing = np.array(spacing_mm)
    if np.allclose(spacing, target_mm, rtol=1e-6, atol=0):
        return values
    step = target_mm / spacing
    middle = np.array(centre)
    low, high = np.floor(middle / step + 1e-6), np.floor((np.array(values.shape) - 1 - middle) / step + 1e-6)
    if np.prod(low + high + 1) > MAX_VOXELS:
        size = " x ".join(str(n) for n in values.shape)
        new = " x ".join(f"{n:,.0f}" for n in low + high + 1)
        raise ComputeError(
            "RT306",
            f"{size} voxels of {' x '.join(f'{s:.4g}' for s in spacing)} mm around the tumour would become {new} voxels of "
            f"{target_mm:g} mm, more than {MAX_VOXELS:,}",
            hint="is the spacing in the header in mm? If it is, set a larger features.margin.spacing_mm, or null",
        )
    below, above = low.astype(int), high.astype(int)
    first = middle - below * step
    shape = tuple(below + above + 1)

    def interpolated(array: Floats) -> Floats:
        result: Floats = ndimage.affine_transform(array, step, offset=first, output_shape=shape, order=1, mode="nearest")
        return result

    finite = np.isfinite(values)
    if finite.all():
        return interpolated(values)
    weight = interpolated(finite.astype(np.float64))
    known = weight >= MIN_WEIGHT
    total = interpolated(np.where(finite, values, 0.0))
    return np.where(known, total / np.where(known, weight, 1.0), np.nan)
