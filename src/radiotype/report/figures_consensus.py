"""Consensus clustering: the matrix for each number of subtypes, and the curves by which one number was chosen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Transform

from radiotype.report.cautions import fixed_k
from radiotype.report.drawing import FAINT, INK, PAGE_PX, RULE, SOFT, Drawn, bare, colours, draw, place, shades
from radiotype.report.stored import Stored
from radiotype.report.words import natural
from radiotype.subtypes.consensus_order import ordered_consensus

PER_ROW = 5

_GREYS = ("#8a97a3", "#c4ccd3")
#: Lines of the numbers of subtypes that were not used, up to K = 10: hue and dash differ.
_LINES = ("#0072b2", "#d55e00", "#009e73", "#b0487f", "#b57a00", "#2a9bd0", "#332288", "#882255", "#77771f")
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)))


def consensus_matrices(stored: Stored) -> Drawn:
    """A heat map per number of subtypes, cases ordered by label; colours of the subtypes stand above the chosen one."""
    consensus, matrices = stored.consensus or {}, stored.matrices or {}
    ks = [int(k) for k in consensus["ks"] if f"consensus_{k}" in matrices and f"labels_{k}" in matrices]
    chosen = int(consensus["k"])
    names = subtype_of_label(stored)
    drawn = {
        k: ordered_by_subtype(matrices[f"consensus_{k}"], matrices[f"labels_{k}"], names if k == chosen else {}) for k in ks
    }
    side, gap = 178.0, 28.0
    rows = math.ceil(len(ks) / PER_ROW)
    left = (PAGE_PX - min(len(ks), PER_ROW) * (side + gap) + gap) / 2
    tints, word = colours(stored.subtype_names), _word(stored)

    def paint(figure: Figure) -> None:
        for i, k in enumerate(ks):
            values, labels = drawn[k]
            x, y = left + (i % PER_ROW) * (side + gap), 34 + (i // PER_ROW) * (side + 62)
            axes = place(figure, x, y, side, side)
            axes.imshow(values, cmap=shades(), vmin=0, vmax=1, interpolation="none", aspect="auto")
            bare(axes)
            if k == chosen:
                for spine in axes.spines.values():
                    spine.set(visible=True, color=INK, linewidth=1.6)
            title = f"K = {k}" + (f" ({word})" if k == chosen else "")
            axes.text(0, side + 25, title, transform=_pixels(axes, side), fontweight="bold" if k == chosen else "normal")
            label_bar(place(figure, x, y - 10, side, 6), labels, names if k == chosen else {}, tints)
        consensus_scale(figure, left, rows * (side + 62) + 2)

    frames = [_frame(k, *drawn[k]) for k in ks]
    label = "Consensus matrices for K = " + ", ".join(map(str, ks))
    return Drawn(pd.concat(frames), draw("consensus matrices", (PAGE_PX, rows * (side + 62) + 44), paint, label=label))


def _word(stored: Stored) -> str:
    return "asked for" if fixed_k(stored) else "chosen"


def _pixels(axes: Axes, side: float) -> Transform:
    """Coordinates in pixels from the lower left corner of square axes."""
    return Affine2D().scale(1 / side) + axes.transAxes


def subtype_of_label(stored: Stored) -> dict[int, str]:
    """The subtype that stands for each label of the chosen clustering; empty when that is not known."""
    if stored.subtypes is None or stored.matrices is None or stored.consensus is None:
        return {}
    labels = stored.matrices.get(f"labels_{stored.consensus['k']}")
    cases = stored.matrices.get("case_id")
    if labels is None or cases is None:
        return {}
    column = "unrefined" if "unrefined" in stored.subtypes.columns else "subtype"
    known = dict(zip(stored.subtypes["case_id"], stored.subtypes[column], strict=True))
    return {int(label): known[str(case)] for case, label in zip(cases, labels, strict=True) if str(case) in known}


def ordered_by_subtype(
    matrix: npt.NDArray[Any], labels: npt.NDArray[Any], names: dict[int, str]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Matrix and labels ordered by subtype, else by label, joined to what can be drawn."""
    place_of = {name: i for i, name in enumerate(natural(names.values()))}
    order = sorted(set(labels.tolist()), key=lambda label: (place_of.get(names.get(label, ""), label), label))
    values, first = ordered_consensus(matrix, labels, order)
    return values, first.astype(np.int64)


def _frame(k: int, values: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> pd.DataFrame:
    columns = [f"column_{i + 1}" for i in range(len(values))]
    frame = pd.DataFrame(values.round(4), columns=columns)
    frame.insert(0, "label", labels + 1)
    frame.insert(0, "k", k)
    return frame


def label_bar(axes: Axes, labels: npt.NDArray[np.int64], names: dict[int, str], tints: dict[str, str]) -> None:
    """A bar in the colours of the subtypes, greys where a label stands for none."""
    order = list(dict.fromkeys(labels.tolist()))
    shown = [tints.get(names.get(label, ""), _GREYS[i % 2]) for i, label in enumerate(order)]
    strip = np.array([[order.index(label) for label in labels.tolist()]])
    axes.imshow(strip, cmap=ListedColormap(shown), vmin=-0.5, vmax=len(order) - 0.5, aspect="auto", interpolation="none")
    bare(axes)


def consensus_scale(figure: Figure, left: float, top: float) -> None:
    """What light and dark mean in a consensus matrix."""
    axes = place(figure, left + 190, top, 140, 8)
    axes.imshow(np.linspace(0, 1, 64)[None], cmap=shades(), aspect="auto", interpolation="none", extent=(0, 1, 0, 1))
    axes.set(xticks=[0, 0.5, 1], yticks=[])
    axes.set_xticklabels(["never", "half", "always"])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, pad=2)
    axes.text(
        -0.17, 0.5, "two cases cluster together", transform=axes.transAxes, ha="right", va="center", fontsize=8.25, color=SOFT
    )


