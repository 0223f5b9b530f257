"""Distances between two histograms, in OpenCV's definitions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radiotype.core.geometry import Floats

_EPSILON = float(np.finfo(np.float64).eps)

#: Interpolating a constant gives values that differ by about this fraction.
_ROUNDING = 1e-9


def histogram(values: Floats, limits: tuple[float, float], n_bins: int) -> tuple[int, Floats | str]:
    """Histogram of equal bins, normalised to sum 1, or the code that says why there is none.

    Parameters
    ----------
    values : array, any shape
        Values outside `limits` or not finite are dropped; the upper limit is included.
    limits : (low, high)
    n_bins : int

    Returns
    -------
    kept : int
        Number of values counted.
    histogram : array, shape (n_bins,), or str
        `empty_region`, `constant_intensity` (low and high are equal but for rounding) or `all_values_outside_range`.

    Examples
    --------
    >>> histogram(np.array([0.0, 1.0, 1.0, 5.0]), (0.0, 1.0), 2)
    (3, array([0.33333333, 0.66666667]))
    """
    if values.size == 0:
        return 0, "empty_region"
    low, high = limits
    if not high - low > _ROUNDING * max(abs(low), abs(high)):
        return 0, "constant_intensity"
    counts, _ = np.histogram(values[np.isfinite(values)], bins=n_bins, range=(low, high))
    kept = int(counts.sum())
    return (kept, counts / kept) if kept else (0, "all_values_outside_range")


def correlation(a: Floats, b: Floats) -> float:
    """Pearson correlation of two histograms; 1 when one of them is constant, as in OpenCV."""
    a, b = a - a.mean(), b - b.mean()
    norm = float((a @ a) * (b @ b))
    return float(a @ b) / math.sqrt(norm) if norm > _EPSILON else 1.0


def chi_square(a: Floats, b: Floats) -> float:
    """Sum of (a - b)^2 / a over the bins where a > 0; not symmetric."""
    used = a > _EPSILON
    return float(((a[used] - b[used]) ** 2 / a[used]).sum())


def intersection(a: Floats, b: Floats) -> float:
    """Sum of the smaller of the two in each bin."""
    return float(np.minimum(a, b).sum())


def bhattacharyya(a: Floats, b: Floats) -> float:
    """Bhattacharyya (Hellinger) distance."""
    overlap = float(np.sqrt(a * b).sum()) / math.sqrt(float(a.sum()) * float(b.sum()))
    return math.sqrt(max(0.0, 1.0 - overlap))


@dataclass(frozen=True)
class Distance:
    """A distance between histograms that sum to 1, and the range of its values."""

    between: Callable[[Floats, Floats], float]
    meaning: str
    low: float
    high: float


DISTANCES = {
    "correlation": Distance(correlation, "correlation (higher: more alike)", -1.0, 1.0),
    "chi_square": Distance(chi_square, "chi-square distance (higher: less alike)", 0.0, math.inf),
    "intersection": Distance(intersection, "intersection (higher: more alike)", 0.0, 1.0),
    "bhattacharyya": Distance(bhattacharyya, "Bhattacharyya distance (higher: less alike)", 0.0, 1.0),
}
