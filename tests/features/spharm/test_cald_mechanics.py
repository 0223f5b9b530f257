"""The published map on odd input: it ends, with a map whose flaws are counted or with a code."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import radiotype
from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features import FeatureSettings, SpharmSettings
from radiotype.features.spharm import cald_map, describe, solid, voxel_surface
from radiotype.features.spharm.cald_start import start_map

X, Y, Z = np.indices((40, 40, 40)) - 19.5
SHAPES = {
    "ellipsoid": (X / 16) ** 2 + (Y / 9) ** 2 + (Z / 6) ** 2 < 1,
    "ball": X**2 + Y**2 + Z**2 < 144,
    "torus": (np.hypot(X, Y) - 12) ** 2 + Z**2 < 16,
    "plate": (np.abs(X) < 16) & (np.abs(Y) < 16) & (np.abs(Z) < 1),
    "line": (np.abs(X) < 1) & (np.abs(Y) < 1),
    "spikes": (X**2 + Y**2 + Z**2 < 36) | ((np.abs(X) < 1) & (np.abs(Y) < 1)) | ((np.abs(Z) < 1) & (np.abs(Y) < 1)),
}


def surface_of(voxels):
    made = solid(voxels, (1.0, 1.0, 1.0))
    return voxel_surface(made.voxels, made.spacing_mm)


@pytest.mark.parametrize("name", SHAPES)
def test_odd_shapes_end_with_a_map_whose_flaws_are_counted(name):
    surface = surface_of(SHAPES[name])
    found = cald_map(surface.vertices_mm, surface.quads, rounds=6)
    np.testing.assert_allclose(np.linalg.norm(found.points, axis=1), 1, atol=1e-12)
    a, b, c = (found.points[found.triangles[:, corner]] for corner in range(3))
    assert found.n_flipped == np.count_nonzero(np.einsum("ij,ij->i", a, np.cross(b, c)) < 0)
    assert found.n_flipped < 0.01 * len(found.triangles)
    assert 1 <= found.n_iterations <= 6
    assert not found.points.flags.writeable
    assert not found.triangles.flags.writeable


def test_two_runs_give_equal_bytes_and_the_order_of_squares_changes_nothing():
    surface = surface_of(SHAPES["ellipsoid"])
    first = cald_map(surface.vertices_mm, surface.quads, rounds=5)
    order = np.random.default_rng(0).permutation(len(surface.quads))
    other = cald_map(surface.vertices_mm, np.roll(surface.quads[order], 1, axis=1), rounds=5)
    assert first.points.tobytes() == other.points.tobytes()
    assert first.triangles.reshape(-1, 6)[order].tobytes() == other.triangles.tobytes()


def test_rounds_make_areas_more_even():
    surface = surface_of(SHAPES["ellipsoid"])
    spreads = [np.ptp(cald_map(surface.vertices_mm, surface.quads, rounds=n).area_ratio_percentiles) for n in (0, 5, 100)]
    assert spreads[0] > spreads[1] > spreads[2]
    assert cald_map(surface.vertices_mm, surface.quads).n_iterations < 100


def test_few_vertices_have_no_start():
    cube = voxel_surface(np.ones((1, 1, 1), dtype=bool), (1.0, 1.0, 1.0))
    with pytest.raises(ComputeError, match="poles are too close") as caught:
        cald_map(cube.vertices_mm, cube.quads)
    assert caught.value.code == "RT308"


def test_a_map_that_leaves_harmonics_undetermined_has_collapsed():
    cube = voxel_surface(np.ones((2, 2, 2), dtype=bool), (1.0, 1.0, 1.0))
    with pytest.raises(ComputeError, match="collapses") as caught:
        cald_map(cube.vertices_mm, cube.quads)
    assert caught.value.code == "RT308"


def test_surfaces_that_are_no_sphere_are_refused():
    surface = voxel_surface(np.ones((4, 4, 4), dtype=bool), (1.0, 1.0, 1.0))
    vertices, quads = surface.vertices_mm, surface.quads
    not_finite = vertices.copy()
    not_finite[3, 1] = np.nan
    flat = vertices * [1.0, 1.0, 0.0]
    doubled = quads.copy()
    doubled[5] = doubled[6]
    beyond = quads.copy()
    beyond[0, 0] = len(vertices)
    cases = [
        (vertices, quads[1:], "expected n and n - 2"),
        (vertices, beyond, "does not exist"),
        (not_finite, quads, "not finite"),
        (flat, quads, "no area"),
        (vertices, doubled, "close around every edge"),
    ]
    for corners, squares, message in cases:
        with pytest.raises(ComputeError, match=message) as caught:
            cald_map(corners, squares)
        assert caught.value.code == "RT308", message


def test_rings_that_do_not_close_and_several_parts_are_refused():
    ring = np.ones((3, 3, 1), dtype=bool)
    ring[1, 1] = False
    torus, ball = (voxel_surface(voxels, (1.0, 1.0, 1.0)) for voxels in (ring, np.ones((4, 4, 4), dtype=bool)))
    n = len(torus.vertices_mm)
    apart = np.concatenate([torus.vertices_mm, ball.vertices_mm + 9])
    with pytest.raises(ComputeError, match="several parts") as caught:  # as many vertices and squares as a sphere has
        cald_map(apart, np.concatenate([torus.quads, ball.quads + n]))
    assert caught.value.code == "RT308"

    vertices, quads = ball.vertices_mm, ball.quads.copy()
    quads[quads == len(vertices) - 1] = 0  # two corners are pinched to one, and a vertex is left without squares
    with pytest.raises(ComputeError, match="close around every vertex") as caught:
        start_map(vertices, np.concatenate([quads[:, [0, 1, 2]], quads[:, [2, 3, 0]]]))
    assert caught.value.code == "RT308"


@pytest.mark.parametrize("damage", ["turned", "swapped", "renamed", "moved", "merged"])
def test_damaged_surfaces_have_a_map_or_a_code(damage):
    surface = voxel_surface(np.ones((6, 6, 12), dtype=bool), (1.0, 1.0, 1.0))
    rng = np.random.default_rng(3)
    refused = 0
    for count in (1, 2, 8, 8, 8, 40):
        vertices, quads = surface.vertices_mm.copy(), surface.quads.copy()
        some = rng.choice(len(quads), count, replace=False)
        if damage == "turned":
            quads[some] = quads[some, ::-1]
        elif damage == "swapped":
            quads[some] = quads[some][:, [0, 2, 1, 3]]
        elif damage == "renamed":
            quads[some, 1] = rng.integers(len(vertices), size=count)
        elif damage == "moved":
            vertices[some] += rng.integers(-2, 3, size=(count, 3))
        else:
            vertices[some] = vertices[some[0] - 1]
        try:
            found = cald_map(vertices, quads, rounds=3)
        except ComputeError as error:
            assert error.code == "RT308"
            refused += 1
        else:
            np.testing.assert_allclose(np.linalg.norm(found.points, axis=1), 1, atol=1e-12)
    assert refused >= 1


def test_too_many_landmarks_are_refused(monkeypatch):
    surface = surface_of(SHAPES["ellipsoid"])
    monkeypatch.setattr("radiotype.features.spharm.cald_start.MAX_LANDMARKS", 20)
    with pytest.raises(ComputeError, match="landmarks, expected at most 20") as caught:
        cald_map(surface.vertices_mm, surface.quads)
    assert caught.value.code == "RT308"


def test_vertices_on_a_line_have_no_start():
    surface = voxel_surface(np.ones((4, 4, 4), dtype=bool), (1.0, 1.0, 1.0))
    rng = np.random.default_rng(0)
    on_a_line = rng.normal(size=(len(surface.vertices_mm), 1)) * [1.0, 2.0, 3.0]
    with pytest.raises(ComputeError, match="it is a line"):
        start_map(on_a_line, surface.triangles)


GRID = Grid((40, 40, 40), np.diag([1.0, 1.0, 1.5, 1.0]))


def features(voxels, **settings):
    chosen = FeatureSettings(families=("spharm",), spharm=SpharmSettings(**settings))
    scan = Scan(np.zeros(GRID.shape, dtype=np.int16), GRID, "CT")
    return radiotype.describe(scan, Mask(voxels, GRID), settings=chosen)


def test_records_name_the_map_and_promise_only_what_it_keeps():
    area, cald = (features(SHAPES["ellipsoid"], sphere_map=name, degree=4) for name in ("area", "cald"))
    assert list(area.values) == list(cald.values)
    for record in cald.records:
        free = record.name in ("spharm_volume_mm3", "spharm_mean_radius_mm")
        assert record.detail.get("sphere_map") == (None if free else "cald")
        assert ("rotation90" in record.invariances) == ("mirror" in record.invariances) == free
        assert "translation" in record.invariances
        if free:
            assert cald.values[record.name] == area.values[record.name]
    assert cald.values["spharm_energy_l3"] != area.values["spharm_energy_l3"]


def test_a_symmetric_mask_may_lie_anywhere():
    settings = SpharmSettings(sphere_map="cald", degree=6)
    found = []
    for before in (3, 17):
        voxels = np.pad(SHAPES["ellipsoid"], before)
        grid = Grid(voxels.shape, np.diag([0.7, 0.7, 1.1, 1.0]))
        found.append(describe(Mask(voxels, grid), settings, keep=True))
    near, far = found
    assert near.steps.sphere_map.points.tobytes() == far.steps.sphere_map.points.tobytes()
    np.testing.assert_allclose(near.descriptors.energies, far.descriptors.energies, rtol=1e-9)


def test_flipped_triangles_reach_the_flags():
    voxels = SHAPES["spikes"]
    found = features(voxels, sphere_map="cald", degree=4)
    steps = describe(Mask(voxels, GRID), SpharmSettings(sphere_map="cald", degree=4), keep=True).steps
    assert found.flags["spharm_flipped_triangles"] == steps.sphere_map.n_flipped


def test_a_failure_of_the_published_map_gives_codes(monkeypatch):
    def none(vertices, quads):
        raise ComputeError("RT308", "no map", hint="none")

    monkeypatch.setattr(sys.modules["radiotype.features.spharm.describe"], "cald_map", none)
    found = features(SHAPES["ball"], sphere_map="cald", degree=4)
    assert set(found.reasons.values()) == {"sphere_map_failed"}
    assert all(math.isnan(value) for value in found.values.values())


@pytest.mark.parametrize("level", ["base", "avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level):
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if level != "base" and {"avx2": "avx2", "avx512": "avx512vl"}[level] not in flags:
        pytest.skip(f"this processor has no {level}")
    script = (
        "import sys, numpy as np; from radiotype.features.spharm import cald_map, voxel_surface;"
        "surface = voxel_surface(np.ones((8, 10, 16), dtype=bool), (1.0, 1.0, 1.0));"
        "sys.stdout.buffer.write(cald_map(surface.vertices_mm, surface.quads).points.tobytes())"
    )
    environment = {**os.environ, "RADIOTYPE_SIMD": level}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    surface = voxel_surface(np.ones((8, 10, 16), dtype=bool), (1.0, 1.0, 1.0))
    assert run.stdout == cald_map(surface.vertices_mm, surface.quads).points.tobytes()
