"""Voxel arrays brought to another spacing."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Box
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


#: Degree of the polynomials between voxels: linear, or a cubic spline.
Order = Literal[1, 3]

#: Voxels that a cubic spline looks at beyond those it lies between: its weights fall by 0.27 from each to the next, to 1e-14.
SPLINE_REACH = 24


class Lattice(NamedTuple):
    """A grid in the voxel indices of another: the voxel `first + step * index`."""

    first: Floats
    step: Floats
    shape: tuple[int, int, int]

    def grid(self, old: Grid) -> Grid:
        """Where its voxels lie, when `old` is the grid it was laid into."""
        affine = old.affine.copy()
        affine[:3, 3] += affine[:3, :3] @ self.first
        affine[:3, :3] *= self.step
        return Grid(self.shape, affine)

    def part(self, low: npt.ArrayLike, high: npt.ArrayLike) -> Lattice:
        """The voxels low <= index < high of it."""
        start = np.asarray(low)
        i, j, k = (np.asarray(high) - start).tolist()
        return Lattice(self.first + start * self.step, self.step, (i, j, k))

    def within(self, shape: tuple[int, ...], *, order: Order) -> tuple[Lattice, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The voxels (low, high) of an old grid of that shape that its values come from, and it, counted from there."""
        reach = np.where(self.step == 1, 0, 1 if order == 1 else SPLINE_REACH)
        last = self.first + (np.array(self.shape) - 1) * self.step
        low = np.clip(np.floor(self.first).astype(np.int64) - reach, 0, np.array(shape) - 1)
        high = np.clip(np.ceil(last).astype(np.int64) + reach + 1, low + 1, shape)
        return Lattice(self.first - low, self.step, self.shape), low, high


def part_of(grid: Grid, box: Box) -> Grid:
    """Where the voxels of a box (low, high) lie."""
    low, high = box
    i, j, k = (b - a for a, b in zip(low, high, strict=True))
    return Lattice(np.array(low, dtype=np.float64), np.ones(3), (i, j, k)).grid(grid)


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
    require_room(low + high + 1, shape, spacing_mm, setting="features.margin.spacing_mm")
    i, j, k = (low + high + 1).astype(int).tolist()
    return Lattice(middle - low * step, step, (i, j, k))


def centred_lattice(
    shape: tuple[int, ...], spacing_mm: tuple[float, float, float], target_mm: tuple[float | None, float | None, float | None]
) -> Lattice:
    """The grid of the IBSI: its middle is the middle of the old one, and it covers all of that.

    Nothing is allocated, so that it may be large; take the part of it that is needed (`part`).

    Parameters
    ----------
    shape : tuple of int, (I, J, K)
    spacing_mm : tuple of float
        Distance between voxel centres along each axis, mm.
    target_mm : tuple of float or None
        The same for the result, mm; None, or what it is already, leaves an axis as it is.

    References
    ----------
    IBSI reference manual, interpolation grids aligned by their centres.

    Examples
    --------
    >>> centred_lattice((204, 201, 60), (0.977, 0.977, 3.0), (2.0, 2.0, None)).shape
    (100, 99, 60)
    """
    first, step, size = np.zeros(3), np.ones(3), list(shape)
    for axis, (n, spacing, target) in enumerate(zip(shape, spacing_mm, target_mm, strict=True)):
        if target is None or np.isclose(spacing, target, rtol=1e-6, atol=0):
            continue
        step[axis] = target / spacing
        size[axis] = max(1, int(np.ceil(n / step[axis] - 1e-6)))
        first[axis] = (n - 1 - (size[axis] - 1) * step[axis]) / 2
    i, j, k = size
    return Lattice(first, step, (i, j, k))


def require_room(
    new: npt.ArrayLike, old: tuple[int, ...], spacing_mm: tuple[float, float, float], *, setting: str, otherwise: str = ""
) -> None:
    """Refuse a result of more than `MAX_VOXELS`.

    Parameters
    ----------
    new, old : (I, J, K)
        Voxels of the result, and what they are made from.
    spacing_mm : tuple of float
        Of the old voxels, mm.
    setting : str
        The setting that would make the result smaller.
    otherwise : str
        What else would, added to the hint.

    Raises
    ------
    ComputeError
        RT306.
    """
    if np.prod(np.asarray(new, dtype=np.float64)) > MAX_VOXELS:
        raise ComputeError(
            "RT306",
            f"{' x '.join(str(n) for n in old)} voxels of {' x '.join(f'{s:.4g}' for s in spacing_mm)} mm around the tumour "
            f"would become {' x '.join(f'{n:,.0f}' for n in np.asarray(new))} voxels, more than {MAX_VOXELS:,}",
            hint=f"is the spacing in the header in mm? If it is, set a larger {setting}, or null{otherwise}",
        )


def resampled(values: Floats, lattice: Lattice, *, order: Order = 1) -> Floats:
    """Interpolation at the voxels of a lattice.

    Parameters
    ----------
    values : array, shape (I, J, K)
    lattice : Lattice
    order : 1 or 3
        Linear, or a cubic spline through the values, which can exceed them on both sides.

    Returns
    -------
    array, shape (I', J', K')
        The values themselves when the lattice is theirs already. Values that are not finite take no part: a voxel is the
        weighted mean of the finite ones around it, and NaN where these carry less than half of the weight. A spline sees the
        nearest finite value in their place.

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
        return _rounded(_interpolated(values, lattice, order))
    weight = _interpolated(finite.astype(np.float64), lattice)
    known = weight >= MIN_WEIGHT - TIE
    if order == 3 and finite.any():
        return _rounded(np.where(known, _interpolated(with_nearest_finite(values), lattice, order), np.nan))
    total = _interpolated(np.where(finite, values, 0.0), lattice)
    return _rounded(np.where(known, total / np.where(known, weight, 1.0), np.nan))


def resampled_region(region: npt.NDArray[np.bool_], lattice: Lattice) -> npt.NDArray[np.bool_]:
    """The voxels of a lattice of which at least half, by linear interpolation, lies in a region."""
    if (lattice.step == 1).all():
        return region
    return _interpolated(region.astype(np.float64), lattice) >= 0.5 - TIE


def _interpolated(array: Floats, lattice: Lattice, order: Order = 1) -> Floats:
    from scipy import ndimage

    found: Floats = ndimage.affine_transform(
        array, lattice.step, offset=lattice.first, output_shape=lattice.shape, order=order, mode="nearest"
    )
    return found


def with_nearest_finite(values: Floats) -> Floats:
    """The values, with the nearest finite one in place of each that is not; one of them at least is finite."""
    finite = np.isfinite(values)
    if finite.all():
        return values
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(~finite, return_distances=False, return_indices=True)
    filled: Floats = values[tuple(nearest)]
    return filled


def _rounded(values: Floats) -> Floats:
    """The values, rounded in place to `PRECISION` of the largest."""
    largest = max(np.fmax.reduce(values, axis=None), -np.fmin.reduce(values, axis=None))
    unit = np.ldexp(PRECISION, int(np.frexp(largest)[1])) if np.isfinite(largest) else 0.0
    if unit > 0:
        values /= unit
        np.rint(values, out=values)
        values *= unit
    return values
