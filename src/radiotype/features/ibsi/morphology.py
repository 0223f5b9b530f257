"""Size and shape of a region, and how its intensities lie in it."""

from __future__ import annotations

import math

import numpy as np

import radiotype._native as native
from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.features.hull import Hull, Rows, mesh_hull, rows_of
from radiotype.features.ibsi.autocorrelation import autocorrelation
from radiotype.features.ibsi.distribution import CONSTANT
from radiotype.features.ibsi.enclosures import Enclosure, box, convex_hull, ellipsoid, enclosing_ellipsoid, oriented_box
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import INTENSITY, Row
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.mesh import Region, checked_region
from radiotype.features.morphology import size_and_shape
from radiotype.features.registry import Measured

_SCALE = ("scale", "intensity_shift", "intensity_scale")
_SIZED = ("intensity_shift", "intensity_scale")


def _sized(name: str, ibsi: str, meaning: str, unit: str) -> Row:
    return Row(name, ibsi, meaning, unit, 0, unchanged_by=_SIZED)


def _form(name: str, ibsi: str, meaning: str, low: float = 0, high: float = math.inf) -> Row:
    return Row(name, ibsi, meaning, "1", low, high, _SCALE)


def _densities(name: str, where: str, volume: str, area: str, high: float) -> tuple[Row, Row]:
    return (
        _form(f"volume_density_{name}", volume, f"mesh volume over that of {where}", 0, high),
        _form(f"area_density_{name}", area, f"surface area over that of {where}"),
    )


_SHAPE = (
    _sized("volume_mm3", "YEKZ", "voxels inside times the volume of one", "mm3"),
    _sized("mesh_volume_mm3", "RNU0", "volume inside the surface mesh", "mm3"),
    _sized("surface_area_mm2", "C0JK", "area of the surface mesh", "mm2"),
    _sized("surface_to_volume_ratio_per_mm", "2PR5", "surface area per mesh volume", "/mm"),
    _form("compactness_1", "SKGS", "volume against the surface area (higher: rounder)", 0, 1 / (6 * math.pi)),
    _form("compactness_2", "BQWJ", "the same, squared and 1 for a ball", 0, 1),
    _form("spherical_disproportion", "KRCK", "surface area over that of the ball of equal volume (higher: less round)", 1),
    _form("sphericity", "QCFX", "area of the ball of equal volume over the surface area (higher: rounder)", 0, 1),
    _form("asphericity", "25C7", "spherical disproportion less 1"),
    Row(
        "centre_of_mass_shift_mm", "KLMA", "from the centre of the voxels to that of their intensities", "mm", 0,
        unchanged_by=("intensity_scale",),
    ),
    _sized("maximum_3d_diameter_mm", "L0JK", "largest distance between two vertices of the mesh", "mm"),
    _sized("major_axis_length_mm", "TDIC", "longest axis of the ellipsoid with the voxels' covariance", "mm"),
    _sized("minor_axis_length_mm", "P9VJ", "middle axis of that ellipsoid", "mm"),
    _sized("least_axis_length_mm", "7J51", "shortest axis of that ellipsoid", "mm"),
    _form("elongation", "Q3CK", "middle over longest axis (lower: more elongated)", 0, 1),
    _form("flatness", "N17B", "shortest over longest axis (lower: flatter)", 0, 1),
    *_densities("axis_aligned_box", "the smallest box along the scan's axes", "PBX1", "R59B", 1),
    *_densities("approximate_ellipsoid", "the ellipsoid with the voxels' covariance", "6BDE", "RDD2", math.inf),
    *_densities("convex_hull", "the convex hull", "R3ER", "7T7F", 1),
    Row("integrated_intensity", "99N0", "mean intensity times mesh volume", f"mm3.{INTENSITY}"),
)  # fmt: skip
_ORIENTED_BOX = _densities("oriented_box", "the smallest box on a face of the convex hull", "ZH1A", "IQYR", 1)
_ENCLOSING_ELLIPSOID = _densities("enclosing_ellipsoid", "the smallest enclosing ellipsoid", "SWZ1", "BRI8", 1)
_AUTOCORRELATION = (
    Row("moran_i", "N365", "correlation of near voxels (higher: more alike)", "1", -math.inf, math.inf, _SCALE),
    Row("geary_c", "NPT7", "squared difference of near voxels against that of all (higher: less alike)", "1", 0,
        unchanged_by=_SCALE),
)  # fmt: skip

#: Values that need intensities; the others are of the mask alone.
_OF_INTENSITY = ("centre_of_mass_shift_mm", "integrated_intensity", "moran_i", "geary_c")


