"""Alignment by the first-order ellipsoid: the parameter sphere and the object are turned to its axes."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.features.spharm.expansion import Complexes, evaluate, integrate, quadrature

#: Two axes that differ by less than this fraction of the longer one have no direction of their own.
SAME_LENGTH = 0.05


@dataclass(frozen=True, eq=False)
class Alignment:
    """Coefficients in the axes of the first-order ellipsoid: x the shortest, z the longest.

    Parameters
    ----------
    coefficients : array of complex, shape ((L + 1)^2, 3)
    parameter_rotation : array, shape (3, 3)
        Turns points of the sphere.
    object_rotation : array, shape (3, 3)
        Turns points of the object.
    half_axes_mm : array, shape (3,)
        Half axes of the ellipsoid, ascending.
    """

    coefficients: Complexes
    parameter_rotation: Floats
    object_rotation: Floats
    half_axes_mm: Floats

    @property
    def axes_degenerate(self) -> bool:
        """Whether two axes have nearly one length, so that chance decides where they point."""
        short, middle, long = self.half_axes_mm
        return bool(middle - short < SAME_LENGTH * middle or long - middle < SAME_LENGTH * long)


def align(coefficients: Complexes) -> Alignment:
    """Turn the parameter sphere and the object to the axes of the first-order ellipsoid.

    Harmonics up to a degree stay among themselves when the sphere is turned, so the coefficients of the turned sphere are exact
    and need no second fit.

    Parameters
    ----------
    coefficients : array of complex, shape ((L + 1)^2, 3)
        As from `expand`; the three columns are x, y and z.

    References
    ----------
    Brechbuehler, Gerig & Kuebler, Computer Vision and Image Understanding 61 (1995) 154-170.

    Examples
    --------
    >>> ellipsoid = np.zeros((4, 3), dtype=complex)
    >>> ellipsoid[2, 0], ellipsoid[1], ellipsoid[3] = 3.0, (0, 1, 0.5j), (0, -1, 0.5j)
    >>> align(ellipsoid).half_axes_mm.round(3)
    array([0.345, 0.691, 1.466])
    """
    first = coefficients[1:4]
    unit = sqrt(3 / (8 * pi))
    to_object = np.stack(
        [(unit * (first[0] - first[2])).real, (unit * (first[0] + first[2])).imag, sqrt(2) * unit * first[1].real], axis=1
    )
    _, lengths, axes = np.linalg.svd(to_object)
    turn = axes[::-1].copy()
    # The sign of an axis is free: the long one points up in the object, the short one to its right.
    for parameter, own in ((2, 2), (0, 0)):
        if to_object[own] @ turn[parameter] < 0:
            turn[parameter] *= -1
    if np.linalg.det(turn) < 0:
        turn[1] *= -1
    half_axes = to_object @ turn.T
    z = _unit(half_axes[:, 2], np.array([0.0, 0.0, 1.0]))
    across = half_axes[:, 0] - z * (half_axes[:, 0] @ z)
    x = _unit(across, np.cross(z, np.eye(3)[np.argmin(np.abs(z))]))
    turn_object = np.stack([x, np.cross(z, x), z])
    return Alignment(turned(coefficients, turn) @ turn_object.T, turn, turn_object, lengths[::-1])


def turned(coefficients: Complexes, rotation: Floats) -> Complexes:
    """Coefficients of the same object after its parameter points s became `rotation @ s` (orthogonal, shape (3, 3))."""
    degree = round(sqrt(len(coefficients))) - 1
    grid = quadrature(2 * degree)
    return integrate(grid, evaluate(grid.points @ rotation, coefficients), degree)


def _unit(vector: Floats, otherwise: Floats) -> Floats:
    """The vector at length 1; one of no length is replaced."""
    length = float(np.linalg.norm(vector))
    if length < 1e-12:
        length, vector = float(np.linalg.norm(otherwise)), otherwise
    return vector / length
