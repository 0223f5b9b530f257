"""Spherical map: what may not change it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from voxel_surface import voxel_surface

from radiotype.features.spharm.sphere_map import area_map


def blob(seed, size=16, spacing=(1.0, 1.0, 1.0)):
    """A smooth random solid: a ball with a bumpy surface, as voxels."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(size,) * 3), 2.5)
    radius = np.sqrt(((np.indices((size,) * 3) - (size - 1) / 2) ** 2).sum(axis=0))
    labels, _ = ndimage.label(radius + 3 * noise / noise.std() < 0.36 * size)
    largest = ndimage.binary_fill_holes(labels == np.bincount(labels.ravel())[1:].argmax() + 1)
    return voxel_surface(ndimage.binary_opening(largest, np.ones((3, 3, 3))), spacing)


def gram(points):
    """Cosines between every 7th point and all others: what a turn of the sphere leaves as it is."""
    return points[::7] @ points.T


FRAMES = [
    np.diag(signs)[list(axes)] for axes in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)
]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 1.25)])
def test_quarter_turns_mirrors_shifts_and_order_change_nothing(spacing):
    vertices, quads = blob(1, spacing=spacing)
    expected = gram(area_map(vertices, quads).points)
    rng = np.random.default_rng(2)
    for frame in FRAMES:
        turned = vertices @ frame.T + rng.normal(scale=50, size=3)
        faces = quads if np.linalg.det(frame) > 0 else quads[:, ::-1]
        shuffle = rng.permutation(len(vertices))
        faces = np.roll(np.argsort(shuffle)[faces][rng.permutation(len(quads))], rng.integers(4), axis=1)
        points = area_map(turned[shuffle], faces.astype(np.int32)).points[np.argsort(shuffle)]
        np.testing.assert_allclose(gram(points), expected, rtol=0, atol=1e-12)


def test_a_symmetric_shape_has_one_map_in_every_frame():
    """A box looks alike in several frames: the cosines may differ in order only."""
    vertices, quads = voxel_surface(np.ones((4, 5, 5), dtype=bool))
    expected = np.sort(area_map(vertices, quads).points @ area_map(vertices, quads).points.T, axis=None)
    for frame in FRAMES[::5]:
        faces = quads if np.linalg.det(frame) > 0 else quads[:, ::-1]
        points = area_map(vertices @ frame.T, faces).points
        np.testing.assert_allclose(np.sort(points @ points.T, axis=None), expected, rtol=0, atol=1e-12)


def test_size_changes_nothing():
    vertices, quads = blob(3)
    np.testing.assert_allclose(area_map(vertices * 3, quads).points, area_map(vertices, quads).points, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", [{"start": 1}, {"start": 2}, {"long_diagonals": True}])
def test_start_and_diagonals_hardly_matter(variant):
    vertices, quads = blob(4, size=24)
    cosines = np.clip(gram(area_map(vertices, quads, **variant).points), -1, 1)
    expected = np.clip(gram(area_map(vertices, quads).points), -1, 1)
    assert cosines.tobytes() != expected.tobytes()
    assert np.degrees(np.percentile(np.abs(np.arccos(cosines) - np.arccos(expected)), 95)) < 2


@pytest.mark.parametrize("level", ["base", "avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level, tmp_path):
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if level != "base" and {"avx2": "avx2", "avx512": "avx512vl"}[level] not in flags:
        pytest.skip(f"this processor has no {level}")
    vertices, quads = blob(5)
    np.savez(tmp_path / "surface.npz", vertices=vertices, quads=quads)
    script = (
        "import sys, numpy as np; from radiotype.features.spharm.sphere_map import area_map; s = np.load(sys.argv[1]);"
        "sys.stdout.buffer.write(area_map(s['vertices'], s['quads']).points.tobytes())"
    )
    environment = {**os.environ, "RADIOTYPE_SIMD": level}
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "surface.npz")], env=environment, capture_output=True, check=True
    )
    assert run.stdout == area_map(vertices, quads).points.tobytes()
