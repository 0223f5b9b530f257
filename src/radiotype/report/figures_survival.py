"""Kaplan-Meier curves with their numbers at risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D, Transform

from radiotype.report.drawing import SOFT, Drawn, darker, draw, place
from radiotype.report.words import clipped, natural

DAYS_PER_MONTH = 365.25 / 12
DAYS_PER_YEAR = 365.25

#: Follow-up up to this long is shown in months.
_MONTHS_UP_TO_DAYS = 4 * DAYS_PER_YEAR
_MAX_TICKS = 9


@dataclass(frozen=True)
class TimeAxis:
    """Unit of a time axis, its ticks in that unit and in days, and where it ends."""

    unit: str
    days_per_unit: float
    ticks: tuple[int, ...]
    longest_days: float

    @property
    def ticks_days(self) -> npt.NDArray[np.float64]:
        """Ticks, days."""
        return np.array(self.ticks) * self.days_per_unit


def time_axis(longest_days: float) -> TimeAxis:
    """Months or years, whichever reads better, with at most nine ticks.

    Examples
    --------
    >>> time_axis(900).ticks, time_axis(900).unit
    ((0, 6, 12, 18, 24), 'months')
    >>> time_axis(4000).ticks
    (0, 2, 4, 6, 8, 10)
    """
    months = longest_days <= _MONTHS_UP_TO_DAYS
    per_unit = DAYS_PER_MONTH if months else DAYS_PER_YEAR
    longest = longest_days / per_unit
    steps = (1, 2, 3, 6, 12) if months else (1, 2, 5, 10, 20)
    step = next((step for step in steps if longest / step < _MAX_TICKS - 2), steps[-1])
    ticks = tuple(range(0, int(longest + 1e-9) + 1, step))
    return TimeAxis("months" if months else "years", per_unit, ticks, max(longest_days, 1.0))


def numbers_at_risk(curves: pd.DataFrame, axis: TimeAxis) -> pd.DataFrame:
    """Cases still followed just before each tick: subtype, tick, time_days, at_risk. Read off the stored rows."""
    rows = []
    for name in natural(curves["subtype"]):
        part = curves[curves["subtype"] == name].sort_values("time_days", kind="stable")
        stored = np.append(part["at_risk"].to_numpy(), 0)
        at = np.searchsorted(part["time_days"].to_numpy(dtype=float), axis.ticks_days, side="left")
        rows += [
            {"subtype": name, "tick": tick, "unit": axis.unit, "time_days": float(days), "at_risk": int(stored[i])}
            for tick, days, i in zip(axis.ticks, axis.ticks_days, at, strict=True)
        ]
    return pd.DataFrame(rows)


def kaplan_meier_panel(
    curves: pd.DataFrame,
    name: str,
    tints: dict[str, str],
    axis: TimeAxis,
    *,
    title: str,
    note: str,
    size_px: tuple[float, float],
    word: str = "Subtype",
) -> Drawn:
    """Curves of the subtypes with 95 % bands, ticks where follow-up ended, and the numbers at risk below.

    Parameters
    ----------
    curves : data frame
        Stored rows of one stratum and split, times in days.
    name : str
        Name of the figure.
    tints : mapping
        Colour of each subtype.
    axis : TimeAxis
        One for all panels, so that they can be compared.
    title, note : str
        Above the curves; the note holds the test.
    size_px : (width, height)
        Without the numbers at risk, which add a line per subtype.
    word : str
        What stands before the names; empty for groups that are no subtypes.

    Returns
    -------
    Drawn
        The stored rows, and the drawing.
    """
    subtypes = natural(curves["subtype"])
    at_risk = numbers_at_risk(curves, axis)
    width, height = size_px
    left, right, top, below = 112.0, 30.0, 58.0, 52.0
    inner = (width - left - right, height - top - below)

    def paint(figure: Figure) -> None:
        axes = place(figure, left, top, *inner)
        ends = [_curve(axes, curves[curves["subtype"] == subtype], tints[subtype], axis) for subtype in subtypes]
        axes.set(
            xlim=(0, axis.longest_days / axis.days_per_unit * 1.015),
            ylim=(0, 1.03),
            xlabel=f"Time since start of follow-up ({axis.unit})",
        )
        axes.set_ylabel("Survival")
        axes.set_xticks(axis.ticks, [str(tick) for tick in axis.ticks])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(axis="y")
        labelled = {name: (end, tints[name]) for name, (_, end) in zip(subtypes, ends, strict=True) if word or len(name) <= 4}
        _end_labels(axes, labelled, inner[1])
        axes.text(0, inner[1] + 36, title, transform=_from_corner(axes, inner), fontsize=10, fontweight="bold", va="center")
        axes.text(0, inner[1] + 17, note, transform=_from_corner(axes, inner), fontsize=8.5, color=SOFT, va="center")
        table = place(figure, left, height, inner[0], 18.0 * len(subtypes))
        labels = [(one, f"{word} {one}" if word and "+" not in one else one if word else clipped(one, 10)) for one in subtypes]
        _risk_table(table, at_risk, labels, tints, axes.get_xlim())

    size = (width, height + 18.0 * len(subtypes) + 10)
    return Drawn(curves.reset_index(drop=True), draw(name, size, paint, label=f"Kaplan-Meier curves, {title}. {note}"))


def _from_corner(axes: Axes, size_px: tuple[float, float]) -> Transform:
    return Affine2D().scale(1 / size_px[0], 1 / size_px[1]) + axes.transAxes


def _curve(axes: Axes, part: pd.DataFrame, tint: str, axis: TimeAxis) -> tuple[float, float]:
    part = part.sort_values("time_days", kind="stable")
    time = part["time_days"].to_numpy(dtype=float) / axis.days_per_unit
    survival, lower, upper = (part[key].to_numpy(dtype=float) for key in ("survival", "lower", "upper"))
    known = np.isfinite(lower) & np.isfinite(upper)
    axes.fill_between(time, lower, upper, where=known, step="post", color=tint, alpha=0.12, linewidth=0)
    axes.step(time, survival, where="post", color=tint, linewidth=1.7)
    ended = part["censored"].to_numpy() > 0
    axes.plot(time[ended], survival[ended], linestyle="none", marker="|", markersize=5.5, markeredgewidth=0.9, color=tint)
    return float(time[-1]), float(survival[-1])


def _end_labels(axes: Axes, ends: dict[str, tuple[float, str]], height_px: float) -> None:
    """Names right of the plot, moved apart where curves end at the same height."""
    gap = 12.0 / height_px * 1.03
    lowest = -1.0
    for subtype, (end, tint) in sorted(ends.items(), key=lambda item: item[1][0]):
        lowest = max(end, lowest + gap)
        edge, ink = axes.get_yaxis_transform(), darker(tint)
        axes.text(1.015, lowest, clipped(subtype, 4), transform=edge, va="center", fontsize=8.5, fontweight="bold", color=ink)


def _risk_table(
    axes: Axes, at_risk: pd.DataFrame, labels: list[tuple[str, str]], tints: dict[str, str], limits: tuple[float, float]
) -> None:
    axes.set(xlim=limits, ylim=(len(labels) - 0.5, -0.5))
    axes.set_axis_off()
    edge = axes.get_yaxis_transform()
    width_px = axes.get_position().width * axes.figure.get_figwidth() * 96  # type: ignore[union-attr]
    for row, (subtype, label) in enumerate(labels):
        axes.add_patch(
            Rectangle((-104 / width_px, row - 0.09), 14 / width_px, 0.18, transform=edge, color=tints[subtype], clip_on=False)
        )
        axes.text(
            -84 / width_px,
            row,
            clipped(label, 11),
            transform=edge,
            va="center",
            fontsize=8.5,
        )
        part = at_risk[at_risk["subtype"] == subtype]
        for tick, cases in zip(part["tick"], part["at_risk"], strict=True):
            axes.text(tick, row, f"{cases:,}", ha="center", va="center", fontsize=8.5)
    axes.text(-104 / width_px, -0.95, "At risk", transform=edge, va="center", fontsize=8.25, color=SOFT, clip_on=False)
