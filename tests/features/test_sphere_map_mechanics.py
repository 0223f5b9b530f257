"""Spherical map: odd shapes, refusals and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from voxel_surface import voxel_surface

from radiotype.errors import ComputeError
from radiotype.features.spharm.sphere_map import area_map


def one_voxel():
    return np.ones((1, 1, 1), dtype=bool)


def eight_voxels():
    return np.ones((2, 2, 2), dtype=bool)


def plate():
    return np.ones((40, 30, 1), dtype=bool)


def stick():
    return np.ones((120, 1, 1), dtype=bool)


def dumbbell():
    mask = np.zeros((41, 15, 15), dtype=bool)
    mask[:15] = mask[-15:] = True
    mask[:, 7, 7] = True
    return mask


def spikes():
    mask = np.zeros((61, 61, 61), dtype=bool)
    mask[22:39, 22:39, 22:39] = True
    for offset in (24, 30, 36):
        mask[:, offset, 30] = mask[30, :, offset] = mask[offset, 30, :] = True
    return mask


def helix():
    mask = np.zeros((40, 40, 68), dtype=bool)
    for angle in np.linspace(0, 8 * np.pi, 4000):
        x, y, z = np.rint([20 + 14 * np.cos(angle), 20 + 14 * np.sin(angle), 3 + 2.4 * angle]).astype(int)
        mask[x - 1 : x + 2, y - 1 : y + 2, z - 1 : z + 2] = True
    return mask


def comb():
    mask = np.zeros((60, 12, 3), dtype=bool)
    mask[:, :3] = True
    mask[::3] = True
    return mask


@pytest.mark.parametrize("shape", [one_voxel, eight_voxels, plate, stick, dumbbell, spikes, helix, comb])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 10.0)])
def test_odd_shapes_are_mapped_without_a_turned_triangle(shape, spacing):
    vertices, quads = voxel_surface(shape(), spacing)
    found = area_map(vertices, quads)
    np.testing.assert_allclose(np.linalg.norm(found.points, axis=1), 1, rtol=0, atol=1e-12)
    corners = found.points[found.triangles]
    assert found.n_flipped == 0 and np.all(np.linalg.det(corners) > 0)
    assert np.array_equal(np.sort(found.triangles.reshape(-1, 6))[:, [0, -1]], np.sort(quads)[:, [0, -1]])
    assert not found.points.flags.writeable and found.n_iterations > 0


def test_what_is_no_closed_surface_of_genus_0_is_refused():
    vertices, quads = voxel_surface(np.ones((2, 2, 2), dtype=bool))
    ring = np.ones((3, 3, 1), dtype=bool)
    ring[1, 1] = False
    bent = vertices.copy()
    bent[0, 0] += 0.3
    not_finite = vertices.copy()
    not_finite[3, 1] = np.nan
    repeated = quads.copy()
    repeated[0] = repeated[1]
    outside = quads.copy()
    outside[0, 0] = 99
    for surface in (
        (vertices, quads[1:]),
        voxel_surface(ring),
        (bent, quads),
        (not_finite, quads),
        (vertices, repeated),
        (vertices, outside),
        (vertices * [1, 1, 0], quads),
    ):
        with pytest.raises(ComputeError) as error:
            area_map(*surface)
        assert error.value.code == "RT308"
