"""The start of the published spherical map: colatitude and longitude by diffusion between two far poles."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Integers = npt.NDArray[np.int32]

#: Points at once in the spline, and most landmarks that it goes through, to bound its memory and time.
BLOCK, MAX_LANDMARKS = 8192, 4000


class Poles(NamedTuple):
    """Vertices: the two ends of the sphere, and one that fixes the plane in which the date line runs."""

    north: int
    south: int
    aside: int


def failed(found: str) -> ComputeError:
    """The error of a surface that cannot be mapped."""
    return ComputeError(
        "RT308", f"the surface has no published spherical map: {found}", hint='use sphere_map="area" for this case'
    )


def start_map(vertices: Floats, triangles: Integers) -> Floats:
    """Spread a closed surface over the sphere without regard to areas.

    The colatitude solves Laplace's equation between two poles, the longitude Laplace's equation with a jump of 2 pi across a
    line from pole to pole, both on the graph of the edges with weights 1 / length. A thin-plate spline on the sphere then moves
    colatitudes so that they are arc lengths along that line.

    Parameters
    ----------
    vertices : array, shape (n_vertices, 3)
        In mm.
    triangles : array of int32, shape (n_triangles, 3)
        A closed surface of genus 0, counter-clockwise seen from outside.

    Returns
    -------
    array, shape (n_vertices, 3)
        Unit vectors.

    Raises
    ------
    ComputeError
        RT308 if the triangles do not close to one surface, there is no line between the poles, it or the ring of a pole has too
        many vertices, or there is no solution.

    References
    ----------
    Brechbuehler, Gerig & Kuebler, Computer Vision and Image Understanding 61 (1995) 154-170. Wahba, SIAM J. Sci. Stat.
    Comput. 2 (1981) 5-16 (the spline).

    Examples
    --------
    >>> from radiotype.features.spharm.surface import voxel_surface
    >>> surface = voxel_surface(np.ones((4, 4, 8), dtype=bool), (1.0, 1.0, 1.0))
    >>> points = start_map(surface.vertices_mm, surface.triangles)
    >>> points.shape, bool(np.allclose(np.linalg.norm(points, axis=1), 1))
    ((162, 3), True)
    """
    _require_closed(triangles, len(vertices))
    weights = _weights(vertices, triangles)
    poles = _poles(vertices)
    colatitude = _colatitude(weights, poles)
    line = _date_line(vertices, weights, colatitude, poles)
    longitude = _longitude(weights, triangles, line)
    colatitude = colatitude + _correction(vertices, weights, _on_sphere(colatitude, longitude), colatitude, line)
    points = _on_sphere(colatitude, longitude)
    if not np.all(np.isfinite(points)):
        raise failed("its start is not finite")
    return points


def _on_sphere(colatitude: Floats, longitude: Floats) -> Floats:
    """Unit vectors; the colatitude is pi at the north pole, z = 1, as in the published program."""
    ring = np.sin(colatitude)
    return np.stack([ring * np.cos(longitude), ring * np.sin(longitude), -np.cos(colatitude)], axis=1)


def _require_closed(triangles: Integers, n_vertices: int) -> None:
    """Every side has its opposite, the triangles of every vertex form one ring, and all vertices are connected."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    tails, heads = triangles.ravel().astype(np.int64), np.roll(triangles, -1, axis=1).ravel().astype(np.int64)
    forth, back = tails * n_vertices + heads, heads * n_vertices + tails
    by_key = forth.argsort()
    keys = forth[by_key]
    if np.any(tails == heads) or np.any(keys[1:] == keys[:-1]) or not np.array_equal(keys, np.sort(back)):
        raise failed("its squares do not close around every edge")
    # The side that leaves a vertex next is the opposite of the one that leads to it in the same triangle.
    sides = np.arange(len(forth))
    onwards = by_key[np.searchsorted(keys, back)].reshape(-1, 3)[:, [2, 0, 1]].ravel()
    n_rings = connected_components(coo_array((np.ones(len(sides)), (sides, onwards)), shape=(len(sides),) * 2))[0]
    if n_rings != n_vertices or len(np.unique(tails)) != n_vertices:
        raise failed("its squares do not close around every vertex")
    if connected_components(coo_array((np.ones(len(sides)), (tails, heads)), shape=(n_vertices,) * 2))[0] != 1:
        raise failed("it has several parts")


