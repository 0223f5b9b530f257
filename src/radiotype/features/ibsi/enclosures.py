"""What encloses a region: boxes, ellipsoids and the convex hull, each with its volume and area."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from radiotype.core.geometry import Floats
from radiotype.errors import ComputeError

#: Volumes of boxes that differ by less than this fraction are the same.
SAME = 1e-9

#: How far the volume of the smallest ellipsoid may lie above the least possible, as a fraction.
ELLIPSOID_TOLERANCE = 1e-7

_MAX_STEPS = 100

#: So many points that may lie on the smallest ellipsoid are tried first, and added at a time.
_AT_FIRST = 100


class Enclosure(NamedTuple):
    """Volume and surface area, in mm3 and mm2."""

    volume_mm3: float
    area_mm2: float


def box(sides_mm: Floats) -> Enclosure:
    """A box of three given sides.

    Examples
    --------
    >>> box(np.array([1.0, 2.0, 3.0]))
    Enclosure(volume_mm3=6.0, area_mm2=22.0)
    """
    a, b, c = (float(side) for side in sides_mm)
    return Enclosure(a * b * c, 2 * (a * b + a * c + b * c))


def ellipsoid(semi_axes_mm: Floats) -> Enclosure:
    """An ellipsoid of three given semi-axes, with the area that the IBSI defines.

    With semi-axes a >= b >= c that is 4 pi a b times the sum over n = 0 .. 20 of
    (p q)^n P_n((p^2 + q^2) / (2 p q)) / (1 - 4 n^2), where p^2 = 1 - b^2 / a^2 and q^2 = 1 - c^2 / a^2. It is right for a
    ball only: the series of the true area has p^2 = 1 - c^2 / a^2 and q^2 = 1 - c^2 / b^2. On the IBSI's digital phantom it
    is 4 % too small, and the reference value of the area density is met with it and missed with the true area.

    References
    ----------
    IBSI reference manual, area density of the approximate enclosing ellipsoid (RDD2).

    Examples
    --------
    >>> round(ellipsoid(np.array([1.0, 1.0, 1.0])).area_mm2 / np.pi, 12)
    4.0
    """
    c, b, a = sorted(float(axis) for axis in semi_axes_mm)
    if a == 0:
        return Enclosure(0.0, 0.0)
    p, q = 1 - (b / a) ** 2, 1 - (c / a) ** 2
    # (p q)^n P_n(...) by the recurrence of the Legendre polynomials, which divides by neither.
    before, term, total = 0.0, 1.0, 1.0
    for n in range(20):
        before, term = term, ((2 * n + 1) * (p + q) / 2 * term - n * p * q * before) / (n + 1)
        total += term / (1 - 4 * (n + 1) ** 2)
    return Enclosure(4 / 3 * math.pi * a * b * c, 4 * math.pi * a * b * total)


def convex_hull(corners_mm: Floats, triangles: NDArray[np.int64] | None = None) -> Enclosure:
    """The convex hull of points that do not lie in one plane, (n, 3); `triangles` (m, 3) are its faces where they are known."""
    if triangles is None:
        from scipy.spatial import ConvexHull

        hull = ConvexHull(corners_mm)
        return Enclosure(float(hull.volume), float(hull.area))
    first, second, third = (corners_mm[triangles[:, corner]].T for corner in range(3))
    (ux, uy, uz), (vx, vy, vz) = second - first, third - first
    normals = np.array([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]).T  # np.cross takes several times as long
    heights = (first - corners_mm[0][:, None]).T
    return Enclosure(float((heights * normals).sum()) / 6, float(np.sqrt(np.square(normals).sum(axis=1)).sum()) / 2)


def oriented_box(corners_mm: Floats) -> Enclosure:
    """The smallest box with a side on a face of the convex hull, see `oriented_box_sides_mm`.

    Examples
    --------
    >>> cube = np.array([[i, j, k] for i in (0.0, 1) for j in (0.0, 1) for k in (0.0, 1)])
    >>> round(oriented_box(cube).volume_mm3, 12)
    1.0
    """
    return box(oriented_box_sides_mm(corners_mm))


def oriented_box_sides_mm(corners_mm: Floats) -> Floats:
    """Sides, rising, of the smallest box with a side on a face of the convex hull.

    The smallest box of all touches two edges that meet no common face, in rare cases, and can then be smaller by a little.

    Parameters
    ----------
    corners_mm : array, shape (n, 3)
        Corners of a convex hull, not in one plane.

    References
    ----------
    O'Rourke, International Journal of Computer and Information Sciences 14 (1985) 183-199; Barequet & Har-Peled, Journal of
    Algorithms 38 (2001) 91-109.
    """
    from scipy.spatial import ConvexHull

    faces = ConvexHull(corners_mm).equations[:, :3]
    first = np.argmax(np.abs(faces) > 1e-7, axis=1)
    faces = faces * np.sign(faces[np.arange(len(faces)), first])[:, None]
    _, kept = np.unique(np.round(faces, 7), axis=0, return_index=True)
    boxes = [(box(sides), sides) for sides in (_sides_on(corners_mm, normal) for normal in faces[kept])]
    least = min(found.volume_mm3 for found, _ in boxes)
    same = [(found, sides) for found, sides in boxes if found.volume_mm3 <= least * (1 + SAME)]
    return np.sort(min(same, key=lambda one: one[0].area_mm2)[1])


def _sides_on(corners_mm: Floats, normal: Floats) -> Floats:
    """Sides of the smallest box with two of them at right angles to a direction."""
    from scipy.spatial import ConvexHull

    _, _, basis = np.linalg.svd(normal[None, :])
    flat = corners_mm @ basis[1:].T
    outline = flat[ConvexHull(flat).vertices]
    edges = np.roll(outline, -1, axis=0) - outline
    directions = edges / np.linalg.norm(edges, axis=1)[:, None]
    along = np.ptp(outline @ directions.T, axis=0)
    across = np.ptp(outline @ np.stack([-directions[:, 1], directions[:, 0]]), axis=0)
    areas = along * across
    best = int(np.where(areas <= areas.min() * (1 + SAME), along + across, np.inf).argmin())
    return np.array([np.ptp(corners_mm @ normal), along[best], across[best]])


def enclosing_ellipsoid(corners_mm: Floats) -> Enclosure:
    """The ellipsoid of least volume around points, to a ten-millionth.

    Parameters
    ----------
    corners_mm : array, shape (n, 3)
        Not in one plane.

    Raises
    ------
    ComputeError
        RT303 if it is not found.

    References
    ----------
    Sun & Freund, Operations Research 52 (2004) 690-706.

    Examples
    --------
    >>> axes = np.array([[1.0, 0, 0], [0, 2, 0], [0, 0, 3]])
    >>> round(enclosing_ellipsoid(np.concatenate([axes, -axes])).volume_mm3 / np.pi, 6)
    8.0
    """
    middle = corners_mm.mean(axis=0)
    scale = np.ptp(corners_mm, axis=0)
    points = np.concatenate([(corners_mm - middle) / scale, np.ones((len(corners_mm), 1))], axis=1)
    weights = _ellipsoid_weights(points)
    centre = weights @ points[:, :3]
    spread = np.linalg.inv(((points[:, :3] - centre).T * weights) @ (points[:, :3] - centre)) / 3
    away = points[:, :3] - centre
    shape = spread / np.einsum("ni,ij,nj->n", away, spread, away).max()
    return ellipsoid(1 / np.sqrt(np.linalg.eigvalsh(shape / np.outer(scale, scale))))


def _ellipsoid_weights(points: NDArray[np.float64]) -> Floats:
    """Weights of the points whose weighted covariance is the ellipsoid's: of some of them, to which those outside are added."""
    n, size = points.shape
    chosen = np.unique(np.linspace(0, n - 1, _AT_FIRST).astype(np.int64))
    for _ in range(n):
        weights = np.zeros(n)
        weights[chosen] = _weights_of_all(points[chosen])
        inverse = np.linalg.inv((points.T * weights) @ points)
        distances = np.einsum("ni,ij,nj->n", points, inverse, points)
        outside = np.flatnonzero(distances > size * (1 + ELLIPSOID_TOLERANCE / (size - 1)))
        if not outside.size:
            return weights
        wider = np.union1d(chosen, outside[np.argsort(distances[outside])[-_AT_FIRST:]])
        if wider.size == chosen.size:
            break
        chosen = wider
    raise ComputeError("RT303", f"no enclosing ellipsoid of {n:,} points was found")


def _weights_of_all(points: NDArray[np.float64]) -> Floats:
    """The same for points that all take part, by Newton steps along the central path of minimising sum(u) - log det(X' U X)."""
    n, size = points.shape
    weights, slack = np.full(n, size / n), np.ones(n)
    for _ in range(_MAX_STEPS):
        products = points @ np.linalg.solve((points.T * weights) @ points, points.T)
        distances = np.diag(products)
        scale = weights.sum() / size  # of weights that add up to `size`
        if distances.max() * scale - 1 <= ELLIPSOID_TOLERANCE / (2 * (size - 1)):
            break
        aim = 0.1 * float(weights @ slack) / n
        matrix = products**2
        matrix[np.diag_indices(n)] += slack / weights + 1e-14
        step = np.linalg.solve(matrix, distances - 1 + aim / weights)
        slack_step = aim / weights - slack - slack / weights * step
        length = 0.95 / max(float((-step / weights).max()), float((-slack_step / slack).max()), 0.95)
        weights = weights + length * step
        slack = slack + length * slack_step
    return weights / weights.sum()