def _rows(settings: IbsiSettings) -> tuple[Row, ...]:
    options = (
        (settings.oriented_box, _ORIENTED_BOX),
        (settings.enclosing_ellipsoid, _ENCLOSING_ELLIPSOID),
        (settings.spatial_autocorrelation, _AUTOCORRELATION),
    )
    return _SHAPE + tuple(row for wanted, rows in options if wanted for row in rows)


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The 23 records, and two more for each option that is chosen."""
    return records_of("morphology", _rows(settings), settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """Size and shape of the interpolated mask, and how the intensities lie in it.

    Codes of a NaN: `single_voxel` as in `radiotype.features.morphology`; `flat_region` for the
    densities of an ellipsoid without volume or area; `intensities_cancel` where they sum to 0 and have no centre;
    `constant_intensity` for Moran's I and Geary's C; `nothing_left_by_resegmentation`. The mask has at least one voxel.
    """
    region = checked_region(prepared.morphological_mask.T, prepared.spacing_mm[::-1])  # its rows lie close in memory
    rows = rows_of(np.ascontiguousarray(prepared.morphological_mask.T))
    hull = mesh_hull(rows)
    shape = size_and_shape(region, rows, hull, ibsi=True)
    found = shape.values | _forms(shape.values["surface_area_mm2"], shape.values["mesh_volume_mm3"])
    reasons = dict(shape.reasons)
    volume, area = found["mesh_volume_mm3"], found["surface_area_mm2"]
    for name, enclosure in _enclosures(region, hull, found, settings).items():
        for kind, own, outer in (("volume", volume, enclosure.volume_mm3), ("area", area, enclosure.area_mm2)):
            found[f"{kind}_density_{name}"] = own / outer if outer > 0 else math.nan
    found |= _intensities(prepared, rows, volume, settings)

    names = [row.name for row in _rows(settings)]
    values = {name: found[name] for name in names}
    for name, value in values.items():
        if math.isnan(value):
            reasons[name] = reasons.get(name) or _reason(name, prepared)
    return Measured(
        {f"morphology_{name}": value for name, value in values.items()},
        {f"morphology_{name}": reasons[name] for name in names if name in reasons},
    )


def _forms(area: float, volume: float) -> dict[str, float]:
    ball = 36 * math.pi * volume**2  # the third power of the area of the ball of that volume
    return {
        "compactness_1": volume / math.sqrt(math.pi * area**3),
        "compactness_2": ball / area**3,
        "spherical_disproportion": area / math.cbrt(ball),
        "asphericity": area / math.cbrt(ball) - 1,
    }


def _enclosures(region: Region, hull: Hull, found: dict[str, float], settings: IbsiSettings) -> dict[str, Enclosure]:
    corners_mm = hull.corners * (region.spacing_mm / 2)
    axes = np.array([found[f"{axis}_axis_length_mm"] for axis in ("major", "minor", "least")]) / 2
    result = {
        "axis_aligned_box": box(np.array(region.mask.shape) * region.spacing_mm),
        "approximate_ellipsoid": ellipsoid(np.nan_to_num(axes)),
        "convex_hull": convex_hull(corners_mm, hull.triangles),
    }
    if settings.oriented_box:
        result["oriented_box"] = oriented_box(corners_mm)
    if settings.enclosing_ellipsoid:
        result["enclosing_ellipsoid"] = enclosing_ellipsoid(corners_mm)
    return result


def _intensities(prepared: Prepared, rows: Rows, volume: float, settings: IbsiSettings) -> dict[str, float]:
    """What needs intensities; NaN for what there is none of."""
    result = dict.fromkeys(_OF_INTENSITY, math.nan)
    if prepared.missing:
        return result
    inside = prepared.intensity_mask
    values, counts = prepared.intensity_counts
    result["integrated_intensity"] = float((values * counts).sum()) / int(counts.sum()) * volume
    if values[0] == values[-1] != 0:
        weights = rows_of(np.ascontiguousarray(inside.T)).moments[..., :2].astype(np.float64)
    else:
        weights = np.empty((*inside.T.shape[:2], 2))
        native.row_sums(prepared.image.T, np.ascontiguousarray(inside.T).view(np.uint8), weights)
    centre = _centre(weights)
    if centre is not None:
        shift = (centre - np.array(_centre(rows.moments[..., :2].astype(np.float64)))) * prepared.spacing_mm[::-1]
        result["centre_of_mass_shift_mm"] = math.hypot(*shift)
    if settings.spatial_autocorrelation and values.size > 1:
        result["moran_i"], result["geary_c"] = autocorrelation(prepared.image, inside, prepared.spacing_mm)
    return result


def _centre(weights: Floats) -> Floats | None:
    """Weighted mean position, in voxels, from the weights of rows and their sums with positions; None if they sum to 0."""
    lines = weights[..., 0].sum(axis=1), weights[..., 0].sum(axis=0)
    total = float(lines[0].sum())
    if not total:
        return None
    levers = [float((line * np.arange(line.size)).sum()) for line in lines]
    return np.array([*levers, float(weights[..., 1].sum())]) / total


def _reason(name: str, prepared: Prepared) -> str:
    if name not in _OF_INTENSITY:  # the ellipsoid of one voxel, a row or a plane
        return "single_voxel" if np.count_nonzero(prepared.morphological_mask) == 1 else "flat_region"
    if prepared.missing:
        return prepared.missing
    return "intensities_cancel" if name == "centre_of_mass_shift_mm" else CONSTANT
