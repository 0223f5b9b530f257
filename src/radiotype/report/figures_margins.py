"""The regions of a tumour whose grey values the margin features compare: their colours, their names, and a small drawing."""

from __future__ import annotations

from html import escape

import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_hex

from radiotype.core import FeatureRecord
from radiotype.report.blocks import FigureBlock, Swatch
from radiotype.report.stored import Stored
from radiotype.report.words import listed

_CORE_PX, _TUMOUR_PX, _MM_PX = 26.0, 52.0, 4.0

#: Core and invasive margin, and the bands from the innermost to the outermost: warm inside, cold outside, and each lighter or
#: darker than its neighbours, so that they stay apart for colour-blind readers and in black and white.
_TUMOUR = ("#d55e00", "#f0e442")
_BANDS = ("#56b4e9", "#0072b2", "#332288")


def region_colours(n_bands: int) -> list[str]:
    """The colour of each region, from label 1 on."""
    if n_bands <= len(_BANDS):
        return [*_TUMOUR, *_BANDS[:n_bands]]
    shades = LinearSegmentedColormap.from_list("bands", _BANDS)
    return [*_TUMOUR, *(to_hex(shades(i / (n_bands - 1))) for i in range(n_bands))]


def region_legend(stored: Stored) -> tuple[Swatch, ...]:
    """Colour and name of each region, from label 1 on; empty without margin features."""
    if not any(record.family == "margin" for record in stored.records):
        return ()
    widths = sorted(_widths(stored.records))
    names = ["Core", "Invasive margin", *(f"Parenchymal margin, {width:g} {_unit(stored)}" for width in widths)]
    return tuple(map(Swatch, region_colours(len(widths)), names))


def margin_drawing(stored: Stored) -> FigureBlock | None:
    """Core, invasive margin and parenchymal margins as circles; None without margin features."""
    legend = region_legend(stored)
    if not legend:
        return None
    widths, unit = sorted(_widths(stored.records)), _unit(stored)
    shown = [width for width in widths if width <= 20] or widths[:1]
    names = [one.text for one in legend[: 2 + len(shown)]][::-1]
    fills = [one.colour for one in legend[: 2 + len(shown)]][::-1]
    radii = [_TUMOUR_PX + _MM_PX * width for width in reversed(shown)] + [_TUMOUR_PX, _CORE_PX]
    caption = (
        "Where the margin features look, seen in section. The core is the inner part of the tumour, deeper than half of its "
        "greatest depth; the invasive margin is the rest of the tumour"
    )
    if shown:
        end = listed([f"{width:g}" for width in shown])
        caption += f"; the parenchymal margins lie around it, up to {end} {unit} from its edge"
        caption += ", each wider one containing the narrower." if len(shown) > 1 else "."
    else:
        caption += "."
    caption += (
        " A distance (Bhattacharyya, chi-square, correlation, intersection) says how unlike the grey values of two of these "
        "regions are."
    )
    data = pd.DataFrame({"region": names[::-1], "reach": ["tumour", "tumour", *[f"{width:g} {unit}" for width in shown]]})
    return FigureBlock(_svg(names, radii, fills), caption, {"margin_regions": data})


def _unit(stored: Stored) -> str:
    settings = (stored.recipe.get("features") or {}).get("margin") or {}
    return "pixels" if settings.get("definition") == "authors_code" else "mm"


def _widths(records: tuple[FeatureRecord, ...]) -> set[float]:
    found = set()
    for record in records:
        for side in ("inner", "outer"):
            name = str(record.detail.get(side, ""))
            digits = name.removeprefix("parenchymal_").removesuffix("mm")
            if name.startswith("parenchymal_") and digits.replace(".", "", 1).isdecimal():
                found.add(float(digits))
    return found


def _svg(names: list[str], radii: list[float], fills: list[str]) -> str:
    """Circles of one centre, largest first, each with its name on a line to the right."""
    largest = radii[0]
    centre, height = largest + 4, max(2 * largest + 8, 24.0 * len(names) + 8)
    middle, text_x = height / 2, 2 * largest + 60
    parts = [
        f'<circle cx="{centre:g}" cy="{middle:g}" r="{radius:g}" fill="{fill}" stroke="#ffffff" stroke-width="1"/>'
        for radius, fill in zip(radii, fills, strict=True)
    ]
    inner = [*radii[1:], 0.0]
    for i, (name, radius, within) in enumerate(zip(names, radii, inner, strict=True)):
        y = middle + (i - (len(names) - 1) / 2) * 34
        x0, y0 = centre + (radius + within) / 2 * 0.94, middle + (i - (len(names) - 1) / 2) * 6
        parts.append(
            f'<path d="M{x0:g} {y0:g}L{text_x - 22:g} {y:g}H{text_x - 6:g}" fill="none" stroke="#5d6975" stroke-width="0.9"/>'
            f'<circle cx="{x0:g}" cy="{y0:g}" r="2" fill="#1f2a36"/>'
            f'<text x="{text_x:g}" y="{y + 4:g}" font-size="13" fill="#1f2a36">{escape(name)}</text>'
        )
    width = text_x + 240
    opening = f'<svg width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}" role="img"'
    label = escape("Circles around one centre, from outside in: " + ", ".join(names))
    return f'{opening} aria-label="{label}">{"".join(parts)}</svg>'
