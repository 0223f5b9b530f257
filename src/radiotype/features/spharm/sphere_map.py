"""The spherical map of a voxel surface: one point of the unit sphere for each vertex, equal areas, no triangle turned over."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import radiotype._native as native
from radiotype.errors import ComputeError

_FAILURES = {
    -1: "its squares do not close around every vertex",
    -2: "it cannot be reduced to a tetrahedron, so it is not a sphere",
    -3: "a vertex found no place on the sphere",
}

#: A map takes about a thousand bytes for each vertex of the surface.
MAX_VERTICES = 900_000


@dataclass(frozen=True)
class SphereMap:
    """A map of a closed surface onto the unit sphere.

    Attributes
    ----------
    points : array, shape (n_vertices, 3)
        Unit vectors, in the order of the vertices.
    triangles : array of int32, shape (2 n_squares, 3)
        The split of the squares with which `area_map` is bijective; triangles 2k and 2k + 1 belong to square k.
    n_flipped : int
        Triangles turned over on the sphere: 0 for `area_map`.
    area_ratio_percentiles : tuple of float
        1st, 50th and 99th percentile over the squares of (share of the sphere's area) / (share of the object's area). For
        `area_map` that is the area without the stairs of the voxels.
    n_iterations : int
        Sweeps and steps of relaxation, all levels together; rounds of `cald_map`.
    settled : bool
        Whether `area_map` came to rest: if not, another start would give a somewhat different map.
    """

    points: NDArray[np.float64]
    triangles: NDArray[np.int32]
    n_flipped: int
    area_ratio_percentiles: tuple[float, float, float]
    n_iterations: int
    settled: bool = True


def area_map(
    vertices: NDArray[np.float64], quads: NDArray[np.int32], *, start: int = 0, long_diagonals: bool = False
) -> SphereMap:
    """Map a closed voxel surface onto the unit sphere so that areas are kept and angles change little.

    The map is the minimum of an energy (see native/sphere_level.hpp) that grows without bound as a triangle degenerates. Areas
    and angles are those of the surface without the stairs of its voxels, which depend on how the object lies in the grid. The
    surface is first turned into a frame of its own, so that quarter turns, mirrors, translations and the order of vertices and
    squares change the result by rounding only.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3)
        Corners of voxels, in mm.
    quads : array of int32, shape (n_squares, 4)
        Boundary squares, counter-clockwise seen from outside; a connected, closed surface of genus 0.
    start : int
        Another number starts from another map, to measure how far the result depends on the start.
    long_diagonals : bool
        Split the squares along the other diagonal, to measure how far the result depends on the split.

    Returns
    -------
    SphereMap
        Arrays are read-only.

    Raises
    ------
    ComputeError
        RT306 if the surface has too many vertices; RT308 if it is not a closed voxel surface of genus 0 or no map without
        turned triangles is found.

    References
    ----------
    Praun & Hoppe, ACM Trans. Graph. 22(3), 2003 (coarse to fine); Fu, Liu & Guo, ACM Trans. Graph. 34(4), 2015 (energy).

    Examples
    --------
    >>> corners = np.array([[x, y, z] for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
    >>> squares = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    >>> cube = area_map(corners, np.array(squares, dtype=np.int32))
    >>> cube.n_flipped, bool(np.allclose(cube.points[0], -cube.points[7], atol=1e-3))
    (0, True)
    """
    corners = np.ascontiguousarray(vertices, dtype=np.float64)
    squares = np.ascontiguousarray(quads, dtype=np.int32)
    n = len(corners)
    if n != len(squares) + 2 or n < 8:
        raise _no_map(f"{n} vertices and {len(squares)} squares, expected n and n - 2 (genus 0)")
    if n > MAX_VERTICES:
        raise ComputeError(
            "RT306",
            f"a surface of {n:,} vertices is too large for a spherical map, which takes {MAX_VERTICES:,} at most",
            hint="resample the mask to larger voxels",
        )
    if squares.min() < 0 or squares.max() >= n:
        raise _no_map("a square names a vertex that does not exist")
    steps, lattice = _lattice(corners)
    turn = _own_frame(steps, lattice, squares)
    own_lattice = (lattice @ turn.T) - (lattice @ turn.T).min(axis=0)
    rank = np.lexsort(own_lattice.T[::-1])  # by the first axis, then the second, then the third
    position = np.empty(n, dtype=np.int32)
    position[rank] = np.arange(n, dtype=np.int32)
    own_squares, in_order = _sorted_squares(position[squares], mirrored=bool(np.linalg.det(turn) < 0))
    own_vertices = own_lattice[rank] * (np.abs(turn) @ steps)

    order = np.arange(n, dtype=np.int32)
    if start:
        np.random.default_rng(start).shuffle(order)
    own_points, own_shares = np.zeros((n, 3)), np.zeros(len(squares))
    n_doubles, n_integers, n_floats = native.sphere_scratch(n)
    n_sweeps, settled = native.sphere_map(
        own_vertices,
        own_squares,
        order,
        long_diagonals,
        own_points,
        own_shares,
        np.empty(n_doubles, dtype=np.float64),
        np.empty(n_integers, dtype=np.int32),
        np.empty(n_floats, dtype=np.float32),
    )
    if n_sweeps < 0:
        raise _no_map(_FAILURES[n_sweeps])
    points = np.ascontiguousarray(own_points[position] @ turn)
    shares = np.empty(len(squares))
    shares[in_order] = own_shares
    return replace(_checked(squares, shares, points, n_sweeps), settled=settled)


def _no_map(found: str) -> ComputeError:
    return ComputeError("RT308", f"the surface has no spherical map: {found}", hint="check the mask of this case")


def _lattice(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Step of the voxel grid per axis, as a multiple of the smallest, and the corners in steps from the lowest."""
    if not np.all(np.isfinite(corners)):
        raise _no_map("a vertex is not finite")
    lattice = np.empty(corners.shape, dtype=np.int64)
    steps = np.empty(3)
    for axis in range(3):
        offsets = corners[:, axis] - corners[:, axis].min()
        steps[axis] = np.diff(np.unique(offsets)).max(initial=0.0)  # a connected surface leaves no layer out
        if steps[axis] <= 0:
            raise _no_map("it is flat")
        in_steps = offsets / steps[axis]
        lattice[:, axis] = np.rint(in_steps)
        if np.abs(in_steps - lattice[:, axis]).max() > 0.01:
            raise _no_map("its vertices do not lie on a voxel grid")
    # Seven digits: steps that differ by rounding only are the same step.
    return np.rint(steps / steps.min() * 1e6) / 1e6, lattice


def _own_frame(steps: NDArray[np.float64], lattice: NDArray[np.int64], squares: NDArray[np.int32]) -> NDArray[np.int64]:
    """The signed permutation of the axes that turns a surface into the frame that all its quarter turns and mirrors share.

    An axis is known by its step and by the number of squares in each of its layers, read in the direction in which these
    counts come first. Where that leaves several frames, the sorted centres of the squares decide.
    """
    centres = lattice[squares].sum(axis=1)
    keys, directions = [], []
    for axis in range(3):
        counts = np.bincount(centres[:, axis])
        forward, backward = counts.tolist(), counts[::-1].tolist()
        keys.append((float(steps[axis]), min(forward, backward)))
        directions.append((1, -1) if forward == backward else (1,) if forward < backward else (-1,))
    frames = []
    for axes in itertools.permutations(range(3)):
        if [keys[axis] for axis in axes] != sorted(keys):
            continue
        for signs in itertools.product(*(directions[axis] for axis in axes)):
            frame = np.zeros((3, 3), dtype=np.int64)
            frame[range(3), axes] = signs
            frames.append(frame)
    if len(frames) == 1:
        return frames[0]
    return min(frames, key=lambda frame: _sorted_centres(centres @ frame.T))


def _sorted_centres(centres: NDArray[np.int64]) -> bytes:
    from_corner = centres - centres.min(axis=0)
    size = from_corner.max(axis=0) + 1
    return np.sort(np.ravel_multi_index(tuple(from_corner.T), tuple(size))).astype(">i8").tobytes()


def _sorted_squares(squares: NDArray[np.int32], *, mirrored: bool) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """Squares that begin with their lowest vertex, in ascending order, and that order; turned round in a mirror."""
    facing = squares[:, ::-1] if mirrored else squares
    first = np.argmin(facing, axis=1)
    rows = np.take_along_axis(facing, (first[:, None] + np.arange(4)) % 4, axis=1)
    order = np.lexsort(rows.T[::-1])
    return np.ascontiguousarray(rows[order], dtype=np.int32), order


def _checked(squares: NDArray[np.int32], shares: NDArray[np.float64], points: NDArray[np.float64], n_sweeps: int) -> SphereMap:
    """Split every square along the diagonal that suits the sphere better, and measure what the map does to areas."""
    first = np.stack([_solid_angles(points, squares[:, sides]) for sides in ([0, 1, 2], [2, 3, 0])], axis=1)
    second = np.stack([_solid_angles(points, squares[:, sides]) for sides in ([1, 2, 3], [3, 0, 1])], axis=1)
    takes_first = first.min(axis=1) >= second.min(axis=1)
    on_sphere = np.where(takes_first[:, None], first, second)
    n_flipped = int(np.count_nonzero(~(on_sphere > 0)))
    if n_flipped:
        raise _no_map(f"{n_flipped} triangles are turned over")
    sides = np.where(takes_first[:, None], [[0, 1, 2, 2, 3, 0]], [[1, 2, 3, 3, 0, 1]])
    triangles = np.take_along_axis(squares, sides, axis=1).reshape(-1, 3)

    ratios = on_sphere.sum(axis=1) / (4 * np.pi) / shares
    low, middle, high = np.percentile(ratios, [1, 50, 99])
    points.flags.writeable = False
    triangles.flags.writeable = False
    return SphereMap(points, triangles, n_flipped, (float(low), float(middle), float(high)), n_sweeps)


def _solid_angles(points: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    """Signed area of spherical triangles (Van Oosterom & Strackee 1983)."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c))
    cosines = 1 + np.einsum("ij,ij->i", a, b) + np.einsum("ij,ij->i", b, c) + np.einsum("ij,ij->i", c, a)
    return 2 * np.arctan2(volume, cosines)
