"""Radar charts: the families of features of each subtype."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from radiotype.report.drawing import FAINT, INK, NEUTRAL, PAGE_PX, RULE, SOFT, Drawn, colours, darker, draw, sheet

#: With fewer axes there is no area to look at.
LEAST_AXES = 3
_ACROSS, _RADIUS, _HEIGHT = 4, 60.0, 220.0


def radar(table: pd.DataFrame, names: list[str], *, name: str = "family radar") -> Drawn:
    """One radar per subtype: medians and quartiles of its cases on each axis, and the median of all cases.

    Parameters
    ----------
    table : data frame
        One row per case and axis, with columns `subtype`, `family` and `value`; values from 0 (the middle) to 1 (the rim).
    names : list of str
        Subtypes in order.

    Returns
    -------
    Drawn
        `data`: per subtype and family `lower_quartile`, `median`, `upper_quartile`, `median_of_all` and `cases`.
    """
    families = list(dict.fromkeys(table["family"]))
    overall = table.groupby("family")["value"].median()
    grouped = table.groupby(["subtype", "family"], sort=False)["value"]
    data = grouped.quantile(np.array([0.25, 0.5, 0.75])).unstack()
    data.columns = pd.Index(["lower_quartile", "median", "upper_quartile"])
    data = data.assign(median_of_all=data.index.get_level_values("family").map(overall.to_dict()), cases=grouped.size())
    data = data.reindex(pd.MultiIndex.from_product([names, families], names=["subtype", "family"])).dropna().reset_index()
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(families)) / len(families)
    rim = np.column_stack([np.cos(angles), -np.sin(angles)])
    tints, rows = colours(names), -(-len(names) // _ACROSS)

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        for at, subtype in enumerate(names):
            own = data[data["subtype"] == subtype].set_index("family").reindex(families)
            middle = np.array([(at % _ACROSS + 0.5) * PAGE_PX / _ACROSS, at // _ACROSS * _HEIGHT + 130])
            for part in (0.25, 0.5, 0.75, 1.0):
                ring = middle + rim * part * _RADIUS
                page.add_patch(Polygon(ring, closed=True, fill=False, edgecolor=RULE if part == 1 else FAINT, linewidth=0.8))
            for end, family in zip(rim, families, strict=True):
                page.plot(*np.stack([middle, middle + end * _RADIUS]).T, color=FAINT, linewidth=0.8, zorder=1)
                x, y = middle + end * (_RADIUS + 9)
                side = "center" if abs(end[0]) < 0.3 else ("left" if end[0] > 0 else "right")
                words = family.replace(" ", "\n") if side != "center" else family
                page.text(x, y + 4 * end[1], words, ha=side, va="center", fontsize=8, color=SOFT, linespacing=1.1)
            tint = tints[subtype]
            low, high = (middle + rim * own[[q]].to_numpy() * _RADIUS for q in ("lower_quartile", "upper_quartile"))
            page.add_patch(Polygon(high, closed=True, facecolor=tint, alpha=0.22, linewidth=0, zorder=2))
            page.add_patch(Polygon(low, closed=True, facecolor="#ffffff", alpha=0.75, linewidth=0, zorder=2))
            for column, colour, width, dashes in (
                ("median_of_all", NEUTRAL, 1.0, (0, (3, 2))),
                ("median", tint, 2.0, "solid"),
            ):
                line = middle + rim * own[[column]].to_numpy() * _RADIUS
                page.add_patch(
                    Polygon(line, closed=True, fill=False, edgecolor=colour, linewidth=width, linestyle=dashes, zorder=3)
                )
            top = at // _ACROSS * _HEIGHT + 18
            page.text(middle[0], top, f"Subtype {subtype}", ha="center", fontweight="bold", fontsize=9.5, color=darker(tint))
            n = own["cases"].max()
            page.text(middle[0], top + 15, f"{int(n):,} cases", ha="center", fontsize=8, color=INK)

    size = (PAGE_PX, rows * _HEIGHT)
    return Drawn(data, draw(name, size, paint, label="Families of features by subtype"))
