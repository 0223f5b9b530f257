"""Pictures of regions in their scans, as PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

#: Side of one plane in a picture, the gap between planes, and the height of a caption, pixels.
TILE = 192
GAP = 4
CAPTION = 16

#: Colour of a contour.
CONTOUR = (255, 64, 64)

#: Pictures on one contact sheet, and beside each other.
PER_SHEET = 48
ACROSS = 3


def overlay(planes: Mapping[str, npt.NDArray[Any]]) -> Pixels:
    """Axial, coronal and sagittal picture beside each other with the contour of the region.

    Parameters
    ----------
    planes : mapping
        What `three_planes` gives.

    Returns
    -------
    array, shape (TILE, 3 * TILE + 2 * GAP, 3), uint8
    """
    picture = np.zeros((TILE, 3 * TILE + 2 * GAP, 3), dtype=np.uint8)
    for place, plane in enumerate(("axial", "coronal", "sagittal")):
        tile = _tile(planes[f"image_{plane}"], planes[f"mask_{plane}"], planes[f"spacing_{plane}"])
        top, left = (TILE - tile.shape[0]) // 2, place * (TILE + GAP) + (TILE - tile.shape[1]) // 2
        picture[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return picture


def _tile(image: npt.NDArray[Any], mask: npt.NDArray[Any], spacing_mm: npt.NDArray[Any]) -> Pixels:
    """One plane with square pixels, as large as a tile allows, with the contour of the region one pixel wide."""
    size_mm = np.array(image.shape) * spacing_mm
    height, width = np.maximum(1, np.floor(size_mm / size_mm.max() * TILE)).astype(int)
    rows = np.arange(height) * image.shape[0] // height
    columns = np.arange(width) * image.shape[1] // width
    grey, inside = image[np.ix_(rows, columns)], np.pad(mask[np.ix_(rows, columns)].astype(bool), 1)
    core = inside[1:-1, 1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    tile = np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)
    tile[inside[1:-1, 1:-1] & ~core] = CONTOUR
    return tile


def contact_sheets(pictures: Sequence[Pixels], captions: Sequence[str]) -> list[Pixels]:
    """All pictures on as few sheets as needed, each under its caption.

    Parameters
    ----------
    pictures : sequence of arrays, shape (height, width, 3), uint8
        All of one size.
    captions : sequence of str

    Returns
    -------
    list of arrays, uint8
    """
    from PIL import Image, ImageDraw

    sheets = []
    for start in range(0, len(pictures), PER_SHEET):
        part = pictures[start : start + PER_SHEET]
        height, width = part[0].shape[0] + CAPTION + GAP, part[0].shape[1] + 2 * GAP
        rows = -(-len(part) // ACROSS)
        sheet = Image.new("RGB", (min(ACROSS, len(part)) * width, rows * height))
        draw = ImageDraw.Draw(sheet)
        for n, picture in enumerate(part):
            top, left = n // ACROSS * height, n % ACROSS * width
            caption = captions[start + n].encode("ascii", "replace").decode("ascii")[:80]
            draw.text((left + GAP, top + 2), caption, fill=(255, 255, 255))
            sheet.paste(Image.fromarray(picture), (left + GAP, top + CAPTION))
        sheets.append(np.asarray(sheet))
    return sheets


def png(picture: Pixels) -> bytes:
    """A picture as PNG without any metadata."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, format="PNG", optimize=False)
    return buffer.getvalue()
