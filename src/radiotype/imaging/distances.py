"""How far voxels lie from a region."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats


def distances_inside(where: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]) -> Floats:
    """Distance of each True voxel to the nearest False one, mm: the numbers of scipy at a third of its memory.

    Parameters
    ----------
    where : array of bool, shape (I, J, K)
        At least one voxel is False.
    spacing_mm : tuple of float

    Returns
    -------
    array, shape (I, J, K)
        Between the middles of voxels; 0 where `where` is False.

    Examples
    --------
    >>> distances_inside(np.array([[[False, True, True]]]), (1.0, 1.0, 2.5)).tolist()
    [[[0.0, 2.5, 5.0]]]
    """
    from scipy import ndimage

    nearest = np.empty((3, *where.shape), dtype=np.int32)
    ndimage.distance_transform_edt(where, sampling=spacing_mm, return_distances=False, return_indices=True, indices=nearest)
    distances = np.empty(where.shape)
    j, k = np.ogrid[: where.shape[1], : where.shape[2]]
    for i, plane in enumerate(distances):
        for axis, own in enumerate((i, j, k)):
            apart = (nearest[axis, i] - own).astype(np.float64) * spacing_mm[axis]
            plane[:] = apart * apart if axis == 0 else plane + apart * apart
        np.sqrt(plane, out=plane)
    return distances
