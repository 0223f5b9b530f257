"""Inputs for the kernels of solids, surfaces and spherical harmonics."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .calls import Call, Generator, floats, inputs, mask, one_of, size


def _solid(rng: Generator, most: int = 12) -> np.ndarray:
    """Voxels whose outermost layers are empty."""
    return np.pad(mask(rng, (size(rng, 0, most), size(rng, 0, most), size(rng, 0, most))), 1)


def surface_counts(native: Any, rng: Generator) -> Call:
    return Call("surface_counts", inputs(voxels=_solid(rng)))


def _distances(native: Any, rng: Generator, voxels: np.ndarray) -> Call:
    arguments = {
        **inputs(voxels=voxels, spacing=one_of(rng, np.ones(3), rng.uniform(0.3, 5.0, 3), np.array([1e-3, 1.0, 1e3]))),
        "out": np.empty(voxels.shape, dtype=np.float32),
        "scratch": np.empty(4 * (max(voxels.shape) + 1)),
    }
    return Call("squared_distance", arguments, scratch=("scratch",))


def squared_distance(native: Any, rng: Generator) -> Call:
    return _distances(native, rng, _solid(rng) ^ np.uint8(rng.random() < 0.3))


def _grown(native: Any, rng: Generator, most: int) -> Call:
    outside = bool(rng.random() < 0.5)
    voxels = _solid(rng, most) ^ np.uint8(outside)
    distance = _distances(native, rng, voxels)
    distance.on(native)
    heap = np.empty(int(np.count_nonzero(voxels)), dtype=np.uint64)
    arguments = {"voxels": voxels.copy(), "distance": distance.arguments["out"], "outside": outside, "heap": heap}
    return Call("grow_solid", arguments, scratch=("heap",), trusted=("voxels",))


def grow_solid(native: Any, rng: Generator) -> Call:
    return _grown(native, rng, 10)


def _meshed(native: Any, rng: Generator, voxels: np.ndarray) -> Call:
    n_vertices, n_squares, _ = native.surface_counts(voxels)
    arguments = {
        **inputs(voxels=voxels),
        "layers": np.empty((2, *voxels.shape[1:]), dtype=np.int32),
        "vertices": np.empty((n_vertices, 3), dtype=np.int32),
        "squares": np.empty((n_squares, 4), dtype=np.int32),
    }
    return Call("voxel_surface", arguments, scratch=("layers",), trusted=("voxels", "vertices", "squares"))


def voxel_surface(native: Any, rng: Generator) -> Call:
    return _meshed(native, rng, _solid(rng))


def _points(rng: Generator, n: int) -> np.ndarray:
    points = rng.standard_normal((n, 3))
    return points / np.sqrt((points**2).sum(axis=1, keepdims=True))


@cache
def recurrence(degree: int) -> np.ndarray:
    """As long as the real one, of numbers that neither vanish nor grow."""
    return np.random.default_rng(degree).uniform(0.5, 1.5, (degree + 1) ** 2)


def _harmonics(rng: Generator) -> tuple[dict[str, Any], int, int]:
    n, degree, columns = size(rng, 0, 140), size(rng, 0, 8), int(rng.integers(1, 4))
    return {**inputs(points=_points(rng, n), recurrence=recurrence(degree)), "degree": degree}, n, columns


def harmonic_sums(native: Any, rng: Generator) -> Call:
    where, n, columns = _harmonics(rng)
    rows = (where["degree"] + 1) ** 2
    arrays = {"lanes": np.zeros((rows, columns, 8)), "sums": np.empty((rows, columns))}
    return Call("harmonic_sums", {**where, **inputs(values=floats(rng, (n, columns))), **arrays})


def harmonic_values(native: Any, rng: Generator) -> Call:
    where, n, columns = _harmonics(rng)
    coefficients = floats(rng, ((where["degree"] + 1) ** 2, columns))
    return Call("harmonic_values", {**where, **inputs(coefficients=coefficients), "values": np.empty((n, columns))})


def harmonic_products(native: Any, rng: Generator) -> Call:
    degree, rings, steps = size(rng, 0, 5), size(rng, 0, 12), size(rng, 0, 20)
    n, m = (degree + 1) ** 2, 2 * degree + 1
    arrays = inputs(
        waves=floats(rng, (steps, m)), latitudes=floats(rng, (rings, n)), density=floats(rng, (rings, steps), finite=True)
    )
    room = {"scratch": np.empty(m * (m + n)), "products": np.empty((n, n))}
    return Call("harmonic_products", {**arrays, "degree": degree, **room}, scratch=("scratch",))


def _matrix(rng: Generator) -> np.ndarray:
    n = size(rng, 0, 40)
    factor = floats(rng, (n, n), tame=rng.random() < 0.7)
    with np.errstate(all="ignore"):
        return np.asarray(factor @ factor.T + one_of(rng, 0.0, 1.0) * np.eye(n))


def cholesky(native: Any, rng: Generator) -> Call:
    return Call("cholesky", {"matrix": _matrix(rng)})


def cholesky_solve(native: Any, rng: Generator) -> Call:
    factor = _matrix(rng)
    return Call("cholesky_solve", {**inputs(factor=factor), "right": floats(rng, (len(factor), size(rng, 0, 4)))})


def sphere_scratch(native: Any, rng: Generator) -> Call:
    return Call("sphere_scratch", {"n_vertices": size(rng, 0, 1_000_000)})


def _surface(native: Any, rng: Generator, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and squares of one sphere; seldom those of any other solid."""
    while True:
        grown = _grown(native, rng, most)
        grown.on(native)
        voxels = grown.arguments["voxels"] ^ np.uint8(grown.arguments["outside"])
        mesh = _meshed(native, rng, voxels)
        mesh.on(native)
        vertices, squares = mesh.arguments["vertices"], mesh.arguments["squares"]
        if len(vertices) >= 8 and len(vertices) == len(squares) + 2:
            return vertices * rng.uniform(0.5, 3.0, 3), squares


