"""The surface that coefficients stand for, and how far it lies from the one they were fitted to."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.errors import RecipeError
from radiotype.features.spharm.expansion import Complexes, evaluate, n_coefficients


class ReconstructionError(NamedTuple):
    """Distances in mm: root mean square between vertices of one parameter, and Hausdorff between the two sets of vertices."""

    rms_mm: float
    hausdorff_mm: float


def reconstruct(coefficients: Complexes, points: Floats, degree: int | None = None) -> Floats:
    """Positions in mm, shape (n, 3), that coefficients up to a degree give to points of the sphere.

    Parameters
    ----------
    coefficients : array of complex, shape ((L + 1)^2, 3)
    points : array, shape (n, 3)
        Unit vectors, such as the map of the vertices; with the squares of the surface they make a mesh.
    degree : int, optional
        At most L; L when left out.

    Raises
    ------
    RecipeError
        RT103 for a degree that the coefficients do not reach.

    Examples
    --------
    >>> sphere = np.zeros((4, 3), dtype=complex)
    >>> sphere[0, 0] = np.sqrt(4 * np.pi)
    >>> reconstruct(sphere, np.eye(3), 1)[0].round(3)
    array([1., 0., 0.])
    """
    highest = round(sqrt(len(coefficients))) - 1
    degree = highest if degree is None else degree
    if not 0 <= degree <= highest:
        raise RecipeError(
            "RT103",
            f"degree {degree} was asked for, the coefficients reach from 0 to {highest}",
            hint="expand to a higher degree first",
        )
    return evaluate(points, coefficients[: n_coefficients(degree)])


def reconstruction_error(vertices_mm: Floats, reconstructed_mm: Floats) -> ReconstructionError:
    """How far a reconstruction lies from its surface.

    Parameters
    ----------
    vertices_mm, reconstructed_mm : array, shape (n, 3)
        Row by row the same parameter.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    >>> reconstruction_error(square, np.roll(square, 1, axis=0))
    ReconstructionError(rms_mm=1.0, hausdorff_mm=0.0)
    """
    apart = np.linalg.norm(vertices_mm - reconstructed_mm, axis=1)
    there = _farthest(vertices_mm, reconstructed_mm, apart, 0.0)
    return ReconstructionError(float(np.sqrt(np.mean(apart**2))), _farthest(reconstructed_mm, vertices_mm, apart, there))


def _farthest(places: Floats, others: Floats, at_most: Floats, at_least: float) -> float:
    """The largest distance of a place to its nearest other one; `at_most` bounds it from above, place by place."""
    from scipy.spatial import KDTree

    tree = KDTree(others, balanced_tree=False, compact_nodes=False)
    order = np.argsort(-at_most, kind="stable")
    for start in range(0, len(order), 256):
        chunk = order[start : start + 256]
        if at_most[chunk[0]] <= at_least:
            break
        at_least = max(at_least, float(tree.query(places[chunk])[0].max()))
    return at_least
