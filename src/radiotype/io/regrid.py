"""A mask brought to another grid, by nearest neighbour."""

from __future__ import annotations

import numpy as np

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Mask
from radiotype.errors import InputError

#: What a remark says of the part of a mask that was cut off.
OUTSIDE = "lies outside the scan and was cut off"

#: How far beyond the border of a grid a centre counts as within, voxels.
EDGE = 1e-6


def mask_to_grid(mask: Mask, grid: Grid) -> Mask:
    """The mask on another grid: a voxel is inside when the nearest voxel of the old grid is.

    Parameters
    ----------
    mask : Mask
    grid : Grid
        The grid of the result; the same grid gives the same mask.

    Returns
    -------
    Mask
        Its remarks say that it was resampled, and how much of it lay outside the new grid.

    Raises
    ------
    InputError
        RT204 if nothing of the mask lies within the new grid, or it lies between the voxels of that.
    """
    if mask.grid.same_as(grid):
        return mask
    to_old = np.linalg.inv(mask.grid.affine) @ grid.affine
    old = mask.grid.cropped(*mask.box).corners_mm()
    inverse = np.linalg.inv(grid.affine)
    corners = old @ inverse[:3, :3].T + inverse[:3, 3]
    margin = 1 + np.ceil(np.abs(inverse[:3, :3] @ mask.grid.affine[:3, :3]).sum(axis=1) / 2)
    low = np.maximum(np.floor(corners.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0) + margin) + 1, grid.shape).astype(int)
    data = np.zeros(grid.shape, dtype=bool)
    if (high > low).all():
        i, j, k = (np.arange(a, b, dtype=np.float64) for a, b in zip(low, high, strict=True))
        inside = np.ones((len(i), len(j), len(k)), dtype=bool)
        index = []
        for axis in range(3):
            row = to_old[axis]
            position = row[0] * i[:, None, None] + row[1] * j[None, :, None] + row[2] * k[None, None, :] + row[3]
            nearest = np.floor(position + 0.5).astype(np.int64)
            inside &= (nearest >= 0) & (nearest < mask.grid.shape[axis])
            index.append(np.clip(nearest, 0, mask.grid.shape[axis] - 1))
        block = mask.data[index[0], index[1], index[2]] & inside
        data[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = block
    lost = _fraction_outside(mask, inverse @ mask.grid.affine, grid.shape)
    if not data.any():
        what = "nothing of the mask lies within the scan" if lost > 0.5 else "the mask lies between the voxels of the scan"
        raise InputError("RT204", f"{what}\n  scan  {grid}\n  mask  {mask.grid}")
    spacing = " x ".join(f"{step:.4g}" for step in mask.grid.spacing_mm)
    remarks = [f"resampled by nearest neighbour from voxels of {spacing} mm"]
    if lost:
        remarks.append(f"{max(lost, 0.01):.0%} of it {OUTSIDE}")
    return Mask(data, grid, mask.label, mask.source, (*mask.remarks, *remarks))


def _fraction_outside(mask: Mask, to_new: Floats, shape: tuple[int, int, int]) -> float:
    """Part of the voxels of a mask whose centres lie in no voxel of another grid."""
    low, high = mask.box
    n_outside = 0
    for i in range(low[0], high[0]):
        j, k = np.nonzero(mask.data[i, low[1] : high[1], low[2] : high[2]])
        old = np.stack([np.full(len(j), i), j + low[1], k + low[2]]).astype(np.float64)
        new = to_new[:3, :3] @ old + to_new[:3, 3:]
        inside = (new >= -0.5 - EDGE) & (new <= np.array(shape)[:, None] - 0.5 + EDGE)
        n_outside += int((~inside.all(axis=0)).sum())
    return n_outside / mask.n_voxels
