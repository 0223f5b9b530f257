"""Closed surfaces that every ray from their centre meets once, with a known volume and a known spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError

#: Directions at which a surface is tabulated: polar angles from 0 to pi, azimuths from 0 up to 2 pi.
N_POLAR, N_AZIMUTH = 65, 128


@dataclass(frozen=True, eq=False)
class StarSurface:
    """A star-shaped surface r(direction) around the origin.

    Parameters
    ----------
    radii_mm : array, shape (N_POLAR, N_AZIMUTH), mm
        Distance from the centre at each tabulated direction; linear between them.
    """

    radii_mm: Floats

    def __post_init__(self) -> None:
        radii = np.array(self.radii_mm, dtype=np.float64)
        if radii.shape != (N_POLAR, N_AZIMUTH) or not (np.isfinite(radii).all() and radii.min() > 0):
            raise RecipeError("RT103", f"a surface needs {N_POLAR} x {N_AZIMUTH} finite radii above 0, found {radii.shape}")
        radii.setflags(write=False)
        object.__setattr__(self, "radii_mm", radii)

    @property
    def volume_mm3(self) -> float:
        """Volume inside, mm3: the integral of r^3 / 3 over all directions."""
        return float((self.radii_mm**3 * _solid_angles()[:, None]).sum() / 3.0)

    @property
    def largest_radius_mm(self) -> float:
        """Distance of the outermost point from the centre, mm."""
        return float(self.radii_mm.max())

    def scaled(self, factor: float) -> StarSurface:
        """The same shape at another size."""
        return StarSurface(self.radii_mm * factor)

    def relative_radius(self, points_mm: Floats) -> tuple[Floats, Floats]:
        """Where points lie along their ray, and how far from the surface.

        Parameters
        ----------
        points_mm : array, shape (3, ...), mm
            Relative to the centre.

        Returns
        -------
        relative, distance_mm : arrays, shape (...)
            Distance from the centre over the surface's radius in that direction; signed distance to the surface to first
            order (negative inside, exact for a sphere), mm.
        """
        from scipy import ndimage

        x, y, z = points_mm
        from_centre: Floats = np.sqrt(x * x + y * y + z * z)
        cosine = np.divide(z, from_centre, out=np.ones_like(from_centre), where=from_centre > 0)
        rows = np.arccos(np.clip(cosine, -1, 1)) * ((N_POLAR - 1) / np.pi)
        columns = np.mod(np.arctan2(y, x), 2 * np.pi) * (N_AZIMUTH / (2 * np.pi))
        where = np.stack([rows, columns])
        closed = np.concatenate([self.radii_mm, self.radii_mm[:, :1]], axis=1)
        radius = ndimage.map_coordinates(closed, where, order=1, mode="nearest", output=np.float64)
        tilt = _cosine_of_normal(self.radii_mm)
        tilt = ndimage.map_coordinates(np.concatenate([tilt, tilt[:, :1]], axis=1), where, order=1, mode="nearest")
        distance: Floats = (from_centre - radius) * tilt
        return from_centre / radius, distance


def sphere(radius_mm: float) -> StarSurface:
    """A sphere.

    Examples
    --------
    >>> round(sphere(10.0).volume_mm3, 2)
    4188.79
    """
    return StarSurface(np.full((N_POLAR, N_AZIMUTH), float(radius_mm)))


def random_surface(
    rng: np.random.Generator, radius_mm: float, *, axis_ratios: Sequence[float] = (1.0, 1.0, 1.0), energy: Sequence[float] = ()
) -> StarSurface:
    """A randomly turned ellipsoid whose surface undulates with a given energy per spherical harmonic degree.

    Parameters
    ----------
    rng : Generator
    radius_mm : float
        Radius of the sphere of equal volume, mm.
    axis_ratios : three numbers
        Semi-axes of the ellipsoid, up to a common factor.
    energy : sequence of float
        Variance of the logarithm of the radius over all directions in degree 2, 3, 4 ...; the coefficients of a degree point
        in a random direction.

    Returns
    -------
    StarSurface

    Examples
    --------
    >>> surface = random_surface(np.random.default_rng(0), 10.0, energy=(0.01, 0.01))
    >>> round(surface.volume_mm3, 2)
    4188.79
    """
    turned = np.einsum("ab,bij->aij", _random_rotation(rng), _directions())
    logarithm = -0.5 * np.log(np.einsum("aij,a->ij", turned**2, 1.0 / np.asarray(axis_ratios, dtype=np.float64) ** 2))
    for degree, variance in enumerate(energy, start=2):
        coefficients = rng.standard_normal(2 * degree + 1)
        coefficients *= np.sqrt(variance * 4 * np.pi / (coefficients**2).sum())
        logarithm += np.einsum("m,mij->ij", coefficients, _harmonics(degree))
    surface = StarSurface(np.exp(logarithm))
    return surface.scaled(radius_mm / np.cbrt(surface.volume_mm3 * 3 / (4 * np.pi)))


def _random_rotation(rng: np.random.Generator) -> Floats:
    """A rotation or reflection drawn evenly: Gram-Schmidt on a Gaussian matrix."""
    a, b, c = rng.standard_normal((3, 3))
    a /= np.linalg.norm(a)
    b -= (b * a).sum() * a
    b /= np.linalg.norm(b)
    c -= (c * a).sum() * a + (c * b).sum() * b
    return np.stack([a, b, c / np.linalg.norm(c)])


def _angles() -> tuple[Floats, Floats]:
    return np.linspace(0.0, np.pi, N_POLAR), np.arange(N_AZIMUTH, dtype=np.float64) * (2 * np.pi / N_AZIMUTH)


@cache
def _directions() -> Floats:
    """Unit vectors of the tabulated directions, shape (3, N_POLAR, N_AZIMUTH)."""
    polar, azimuth = _angles()
    sine = np.sin(polar)[:, None]
    return np.stack(
        [sine * np.cos(azimuth), sine * np.sin(azimuth), np.broadcast_to(np.cos(polar)[:, None], (len(polar), N_AZIMUTH))]
    )


@cache
def _solid_angles() -> Floats:
    """Solid angle that each tabulated direction of a row stands for, shape (N_POLAR,)."""
    polar, _ = _angles()
    half = np.pi / (N_POLAR - 1) / 2
    between = np.cos(np.clip(polar - half, 0, np.pi)) - np.cos(np.clip(polar + half, 0, np.pi))
    return between * (2 * np.pi / N_AZIMUTH)


@cache
def _harmonics(degree: int) -> Floats:
    """Real orthonormal spherical harmonics of one degree, order by order, shape (2 degree + 1, N_POLAR, N_AZIMUTH)."""
    from scipy.special import sph_harm_y

    polar, azimuth = (angle.ravel() for angle in np.meshgrid(*_angles(), indexing="ij"))
    rows = []
    for order in range(-degree, degree + 1):
        value = sph_harm_y(degree, abs(order), polar, azimuth)
        if order == 0:
            rows.append(value.real)
        else:
            rows.append(np.sqrt(2.0) * (value.real if order > 0 else value.imag))
    return np.array(rows).reshape(2 * degree + 1, N_POLAR, N_AZIMUTH)


def _cosine_of_normal(radii: Floats) -> Floats:
    """Cosine of the angle between ray and surface normal: turns a distance along the ray into one to the surface."""
    polar, azimuth = _angles()
    logarithm = np.log(radii)
    along_polar = np.gradient(logarithm, polar[1], axis=0)
    wrapped = np.concatenate([logarithm[:, -1:], logarithm, logarithm[:, :1]], axis=1)
    along_azimuth = np.gradient(wrapped, azimuth[1], axis=1)[:, 1:-1] / np.maximum(np.sin(polar), np.sin(polar[1]))[:, None]
    return 1.0 / np.sqrt(1.0 + along_polar**2 + along_azimuth**2)
