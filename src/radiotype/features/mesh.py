"""The surface mesh of a mask: its area and volume without building it, and the mesh itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

import radiotype._native as native
from radiotype.errors import ComputeError, InputError
from radiotype.features.marching_cubes import CORNERS, EDGES, triangle_table


@dataclass(frozen=True)
class MeshMeasures:
    """Area and enclosed volume of a surface mesh, in mm2 and mm3."""

    area_mm2: float
    volume_mm3: float


class Mesh(NamedTuple):
    """A triangle mesh: `vertices_mm` (n_vertices, 3), distinct; `faces` (n_faces, 3), counter-clockwise outside."""

    vertices_mm: NDArray[np.float64]
    faces: NDArray[np.int64]


class Region(NamedTuple):
    """A checked mask, cropped to its box; `first` is the position of the box in the mask that came in."""

    mask: NDArray[np.bool_]
    spacing_mm: NDArray[np.float64]
    first: tuple[int, int, int]


def checked_region(mask: NDArray[np.bool_], spacing_mm: ArrayLike) -> Region:
    """Check a mask and its spacing, and crop the mask to its bounding box.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.

    Returns
    -------
    Region
        The cropped mask (C order), the spacing as float64 and the index of the first voxel of the box.

    Raises
    ------
    InputError
        RT204 if the mask is empty, RT207 if it is not three-dimensional or the spacing is not three positive numbers.
    ComputeError
        RT305 if the mask is not of type bool.

    Examples
    --------
    >>> mask = np.zeros((5, 5, 5), dtype=bool)
    >>> mask[1:3, 2, 4] = True
    >>> region = checked_region(mask, (1, 1, 2))
    >>> region.mask.shape, region.first
    ((2, 1, 1), (1, 2, 4))
    """
    voxels = np.asarray(mask)
    if voxels.dtype != np.bool_:
        raise ComputeError("RT305", f"the mask holds {voxels.dtype}, expected bool", hint="choose a label, as in `image == 1`")
    if voxels.ndim != 3:
        raise InputError("RT207", f"the mask has {voxels.ndim} dimensions, expected 3 (I, J, K)", hint="pass one volume")
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.shape != (3,) or not np.all(np.isfinite(spacing)) or not np.all(spacing > 0):
        raise InputError(
            "RT207",
            f"the spacing is {spacing.tolist()} mm, expected three positive numbers",
            hint="check the header of the mask",
        )
    first, stop = [], []
    across = np.asarray(voxels.any(axis=0))
    for inside in (voxels.any(axis=(1, 2)), across.any(axis=1), across.any(axis=0)):
        filled = np.flatnonzero(inside)
        if filled.size == 0:
            raise InputError("RT204", "the mask has no voxel, expected at least one", hint="check the label or the region")
        first.append(int(filled[0]))
        stop.append(int(filled[-1]) + 1)
    box = np.ascontiguousarray(voxels[first[0] : stop[0], first[1] : stop[1], first[2] : stop[2]])
    return Region(box, spacing, (first[0], first[1], first[2]))


def mesh_measures(mask: NDArray[np.bool_], spacing_mm: ArrayLike, *, closed: bool = True) -> MeshMeasures:
    """Surface area and enclosed volume of the marching-cubes mesh of a mask at level 0.5.

    The mesh is not built: a compiled kernel counts the 256 corner patterns, and each pattern has a known area and share
    of the volume. The volume is exact in voxels (an integer over 48) and is scaled once by the voxel volume.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour; voxels beyond the array count as outside.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.
    closed : bool
        False gives the numbers of pyradiomics, whose mesh has cracks where voxels touch along an edge only; its volume
        is taken from one voxel before the first voxel of the mask's box. Without such contacts both are the same.

    Returns
    -------
    MeshMeasures
        `area_mm2` and `volume_mm3`.

    Raises
    ------
    InputError, ComputeError
        As `checked_region`.

    References
    ----------
    IBSI reference manual, mesh-based volume (RNU0) and surface area (C0JK).

    Examples
    --------
    >>> mesh_measures(np.ones((1, 1, 1), dtype=bool), (1, 1, 1))
    MeshMeasures(area_mm2=1.7320508075688772, volume_mm3=0.16666666666666666)
    """
    return measures_of(checked_region(mask, spacing_mm), closed=closed)


def measures_of(region: Region, *, closed: bool = True) -> MeshMeasures:
    """`mesh_measures` of a mask that is checked."""
    counts = np.zeros(256, dtype=np.int64)
    position_sums = np.zeros((256, 3), dtype=np.int64)
    native.cube_patterns(region.mask.view(np.uint8), counts, position_sums)

    # Positions are doubled to stay integer. The cross product of two sides is then 8 times the area vector of a
    # triangle, and the determinant of its corners 48 times the volume of the tetrahedron to the origin. Moving it to
    # the cube at o adds 2 o . (cross product) to its determinant; o counts from one voxel before the box.
    pattern, normals, determinants = _table(closed)
    n_cubes = counts[pattern]
    offsets = position_sums[pattern] + n_cubes[:, None]
    volume_in_48ths = int(np.sum(n_cubes * determinants)) + 2 * int(np.sum(offsets * normals))

    x, y, z = (float(size) for size in region.spacing_mm)
    area_vectors = normals * np.array([y * z, z * x, x * y])
    areas = np.sqrt(np.square(area_vectors).sum(axis=1)) / 8
    return MeshMeasures(
        area_mm2=math.fsum((n_cubes * areas).tolist()),
        volume_mm3=volume_in_48ths / 48 * (x * y * z),
    )


@cache
def _table(closed: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of every triangle of the 256 patterns: its pattern, the cross product of two sides and the determinant of its corners."""
    table = triangle_table(closed)
    a, b, c = (table.vertices[:, corner] for corner in range(3))
    return table.pattern, np.cross(b - a, c - a), np.einsum("ij,ij->i", a, np.cross(b, c))


