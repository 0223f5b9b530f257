"""In-group proportions as bars, and the correlation of codes."""

from __future__ import annotations

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from radiotype.report.drawing import FAINT, PAGE_PX, RULE, SOFT, Drawn, colours, draw, sheet
from radiotype.report.figures_heat_map import heat_map
from radiotype.report.words import clipped, natural, p_value, share

#: Bars that are drawn; further comparisons stand in the CSV.
MAX_BARS = 60
_BAR, _HEADING = 19.0, 30.0
_LEFT, _WIDTH = 250.0, 420.0


def proportion_bars(table: pd.DataFrame, names: list[str]) -> Drawn:
    """One bar per subtype and comparison: the share of its cases whose nearest other case is of the same subtype.

    Parameters
    ----------
    table : data frame
        The stored in-group proportions.
    names : list of str
        Subtypes of the study, for their colours.

    Returns
    -------
    Drawn
        The stored rows, and the drawing of the first 60.
    """
    tints = colours(names)
    shown = table.head(MAX_BARS)
    comparisons = shown.drop_duplicates(["comparison", "fitted_in", "tested_in"])
    height = 34 + len(comparisons) * _HEADING + len(shown) * _BAR + 30

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        for x, text, align in (
            (_LEFT, "Share of cases whose nearest case is of the same subtype", "left"),
            (_LEFT + _WIDTH + 150, "Cases", "right"),
            (_LEFT + _WIDTH + 300, "p, corrected", "right"),
        ):
            page.text(x, 12, text, ha=align, va="center", fontsize=8.25, color=SOFT, fontweight="bold")
        bottom = height - 26
        for part in (0.0, 0.25, 0.5, 0.75, 1.0):
            x = _LEFT + part * _WIDTH
            page.plot([x, x], [26, bottom], color=FAINT if part else RULE, linewidth=0.8, zorder=0)
            page.text(x, bottom + 12, f"{100 * part:.0f} %", ha="center", va="center", fontsize=8.25, color=SOFT)
        y, before = 30.0, None
        for row in shown.to_dict("records"):
            here = (row["comparison"], row["fitted_in"], row["tested_in"])
            if here != before:
                words = f"{clipped(str(here[1]), 24)} → {clipped(str(here[2]), 24)} ({row['n_tested']:,} cases)"
                page.text(0, y + 18, words, va="center", fontweight="bold", fontsize=8.5)
                y, before = y + _HEADING, here
            name, proportion = str(row["subtype"]), float(row["in_group_proportion"])
            label = f"subtype {clipped(name, 8)}" if name else "no counterpart"
            page.text(_LEFT - 12, y + _BAR / 2, label, ha="right", va="center", fontsize=8.25)
            if math.isfinite(proportion):
                tint = tints.get(name, SOFT)
                page.add_patch(Rectangle((_LEFT, y + 3), proportion * _WIDTH, _BAR - 6, color=tint, linewidth=0))
                page.text(
                    _LEFT + _WIDTH + 50, y + _BAR / 2, f"{100 * proportion:.0f} %", ha="right", va="center", fontsize=8.25
                )
            page.text(_LEFT + _WIDTH + 150, y + _BAR / 2, f"{row['patients']:,}", ha="right", va="center", fontsize=8.25)
            p = p_value(float(row["q_value"])).removeprefix("p ").removeprefix("= ")
            page.text(_LEFT + _WIDTH + 300, y + _BAR / 2, p, ha="right", va="center", fontsize=8.25)
            y += _BAR

    return Drawn(table, draw("in-group proportions", (PAGE_PX, height), paint, label="In-group proportions by subtype"))


def code_correlations(table: pd.DataFrame, split: str) -> Drawn:
    """Correlation of every two codes in the cases of one split, as a heat map; the stored rows of that split are its data."""
    rows = table[table["split"] == split]
    order = natural(rows["code"])
    wide = rows.pivot(index="code", columns="other", values="correlation").reindex(index=order, columns=order)
    drawn = heat_map(
        wide.rename_axis(index=None, columns=None),
        order_cases="given",
        order_features="given",
        standardise=False,
        centre=0.0,
        limit=1.0,
        title=f"{split.capitalize()} ({int(rows['n'].iloc[0]):,} cases)",
        value_name="Pearson correlation",
        name=f"code correlations {split}",
        width_px=(PAGE_PX - 24) / 2,
    )
    return Drawn(rows, drawn.svg)


def shares(part: int, whole: int) -> str:
    """A count with its share of a whole."""
    return f"{part:,} ({share(part, whole)})" if whole else f"{part:,}"
