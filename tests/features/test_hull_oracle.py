"""The compiled convex hull and largest distance against Qhull and every pair, and against themselves at every SIMD level."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from radiotype.features.hull import largest_distance_mm, mesh_hull, rows_of

STEPS = np.concatenate([np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64)])


def mask_of(*voxels: tuple[int, int, int], shape=(9, 8, 7)) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    for voxel in voxels:
        mask[voxel] = True
    return mask


def ball(radius: float, size: int, exponent: float = 2.0) -> np.ndarray:
    return (np.abs(np.indices((size,) * 3) - (size - 1) / 2) ** exponent).sum(axis=0) <= radius**exponent


def blob(seed: int, shape: tuple[int, int, int], sigma: float) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma) > 0


def scattered(seed: int, shape: tuple[int, int, int], n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(rng.integers(0, shape, (n, 3)).T)] = True
    return mask


MASKS = {
    "one voxel": mask_of((0, 0, 0), shape=(1, 1, 1)),
    "one voxel in a corner": mask_of((8, 7, 6)),
    "two ends": mask_of((0, 0, 0), (8, 7, 6)),
    **{f"line along {axis}": np.ones(np.where(np.arange(3) == axis, 9, 1), dtype=bool) for axis in range(3)},
    "line across": mask_of(*((n, n, n) for n in range(7))),
    "line with gaps": mask_of((0, 0, 0), (2, 1, 0), (4, 2, 0), (8, 4, 0)),
    **{f"plane across {axis}": np.ones(np.where(np.arange(3) == axis, 1, 9), dtype=bool) for axis in range(3)},
    "slanted plane": np.indices((7, 7, 7)).sum(axis=0) == 9,
    "whole box": np.ones((9, 8, 7), dtype=bool),
    "lattice": np.indices((9, 8, 7)).sum(axis=0) % 2 == 0,
    "wide lattice": (np.indices((10, 10, 10)) % 3 == 0).all(axis=0),
    "shell": ball(6, 15) & ~ball(5, 15),
    "octahedron": ball(7, 17, 1.0),
    "large ball": ball(29.3, 61),
    "large irregular": blob(9, (90, 70, 80), 6.0) & ball(40, 99)[:90, :70, :80],
    "long and thin": blob(4, (3, 200, 5), 1.0),
    **{f"noise {seed}": blob(seed, (12, 15, 9), 1.5) for seed in range(12)},
    **{f"points {seed}": scattered(seed, (3 + 5 * seed, 40, 90 - 7 * seed), 2 + seed) for seed in range(12)},
}


def vertices(mask: np.ndarray) -> np.ndarray:
    """Twice the positions of what the surface mesh may have as vertices: half a voxel from every voxel, along each axis."""
    points = (2 * np.argwhere(mask)[:, None] + STEPS).reshape(-1, 3)
    return np.unique(points, axis=0)


def volume_and_area(corners: np.ndarray, triangles: np.ndarray) -> tuple[float, float]:
    a, b, c = (corners[triangles[:, n]].astype(float) for n in range(3))
    normals = np.cross(b - a, c - a)
    return float((a * normals).sum() / 6), float(np.linalg.norm(normals, axis=1).sum() / 2)


@pytest.mark.parametrize("name", list(MASKS))
def test_it_is_the_hull_that_qhull_finds(name: str) -> None:
    mask = np.ascontiguousarray(MASKS[name])
    hull, expected = mesh_hull(rows_of(mask)), ConvexHull(vertices(mask))
    volume, area = volume_and_area(hull.corners, hull.triangles)
    assert volume == pytest.approx(expected.volume, rel=1e-9)
    assert area == pytest.approx(expected.area, rel=1e-9)
    # every corner of Qhull is one of ours; ours may lie within its edges and faces, but not outside
    found = {tuple(corner) for corner in hull.corners.tolist()}
    assert {tuple(corner) for corner in np.rint(expected.points[expected.vertices]).astype(int).tolist()} <= found
    beyond = expected.equations[:, :3] @ hull.corners.T + expected.equations[:, 3:]
    assert np.abs(beyond.max(axis=0)).max() < 1e-8


@pytest.mark.parametrize("name", list(MASKS))
def test_it_is_closed_convex_and_faces_outward(name: str) -> None:
    mask = np.ascontiguousarray(MASKS[name])
    corners, triangles = mesh_hull(rows_of(mask))
    edges = triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    there = {(a, b) for a, b in edges.tolist()}
    assert len(there) == len(edges)
    assert there == {(b, a) for a, b in there}
    assert len(corners) - len(edges) // 2 + len(triangles) == 2
    a, b, c = (corners[triangles[:, n]] for n in range(3))
    normals = np.cross(b - a, c - a)
    points = vertices(mask)
    points = points[np.linspace(0, len(points) - 1, min(len(points), 20_000)).astype(int)]
    heights = normals @ np.concatenate([points, corners]).T - (normals * a).sum(axis=1)[:, None]
    assert heights.max() == 0  # whole numbers: exact


def test_it_does_not_depend_on_the_order_of_axes() -> None:
    mask = MASKS["noise 3"]
    expected = None
    for order in permutations(range(3)):
        corners, triangles = mesh_hull(rows_of(np.ascontiguousarray(mask.transpose(order))))
        found = volume_and_area(corners, triangles)
        expected = expected or found
        assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 1.3, 5.0)])
@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 16, 17, 400])
def test_the_largest_distance_is_that_of_all_pairs(n: int, spacing: tuple[float, float, float]) -> None:
    points = np.random.default_rng(n).integers(-300, 300, (n, 3))
    step = np.array(spacing)
    expected = pdist(points * step / 2).max(initial=0.0)
    assert largest_distance_mm(points, step) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", ["one voxel", "lattice", "noise 5", "points 9", "shell"])
def test_the_largest_distance_of_a_hull_is_that_of_its_mesh(name: str) -> None:
    mask = np.ascontiguousarray(MASKS[name])
    spacing = np.array([0.8, 0.9, 2.5])
    expected = pdist(vertices(mask) * spacing / 2).max()
    assert largest_distance_mm(mesh_hull(rows_of(mask)).corners, spacing) == pytest.approx(expected, rel=1e-14)


def digest() -> str:
    """Of hulls and distances."""
    total = hashlib.sha256()
    for mask in MASKS.values():
        hull = mesh_hull(rows_of(np.ascontiguousarray(mask)))
        distance = largest_distance_mm(hull.corners, np.array([0.7, 1.3, 2.9]))
        for array in (*hull, np.array(distance)):
            total.update(array.tobytes())
    return total.hexdigest()


def digest_at(level: str) -> subprocess.CompletedProcess[str]:
    program = "import test_hull_oracle as t; from radiotype import _native as n; print(n.simd_level(), t.digest())"
    environment = {**os.environ, "RADIOTYPE_SIMD": level, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level: str) -> None:
    done = digest_at(level)
    if done.returncode != 0 and "is not a level of this processor" in done.stderr:
        pytest.skip(f"this processor has no {level}")
    base = digest_at("base")
    assert (done.returncode, base.returncode) == (0, 0), done.stderr + base.stderr
    assert done.stdout.split()[0] == level
    assert done.stdout.split()[1] == base.stdout.split()[1]
