"""Mesh area and volume equal closed forms and a mesh built triangle by triangle; the 256 cases fit together."""

from __future__ import annotations

import math

import numpy as np
import pytest

from radiotype import _native
from radiotype.features.marching_cubes import CORNERS, EDGES, triangle_table
from radiotype.features.mesh import mesh, mesh_measures

SPACING_MM = np.array([0.7, 1.3, 2.9])


def irregular_mask(shape: tuple[int, int, int], density: float, seed: int) -> np.ndarray:
    """A random mask with background on every side."""
    mask = np.zeros(shape, dtype=bool)
    inner = tuple(size - 2 for size in shape)
    mask[1:-1, 1:-1, 1:-1] = np.random.default_rng(seed).random(inner) < density
    return mask


def patterns_of(mask: np.ndarray) -> np.ndarray:
    """The pattern of every cube, with one layer of background put around the mask."""
    padded = np.pad(mask, 1).astype(np.int64)
    n_i, n_j, n_k = padded.shape
    return sum(padded[i : n_i - 1 + i, j : n_j - 1 + j, k : n_k - 1 + k] << bit for bit, (i, j, k) in enumerate(CORNERS))


def kernel_sums(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts, sums = np.zeros(256, dtype=np.int64), np.zeros((256, 3), dtype=np.int64)
    _native.cube_patterns(np.ascontiguousarray(mask).view(np.uint8), counts, sums)
    return counts, sums


def area_and_volume_by_triangles(mask: np.ndarray, spacing_mm: np.ndarray, closed: bool) -> tuple[float, float]:
    """Build every triangle in millimetres and sum areas and signed tetrahedra, as a textbook would."""
    table = triangle_table(closed)
    patterns = patterns_of(mask)
    area = volume = 0.0
    for pattern in range(1, 255):
        cubes = np.argwhere(patterns == pattern)
        corners = cubes[:, None, None, :] + table.vertices[table.pattern == pattern][None] / 2
        a, b, c = np.moveaxis(corners.reshape(-1, 3, 3) * spacing_mm, 1, 0)
        area += np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
        volume += np.einsum("ij,ij->", a, np.cross(b, c)) / 6
    return area, volume


@pytest.mark.parametrize("size", [(1, 1, 1), (2, 1, 1), (1, 5, 2), (4, 3, 6)])
def test_box_has_chamfered_edges_and_cut_corners(size: tuple[int, int, int]) -> None:
    # Six rectangles between the outer voxel centres, moved out by half a voxel, joined by twelve slanted strips and
    # eight triangles. Volume: the inner box, six slabs, twelve prisms, eight corner tetrahedra.
    x, y, z = SPACING_MM
    a, b, c = (np.array(size) - 1) * SPACING_MM
    strips = a * math.hypot(y, z) + b * math.hypot(x, z) + c * math.hypot(x, y)
    area = 2 * (a * b + b * c + c * a) + 2 * strips + math.sqrt((x * y) ** 2 + (y * z) ** 2 + (z * x) ** 2)
    volume = a * b * c + (b * c * x + a * c * y + a * b * z) + (a * y * z + b * x * z + c * x * y) / 2 + x * y * z / 6
    measured = mesh_measures(np.ones(size, dtype=bool), SPACING_MM)
    assert measured.area_mm2 == pytest.approx(area, rel=1e-14)
    assert measured.volume_mm3 == pytest.approx(volume, rel=1e-14)


def test_single_voxel_is_an_octahedron() -> None:
    measured = mesh_measures(np.ones((1, 1, 1), dtype=bool), (1, 1, 1))
    assert measured.volume_mm3 == 1 / 6
    assert measured.area_mm2 == pytest.approx(math.sqrt(3), rel=1e-15)


@pytest.mark.parametrize(("radius", "tolerance"), [(10, 0.005), (20, 0.002), (40, 0.0005)])
def test_ball_volume_converges_to_four_thirds_pi_r3(radius: int, tolerance: float) -> None:
    centre = radius + 0.3
    index = np.indices((2 * radius + 3,) * 3)
    ball = np.square(index - centre).sum(axis=0) < radius**2
    assert mesh_measures(ball, (1, 1, 1)).volume_mm3 == pytest.approx(4 / 3 * math.pi * radius**3, rel=tolerance)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 3), (6, 5, 4)])
