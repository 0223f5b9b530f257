"""Statistics of a distribution that is given as different values and how often each occurs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats

CONSTANT = "constant_intensity"

#: Codes of statistics that divide by nothing.
CODES = {
    "skewness": CONSTANT,
    "kurtosis": CONSTANT,
    "robust_mean_absolute_deviation": "few_voxels",
    "coefficient_of_variation": "mean_intensity_zero",
    "quartile_coefficient_of_dispersion": "quartiles_cancel",
}


def percentiles(values: Floats, cumulated: npt.NDArray[np.int64], percents: Sequence[float]) -> list[float]:
    """Percentiles, linear between the two nearest voxels, as NumPy's.

    Parameters
    ----------
    values : array, shape (n,)
        Different values, rising.
    cumulated : array, shape (n,)
        Number of voxels up to each.
    percents : sequence of float

    Examples
    --------
    >>> percentiles(np.array([1.0, 3.0]), np.array([3, 5]), [50, 75])
    [1.0, 3.0]
    """
    places = (int(cumulated[-1]) - 1) * np.array(percents) / 100
    below = np.floor(places)
    first, second = values[np.searchsorted(cumulated, [below, np.ceil(places)], side="right")]
    found: list[float] = (first + (second - first) * (places - below)).tolist()
    return found


def statistics(values: Floats, counts: npt.NDArray[np.int64]) -> tuple[dict[str, float], dict[str, str]]:
    """Mean, spread, form and percentiles; all moments are divided by the number of voxels.

    Parameters
    ----------
    values : array, shape (n,)
        Different values, rising.
    counts : array, shape (n,)
        How many voxels hold each.

    Returns
    -------
    tuple of dict
        Sixteen statistics by name, and a code for each that is not a number: `constant_intensity` (skewness and kurtosis of
        one value), `few_voxels` (two voxels have none between the 10th and the 90th percentile), `mean_intensity_zero`
        (coefficient of variation), `quartiles_cancel` (quartile coefficient of dispersion).

    Examples
    --------
    >>> statistics(np.array([1.0, 4.0]), np.array([3, 1]))[0]["mean"]
    1.75
    """
    n, cumulated = int(counts.sum()), np.cumsum(counts)
    low, high = float(values[0]), float(values[-1])
    p10, p25, median, p75, p90 = percentiles(values, cumulated, (10, 25, 50, 75, 90))
    constant = low == high
    mean = low if constant else float((values * counts).sum()) / n

    deviations = values - mean
    scale = float(np.abs(deviations).max()) or 1.0  # powers of what is left neither overflow nor vanish
    deviations /= scale
    squares = deviations * deviations  # powers as products: `**` takes ten times as long
    products = (squares, squares * deviations, squares * squares)
    second, third, fourth = (float((product * counts).sum()) / n for product in products)
    robust = (values >= p10) & (values <= p90)
    spread = math.sqrt(second) * scale
    result = {
        "mean": mean,
        "variance": second * scale**2,
        "skewness": math.nan if constant else third / second**1.5,
        "kurtosis": math.nan if constant else fourth / second**2 - 3,
        "median": median,
        "minimum": low,
        "percentile_10": p10,
        "percentile_90": p90,
        "maximum": high,
        "interquartile_range": p75 - p25,
        "range": high - low,
        "mean_absolute_deviation": _mean_distance(values, counts, mean),
        "robust_mean_absolute_deviation": _mean_distance(values[robust], counts[robust]),
        "median_absolute_deviation": _mean_distance(values, counts, median),
        "coefficient_of_variation": spread / mean if mean else math.nan,
        "quartile_coefficient_of_dispersion": (p75 - p25) / (p75 + p25) if p75 + p25 else math.nan,
    }
    return result, {name: CODES[name] for name, value in result.items() if math.isnan(value)}


def _mean_distance(values: Floats, counts: npt.NDArray[np.int64], centre: float | None = None) -> float:
    """Mean distance from a centre, or from the mean; NaN without values."""
    n = int(counts.sum())
    if n == 0:
        return math.nan
    centre = float((values * counts).sum()) / n if centre is None else centre
    return float((np.abs(values - centre) * counts).sum()) / n
