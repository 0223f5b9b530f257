"""What a reader has to know about the features of pyradiomics: what the same feature of the IBSI says, and what differs."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi import histogram, intensity
from radiotype.features.ibsi.records import INTENSITY
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics.classes import FeatureClass
from radiotype.features.pyradiomics.first_order import STATISTICS
from radiotype.features.pyradiomics.image_types import ImageType
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.shape import PLANES, VALUES
from radiotype.features.pyradiomics.texture import NAMES

REFERENCE = "van Griethuysen et al., Cancer Research 77 (2017) e104-e107"

_SHIFT, _SCALE, _ZOOM = "intensity_shift", "intensity_scale", "scale"
_SHAPES = VALUES | {
    "SurfaceVolumeRatio": "surface_to_volume_ratio_per_mm",
    "Sphericity": "sphericity",
    **dict.fromkeys(PLANES, "maximum_axial_diameter_mm"),
}
#: They depend on which way the axes run: the mesh has cracks.
_OF_MESH = {"MeshVolume", "SurfaceArea", "SurfaceVolumeRatio", "Sphericity"}
_FIRST_ORDER = {name: f"intensity_{other}" for name, other in STATISTICS.items()} | {
    "Energy": "intensity_energy",
    "RootMeanSquared": "intensity_root_mean_square",
    "Kurtosis": "intensity_kurtosis",
    "Entropy": "intensity_histogram_entropy",
    "Uniformity": "intensity_histogram_uniformity",
}
#: What leaves a filtered image as it is, or multiplies it; filters that reach to the border of the scan depend on its place.
_PLACES = {"translation", "rotation90", "mirror"}
_UNCHANGED: dict[ImageType, set[str]] = {
    "LoG": {_SCALE},
    "Wavelet": {_SCALE, _ZOOM},
    "Square": {*_PLACES, _SCALE, _ZOOM},
    "SquareRoot": {*_PLACES, _SCALE, _ZOOM},
    "Logarithm": {*_PLACES, _ZOOM},
    "Exponential": {*_PLACES, _ZOOM},
    "Gradient": {_SCALE},
    "LBP2D": {_ZOOM},
    "LBP3D": {_ZOOM},
}
#: Units of differences per mm, and of numbers of patterns.
_PER_MM = {INTENSITY: f"{INTENSITY}/mm", f"{INTENSITY}2": f"{INTENSITY}2/mm2", f"{INTENSITY}2.mm3": f"{INTENSITY}2.mm"}
_OF_CODES = {INTENSITY: "1", f"{INTENSITY}2": "1", f"{INTENSITY}2.mm3": "mm3"}
_SQUARES = ("Energy", "TotalEnergy", "RootMeanSquared")


def record(
    of: FeatureClass, name: str, settings: PyradiomicsSettings, kind: ImageType = "Original", image: str = "original"
) -> FeatureRecord:
    """The record of one feature of an image, whose name and type are given, at given settings."""
    settings = settings.of_image(kind)
    broken = _broken(of, settings)
    if of == "shape":
        found = _shape(name)
    elif of == "firstorder":
        found = _first_order(name, settings)
    else:
        found = _texture(of, name, settings)
    found = replace(
        found,
        name=f"{image}_{of}_{name}",
        family="pyradiomics",
        reference=REFERENCE,
        invariances=tuple(one for one in found.invariances if one not in broken),
        detail={"class": of},
    )
    return found if kind == "Original" else _filtered(found, kind, image, settings)


def _filtered(found: FeatureRecord, kind: ImageType, image: str, settings: PyradiomicsSettings) -> FeatureRecord:
    """The record of the same feature of a filtered image, none of which the IBSI has."""
    unchanged = _UNCHANGED[kind]
    unit = found.unit
    if kind == "Gradient" and settings.images.Gradient is not None:
        if settings.images.Gradient.per_mm:
            unit = _PER_MM.get(unit, unit)
        else:
            unchanged = unchanged | {_ZOOM}
    if kind in ("LBP2D", "LBP3D"):
        unit = _OF_CODES.get(unit, unit)
    return replace(
        found,
        meaning=f"{found.meaning}, in the image {image}",
        unit=unit,
        ibsi="",
        invariances=tuple(one for one in found.invariances if one in unchanged),
        detail={**found.detail, "image": image},
    )


def _broken(of: FeatureClass, settings: PyradiomicsSettings) -> set[str]:
    """What settings make a difference that would be none without them."""
    broken = set()
    if settings.spacing_mm is not None:  # the new grid begins at the first voxel of the scan
        broken |= {"translation", "rotation90", "mirror", _ZOOM}
    if settings.slice_by_slice and of not in ("shape", "firstorder"):
        broken.add("rotation90")
    if settings.intensity_range is not None and not settings.normalise:
        broken |= {"absolute": {_SHIFT, _SCALE}, "relative": {_SHIFT}, "sigma": set()}[settings.range_in]
    return broken


@cache
def _of_others() -> dict[str, FeatureRecord]:
    from radiotype.features import morphology_family
    from radiotype.features.settings import FeatureSettings

    ibsi = IbsiSettings(spacing_mm=None)
    every = (*morphology_family.records(FeatureSettings()), *intensity.records(ibsi), *histogram.records(ibsi))
    return {one.name: one for one in every}


def _shape(name: str) -> FeatureRecord:
    found = _of_others()[_SHAPES[name]]
    if name in _OF_MESH:
        kept = {"translation", _SHIFT, _SCALE, _ZOOM}
        low = -math.inf if name in ("MeshVolume", "SurfaceVolumeRatio") else 0.0
        return replace(found, low=low, high=math.inf, invariances=tuple(one for one in found.invariances if one in kept))
    if name in PLANES:
        axes = [axis for number, axis in enumerate("IJK") if number != PLANES[name]]
        along = f"in a plane along the axes {' and '.join(axes)} of the voxels"
        return replace(found, meaning=f"largest distance between two vertices of the mesh {along}")
    return replace(found, ibsi="") if name.endswith("AxisLength") else found


def _first_order(name: str, settings: PyradiomicsSettings) -> FeatureRecord:
    places = ("translation", "rotation90", "mirror")
    if name == "TotalEnergy":
        found = FeatureRecord(name, "", "sum of squared intensities times the volume of a voxel", f"{INTENSITY}2.mm3", low=0)
        return replace(found, invariances=(*places, _SHIFT, _SCALE) if settings.normalise else places)
    found = _of_others()[_FIRST_ORDER[name]]
    unchanged = [one for one in found.invariances if one in (_SHIFT, _SCALE)]
    if name in ("Entropy", "Uniformity"):
        unchanged = [_SHIFT, _SCALE] if settings.bin_count is not None else []
    if name in _SQUARES and settings.intensity_shift:
        found = replace(found, ibsi="", meaning=f"{found.meaning}, each with {settings.intensity_shift} added")
    if name == "Kurtosis":
        found = replace(found, ibsi="", low=0.0, meaning="weight of the tails (a normal distribution has 3)")
    if settings.normalise:
        unchanged = [_SHIFT, _SCALE]
    return replace(found, invariances=(*places, *unchanged, _ZOOM))


def _texture(of: FeatureClass, name: str, settings: PyradiomicsSettings) -> FeatureRecord:
    family, names = NAMES[of]
    unchanged = [_SHIFT, _SCALE] if settings.normalise or settings.bin_count is not None else []
    if of not in ("glcm", "glrlm") or settings.direction_weights in ("average", "equal"):
        unchanged.append(_ZOOM)
    invariances = ("translation", "rotation90", "mirror", *unchanged)
    if not names[name]:
        return FeatureRecord(
            name, "", "maximal correlation of functions of the two levels of a pair", low=0, high=1, invariances=invariances
        )
    meaning = {
        "Idmn": "mean of 1 / (1 + squared difference), differences in parts of the number of levels (higher: smoother)",
        "Idn": "mean of 1 / (1 + difference), differences in parts of the number of levels (higher: smoother)",
    }
    row = next(row for row in family.rows if row.name == names[name])
    return FeatureRecord(
        name, "", meaning.get(name, row.meaning), row.unit, row.low, row.high, row.ibsi, invariances=invariances
    )