@pytest.mark.parametrize("density", [0.15, 0.5, 0.9])
def test_kernel_counts_equal_plain_loops(shape: tuple[int, int, int], density: float) -> None:
    mask = np.random.default_rng(3).random(shape) < density
    n_i, n_j, n_k = shape
    counts, sums = np.zeros(256, dtype=np.int64), np.zeros((256, 3), dtype=np.int64)
    for i in range(-1, n_i):
        for j in range(-1, n_j):
            for k in range(-1, n_k):
                pattern = 0
                for bit, (di, dj, dk) in enumerate(CORNERS):
                    a, b, c = i + di, j + dj, k + dk
                    inside = 0 <= a < n_i and 0 <= b < n_j and 0 <= c < n_k and mask[a, b, c]
                    pattern |= int(inside) << bit
                if 0 < pattern < 255:
                    counts[pattern] += 1
                    sums[pattern] += (i, j, k)
    measured_counts, measured_sums = kernel_sums(mask)
    np.testing.assert_array_equal(measured_counts, counts)
    np.testing.assert_array_equal(measured_sums, sums)


# The kernel works in blocks of 256 voxels and in groups of eight cubes along K.
@pytest.mark.parametrize("length", [7, 8, 255, 256, 257, 511, 512, 513, 700])
@pytest.mark.parametrize("density", [0.02, 0.5, 0.98])
def test_kernel_counts_equal_numpy_across_blocks(length: int, density: float) -> None:
    mask = np.random.default_rng(length).random((4, 3, length)) < density
    patterns = patterns_of(mask)
    position = np.indices(patterns.shape) - 1
    crossed = (patterns > 0) & (patterns < 255)
    counts, sums = kernel_sums(mask)
    np.testing.assert_array_equal(counts, np.bincount(patterns[crossed], minlength=256))
    for axis in range(3):
        expected = np.bincount(patterns[crossed], weights=position[axis][crossed], minlength=256)
        np.testing.assert_array_equal(sums[:, axis], expected)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("density", [0.05, 0.4, 0.6, 0.95])
def test_area_and_volume_equal_the_sum_over_triangles(density: float, closed: bool) -> None:
    mask = irregular_mask((13, 11, 9), density, seed=5)
    filled = np.argwhere(mask)
    low, high = filled.min(axis=0), filled.max(axis=0) + 1
    box = mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    area, volume = area_and_volume_by_triangles(box, SPACING_MM, closed)
    measured = mesh_measures(mask, SPACING_MM, closed=closed)
    assert measured.area_mm2 == pytest.approx(area, rel=1e-12)
    assert measured.volume_mm3 == pytest.approx(volume, rel=1e-12)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("density", [0.05, 0.5, 0.95])
def test_mesh_has_the_area_and_volume_that_are_measured(density: float, closed: bool) -> None:
    mask = irregular_mask((13, 11, 9), density, seed=6)
    vertices_mm, faces = mesh(mask, SPACING_MM, closed=closed)
    # Volumes of a mesh with cracks depend on the origin: one voxel before the box of the mask.
    origin_mm = (np.argwhere(mask).min(axis=0) - 1) * SPACING_MM
    a, b, c = (vertices_mm[faces[:, corner]] - origin_mm for corner in range(3))
    measured = mesh_measures(mask, SPACING_MM, closed=closed)
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(measured.area_mm2, rel=1e-12)
    assert np.einsum("ij,ij->", a, np.cross(b, c)) / 6 == pytest.approx(measured.volume_mm3, rel=1e-12)
    assert len(np.unique(vertices_mm, axis=0)) == len(vertices_mm)
    np.testing.assert_array_equal(np.unique(faces), np.arange(len(vertices_mm)))


def test_every_vertex_lies_between_an_inside_and_an_outside_voxel() -> None:
    mask = irregular_mask((9, 8, 7), 0.5, seed=7)
    expected = set()
    for axis in range(3):
        for voxel in np.argwhere(np.diff(mask, axis=axis)):
            expected.add(tuple(2 * voxel + np.eye(3, dtype=int)[axis]))
    vertices_mm, _ = mesh(mask, (1, 1, 1))
    assert {tuple(vertex) for vertex in (2 * vertices_mm).astype(int)} == expected


