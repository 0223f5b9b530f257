"""How many subclones a mixture has: the description length of each number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from radiotype.errors import ComputeError
from radiotype.report.drawing import INK, PALETTE, SOFT, Drawn, darker, draw, place
from radiotype.stats._number_tables import number_table

#: More subclones than any mixture has.
MOST = 1000


def mdl_curve(
    table: pd.DataFrame, *, title: str = "", name: str = "description length", size_px: tuple[float, float] = (420, 300)
) -> Drawn:
    """The minimum description length of a mixture for each number of subclones, its minimum marked.

    Parameters
    ----------
    table : data frame
        Columns `k` (whole numbers from 1 to 1000, each once) and `mdl`; a missing `mdl` leaves a gap.
    title : text
    name : str
        Name of the figure, different for each on a page.
    size_px : (width, height), CSS pixels

    Returns
    -------
    Drawn
        `data`: `k`, `mdl` and `minimum`, true in one row; of equal values the smallest `k`.

    Raises
    ------
    ComputeError
        RT305 if a column is missing or not of numbers, a `k` stands twice, or no `mdl` is known.

    Examples
    --------
    >>> drawn = mdl_curve(pd.DataFrame({"k": [2, 3, 4], "mdl": [512.0, 430.5, 455.0]}))
    >>> drawn.data.loc[drawn.data["minimum"], "k"].tolist()
    [3]
    """
    data = _checked(table)
    best = data.loc[data["minimum"]].iloc[0]
    words = f"minimum at K = {int(best['k'])}"

    def paint(figure: Figure) -> None:
        axes = place(figure, 84, 36 if title else 18, size_px[0] - 104, size_px[1] - (86 if title else 68))
        axes.plot(data["k"], data["mdl"], color=SOFT, linewidth=1.3, zorder=1)
        axes.scatter(data["k"], data["mdl"], s=30, color="#8fa1b0", zorder=2, linewidths=0)
        axes.scatter([best["k"]], [best["mdl"]], s=58, color=PALETTE[1], edgecolor=INK, linewidths=1.0, zorder=3)
        known = data["mdl"].dropna()
        low, high = float(known.min()), float(known.max())
        span = high - low or max(abs(high), 1.0)
        ks = data["k"]
        axes.set(ylim=(low - 0.22 * span, high + 0.08 * span), xlim=(ks.min() - 0.5, ks.max() + 0.5))
        edge = "left" if best["k"] == ks.min() else "right" if best["k"] == ks.max() else "center"
        axes.annotate(
            words, (best["k"], best["mdl"]), xytext=(0, -9), textcoords="offset points", ha=edge, va="top", fontsize=8.5,
            color=darker(PALETTE[1]), fontweight="bold",
        )  # fmt: skip
        axes.set_xticks(ks, [str(int(k)) for k in ks])
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))
        axes.grid(axis="y")
        axes.set_xlabel("Number of subclones K")
        axes.set_ylabel("Description length (MDL)")
        if title:
            axes.set_title(title)

    label = f"Description length for K = {int(data['k'].min())} to {int(data['k'].max())}, {words}"
    return Drawn(data, draw(name, size_px, paint, label=label))


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in ("k", "mdl") if column not in table.columns]
    if missing:
        raise ComputeError("RT305", f"the table has no column {missing[0]!r}; expected k and mdl")
    k, mdl = number_table(table[["k", "mdl"]], ["k", "mdl"]).T
    if np.isinf(mdl).any() or np.isnan(mdl).all():
        raise ComputeError("RT305", "mdl holds infinite values, or no value at all")
    if len(set(k.tolist())) < len(k) or not (k == np.round(k)).all():
        raise ComputeError("RT305", "k holds a number twice, or one that is not whole")
    if not ((k >= 1) & (k <= MOST)).all():
        raise ComputeError("RT305", f"k holds a number outside 1 to {MOST}")
    data = pd.DataFrame({"k": k.astype(int), "mdl": mdl}).sort_values("k", ignore_index=True)
    return data.assign(minimum=np.arange(len(data)) == int(np.nanargmin(data["mdl"])))
