"""Smooth curves through points: natural cubic splines and robust local lines."""

from __future__ import annotations

import numpy as np

from radiotype.stats._inputs import FloatArray


def natural_spline(x: FloatArray, n_columns: int) -> FloatArray:
    """A basis of the natural cubic splines with knots at the ends and at equal quantiles of `x`, shape (n, n_columns).

    Fewer columns where knots coincide. Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, eq. 5.4.
    """
    low, high = x.min(), x.max()
    if high == low or n_columns < 2:
        return np.ones((x.size, 1))
    knots = np.unique((np.quantile(x, np.linspace(0, 1, n_columns)) - low) / (high - low))
    x = (x - low) / (high - low)
    if knots.size < 3:
        return np.column_stack([np.ones_like(x), x])
    above = np.maximum(x[:, None] - knots, 0.0) ** 3
    slopes = (above[:, :-1] - above[:, -1:]) / (knots[-1] - knots[:-1])
    return np.column_stack([np.ones_like(x), x, slopes[:, :-1] - slopes[:, -1:]])


def local_line(x: FloatArray, y: FloatArray, *, span: float, n_robust: int = 3) -> FloatArray:
    """Value at each `x` of a line through its nearest points, outlying ones weighted down (LOWESS).

    Lines are fitted at points at least a hundredth of the range apart, and joined. Cleveland, J Am Stat Assoc 74 (1979)
    829-836.
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    extent = x[-1] - x[0]
    if extent == 0:
        return np.full(x.size, np.median(y))
    anchors = _anchors(x, 0.01 * extent)
    windows = _windows(x, anchors, max(min(x.size, int(span * x.size + 1e-7)), 2))
    robustness = np.ones_like(y)
    for step in range(n_robust + 1):
        at_anchors = []
        for place, (left, right, weights) in zip(anchors, windows, strict=True):
            own = weights * robustness[left:right]
            at_anchors.append(_line_value(x[left:right], y[left:right], own, x[place], extent) if own.sum() > 0 else y[place])
        fitted = np.interp(x, x[anchors], at_anchors)
        residual = np.abs(y - fitted)
        reach = 6 * np.median(residual)
        if step == n_robust or reach <= 1e-7 * residual.mean():
            break
        share = residual / reach
        robustness = np.where(share <= 0.001, 1.0, np.where(share > 0.999, 0.0, (1 - share**2) ** 2))
    back = np.empty_like(fitted)
    back[order] = fitted
    return back


def _anchors(x: FloatArray, gap: float) -> list[int]:
    """First and last point, and between them the last point within `gap` of the anchor before, or the next point."""
    places, last = [0], 0
    while last < x.size - 1:
        last = int(np.searchsorted(x, x[places[-1]], side="right")) - 1
        if last >= x.size - 1:
            break
        beyond = int(np.searchsorted(x, x[places[-1]] + gap, side="right"))
        place = max(last + 1, beyond - 1)
        places.append(place)
        last = place
    return places


def _windows(x: FloatArray, anchors: list[int], size: int) -> list[tuple[int, int, FloatArray]]:
    """The nearest points of each anchor, as first and end position, with their tricube weights."""
    found, left = [], 0
    for place in anchors:
        while left + size < x.size and x[place] - x[left] > x[left + size] - x[place]:
            left += 1
        reach = max(x[place] - x[left], x[left + size - 1] - x[place])
        right = max(int(np.searchsorted(x, x[place] + 0.999 * reach, side="right")), left + size)
        distance = np.abs(x[left:right] - x[place])
        share = distance / reach if reach > 0 else np.zeros_like(distance)
        weights = np.where(share <= 0.001, 1.0, np.where(share > 0.999, 0.0, (1 - share**3) ** 3))
        found.append((left, right, weights))
    return found


def _line_value(x: FloatArray, y: FloatArray, weights: FloatArray, at: float, extent: float) -> float:
    weights = weights / weights.sum()
    centre = weights @ x
    spread = weights @ (x - centre) ** 2
    if np.sqrt(spread) > 0.001 * extent:
        weights = weights * (1 + (at - centre) * (x - centre) / spread)
    return float(weights @ y)
