"""Pictures of regions: contour where the mask ends, square pixels, no metadata."""

import io

import numpy as np
from PIL import Image

from radiotype.imaging.pictures import CONTOUR, GAP, PER_SHEET, TILE, contact_sheets, overlay, png


def planes(shape=(8, 8), spacing=(1.0, 1.0)):
    inside = np.zeros(shape, dtype=bool)
    inside[2:6, 2:6] = True
    result = {}
    for plane in ("axial", "coronal", "sagittal"):
        result |= {
            f"image_{plane}": np.full(shape, 100, np.uint8),
            f"mask_{plane}": inside,
            f"spacing_{plane}": np.array(spacing),
        }
    return result


def test_the_contour_lies_on_the_last_pixels_of_the_region():
    picture = overlay(planes())
    assert picture.shape == (TILE, 3 * TILE + 2 * GAP, 3)
    first = picture[:, :TILE]
    red = (first == CONTOUR).all(axis=2)
    side = TILE // 8
    rows, columns = np.nonzero(red)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2 * side, 6 * side - 1, 2 * side, 6 * side - 1)
    assert red.sum() == 4 * (4 * side - 1)
    assert (first[~red] == 100).all()


def test_thick_slices_are_drawn_in_their_true_proportion():
    picture = overlay(planes(shape=(4, 8), spacing=(3.0, 1.0)))[:, :TILE]
    drawn = (picture > 0).any(axis=2)
    height, width = (np.flatnonzero(drawn.any(axis=axis)).size for axis in (1, 0))
    assert height == TILE
    assert width == TILE * 8 // 12


def test_contact_sheets_hold_every_picture_and_hostile_captions():
    pictures = [overlay(planes())] * (PER_SHEET + 1)
    sheets = contact_sheets(pictures, ["<b>", "🫁", "x" * 500, *["c"] * (PER_SHEET - 2)])
    assert len(sheets) == 2
    assert sheets[0].shape[0] > sheets[1].shape[0]
    assert (sheets[1] == 100).any()


def test_a_picture_comes_back_from_its_file_and_carries_nothing_else():
    picture = overlay(planes())
    with Image.open(io.BytesIO(png(picture))) as image:
        assert (np.asarray(image) == picture).all()
        assert image.info == {}