def mesh(mask: NDArray[np.bool_], spacing_mm: ArrayLike, *, closed: bool = True) -> Mesh:
    """The marching-cubes mesh of a mask at level 0.5.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour; voxels beyond the array count as outside.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.
    closed : bool
        False gives the faces of pyradiomics, which leave cracks where voxels touch along an edge only.

    Returns
    -------
    Mesh
        `vertices_mm` (n_vertices, 3), distinct, measured from the centre of voxel (0, 0, 0) along I, J and K; `faces`
        (n_faces, 3), indices of vertices, counter-clockwise seen from outside. Read-only.

    Raises
    ------
    InputError, ComputeError
        As `checked_region`.

    Examples
    --------
    >>> vertices_mm, faces = mesh(np.ones((1, 1, 1), dtype=bool), (1, 1, 2))
    >>> vertices_mm.shape, faces.shape, float(vertices_mm[:, 2].max())
    ((6, 3), (8, 3), 1.0)
    """
    region = checked_region(mask, spacing_mm)
    padded = np.pad(region.mask, 1)
    n_i, n_j, n_k = padded.shape
    patterns = np.zeros((n_i - 1, n_j - 1, n_k - 1), dtype=np.uint8)
    for bit, (i, j, k) in enumerate(CORNERS):
        patterns |= padded[i : n_i - 1 + i, j : n_j - 1 + j, k : n_k - 1 + k].astype(np.uint8) << bit

    table = triangle_table(closed)
    n_triangles = np.bincount(table.pattern, minlength=256)
    first_triangle = np.cumsum(n_triangles) - n_triangles
    cubes = np.argwhere((patterns != 0) & (patterns != 255))
    pattern_of = patterns[tuple(cubes.T)]
    repeats = n_triangles[pattern_of]
    cube_of = np.repeat(np.arange(len(cubes)), repeats)
    within = np.arange(len(cube_of)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    edges = table.edges[first_triangle[pattern_of[cube_of]] + within]

    # An edge of the grid is known by the voxel at its lower end and its axis; cubes that share it share the vertex.
    ends = np.array(CORNERS)[np.array(EDGES)]
    lower, axis = ends.min(axis=1), np.argmax(ends[:, 0] != ends[:, 1], axis=1)
    voxel = cubes[cube_of][:, None, :] + lower[edges]
    keys = np.ravel_multi_index(tuple(np.moveaxis(voxel, -1, 0)), padded.shape) * 3 + axis[edges]
    distinct, faces = np.unique(keys.ravel(), return_inverse=True)
    vertices = np.stack(np.unravel_index(distinct // 3, padded.shape), axis=1) + 0.5 * np.eye(3)[distinct % 3]
    vertices_mm = (vertices - 1 + np.array(region.first)) * region.spacing_mm
    faces = faces.reshape(-1, 3).astype(np.int64)
    vertices_mm.flags.writeable = False
    faces.flags.writeable = False
    return Mesh(vertices_mm, faces)
