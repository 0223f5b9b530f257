"""Intensity-based statistics of a region: its voxels as a sample, wherever they lie."""

from __future__ import annotations

import math

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi.distribution import statistics
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import INTENSITY, Row
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured

_ANY, _SHIFT, _SCALE = ("intensity_shift", "intensity_scale"), ("intensity_shift",), ("intensity_scale",)
_SQUARE = f"{INTENSITY}2"

_ROWS = (
    Row("mean", "Q4LE", "mean intensity", INTENSITY),
    Row("variance", "ECT3", "mean squared distance from the mean (higher: more varied)", _SQUARE, 0, unchanged_by=_SHIFT),
    Row("skewness", "KE2A", "lean of the distribution (above 0: long tail of high intensities)", unchanged_by=_ANY),
    Row("kurtosis", "IPH6", "weight of the tails beyond that of a normal distribution", low=-2, unchanged_by=_ANY),
    Row("median", "Y12H", "median intensity", INTENSITY),
    Row("minimum", "1GSF", "smallest intensity", INTENSITY),
    Row("percentile_10", "QG58", "intensity that a tenth of the voxels lie below", INTENSITY),
    Row("percentile_90", "8DWT", "intensity that a tenth of the voxels lie above", INTENSITY),
    Row("maximum", "84IY", "largest intensity", INTENSITY),
    Row("interquartile_range", "SALO", "width of the middle half of the intensities", INTENSITY, 0, unchanged_by=_SHIFT),
    Row("range", "2OJQ", "largest less smallest intensity", INTENSITY, 0, unchanged_by=_SHIFT),
    Row("mean_absolute_deviation", "4FUA", "mean distance from the mean", INTENSITY, 0, unchanged_by=_SHIFT),
    Row(
        "robust_mean_absolute_deviation",
        "1128",
        "the same for intensities between the 10th and the 90th percentile only",
        INTENSITY,
        0,
        unchanged_by=_SHIFT,
    ),
    Row("median_absolute_deviation", "N72L", "mean distance from the median", INTENSITY, 0, unchanged_by=_SHIFT),
    Row("coefficient_of_variation", "7TET", "standard deviation over the mean", unchanged_by=_SCALE),
    Row(
        "quartile_coefficient_of_dispersion",
        "9S40",
        "interquartile range over the sum of the quartiles",
        unchanged_by=_SCALE,
    ),
    Row("energy", "N8CA", "sum of squared intensities", _SQUARE, 0),
    Row("root_mean_square", "5ZWQ", "root of the mean squared intensity", INTENSITY, 0),
)


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The eighteen records."""
    return records_of("intensity", [row._replace(unchanged_by=("scale", *row.unchanged_by)) for row in _ROWS], settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """Eighteen statistics of the intensities inside the intensity mask.

    Codes of a NaN: `lost_in_resampling`, `nothing_left_by_resegmentation`, and those of
    `radiotype.features.ibsi.distribution.statistics`.
    """
    values, counts = prepared.intensity_counts
    result, reasons = statistics(values, counts)
    largest = max(abs(float(values[0])), abs(float(values[-1]))) or 1.0
    mean_square = float(((values / largest) ** 2 * counts).sum()) / int(counts.sum())
    result["energy"] = mean_square * int(counts.sum()) * largest**2
    result["root_mean_square"] = math.sqrt(mean_square) * largest
    return Measured({f"intensity_{k}": v for k, v in result.items()}, {f"intensity_{k}": v for k, v in reasons.items()})
