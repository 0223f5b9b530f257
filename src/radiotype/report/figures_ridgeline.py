"""The ridgeline: how one value is distributed in each group, one density above the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from radiotype.errors import ComputeError, RecipeError
from radiotype.report.drawing import INK, RULE, SOFT, Drawn, colours, darker, draw, place
from radiotype.report.labels import text_width
from radiotype.report.words import UNKNOWN, clipped, natural, number
from radiotype.stats._number_tables import number_table

#: Fewer values are drawn as ticks, without a density.
LEAST_FOR_DENSITY = 8
MAX_LANES = 40
_POINTS = 256
_OWN = ("n", "missing", "median", "lower", "upper", "at", "density")
_LANE, _RISE = 34.0, 1.4

Values = npt.NDArray[np.float64]


def ridgeline(
    table: pd.DataFrame,
    value: str,
    groups: str | Sequence[str],
    *,
    low: float | None = None,
    high: float | None = None,
    logarithmic: bool = False,
    title: str = "",
    value_name: str = "",
    name: str = "ridgeline",
    width_px: float = 640,
) -> Drawn:
    """The distribution of one value in each group: kernel density, median, number of values.

    Every density is scaled to the same height. A group with fewer than 8 values, or a constant, is drawn as ticks.

    Parameters
    ----------
    table : data frame
        One row per case.
    value : str
        Column of the value. Missing values are left out and counted.
    groups : str or one or two columns
        Columns of the groups (cancer type, modality); the first gives the colour. A pandas category keeps its order.
    low, high : float, optional
        Limits that the value cannot pass (0 and 1 for a share): the density ends there.
    logarithmic : bool
        Draw on a logarithmic axis; the density is that of the logarithm. All values must be above 0.
    title, value_name : text
        Heading; what the value is and in which unit (default: the column).
    name : str
        Name of the figure, different for each on a page.
    width_px : float

    Returns
    -------
    Drawn
        `data`: for each group the columns of `groups`, `n`, `missing`, `median`, `lower` and `upper` quartile, with one row per
        point of its density (`at`, `density` per unit of the drawn axis); one row without a point for a group drawn as ticks.

    Raises
    ------
    ComputeError
        RT301 if no group has a value; RT305 if a column is missing or holds no numbers, values pass the limits or are not
        above 0 on a logarithmic axis, or there are more than 40 groups.
    RecipeError
        RT103 if `groups` names no column or more than two, one twice, or one that is called as a column of the result is.

    References
    ----------
    Silverman, Density Estimation for Statistics and Data Analysis (1986), equation 3.31: the width of the Gaussian kernel.

    Examples
    --------
    >>> table = pd.DataFrame({"organ": ["lung"] * 9 + ["liver"] * 3, "sphericity": np.linspace(0.5, 0.9, 12)})
    >>> drawn = ridgeline(table, "sphericity", "organ", low=0, high=1)
    >>> drawn.data.groupby("organ")["n"].first().to_dict()
    {'liver': 3, 'lung': 9}
    """
    columns = _columns(table, value, groups)
    bottom, top = (-math.inf if low is None else low), (math.inf if high is None else high)
    numbers = _numbers(table, value, bottom, top, logarithmic)
    lanes = _lanes(table, columns, numbers)
    if logarithmic:
        bottom = math.log10(bottom) if bottom > 0 else -math.inf
        top = math.log10(top)
        lanes = [(keys, np.log10(values), missing) for keys, values, missing in lanes]
    grid = _grid([values for _, values, _ in lanes], bottom, top)
    curves = [density(values, grid, bottom, top) if _has_curve(values) else None for _, values, _ in lanes]
    back = (lambda x: 10.0**x) if logarithmic else (lambda x: x)
    data = pd.concat(
        [_frame(columns, *lane, grid, curve, back) for lane, curve in zip(lanes, curves, strict=True)], ignore_index=True
    )

    firsts = list(dict.fromkeys(keys[0] for keys, _, _ in lanes))
    tints = colours(firsts)
    names = [" · ".join(clipped(key, 24) for key in keys) for keys, _, _ in lanes]
    left = 18 + max(text_width(one, 8.5) for one in names)
    upper = (36.0 if title else 8.0) + _LANE * _RISE
    tall = _LANE * (len(lanes) - 1) + 6
    medians = [number(float(back(np.median(values)))) for _, values, _ in lanes]
    right = 84.0 + max(text_width(one, 8) for one in medians)
    width = width_px - left - right

    def paint(figure: Figure) -> None:
        axes = place(figure, left, upper, width, tall)
        axes.set(xlim=(grid[0], grid[-1]), ylim=(len(lanes) - 1 + 6 / _LANE, 0))
        axes.set_clip_on(False)
        for i, ((keys, values, _), curve) in enumerate(zip(lanes, curves, strict=True)):
            _ridge(axes, i, values, grid, curve, tints[keys[0]])
            for x, words in ((1 + 44 / width, f"{values.size:,}"), (1 + (right - 14) / width, medians[i])):
                axes.text(
                    x, i - 0.12, words, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=8, color=INK
                )
        for x, words in ((1 + 44 / width, "n"), (1 + (right - 14) / width, "median")):
            axes.text(x, -0.75, words, transform=axes.get_yaxis_transform(), ha="right", va="bottom", fontsize=8, color=SOFT)
        axes.set_yticks([i - 0.12 for i in range(len(lanes))], names, fontsize=8.5, va="bottom")
        for label, (keys, _, _) in zip(axes.get_yticklabels(), lanes, strict=True):
            label.set_color(darker(tints[keys[0]]))
        axes.tick_params(axis="y", length=0, pad=6)
        axes.spines["left"].set_visible(False)
        _ticks(axes, grid, logarithmic)
        axes.set_xlabel(value_name or value)
        if title:
            axes.set_title(title, pad=10 + 0.75 * _LANE * _RISE)

    label = f"Distribution of {value_name or value} in {len(lanes)} groups: "
    label += "; ".join(f"{one} median {median}" for one, median in zip(names, medians, strict=True))
    return Drawn(data, draw(name, (width_px, upper + tall + 48), paint, label=label))


def density(values: Values, at: Values, low: float = -math.inf, high: float = math.inf) -> Values:
    """Gaussian kernel density of Silverman's width; what would lie beyond a limit is folded back at it.

    Examples
    --------
    >>> at = np.linspace(0, 1, 1001)
    >>> curve = density(np.linspace(0, 1, 50), at, 0, 1)
    >>> round(float(curve.mean()), 2), bool(curve.min() > 0.9)
    (1.0, True)
    """
    width = _width(values)
    seen = [values] + [2 * edge - values for edge in (low, high) if math.isfinite(edge)]
    total = np.zeros(at.size)
    for part in np.array_split(np.concatenate(seen), max(1, sum(map(len, seen)) // 4096)):
        total += np.exp(-0.5 * ((at[:, None] - part[None]) / width) ** 2).sum(axis=1)
    inside = (at >= low) & (at <= high)
    return np.where(inside, total / (values.size * width * math.sqrt(2 * math.pi)), 0.0)


def _width(values: Values) -> float:
    """Standard deviation of the kernel."""
    lower, upper = np.percentile(values, (25, 75))
    spread, between = float(values.std(ddof=1)), float(upper - lower) / 1.34
    return float(0.9 * (min(spread, between) if between > 0 else spread) * values.size**-0.2)


def _columns(table: pd.DataFrame, value: str, groups: str | Sequence[str]) -> list[str]:
    """The columns of the groups."""
    columns = [groups] if isinstance(groups, str) else [str(one) for one in groups]
    if not 1 <= len(columns) <= 2:
        raise RecipeError("RT103", f"groups names {len(columns)} columns; expected one or two")
    if len(set(columns)) < len(columns) or set(columns) & set(_OWN):
        found = f"groups names {', '.join(map(repr, columns))}; expected different columns, none called {', '.join(_OWN)}"
        raise RecipeError("RT103", found, hint="rename the column")
    absent = [column for column in [value, *columns] if column not in table.columns]
    if absent:
        raise ComputeError("RT305", f"the table has no column {absent[0]!r}")
    for column in [value, *columns]:
        if (table.columns == column).sum() > 1:
            raise ComputeError("RT305", f"the column {column!r} stands twice")
    return columns


def _numbers(table: pd.DataFrame, value: str, low: float, high: float, logarithmic: bool) -> Values:
    numbers = number_table(table[[value]], [value])[:, 0]
    if np.isinf(numbers).any() or (numbers < low).any() or (numbers > high).any():
        raise ComputeError("RT305", f"{value!r} holds values that are infinite or pass the limits {low:g} to {high:g}")
    if logarithmic and (numbers <= 0).any():
        raise ComputeError("RT305", f"{value!r} holds values that are not above 0, which a logarithmic axis cannot show")
    return numbers


def _lanes(table: pd.DataFrame, columns: list[str], numbers: Values) -> list[tuple[tuple[str, ...], Values, int]]:
    """Names, sorted values and missing values of each group that has a value, in the order of their names."""
    own, orders = [], []
    for column in columns:
        cells = table[column].reset_index(drop=True)
        category = isinstance(cells.dtype, pd.CategoricalDtype)
        words = [UNKNOWN if missing else str(cell) for cell, missing in zip(cells, cells.isna(), strict=True)]
        known = {word for word in words if word != UNKNOWN}
        ordered = [str(level) for level in cells.cat.categories if str(level) in known] if category else natural(known)
        orders.append([*ordered, UNKNOWN])
        own.append(words)
    keys = list(zip(*own, strict=True))
    ranks = [{word: i for i, word in enumerate(order)} for order in orders]
    lanes = []
    for key in sorted(set(keys), key=lambda key: [rank[word] for rank, word in zip(ranks, key, strict=True)]):
        values = numbers[[one == key for one in keys]]
        known_values = np.sort(values[~np.isnan(values)])
        if known_values.size:
            lanes.append((key, known_values, int(np.isnan(values).sum())))
    if not lanes:
        raise ComputeError("RT301", "no group has a value")
    if len(lanes) > MAX_LANES:
        raise ComputeError("RT305", f"there are {len(lanes)} groups; expected up to {MAX_LANES}", hint="join the small ones")
    return lanes


def _has_curve(values: Values) -> bool:
    return bool(values.size >= LEAST_FOR_DENSITY and values[-1] - values[0] > 1e-12 * max(abs(values[0]), abs(values[-1])))


def _grid(lanes: list[Values], low: float, high: float) -> Values:
    """Where densities are drawn: all values and a margin, within the limits."""
    least, most = min(float(values[0]) for values in lanes), max(float(values[-1]) for values in lanes)
    widest = max((_width(values) for values in lanes if _has_curve(values)), default=0.0)
    margin = min(max(2.5 * widest, 0.04 * (most - least)), 0.25 * (most - least)) or 0.5 * max(abs(most), 1.0)
    return np.linspace(max(least - margin, low), min(most + margin, high), _POINTS)


def _frame(
    columns: list[str],
    keys: tuple[str, ...],
    values: Values,
    missing: int,
    grid: Values,
    curve: Values | None,
    back: Callable[[Any], Any],
) -> pd.DataFrame:
    shown = (grid, curve) if curve is not None else (np.array([np.nan]), np.array([np.nan]))
    lower, median, upper = np.percentile(values, (25, 50, 75))
    row = dict(zip(columns, keys, strict=True)) | {"n": values.size, "missing": missing}
    row |= {"median": back(median), "lower": back(lower), "upper": back(upper)}
    return pd.DataFrame(row | {"at": back(shown[0]), "density": shown[1]})


def _ridge(axes: Axes, lane: int, values: Values, grid: Values, curve: Values | None, tint: str) -> None:
    axes.hlines(lane, grid[0], grid[-1], color=RULE, linewidth=0.8, zorder=2 * lane)
    median = float(np.median(values))
    if curve is None:
        axes.vlines(values, lane - 0.28, lane, color=tint, linewidth=1.1, zorder=2 * lane + 1, clip_on=False)
        return
    rise = curve / curve.max() * _RISE
    shown = rise > 2e-3
    axes.fill_between(
        grid, lane, lane - rise, where=shown, color=tint, alpha=0.85, linewidth=0, zorder=2 * lane + 1, clip_on=False
    )
    axes.plot(grid, np.where(shown, lane - rise, np.nan), color="#ffffff", linewidth=2.4, zorder=2 * lane + 1, clip_on=False)
    axes.plot(grid, np.where(shown, lane - rise, np.nan), color=tint, linewidth=1.2, zorder=2 * lane + 1, clip_on=False)
    height = float(np.interp(median, grid, rise))
    axes.vlines(median, lane - height, lane, color=INK, linewidth=1.5, zorder=2 * lane + 1, clip_on=False)


def _ticks(axes: Axes, grid: Values, logarithmic: bool) -> None:
    if not logarithmic:
        ticks = [float(tick) for tick in MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]).tick_values(grid[0], grid[-1])]
        places = ticks
    else:
        decades = range(math.floor(grid[0]), math.ceil(grid[-1]) + 1)
        steps = (1,) if grid[-1] - grid[0] > 3 else (1, 3) if grid[-1] - grid[0] > 1 else (1, 2, 5)
        ticks = [step * 10.0**power for power in decades for step in steps]
        places = [math.log10(tick) for tick in ticks]
    inside = [i for i, x in enumerate(places) if grid[0] - 1e-9 <= x <= grid[-1] + 1e-9]
    words = [f"{ticks[i]:,.10g}".replace("-", "−") if abs(ticks[i]) < 1e6 else number(ticks[i]) for i in inside]
    axes.set_xticks([places[i] for i in inside], words)
    axes.grid(axis="x", zorder=0)
