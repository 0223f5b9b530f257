"""Features of a region in a scan that was filtered, after IBSI-2."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Protocol

import numpy as np

from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.features.filters.boundary import Range
from radiotype.features.filters.unfit import UnfitError
from radiotype.features.ibsi import histogram, intensity, texture, volume_histogram
from radiotype.features.ibsi.filter_base import FilterSettings, Spacing
from radiotype.features.ibsi.filter_memory import bytes_of
from radiotype.features.ibsi.filter_settings import LogFilter
from radiotype.features.ibsi.preprocess import Prepared, discretised, seen_by
from radiotype.features.ibsi.settings import Bins, IbsiSettings
from radiotype.features.registry import Measured
from radiotype.features.threads import in_order, threads_for
from radiotype.imaging.resample import with_nearest_finite

REFERENCE = "Whybra et al., Radiology 310 (2024) e231319; IBSI reference manual, convolutional filters"

#: Responses are rounded to this fraction of the largest intensity: what they lose to rounding differs with the order of the
#: voxels, and would put a voxel of a flat image, whose response is 0, into any grey level.
PRECISION = 2.0**-40

#: Bytes for a voxel that a filter sees, where some of them hold no finite value and take that of the nearest.
FILLING = 40

#: Bytes for a voxel of the region's box, rounded and in levels, and for one inside while it is measured.
ROUNDED, MEASURED = 20, 64


class Section(Protocol):
    """A group of features: what they are, and their values."""

    def records(self, settings: IbsiSettings) -> tuple[FeatureRecord, ...]: ...

    def measure(self, prepared: Prepared, settings: IbsiSettings) -> Measured: ...


SECTIONS: dict[str, Section] = {
    "intensity": intensity,
    "intensity_histogram": histogram,
    "intensity_volume_histogram": volume_histogram,
    "texture": texture,
}


@lru_cache(maxsize=16)
def own_settings(settings: IbsiSettings) -> IbsiSettings:
    """What holds for filtered intensities: bins of their own; re-segmentation is done with the intensities before."""
    changed = {
        "bins": settings.filtered_bins,
        "volume_histogram_bins": Bins(width=None, number=1000),
        "intensity_range": None,
        "outlier_sigma": None,
        "filters": (),
    }
    return settings.model_copy(update=changed)


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The records of every group for every filter, in that order; empty without filters."""
    own = own_settings(settings)
    return tuple(
        _of_the_filter(record, one, cubes=settings.spacing_mm is not None and not settings.slice_by_slice)
        for one in settings.filters
        for group in settings.filtered_features
        for record in SECTIONS[group].records(own)
    )


def _of_the_filter(record: FeatureRecord, one: FilterSettings, *, cubes: bool) -> FeatureRecord:
    """A turned scan has the same features only if the filter has no direction; mirrored, the turns of a filter are others.

    A Laplacian counts squared voxels of the first axis, which are others once the scan is turned unless voxels are cubes.
    """
    kept = {"intensity_scale"} | ({"translation"} if one.local else set()) | ({"rotation90"} if one.turns else set())
    if isinstance(one, LogFilter) and not cubes:
        kept.discard("rotation90")
    if isinstance(one.boundary, float) and one.boundary:
        kept.discard("intensity_scale")
    mark = {} if one.standardised else {"standardised": "no"}
    return replace(
        record,
        name=f"{one.name}_{record.name}",
        meaning=f"{record.meaning}; scan filtered for {one.brings_out}{'' if one.standardised else ' (not standardised)'}",
        reference=REFERENCE,
        invariances=tuple(change for change in record.invariances if change in kept),
        detail={**record.detail, "filter": one.name, "filter_ibsi": one.ibsi} | mark,
    )


