"""Shapes whose coefficients are known: harmonics, spheres, ellipsoids, star shapes; and kernels beside plain NumPy."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from scipy.special import sph_harm_y

from radiotype.errors import ComputeError, RecipeError
from radiotype.features.spharm import align, descriptors, expand, reconstruct, reconstruction_error, turned
from radiotype.features.spharm.descriptors import ENTROPY_OFFSET
from radiotype.features.spharm.expansion import quadrature


def points_on_sphere(n, seed=0):
    points = np.random.default_rng(seed).normal(size=(n, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def harmonics(points, degree):
    """Table (n, (L + 1)^2) of complex harmonics, from SciPy."""
    polar, azimuth = np.arccos(points[:, 2]), np.arctan2(points[:, 1], points[:, 0])
    return np.stack([sph_harm_y(d, m, polar, azimuth) for d in range(degree + 1) for m in range(-d, d + 1)], axis=1)


def real_coefficients(degree, seed=0):
    """Random coefficients of three real functions."""
    random = np.random.default_rng(seed).normal(size=((degree + 1) ** 2, 3, 2)) @ [1, 1j]
    for d in range(degree + 1):
        random[d * d + d] = random[d * d + d].real
        for m in range(1, d + 1):
            random[d * d + d - m] = (-1) ** m * random[d * d + d + m].conj()
    return random


def rotation(seed):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return turn * np.sign(np.linalg.det(turn))


def ellipsoid(half_axes, turn, points):
    return (points * half_axes) @ turn.T


@pytest.mark.parametrize("degree", [1, 2, 8, 15, 25])
def test_values_are_those_of_scipy(degree):
    points, coefficients = points_on_sphere(200), real_coefficients(degree)
    points[:2] = [[0, 0, 1], [0, 0, -1]]
    expected = harmonics(points, degree) @ coefficients
    assert np.abs(expected.imag).max() < 1e-11
    np.testing.assert_allclose(reconstruct(coefficients, points), expected.real, rtol=0, atol=1e-11)


@pytest.mark.parametrize("degree", [1, 4, 15, 20])
def test_known_harmonics_come_back(degree):
    points, coefficients = points_on_sphere(6000), real_coefficients(degree)
    found = expand(points, reconstruct(coefficients, points), degree)
    np.testing.assert_allclose(found, coefficients, rtol=0, atol=1e-11)


@pytest.mark.parametrize("n", [1000, 1023, 1025])
def test_least_squares_are_those_of_numpy_on_uneven_points(n):
    points = points_on_sphere(n)
    points[: n // 2, 2] += 1.5  # most of them in the north
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    values = np.random.default_rng(1).normal(size=(n, 3)) * [1, 10, 100] + [0, 50, -400]
    table = harmonics(points, 8)
    expected = np.linalg.lstsq(table, values.astype(complex), rcond=None)[0]
    np.testing.assert_allclose(expand(points, values, 8), expected, rtol=0, atol=1e-10)


def test_points_that_leave_a_harmonic_undetermined_are_refused():
    with pytest.raises(ComputeError) as caught:
        expand(points_on_sphere(200), points_on_sphere(200), 15)
    assert caught.value.code == "RT304"
    on_one_circle = points_on_sphere(5000)
    on_one_circle[:, 2] = 0
    on_one_circle /= np.linalg.norm(on_one_circle, axis=1, keepdims=True)
    with pytest.raises(ComputeError):
        expand(on_one_circle, on_one_circle, 3)


@pytest.mark.parametrize("degree", [6, 15, 30])
def test_quadrature_is_exact_up_to_its_degree(degree):
    grid = quadrature(degree)
    sums = grid.weights @ harmonics(grid.points, degree)
    assert sums[0] == pytest.approx(sqrt(4 * pi), rel=1e-13)
    assert np.abs(sums[1:]).max() < 1e-12


def test_coefficients_of_a_turned_sphere_are_those_of_turned_points():
    points, coefficients = points_on_sphere(5000), real_coefficients(15)
    values = reconstruct(coefficients, points)
    for turn in (rotation(1), rotation(2), np.diag([1.0, -1.0, 1.0])):  # the last is a mirror
        np.testing.assert_allclose(turned(coefficients, turn), expand(points @ turn.T, values), rtol=0, atol=1e-10)


def test_sphere_has_degree_one_only():
    points = points_on_sphere(10_000)
    aligned = align(expand(points, 7.5 * points + [100.0, -40.0, 12.0]))
    found = descriptors(aligned.coefficients, 7.5)
    # Each coordinate is r times a harmonic of degree 1 of norm sqrt(4 pi / 3).
    assert found.energies[0] == pytest.approx(sqrt(4 * pi), rel=1e-12)
    assert np.all(found.energies[1:] < 1e-11)
    np.testing.assert_allclose(found.axis_scales, sqrt(4 * pi) / 3, rtol=1e-12)
    np.testing.assert_allclose(aligned.half_axes_mm, 7.5, rtol=1e-12)
    assert aligned.axes_degenerate


@pytest.mark.parametrize("half_axes", [(5.0, 7.0, 11.0), (2.0, 20.0, 21.5)])
@pytest.mark.parametrize("seed", range(4))
def test_ellipsoid_axes_come_back_from_any_orientation(half_axes, seed):
    points = points_on_sphere(8000)
    to_parameter, to_object = rotation(seed), rotation(seed + 10)
    placed = ellipsoid(half_axes, to_object, points) + np.array([9.0, 80.0, -3.0])
    aligned = align(expand(points @ to_parameter.T, placed))
    np.testing.assert_allclose(aligned.half_axes_mm, half_axes, rtol=1e-11)
    assert not aligned.axes_degenerate
    # In the aligned frame x is the short and z the long axis, in the object and on the sphere.
    expected = np.zeros((256, 3), dtype=complex)
    size = sqrt(4 * pi / 3)
    expected[2, 2] = half_axes[2] * size
    expected[1, 0], expected[3, 0] = half_axes[0] * size / sqrt(2), -half_axes[0] * size / sqrt(2)
    expected[[1, 3], 1] = 1j * half_axes[1] * size / sqrt(2)
    np.testing.assert_allclose(np.abs(aligned.coefficients[1:]), np.abs(expected[1:]), atol=1e-10)
    np.testing.assert_allclose(aligned.object_rotation @ aligned.object_rotation.T, np.eye(3), atol=1e-14)
    assert np.linalg.det(aligned.object_rotation) == pytest.approx(1)
    assert np.linalg.det(aligned.parameter_rotation) == pytest.approx(1)


@pytest.mark.parametrize(("half_axes", "expected"), [((5, 5.2, 9), True), ((5, 8.7, 9), True), ((5, 5.3, 9), False)])
def test_axes_are_degenerate_below_five_per_cent(half_axes, expected):
    points = points_on_sphere(2000)
    assert align(expand(points, points * half_axes, 2)).axes_degenerate is expected


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_alignment_of_a_flat_or_straight_shape_is_finite(rows):
    points = points_on_sphere(2000)
    flat = points * [4.0, 3.0 if rows > 1 else 0.0, 2.0 if rows > 2 else 0.0]
    aligned = align(expand(points, flat, 3))
    assert np.isfinite(aligned.coefficients).all()
    np.testing.assert_allclose(aligned.object_rotation @ aligned.object_rotation.T, np.eye(3), atol=1e-12)


def test_star_shape_has_the_energies_of_its_harmonics():
    points = points_on_sphere(20_000)
    radius = 10 + reconstruct(np.eye(36, 3, -20) * 0.7, points)[:, 0]  # degree 4, order 0
    found = descriptors(align(expand(points, radius[:, None] * points)).coefficients, 10.0)
    # A harmonic of degree 4 times a coordinate has degrees 3 and 5 only; the sphere has degree 1.
    present = {1, 3, 5}
    for degree in range(1, 16):
        assert (found.energies[degree - 1] > 1e-3) == (degree in present), degree
    # |r Y|^2 over x, y, z integrates to 0.7^2, split between the two degrees as 4 : 5 (recurrence of Legendre polynomials).
    assert found.energies[2] ** 2 + found.energies[4] ** 2 == pytest.approx(0.07**2, rel=1e-10)
    assert found.energies[2] ** 2 / found.energies[4] ** 2 == pytest.approx(4 / 5, rel=1e-9)


def test_entropy_of_one_order_and_of_all_orders():
    one, all_ = np.zeros((16, 3), dtype=complex), np.zeros((16, 3), dtype=complex)
    one[12, 1] = 2.0
    all_[9:16] = 0.3
    assert descriptors(one, 1.0).entropies[2] == pytest.approx(-np.log1p(ENTROPY_OFFSET), rel=1e-12)
    assert descriptors(all_, 1.0).entropies[2] == pytest.approx(-np.log(1 / 7 + ENTROPY_OFFSET), rel=1e-12)
    assert np.isnan(descriptors(one, 1.0).entropies[[0, 1]]).all()


def test_descriptors_other_than_sizes_do_not_change_with_scale():
    coefficients = real_coefficients(9)
    one = descriptors(align(coefficients).coefficients, 2.0)
    three = descriptors(align(3 * coefficients).coefficients, 6.0)
    np.testing.assert_allclose(three.energies, one.energies, rtol=1e-11)
    np.testing.assert_allclose(three.entropies, one.entropies, rtol=1e-11)
    np.testing.assert_allclose(three.magnitudes_mm, 3 * one.magnitudes_mm, rtol=1e-9)


def test_reconstruction_error_is_exact_where_it_is_known():
    line = np.arange(5)[:, None] * [2.0, 0.0, 0.0]
    assert reconstruction_error(line, line) == (0.0, 0.0)
    assert reconstruction_error(line, line + np.array([0, 3.0, 4.0])) == pytest.approx((5.0, 5.0))
    moved = line.copy()
    moved[4] += [1.0, 0.0, 0.0]
    assert reconstruction_error(line, moved) == pytest.approx((sqrt(1 / 5), 1.0))
    assert reconstruction_error(line, line[::-1]).hausdorff_mm == 0.0


def test_hausdorff_distance_is_that_of_scipy():
    from scipy.spatial.distance import directed_hausdorff

    random = np.random.default_rng(5)
    first = random.normal(size=(3000, 3))
    second = first + random.normal(scale=0.3, size=first.shape)
    expected = max(directed_hausdorff(first, second)[0], directed_hausdorff(second, first)[0])
    assert reconstruction_error(first, second).hausdorff_mm == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("degree", [-1, 4])
def test_a_degree_beyond_the_coefficients_is_refused(degree):
    with pytest.raises(RecipeError) as caught:
        reconstruct(real_coefficients(3), points_on_sphere(5), degree)
    assert caught.value.code == "RT103"
