"""Statistics of many small samples at once, each a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.core.geometry import Floats
from radiotype.features.ibsi.entries import sums


def sample_statistics(samples: Floats) -> dict[str, Floats]:
    """Mean, spread, form and percentiles of every row.

    Parameters
    ----------
    samples : array, shape (n, n_voxels)
        NaN where a sample has no voxel; at least one voxel in each.

    Returns
    -------
    dict
        The statistics of `radiotype.features.ibsi.distribution.statistics`, and `energy` and `root_mean_square`; NaN where one
        does not exist.

    Examples
    --------
    >>> sample_statistics(np.array([[1.0, 1.0, 4.0, 1.0], [2.0, np.nan, np.nan, np.nan]]))["mean"].tolist()
    [1.75, 2.0]
    """
    values = np.sort(samples, axis=1)  # NaN come last
    n = np.count_nonzero(~np.isnan(values), axis=1)
    low, high = values[:, 0], values[np.arange(len(values)), n - 1]
    p10, p25, median, p75, p90 = (_percentile(values, n, percent) for percent in (10, 25, 50, 75, 90))
    constant = low == high
    mean = np.where(constant, low, np.nansum(values, axis=1) / n)
    deviations = values - mean[:, None]
    scale = np.nanmax(np.abs(deviations), axis=1)
    scale[scale == 0] = 1.0
    deviations /= scale[:, None]
    squares = deviations * deviations
    second, third, fourth = (np.nansum(powers, axis=1) / n for powers in (squares, squares * deviations, squares * squares))
    robust = np.where((values >= p10[:, None]) & (values <= p90[:, None]), values, np.nan)
    n_robust = np.count_nonzero(~np.isnan(robust), axis=1)
    largest = np.maximum(np.abs(low), np.abs(high))
    largest[largest == 0] = 1.0
    mean_square = np.nansum((values / largest[:, None]) ** 2, axis=1) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        robust_mean = np.nansum(robust, axis=1) / n_robust
        found = {
            "mean": mean,
            "variance": second * scale**2,
            "skewness": np.where(constant, np.nan, third / second**1.5),
            "kurtosis": np.where(constant, np.nan, fourth / second**2 - 3),
            "median": median,
            "minimum": low,
            "percentile_10": p10,
            "percentile_90": p90,
            "maximum": high,
            "interquartile_range": p75 - p25,
            "range": high - low,
            "mean_absolute_deviation": np.nansum(np.abs(values - mean[:, None]), axis=1) / n,
            "robust_mean_absolute_deviation": np.nansum(np.abs(robust - robust_mean[:, None]), axis=1) / n_robust,
            "median_absolute_deviation": np.nansum(np.abs(values - median[:, None]), axis=1) / n,
            "coefficient_of_variation": _ratio(np.sqrt(second) * scale, mean),
            "quartile_coefficient_of_dispersion": _ratio(p75 - p25, p75 + p25),
        }
    found["energy"] = mean_square * n * largest**2
    found["root_mean_square"] = np.sqrt(mean_square) * largest
    return found


def level_statistics_of_samples(levels: NDArray[np.int64], n_levels: int, mean: Floats) -> dict[str, Floats]:
    """Mode, entropy, uniformity and steepest rise and fall of the histogram of every row.

    Parameters
    ----------
    levels : array, shape (n, n_voxels)
        From 1 to `n_levels`; 0 where a sample has no voxel.
    n_levels : int
    mean : array, shape (n,)
        Of the levels: of several modes, the one nearest to it is given.

    Examples
    --------
    >>> level_statistics_of_samples(np.array([[1, 1, 3, 0]]), 3, np.array([5 / 3]))["mode"].tolist()
    [1.0]
    """
    keys = (np.arange(len(levels))[:, None] * (n_levels + 1) + levels).ravel()
    histogram = sums(keys, np.ones(keys.size), len(levels), n_levels + 1)[:, 1:]
    fractions = histogram / histogram.sum(axis=1, keepdims=True)
    logarithm = np.log2(fractions, out=np.zeros_like(fractions), where=fractions > 0)
    away = np.abs(np.arange(1, n_levels + 1) - mean[:, None])
    often = histogram == histogram.max(axis=1, keepdims=True)
    found = {
        "mode": np.where(often, away, np.inf).argmin(axis=1) + 1.0,
        "entropy": -(fractions * logarithm).sum(axis=1) + 0.0,
        "uniformity": np.square(fractions).sum(axis=1),
    }
    names = ("maximum_gradient", "maximum_gradient_level", "minimum_gradient", "minimum_gradient_level")
    if n_levels < 2:
        return found | dict.fromkeys(names, np.full(len(levels), np.nan))
    rise = np.gradient(histogram, axis=1)
    steep = rise.max(axis=1), rise.argmax(axis=1) + 1.0, rise.min(axis=1), rise.argmin(axis=1) + 1.0
    return found | dict(zip(names, steep, strict=True))


def _percentile(values: Floats, n: NDArray[np.integer], percent: float) -> Floats:
    """Linear between the two nearest of the first n values of each row, which rise."""
    place = (n - 1) * percent / 100
    below = np.floor(place).astype(np.int64)
    rows = np.arange(len(values))
    first, second = values[rows, below], values[rows, below + (place > below)]
    return np.asarray(first + (second - first) * (place - below))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.where(below == 0, np.nan, above / below)
