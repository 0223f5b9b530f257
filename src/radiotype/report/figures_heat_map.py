"""The heat map: features down, cases across, one colour scale on both sides of a centre."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from radiotype.errors import ComputeError, RecipeError
from radiotype.report.drawing import FAINT, INK, SOFT, Drawn, bare, colours, diverging, draw, place
from radiotype.report.labels import text_width
from radiotype.report.words import clipped, count, natural
from radiotype.stats._number_tables import number_table

#: More cases or features are drawn as means of neighbours.
MAX_ACROSS, MAX_DOWN = 600, 400
#: More are not put in order by clustering: the distances of every two would fill the memory.
MAX_CLUSTERED = 5000
#: Up to this many the leaves are turned so that neighbours are alike.
MAX_TURNED = 1000
#: Names stand beside up to this many features and below up to this many cases.
MAX_NAMED_DOWN, MAX_NAMED_ACROSS = 80, 60
#: Ends of the colour scale: this share of the cells lies between them.
WITHIN = 0.98
ORDERS = ("clustered", "given")

#: Columns of the data, and the least width beside the names: that of the scale.
_OWN, _LEAST_WIDTH = ("case", "group", "n_cases"), 150.0
_MISSING, _HATCH = "#e9ecee", "#8a97a3"


@dataclass(frozen=True, eq=False)
class _Cells:
    """What is drawn: values (n_down, n_across), names, the group of each column, and how many make one cell."""

    values: npt.NDArray[np.float64]
    down: list[str]
    across: list[str]
    groups: list[str]
    n_cases: npt.NDArray[np.int64]
    n_features: npt.NDArray[np.int64]


def heat_map(
    table: pd.DataFrame,
    *,
    groups: Any = None,
    together: bool = True,
    order_cases: str = "clustered",
    order_features: str = "clustered",
    standardise: bool = True,
    centre: float | None = None,
    limit: float | None = None,
    title: str = "",
    value_name: str = "",
    name: str = "heat map",
    width_px: float = 760,
) -> Drawn:
    """A heat map of features (down) in cases (across), with a bar of the groups of the cases.

    More than 600 cases are drawn as means of neighbours of one group, more than 400 features as means of neighbours; the
    picture says so.

    Parameters
    ----------
    table : data frame, shape (n_cases, n_features)
        One row per case and one column per feature; missing values are hatched.
    groups : array, shape (n_cases,), optional
        Group of each case, for the bar. A pandas category keeps its order.
    together : bool
        Keep the cases of a group side by side; otherwise the bar shows how the groups mix.
    order_cases, order_features : {"clustered", "given"}
        By average linkage of Euclidean distances between drawn values, or as they stand. A missing value counts as the mean
        of its feature there.
    standardise : bool
        Take the mean of each feature off and divide by its standard deviation; a constant feature lies at the centre.
    centre : float, optional
        Value of the colour between the two ends; default 0, or without `standardise` the median of all values.
    limit : float, optional
        Distance of the ends from the centre; values beyond have the colour of the end. Default: 98 % of the cells lie within.
    title, value_name : text
        Heading; what the colours mean.
    name : str
        Name of the figure, different for each on a page.
    width_px : float

    Returns
    -------
    Drawn
        `data`: per drawn column `case` (the first of several), `group` and `n_cases`, then the drawn value of each row.

    Raises
    ------
    ComputeError
        RT301 without cases; RT305 if the table is no data frame, holds text or infinite values, no value at all, names that
        stand twice, a feature called "case", "group" or "n_cases", or other cases than `groups`; or if more than 5000 cases
        or features are to be clustered.
    RecipeError
        RT103 if a setting is not allowed.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1.0, 9.0, 2.0], "b": [0.0, 5.0, None]}, index=["p1", "p2", "p3"])
    >>> drawn = heat_map(table, groups=["x", "y", "x"])
    >>> drawn.data[["case", "group"]].to_numpy().tolist()
    [['p1', 'x'], ['p3', 'x'], ['p2', 'y']]
    """
    _check_settings(order_cases, order_features, centre, limit)
    values, own, names = _checked(table, groups)
    if standardise:
        values = _standardised(values)
    middle = centre if centre is not None else 0.0 if standardise else float(np.nanmedian(values))
    cells = _cells(table, values, own, names, together, order_cases, order_features)
    away = np.abs(cells.values[~np.isnan(cells.values)] - middle)
    reach = limit or _round_up(float(np.quantile(away, WITHIN))) or 1.0
    beyond = bool((away > reach * (1 + 1e-9)).any())
    data = pd.DataFrame({"case": cells.across, "group": cells.groups, "n_cases": cells.n_cases})
    data = pd.concat([data, pd.DataFrame(cells.values.T, columns=cells.down)], axis=1)

    named_down = len(cells.down) <= MAX_NAMED_DOWN
    shown_names = [clipped(one, 34) for one in cells.down]
    left = 14 + max((text_width(one, 8) for one in shown_names), default=0) if named_down else 30.0
    if not left + 14 + _LEAST_WIDTH <= width_px < math.inf:
        raise RecipeError("RT103", f"width_px is {width_px!r}; expected {left + 14 + _LEAST_WIDTH:.0f} or more for these names")
    side = (width_px - left - 14) / len(cells.across)
    named_across = len(cells.across) <= MAX_NAMED_ACROSS and side >= 10 and int(cells.n_cases.max()) == 1
    below = 10 + max((text_width(clipped(one, 20), 7) for one in cells.across), default=0) if named_across else 8.0
    height = len(cells.down) * 16.0 if named_down else float(min(max(len(cells.down) * 2, 240), 640))
    top = (30.0 if title else 8.0) + (0.0 if not names else 30.0 if together else 16.0)
    legend_rows = 0 if together or not names else math.ceil(len(names) / 6)
    size = (width_px, top + height + below + 66 + 18 * legend_rows)
    missing = bool(np.isnan(cells.values).any())

    def paint(figure: Figure) -> None:
        axes = place(figure, left, top, width_px - left - 14, height)
        colour = diverging()
        axes.imshow(
            np.ma.masked_invalid(cells.values), cmap=colour, vmin=middle - reach, vmax=middle + reach, aspect="auto",
            interpolation="none",
        )  # fmt: skip
        _hatch(axes, np.isnan(cells.values))
        bare(axes)
        axes.tick_params(length=0, pad=4)
        if named_down:
            axes.set_yticks(range(len(cells.down)), shown_names, fontsize=8)
        else:
            axes.set_ylabel(count(len(cells.down), "row"))
        if named_across:
            axes.set_xticks(range(len(cells.across)), [clipped(one, 20) for one in cells.across], fontsize=7, rotation=90)
        if names:
            tints = colours(names)
            _bar(figure, axes, cells, names, tints, (left, top - 12, width_px - left - 14), together)
            if legend_rows:
                _legend(figure, names, tints, (left, top + height + below + 56, width_px - left - 14))
        if title:
            axes.set_title(title, pad=6 + (0 if not names else 22 if together else 10))
        _scale(figure, (left, top + height + below + 14), middle, reach, (beyond, missing), value_name or _what(standardise))
        _note(figure, cells, (width_px - 14, top + height + below + 42))

    label = f"Heat map of {count(table.shape[1], 'feature')} in {count(len(table), 'case')}"
    label += f", groups {', '.join(names)}" if names else ""
    return Drawn(data, draw(name, size, paint, label=label))


def _check_settings(order_cases: str, order_features: str, centre: Any, limit: float | None) -> None:
    for setting, order in (("order_cases", order_cases), ("order_features", order_features)):
        if order not in ORDERS:
            raise RecipeError("RT103", f"{setting} is {order!r}; expected one of {', '.join(map(repr, ORDERS))}")
    if limit is not None and not 0 < limit < math.inf:
        raise RecipeError("RT103", f"limit is {limit!r}; expected a number above 0")
    if centre is not None and not (isinstance(centre, (int, float, np.integer, np.floating)) and math.isfinite(centre)):
        raise RecipeError("RT103", f"centre is {centre!r}; expected a number")


def _what(standardise: bool) -> str:
    return "standard deviations from the mean" if standardise else "value"


def _checked(table: pd.DataFrame, groups: Any) -> tuple[npt.NDArray[np.float64], list[str], list[str]]:
    """Values (n_cases, n_features), the group of each case, and the groups in order."""
    if not isinstance(table, pd.DataFrame):
        raise ComputeError("RT305", "the table has no names; expected a data frame with cases in rows")
    if not len(table) or not table.shape[1]:
        raise ComputeError("RT301", f"the table has {len(table)} cases and {table.shape[1]} features")
    for what, axis in (("case", table.index), ("feature", table.columns)):
        twice = axis[axis.astype(str).duplicated()]
        if len(twice):
            raise ComputeError("RT305", f"the {what} {twice[0]!r} stands twice")
    taken = [feature for feature in map(str, table.columns) if feature in _OWN]
    if taken:
        raise ComputeError("RT305", f"a feature is called {taken[0]!r}, as a column of the data is; rename it")
    values = number_table(table, [str(feature) for feature in table.columns])
    if np.isinf(values).any() or np.isnan(values).all():
        raise ComputeError("RT305", "the table holds infinite values, or no value at all")
    if groups is None:
        return values, [""] * len(table), []
    if len(groups) != len(table):
        raise ComputeError("RT305", f"groups has {len(groups)} labels for {len(table)} cases")
    if hasattr(groups, "index") and hasattr(groups, "iloc") and not groups.index.equals(table.index):
        raise ComputeError("RT305", "the index of groups is not the index of the table", hint="align them first")
    column = pd.Series(groups).reset_index(drop=True)
    own = ["not stated" if missing else str(label) for label, missing in zip(column, column.isna(), strict=True)]
    ordered = [str(level) for level in column.cat.categories] if isinstance(column.dtype, pd.CategoricalDtype) else natural(own)
    return values, own, [one for one in [*ordered, "not stated"] if one in own] if "not stated" not in ordered else ordered


def _standardised(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    column = pd.DataFrame(values)
    spread = column.std(ddof=1).to_numpy()
    constant = ~(spread > 1e-12 * column.abs().max().to_numpy())
    return np.asarray((values - column.mean().to_numpy()) / np.where(constant, np.inf, spread))


def _cells(
    table: pd.DataFrame,
    values: npt.NDArray[np.float64],
    own: list[str],
    names: list[str],
    together: bool,
    cases: str,
    features: str,
) -> _Cells:
    """Ordered and pooled to what can be drawn."""
    filled = np.where(np.isnan(values), np.nan_to_num(pd.DataFrame(values).mean().to_numpy())[None], values)
    blocks = (
        [[i for i, one in enumerate(own) if one == group] for group in names] if names and together else [[*range(len(own))]]
    )
    if cases == "clustered":
        blocks = [[block[i] for i in _leaves(filled[block], "cases")] for block in blocks]
    down = _leaves(filled.T, "features") if features == "clustered" else np.arange(values.shape[1])
    per_cell = len(own) / MAX_ACROSS
    runs = [run for block in blocks for run in _runs(block, max(1, round(len(block) / max(per_cell, 1))))]
    bands = _runs([int(i) for i in down], min(len(down), MAX_DOWN))
    pooled = _means(_means(values, runs).T, bands)
    features_named = [str(table.columns[band[0]]) + (f" and {len(band) - 1} more" if len(band) > 1 else "") for band in bands]
    return _Cells(
        values=pooled,
        down=features_named,
        across=[str(table.index[run[0]]) for run in runs],
        groups=[own[run[0]] if len({own[i] for i in run}) == 1 else "several" for run in runs],
        n_cases=np.array([len(run) for run in runs]),
        n_features=np.array([len(band) for band in bands]),
    )


def _leaves(rows: npt.NDArray[np.float64], what: str) -> npt.NDArray[np.intp]:
    """Order of the rows in the tree of average linkage."""
    from scipy.cluster.hierarchy import leaves_list, linkage

    if len(rows) < 3:
        return np.arange(len(rows))
    if len(rows) > MAX_CLUSTERED:
        hint = f'choose fewer, or set order_{what}="given"'
        raise ComputeError(
            "RT305", f"{len(rows):,} {what} are too many to be clustered; expected up to {MAX_CLUSTERED:,}", hint=hint
        )
    return np.asarray(leaves_list(linkage(rows, "average", optimal_ordering=len(rows) <= MAX_TURNED)))


def _runs(items: list[int], n: int) -> list[list[int]]:
    """Neighbours together, in `n` runs as even as can be."""
    edges = np.linspace(0, len(items), min(n, len(items)) + 1).round().astype(int)
    return [items[a:b] for a, b in pairwise(edges)]


def _means(rows: npt.NDArray[np.float64], runs: list[list[int]]) -> npt.NDArray[np.float64]:
    """Mean of the observed values of the rows of each run."""
    order = np.concatenate(runs)
    if len(order) == len(runs):
        return rows[order]
    known, starts = ~np.isnan(rows[order]), np.cumsum([0, *map(len, runs)])[:-1]
    sums = np.add.reduceat(np.where(known, rows[order], 0.0), starts, axis=0)
    n = np.add.reduceat(known.astype(float), starts, axis=0)
    return np.divide(sums, n, out=np.full(sums.shape, np.nan), where=n > 0)


def _round_up(value: float) -> float:
    """The next number with one digit and a half: 1, 1.5, 2, 2.5 ... 10, times a power of ten."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return math.ceil(value / power * 2 - 1e-9) / 2 * power


