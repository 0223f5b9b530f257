"""Two risk scores: how well they order patients, and what they have to do with tumour volume."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from radiotype.report.drawing import FAINT, INK, PAGE_PX, RULE, SOFT, Drawn, draw, place, sheet
from radiotype.report.words import clipped, initial, number, p_value

#: Colours and words of the two scores.
SCORES: Mapping[str, tuple[str, str]] = {"subtypes": (INK, "Subtypes"), "conventional": ("#b8860b", "Conventional radiomics")}

_ROW, _GAP, _LEFT, _WIDTH = 24.0, 10.0, 330.0, 360.0


def concordance_dots(table: pd.DataFrame, name: str) -> Drawn:
    """Harrell's C of both scores with its interval, one pair of rows per cancer type.

    Parameters
    ----------
    table : data frame
        Stored rows of one split: stratum, score, concordance, lower, upper, n, events.
    name : str
        Name of the figure.

    Returns
    -------
    Drawn
        The stored rows, and the drawing.
    """
    table = table.reset_index(drop=True)
    strata = list(dict.fromkeys(table["stratum"]))
    height = len(table) * _ROW + len(strata) * _GAP
    low = min(0.45, float(np.floor(table["lower"].min() * 20) / 20))
    high = max(0.75, float(np.ceil(table["upper"].max() * 20) / 20))

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        axes = place(figure, _LEFT, 26, _WIDTH, height)
        axes.set(xlim=(low, high), ylim=(height, 0), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.axvline(0.5, color=RULE, linewidth=1.2, zorder=0)
        axes.set_xlabel("Harrell's C (0.5: no better than chance)")
        page.text(
            _LEFT + _WIDTH + 190, 12, "C (95 % interval)", ha="right", va="center", fontsize=8.25, color=SOFT, fontweight="bold"
        )
        y, before = 0.0, None
        for row in table.to_dict("records"):
            if row["stratum"] != before:
                before = row["stratum"]
                words = "All cancer types" if before == "all" else initial(clipped(str(before), 24))
                page.text(0, 26 + y + _ROW / 2 + 2, words, va="center", fontweight="bold")
                page.text(
                    0,
                    26 + y + 1.5 * _ROW,
                    f"{row['n']:,} patients, {row['events']:,} events",
                    va="center",
                    fontsize=8.25,
                    color=SOFT,
                )
            tint, label = SCORES[row["score"]]
            middle = y + _ROW / 2
            c, lower, upper = (float(row[key]) for key in ("concordance", "lower", "upper"))
            axes.plot([lower, upper], [middle, middle], color=tint, linewidth=1.6, solid_capstyle="butt")
            axes.plot([c], [middle], marker="s", markersize=6.5, color=tint, markeredgewidth=0)
            page.text(_LEFT - 14, 26 + middle, label, ha="right", va="center")
            text = f"{c:.2f} ({lower:.2f} to {upper:.2f})"
            page.text(_LEFT + _WIDTH + 190, 26 + middle, text, ha="right", va="center")
            y += _ROW
            if row["score"] == list(SCORES)[-1]:
                y += _GAP

    return Drawn(table, draw(name, (PAGE_PX, 26 + height + 44), paint, label="Concordance of both scores with 95 % intervals"))


def score_by_volume(scores: pd.DataFrame, score: str, rank: pd.Series | None, tints: Mapping[str, str]) -> Drawn:
    """Each patient's score against the volume of the tumour, on a logarithmic axis.

    Parameters
    ----------
    scores : data frame
        Stored scores of one split.
    score : str
        "subtypes" or "conventional".
    rank : series or None
        The stored rank correlation.
    tints : mapping
        Colour of each subtype.

    Returns
    -------
    Drawn
        Case, subtype, volume and score, and the drawing.
    """
    data = scores[["case_id", "subtype", "volume_mm3", score]].dropna().reset_index(drop=True)
    size = ((PAGE_PX - 24) / 2, 320.0)

    def paint(figure: Figure) -> None:
        axes = place(figure, 62, 52, size[0] - 82, size[1] - 104)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(_tick))
        for name, own in data.groupby("subtype"):
            axes.scatter(own["volume_mm3"] / 1000, own[score], s=14, color=tints.get(str(name), SOFT), alpha=0.75, linewidths=0)
        axes.grid(color=FAINT)
        axes.minorticks_off()
        axes.set_xlabel("Tumour volume, cm³")
        axes.set_ylabel("Score (log hazard)")
        page = sheet(figure)
        page.text(0, 10, SCORES[score][1], va="center", fontweight="bold")
        if rank is not None:
            text = f"Spearman's rho {number(float(rank['rho']), 2)}"
            if np.isfinite(float(rank["lower"])):
                text += f" ({number(float(rank['lower']), 2)} to {number(float(rank['upper']), 2)})"
            text += f", {p_value(float(rank['p_value']))}, {int(rank['n']):,} patients"
            page.text(0, 30, text, va="center", fontsize=8.25, color=SOFT)

    return Drawn(data, draw(f"{score} by volume", size, paint, label=f"{SCORES[score][1]}: score against tumour volume"))


def _tick(value: float, _place: int | None) -> str:
    return f"{value:g}"
