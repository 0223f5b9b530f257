"""The running sum of a gene set along a ranking of genes, as enrichment analysis draws it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from radiotype.errors import ComputeError
from radiotype.report.drawing import INK, PALETTE, RULE, SOFT, Drawn, bare, darker, diverging, draw, place
from radiotype.report.words import count, number

_LEFT, _RIGHT = 62.0, 28.0
_AHEAD, _BEHIND = PALETTE[1], PALETTE[0]
#: The metric is drawn at up to this many genes, evenly spread.
MAX_STEPS = 800


def running_sum(
    table: pd.DataFrame,
    *,
    title: str = "",
    note: str = "",
    metric_name: str = "Ranking metric",
    sides: tuple[str, str] = ("top of the ranking", "bottom"),
    name: str = "running sum",
    size_px: tuple[float, float] = (560, 420),
) -> Drawn:
    """The running sum of a gene set, its hits as ticks, and the metric by which the genes were ranked.

    Parameters
    ----------
    table : data frame
        One row per gene from the top of the ranking down, with columns `position` (rising), `running_sum` (after this gene),
        `hit` (whether the gene is in the set) and `metric` (falling).
    title, note : text
        Name of the set; a line below it: normalised score, p and q as they were computed.
    metric_name, sides : text
        What the ranking metric is; what the two ends of the ranking mean ("higher in A").
    name : str
        Name of the figure, different for each on a page.
    size_px : (width, height), CSS pixels

    Returns
    -------
    Drawn
        `data`: the table with `leading_edge`, whether a hit lies before the peak of the running sum (up to it; for a negative
        score, from it on), and `peak`, true in one row: where the sum is furthest from 0, whose value is the enrichment score.

    Raises
    ------
    ComputeError
        RT301 without rows; RT305 if a column is missing, holds no finite numbers, is in another order, or there is no hit.

    References
    ----------
    Subramanian et al., PNAS 102 (2005) 15545-15550.

    Examples
    --------
    >>> table = pd.DataFrame({"position": [1, 2, 3, 4], "running_sum": [0.6, 0.1, 0.5, 0.0], "hit": [True, False, True, False],
    ...                       "metric": [3.0, 1.0, 2e-3, -1.0]})
    >>> running_sum(table).data["leading_edge"].tolist()
    [True, False, False, False]
    """
    data = _checked(table)
    position, total, hit, metric = (data[column].to_numpy() for column in ("position", "running_sum", "hit", "metric"))
    peak = int(total.argmax() if total.max() > -total.min() else total.argmin())
    tied = abs(total.max() + total.min()) <= 1e-12  # both sides reach as far: the score is 0, without leading edge
    score = 0.0 if tied else float(total[peak])
    at = np.arange(len(data))
    # The sum falls before a hit raises it: the lowest point of a negative score is the miss before its first hit.
    data["leading_edge"] = hit & (at <= peak if score >= 0 else at >= peak) & (not tied)
    data["peak"] = (at == peak) & (not tied)
    width, height = size_px
    across = width - _LEFT - _RIGHT
    top = 12.0 + 20 * bool(title) + 16 * bool(note)
    low_height = 0.24 * (height - top)
    tick_height = 30.0
    sum_height = height - top - tick_height - 12 - low_height - 60
    limits = (float(position[0]) - 0.5, float(position[-1]) + 0.5)
    colour = _AHEAD if score >= 0 else _BEHIND

    def paint(figure: Figure) -> None:
        axes = place(figure, _LEFT, top, across, sum_height)
        _curve(axes, position, total, peak, colour, limits)
        if title:
            axes.set_title(title, pad=6 + 11 * bool(note))
        if note:
            axes.text(0, 1.02, note, transform=axes.transAxes, va="bottom", fontsize=8, color=SOFT)
        ticks = place(figure, _LEFT, top + sum_height + 4, across, tick_height)
        edge = data["leading_edge"].to_numpy()
        for rows, tint, thick in ((hit & ~edge, "#8a97a3", 0.7), (edge, colour, 1.0)):
            ticks.vlines(position[rows], 0, 1, color=tint, linewidth=thick)
        ticks.set(xlim=limits, ylim=(0, 1))
        bare(ticks)
        ticks.set_ylabel("hits", rotation=0, ha="right", va="center", fontsize=8)
        strip = place(figure, _LEFT, top + sum_height + 4 + tick_height, across, 8)
        reach = float(np.quantile(np.abs(metric), 0.98)) or 1.0
        cells = np.array([part.mean() for part in np.array_split(metric, min(256, len(metric)))])
        strip.imshow(cells[None], cmap=diverging(), vmin=-reach, vmax=reach, aspect="auto", interpolation="none")
        bare(strip)
        _metric(
            place(figure, _LEFT, top + sum_height + tick_height + 18, across, low_height), position, metric, limits, metric_name
        )
        _sides(figure, (_LEFT, height - 20, across), sides)

    words = f"Running sum of {title or 'a gene set'}: enrichment score {number(score)}, {count(int(hit.sum()), 'hit')}"
    return Drawn(data, draw(name, size_px, paint, label=words))


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    columns = ("position", "running_sum", "hit", "metric")
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise ComputeError("RT305", f"the table has no column {missing[0]!r}; expected {', '.join(columns)}")
    if not len(table):
        raise ComputeError("RT301", "the table has no rows")
    data = table.reset_index(drop=True).copy()
    for column in columns:
        try:
            values = data[column].to_numpy(dtype=float, na_value=np.nan)
        except (TypeError, ValueError):
            raise ComputeError("RT305", f"{column} holds something else than numbers") from None
        if not np.isfinite(values).all():
            raise ComputeError("RT305", f"{column} holds values that are missing or infinite")
        data[column] = values
    if not np.isin(data["hit"], (0.0, 1.0)).all() or not data["hit"].any():
        raise ComputeError("RT305", "hit is not understood; expected true for the genes of the set, at least one")
    if (np.diff(data["position"]) <= 0).any():
        raise ComputeError("RT305", "position does not rise from row to row", hint="sort the table by position")
    if (np.diff(data["metric"]) > 0).any():
        raise ComputeError("RT305", "metric rises from one row to the next; expected the ranking from its top down")
    data["hit"] = data["hit"].astype(bool)
    return data


def _curve(
    axes: Axes,
    position: npt.NDArray[np.float64],
    total: npt.NDArray[np.float64],
    peak: int,
    colour: str,
    limits: tuple[float, float],
) -> None:
    score = float(total[peak])
    axes.axhline(0, color=RULE, linewidth=0.8, zorder=1)
    span = (limits[0], position[peak]) if score >= 0 else (position[peak], limits[1])
    axes.axvspan(*span, color=colour, alpha=0.07, linewidth=0, zorder=0)
    x, y = np.concatenate([limits[:1], position, limits[1:]]), np.concatenate([[0.0], total, total[-1:]])
    bends = np.ones(len(x), dtype=bool)
    slopes = np.diff(y) / np.diff(x)
    bends[1:-1] = np.abs(np.diff(slopes)) > 1e-9 * np.abs(slopes).max()
    axes.plot(x[bends], y[bends], color=INK, linewidth=1.4, zorder=3)
    axes.vlines(position[peak], 0, score, color=colour, linewidth=1.0, linestyle=(0, (4, 2)), zorder=2)
    axes.scatter([position[peak]], [score], s=30, color=colour, zorder=4, linewidths=0)
    late = (position[peak] - limits[0]) / (limits[1] - limits[0]) > 0.6
    axes.annotate(
        f"ES = {number(score)}", (position[peak], score), xytext=(-8 if late else 8, 1 if score >= 0 else -1),
        textcoords="offset points", ha="right" if late else "left", va="bottom" if score >= 0 else "top", fontsize=9,
        color=darker(colour), fontweight="bold",
    )  # fmt: skip
    low, high = min(0.0, float(total.min())), max(0.0, float(total.max()))
    pad = 0.14 * ((high - low) or 1.0)
    axes.set(xlim=limits, ylim=(low - (pad if score < 0 else pad / 3), high + (pad if score >= 0 else pad / 3)))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel("Running sum")
    axes.yaxis.set_label_coords(-44 / 482, 0.5)


def _metric(
    axes: Axes, position: npt.NDArray[np.float64], metric: npt.NDArray[np.float64], limits: tuple[float, float], name: str
) -> None:
    shown = np.unique(np.linspace(0, len(metric) - 1, min(len(metric), MAX_STEPS)).round().astype(int))
    axes.fill_between(position[shown], metric[shown], 0, color="#c3ccd4", linewidth=0, step="mid")
    axes.axhline(0, color=RULE, linewidth=0.8)
    if metric[0] > 0 > metric[-1]:
        zero = float(position[np.flatnonzero(metric <= 0)[0]])
        axes.axvline(zero, color=SOFT, linewidth=0.8, linestyle=(0, (2, 2)))
        late = (zero - limits[0]) / (limits[1] - limits[0]) > 0.7
        axes.annotate(
            f"0 crossed at {zero:,.0f}", (zero, 0.92), xycoords=("data", "axes fraction"), xytext=(-5 if late else 5, 0),
            textcoords="offset points", ha="right" if late else "left", va="top", fontsize=7.5, color=SOFT,
        )  # fmt: skip
    axes.set(xlim=limits)
    ticks = [t for t in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits) if max(limits[0], 1) <= t <= limits[1]]
    axes.set_xticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.set_ylabel(name)
    axes.yaxis.set_label_coords(-44 / 482, 0.5)


def _sides(figure: Figure, at: tuple[float, float, float], sides: tuple[str, str]) -> None:
    axes = place(figure, at[0], at[1], at[2], 14)
    bare(axes)
    for x, ha, text, colour in ((0, "left", f"← {sides[0]}", _AHEAD), (1, "right", f"{sides[1]} →", _BEHIND)):
        axes.text(x, 0.5, text, ha=ha, va="center", fontsize=8, color=darker(colour), fontweight="bold")
    axes.text(0.5, 0.5, "rank", ha="center", va="center", fontsize=9, color=SOFT)