def _weights(vertices: Floats, triangles: Integers) -> csr_array:
    """1 / length of each edge, both ways."""
    from scipy.sparse import csr_array

    n = len(vertices)
    tails, heads = triangles.T.ravel(), np.roll(triangles, -1, axis=1).T.ravel()
    once = tails < heads
    tails, heads = tails[once], heads[once]
    weight = 1 / np.linalg.norm(vertices[heads] - vertices[tails], axis=1)
    return csr_array(
        (np.concatenate([weight, weight]), (np.concatenate([tails, heads]), np.concatenate([heads, tails]))), shape=(n, n)
    )


def _poles(vertices: Floats) -> Poles:
    """The extreme vertices of the first principal axis, and one extreme vertex of the third.

    North has the larger z. Both axes are taken in the direction in which their x is positive; the third vertex is the last one
    along its axis where north is the last one along its own, else the first one. That agrees with both known results.
    """
    centred = vertices - vertices.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    along = centred @ (axes[:, 2] * (1 if axes[0, 2] >= 0 else -1))
    aside = centred @ (axes[:, 0] * (1 if axes[0, 0] >= 0 else -1))
    near = 1e-9 * np.ptp(along)
    last, first = np.flatnonzero(along >= along.max() - near), np.flatnonzero(along <= along.min() + near)
    last, first = last[:64], first[:64]  # a flat end may have thousands
    apart = np.linalg.norm(vertices[last][:, None] - vertices[first][None], axis=2)
    one, other = np.unravel_index(int(apart.argmax()), apart.shape)
    top, bottom = int(last[one]), int(first[other])
    if vertices[top, 2] > vertices[bottom, 2]:
        return Poles(top, bottom, int(aside.argmax()))
    return Poles(bottom, top, int(aside.argmin()))


