"""A mask brought to another grid, by nearest neighbour."""

from __future__ import annotations

import numpy as np

from radiotype.core.geometry import Grid
from radiotype.core.volume import Mask
from radiotype.errors import InputError


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

    Raises
    ------
    InputError
        RT204 if nothing of the mask lies within the new grid.
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
    if not data.any():
        raise InputError("RT204", f"nothing of the mask lies within the scan\n  scan  {grid}\n  mask  {mask.grid}")
    return Mask(data, grid, mask.label, mask.source)