def consensus_curves(stored: Stored) -> Drawn:
    """The cumulative distribution of the consensus for each K, the area under it, its growth and the ambiguous pairs."""
    consensus = stored.consensus or {}
    ks, chosen = [int(k) for k in consensus["ks"]], int(consensus["k"])
    cdf = {k: np.asarray(consensus["cdf"][str(k)], dtype=float) for k in ks if str(k) in consensus.get("cdf", {})}
    curves = [
        pd.DataFrame({"k": k, "quantity": "cdf", "consensus": np.arange(1, len(y) + 1) / len(y), "value": y})
        for k, y in cdf.items()
    ]
    quantities = {"area": "Area under\nthe curve", "relative_change": "Growth of\nthe area", "pac": "Ambiguous\npairs"}
    for name in quantities:
        found = {k: consensus[name][str(k)] for k in ks if str(k) in consensus.get(name, {})}
        curves.append(pd.DataFrame({"k": list(found), "quantity": name, "consensus": np.nan, "value": list(found.values())}))
    beside: dict[str, Any] = consensus.get("null_tables") or {}
    threshold = float(beside.get("threshold", math.nan))
    if beside:
        quantities["stability"] = "Stability\nbeside noise"
        found = {k: beside["standardised"][str(k)] for k in ks}
        curves.append(
            pd.DataFrame({"k": list(found), "quantity": "stability", "consensus": np.nan, "value": list(found.values())})
        )
    data = pd.concat(curves, ignore_index=True)
    step = 510 / len(quantities)

    def paint(figure: Figure) -> None:
        _cdf(place(figure, 52, 34, 318, 240), cdf, chosen, _word(stored))
        for i, (name, title) in enumerate(quantities.items()):
            axes = place(figure, 540 + i * step, 34, step - 44, 240)
            part = data[data["quantity"] == name]
            _by_k(axes, part["k"].to_numpy(), part["value"].to_numpy(dtype=float), chosen)
            axes.set_title(title, fontsize=9)
            if name == "stability":
                _threshold(axes, threshold)

    taken = f"{chosen} {_word(stored)}" if chosen > 1 else "none chosen"
    label = f"Consensus curves for K = {ks[0]} to {ks[-1]}, {taken}" if ks else "Consensus curves"
    return Drawn(data, draw("consensus curves", (PAGE_PX, 330), paint, label=label))


def _cdf(axes: Axes, cdf: dict[int, npt.NDArray[np.float64]], chosen: int, word: str) -> None:
    for i, (k, values) in enumerate(cdf.items()):
        x = np.append(0, np.arange(1, len(values) + 1) / len(values))
        style = (INK, 2.6, 3) if k == chosen else (_LINES[i % len(_LINES)], 1.3, 2)
        dash = "-" if k == chosen else _DASHES[i % len(_DASHES)]
        name = f"K = {k}" + (f" ({word})" if k == chosen else "")
        axes.plot(
            x,
            np.append(0, values),
            color=style[0],
            linewidth=style[1],
            zorder=style[2],
            linestyle=dash,
            label=name,
            drawstyle="steps-pre",
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="Consensus of a pair of cases", ylabel="Fraction of pairs")
    axes.grid(axis="y")
    axes.set_title("Cumulative distribution of the consensus")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.25, handlelength=2.4, borderaxespad=0)


def _threshold(axes: Axes, value: float) -> None:
    axes.axhline(value, color=INK, linewidth=1, linestyle=(0, (4, 2)))
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, 1.08 * value))


def _by_k(axes: Axes, ks: npt.NDArray[Any], values: npt.NDArray[np.float64], chosen: int) -> None:
    axes.plot(ks, values, color=RULE, linewidth=1.2, zorder=1)
    axes.scatter(ks, values, s=26, color=[INK if k == chosen else "#8fa1b0" for k in ks], zorder=2, linewidths=0)
    if ks.size:
        axes.axvline(chosen, color=FAINT, linewidth=7, zorder=0)
        axes.set_xticks(ks, [str(k) for k in ks])
        axes.set_xlim(ks.min() - 0.5, ks.max() + 0.5)
    low, high = (float(np.nanmin(values)), float(np.nanmax(values))) if np.isfinite(values).any() else (0.0, 1.0)
    pad = 0.08 * max(high - min(low, 0.0), 1e-6)
    axes.set_ylim(min(0.0, low - pad), high + pad)
    axes.grid(axis="y")
    axes.set_xlabel("K")
