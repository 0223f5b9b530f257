"""Size and shape of a tumour mask after the IBSI: volumes, surface, sphericity, axis lengths and diameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import RecipeError
from radiotype.features.diameters import axial_diameter_mm
from radiotype.features.hull import Hull, Rows, largest_distance_mm, mesh_hull, rows_of
from radiotype.features.mesh import Region, checked_region, measures_of

_FROM_MESH_VOLUME = ("surface_to_volume_ratio_per_mm", "sphericity")


@dataclass(frozen=True)
class Morphology:
    """`values`: a number per feature, in a fixed order; `reasons`: a code for every value that is not a number."""

    values: dict[str, float]
    reasons: dict[str, str]


def morphology(
    mask: NDArray[np.bool_], spacing_mm: ArrayLike, *, convention: Literal["ibsi", "pyradiomics"] = "ibsi"
) -> Morphology:
    """Size and shape of a tumour mask in twelve numbers.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour; K is the axial direction.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.
    convention : "ibsi" or "pyradiomics"
        They differ in two points. "ibsi": the mesh is closed, and the covariance of the voxel centres is divided by
        n - 1, without which the minor and least axis of the IBSI's digital phantom miss their reference values.
        "pyradiomics": the mesh has cracks where voxels touch along an edge only (see
        `radiotype.features.mesh.mesh_measures`), and the covariance is divided by n.

    Returns
    -------
    Morphology
        `values` in this order: `volume_mm3` (voxels times voxel volume, YEKZ), `mesh_volume_mm3` (RNU0),
        `surface_area_mm2` (C0JK), `surface_to_volume_ratio_per_mm` (2PR5), `sphericity` (QCFX; 1 is a ball, less is
        less round), `major_axis_length_mm` (TDIC), `minor_axis_length_mm` (P9VJ), `least_axis_length_mm` (7J51),
        `elongation` (Q3CK; in [0, 1], 1 is not elongated), `flatness` (N17B; in [0, 1], 1 is not flat),
        `maximum_3d_diameter_mm` (L0JK), `maximum_axial_diameter_mm` (largest distance between mesh vertices at the same
        position along K).

        An axis length is 4 sqrt(lambda) of the covariance. A row or a plane of voxels has axes of length 0.

        Reasons: `single_voxel` (one voxel has no elongation and flatness, and with n - 1 no axis lengths);
        `mesh_volume_not_positive` (no ratio and sphericity; cracks can do this to tiny scattered masks).

    Raises
    ------
    InputError
        RT204 if the mask is empty, RT207 if it is not three-dimensional or the spacing is not three positive numbers.
    ComputeError
        RT305 if the mask is not of type bool.
    RecipeError
        RT103 if the convention is another one.

    References
    ----------
    Zwanenburg et al., Radiology 295 (2020) 328-338; IBSI reference manual, morphological features.

    Examples
    --------
    >>> shape = morphology(np.ones((4, 3, 2), dtype=bool), (1, 1, 2))
    >>> shape.values["volume_mm3"], round(shape.values["sphericity"], 3), shape.reasons
    (48.0, 0.903, {})
    """
    if convention not in ("ibsi", "pyradiomics"):
        raise RecipeError(
            "RT103",
            f"the convention is {convention!r}, expected 'ibsi' or 'pyradiomics'",
            hint="choose one of the two",
        )
    region = checked_region(mask, spacing_mm)
    rows = rows_of(region.mask)
    shape = size_and_shape(region, rows, mesh_hull(rows), ibsi=convention == "ibsi")
    axial = {"maximum_axial_diameter_mm": axial_diameter_mm(region.mask, region.spacing_mm)}
    return Morphology(shape.values | axial, shape.reasons)


def size_and_shape(region: Region, rows: Rows, hull: Hull, *, ibsi: bool) -> Morphology:
    """What `morphology` gives, without the axial diameter, which takes as long as all of this.

    Parameters
    ----------
    region : Region
        From `radiotype.features.mesh.checked_region`.
    rows, hull : Rows, Hull
        From `radiotype.features.hull.rows_of` and `mesh_hull`, of the same mask.
    ibsi : bool
        The convention of the IBSI, not that of pyradiomics.
    """
    surface = measures_of(region, closed=ibsi)
    major, minor, least = _axis_lengths_mm(rows, region.spacing_mm, degrees_of_freedom=1 if ibsi else 0)
    solid = surface.volume_mm3 > 0
    spread = major > 0
    values = {
        "volume_mm3": float(int(rows.moments[..., 0].sum()) * np.prod(region.spacing_mm)),
        "mesh_volume_mm3": surface.volume_mm3,
        "surface_area_mm2": surface.area_mm2,
        "surface_to_volume_ratio_per_mm": surface.area_mm2 / surface.volume_mm3 if solid else math.nan,
        "sphericity": math.cbrt(36 * math.pi * surface.volume_mm3**2) / surface.area_mm2 if solid else math.nan,
        "major_axis_length_mm": major,
        "minor_axis_length_mm": minor,
        "least_axis_length_mm": least,
        "elongation": minor / major if spread else math.nan,
        "flatness": least / major if spread else math.nan,
        "maximum_3d_diameter_mm": largest_distance_mm(hull.corners, region.spacing_mm),
    }
    reasons = {
        name: "mesh_volume_not_positive" if name in _FROM_MESH_VOLUME else "single_voxel"
        for name, value in values.items()
        if math.isnan(value)
    }
    return Morphology(values, reasons)


def axis_lengths_mm(
    mask: NDArray[np.bool_], spacing_mm: ArrayLike, *, degrees_of_freedom: int = 1
) -> tuple[float, float, float]:
    """Major, minor and least axis length of the ellipsoid with the covariance of the voxel centres.

    The moments are exact integers, so a row or a plane of voxels, also an oblique one, has axes of exactly 0.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        The tumour.
    spacing_mm : array, shape (3,)
        Size of a voxel along I, J and K.
    degrees_of_freedom : int
        The covariance is divided by the number of voxels less this: 1 for the IBSI, 0 for pyradiomics.

    Returns
    -------
    tuple of float
        4 sqrt(lambda) for the three eigenvalues of the covariance, largest first, in mm; NaN if nothing is left to
        divide by.

    Raises
    ------
    InputError, ComputeError
        As `radiotype.features.mesh.checked_region`.

    Examples
    --------
    >>> axis_lengths_mm(np.ones((3, 1, 1), dtype=bool), (1, 1, 1))
    (4.0, 0.0, 0.0)
    """
    region = checked_region(mask, spacing_mm)
    return _axis_lengths_mm(rows_of(region.mask), region.spacing_mm, degrees_of_freedom=degrees_of_freedom)


def _axis_lengths_mm(rows: Rows, spacing_mm: NDArray[np.float64], *, degrees_of_freedom: int) -> tuple[float, float, float]:
    n = int(rows.moments[..., 0].sum())
    if n <= degrees_of_freedom:
        return math.nan, math.nan, math.nan
    scatter = _integer_scatter(rows)
    covariance = np.array(scatter, dtype=np.float64) / (n * (n - degrees_of_freedom))
    covariance *= np.outer(spacing_mm, spacing_mm)
    least, minor, major = (max(float(value), 0.0) for value in np.linalg.eigvalsh(covariance))
    rank = _rank(scatter)
    variances = (major if rank > 0 else 0.0, minor if rank > 1 else 0.0, least if rank > 2 else 0.0)
    return 4 * math.sqrt(variances[0]), 4 * math.sqrt(variances[1]), 4 * math.sqrt(variances[2])


def _integer_scatter(rows: Rows) -> list[list[int]]:
    """n times the scatter matrix of the voxel indices about their mean, exact."""
    number, along, squared = (rows.moments[..., power] for power in range(3))
    i, j = (np.arange(size, dtype=np.int64) for size in number.shape)
    by_i, by_j = number.sum(axis=1), number.sum(axis=0)
    n = int(by_i.sum())
    first = [int(by_i @ i), int(by_j @ j), int(along.sum())]
    second = [int(by_i @ i**2), int(by_j @ j**2), int(squared.sum())]
    products = {(0, 1): int(i @ number @ j), (0, 2): int(i @ along.sum(axis=1)), (1, 2): int(j @ along.sum(axis=0))}
    scatter = [[0] * 3 for _ in range(3)]
    for a in range(3):
        scatter[a][a] = n * second[a] - first[a] ** 2
    for (a, b), product in products.items():
        scatter[a][b] = scatter[b][a] = n * product - first[a] * first[b]
    return scatter


def _rank(scatter: list[list[int]]) -> int:
    """Rank of a positive semi-definite integer matrix, from the exact coefficients of its characteristic polynomial."""
    (a, d, e), (_, b, f), (_, _, c) = scatter
    if a * b * c + 2 * d * e * f - a * f * f - b * e * e - c * d * d > 0:
        return 3
    if a * b - d * d + a * c - e * e + b * c - f * f > 0:
        return 2
    return 1 if a + b + c > 0 else 0
