"""The published spherical map: areas are evened out by turns on the whole sphere and vertex by vertex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError
from radiotype.features.spharm.cald_start import Integers, failed, start_map
from radiotype.features.spharm.expansion import Complexes, evaluate, expand
from radiotype.features.spharm.sphere_map import SphereMap

#: Degree of the area ratio, side of the equal-area grid, most that areas may differ within a step, sweeps of single vertices.
DEGREE, GRID, TOLERANCE, SWEEPS = 6, 50, 2.0, 10

#: Rounds end with the one that is the third in a row to begin with an area ratio no more even, by this much, than the best.
IMPROVEMENT, PATIENCE = 1e-3, 3


@dataclass(frozen=True, eq=False)
class _Mesh:
    """A surface split into triangles, as the kernels want it; see native/levels.hpp."""

    triangles: Integers
    shares: Floats
    frames: Floats
    first: Integers
    corners: Integers

    def ratios(self, points: Floats) -> tuple[Floats, Floats]:
        """Centres of the triangles on the sphere, and share of the sphere over share of the object."""
        n = len(self.triangles)
        centres, ratios = np.empty((n, 3)), np.empty(n)
        native.cald_ratios(self.triangles, self.shares, self.frames, self.first, self.corners, points, centres, ratios)
        return centres, ratios

    def smooth(self, points: Floats) -> None:
        """Move single vertices, in place."""
        waiting = np.empty(len(points), dtype=np.uint8)
        mesh = (self.triangles, self.shares, self.frames, self.first, self.corners)
        if native.cald_smooth(*mesh, SWEEPS, points, waiting) < 0:
            raise failed("its squares do not close around every vertex")


def cald_map(vertices: Floats, quads: Integers, *, rounds: int = 100) -> SphereMap:
    """Map a closed voxel surface onto the unit sphere as the published program did.

    From a start by diffusion the map is changed in rounds. Each round turns the sphere, moves circles of latitude so that a
    smoothed area ratio becomes more even, turns it back, and moves single vertices. Triangles may be turned over; they are
    counted. The result depends on the direction of the axes and on the order of the vertices. It follows the shipped results,
    faults included: the place of the worst ratio does not come to the pole, and the target of a single vertex is not the
    solution of its equations.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3)
        Corners of voxels, in mm, in the order of `voxel_surface`.
    quads : array of int32, shape (n_squares, 4)
        Boundary squares, counter-clockwise seen from outside; a connected, closed surface of genus 0.
    rounds : int
        At most so many.

    Returns
    -------
    SphereMap
        Arrays are read-only; `n_iterations` is the number of rounds in the result.

    Raises
    ------
    ComputeError
        RT308 if the surface is not a closed voxel surface of genus 0, has no start, or collapses.

    References
    ----------
    Shen & Makedon, Image and Vision Computing 24 (2006) 743-761. Shen, Farid & McPeek, Evolution 63 (2009) 1003-1016.

    Examples
    --------
    >>> from radiotype.features.spharm.surface import voxel_surface
    >>> surface = voxel_surface(np.ones((6, 6, 12), dtype=bool), (1.0, 1.0, 1.0))
    >>> found = cald_map(surface.vertices_mm, surface.quads)
    >>> found.points.shape, found.n_flipped
    ((362, 3), 0)
    """
    corners = np.ascontiguousarray(vertices, dtype=np.float64)
    squares, order = _published_order(corners, np.ascontiguousarray(quads, dtype=np.int32))
    points = start_map(corners, _halves(squares))
    squares = _split_again(points, squares)
    mesh = _mesh(corners, _halves(squares))
    mesh.smooth(points)
    points, n_rounds = _rounds(mesh, points, rounds)

    back = np.argsort(order)
    squares = squares[back]
    triangles = np.ascontiguousarray(squares[:, [0, 1, 2, 2, 3, 0]].reshape(-1, 3))
    _, ratios = mesh.ratios(points)
    flipped = ratios * mesh.shares > 0.5  # as 4 pi - area
    of_square = (np.where(flipped, ratios - 1 / mesh.shares, ratios) * mesh.shares).reshape(2, -1).sum(axis=0)
    low, middle, high = np.percentile(of_square / mesh.shares.reshape(2, -1).sum(axis=0), [1, 50, 99])
    points.flags.writeable = False
    triangles.flags.writeable = False
    return SphereMap(points, triangles, int(np.count_nonzero(flipped)), (float(low), float(middle), float(high)), n_rounds)


def _published_order(vertices: Floats, squares: Integers) -> tuple[Integers, npt.NDArray[np.int64]]:
    """Squares by the side they face (+x, +y, +z, -x, -y, -z), then by z, x and y; and their order.

    Each begins with the corner that is last along both axes of its plane: that chooses the first diagonal and where the ring of
    a vertex begins.
    """
    n = len(vertices)
    if n != len(squares) + 2 or n < 8:
        raise failed(f"{n} vertices and {len(squares)} squares, expected n and n - 2 (genus 0)")
    if squares.min() < 0 or squares.max() >= n:
        raise failed("a square names a vertex that does not exist")
    if not np.all(np.isfinite(vertices)):
        raise failed("a vertex is not finite")
    place = vertices[squares]
    ahead = np.roll(place, -1, axis=1) - place
    normals = np.cross(ahead, -np.roll(ahead, 1, axis=1))  # at every corner
    axis = np.abs(normals[:, 0]).argmax(axis=1)
    facing = np.sign(np.take_along_axis(normals, axis[:, None, None], axis=2)[:, :, 0])
    if np.any(facing * facing[:, :1] <= 0):
        raise failed("a square has no area or is not convex")
    low, high = place.min(axis=1), place.max(axis=1)
    middle = (low + high) / 2
    order = np.lexsort([middle[:, 1], middle[:, 0], middle[:, 2], axis + 3 * (facing[:, 0] < 0)])
    last = (place > middle[:, None, :]) | (np.arange(3) == axis[:, None])[:, None, :]
    begin = last.all(axis=2).argmax(axis=1)
    turned = np.take_along_axis(squares, (begin[:, None] + np.arange(4)) % 4, axis=1)
    return np.ascontiguousarray(turned[order]), order


def _halves(squares: Integers) -> Integers:
    return np.ascontiguousarray(np.concatenate([squares[:, [0, 1, 2]], squares[:, [2, 3, 0]]]))


def _split_again(points: Floats, squares: Integers) -> Integers:
    """Squares that begin with a corner of the diagonal at which the angles on the sphere add up to more (angles up to 2 pi)."""
    angles = np.empty((len(squares), 4))
    for corner in range(4):
        here, after, before = (points[squares[:, (corner + step) % 4]] for step in (0, 1, 3))
        turn = np.einsum("ij,ij->i", here, np.cross(after, before))
        along = np.einsum("ij,ij->i", after, before)
        along -= np.einsum("ij,ij->i", here, after) * np.einsum("ij,ij->i", here, before)
        angles[:, corner] = np.arctan2(turn, along) % (2 * np.pi)
    stays = angles[:, 0] + angles[:, 2] > angles[:, 1] + angles[:, 3]
    return np.ascontiguousarray(np.where(stays[:, None], squares, np.roll(squares, -1, axis=1)))


def _mesh(vertices: Floats, triangles: Integers) -> _Mesh:
    sides = vertices[triangles[:, 1:]] - vertices[triangles[:, :1]]
    areas = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    length = np.linalg.norm(sides[:, 0], axis=1)
    frames = np.stack([length, np.einsum("ij,ij->i", sides[:, 0], sides[:, 1]) / length, 2 * areas / length], axis=1)
    frames /= np.sqrt(areas.sum() / (4 * np.pi))
    of_vertex = triangles.ravel()
    first = np.concatenate([[0], np.cumsum(np.bincount(of_vertex, minlength=len(vertices)))]).astype(np.int32)
    corners = np.argsort(of_vertex, kind="stable").astype(np.int32)
    return _Mesh(triangles, areas / areas.sum(), np.ascontiguousarray(frames), first, corners)


def _rounds(mesh: _Mesh, points: Floats, rounds: int) -> tuple[Floats, int]:
    """Rounds until the smoothed area ratio becomes no more even, and their number.

    How the published program measures that is not known to us. Of many measures tried, the standard deviation of the smoothed
    ratio over the sphere, before the step, is the one that gives the number of rounds of both shipped results (28 and 43).
    """
    best = np.inf
    without = 0
    for number in range(1, rounds + 1):
        points, spread = _even_out(points, *mesh.ratios(points))
        mesh.smooth(points)
        if best - spread > IMPROVEMENT:
            best, without = spread, 0
        else:
            without += 1
        if without == PATIENCE:
            return points, number
    return points, rounds


def _even_out(points: Floats, centres: Floats, ratios: Floats) -> tuple[Floats, float]:
    """One step on the whole sphere: circles of latitude move so that the area ratio along an axis becomes more even.

    Also returned: the standard deviation of the smoothed ratio over the sphere, before.
    """
    try:
        smooth: Complexes = expand(centres, np.sqrt(np.maximum(ratios, 0.0))[:, None], DEGREE)
    except ComputeError as error:
        raise failed("it collapses on the sphere") from error
    at_centres = np.abs(evaluate(centres, smooth)[:, 0])
    worst = centres[np.abs(np.log(np.maximum(at_centres, 1e-300))).argmax()]
    turn = _turn(worst)
    heights = (np.arange(GRID) + 0.5) / GRID * 2 - 1
    longitudes = (np.arange(GRID) + 0.5) / GRID * 2 * np.pi
    z, phi = (grid.ravel() for grid in np.meshgrid(heights, longitudes, indexing="ij"))
    ring = np.sqrt(1 - z * z)
    grid = np.stack([ring * np.cos(phi), ring * np.sin(phi), z], axis=1)
    wanted = 1 / np.maximum(evaluate(np.ascontiguousarray(grid @ turn), smooth)[:, 0] ** 2, 1e-300)
    wanted = np.minimum(wanted, TOLERANCE * wanted.min()).reshape(GRID, GRID).sum(axis=1)
    below = np.concatenate([[0.0], np.cumsum(wanted)])
    now = np.arcsin(np.linspace(-1, 1, GRID + 1))
    then = np.arcsin(np.clip(2 * below / below[-1] - 1, -1, 1))

    turned = points @ turn.T
    latitude = np.interp(np.arcsin(np.clip(turned[:, 2], -1, 1)), now, then)
    across = np.hypot(turned[:, 0], turned[:, 1])
    turned[:, :2] *= (np.cos(latitude) / np.maximum(across, 1e-300))[:, None]
    turned[:, 2] = np.sin(latitude)
    moved = turned @ turn
    if not np.all(np.isfinite(moved)):
        raise failed("it collapses on the sphere")
    moved = np.ascontiguousarray(moved / np.linalg.norm(moved, axis=1, keepdims=True))
    return moved, float(np.linalg.norm(smooth[1:]) / np.sqrt(4 * np.pi))


def _turn(worst: Floats) -> Floats:
    """The rotation of a step. The opposite angles would bring the worst place to the pole; the shipped results have these."""
    longitude, colatitude = np.arctan2(worst[1], worst[0]), np.arccos(np.clip(worst[2], -1, 1))
    about_z = np.array([[np.cos(longitude), -np.sin(longitude), 0], [np.sin(longitude), np.cos(longitude), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(colatitude), 0, np.sin(colatitude)], [0, 1, 0], [-np.sin(colatitude), 0, np.cos(colatitude)]])
    turn: Floats = about_y @ about_z
    return turn
