"""The family "pyradiomics": its features under their names there, with their records."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi.texture import Texture
from radiotype.features.pyradiomics.first_order import first_order
from radiotype.features.pyradiomics.grey_levels import grey_levels
from radiotype.features.pyradiomics.prepare import Prepared, prepare
from radiotype.features.pyradiomics.records import record
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.shape import shape_features
from radiotype.features.pyradiomics.texture import pyradiomics_texture
from radiotype.features.registry import Family, Measured

if TYPE_CHECKING:
    from radiotype.features.settings import FeatureSettings

Found = tuple[dict[str, float], dict[str, str]]


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """The records of the features that are selected; 107 by default."""
    own = settings.pyradiomics
    return tuple(record(of, name, own) for of, names in own.selected.items() for name in names)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """What pyradiomics measures on the region.

    Codes of a NaN: those of `radiotype.features.pyradiomics.prepare.prepare` for every feature where pyradiomics refuses the
    region; `few_voxels`, `mesh_volume_not_positive`, `no_neighbours` and `no_runs` for a feature that has no value.
    """
    own = settings.pyradiomics
    prepared = prepare(scan, mask, own)
    names = [f"{of}_{name}" for of, names in own.selected.items() for name in names]
    if prepared.missing:
        values, reasons = dict.fromkeys(names, math.nan), dict.fromkeys(names, prepared.missing)
    else:
        values, reasons = _measured(prepared, own)
    return Measured(
        {f"original_{name}": values[name] for name in names},
        {f"original_{name}": reasons[name] for name in names if name in reasons},
    )


def _measured(prepared: Prepared, settings: PyradiomicsSettings) -> Found:
    wanted = set(settings.selected)
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    if "shape" in wanted:
        values, reasons = _named("shape", shape_features(prepared.shape_region, prepared.spacing_mm))
    if wanted == {"shape"}:
        return values, reasons
    intensities = prepared.image[prepared.region]
    levels = grey_levels(intensities, settings)
    if "firstorder" in wanted:
        volume = math.prod(prepared.spacing_mm)
        found = _named("firstorder", first_order(intensities, levels, volume, intensity_shift=settings.intensity_shift))
        values, reasons = values | found[0], reasons | found[1]
    if wanted - {"shape", "firstorder"}:
        texture = _texture(prepared, levels, settings)
        values, reasons = values | texture.values, reasons | texture.reasons
    return values, reasons


def _texture(prepared: Prepared, levels: npt.NDArray[np.int64], settings: PyradiomicsSettings) -> Texture:
    volume = np.zeros(prepared.region.shape, dtype=np.int64)
    volume[prepared.region] = levels
    across = "IJK".index(settings.slices_across)
    i, j = (one for axis, one in enumerate(prepared.spacing_mm) if axis != across)
    return pyradiomics_texture(
        np.moveaxis(volume, across, 2),
        spacing_mm=(i, j, prepared.spacing_mm[across]),
        force_2d=settings.slice_by_slice,
        direction_weights=settings.direction_weights,
        alpha=settings.dependence_difference,
        maximal_correlation="MCC" in settings.selected.get("glcm", ()),
    )


def _named(of: str, found: Found) -> Found:
    values, reasons = found
    return {f"{of}_{name}": value for name, value in values.items()}, {f"{of}_{name}": code for name, code in reasons.items()}


FAMILY = Family("pyradiomics", "the features of pyradiomics, under its names", 1, records, measure, settings=("pyradiomics",))
