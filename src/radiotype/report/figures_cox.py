"""Hazard ratios with their intervals beside the numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from radiotype.report.drawing import INK, PAGE_PX, RULE, SOFT, Drawn, draw, place, sheet
from radiotype.report.words import clipped, number, p_value

_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_ROW = 27.0


def forest(rows: pd.DataFrame, name: str, tints: dict[str, str]) -> Drawn:
    """Forest plot of one Cox model: term, hazard ratio on a logarithmic axis, and its numbers.

    Parameters
    ----------
    rows : data frame
        Stored rows of one model.
    name : str
        Name of the figure.
    tints : mapping
        Colour of each subtype; terms of a subtype take it.

    Returns
    -------
    Drawn
        The stored rows, and the drawing.
    """
    rows = rows.reset_index(drop=True)
    low, high = _limits(rows)
    height = _ROW * len(rows)
    left, width = 360.0, 330.0

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        for x, heading, align in (
            (0, "Term", "left"),
            (left + width / 2, "Hazard ratio (95 % interval)", "center"),
            (left + width + 190, "HR (95 % interval)", "right"),
            (left + width + 300, "p", "right"),
        ):
            page.text(x, 12, heading, ha=align, va="center", fontsize=8.25, color=SOFT, fontweight="bold")
        page.plot([0, PAGE_PX], [26, 26], color=RULE, linewidth=0.8)
        axes = place(figure, left, 30, width, height)
        _axis(axes, low, high, len(rows))
        for i, row in rows.iterrows():
            y = 30 + _ROW * (float(str(i)) + 0.5)
            tint = tints.get(str(row["term"]).removeprefix("subtype").strip(), INK) if "subtype" in str(row["term"]) else INK
            _mark(axes, row, float(str(i)), tint, (low, high))
            term = str(row["term"])
            page.text(0, y, clipped(term[:1].upper() + term[1:], 24), va="center")
            page.text(180, y, clipped(str(row["reference"]), 26), va="center", fontsize=8.25, color=SOFT)
            page.text(left + width + 190, y, ratio_text(row), va="center", ha="right")
            page.text(left + width + 300, y, p_value(float(row["p_value"])).removeprefix("p ").removeprefix("= "),
                      va="center", ha="right")  # fmt: skip

    return Drawn(rows, draw(name, (PAGE_PX, 30 + height + 44), paint, label="Hazard ratios with 95 % intervals"))


def ratio_text(row: pd.Series) -> str:
    """Hazard ratio and interval as printed."""
    ratio, lower, upper = (float(row[key]) for key in ("hazard_ratio", "lower", "upper"))
    if not math.isfinite(ratio):
        return "not estimable"
    return f"{_ratio(ratio)} ({_ratio(lower)} to {_ratio(upper)})"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= value < 10 else number(value, 3 if value >= 1 else 2)


def _limits(rows: pd.DataFrame) -> tuple[float, float]:
    ends = rows[["lower", "upper", "hazard_ratio"]].to_numpy(dtype=float)
    inside = ends[np.isfinite(ends) & (ends > 0)]
    inside = np.clip(inside, 0.02, 50.0) if inside.size else np.array([1.0])
    return min(0.7, float(inside.min()) / 1.15), max(1.4, float(inside.max()) * 1.15)


def _axis(axes: Axes, low: float, high: float, n: int) -> None:
    axes.set_xscale("log")
    axes.set(xlim=(low, high), ylim=(n - 0.5, -0.5))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.minorticks_off()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.axvline(1.0, color=RULE, linewidth=1.2, zorder=0)
    axes.set_xlabel("lower hazard  ←  1  →  higher hazard")


def _mark(axes: Axes, row: pd.Series, y: float, tint: str, limits: tuple[float, float]) -> None:
    ratio, lower, upper = (float(row[key]) for key in ("hazard_ratio", "lower", "upper"))
    if not math.isfinite(ratio) or ratio <= 0:
        return
    low, high = limits
    start = lower if math.isfinite(lower) and lower > low else low
    end = upper if math.isfinite(upper) and upper < high else high
    axes.plot([start, end], [y, y], color=tint, linewidth=1.6, solid_capstyle="butt")
    for cut, x, marker in ((start == low, low, "<"), (end == high, high, ">")):
        if cut:
            axes.plot([x], [y], marker=marker, markersize=5, color=tint, clip_on=False, markeredgewidth=0)
    if low <= ratio <= high:
        axes.plot([ratio], [y], marker="s", markersize=6.5, color=tint, markeredgewidth=0)
