"""How large the subtypes are, and which features set them apart."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from radiotype.report.blocks import Cell
from radiotype.report.drawing import PAGE_PX, SOFT, Drawn, colours, draw, shades, sheet, text_on
from radiotype.report.stored import Stored, analysis_groups
from radiotype.report.words import clipped, feature_name, natural, number

#: Features named in the heat map; the others stand in its CSV.
MAX_FEATURES = 30

#: Sizes are scaled by their logarithm (see the study), so their medians are as well.
_LOGARITHMIC = ("_mm", "_mm2", "_mm3")


def subtype_sizes(stored: Stored) -> Drawn:
    """Stacked bars of the subtypes among all cases and within each cancer type, modality and split."""
    data = size_counts(stored)
    names = stored.subtype_names
    tints = colours(names)
    bars = list(data[["group", "level"]].drop_duplicates().itertuples(index=False, name=None))
    label_width = 30 + min(220.0, 6.6 * max(len(level) for _, level in bars))
    width = PAGE_PX - label_width - 90
    tops, y, before = [], 40.0, bars[0][0]
    for group, _ in bars:
        y += 26.0 if group != before else 0.0
        before = group
        tops.append(y)
        y += 27.0

    def paint(figure: Figure) -> None:
        axes = sheet(figure)
        step = 105 if len(names) <= 7 else 52
        for i, name in enumerate(names):
            text = f"Subtype {clipped(name, 8)}" if len(names) <= 7 else clipped(name, 3)
            axes.add_patch(Rectangle((label_width + i * step, 8), 12, 12, color=tints[name], linewidth=0))
            axes.text(label_width + i * step + 18, 14.5, text, va="center", fontsize=8.5)
        if len(names) > 7:
            axes.text(label_width - 10, 14.5, "Subtype", ha="right", va="center", fontsize=8.5)
        before = bars[0][0]
        for top, (group, level) in zip(tops, bars, strict=True):
            if group != before:
                axes.text(0, top - 10, group, fontsize=8.25, color=SOFT, va="center", fontweight="bold")
            before = group
            counts = data[(data["group"] == group) & (data["level"] == level)].set_index("subtype")["cases"]
            axes.text(label_width - 10, top + 10, clipped(level, 32), ha="right", va="center")
            _stack(axes, counts, tints, (label_width, top, width))
            axes.text(label_width + width + 12, top + 10, f"n = {int(counts.sum()):,}", va="center", fontsize=8.25, color=SOFT)

    return Drawn(data, draw("subtype sizes", (PAGE_PX, y + 8), paint, label="Subtypes by group, as fractions of the cases"))


def size_counts(stored: Stored) -> pd.DataFrame:
    """Cases of each subtype: group, level, subtype, cases, share."""
    subtypes, names = stored.subtypes, stored.subtype_names
    if subtypes is None:
        return pd.DataFrame(columns=["group", "level", "subtype", "cases", "share"])
    parts = [("All", "All cases", subtypes)]
    for column, title in analysis_groups(stored):
        parts += [(title, level or "–", subtypes[subtypes[column] == level]) for level in natural(subtypes[column])]
    rows = [
        {
            "group": group, "level": level, "subtype": name,
            "cases": int((part["subtype"] == name).sum()), "share": float((part["subtype"] == name).mean()),
        }
        for group, level, part in parts
        for name in names
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _stack(axes: Axes, counts: pd.Series, tints: dict[str, str], place_px: tuple[float, float, float]) -> None:
    left, top, width = place_px
    total = int(counts.sum())
    for name, tint in tints.items():
        cases = int(counts.get(name, 0))
        length = width * cases / total
        axes.add_patch(Rectangle((left, top), length, 20, facecolor=tint, edgecolor="#ffffff", linewidth=1.0))
        if length > 12 + 7 * len(f"{cases:,}"):
            axes.text(left + length / 2, top + 10.5, f"{cases:,}", ha="center", va="center", fontsize=8.25, color=text_on(tint))
        left += length


def scaled_medians(stored: Stored) -> pd.DataFrame:
    """Medians by subtype on the scale of the discovery cases: feature, subtype, n, median, scaled, spread.

    0 and 1 are the limits of the discovery cases; values beyond them are cut. `spread` is the distance between the highest and
    the lowest subtype. Features that were not scaled have no value.
    """
    if stored.by_subtype is None or stored.scaling is None:
        return pd.DataFrame(columns=["feature", "subtype", "n", "median", "scaled", "spread"])
    table = stored.by_subtype.merge(stored.scaling, on="feature", how="left")
    median = table["median"].to_numpy(dtype=float)
    if "transform" in table.columns:
        logarithmic = (table["transform"] == "log").to_numpy()
    else:
        logarithmic = np.array([name.endswith(_LOGARITHMIC) for name in table["feature"]], dtype=bool)
    median = np.where(logarithmic, np.log(np.maximum(median, 1e-6)), median)
    low, width = table["low"].to_numpy(dtype=float), (table["high"] - table["low"]).to_numpy(dtype=float)
    scaled = np.divide(median - low, width, out=np.full(len(table), np.nan), where=width > 0)
    table["scaled"] = np.clip(scaled, 0, 1)
    by_feature = table.groupby("feature")["scaled"]
    table["spread"] = by_feature.transform("max") - by_feature.transform("min")
    return table[["feature", "subtype", "n", "median", "scaled", "spread"]]


def feature_heat_map(stored: Stored) -> Drawn:
    """Scaled medians of the features that differ most between subtypes, as a heat map with numbers."""
    data = scaled_medians(stored)
    names = stored.subtype_names
    tints = colours(names)
    wide = data.pivot(index="feature", columns="subtype", values="scaled").reindex(columns=names)
    spread = data.groupby("feature")["spread"].first()
    kept = [name for name in spread.sort_values(ascending=False, kind="stable").index if np.isfinite(spread[name])][
        :MAX_FEATURES
    ]
    titles = {record.name: feature_name(record) for record in stored.records}
    families = {record.name: record.family for record in stored.records}
    order = {record.name: i for i, record in enumerate(stored.records)}
    kept.sort(key=lambda name: order.get(name, len(order)))
    columns = 2 if len(kept) > 12 and len(names) <= 6 else 1
    per_column = math.ceil(len(kept) / columns)
    block = (PAGE_PX - 30 * (columns - 1)) / columns
    label_width = 284.0
    cell = min(64.0, (block - label_width) / max(len(names), 1))
    row = 23.0

    def paint(figure: Figure) -> None:
        axes = sheet(figure)
        for c in range(columns):
            left = c * (block + 30) + label_width
            for j, name in enumerate(names):
                x = left + j * cell
                axes.add_patch(Rectangle((x + 1, 22), cell - 2, 5, color=tints[name], linewidth=0))
                axes.text(x + cell / 2, 12, clipped(name, 8), ha="center", va="center", fontsize=8.5, fontweight="bold")
            axes.text(left - 12, 12, "Subtype", ha="right", va="center", fontsize=8.25, color=SOFT)
            for i, name in enumerate(kept[c * per_column : (c + 1) * per_column]):
                y = 32 + i * row
                axes.text(left - 12, y + row / 2, clipped(titles.get(name, name), 46), ha="right", va="center", fontsize=8.25)
                _cells(axes, wide.loc[name].to_numpy(dtype=float), (left, y, cell, row))

    data = data.assign(family=[families.get(name, "") for name in data["feature"]], shown=data["feature"].isin(kept))
    svg = draw("feature heat map", (PAGE_PX, 36 + per_column * row), paint, label="Scaled feature medians by subtype")
    return Drawn(data, svg)


def _cells(axes: Axes, values: np.ndarray, box: tuple[float, float, float, float]) -> None:
    left, top, cell, row = box
    for j, value in enumerate(values):
        x = left + j * cell
        if not math.isfinite(value):
            axes.text(x + cell / 2, top + row / 2, "–", ha="center", va="center", color=SOFT)
            continue
        tint = shades()(float(value))
        axes.add_patch(Rectangle((x + 1, top + 1), cell - 2, row - 2, facecolor=tint, linewidth=0))
        axes.text(
            x + cell / 2, top + row / 2 + 0.5, f"{value:.2f}", ha="center", va="center", fontsize=8, color=text_on(to_hex(tint))
        )


def median_cells(stored: Stored, feature: str) -> list[Cell]:
    """Median and quartiles of one feature per subtype, as text, in the unit of its record."""
    table = stored.by_subtype
    cells = []
    for name in stored.subtype_names:
        row = table[(table["feature"] == feature) & (table["subtype"] == name)] if table is not None else pd.DataFrame()
        if len(row):
            median, low, high = (number(float(row[key].iloc[0])) for key in ("median", "lower_quartile", "upper_quartile"))
            cells.append(Cell(median, note=f"{low} to {high}"))
        else:
            cells.append(Cell("–"))
    return cells
