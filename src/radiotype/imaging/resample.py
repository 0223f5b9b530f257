"""Voxel arrays brought to another spacing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import ComputeError

#: Largest result of a resampling, voxels: 512 MB of float64. A tumour with its margins at 1 mm needs a tenth of it at most.
MAX_VOXELS = 64_000_000

#: Weight of the finite neighbours, of 1, that a voxel needs to have a value.
MIN_WEIGHT = 0.5

#: A weight that misses the half by less than this, as rounding may make it, reaches it.
TIE = 1e-6

#: Interpolated values are rounded to this fraction of the largest: what they lose to rounding differs with the order of the
#: voxels and is far smaller, so that a value on the edge of a bin falls into one bin however the scan is stored.
PRECISION = 2.0**-32


class Lattice(NamedTuple):
    """An isotropic grid in the voxel indices of another: the voxel `first + step * index`."""

    first: Floats
    step: Floats
    shape: tuple[int, int, int]

    def grid(self, old: Grid) -> Grid:
        """Where its voxels lie, when `old` is the grid it was laid into."""
        affine = old.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ self.first
        affine[:3, :3] *= self.step
        return Grid(self.shape, affine)


def isotropic_lattice(
    shape: tuple[int, ...], spacing_mm: tuple[float, float, float], target_mm: float, *, centre: tuple[float, float, float]
) -> Lattice:
    """The isotropic grid through `centre` that stays within the old one; the old one when that is its spacing already.

    Parameters
    ----------
    shape : tuple of int, (I, J, K)
    spacing_mm : tuple of float
        Distance between voxel centres along each axis, mm.
    target_mm : float
        The same for the result, mm.
    centre : tuple of float
        A position, in voxel indices of the old grid, on which a voxel of the result lies: what surrounds it does not move it.

    Raises
    ------
    ComputeError
        RT306 if it would have more than `MAX_VOXELS`.
    """
    spacing, middle, size = np.array(spacing_mm), np.array(centre), np.array(shape)
    if np.allclose(spacing, target_mm, rtol=1e-6, atol=0):
        i, j, k = shape
        return Lattice(np.zeros(3), np.ones(3), (i, j, k))
    step = target_mm / spacing
    low, high = np.floor(middle / step + 1e-6), np.floor((size - 1 - middle) / step + 1e-6)
    if np.prod(low + high + 1) > MAX_VOXELS:
        old = " x ".join(str(n) for n in shape)
        new = " x ".join(f"{n:,.0f}" for n in low + high + 1)
        raise ComputeError(
            "RT306",
            f"{old} voxels of {' x '.join(f'{s:.4g}' for s in spacing)} mm around the tumour would become {new} voxels of "
            f"{target_mm:g} mm, more than {MAX_VOXELS:,}",
            hint="is the spacing in the header in mm? If it is, set a larger features.margin.spacing_mm, or null",
        )
    i, j, k = (low + high + 1).astype(int).tolist()
    return Lattice(middle - low * step, step, (i, j, k))


def resampled(values: Floats, lattice: Lattice) -> Floats:
    """Linear interpolation at the voxels of a lattice.

    Parameters
    ----------
    values : array, shape (I, J, K)
    lattice : Lattice

    Returns
    -------
    array, shape (I', J', K')
        The values themselves when the lattice is theirs already. Values that are not finite take no part: a voxel is the
        weighted mean of the finite ones around it, and NaN where these carry less than half of the weight.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.arange(5.0)[:, None, None] * np.ones((1, 2, 2))
    >>> lattice = isotropic_lattice(ramp.shape, (2.0, 1.0, 1.0), 1.0, centre=(2, 0, 0))
    >>> resampled(ramp, lattice)[:, 0, 0].tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0]
    """
    if (lattice.step == 1).all():
        return values
    finite = np.isfinite(values)
    if finite.all():
        return _rounded(_interpolated(values, lattice))
    weight = _interpolated(finite.astype(np.float64), lattice)
    known = weight >= MIN_WEIGHT - TIE
    total = _interpolated(np.where(finite, values, 0.0), lattice)
    return _rounded(np.where(known, total / np.where(known, weight, 1.0), np.nan))


def resampled_region(region: npt.NDArray[np.bool_], lattice: Lattice) -> npt.NDArray[np.bool_]:
    """The voxels of a lattice of which at least half, by linear interpolation, lies in a region."""
    if (lattice.step == 1).all():
        return region
    return _interpolated(region.astype(np.float64), lattice) >= 0.5 - TIE


def _interpolated(array: Floats, lattice: Lattice) -> Floats:
    from scipy import ndimage

    found: Floats = ndimage.affine_transform(
        array, lattice.step, offset=lattice.first, output_shape=lattice.shape, order=1, mode="nearest"
    )
    return found


def _rounded(values: Floats) -> Floats:
    """The values, rounded in place to `PRECISION` of the largest."""
    largest = max(np.fmax.reduce(values, axis=None), -np.fmin.reduce(values, axis=None))
    unit = np.ldexp(PRECISION, int(np.frexp(largest)[1])) if np.isfinite(largest) else 0.0
    if unit > 0:
        values /= unit
        np.rint(values, out=values)
        values *= unit
    return values
