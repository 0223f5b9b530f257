"""The volcano: effects of many tests beside their p-values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from radiotype.errors import ComputeError, RecipeError
from radiotype.report.drawing import INK, PALETTE, SOFT, Drawn, darker, draw, place
from radiotype.report.labels import placed_names, text_width
from radiotype.report.words import clipped

UP, DOWN, NOT_FOUND = PALETTE[1], PALETTE[0], "#aeb8c1"

#: Above this many points a picture of them is smaller than the points themselves.
MAX_POINTS = 3000
_NAME_PT = 8.0
_NAME_HEIGHT = 13.5
_LEFT, _TOP, _RIGHT, _BELOW = 56.0, 48.0, 18.0, 66.0


def volcano(
    table: pd.DataFrame,
    *,
    threshold: float = 0.05,
    least_effect: float = 0.0,
    n_labels: int = 12,
    labels: Sequence[str] = (),
    title: str = "",
    effect_name: str = "Effect",
    sides: tuple[str, str] = ("lower", "higher"),
    name: str = "volcano",
    size_px: tuple[float, float] = (620, 480),
) -> Drawn:
    """A volcano: the effect of each feature against its p-value, those found in colour, the foremost by name.

    Parameters
    ----------
    table : data frame
        One row per feature, named by its index, with columns `effect`, `p_value` and `q_value`, as `to_frame` of
        `moderated_tests` and of `compare_groups` give it for one comparison. Rows without a p-value are not drawn.
    threshold : float
        A feature is found if its q-value lies below this; the dashed line is the largest p-value that does.
    least_effect : float
        It must also have an effect of this size or more, in the unit of the effects.
    n_labels : int
        How many are named: the found ones with the smallest p-values.
    labels : sequence of text
        Features that are named in any case, found or not.
    title, effect_name, sides : text
        Heading; what the effect is and in which unit; what negative and positive effects mean ("higher in A").
    name : str
        Name of the figure, different for each on a page.
    size_px : (width, height), CSS pixels

    Returns
    -------
    Drawn
        `data`: per row `feature`, `effect`, `p_value`, `q_value`, `minus_log10_p` (infinite for p = 0), `drawn_at` (its
        height: those with p = 0 lie on a line above all others), `direction` ("up", "down", "not found", "not tested") and
        `labelled`.

    Raises
    ------
    ComputeError
        RT305 if a column is missing, p- or q-values lie outside 0 to 1, or no row has an effect and a p-value.
    RecipeError
        RT103 if a setting is not allowed or `labels` names no row.

    Examples
    --------
    >>> table = pd.DataFrame({"effect": [2.0, -0.1], "p_value": [1e-6, 0.7], "q_value": [2e-6, 0.7]}, index=["ESR1", "TP53"])
    >>> volcano(table).data["direction"].tolist()
    ['up', 'not found']
    """
    data = _rows(table, threshold, least_effect)
    wanted = [str(label) for label in labels]
    unknown = [label for label in wanted if label not in set(data["feature"])]
    if unknown:
        raise RecipeError("RT103", f"labels names {unknown[0]!r}, no row of the table")
    drawn = data[data["direction"] != "not tested"]
    width, height = size_px[0] - _LEFT - _RIGHT, size_px[1] - _TOP - _BELOW
    reach = 1.08 * max(float(drawn["effect"].abs().max()), 1.05 * least_effect, 1e-9)
    top = 1.1 * max(float(drawn["drawn_at"].max()), 0.5)
    x = (drawn["effect"].to_numpy() + reach) / (2 * reach) * width
    y = (1 - drawn["drawn_at"].to_numpy() / top) * height
    named = _named(drawn, wanted, n_labels)
    names = [clipped(feature, 28) for feature in drawn["feature"].iloc[named]]
    points = np.column_stack([x, y])
    rest = np.delete(points, named, axis=0)
    corners = placed_names(
        points[named], np.array([text_width(one, _NAME_PT) for one in names]), _NAME_HEIGHT, (width, height), others=rest
    )
    kept = ~np.isnan(corners[:, 0])
    data["labelled"] = data["feature"].isin(drawn["feature"].iloc[named[kept]])

    def paint(figure: Figure) -> None:
        axes = place(figure, _LEFT, _TOP, width, height)
        _points(axes, drawn, x, y)
        _lines(axes, data, threshold, least_effect, lambda value: (1 - value / top) * height, width, reach)
        shown = zip(names, corners, points[named], drawn["direction"].iloc[named], strict=True)
        for text, corner, point, direction in [row for row, keep in zip(shown, kept, strict=True) if keep]:
            _name(axes, text, corner, point, direction)
        axes.set(xlim=(0, width), ylim=(height, 0))
        ticks = [tick for tick in MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(-reach, reach) if abs(tick) <= reach]
        axes.set_xticks(
            [(tick + reach) / (2 * reach) * width for tick in ticks], [f"{tick:g}".replace("-", "−") for tick in ticks]
        )
        _heights(axes, drawn, top, height)
        axes.set_xlabel(effect_name)
        axes.set_ylabel("−log₁₀ p")
        axes.yaxis.set_label_coords(-42 / width, 0.5)
        _heading(axes, data, title, sides, threshold, least_effect)

    counts = data["direction"].value_counts()
    label = f"Volcano of {len(drawn)} features: {counts.get('up', 0)} up and {counts.get('down', 0)} down at q < {threshold:g}"
    return Drawn(data, draw(name, size_px, paint, label=label))


def _rows(table: pd.DataFrame, threshold: float, least_effect: float) -> pd.DataFrame:
    """Checked rows with their height and direction."""
    for setting, value, high in (("threshold", threshold, 1.0), ("least_effect", least_effect, np.inf)):
        if not 0 <= value <= high or (setting == "threshold" and value == 0):
            raise RecipeError("RT103", f"{setting} is {value!r}; expected a number from 0 to {high:g}")
    missing = [column for column in ("effect", "p_value", "q_value") if column not in table.columns]
    if missing:
        raise ComputeError("RT305", f"the table has no column {missing[0]!r}; expected effect, p_value and q_value")
    effect, p, q = (table[column].to_numpy(dtype=float, na_value=np.nan) for column in ("effect", "p_value", "q_value"))
    for column, values in (("p_value", p), ("q_value", q)):
        if ((values < 0) | (values > 1)).any():
            raise ComputeError("RT305", f"{column} holds values outside 0 to 1")
    tested = np.isfinite(effect) & ~np.isnan(p) & ~np.isnan(q)
    if not tested.any():
        raise ComputeError("RT305", "no row has an effect, a p-value and a q-value")
    with np.errstate(divide="ignore"):
        heights = -np.log10(p)
    heights = np.where(heights == 0, 0.0, heights)
    finite = heights[tested & np.isfinite(heights)]
    above = 1.12 * float(finite.max(initial=0.0)) or 1.0
    found = tested & (q < threshold) & (np.abs(effect) >= least_effect) & (effect != 0)
    direction = np.select([~tested, found & (effect > 0), found], ["not tested", "up", "down"], "not found")
    return pd.DataFrame(
        {
            "feature": [str(feature) for feature in table.index], "effect": effect, "p_value": p, "q_value": q,
            "minus_log10_p": heights, "drawn_at": np.where(np.isinf(heights), above, heights), "direction": direction,
        }
    )  # fmt: skip


def _named(drawn: pd.DataFrame, wanted: list[str], n: int) -> np.ndarray:
    """Rows that are named: those asked for, then the found ones by p-value and size of effect."""
    found = drawn["direction"].isin(["up", "down"]).to_numpy()
    order = np.lexsort((-drawn["effect"].abs().to_numpy(), drawn["p_value"].to_numpy()))
    asked = [int(i) for i in order if drawn["feature"].iloc[i] in wanted]
    return np.array(asked + [int(i) for i in order if found[i] and i not in asked][:n], dtype=int)


def _points(axes: Axes, drawn: pd.DataFrame, x: np.ndarray, y: np.ndarray) -> None:
    flat = len(drawn) > MAX_POINTS
    beyond = np.isinf(drawn["minus_log10_p"].to_numpy())
    for direction, colour, size, alpha in (("not found", NOT_FOUND, 9, 0.55), ("down", DOWN, 15, 0.8), ("up", UP, 15, 0.8)):
        own = (drawn["direction"] == direction).to_numpy()
        for rows, marker in ((own & ~beyond, "o"), (own & beyond, "^")):
            if rows.any():
                dots = axes.scatter(x[rows], y[rows], s=size, color=colour, alpha=alpha, linewidths=0, marker=marker, zorder=2)
                dots.set_rasterized(flat)


def _lines(
    axes: Axes,
    data: pd.DataFrame,
    threshold: float,
    least_effect: float,
    at: Callable[[float], float],
    width: float,
    reach: float,
) -> None:
    dashed: dict[str, Any] = {"color": SOFT, "linewidth": 0.8, "linestyle": (0, (4, 3)), "zorder": 1}
    found = data.loc[data["q_value"] < threshold, "drawn_at"]
    if len(found):
        axes.axhline(at(found.min()), **dashed)
        axes.text(width, at(found.min()) - 3, f"q < {threshold:g}", ha="right", va="bottom", fontsize=7.5, color=SOFT)
    if least_effect > 0:
        for side in (-1, 1):
            axes.axvline((side * least_effect + reach) / (2 * reach) * width, **dashed)
    axes.axvline(width / 2, color="#dfe3e7", linewidth=0.8, zorder=0)


def _heights(axes: Axes, drawn: pd.DataFrame, top: float, height: float) -> None:
    """Ticks of -log10 p; those with p = 0 lie on a line of their own, which says so."""
    beyond = np.isinf(drawn["minus_log10_p"].to_numpy())
    highest = top if not beyond.any() else 0.95 * float(drawn["drawn_at"].max())
    ticks = [float(tick) for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(0, top) if 0 <= tick <= highest]
    names = [f"{tick:g}" for tick in ticks]
    if beyond.any():
        line = float(drawn["drawn_at"].max())
        ticks, names = [*ticks, line], [*names, "p = 0"]
        axes.axhline((1 - line / top) * height, color="#dfe3e7", linewidth=0.8, zorder=0)
    axes.set_yticks([(1 - tick / top) * height for tick in ticks], names)


def _name(axes: Axes, text: str, corner: np.ndarray, point: np.ndarray, direction: str) -> None:
    colour = {"up": darker(UP), "down": darker(DOWN)}.get(direction, INK)
    own = text_width(text, _NAME_PT)
    end = (min(max(point[0], corner[0]), corner[0] + own), min(max(point[1], corner[1] + 2), corner[1] + _NAME_HEIGHT - 2))
    if np.hypot(end[0] - point[0], end[1] - point[1]) > 9:
        axes.plot([point[0], end[0]], [point[1], end[1]], color=colour, linewidth=0.6, alpha=0.7, zorder=3)
    axes.text(corner[0], corner[1] + _NAME_HEIGHT / 2, text, fontsize=_NAME_PT, color=colour, va="center_baseline", zorder=4)


def _heading(axes: Axes, data: pd.DataFrame, title: str, sides: tuple[str, str], threshold: float, least: float) -> None:
    counts = data["direction"].value_counts()
    tested = len(data) - counts.get("not tested", 0)
    if title:
        axes.set_title(title, pad=24)
    for x, ha, direction, side, colour in ((0, "left", "down", sides[0], DOWN), (1, "right", "up", sides[1], UP)):
        n = f"{counts.get(direction, 0):,}"
        words = f"← {side}: {n}" if direction == "down" else f"{side}: {n} →"
        axes.text(
            x, 1.02, words, transform=axes.transAxes, ha=ha, va="bottom", fontsize=8.5, color=darker(colour), fontweight="bold"
        )
    tail = f" and |effect| ≥ {least:g}" if least else ""
    words = f"{tested:,} tested; colour: q < {threshold:g}{tail}"
    axes.annotate(
        words,
        (1, 0),
        xycoords="axes fraction",
        xytext=(0, -36),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=7.5,
        color=SOFT,
    )
