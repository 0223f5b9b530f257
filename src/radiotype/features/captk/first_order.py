"""Intensities and grey levels of a region as a sample, wherever the voxels lie."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats
from radiotype.features.ibsi import histogram, intensity
from radiotype.features.ibsi.distribution import percentiles
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import INTENSITY, Row
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured

_SIZE = ("scale",)
_LEVELS = ("scale", "intensity_shift", "intensity_scale")

#: Features that the IBSI does not define.
INTENSITY_ROWS = (
    Row("mode", "", "intensity at the middle of the most frequent level", INTENSITY, unchanged_by=_SIZE),
    Row("sum", "", "sum of the intensities", INTENSITY, unchanged_by=_SIZE),
)
HISTOGRAM_ROWS = (
    Row("energy", "", "sum of squared levels", low=1, unchanged_by=_LEVELS),
    Row(
        "percentile_5",
        "",
        "intensity that 5 % of the histogram lie below, levels filled evenly",
        INTENSITY,
        unchanged_by=("scale",),
    ),
    Row(
        "percentile_5_mean",
        "",
        "mean of the intensities up to the 5th percentile of the histogram",
        INTENSITY,
        unchanged_by=("scale",),
    ),
    Row(
        "percentile_95",
        "",
        "intensity that 5 % of the histogram lie above, levels filled evenly",
        INTENSITY,
        unchanged_by=("scale",),
    ),
    Row(
        "percentile_95_mean",
        "",
        "mean of the intensities from the 95th percentile of the histogram on",
        INTENSITY,
        unchanged_by=("scale",),
    ),
    Row("root_mean_square", "", "root of the mean squared level", low=1, unchanged_by=_LEVELS),
    Row("percentile_75", "", "level that a quarter of the voxels lie above", low=1, unchanged_by=_LEVELS),
    Row("sum", "", "sum of the levels", low=1, unchanged_by=_LEVELS),
    Row("percentile_25", "", "level that a quarter of the voxels lie below", low=1, unchanged_by=_LEVELS),
)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """Statistics of the intensities (`intensity_...`) and of their levels (`intensity_histogram_...`), the IBSI's and ours.

    Codes of a NaN are those of `radiotype.features.ibsi.distribution.statistics`. The region has at least one voxel.
    """
    found = intensity.measure(prepared, settings), histogram.measure(prepared, settings)
    values = {**found[0].values, **found[1].values}
    intensities, counts = prepared.intensity_counts
    level_counts = prepared.level_counts
    filled = np.flatnonzero(level_counts)
    levels, of_level = (filled + 1).astype(np.float64), level_counts[filled]
    low, width = float(intensities[0]), prepared.bin_width
    n = int(of_level.sum())
    lowest, highest = (histogram_percentile(level_counts, percent, low=low, width=width) for percent in (5, 95))
    below, above = intensities <= lowest, intensities >= min(highest, float(intensities[-1]))
    p25, p75 = percentiles(levels, np.cumsum(of_level), (25, 75))
    energy = float((levels**2 * of_level).sum())
    values |= {
        "intensity_mode": low + (values["intensity_histogram_mode"] - 0.5) * width,
        "intensity_sum": float((intensities * counts).sum()),
        "intensity_histogram_energy": energy,
        "intensity_histogram_percentile_5": lowest,
        "intensity_histogram_percentile_5_mean": _mean(intensities[below], counts[below]),
        "intensity_histogram_percentile_95": highest,
        "intensity_histogram_percentile_95_mean": _mean(intensities[above], counts[above]),
        "intensity_histogram_root_mean_square": math.sqrt(energy / n),
        "intensity_histogram_percentile_75": p75,
        "intensity_histogram_sum": float((levels * of_level).sum()),
        "intensity_histogram_percentile_25": p25,
    }
    return Measured(values, {**found[0].reasons, **found[1].reasons})


def histogram_percentile(level_counts: npt.NDArray[np.int64], percent: float, *, low: float, width: float) -> float:
    """A percentile of a histogram whose bins are filled evenly, in the unit of the intensities.

    Parameters
    ----------
    level_counts : array of int, shape (n_levels,)
        Voxels of each level; at least one in all.
    percent : float
    low, width : float
        Lower edge of the first bin and width of each.

    Examples
    --------
    >>> histogram_percentile(np.array([2, 0, 2]), 75, low=10.0, width=4.0)
    20.0
    """
    cumulated = np.cumsum(level_counts)
    wanted = int(cumulated[-1]) * percent / 100
    level = int(np.searchsorted(cumulated, wanted))
    count = int(level_counts[level])
    before = int(cumulated[level]) - count
    return low + (level + (wanted - before) / count) * width


def _mean(values: Floats, counts: npt.NDArray[np.int64]) -> float:
    return float((values * counts).sum()) / int(counts.sum())
