"""Numbers of a shape that depend neither on its place nor on its orientation."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.spharm.expansion import Complexes

#: Added to each share of a degree's energy before its logarithm, as in the published program.
ENTROPY_OFFSET = 1e-5

#: A degree with less energy than this, relative to the radius, holds nothing but rounding.
NO_ENERGY = 1e-12


@dataclass(frozen=True, eq=False)
class Descriptors:
    """Descriptors of aligned coefficients up to degree L.

    Parameters
    ----------
    magnitudes_mm : array, shape ((L + 1)^2 - 1,)
        Length over x, y, z of each coefficient of degree 1 and higher, row l^2 + l + m - 1. Those of m and -m are equal.
    energies : array, shape (L,)
        Root of the sum of the squared magnitudes of a degree, in mean radii.
    entropies : array, shape (L,)
        How evenly the energy of a degree is spread over its orders, in nats; NaN for a degree without energy.
    axis_scales : array, shape (3,)
        Size of the degree-1 part along x (shortest axis), y and z (longest), in mean radii.
    mean_radius_mm : float
        Mean distance of the vertices from their mean.
    """

    magnitudes_mm: Floats
    energies: Floats
    entropies: Floats
    axis_scales: Floats
    mean_radius_mm: float


def mean_radius(vertices_mm: Floats) -> float:
    """Mean distance of vertices (n, 3) from their mean."""
    return float(np.linalg.norm(vertices_mm - vertices_mm.mean(axis=0), axis=1).mean())


def descriptors(coefficients: Complexes, mean_radius_mm: float) -> Descriptors:
    """Magnitudes, energies, entropies and axis scales of aligned coefficients.

    Parameters
    ----------
    coefficients : array of complex, shape ((L + 1)^2, 3)
        In mm, as from `align`.
    mean_radius_mm : float

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798 (the entropy is its symmetry).

    Examples
    --------
    >>> sphere = np.zeros((9, 3), dtype=complex)
    >>> sphere[1], sphere[2, 2], sphere[3] = (1, 1j, 0), np.sqrt(2), (-1, 1j, 0)
    >>> found = descriptors(sphere, 1.0)
    >>> found.energies.round(6), found.entropies.round(3), found.axis_scales.round(3)
    (array([2.44949, 0.     ]), array([1.099,   nan]), array([0.816, 0.816, 0.816]))
    """
    degree = round(sqrt(len(coefficients))) - 1
    squares = (coefficients.real**2 + coefficients.imag**2) / mean_radius_mm**2
    by_row = squares.sum(axis=1)
    energies, entropies = np.empty(degree), np.full(degree, np.nan)
    for d in range(1, degree + 1):
        of_degree = by_row[d * d : (d + 1) ** 2]
        energies[d - 1] = np.sqrt(of_degree.sum())
        if energies[d - 1] > NO_ENERGY:
            share = of_degree / of_degree.sum()
            entropies[d - 1] = -(share * np.log(share + ENTROPY_OFFSET)).sum()
    return Descriptors(
        magnitudes_mm=np.sqrt(by_row[1:]) * mean_radius_mm,
        energies=energies,
        entropies=entropies,
        axis_scales=np.sqrt(squares[1:4].sum(axis=0) / 3),
        mean_radius_mm=mean_radius_mm,
    )
