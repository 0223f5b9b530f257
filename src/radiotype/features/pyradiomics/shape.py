"""Size and shape as pyradiomics measures them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from radiotype.features.diameters import axial_diameter_mm
from radiotype.features.hull import mesh_hull, rows_of
from radiotype.features.mesh import checked_region
from radiotype.features.morphology import size_and_shape

#: Names of pyradiomics with those of `radiotype.features.morphology`.
VALUES = {
    "MeshVolume": "mesh_volume_mm3",
    "VoxelVolume": "volume_mm3",
    "SurfaceArea": "surface_area_mm2",
    "Maximum3DDiameter": "maximum_3d_diameter_mm",
    "MajorAxisLength": "major_axis_length_mm",
    "MinorAxisLength": "minor_axis_length_mm",
    "LeastAxisLength": "least_axis_length_mm",
    "Elongation": "elongation",
    "Flatness": "flatness",
}
#: The axis that stays the same within the planes of a diameter.
PLANES = {"Maximum2DDiameterSlice": 2, "Maximum2DDiameterColumn": 1, "Maximum2DDiameterRow": 0}


def shape_features(
    mask: npt.NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> tuple[dict[str, float], dict[str, str]]:
    """The fourteen shape features of pyradiomics.

    Parameters
    ----------
    mask : array of bool, shape (I, J, K)
        At least two voxels inside. I, J and K are columns, rows and slices of the file, whichever way the patient lies.
    spacing_mm : tuple of float
        Distance between voxel centres along I, J and K.

    Returns
    -------
    tuple of dict
        Values, and a code for each NaN: `mesh_volume_not_positive` (a mesh of volume 0 has no ratio of surface to volume).

    Examples
    --------
    >>> values, reasons = shape_features(np.ones((4, 3, 2), dtype=bool), (1.0, 1.0, 2.0))
    >>> values["VoxelVolume"], values["Maximum2DDiameterSlice"], reasons
    (48.0, 4.47213595499958, {})
    """
    region = checked_region(mask, spacing_mm)
    rows = rows_of(np.ascontiguousarray(region.mask))
    found = size_and_shape(region, rows, mesh_hull(rows), ibsi=False).values
    values = {name: found[other] for name, other in VALUES.items()}
    volume, area = values["MeshVolume"], values["SurfaceArea"]
    values["SurfaceVolumeRatio"] = area / volume if volume else math.nan
    values["Sphericity"] = math.cbrt(36 * math.pi * volume**2) / area
    for name, axis in PLANES.items():
        across = np.moveaxis(region.mask, axis, 2)
        values[name] = axial_diameter_mm(across, np.append(np.delete(region.spacing_mm, axis), region.spacing_mm[axis]))
    return values, {} if volume else {"SurfaceVolumeRatio": "mesh_volume_not_positive"}
