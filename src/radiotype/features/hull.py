"""The convex hull of the surface mesh of a mask, and what follows from the rows of its voxels."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import radiotype._native as native


class Rows(NamedTuple):
    """The rows of a mask along its last axis.

    `moments` (I, J, 3): number of voxels, sum of their positions, and of the squares of these; `ends` (I, J, 2): first and last
    voxel, -1 without.
    """

    moments: NDArray[np.int64]
    ends: NDArray[np.int32]


class Hull(NamedTuple):
    """A convex hull: `corners` (n, 3), twice their positions in voxels; `triangles` (m, 3) of them, counter-clockwise outside.

    Corners may lie within an edge or a face of it.
    """

    corners: NDArray[np.int64]
    triangles: NDArray[np.int64]


def rows_of(mask: NDArray[np.bool_]) -> Rows:
    """Moments and ends of the rows of a mask, (I, J, K) in C order."""
    shape = mask.shape[:2]
    rows = Rows(np.empty((*shape, 3), dtype=np.int64), np.empty((*shape, 2), dtype=np.int32))
    native.row_moments(mask.view(np.uint8), rows.moments, rows.ends)
    return rows


def mesh_hull(rows: Rows) -> Hull:
    """The convex hull of the surface mesh of a mask, exact.

    Its corners never lie in one plane: a single voxel already shows an octahedron.

    Examples
    --------
    >>> hull = mesh_hull(rows_of(np.ones((1, 1, 1), dtype=bool)))
    >>> hull.corners.shape, hull.triangles.shape
    ((6, 3), (8, 3))
    """
    ends = rows.ends
    shape = ends.shape[:2]
    room = np.empty((5 * ends.size, 3), dtype=np.int32)
    bits = np.zeros(2 * ends.size, dtype=np.uint8)
    n = native.hull_points(ends, bits, np.empty(max(shape), dtype=np.int32), room)
    points = room[:n].astype(np.int64) + 1
    side = 2 * (max(*shape, int(ends.max())) + 2)
    keys = np.sort((points[:, 0] * side + points[:, 1]) * side + points[:, 2])
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    points = np.stack([keys // side**2, keys // side % side, keys % side], axis=1) - 1
    triangles = np.empty((2 * len(points), 3), dtype=np.int32)
    scratch = np.empty(native.hull_scratch(len(points)), dtype=np.uint8)
    m = native.hull_faces(points.astype(np.int32), scratch, triangles)
    used = np.zeros(len(points), dtype=np.bool_)
    used[triangles[:m]] = True
    return Hull(points[used], (np.cumsum(used) - 1)[triangles[:m]])


def largest_distance_mm(points: NDArray[np.int64], spacing_mm: NDArray[np.float64]) -> float:
    """Largest distance between any two points, given as twice their positions in voxels; every pair is measured."""
    return math.sqrt(native.largest_distance(np.ascontiguousarray((points * (spacing_mm / 2)).T)))
