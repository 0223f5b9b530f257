"""The surface of a solid of voxels: the corners and the squares between inside and outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.core.geometry import Floats
from radiotype.features.spharm.frame import Triple
from radiotype.features.spharm.topology import Bools, bordered


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed surface of squares.

    Parameters
    ----------
    vertices_mm : array, shape (n_vertices, 3)
    quads : array of int32, shape (n_quads, 4)
        Corners of each square, counter-clockwise seen from outside.
    """

    vertices_mm: Floats
    quads: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        self.vertices_mm.flags.writeable = False
        self.quads.flags.writeable = False

    @property
    def genus(self) -> int:
        """Number of handles, if the surface is one connected manifold; 0 for a sphere."""
        return (2 - len(self.vertices_mm) + len(self.quads)) // 2

    @property
    def triangles(self) -> npt.NDArray[np.int32]:
        """Every square as two triangles, shape (2 n_quads, 3)."""
        return np.concatenate([self.quads[:, [0, 1, 2]], self.quads[:, [2, 3, 0]]])


def voxel_surface(voxels: Bools, spacing_mm: Triple, *, corner_mm: Triple = (0.0, 0.0, 0.0)) -> Surface:
    """The corners and boundary squares of a solid of voxels.

    Parameters
    ----------
    voxels : array of bool, shape (I, J, K)
    spacing_mm : tuple of float
        Size of a voxel.
    corner_mm : tuple of float
        Where the outer corner of voxel (0, 0, 0) lies.

    Returns
    -------
    Surface
        Vertices run fastest along I, then J. Squares are sorted by the side they face (+I, +J, +K, -I, -J, -K), then as the
        vertices.

    Examples
    --------
    >>> cube = voxel_surface(np.ones((2, 2, 2), dtype=bool), (1.0, 1.0, 1.0))
    >>> cube.vertices_mm.shape, cube.quads.shape, cube.genus
    ((26, 3), (24, 4), 0)
    """
    room = bordered(voxels)
    n_vertices, n_quads, _ = native.surface_counts(room)
    corners = np.empty((n_vertices, 3), dtype=np.int32)
    quads = np.empty((n_quads, 4), dtype=np.int32)
    native.voxel_surface(room, np.empty((2, *room.shape[1:]), dtype=np.int32), corners, quads)
    return Surface(corners * np.asarray(spacing_mm, dtype=np.float64) + np.asarray(corner_mm, dtype=np.float64), quads)
