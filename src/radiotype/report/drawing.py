"""One look for every figure, and figures as SVG that stands inside a page.

Figures are laid out in CSS pixels, from the top left. Nothing of matplotlib's global state is used or left changed.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

INK = "#1f2a36"
SOFT = "#5d6975"
RULE = "#c9d0d7"
FAINT = "#e8ebee"
NEUTRAL = "#5b7083"

#: Colours that stay apart for colour-blind readers (Okabe and Ito, then Tol); subtype 1 is always the first.
PALETTE = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#332288", "#882255", "#6b6b6b", "#999933",
)  # fmt: skip

#: Width of the page that figures are drawn for.
PAGE_PX = 1020

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.titlesize": 9.75,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": 8.25,
    "ytick.labelsize": 8.25,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "path.simplify": True,
}


class Drawn(NamedTuple):
    """A figure and the numbers it shows."""

    data: pd.DataFrame
    svg: str

    def standalone(self) -> str:
        """The drawing as the text of an SVG file: `Path("figure.svg").write_text(drawn.standalone(), encoding="utf-8")`."""
        svg = self.svg.replace("font-family: 'DejaVu Sans'", "font-family: 'DejaVu Sans', Verdana, sans-serif")
        return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" style="background: #ffffff" ', 1) + "\n"


def colours(subtypes: Sequence[str]) -> dict[str, str]:
    """The colour of each subtype, in the order of their names."""
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(subtypes)}


def darker(colour: str, least: float = 4.5) -> str:
    """A colour for text on white: darkened until its contrast is at least `least`, as WCAG 2 measures it.

    Examples
    --------
    >>> darker("#0072b2"), contrast(darker("#cc79a7")) >= 4.5
    ('#0072b2', True)
    """
    red, green, blue = to_rgb(colour)
    for step in range(100):
        part = 1 - step / 100
        shade = to_hex((red * part, green * part, blue * part))
        if contrast(shade) >= least:
            return shade
    return INK


def contrast(colour: str) -> float:
    """Contrast of a colour to white, 1 to 21 (WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def text_on(colour: str) -> str:
    """Ink or white, whichever reads better on a colour."""
    red, green, blue = to_rgb(colour)
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.5 else INK


def shades() -> LinearSegmentedColormap:
    """A map from near white to dark slate, even in lightness."""
    return LinearSegmentedColormap.from_list("slate", ["#f6f7f8", "#c3d0da", "#7f9bb0", "#44657f", "#1c3448"])


def diverging() -> LinearSegmentedColormap:
    """A map from blue over near white to orange, as dark at one end as at the other."""
    ends = ["#0a4a86", "#3f86c3", "#a9cbe6", "#f7f7f6", "#f2bd94", "#d4712b", "#8f3a00"]
    return LinearSegmentedColormap.from_list("blue-orange", ends)


def draw(name: str, size_px: tuple[float, float], paint: Callable[[Figure], None], *, label: str = "") -> str:
    """The SVG text of a figure.

    Parameters
    ----------
    name : str
        Name of the figure; keeps the identifiers of several figures on one page apart.
    size_px : (width, height), CSS pixels
    paint : callable
        Draws into the figure it is given.
    label : str
        What the figure shows, for readers who cannot see it.

    Returns
    -------
    str
        An `svg` element for an HTML page, the same bytes for the same drawing.
    """
    width, height = size_px
    buffer = io.StringIO()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # Text is set by the browser, so a glyph that the measuring font lacks does no harm.
        warnings.filterwarnings("ignore", message=r"(?s).*[Gg]lyph.*missing")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": name})
        figure = Figure(figsize=(width / 96, height / 96), dpi=96)
        FigureCanvasSVG(figure)
        paint(figure)
        figure.savefig(buffer, format="svg", dpi=192, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(buffer.getvalue(), name, size_px, label)


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in pixels from the top left corner."""
    whole_width, whole_height = figure.get_size_inches() * 96
    return figure.add_axes((left / whole_width, 1 - (top + height) / whole_height, width / whole_width, height / whole_height))


def sheet(figure: Figure) -> Axes:
    """Axes over the whole figure whose coordinates are pixels from the top left corner."""
    width, height = figure.get_size_inches() * 96
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


def bare(axes: Axes) -> None:
    """No frame and no ticks."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _inline(svg: str, name: str, size_px: tuple[float, float], label: str) -> str:
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg.replace("xlink:href=", "href=")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    prefix = re.sub(r"[^a-z0-9]+", "-", name.lower())
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{prefix}-{found[1]}"' if found[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#([^")]+)', lambda found: f"{found[1]}#{prefix}-{found[2]}", svg)
    box = re.search(r'viewBox="[^"]+"', svg)
    opening = f'<svg width="{size_px[0]:g}" height="{size_px[1]:g}" {box[0] if box else ""} role="img"'
    opening += f' aria-label="{escape(label)}">' if label else ">"
    body = svg[svg.index(">") + 1 :]
    return opening + re.sub(r">\s*\n\s*<", "><", body)
