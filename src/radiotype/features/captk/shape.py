"""Volume of a region, where it meets the border of the scan, and size and shape of its largest part."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from radiotype.core.volume import Mask
from radiotype.features.hull import mesh_hull, rows_of
from radiotype.features.ibsi.enclosures import oriented_box_sides_mm
from radiotype.features.ibsi.records import Row
from radiotype.features.mesh import checked_region, mesh_measures
from radiotype.imaging.axes import patient_axes

Mask3D = npt.NDArray[np.bool_]

_SIZED = ("intensity_shift", "intensity_scale")
_FORM = ("scale", "intensity_shift", "intensity_scale")


def _length(name: str, meaning: str) -> Row:
    return Row(name, "", meaning, "mm", 0, unchanged_by=_SIZED)


VOLUMETRIC_ROWS = (Row("volume", "YEKZ", "voxels inside times the volume of one", "mm3", 0, unchanged_by=_SIZED),)
MORPHOLOGIC_ROWS = (
    Row("eccentricity", "", "how far the longest ellipse diameter exceeds the others (0: ball)", "1", 0, 1, _FORM),
    _length("ellipse_diameter_least", "shortest diameter of the ellipsoid with the part's second moments and its volume"),
    _length("ellipse_diameter_minor", "middle diameter of that ellipsoid"),
    _length("ellipse_diameter_major", "longest diameter of that ellipsoid"),
    Row("elongation", "", "longest over middle ellipse diameter (higher: more elongated)", "1", 1, math.inf, _FORM),
    Row("flatness", "", "middle over shortest ellipse diameter (higher: flatter)", "1", 1, math.inf, _FORM),
    _length("oriented_box_side_least", "shortest side of the smallest box on a face of the part's convex hull"),
    _length("oriented_box_side_minor", "middle side of that box"),
    _length("oriented_box_side_major", "longest side of that box"),
    Row("perimeter", "C0JK", "surface area of the largest part's mesh", "mm2", 0, unchanged_by=_SIZED),
    Row("perimeter_on_border", "", "area of the region's voxel faces on the border of the scan", "mm2", 0, unchanged_by=_SIZED),
    Row("perimeter_on_border_ratio", "", "that area over the area of all the region's outer voxel faces", "1", 0, 1, _FORM),
    Row("physical_size", "YEKZ", "voxels of the largest part times the volume of one", "mm3", 0, unchanged_by=_SIZED),
    Row("pixels_on_border", "", "voxels of the region on the border of the scan", "1", 0, unchanged_by=_FORM),
    Row("roundness", "QCFX", "area of the ball of equal mesh volume over the largest part's perimeter", "1", 0, 1, _FORM),
)

#: Measured on the voxels of the scan, whatever the interpolation; a place elsewhere in the scan changes them.
ON_BORDER = (
    "morphologic_perimeter_on_border",
    "morphologic_perimeter_on_border_ratio",
    "morphologic_pixels_on_border",
)


def measure(region: Mask3D, spacing_mm: tuple[float, float, float], mask: Mask) -> dict[str, float]:
    """Volume of a region, where it meets the border of its scan, and the shape of its largest part; every one has a value.

    Parameters
    ----------
    region : array of bool, shape (I, J, K)
        At least one voxel; axes along the patient's.
    spacing_mm : tuple of float
        Size of a voxel of `region`.
    mask : Mask
        The region in its scan, before any interpolation.

    Returns
    -------
    dict
        By name, `volumetric_...` and `morphologic_...`.
    """
    voxel_mm3 = float(np.prod(spacing_mm))
    part = largest_part(region, spacing_mm)
    checked = checked_region(part, spacing_mm)
    least, minor, major = ellipse_diameters_mm(checked.mask, spacing_mm)
    surface = mesh_measures(checked.mask, checked.spacing_mm, closed=True)
    hull = mesh_hull(rows_of(np.ascontiguousarray(checked.mask)))
    short, middle, long = oriented_box_sides_mm(hull.corners * (checked.spacing_mm / 2)).tolist()
    voxels, border_mm2, outer_mm2 = on_border(mask)
    values = {
        "eccentricity": math.sqrt(max(0.0, 1 - least * minor / major**2)),
        "ellipse_diameter_least": least,
        "ellipse_diameter_minor": minor,
        "ellipse_diameter_major": major,
        "elongation": major / minor,
        "flatness": minor / least,
        "oriented_box_side_least": short,
        "oriented_box_side_minor": middle,
        "oriented_box_side_major": long,
        "perimeter": surface.area_mm2,
        "perimeter_on_border": border_mm2,
        "perimeter_on_border_ratio": border_mm2 / outer_mm2,
        "physical_size": np.count_nonzero(checked.mask) * voxel_mm3,
        "pixels_on_border": float(voxels),
        "roundness": math.cbrt(36 * math.pi * surface.volume_mm3**2) / surface.area_mm2,
    }
    result = {f"morphologic_{name}": value for name, value in values.items()}
    return {"volumetric_volume": np.count_nonzero(region) * voxel_mm3} | result


def largest_part(region: Mask3D, spacing_mm: tuple[float, float, float]) -> Mask3D:
    """The largest set of touching voxels (26 neighbours); of several, the most spread out, then the first.

    Examples
    --------
    >>> largest_part(np.array([[[True, False, True, True]]]), (1, 1, 1)).astype(int).tolist()
    [[[0, 0, 1, 1]]]
    """
    from scipy.ndimage import label

    labels, _ = label(region, np.ones((3, 3, 3)))
    inside = labels[region]
    sizes = np.bincount(inside)
    largest = np.flatnonzero(sizes == sizes.max())
    if len(largest) > 1:
        n = int(sizes.max())
        spread = np.array(
            [
                (n * np.bincount(inside, position**2) - np.bincount(inside, position) ** 2) * step**2
                for position, step in zip(np.nonzero(region), spacing_mm, strict=True)
            ]
        )
        largest = largest[[int(np.sort(spread, axis=0).sum(axis=0)[largest].argmax())]]
    return np.asarray(labels == largest[0])


def ellipse_diameters_mm(part: Mask3D, spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
    """Diameters, rising, of the ellipsoid with the second moments of a body of voxels up to a factor, and its volume.

    Voxels are boxes, not points: a row or a plane of them has a thickness, and a box of voxels has diameters in the
    proportion of its sides.

    Examples
    --------
    >>> least, minor, major = ellipse_diameters_mm(np.ones((2, 4, 8), dtype=bool), (1, 1, 1))
    >>> round(minor / least, 9), round(major / minor, 9)
    (2.0, 2.0)
    """
    points = np.argwhere(part) * np.asarray(spacing_mm, dtype=np.float64)
    points -= points.mean(axis=0)
    moments = points.T @ points / len(points) + np.diag(np.square(spacing_mm)) / 12
    roots = np.sqrt(np.linalg.eigvalsh(moments))
    ball = 2 * math.cbrt(3 * len(points) * float(np.prod(spacing_mm)) / (4 * math.pi))
    least, minor, major = (float(root) for root in ball * roots / math.cbrt(float(roots.prod())))
    return least, minor, major


def on_border(mask: Mask) -> tuple[int, float, float]:
    """Voxels of a mask on the border of the scan, the area of their faces there, and that of all its outer faces, mm2."""
    axes = patient_axes(mask.grid.direction)
    spacing = axes.spacing(mask.grid.spacing_mm)
    (low, high), shape = axes.box(mask.box, mask.grid.shape), tuple(mask.grid.shape[axis] for axis in axes.order)
    region = axes.turned(mask.cropped(*mask.box))
    touching: Mask3D = np.zeros_like(region)
    border = outer = 0.0
    for axis in range(3):
        face = float(np.prod(spacing)) / spacing[axis]
        along, beside = np.moveaxis(region, axis, 0), np.moveaxis(touching, axis, 0)
        ends = [0] * (low[axis] == 0) + [-1] * (high[axis] == shape[axis])
        for end in ends:
            beside[end] |= along[end]
            border += float(np.count_nonzero(along[end])) * face
        padded = np.pad(along, ((1, 1), (0, 0), (0, 0)))
        outer += float(np.count_nonzero(padded[1:] != padded[:-1])) * face
    return int(np.count_nonzero(touching)), border, outer
