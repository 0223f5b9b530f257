"""Consensus matrices side by side: discovery, and every group of cases that was clustered apart."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from radiotype.report.drawing import PAGE_PX, SOFT, Drawn, bare, colours, draw, place, shades, sheet
from radiotype.report.figures_consensus import PER_ROW, consensus_scale, label_bar, ordered_by_subtype, subtype_of_label
from radiotype.report.stored import Stored
from radiotype.report.words import clipped, count, initial, plain

_SIDE, _GAP, _ABOVE = 178.0, 28.0, 58.0


class Panel(NamedTuple):
    """One matrix: `values` (m, m), the cluster of each row, and the subtype that each cluster stands for."""

    comparison: str
    group: str
    cases: int
    ambiguous: float
    values: npt.NDArray[Any]
    cluster: npt.NDArray[np.int64]
    names: dict[int, str]

    @property
    def title(self) -> str:
        """Who was clustered."""
        return "All together" if self.comparison == "refinement" else initial(clipped(self.group, 24))


def panels(stored: Stored) -> list[Panel]:
    """Discovery first, then what was stored, in its order; nothing where no group was clustered apart."""
    arrays = stored.validation_matrices
    if arrays is None:
        return []
    found = [] if (first := _discovery(stored)) is None else [first]
    for i, comparison in enumerate(arrays["comparison"].tolist(), start=1):
        cluster = arrays[f"cluster_{i}"]
        found.append(
            Panel(
                plain(comparison),
                plain(arrays["group"][i - 1]),
                int(arrays["patients"][i - 1]),
                float(arrays["ambiguous_pairs"][i - 1]),
                arrays[f"consensus_{i}"],
                cluster,
                {one: plain(name) for one, name in zip(cluster.tolist(), arrays[f"subtype_{i}"].tolist(), strict=True)},
            )
        )
    return found


def _discovery(stored: Stored) -> Panel | None:
    """The chosen matrix of the discovery cases."""
    consensus, matrices = stored.consensus or {}, stored.matrices or {}
    k = consensus.get("k")
    if f"consensus_{k}" not in matrices or f"labels_{k}" not in matrices:
        return None
    labels, names = matrices[f"labels_{k}"], subtype_of_label(stored)
    values, cluster = ordered_by_subtype(matrices[f"consensus_{k}"], labels, names)
    ambiguous = float(consensus.get("pac", {}).get(str(k), math.nan))
    return Panel("discovery", "discovery", len(labels), ambiguous, values, cluster, names)


def consensus_panels(shown: list[Panel], names: list[str]) -> Drawn:
    """A heat map per group, the colours of the subtypes above it.

    Parameters
    ----------
    shown : list of Panel
    names : list of str
        Subtypes of the study, for their colours.

    Returns
    -------
    Drawn
        A row per row of each matrix: comparison, group, cases, cluster, subtype and its cells.
    """
    across = min(len(shown), PER_ROW)
    left = (PAGE_PX - across * (_SIDE + _GAP) + _GAP) / 2
    pitch = _SIDE + _ABOVE + 12
    rows = math.ceil(len(shown) / PER_ROW)
    tints = colours(names)

    def paint(figure: Figure) -> None:
        page = sheet(figure)
        for i, panel in enumerate(shown):
            x, y = left + (i % PER_ROW) * (_SIDE + _GAP), _ABOVE + (i // PER_ROW) * pitch
            page.text(x, y - 42, panel.title, va="center", fontweight="bold")
            page.text(x, y - 25, _words(panel), va="center", fontsize=8.25, color=SOFT)
            axes = place(figure, x, y, _SIDE, _SIDE)
            axes.imshow(panel.values, cmap=shades(), vmin=0, vmax=1, interpolation="none", aspect="auto")
            bare(axes)
            label_bar(place(figure, x, y - 10, _SIDE, 6), panel.cluster, panel.names, tints)
        consensus_scale(figure, left, rows * pitch + 8)

    label = "Consensus matrices of " + ", ".join(panel.title for panel in shown)
    svg = draw("consensus panels", (PAGE_PX, rows * pitch + 50), paint, label=label)
    return Drawn(pd.concat([_frame(panel) for panel in shown], ignore_index=True), svg)


def _words(panel: Panel) -> str:
    ambiguous = f", {100 * panel.ambiguous:.0f} % ambiguous" if math.isfinite(panel.ambiguous) else ""
    return count(panel.cases, "case") + ambiguous


def _frame(panel: Panel) -> pd.DataFrame:
    cells = np.asarray(panel.values, dtype=np.float64).round(4)
    frame = pd.DataFrame(cells, columns=[f"column_{i + 1}" for i in range(len(cells))])
    rank = {one: i for i, one in enumerate(dict.fromkeys(panel.cluster.tolist()), start=1)}
    about = {
        "comparison": panel.comparison,
        "group": panel.group,
        "cases": panel.cases,
        "cluster": [rank[one] for one in panel.cluster.tolist()],
        "subtype": [panel.names.get(one, "") for one in panel.cluster.tolist()],
    }
    return pd.concat([pd.DataFrame(about, index=frame.index), frame], axis=1)
