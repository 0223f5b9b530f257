"""The intensity-volume histogram: how much of a region reaches which intensity."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.features.ibsi.discretise import grey_levels
from radiotype.features.ibsi.distribution import CONSTANT
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import INTENSITY, Row
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured

_ROWS = (
    Row("volume_at_10_percent_intensity", "NK6P", "fraction of the volume above the lowest tenth of the range", "1", 0, 1),
    Row("volume_at_90_percent_intensity", "4279", "fraction of the volume in the highest tenth of the range", "1", 0, 1),
    Row("intensity_at_10_percent_volume", "PWN1", "least intensity that no more than a tenth of the volume reaches", INTENSITY),
    Row("intensity_at_90_percent_volume", "BOHI", "least intensity that no more than nine tenths reach", INTENSITY),
    Row("volume_difference", "WITY", "volume at 10 % less volume at 90 % intensity", "1", 0, 1),
    Row("intensity_difference", "JXJA", "intensity at 10 % less intensity at 90 % volume", INTENSITY, 0),
    Row("area_under_curve", "9CMM", "area under the volume over the intensity, both as fractions", "1", 0, 1),
)


class Curve(NamedTuple):
    """Levels that occur, rising, with their voxels; the distance of levels, 0 if they are as fine as it gets; their range."""

    values: Floats
    counts: npt.NDArray[np.int64]
    step: float
    low: float
    high: float


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The seven records; intensities are levels where the curve has a fixed number of bins."""
    number = settings.volume_histogram_bins and settings.volume_histogram_bins.number
    rows = []
    for row in _ROWS:
        unchanged = ("intensity_shift", "intensity_scale") if number or row.name.startswith("volume") else ()
        rows.append(row._replace(unchanged_by=("scale", *unchanged), unit="1" if number else row.unit))
    return records_of("intensity_volume_histogram", tuple(rows), settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """How much of the region reaches given intensities, which intensities given parts of it reach, and the area between.

    The range of intensities is that of re-segmentation where its limits were set, else that of the region; with a fixed
    number of bins it is that of the bins. Whole numbers are taken to be one apart. Where more of the volume than was asked
    for has the highest intensity, the intensity is one step above that, and without steps the highest itself.

    The area is NaN with the code `constant_intensity` if there is but one intensity or level. The region has at least one
    voxel with an intensity.
    """
    curve = _curve(prepared, settings)
    volume = [_volume_at(curve, percent) for percent in (10, 90)]
    intensity = [_intensity_at(curve, percent) for percent in (10, 90)]
    single = curve.low == curve.high or prepared.intensity_counts.values.size == 1
    area = math.nan if single else _area(curve)
    values = (*volume, *intensity, volume[0] - volume[1], intensity[0] - intensity[1], area)
    names = [f"intensity_volume_histogram_{row.name}" for row in _ROWS]
    return Measured(dict(zip(names, values, strict=True)), {names[-1]: CONSTANT} if math.isnan(area) else {})


def _curve(prepared: Prepared, settings: IbsiSettings) -> Curve:
    values, counts = prepared.intensity_counts
    bins = settings.volume_histogram_bins
    low, high = (
        float(own if limit is None else limit) for own, limit in zip(values[[0, -1]], prepared.intensity_range, strict=True)
    )
    if bins is None:
        return Curve(values, counts, 1.0 if (values == np.rint(values)).all() else 0.0, low, high)
    levels, _ = grey_levels(values, bins, lowest=low)
    histogram = np.bincount(levels, weights=counts).astype(np.int64)
    filled = np.flatnonzero(histogram)
    if bins.width is None:
        return Curve(filled.astype(np.float64), histogram[filled], 1.0, 1.0, float(bins.number or 1))
    centres = low + (filled.astype(np.float64) - 0.5) * bins.width
    last = math.floor((high - low) / bins.width) + 0.5
    return Curve(centres, histogram[filled], bins.width, low + 0.5 * bins.width, low + last * bins.width)


def _volume_at(curve: Curve, percent: int) -> float:
    """Fraction of the voxels at or above so many percent of the range."""
    reached = (curve.values - curve.low) * 100 >= (curve.high - curve.low) * percent
    return int(curve.counts[reached].sum()) / int(curve.counts.sum())


def _intensity_at(curve: Curve, percent: int) -> float:
    """The least level that no more than so many percent of the voxels reach."""
    reaching = np.cumsum(curve.counts[::-1])[::-1]
    too_many = int(np.count_nonzero(reaching * 100 > percent * reaching[0])) - 1
    if curve.step:
        return float(curve.values[too_many]) + curve.step
    return float(curve.values[min(too_many + 1, curve.values.size - 1)])


def _area(curve: Curve) -> float:
    """Trapezoids between neighbouring levels, from the lower to the upper end of the range."""
    n = int(curve.counts.sum())
    if not curve.step:
        levels = np.concatenate([[curve.low], curve.values, [curve.high]])
        reaching = np.concatenate([[n], np.cumsum(curve.counts[::-1])[::-1], [0]])
        heights = (reaching[1:] + reaching[:-1]) / 2
        return float((heights * np.diff(levels)).sum()) / n / (curve.high - curve.low)
    # Every voxel adds one to the height at each level from the lowest to its own.
    steps = float((np.rint((curve.values - curve.low) / curve.step) * curve.counts).sum()) / n + 1
    ends = (1 + (int(curve.counts[-1]) / n if curve.values[-1] >= curve.high else 0.0)) / 2
    return (steps - ends) * curve.step / (curve.high - curve.low)
