"""Least squares in spherical harmonics."""

from __future__ import annotations

from functools import cache
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError

Complexes = npt.NDArray[np.complex128]

#: The smallest pivot of the normal equations, relative to the largest, with which a solution still has meaning.
SMALLEST_PIVOT = 1e-5


class Quadrature(NamedTuple):
    """Rings of points whose weighted sum integrates every harmonic up to some degree exactly."""

    points: Floats
    weights: Floats
    heights: Floats
    longitudes: Floats


class _Factors(NamedTuple):
    """The harmonics on a quadrature, longitude (steps, 2 L + 1) times latitude (rings, (L + 1)^2), with root weights."""

    waves: Floats
    latitudes: Floats


def n_coefficients(degree: int) -> int:
    """Number of harmonics up to a degree."""
    return (degree + 1) ** 2


def expand(points: Floats, values: Floats, degree: int = 15) -> Complexes:
    """Coefficients of the harmonics that come closest, in the sum of squares over the points, to a function on the sphere.

    The normal equations need no table of harmonics: a product of two harmonics is a sum of harmonics of up to twice the degree,
    so the sums of those over the points, (2 L + 1)^2 of them, hold the whole matrix. A second step on the remainder takes the
    rounding away.

    Parameters
    ----------
    points : array, shape (n, 3)
        Unit vectors.
    values : array, shape (n, 3)
        One real function per column, such as the coordinates of a surface in mm.
    degree : int
        The highest degree L.

    Returns
    -------
    array of complex, shape ((L + 1)^2, 3)
        Row l^2 + l + m belongs to the orthonormal harmonic of degree l and order m, with the Condon-Shortley sign.

    Raises
    ------
    ComputeError
        RT304 if the points leave a harmonic undetermined.

    References
    ----------
    Brechbuehler, Gerig & Kuebler, Computer Vision and Image Understanding 61 (1995) 154-170.

    Examples
    --------
    >>> points = np.concatenate([np.eye(3), -np.eye(3), np.array([[0.6, 0.8, 0.0], [0.0, -0.6, 0.8]])])
    >>> np.abs(expand(points, 2 * points, degree=1)[:, 2]).round(4)
    array([0.    , 0.    , 4.0933, 0.    ])
    """
    points = np.ascontiguousarray(points, dtype=np.float64)
    values = np.ascontiguousarray(values, dtype=np.float64)
    matrix = _normal_matrix(points, degree)
    if native.cholesky(matrix) < SMALLEST_PIVOT:
        raise ComputeError(
            "RT304",
            f"{len(points):,} points on the sphere do not determine {n_coefficients(degree)} harmonics",
            hint="expand to a lower degree",
        )
    found = harmonic_sums(points, values, degree)
    native.cholesky_solve(matrix, found)
    correction = harmonic_sums(points, values - harmonic_values(points, found), degree)
    native.cholesky_solve(matrix, correction)
    return _to_complex(found + correction)


def evaluate(points: Floats, coefficients: Complexes) -> Floats:
    """Values, shape (n, 3), at unit vectors (n, 3) of the real functions with these coefficients."""
    return harmonic_values(np.ascontiguousarray(points, dtype=np.float64), _to_real(coefficients))


def integrate(quadrature: Quadrature, values: Floats, degree: int) -> Complexes:
    """Coefficients up to a degree of functions known at the points of a quadrature."""
    return _to_complex(harmonic_sums(quadrature.points, values * quadrature.weights[:, None], degree))


def harmonic_sums(points: Floats, values: Floats, degree: int) -> Floats:
    """Sum over the points of each real harmonic times each column of values, shape ((L + 1)^2, columns)."""
    n_rows, n_columns = n_coefficients(degree), values.shape[1]
    sums = np.empty((n_rows, n_columns))
    native.harmonic_sums(points, degree, _recurrence(degree), values, np.zeros((n_rows, n_columns, 8)), sums)
    return sums


def harmonic_values(points: Floats, coefficients: Floats) -> Floats:
    """Values at the points of the functions with these coefficients of real harmonics, shape (n, columns)."""
    degree = round(sqrt(len(coefficients))) - 1
    values = np.empty((len(points), coefficients.shape[1]))
    native.harmonic_values(points, degree, _recurrence(degree), np.ascontiguousarray(coefficients), values)
    return values