def _solve(weights: csr_array, diagonal: Floats, right: Floats, fixed: npt.NDArray[np.int64], values: Floats) -> Floats:
    """The harmonic function with given values at some vertices: (diagonal - weights) f = right elsewhere."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu

    found = np.zeros(len(right))
    found[fixed] = values
    free = np.ones(len(right), dtype=bool)
    free[fixed] = False
    inner = np.flatnonzero(free)
    system = (diags_array(diagonal) - weights).tocsr()[inner][:, inner].tocsc()
    try:
        factor = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    except RuntimeError as error:
        raise failed("its diffusion has no solution") from error
    found[inner] = factor.solve((right + weights @ found)[inner])
    return found


def _colatitude(weights: csr_array, poles: Poles) -> Floats:
    n = weights.shape[0]
    ends = np.array([poles.north, poles.south])
    return _solve(weights, weights.sum(axis=0), np.zeros(n), ends, np.array([np.pi, 0.0]))


def _neighbours(weights: csr_array, vertex: int) -> npt.NDArray[np.int64]:
    return np.sort(weights.indices[weights.indptr[vertex] : weights.indptr[vertex + 1]]).astype(np.int64)


def _date_line(vertices: Floats, weights: csr_array, colatitude: Floats, poles: Poles) -> list[int]:
    """Neighbouring vertices from north to south, always downwards.

    The first is the one that lies best in the direction of the axis; the others are those that leave the plane through the
    poles and the third vertex least, as seen from north. A vertex is left out where the line can pass it by.
    """
    north, south, aside = poles
    axis = vertices[south] - vertices[north]
    normal = np.cross(axis, vertices[aside] - vertices[north])
    length = float(np.linalg.norm(normal))
    if length <= 1e-12 * float(axis @ axis):
        raise failed("it is a line")
    normal = normal / length
    line = [north]
    while line[-1] != south:
        here = line[-1]
        below = _neighbours(weights, here)
        below = below[colatitude[below] < colatitude[here]]
        if len(below) == 0 or len(line) > len(vertices):
            raise failed("no line leads from pole to pole")
        seen = vertices[below] - vertices[north]
        distances = np.maximum(np.linalg.norm(seen, axis=1), 1e-300)
        order = -(seen @ axis) / distances if here == north else np.abs(seen @ normal) / distances
        line.append(int(below[order.argmin()]))
    short, k = [north], 0
    while k < len(line) - 1:
        near = set(_neighbours(weights, line[k]).tolist())
        k = max(after for after in range(k + 1, len(line)) if line[after] in near)
        short.append(line[k])
    if len(short) < 6:
        raise failed("its poles are too close to each other")
    return short


def _longitude(weights: csr_array, triangles: Integers, line: list[int]) -> Floats:
    """The line has longitude 0; seen from the vertices on its west it has 2 pi. The poles take no part."""
    on_line = set(line)
    diagonal = weights.sum(axis=0)
    for pole in (line[0], line[-1]):
        diagonal[_neighbours(weights, pole)] -= weights[[pole], :].toarray().ravel()[_neighbours(weights, pole)]
    of_line = np.isin(triangles, line)
    after: dict[int, dict[int, int]] = {vertex: {} for vertex in line}
    for triangle, corner in np.argwhere(of_line).tolist():
        t = triangles[triangle]
        after[int(t[corner])][int(t[(corner + 1) % 3])] = int(t[(corner + 2) % 3])
    right = np.zeros(len(diagonal))
    for before, here in itertools.pairwise(line[:-1]):
        ring = after[here]
        vertex = ring[before]
        for _ in ring:  # a closed ring leads back to `before` at the latest
            if vertex in on_line:
                break
            right[vertex] += 2 * np.pi * weights[here, vertex]
            vertex = ring[vertex]
    return _solve(weights, diagonal, right, np.array(line), np.zeros(len(line)))


def _correction(vertices: Floats, weights: csr_array, points: Floats, colatitude: Floats, line: list[int]) -> Floats:
    """The spline through what landmarks lack: poles, their rings, and the line without its first and last two vertices.

    Landmarks are to lie at their arc length along the line. The ring of the north pole is taken at the reciprocal of its
    distances, as in the shipped results; the ring of the south pole at its distances.
    """
    north, south = line[0], line[-1]
    steps = np.linalg.norm(np.diff(vertices[line], axis=0), axis=1)
    scale = np.pi / steps.sum()
    rings = [_neighbours(weights, pole) for pole in (north, south)]
    away = [np.linalg.norm(vertices[ring] - vertices[pole], axis=1) for ring, pole in zip(rings, (north, south), strict=True)]
    landmarks = np.concatenate([[north, south], *rings, line[2:-2]])
    wanted = np.concatenate(
        [
            [np.pi, 0.0],
            np.pi - scale * steps[0] ** 2 / away[0],
            scale * away[1],
            np.pi - scale * np.cumsum(steps)[1:-2],
        ]
    )
    n = len(landmarks)
    if n > MAX_LANDMARKS:
        raise failed(f"its start has {n} landmarks, expected at most {MAX_LANDMARKS}")
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = _kernel(points[landmarks] @ points[landmarks].T)
    system[n, n] = 0
    try:
        found = np.linalg.solve(system, np.append(wanted - colatitude[landmarks], 0.0))
    except np.linalg.LinAlgError as error:
        raise failed("two landmarks of its start coincide") from error
    blocks = [_kernel(points[k : k + BLOCK] @ points[landmarks].T) @ found[:n] for k in range(0, len(points), BLOCK)]
    return np.concatenate(blocks) + found[n]


def _kernel(cosines: Floats) -> Floats:
    """Wahba's reproducing kernel of order 2, but for a factor and a constant."""
    w = np.maximum((1 - cosines) / 2, 1e-300)
    root = np.sqrt(w)
    kernel: Floats = (np.log1p(1 / root) * (12 * w * w - 4 * w) - 12 * w * root + 6 * w + 1) / 2
    return kernel
