"""Regional variation: how unlike tumour core, invasive margin and the parenchyma around the tumour are (20 features)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import numpy as np

from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.core.volume import Mask, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.features.histogram_distances import DISTANCES, histogram
from radiotype.features.registry import Family, Measured
from radiotype.features.settings import FeatureSettings, MarginSettings
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.body import body
from radiotype.imaging.margins import Labels, MarginRegions, margin_labels, margin_labels_of_authors_code, ring_name
from radiotype.imaging.resample import isotropic_lattice, resampled, resampled_region

#: A region in which more than this fraction of the voxels has no place in the histogram says little about the region.
MOSTLY = 0.5

#: A histogram of fewer voxels than this is mostly chance.
MIN_VOXELS = 10

#: The parts of the tumour in words.
NAMES = {"core": "the core", "invasive": "the invasive margin"}

REFERENCE = "Wu et al., Nature Machine Intelligence 3 (2021) 787-798; distances as in OpenCV's compareHist"


class Surroundings(NamedTuple):
    """The regions of a tumour, and the intensities of the voxels of their grid."""

    values: Floats
    regions: MarginRegions


def _pairs(settings: MarginSettings) -> list[tuple[str, str]]:
    """Names of the two regions of each comparison, the inner one first."""
    return [("core", "invasive"), *product(("core", "invasive"), map(ring_name, settings.distances_mm))]


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """One record per pair of regions and distance."""
    paper = settings.margin.definition == "paper"
    unit = "mm" if paper else "pixels"
    invariances = ("translation", "mirror", *(("rotation90",) if paper else ()))
    widths = {ring_name(width): width for width in settings.margin.distances_mm}
    result = []
    for inner, outer in _pairs(settings.margin):
        ring = f"the parenchymal margin of {widths[outer]:g} {unit}" if outer in widths else "the invasive margin"
        regions: dict[str, str | float] = {"inner": inner, "outer": outer}
        if outer in widths:
            regions[f"width_{unit}"] = widths[outer]
        for name, distance in DISTANCES.items():
            result.append(
                FeatureRecord(
                    name=f"margin_{inner}_vs_{outer}_{name}",
                    family="margin",
                    meaning=f"{distance.meaning} of the histograms of {NAMES[inner]} and {ring}",
                    low=distance.low,
                    high=distance.high,
                    reference=REFERENCE,
                    invariances=invariances,
                    detail=regions | {"distance": name, "definition": settings.margin.definition},
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

        The regions that were compared.

    Raises
    ------
    InputError
        RT206 if a voxel of the tumour is not finite.
    ComputeError
        RT306 if the resampled box around the tumour would be too large.
    """
    options = settings.margin
    names = [record.name for record in records(settings)]
    around, regions = _surroundings(scan, mask, parenchyma, options)
    if not regions.labels.any():
        return Measured(dict.fromkeys(names, np.nan), dict.fromkeys(names, "lost_in_resampling"), regions=regions)
    limits = options.ranges.get(scan.modality) or _percentiles(around[regions.labels > 0], options.percentiles)
    flags: dict[str, float] = {}
    histograms: dict[str, Floats | str] = {}
    for name in ("core", "invasive", *map(ring_name, options.distances_mm)):
        values = around[regions.inside(name)]
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
    return Measured(values_by_name, reasons, flags, regions)


def margin_regions(
    scan: Scan, mask: Mask, *, parenchyma: Mask | None = None, settings: MarginSettings | None = None
) -> MarginRegions:
    """The regions whose intensities the margin features compare: tumour core, invasive margin and parenchymal margins.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    parenchyma : Mask, optional
        The organ tissue around the tumour, on the same grid.
    settings : MarginSettings, optional

    Returns
    -------
    MarginRegions
        On the voxels that are measured (1 mm around the tumour with the default settings); `.on(scan.grid)` lays them onto
        those of the scan, `.masks()` gives each region by name.

    Raises
    ------
    InputError
        RT203 for a mask on another grid; RT206 if a voxel of the tumour is not finite.
    ComputeError
        RT306 if the resampled box around the tumour would be too large.

    Examples
    --------
    >>> import numpy as np
    >>> from radiotype.core import Grid
    >>> grid = Grid((20, 20, 20), np.eye(4))
    >>> ball = ((np.indices(grid.shape) - 9.5) ** 2).sum(axis=0) < 16
    >>> regions = margin_regions(Scan(np.zeros(grid.shape), grid, "CT"), Mask(ball, grid))
    >>> regions.names
    ('core', 'invasive', 'parenchymal_5mm', 'parenchymal_10mm')
    >>> bool((regions.on(grid).inside("core") | regions.on(grid).inside("invasive") == ball).all())
    True
    """
    require_same_grid(scan, mask)
    if parenchyma is not None:
        require_same_grid(scan, parenchyma, what="parenchyma")
    return _surroundings(scan, mask, parenchyma, settings or MarginSettings()).regions


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
    grid, distances = scan.grid.cropped(low, high), tuple(sorted(options.distances_mm))
    labels: Labels
    if pixels:  # their slices are axial
        axes = patient_axes(grid.direction)
        labels = axes.back(margin_labels_of_authors_code(axes.turned(tumour), distances, axes.turned(allowed)))
        return Surroundings(values, MarginRegions(labels, grid, distances, rings_hold_tumour=True))
    if options.spacing_mm is not None:
        x, y, z = ((low_ + high_ - 1) / 2 - np.array(low)).tolist()
        lattice = isotropic_lattice(grid.shape, spacing, options.spacing_mm, centre=(x, y, z))
        values, grid = resampled(values, lattice), lattice.grid(grid)
        tumour, allowed = (resampled_region(region, lattice) for region in (tumour, allowed))
    if tumour.any():
        labels = margin_labels(tumour, grid.spacing_mm, distances, allowed)
    else:
        labels = np.zeros(grid.shape, dtype=np.uint8)
    return Surroundings(values, MarginRegions(labels, grid, distances))


def _percentiles(values: Floats, percentiles: tuple[float, float]) -> tuple[float, float]:
    low, high = np.percentile(values[np.isfinite(values)], percentiles, overwrite_input=True)
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


FAMILY = Family("margin", "regional variation between tumour core, margin and parenchyma", 2, records, measure, ("margin",))
