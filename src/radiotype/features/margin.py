"""Regional variation: how unlike tumour core, invasive margin and the parenchyma around the tumour are (20 features)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.core.volume import Mask, Scan
from radiotype.errors import InputError
from radiotype.features.histogram_distances import DISTANCES, histogram
from radiotype.features.registry import Family, Measured
from radiotype.features.settings import FeatureSettings, MarginSettings
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.body import body
from radiotype.imaging.margins import Bools, MarginRegions, margin_regions, margin_regions_of_authors_code
from radiotype.imaging.resample import to_isotropic

#: Range of the histograms where the modality has no fixed one: percentiles of the regions together.
PERCENTILES = (0.5, 99.5)

#: A region in which more than this fraction of the voxels has no place in the histogram says little about the region.
MOSTLY = 0.5

#: A histogram of fewer voxels than this is mostly chance.
MIN_VOXELS = 10

REFERENCE = "Wu et al., Nature Machine Intelligence 3 (2021) 787-798; distances as in OpenCV's compareHist"


@dataclass(frozen=True, eq=False)
class Surroundings:
    """A tumour with what lies around it: arrays of one shape, and the spacing between their voxels in mm."""

    values: Floats
    tumour: Bools
    allowed: Bools
    spacing_mm: tuple[float, float, float]


def _pairs(settings: MarginSettings) -> list[tuple[str, str]]:
    """Names of the two regions of each comparison, the inner one first."""
    rings = [f"parenchymal_{distance:g}mm" for distance in settings.distances_mm]
    return [("core", "invasive"), *(("core", ring) for ring in rings), *(("invasive", ring) for ring in rings)]


def _invariances(settings: MarginSettings) -> tuple[str, ...]:
    """What leaves a value as it is; resampled voxels may fall on the other side of an edge when the frame is turned."""
    if settings.definition == "authors_code":
        return ("translation", "mirror")
    return ("translation",) if settings.spacing_mm is not None else ("translation", "mirror", "rotation90")


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """One record per pair of regions and distance."""
    result = []
    for inner, outer in _pairs(settings.margin):
        for name, distance in DISTANCES.items():
            result.append(
                FeatureRecord(
                    name=f"margin_{inner}_vs_{outer}_{name}",
                    family="margin",
                    meaning=f"{distance.meaning} of the histograms of {inner} and {outer.replace('_', ' ')} region",
                    low=distance.low,
                    high=distance.high,
                    reference=REFERENCE,
                    invariances=_invariances(settings.margin),
                    detail={"inner": inner, "outer": outer, "distance": name, "definition": settings.margin.definition},
                )
            )
    return tuple(result)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """Distances between the intensity histograms of the regions of one tumour.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    parenchyma : Mask or None
        The organ tissue around the tumour. Without one the outer regions reach as far as the body, and the features that use
        them carry the code `parenchyma_not_restricted`.
    settings : FeatureSettings

    Returns
    -------
    Measured
        Codes of a NaN: `empty_region`, `all_values_outside_range`, `constant_intensity`, `lost_in_resampling`.

        Codes of a value to be read with care, the first that applies: `few_voxels` (a region of the pair has fewer than 10),
        `mostly_outside_range` (more than half of a region's voxels lie outside the histogram's range or are not finite),
        `parenchyma_not_restricted`.

        Flags: `margin_dropped_<region>`, the fraction of a region's voxels outside the histogram's range or not finite;
        `margin_voxels_<region>`; `parenchyma_not_restricted`.

    Raises
    ------
    InputError
        RT206 if a voxel of the tumour is not finite.
    ComputeError
        RT306 if the resampled box around the tumour would be too large.
    """
    options = settings.margin
    names = [record.name for record in records(settings)]
    around = _surroundings(scan, mask, parenchyma, options)
    if not around.tumour.any():
        return Measured(dict.fromkeys(names, np.nan), dict.fromkeys(names, "lost_in_resampling"))
    regions = _regions(around, options)
    limits = _limits(around.values, regions, scan.modality, options)
    flags: dict[str, float] = {}
    histograms: dict[str, Floats | str] = {}
    for name, region in regions.items():
        values = around.values[region]
        kept, histograms[name] = histogram(values, limits, options.n_bins)
        flags[f"margin_voxels_{name}"] = float(values.size)
        flags[f"margin_dropped_{name}"] = 1.0 - kept / values.size if values.size else 0.0
    values_by_name, reasons = _compare(histograms, options)
    for (inner, outer), name in product(_pairs(options), DISTANCES):
        code = _care(flags, inner, outer)
        if code:
            reasons.setdefault(f"margin_{inner}_vs_{outer}_{name}", code)
    if parenchyma is None:
        flags["parenchyma_not_restricted"] = 1.0
        for name in names:
            if "_parenchymal_" in name:
                reasons.setdefault(name, "parenchyma_not_restricted")
    return Measured(values_by_name, reasons, flags)


def _care(flags: Mapping[str, float], inner: str, outer: str) -> str:
    """Why a value of this pair of regions must be read with care, or nothing."""
    if min(flags[f"margin_voxels_{name}"] for name in (inner, outer)) < MIN_VOXELS:
        return "few_voxels"
    return "mostly_outside_range" if max(flags[f"margin_dropped_{name}"] for name in (inner, outer)) > MOSTLY else ""


def _surroundings(scan: Scan, mask: Mask, parenchyma: Mask | None, options: MarginSettings) -> Surroundings:
    """The box around the tumour, wide enough for the widest margin, resampled where the settings ask for it."""
    pixels = options.definition == "authors_code"
    spacing = scan.grid.spacing_mm
    reach = [max(options.distances_mm) / (1.0 if pixels else step) for step in spacing]
    margin = np.ceil(reach).astype(int) + 2
    low_, high_ = (np.array(corner) for corner in mask.box)
    i, j, k = (int(n) for n in np.maximum(low_ - margin, 0))
    low = (i, j, k)
    i, j, k = (int(n) for n in np.minimum(high_ + margin, scan.grid.shape))
    high = (i, j, k)
    values, tumour = scan.box(low, high), mask.cropped(low, high)
    broken = int(np.count_nonzero(~np.isfinite(values[tumour])))
    if broken:
        raise InputError("RT206", f"{broken:,} voxels of the tumour hold no finite value", hint="check the scan in a viewer")
    allowed = body(values, tumour, scan.modality) if parenchyma is None else parenchyma.cropped(low, high)
    if pixels:  # their slices are axial
        axes = patient_axes(scan.grid.direction)
        return Surroundings(axes.turned(values), axes.turned(tumour), axes.turned(allowed), axes.spacing(spacing))
    if options.spacing_mm is None:
        return Surroundings(values, tumour, allowed, spacing)
    step = options.spacing_mm
    x, y, z = ((low_ + high_ - 1) / 2 - np.array(low)).tolist()
    values = to_isotropic(values, spacing, step, centre=(x, y, z))
    tumour, allowed = (
        to_isotropic(region.astype(np.float64), spacing, step, centre=(x, y, z)) >= 0.5 for region in (tumour, allowed)
    )
    return Surroundings(
        values,
        tumour,
        allowed,
        spacing if np.allclose(spacing, step, rtol=1e-6, atol=0) else (step, step, step),
    )


def _regions(around: Surroundings, options: MarginSettings) -> dict[str, Bools]:
    found: MarginRegions
    if options.definition == "authors_code":
        found = margin_regions_of_authors_code(around.tumour, options.distances_mm, around.allowed)
    else:
        found = margin_regions(around.tumour, around.spacing_mm, options.distances_mm, around.allowed)
    rings = {
        f"parenchymal_{distance:g}mm": ring for distance, ring in zip(options.distances_mm, found.parenchymal, strict=True)
    }
    return {"core": found.core, "invasive": found.invasive, **rings}


def _limits(values: Floats, regions: Mapping[str, Bools], modality: str, options: MarginSettings) -> tuple[float, float]:
    if modality in options.ranges:
        return options.ranges[modality]
    together = values[np.logical_or.reduce(list(regions.values()))]
    together = together[np.isfinite(together)]
    low, high = np.percentile(together, PERCENTILES, overwrite_input=True)
    return float(low), float(high)


def _compare(histograms: Mapping[str, Floats | str], options: MarginSettings) -> tuple[dict[str, float], dict[str, str]]:
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for inner, outer in _pairs(options):
        first, second = histograms[inner], histograms[outer]
        for name, distance in DISTANCES.items():
            feature = f"margin_{inner}_vs_{outer}_{name}"
            if isinstance(first, str) or isinstance(second, str):
                values[feature] = np.nan
                reasons[feature] = first if isinstance(first, str) else str(second)
            else:
                values[feature] = distance.between(first, second)
    return values, reasons


FAMILY = Family("margin", "regional variation between tumour core, margin and parenchyma", 1, records, measure, ("margin",))
