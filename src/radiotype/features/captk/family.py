"""The family "captk": 104 features of one region of one map."""

from __future__ import annotations

import math
from dataclasses import replace

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.features.captk import first_order, shape, texture
from radiotype.features.captk.table import Entry, column_name, entries
from radiotype.features.ibsi import histogram, intensity
from radiotype.features.ibsi import texture as ibsi_texture
from radiotype.features.ibsi.preprocess import LOST, prepare
from radiotype.features.ibsi.records import Row
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.registry import Family, Measured
from radiotype.features.settings import FeatureSettings

REFERENCE = (
    "Zwanenburg et al., Radiology 295 (2020) 328-338; names after CaPTk (Davatzikos et al., J Med Imaging 5 (2018) 011018)"
)

#: Where the IBSI's words lean on the line before them.
_MEANINGS = {
    "intensity_histogram_robust_mean_absolute_deviation": "mean distance from their mean of the levels between the 10th and "
    "the 90th percentile",
    "glszm_normalised_grey_level_non_uniformity_3d": "how unevenly the zones spread over levels, over their number "
    "(higher: fewer levels prevail)",
    "glszm_normalised_zone_size_non_uniformity_3d": "how unevenly the zones spread over zone size, over their number",
}


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """The 104 records.

    `detail`: `captk`, the name of CaPTk's column; `heterogeneity`, 1 or -1 if a higher value is that of a more varied or of a
    more uniform region, else 0; `dimension`, "2d" for what is measured within slices, else "3d".
    """
    preparation = settings.captk.preparation
    known = {
        record.name: record
        for record in (
            *intensity.records(preparation),
            *histogram.records(preparation),
            *records_of("intensity", first_order.INTENSITY_ROWS, preparation),
            *records_of("intensity_histogram", first_order.HISTOGRAM_ROWS, preparation),
            *records_of("volumetric", shape.VOLUMETRIC_ROWS, preparation),
            *records_of("morphologic", shape.MORPHOLOGIC_ROWS, preparation),
            *ibsi_texture.records(preparation),
            *records_of("glszm", texture.ZONE_ROWS, preparation),
            *records_of("lbp", texture.LBP_ROWS, preparation),
        )
    }
    anything = records_of("", (Row("", "", "", unchanged_by=texture.UNCHANGED),), preparation)[0]
    return tuple(
        _record(entry, known[entry.source], settings.captk.n_bins, possible=anything.invariances) for entry in entries()
    )


def _record(entry: Entry, source: FeatureRecord, n_bins: int, *, possible: tuple[str, ...]) -> FeatureRecord:
    in_slices = entry.name.startswith("lbp_")
    broken = {"rotation90"} if in_slices else {"translation"} if entry.source in shape.ON_BORDER else set()
    kept = set(source.invariances) - broken
    return replace(
        source,
        name=f"captk_{entry.name}",
        family="captk",
        meaning=_MEANINGS.get(entry.source, source.meaning),
        reference=REFERENCE,
        invariances=tuple(one for one in possible if one in kept),
        detail={
            **{key: value for key, value in source.detail.items() if key != "duplicate_of"},
            "captk": column_name(entry.column, n_bins),
            "heterogeneity": entry.heterogeneity,
            "dimension": "2d" if in_slices else "3d",
        },
    )


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """The 104 features of one region of one map.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    parenchyma : Mask or None
        Not used.
    settings : FeatureSettings

    Returns
    -------
    Measured
        Codes of a NaN: `lost_in_resampling`, `no_whole_neighbourhood` (local binary patterns where no voxel has eight
        neighbours in its slice), and those of `radiotype.features.ibsi.distribution.statistics` and
        `radiotype.features.ibsi.texture.texture_features`. Code of a value to be read with care: `no_tone_difference`.

    Raises
    ------
    InputError
        RT206 if a voxel of the region is not finite.
    ComputeError
        RT306 if the interpolated box would be too large.
    """
    preparation = settings.captk.preparation
    prepared = prepare(scan, mask, preparation)
    names = {entry.source: f"captk_{entry.name}" for entry in entries()}
    values = dict.fromkeys(names, math.nan)
    reasons = dict.fromkeys(names, prepared.missing)
    if prepared.missing != LOST:
        values |= shape.measure(prepared.morphological_mask, prepared.spacing_mm, mask)
    if not prepared.missing:
        for found in (first_order.measure(prepared, preparation), texture.measure(prepared, preparation)):
            values |= found.values
            reasons |= found.reasons
    return Measured(
        {name: values[source] for source, name in names.items()},
        {name: reasons[source] for source, name in names.items() if reasons[source]},
    )


FAMILY = Family("captk", "families of CaPTk: intensities, histogram, shape, textures", 1, records, measure, ("captk",))