def open_edges(faces: np.ndarray) -> int:
    """How many directed edges have no opposite to cancel them."""
    start, stop = faces.ravel().astype(np.int64), np.roll(faces, -1, axis=1).ravel().astype(np.int64)
    n = int(faces.max()) + 1
    forward, n_forward = np.unique(start * n + stop, return_counts=True)
    backward, n_backward = np.unique(stop * n + start, return_counts=True)
    _, first, second = np.intersect1d(forward, backward, assume_unique=True, return_indices=True)
    return int(n_forward.sum() - np.minimum(n_forward[first], n_backward[second]).sum())


@pytest.mark.parametrize("density", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_mesh_is_closed(density: float) -> None:
    assert open_edges(mesh(irregular_mask((24, 21, 18), density, seed=8), (1, 1, 1)).faces) == 0


def test_mesh_with_the_cracks_of_pyradiomics_is_not_closed() -> None:
    assert open_edges(mesh(irregular_mask((24, 21, 18), 0.5, seed=8), (1, 1, 1), closed=False).faces) > 0


def border_on_faces(pattern: int, closed: bool) -> dict[tuple[int, int], frozenset[tuple[int, ...]]]:
    """The directed border of the triangles of a case, by the face (axis, side) of the cube it lies on."""
    table = triangle_table(closed)
    corners = np.array(CORNERS)
    middles = corners[np.array(EDGES)].sum(axis=1)
    edges = table.edges[table.pattern == pattern]
    steps = [(int(e[n]), int(e[(n + 1) % 3])) for e in edges for n in range(3)]
    border = [step for step in steps if step[::-1] not in steps]
    assert len(set(steps)) == len(steps)
    faces: dict[tuple[int, int], frozenset[tuple[int, ...]]] = {}
    found = 0
    for axis in range(3):
        for side in (0, 1):
            # Seen from the other cube, the border of a face runs the other way round.
            lines = [
                (first, last) if side == 0 else (last, first)
                for first, last in border
                if middles[first][axis] == middles[last][axis] == 2 * side
            ]
            found += len(lines)
            faces[axis, side] = frozenset(
                (*np.delete(middles[first], axis).tolist(), *np.delete(middles[last], axis).tolist()) for first, last in lines
            )
    assert found == len(border), "the border of a case must lie on the faces of its cube"
    return faces


def face_conflicts(closed: bool) -> int:
    """Over all pairs of cases that can share a face: how many faces are cut in more than one way."""
    cuts: dict[tuple[int, ...], set[frozenset[tuple[int, ...]]]] = {}
    for pattern in range(256):
        for (axis, side), border in border_on_faces(pattern, closed).items():
            on_face = sorted(
                (tuple(np.delete(corner, axis)), pattern >> bit & 1)
                for bit, corner in enumerate(CORNERS)
                if corner[axis] == side
            )
            cuts.setdefault((axis, *(inside for _, inside in on_face)), set()).add(border)
    return sum(len(ways) > 1 for ways in cuts.values())


def test_any_two_cases_that_share_a_face_cut_it_alike() -> None:
    assert face_conflicts(closed=True) == 0


def test_the_halved_table_cuts_ambiguous_faces_in_two_ways() -> None:
    # Two ambiguous states of a face along each of three axes.
    assert face_conflicts(closed=False) == 6


def test_opposite_cases_differ_only_where_a_face_is_ambiguous() -> None:
    table, halved = triangle_table(), triangle_table(closed=False)
    different = []
    for pattern in range(256):
        one = {frozenset(edges) for edges in table.edges[table.pattern == pattern].tolist()}
        other = {frozenset(edges) for edges in halved.edges[halved.pattern == pattern].tolist()}
        if one != other:
            different.append(pattern)

    def is_ambiguous(pattern: int) -> bool:
        for axis in range(3):
            for side in (0, 1):
                on = [CORNERS[bit] for bit in range(8) if pattern >> bit & 1 and CORNERS[bit][axis] == side]
                if len(on) == 2 and np.abs(np.subtract(*on)).sum() == 2:
                    return True
        return False

    assert different == [pattern for pattern in range(128, 256) if is_ambiguous(pattern)]
    assert len(different) == 60
