"""The largest distances between two vertices of the surface mesh of a mask."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.features.hull import largest_distance_mm, mesh_hull, rows_of
from radiotype.features.mesh import checked_region


class Diameters(NamedTuple):
    """`maximum_3d_mm`: over all vertices; `maximum_axial_mm`: over vertices with the same position along K."""

    maximum_3d_mm: float
    maximum_axial_mm: float


def mesh_diameters(mask: NDArray[np.bool_], spacing_mm: ArrayLike) -> Diameters:
    """Largest distance between two vertices of the mesh, in space and within one axial plane.

    The mesh is not built. A vertex lies half-way between an inside and an outside voxel; on a line of voxels only the
    first and the last one can belong to the largest pair, and of those only the corners of their convex hull.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour; K is the axial direction.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.

    Returns
    -------
    Diameters
        The axial one also takes the planes half-way between two slices, as pyradiomics does (Maximum2DDiameterSlice).

    Raises
    ------
    InputError, ComputeError
        As `checked_region`.

    References
    ----------
    IBSI reference manual, maximum 3D diameter (L0JK).

    Examples
    --------
    >>> mesh_diameters(np.ones((4, 3, 1), dtype=bool), (1, 1, 2))
    Diameters(maximum_3d_mm=4.47213595499958, maximum_axial_mm=4.47213595499958)
    """
    region = checked_region(mask, spacing_mm)
    return Diameters(
        maximum_3d_mm=largest_distance_mm(mesh_hull(rows_of(region.mask)).corners, region.spacing_mm),
        maximum_axial_mm=axial_diameter_mm(region.mask, region.spacing_mm),
    )


def _line_ends(mask: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """First and last vertex on every line of voxels along `axis`; twice their positions in voxels, (n_points, 3)."""
    lines = np.moveaxis(mask, axis, -1)
    filled = np.argwhere(lines.any(axis=-1))
    first = lines.argmax(axis=-1)[tuple(filled.T)]
    last = lines.shape[-1] - 1 - lines[..., ::-1].argmax(axis=-1)[tuple(filled.T)]
    low = np.insert(2 * filled, axis, 2 * first - 1, axis=1)
    high = np.insert(2 * filled, axis, 2 * last + 1, axis=1)
    return np.concatenate([low, high])


def axial_diameter_mm(mask: NDArray[np.bool_], spacing_mm: NDArray[np.float64]) -> float:
    """Largest distance between two vertices of the mesh of a mask at the same position along K, mm."""
    # Vertices in a slice lie on lines along I and J; those between two slices sit over voxels where the two differ.
    within = np.concatenate([_line_ends(mask, 0), _line_ends(mask, 1)])
    padded = np.pad(mask, ((0, 0), (0, 0), (1, 1)))
    between = _line_ends(padded[:, :, 1:] != padded[:, :, :-1], 1)
    # The ends of the lines along J stand at the voxels themselves; the plane before slice k is k - 1/2.
    between[:, 1] -= np.where(np.arange(len(between)) < len(between) // 2, -1, 1)
    between[:, 2] -= 1
    points = np.concatenate([within, between])
    points = points[np.argsort(points[:, 2], kind="stable")]
    starts = np.flatnonzero(np.diff(points[:, 2], prepend=points[0, 2] - 1))
    # No distance in a plane exceeds the diagonal of its box; planes are taken from the largest box down.
    size_mm = (np.maximum.reduceat(points, starts) - np.minimum.reduceat(points, starts)) * spacing_mm / 2
    bounds = np.hypot(size_mm[:, 0], size_mm[:, 1])
    stops = np.append(starts[1:], len(points))
    largest = 0.0
    for plane in np.argsort(-bounds, kind="stable"):
        if bounds[plane] < largest:
            break
        largest = max(largest, largest_distance_mm(points[starts[plane] : stops[plane]], spacing_mm))
    return largest
