"""Statistics of the grey levels of a region."""

from __future__ import annotations

import math

import numpy as np

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi.distribution import CONSTANT, statistics
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import Row, unchanged_levels
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured

_ROWS = (
    Row("mean", "X6K6", "mean grey level", low=1),
    Row("variance", "CH89", "mean squared distance from the mean level (higher: more varied)", low=0),
    Row("skewness", "88K1", "lean of the histogram (above 0: long tail of high levels)"),
    Row("kurtosis", "C3I7", "weight of the tails beyond that of a normal distribution", low=-2),
    Row("median", "WIFQ", "median level", low=1),
    Row("minimum", "1PR8", "lowest level", low=1),
    Row("percentile_10", "GPMT", "level that a tenth of the voxels lie below", low=1),
    Row("percentile_90", "OZ0C", "level that a tenth of the voxels lie above", low=1),
    Row("maximum", "3NCY", "highest level", low=1),
    Row("interquartile_range", "WR0O", "width of the middle half of the levels", low=0),
    Row("range", "5Z3W", "highest less lowest level", low=0),
    Row("mean_absolute_deviation", "D2ZX", "mean distance from the mean level", low=0),
    Row(
        "robust_mean_absolute_deviation",
        "WRZB",
        "the same for levels between the 10th and the 90th percentile only",
        low=0,
    ),
    Row("median_absolute_deviation", "4RNL", "mean distance from the median level", low=0),
    Row("coefficient_of_variation", "CWYJ", "standard deviation over the mean level", low=0),
    Row("quartile_coefficient_of_dispersion", "SLWD", "interquartile range over the sum of the quartiles", low=0, high=1),
    Row("mode", "AMMC", "most frequent level, the one nearest to the mean if there are several", low=1),
    Row("entropy", "TLU2", "information in a voxel's level (higher: more varied)", "bit", low=0),
    Row("uniformity", "BJ5W", "chance that two voxels share a level (higher: more alike)", low=0, high=1),
    Row("maximum_gradient", "12CE", "steepest rise of the histogram, voxels per level"),
    Row("maximum_gradient_level", "8E6O", "level of that rise", low=1),
    Row("minimum_gradient", "VQB3", "steepest fall of the histogram, voxels per level"),
    Row("minimum_gradient_level", "RHQZ", "level of that fall", low=1),
)
_GRADIENTS = tuple(row.name for row in _ROWS[-4:])


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The 23 records."""
    return records_of("intensity_histogram", [row._replace(unchanged_by=unchanged_levels(settings)) for row in _ROWS], settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """Statistics of the histogram of grey levels, its mode, entropy, uniformity and steepest rise and fall.

    Codes of a NaN: `constant_intensity` where the voxels share one level, and the codes of
    `radiotype.features.ibsi.distribution.statistics`. The region has at least one voxel with an intensity.
    """
    histogram = prepared.level_counts
    filled = np.flatnonzero(histogram)
    counts = histogram[filled]
    result, reasons = statistics((filled + 1).astype(np.float64), counts)
    fractions = counts / counts.sum()
    often = filled[counts == counts.max()] + 1
    result["mode"] = float(often[np.argmin(np.abs(often - result["mean"]))])
    result["entropy"] = float(-(fractions * np.log2(fractions)).sum()) + 0.0
    result["uniformity"] = float((fractions**2).sum())
    if histogram.size > 1:
        voxels = histogram.astype(np.float64)
        rise = np.concatenate([[voxels[1] - voxels[0]], (voxels[2:] - voxels[:-2]) / 2, [voxels[-1] - voxels[-2]]])
        highest, lowest = int(rise.argmax()), int(rise.argmin())
        found = (float(rise[highest]), highest + 1.0, float(rise[lowest]), lowest + 1.0)
    else:
        found = (math.nan,) * 4
        reasons |= dict.fromkeys(_GRADIENTS, CONSTANT)
    result |= dict(zip(_GRADIENTS, found, strict=True))
    return Measured(
        {f"intensity_histogram_{name}": value for name, value in result.items()},
        {f"intensity_histogram_{name}": code for name, code in reasons.items()},
    )
