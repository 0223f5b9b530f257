"""How the features are distributed over cancer types and modalities."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from radiotype.core import FeatureRecord
from radiotype.report.drawing import INK, NEUTRAL, PAGE_PX, Drawn, draw, place
from radiotype.report.stored import Stored
from radiotype.report.words import clipped, feature_title, natural, number

#: Features shown when the run has them, by their names; the rest of the places goes to margin features.
READABLE = (
    r"^volume", r"sphericity$", r"surface_to_volume", r"maximum_3d_diameter", r"surface_area", r"elongation$", r"flatness$",
    r"^axis_scale_long$", r"^energy_l2$", r"^energy_l4$", r"^energy_l8$",
)  # fmt: skip
N_SHOWN = 9
N_MORPHOLOGY = 5
MAX_LANES = 14

#: Above this many points a picture of them is smaller than the points themselves.
MAX_POINTS = 3000


def readable_features(records: Sequence[FeatureRecord], values: pd.DataFrame, n: int = N_SHOWN) -> list[FeatureRecord]:
    """A choice that a reader can picture: size and shape first, then margin features spread over their list.

    Features without any value are passed over.
    """
    able = [record for record in records if values[record.name].notna().any()]
    chosen: list[FeatureRecord] = []
    for wish in READABLE:
        found = [record for record in able if re.search(wish, record.name.removeprefix(record.family).strip("_"))]
        chosen += [record for record in found[:1] if record not in chosen]
    margin = [record for record in able if record.family == "margin"]
    chosen = chosen[: N_MORPHOLOGY if margin else n]
    chosen += _spread(margin, n - len(chosen))
    rest = [record for record in able if record not in chosen]
    return chosen + rest[: n - len(chosen)]


def _spread(records: list[FeatureRecord], n: int) -> list[FeatureRecord]:
    if len(records) <= n:
        return records
    return [records[round(i * (len(records) - 1) / max(n - 1, 1))] for i in range(n)]


def lanes(stored: Stored) -> list[tuple[str, pd.Series]]:
    """Groups that are drawn one above the other, cancer type and modality, and the features rows of each; the largest ones."""
    table = stored.features
    types = natural(table["cancer_type"].dropna()) if stored.has_cancer_types else []
    modalities = natural(table["modality"].dropna())
    found = []
    for kind in types or [""]:
        for modality in modalities or [""]:
            inside = pd.Series(True, index=table.index)
            inside &= (table["cancer_type"] == kind) if kind else True
            inside &= (table["modality"] == modality) if modality else True
            name = " · ".join(part for part in (clipped(kind, 16), modality if len(modalities) > 1 else "") if part)
            if inside.any():
                found.append((name or "all cases", inside))
    largest = sorted(found, key=lambda lane: -int(lane[1].sum()))[:MAX_LANES]
    return [lane for lane in found if any(lane is kept for kept in largest)]


def feature_distributions(stored: Stored, shown: Sequence[FeatureRecord]) -> Drawn:
    """Small multiples: per feature one lane per cancer type and modality, every region a point, box of the quartiles."""
    groups = lanes(stored)
    keys = ["case_id", "roi", "cancer_type", "modality"]
    data = pd.concat([stored.features[keys], stored.features[[record.name for record in shown]]], axis=1)
    columns = min(3, len(shown))
    rows = math.ceil(len(shown) / columns)
    label_width = 20 + max(6.4 * len(name) for name, _ in groups)
    gap, lane_height = 34.0, 26.0
    width = (PAGE_PX - label_width - gap * (columns - 1) - 14) / columns
    height = lane_height * len(groups) + 8
    pitch = height + 88
    flat = stored.features["case_id"].size * len(shown) > MAX_POINTS

    def paint(figure: Figure) -> None:
        for i, record in enumerate(shown):
            axes = place(figure, label_width + (i % columns) * (width + gap), 36 + (i // columns) * pitch, width, height)
            _panel(axes, record, [(name, data.loc[inside, record.name].dropna().to_numpy()) for name, inside in groups], flat)
            if i % columns:
                axes.set_yticklabels([])

    label = "Distribution of " + ", ".join(feature_title(record) for record in shown)
    return Drawn(data, draw("feature distributions", (PAGE_PX, rows * pitch), paint, label=label))


def _panel(axes: Axes, record: FeatureRecord, groups: list[tuple[str, np.ndarray]], flat: bool) -> None:
    pooled = np.concatenate([values for _, values in groups])
    logarithmic = bool(pooled.size and pooled.min() > 0 and pooled.max() / pooled.min() > 30 and not math.isfinite(record.high))
    if logarithmic:
        axes.set_xscale("log")
        axes.update_datalim([(pooled.min(), 0), (pooled.max(), 0)])  # the first lane may hold one value: no width of its own
    crowded = max((values.size for _, values in groups), default=0) > 100
    filled = [i for i, (_, values) in enumerate(groups) if values.size]
    for i in filled:
        values = np.sort(groups[i][1])
        size, alpha = (6, 0.4) if crowded else (12, 0.6)
        points = axes.scatter(values, i + _jitter(values.size), s=size, color=NEUTRAL, alpha=alpha, linewidths=0)
        points.set_rasterized(flat)
        _box(axes, values, i)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_yticks(range(len(groups)), [name for name, _ in groups])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    _ticks(axes, logarithmic)
    axes.set_title(_wrapped(feature_title(record)), fontsize=9)


def _wrapped(title: str, length: int = 34) -> str:
    """A long title in two lines, broken after its comma where it has one."""
    head, comma, tail = title.partition(", ")
    lines = [head + ",", tail] if comma else textwrap.wrap(title, length)
    return title if len(title) <= length else "\n".join(clipped(line, length + 4) for line in lines[:2])


def _box(axes: Axes, values: np.ndarray, lane: int) -> None:
    """Quartiles as a box, the median as its thick line, whiskers from the 5th to the 95th percentile."""
    lowest, lower, median, upper, highest = np.percentile(values, (5, 25, 50, 75, 95))
    axes.hlines([lane, lane], [lowest, upper], [lower, highest], color=INK, linewidth=0.9)
    outline = ([lower, upper, upper, lower, lower], [lane - 0.3, lane - 0.3, lane + 0.3, lane + 0.3, lane - 0.3])
    axes.plot(*outline, color=INK, linewidth=0.9)
    axes.vlines(median, lane - 0.3, lane + 0.3, color=INK, linewidth=2.2)


def _ticks(axes: Axes, logarithmic: bool) -> None:
    low, high = axes.get_xlim()
    if logarithmic:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1,) if math.log10(high / low) > 2.2 else (1, 3)
        ticks = [step * 10.0**power for power in decades for step in steps]
    else:
        ticks = list(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    inside = [tick for tick in ticks if low <= tick <= high]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(FixedLocator(inside))
    axes.set_xticks(inside, [_short(tick) for tick in inside])


def _short(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:g}M"
    return f"{value:,.10g}".replace("-", "−") if abs(value) >= 1e-3 or value == 0 else number(value)


def _jitter(n: int) -> np.ndarray:
    """Heights within a lane, evenly spread and the same every time."""
    return ((np.arange(1, n + 1) * 0.6180339887498949) % 1.0 - 0.5) * 0.5
