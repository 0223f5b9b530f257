"""Cases by the scores of their families of features, every two families against each other."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from radiotype.report.drawing import FAINT, PAGE_PX, SOFT, Drawn, colours, draw, place, sheet
from radiotype.report.words import initial

#: Points of all panels that are drawn; of more, those of every n-th case of each subtype.
MAX_POINTS = 2000
_ACROSS, _PITCH, _HEIGHT, _SIDE = 3, 340.0, 330.0, 264.0
_KEYS = ["patient_id", "case_id", "split", "subtype"]


def family_pairs(table: pd.DataFrame, names: list[str]) -> Drawn:
    """One panel for every two families: discovery cases filled, validation cases open, in the colours of their subtypes.

    Parameters
    ----------
    table : data frame
        Scores of two families or more: one row per case and family, with columns `patient_id`, `case_id`, `split`, `subtype`,
        `family` and `value`.
    names : list of str
        Subtypes in order.

    Returns
    -------
    Drawn
        A row per case: its score in each family, and whether it is `drawn`.
    """
    families = list(dict.fromkeys(table["family"]))
    wide = table.pivot(index=_KEYS, columns="family", values="value")[families].rename_axis(columns=None).reset_index()
    pairs, tints = list(itertools.combinations(families, 2)), colours(names)
    data = wide.assign(drawn=_drawn(wide, MAX_POINTS // len(pairs)))
    shown = data[data["drawn"]]
    edges = [tints.get(str(name), SOFT) for name in shown["subtype"]]
    faces = [tint if split == "discovery" else "none" for tint, split in zip(edges, shown["split"], strict=True)]
    low, high = min(0.0, float(shown[families].min().min())), max(1.0, float(shown[families].max().max()))
    pad, rows = 0.03 * (high - low), math.ceil(len(pairs) / _ACROSS)

    def paint(figure: Figure) -> None:
        _legend(figure, tints, both=data["split"].nunique() > 1)
        for i, (across, up) in enumerate(pairs):
            axes = place(figure, 52 + (i % _ACROSS) * _PITCH, 34 + (i // _ACROSS) * _HEIGHT, _SIDE, _SIDE)
            axes.grid(color=FAINT)
            axes.scatter(shown[across], shown[up], s=15, facecolors=faces, edgecolors=edges, linewidths=0.9)
            axes.set(xlim=(low - pad, high + pad), ylim=(low - pad, high + pad))
            axes.set_xlabel(initial(across))
            axes.set_ylabel(initial(up))

    label = "Scores of every two families of features, each case in the colour of its subtype"
    return Drawn(data, draw("family pairs", (PAGE_PX, 34 + rows * _HEIGHT), paint, label=label))


def _drawn(wide: pd.DataFrame, most: int) -> pd.Series:
    """Every n-th case, counted through the subtypes and splits, so that all are thinned alike."""
    order = wide.sort_values(["subtype", "split", "case_id"], kind="stable").index
    step = math.ceil(len(wide) / most)
    return pd.Series(np.arange(len(order)) % step == 0, index=order).reindex(wide.index)


def _legend(figure: Figure, tints: dict[str, str], *, both: bool) -> None:
    page, x = sheet(figure), 52.0
    entries = [(f"Subtype {name}", tint, tint) for name, tint in tints.items()]
    splits = [("discovery", SOFT, SOFT), ("validation", "none", SOFT)] if both else []
    for text, face, edge in (*entries, *splits):
        page.scatter([x + 5], [12], s=24, facecolors=face, edgecolors=edge, linewidths=1.0)
        page.text(x + 16, 12, text, va="center", fontsize=8.25)
        x += 34 + 6.5 * len(text)
