"""Spherical map: shapes whose map is known."""

from __future__ import annotations

import numpy as np
import pytest
from voxel_surface import voxel_surface

from radiotype.features.spharm.sphere_map import area_map


def turned_onto(points, directions):
    """Points after the best turn onto the directions (Kabsch)."""
    left, _, right = np.linalg.svd(points.T @ directions)
    sign = np.sign(np.linalg.det(left @ right))
    return points @ (left * [1, 1, sign]) @ right


def test_a_ball_is_mapped_along_its_radii():
    grid = np.indices((41, 41, 41)) - 20
    vertices, quads = voxel_surface((grid**2).sum(axis=0) <= 19.5**2)
    centred = vertices - vertices.mean(axis=0)
    directions = centred / np.linalg.norm(centred, axis=1)[:, None]
    angles = np.arccos(np.clip((turned_onto(area_map(vertices, quads).points, directions) * directions).sum(axis=1), -1, 1))
    # Stairs hold up to 1.7 times the area of the ball below them, so the map cannot be radial exactly.
    assert np.degrees(np.median(angles)) < 3 and np.degrees(angles.max()) < 7


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_spheroid_keeps_its_longitudes(axis):
    """A minimum keeps the symmetry of revolution: poles on the axis, longitudes as on the object."""
    grid = (np.indices((51, 51, 51)) - 25) / np.where(np.arange(3) == axis, 24.3, 12.2)[:, None, None, None]
    vertices, quads = voxel_surface((grid**2).sum(axis=0) <= 1)
    found = area_map(vertices, quads)
    centred = vertices - vertices.mean(axis=0)
    points = turned_onto(found.points, centred)
    around = [other for other in range(3) if other != axis]
    away = np.linalg.norm(centred[:, around], axis=1) > 4
    turn = np.arctan2(*points[away][:, around].T) - np.arctan2(*centred[away][:, around].T)
    assert np.degrees(np.median(np.abs((turn + np.pi) % (2 * np.pi) - np.pi))) < 3
    low, _, high = found.area_ratio_percentiles
    assert 0.5 < low < high < 2


def test_area_ratios_are_those_of_spherical_triangles():
    """Girard: the area of a spherical triangle is its angle sum less pi, for the 12 triangles of a mapped cube."""
    vertices, quads = voxel_surface(np.ones((1, 1, 1), dtype=bool))
    found = area_map(vertices, quads)
    areas = []
    for triangle in found.triangles:
        a, b, c = found.points[triangle]
        excess = -np.pi
        for at, one, other in ((a, b, c), (b, c, a), (c, a, b)):
            u, v = np.cross(at, one), np.cross(at, other)
            excess += np.arccos(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
        areas.append(excess)
    assert np.sum(areas) == pytest.approx(4 * np.pi, abs=1e-9)
    ratios = np.array(areas).reshape(6, 2).sum(axis=1) / (4 * np.pi) * 6
    np.testing.assert_allclose(found.area_ratio_percentiles, np.percentile(ratios, [1, 50, 99]), rtol=1e-9)