def measure(prepared: Prepared, settings: IbsiSettings, *, n_threads: int | None = None) -> Measured:
    """Every group of features for every filter.

    Parameters
    ----------
    prepared : Prepared
        With at least one voxel in its intensity mask.
    settings : IbsiSettings
        Those it was prepared with.
    n_threads : int, optional
        Filters at a time, fewer if memory is short; when left out, OMP_NUM_THREADS or the cores there are.

    Returns
    -------
    Measured
        The same whatever the number of threads. A filter that does not fit the scan has NaN: `filter_too_fine`,
        `filter_too_large` or `filter_passes_mean`.
    """

    def of_one(one: FilterSettings) -> Measured:
        try:
            return _measured(filtered(prepared, one, settings), one, settings)
        except UnfitError as unfit:
            names = [record.name for record in records(settings) if record.detail.get("filter") == one.name]
            return Measured(dict.fromkeys(names, math.nan), dict.fromkeys(names, unfit.reason))

    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    tasks = (partial(of_one, one) for one in settings.filters)
    for part in in_order(tasks, threads(prepared, settings, n_threads)):
        values |= part.values
        reasons |= part.reasons
    return Measured(values, reasons)


def filtered(prepared: Prepared, one: FilterSettings, settings: IbsiSettings) -> Prepared:
    """The region with the response to a filter in place of its intensities, and grey levels of that.

    The intensity mask stays: what was cut off by re-segmentation was cut off by the intensities before.
    """
    image = response(prepared, one)
    own = own_settings(settings)
    inside, levels, n_levels, width, extent = discretised(image, prepared.intensity_mask, own, (None, None))
    for array in (image, inside, levels):
        array.setflags(write=False)
    return replace(
        prepared,
        surroundings=image,
        first=(0, 0, 0),
        intensity_mask=inside,
        levels=levels,
        n_levels=n_levels,
        bin_width=width,
        intensity_range=(None, None),
        extent=extent,
        far=None,
    )


def response(prepared: Prepared, one: FilterSettings) -> Floats:
    """The response to a filter in the region's own box, rounded to `PRECISION`.

    A voxel without a finite value takes that of the nearest one in the box that the filter sees.
    """
    seen, keep = seen_of(prepared, one)
    seen = with_nearest_finite(seen)
    image = np.array(one.response(seen, prepared.spacing_mm, keep), order="F")
    largest = max(float(seen.max()), -float(seen.min()))
    unit = float(np.ldexp(PRECISION, int(np.frexp(largest)[1])))
    if unit > 0:
        image /= unit
        np.rint(image, out=image)
        image *= unit
    return image


def seen_of(prepared: Prepared, one: FilterSettings) -> tuple[Floats, tuple[Range, ...]]:
    """What one filter sees, whichever others there are, and where in it the region's own box lies."""
    if prepared.far is None:
        raise ValueError("the region was prepared without filters")
    first = np.array(prepared.far_first)
    own = (first, first + prepared.morphological_mask.shape)
    low, high = seen_by((one,), prepared.spacing_mm, own, own, prepared.far.shape)
    i, j, k = (slice(*span) for span in zip(low.tolist(), high.tolist(), strict=True))
    keep = zip((own[0] - low).tolist(), (own[1] - low).tolist(), strict=True)
    return prepared.far[i, j, k], tuple(keep)


def _measured(prepared: Prepared, one: FilterSettings, settings: IbsiSettings) -> Measured:
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for group in settings.filtered_features:
        found = SECTIONS[group].measure(prepared, own_settings(settings))
        values |= {f"{one.name}_{name}": value for name, value in found.values.items()}
        reasons |= {f"{one.name}_{name}": reason for name, reason in found.reasons.items()}
    return Measured(values, reasons)


def threads(prepared: Prepared, settings: IbsiSettings, asked: int | None) -> int:
    """How many filters are worked on at a time: as many as were asked for, or cores, but no more than fit into memory."""
    if prepared.far is None:
        return 1
    filling = 0 if np.isfinite(prepared.far).all() else FILLING
    most, inside = 1, int(np.count_nonzero(prepared.intensity_mask))
    for one in settings.filters:
        seen, keep = seen_of(prepared, one)
        most = max(most, filling * seen.size + bytes_for(one, seen.shape, keep, prepared.spacing_mm, inside))
    return threads_for(len(settings.filters), most, asked)


def bytes_for(one: FilterSettings, seen: Sequence[int], keep: Sequence[Range], spacing_mm: Spacing, inside: int) -> int:
    """What the features of one filter take at their peak, bytes: its response, and so many voxels that are measured."""
    box = math.prod(high - low for low, high in keep)
    return ROUNDED * box + max(bytes_of(one, seen, keep, spacing_mm), MEASURED * inside)