def _hatch(axes: Axes, missing: npt.NDArray[np.bool_]) -> None:
    """One hatched outline around all cells without a value."""
    if not missing.any():
        return
    corners: list[tuple[float, float]] = []
    for i, row in enumerate(missing):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        for a, b in edges.reshape(-1, 2):
            corners += [(a - 0.5, i - 0.5), (b - 0.5, i - 0.5), (b - 0.5, i + 0.5), (a - 0.5, i + 0.5), (a - 0.5, i - 0.5)]
    codes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY] * (len(corners) // 5)
    outline = Outline(np.array(corners), codes)
    axes.add_patch(PathPatch(outline, facecolor=_MISSING, edgecolor=_HATCH, hatch="//////", linewidth=0))


def _bar(
    figure: Figure,
    over: Axes,
    cells: _Cells,
    names: list[str],
    tints: dict[str, str],
    at: tuple[float, float, float],
    together: bool,
) -> None:
    left, top, width = at
    axes = place(figure, left, top, width, 9)
    order = [*names, "several"]
    strip = np.array([[order.index(group) for group in cells.groups]])
    shown = ListedColormap([*(tints[one] for one in names), FAINT])
    axes.imshow(strip, cmap=shown, vmin=-0.5, vmax=len(order) - 0.5, aspect="auto", interpolation="none")
    bare(axes)
    if not together:
        return
    starts = np.flatnonzero(np.diff(strip[0])) + 1
    for edge in starts:
        for one in (axes, over):
            one.axvline(edge - 0.5, color="#ffffff", linewidth=1.5)
    cell, free_from = width / len(cells.groups), -math.inf
    for a, b in zip([0, *starts], [*starts, len(cells.groups)], strict=True):
        name = cells.groups[a]
        n = int(cells.n_cases[a:b].sum())
        for text in (f"{clipped(name, 24)} ({n})", clipped(name, 24), clipped(name, 8)):
            middle, half = (a + b) / 2 * cell, text_width(text, 8) / 2
            if middle - half > free_from and half * 2 <= (b - a) * cell + 24:
                axes.text((a + b) / 2 - 0.5, -0.9, text, ha="center", va="bottom", fontsize=8, color=INK)
                free_from = middle + half + 4
                break


def _legend(figure: Figure, names: list[str], tints: dict[str, str], at: tuple[float, float, float]) -> None:
    left, top, width = at
    axes = place(figure, left, top, width, 18 * math.ceil(len(names) / 6))
    axes.set(xlim=(0, width), ylim=(18 * math.ceil(len(names) / 6), 0))
    axes.set_axis_off()
    for i, name in enumerate(names):
        x, y = (i % 6) * width / 6, (i // 6) * 18
        axes.add_patch(Rectangle((x, y + 3), 10, 9, color=tints[name], linewidth=0))
        axes.text(x + 15, y + 8, clipped(name, 16), fontsize=8, va="center")


def _scale(
    figure: Figure, at: tuple[float, float], middle: float, reach: float, has: tuple[bool, bool], value_name: str
) -> None:
    beyond, missing = has
    axes = place(figure, at[0], at[1], 150, 9)
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=diverging(), aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    axes.set(xticks=[0, 0.5, 1], yticks=[])
    low, mid, high = (f"{value:.4g}".replace("-", "−") for value in (middle - reach, middle, middle + reach))
    axes.set_xticklabels([f"≤ {low}" if beyond else low, mid, f"≥ {high}" if beyond else high], fontsize=7.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, pad=3)
    axes.text(0, -2.2, value_name, transform=axes.transAxes, fontsize=7.5, color=SOFT, va="top")
    if missing:
        box = place(figure, at[0] + 186, at[1], 14, 9)
        box.add_patch(Rectangle((0, 0), 1, 1, facecolor=_MISSING, edgecolor=_HATCH, hatch="//////", linewidth=0))
        bare(box)
        box.text(1.4, 0.5, "missing", fontsize=7.5, va="center", transform=box.transAxes)


def _note(figure: Figure, cells: _Cells, at: tuple[float, float]) -> None:
    """How much was drawn together, if anything was."""
    most = {"case": int(cells.n_cases.max()), "feature": int(cells.n_features.max())}
    parts = [f"up to {count(n, noun)}" for noun, n in most.items() if n > 1]
    if not parts:
        return
    drawn = f"{count(int(cells.n_features.sum()), 'feature')} in {count(int(cells.n_cases.sum()), 'case')}"
    words = f"{drawn}; a cell is the mean of {' and '.join(parts)}"
    axes = place(figure, at[0] - 10, at[1], 10, 9)
    bare(axes)
    axes.text(1, 0.5, words, transform=axes.transAxes, ha="right", va="center", fontsize=7.5, color=SOFT)
