"""A mask brought to another grid, by nearest neighbour."""

from __future__ import annotations

import numpy as np

from radiotype.core.geometry import Grid
from radiotype.core.volume import Mask
from radiotype.errors import InputError

#: A centre this close to the border of a grid counts as within.
ROUNDING_VOXELS = 1e-6


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
        Its remarks tell the volume before and after, and how many voxels lay beyond the grid.

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
    data.setflags(write=False)
    new_mm3 = np.count_nonzero(data) * grid.voxel_volume_mm3
    remarks = [f"resampled to the grid of the scan by nearest neighbour: {mask.volume_mm3:.1f} to {new_mm3:.1f} mm3"]
    n_cut = _n_beyond(mask, grid)
    if n_cut:
        remarks.append(f"{n_cut} of {mask.n_voxels} voxels cut at the border of the scan")
    return Mask(data, grid, mask.label, mask.source, (*mask.remarks, *remarks))


def _n_beyond(mask: Mask, grid: Grid) -> int:
    """Voxels of a mask whose centre lies in no voxel of a grid."""
    to_new = np.linalg.inv(grid.affine) @ mask.grid.affine
    low, high = mask.box
    found = 0
    for k in range(low[2], high[2]):
        i, j = np.nonzero(mask.data[:, :, k])
        index = to_new[:3, 0, None] * i + to_new[:3, 1, None] * j + (to_new[:3, 2] * k + to_new[:3, 3])[:, None]
        within = (index >= -0.5 - ROUNDING_VOXELS) & (index < np.array(grid.shape)[:, None] - 0.5 + ROUNDING_VOXELS)
        found += int((~within.all(axis=0)).sum())
    return found