@cache
def quadrature(degree: int) -> Quadrature:
    """Gauss-Legendre points in latitude and equal steps in longitude, exact up to a degree."""
    heights, weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    longitudes = np.arange(degree + 1) * (2 * pi / (degree + 1))
    z, phi = (grid.ravel() for grid in np.meshgrid(heights, longitudes, indexing="ij"))
    r = np.sqrt(1 - z * z)
    points = np.stack([r * np.cos(phi), r * np.sin(phi), z], axis=1)
    step = 2 * pi / len(longitudes)
    return Quadrature(*map(_read_only, (points, np.repeat(weights, len(longitudes)) * step, heights, longitudes)))


@cache
def _factors(degree: int) -> _Factors:
    """The harmonics up to a degree on the quadrature that is exact for products of four of them."""
    grid = quadrature(4 * degree)
    n_steps = len(grid.longitudes)
    orders = np.arange(-degree, degree + 1)
    waves = np.where(orders < 0, np.sin(-np.outer(grid.longitudes, orders)), np.cos(np.outer(grid.longitudes, orders)))
    meridian = np.stack([np.sqrt(1 - grid.heights**2), np.zeros_like(grid.heights), grid.heights], axis=1)
    latitudes = np.zeros((len(grid.heights), n_coefficients(degree)))
    for d in range(degree + 1):
        for m in range(d + 1):
            single = np.zeros((n_coefficients(d), 1))
            single[d * d + d + m] = 1.0
            along = harmonic_values(meridian, single)[:, 0]
            latitudes[:, d * d + d + m] = latitudes[:, d * d + d - m] = along
    latitudes *= np.sqrt(grid.weights[::n_steps])[:, None]
    return _Factors(_read_only(waves), _read_only(latitudes))


def _normal_matrix(points: Floats, degree: int) -> Floats:
    """Sum over the points of the products of every two real harmonics, shape ((L + 1)^2, (L + 1)^2)."""
    moments = harmonic_sums(points, np.ones((len(points), 1)), 2 * degree)
    grid, factors = quadrature(4 * degree), _factors(degree)
    density = harmonic_values(grid.points, moments).reshape(len(grid.heights), -1)
    n_orders, n_rows = 2 * degree + 1, n_coefficients(degree)
    products = np.empty((n_rows, n_rows))
    native.harmonic_products(*factors, degree, density, np.empty(n_orders * (n_orders + n_rows)), products)
    return products


def _read_only(array: Floats) -> Floats:
    array.flags.writeable = False
    return array


@cache
def _recurrence(degree: int) -> Floats:
    """Constants of the three-term recurrence, in the order in which the kernel uses them."""
    constants: list[float] = []
    diagonal = sqrt(1 / (4 * pi))
    for m in range(degree + 1):
        if m > 0:
            diagonal *= -sqrt((2 * m + 1) / (2 * m))
        constants.append(diagonal * (sqrt(2) if m > 0 else 1.0))
        for d in range(m + 1, degree + 1):
            a = sqrt((4 * d * d - 1) / (d * d - m * m))
            b = a * sqrt(((d - 1) ** 2 - m * m) / (4 * (d - 1) ** 2 - 1)) if d > m + 1 else 0.0
            constants += [a, b]
    return _read_only(np.array(constants))


@cache
def _orders(degree: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Rows of the orders m > 0, rows of the orders -m, and (-1)^m."""
    pairs = [(d * d + d + m, d * d + d - m, (-1.0) ** m) for d in range(degree + 1) for m in range(1, d + 1)]
    plus, minus, sign = zip(*pairs, strict=True) if pairs else ((), (), ())
    return np.array(plus, dtype=np.int64), np.array(minus, dtype=np.int64), np.array(sign, dtype=np.float64)


def _to_complex(real: Floats) -> Complexes:
    plus, minus, sign = _orders(round(sqrt(len(real))) - 1)
    result = real.astype(np.complex128)
    result[plus] = (real[plus] - 1j * real[minus]) / sqrt(2)
    result[minus] = sign[:, None] * result[plus].conj()
    return result


def _to_real(coefficients: Complexes) -> Floats:
    plus, minus, _ = _orders(round(sqrt(len(coefficients))) - 1)
    result = np.array(coefficients.real)
    result[plus] = sqrt(2) * coefficients[plus].real
    result[minus] = -sqrt(2) * coefficients[plus].imag
    return result
