"""The family "morphology": what `morphology` measures, as features with their records."""

from __future__ import annotations

import math

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.features.morphology import morphology
from radiotype.features.registry import Family, Measured
from radiotype.features.settings import FeatureSettings
from radiotype.imaging.axes import patient_axes

REFERENCE = "Zwanenburg et al., Radiology 295 (2020) 328-338"

#: name, meaning, unit, upper limit, IBSI identifier, whether a uniform scaling leaves it as it is
_TABLE = (
    ("volume_mm3", "voxels inside times the volume of one", "mm3", math.inf, "YEKZ", False),
    ("mesh_volume_mm3", "volume inside the surface mesh", "mm3", math.inf, "RNU0", False),
    ("surface_area_mm2", "area of the surface mesh", "mm2", math.inf, "C0JK", False),
    ("surface_to_volume_ratio_per_mm", "surface area per mesh volume", "/mm", math.inf, "2PR5", False),
    ("sphericity", "area of the ball of equal volume over the surface area (higher: rounder)", "1", 1.0, "QCFX", True),
    ("major_axis_length_mm", "longest axis of the ellipsoid with the voxels' covariance", "mm", math.inf, "TDIC", False),
    ("minor_axis_length_mm", "middle axis of that ellipsoid", "mm", math.inf, "P9VJ", False),
    ("least_axis_length_mm", "shortest axis of that ellipsoid", "mm", math.inf, "7J51", False),
    ("elongation", "middle over longest axis (lower: more elongated)", "1", 1.0, "Q3CK", True),
    ("flatness", "shortest over longest axis (lower: flatter)", "1", 1.0, "N17B", True),
    ("maximum_3d_diameter_mm", "largest distance between two vertices of the mesh", "mm", math.inf, "L0JK", False),
    ("maximum_axial_diameter_mm", "the same within the planes of voxels nearest to axial", "mm", math.inf, "", False),
)


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """The twelve records; they depend on no setting."""
    base = ("translation", "mirror", "intensity_shift", "intensity_scale")
    result = []
    for name, meaning, unit, high, ibsi, scales in _TABLE:
        turns = () if name == "maximum_axial_diameter_mm" else ("rotation90",)
        result.append(
            FeatureRecord(
                name=name,
                family="morphology",
                meaning=meaning,
                unit=unit,
                low=0.0,
                high=high,
                ibsi=ibsi,
                reference=REFERENCE,
                invariances=base + turns + (("scale",) if scales else ()),
            )
        )
    return tuple(result)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """Size and shape of the mask, on its own voxels, with their axes in the order of the patient's."""
    axes = patient_axes(mask.grid.direction)
    found = morphology(axes.turned(mask.cropped(*mask.box)), axes.spacing(mask.grid.spacing_mm))
    return Measured(found.values, found.reasons)


FAMILY = Family("morphology", "size and shape of the mask", 1, records, measure)