def sphere_map(native: Any, rng: Generator) -> Call:
    vertices, squares = _surface(native, rng, 7)
    n = len(vertices)
    doubles, integers, singles = native.sphere_scratch(n)
    if rng.random() < 0.1:  # squares that close to no sphere
        squares = rng.permutation(squares.ravel()).reshape(squares.shape).astype(np.int32)
    arguments = {
        **inputs(vertices=vertices, quads=squares, order=rng.permutation(n).astype(np.int32)),
        "long_diagonals": bool(rng.random() < 0.5),
        "points": np.zeros((n, 3)),
        "shares": np.zeros(len(squares)),
        "doubles": np.empty(doubles),
        "integers": np.empty(integers, dtype=np.int32),
        "floats": np.empty(singles, dtype=np.float32),
    }
    return Call("sphere_map", arguments, scratch=("doubles", "integers", "floats"))


def _triangles(native: Any, rng: Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    vertices, squares = _surface(native, rng, 6)
    squares = np.roll(squares, int(rng.integers(4)), axis=1)
    triangles = np.ascontiguousarray(np.concatenate([squares[:, [0, 1, 2]], squares[:, [2, 3, 0]]]))
    if rng.random() < 0.1:  # triangles that do not close around a vertex
        triangles = rng.permutation(triangles.ravel()).reshape(triangles.shape).astype(np.int32)
    sides = vertices[triangles[:, 1:]] - vertices[triangles[:, :1]]
    areas = np.maximum(np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2, 1e-9)
    length = np.maximum(np.linalg.norm(sides[:, 0], axis=1), 1e-9)
    frames = np.stack([length, (sides[:, 0] * sides[:, 1]).sum(axis=1) / length, 2 * areas / length], axis=1)
    first = np.concatenate([[0], np.cumsum(np.bincount(triangles.ravel(), minlength=len(vertices)))]).astype(np.int32)
    corners = np.argsort(triangles.ravel(), kind="stable").astype(np.int32)
    points = vertices - vertices.mean(axis=0)
    points = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    if rng.random() < 0.2:
        points = floats(rng, points.shape)
    arrays = inputs(
        triangles=triangles, shares=areas / areas.sum(), frames=np.ascontiguousarray(frames), first=first, corners=corners
    )
    return arrays, points


def cald_ratios(native: Any, rng: Generator) -> Call:
    mesh, points = _triangles(native, rng)
    n = len(mesh["triangles"])
    return Call("cald_ratios", {**mesh, **inputs(points=points), "centres": np.empty((n, 3)), "ratios": np.empty(n)})


def cald_smooth(native: Any, rng: Generator) -> Call:
    mesh, points = _triangles(native, rng)
    waiting = np.empty(len(points), dtype=np.uint8)
    arguments = {**mesh, "sweeps": size(rng, 0, 9), "points": points.copy(), "waiting": waiting}
    return Call("cald_smooth", arguments, scratch=("waiting",), trusted=("sweeps",))


FUZZERS = {
    function.__name__: function
    for function in (
        surface_counts,
        squared_distance,
        grow_solid,
        voxel_surface,
        harmonic_sums,
        harmonic_values,
        harmonic_products,
        cholesky,
        cholesky_solve,
        sphere_scratch,
        sphere_map,
        cald_ratios,
        cald_smooth,
    )
}
