"""Star-shaped surfaces against closed forms."""

import numpy as np
import pytest

from radiotype.errors import RecipeError
from radiotype.simulate.surface import (
    N_AZIMUTH,
    N_POLAR,
    StarSurface,
    _directions,
    _harmonics,
    _random_rotation,
    _solid_angles,
    random_surface,
    sphere,
)


def voxel_centres(half_mm: float, step_mm: float) -> np.ndarray:
    axis = np.arange(-half_mm, half_mm + step_mm / 2, step_mm)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"))


def test_volume_of_sphere():
    assert sphere(10.0).volume_mm3 == pytest.approx(4000 / 3 * np.pi, rel=1e-12)


def test_distance_to_sphere_is_exact():
    points = np.random.default_rng(0).normal(0, 10, (3, 2000))
    relative, distance = sphere(10.0).relative_radius(points)
    radius = np.linalg.norm(points, axis=0)
    np.testing.assert_allclose(distance, radius - 10, atol=1e-10)
    np.testing.assert_allclose(relative, radius / 10, atol=1e-12)


def test_centre_lies_inside_without_warning():
    relative, distance = sphere(7.0).relative_radius(np.zeros((3, 1)))
    assert relative[0] == 0
    assert distance[0] == pytest.approx(-7.0)


def test_solid_angles_cover_the_sphere():
    assert _solid_angles().sum() * N_AZIMUTH == pytest.approx(4 * np.pi, rel=1e-12)


@pytest.mark.parametrize("degree", [2, 4, 7])
def test_harmonics_are_orthonormal(degree):
    basis = _harmonics(degree)
    gram = np.einsum("mij,nij,i->mn", basis, basis, _solid_angles())
    np.testing.assert_allclose(gram, np.eye(2 * degree + 1), atol=0.02)


def test_second_degree_harmonics_are_the_published_ones():
    x, y, z = _directions()
    closed = [
        0.5 * np.sqrt(15 / np.pi) * x * y,
        0.5 * np.sqrt(15 / np.pi) * y * z,
        0.25 * np.sqrt(5 / np.pi) * (3 * z**2 - 1),
        0.5 * np.sqrt(15 / np.pi) * x * z,
        0.25 * np.sqrt(15 / np.pi) * (x**2 - y**2),
    ]
    for found, wanted in zip(_harmonics(2), closed, strict=True):
        sign = np.sign((found * wanted).sum())
        np.testing.assert_allclose(sign * found, wanted, atol=1e-12)


def test_energy_is_the_variance_of_the_log_radius():
    surface = random_surface(np.random.default_rng(3), 12.0, energy=(0.004, 0.0, 0.006))
    weight = np.broadcast_to(_solid_angles()[:, None], (N_POLAR, N_AZIMUTH)) / (4 * np.pi)
    logarithm = np.log(surface.radii_mm)
    variance = (weight * logarithm**2).sum() - (weight * logarithm).sum() ** 2
    assert variance == pytest.approx(0.010, rel=0.02)


def test_ellipsoid_has_the_planted_semi_axes():
    surface = random_surface(np.random.default_rng(1), 10.0, axis_ratios=(1.5, 1.0, 0.8))
    unit = 10.0 / np.cbrt(1.5 * 0.8)
    assert surface.largest_radius_mm == pytest.approx(1.5 * unit, rel=2e-3)
    assert surface.radii_mm.min() == pytest.approx(0.8 * unit, rel=2e-3)


def test_rotation_keeps_lengths_and_angles():
    turn = _random_rotation(np.random.default_rng(5))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize("energy", [(), (0.006, 0.01, 0.01, 0.008, 0.006, 0.004)])
def test_voxels_inside_fill_the_planted_volume(energy):
    surface = random_surface(np.random.default_rng(2), 10.0, axis_ratios=(1.2, 1.0, 0.9), energy=energy)
    inside = surface.relative_radius(voxel_centres(24.0, 0.75))[1] < 0
    assert inside.sum() * 0.75**3 == pytest.approx(4000 / 3 * np.pi, rel=0.01)


def test_surface_refuses_radii_that_are_not_positive():
    with pytest.raises(RecipeError) as caught:
        StarSurface(np.zeros((N_POLAR, N_AZIMUTH)))
    assert caught.value.code == "RT103"
