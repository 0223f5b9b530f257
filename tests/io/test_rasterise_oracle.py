"""Contours as voxels against closed forms, exact arithmetic and a finely sampled reference."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from region_files import in_patient, square, turned

from radiotype.core import Grid
from radiotype.io.rasterise import draw_contours, rasterise

GRID = Grid((64, 60, 5), np.diag([0.8, 0.8, 2.0, 1.0]))
X, Y = np.meshgrid(np.arange(64), np.arange(60), indexing="ij")


def circle(x, y, radius, k=2, n=720, grid=GRID):
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return in_patient(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle), np.full(n, k)]), grid)


def disc(x, y, radius):
    return np.hypot(X - x, Y - y) < radius


def on_slice_two(plane):
    whole = np.zeros(GRID.shape, dtype=bool)
    whole[:, :, 2] = plane
    return whole


def test_a_donut_keeps_its_hole():
    drawn = rasterise([circle(30.2, 29.1, 20.3), circle(31.4, 28.3, 8.6)], GRID)
    assert (drawn == on_slice_two(disc(30.2, 29.1, 20.3) & ~disc(31.4, 28.3, 8.6))).all()


def test_a_keyhole_keeps_its_hole():
    outer, inner = circle(30.2, 29.1, 20.3), circle(30.2, 29.1, 8.6)[::-1]
    one = np.concatenate([outer, outer[:1], inner[-1:], inner, outer[:1]])
    assert (rasterise([one], GRID) == on_slice_two(disc(30.2, 29.1, 20.3) & ~disc(30.2, 29.1, 8.6))).all()


def test_islands_are_all_drawn():
    places = [(12.3, 12.4, 7.2), (40.1, 15.2, 9.3), (30.7, 44.9, 11.1)]
    expected = np.logical_or.reduce([disc(*one) for one in places])
    assert (rasterise([circle(*one) for one in places], GRID) == on_slice_two(expected)).all()


def test_three_nested_contours_alternate():
    radii = (24.3, 16.6, 8.4)
    expected = disc(30.2, 29.1, radii[0]) ^ disc(30.2, 29.1, radii[1]) ^ disc(30.2, 29.1, radii[2])
    drawn = rasterise([circle(30.2, 29.1, radius) for radius in radii[::-1]], GRID)
    assert (drawn == on_slice_two(expected)).all()
    assert drawn[30, 29, 2]
    assert not drawn[30 + 12, 29, 2]


def test_a_contour_of_a_tenth_of_a_voxel_becomes_the_voxel_around_it_and_leaves_the_others():
    tiny = square(10.25, 10.35, 2, GRID)
    drawing = draw_contours([tiny, circle(40.0, 30.0, 9.3)], GRID)
    expected = disc(40.0, 30.0, 9.3)
    expected[10, 10] = True
    assert (drawing.data == on_slice_two(expected)).all()
    assert drawing.n_tiny == 1
    assert not draw_contours([tiny], GRID, keep_tiny=False).data.any()


def test_a_tiny_hole_erases_nothing():
    drawing = draw_contours([circle(30.0, 30.0, 12.3), square(30.25, 30.35, 2, GRID)], GRID)
    assert (drawing.data == on_slice_two(disc(30.0, 30.0, 12.3))).all()
    assert drawing.n_tiny == 0


def test_a_contour_between_two_rows_of_voxels_is_tiny_however_long():
    drawing = draw_contours([square(5.5, 25.5, 1, GRID, low_y=7.2, high_y=7.4)], GRID)
    assert np.argwhere(drawing.data).tolist() == [[15, 7, 1]] or np.argwhere(drawing.data).tolist() == [[16, 7, 1]]
    assert drawing.n_tiny == 1


def test_one_slice_alone_and_a_scan_of_one_slice():
    grid = Grid((64, 60, 1), GRID.affine)
    assert (rasterise([circle(30.2, 29.1, 9.3, k=0, grid=grid)], grid)[:, :, 0] == disc(30.2, 29.1, 9.3)).all()


@pytest.mark.parametrize(("k", "slice_"), [(1.5, 2), (1.4999999, 2), (1.5000001, 2), (1.45, 1), (1.55, 2), (-0.5, 0), (4.4, 4)])
def test_a_contour_on_the_border_of_two_slices_is_drawn_on_one_of_them(k, slice_):
    drawn = rasterise([circle(30.2, 29.1, 9.3, k=k), circle(30.2, 29.1, 4.3, k=k + 1e-5)], GRID)
    assert (drawn[:, :, slice_] == (disc(30.2, 29.1, 9.3) & ~disc(30.2, 29.1, 4.3))).all()
    assert drawn.sum() == drawn[:, :, slice_].sum()


def test_planes_half_way_within_rounding_all_go_to_the_next_slice():
    drawn = rasterise([circle(30.2, 29.1, 9.3, k=k) for k in (0.4995, 1.5005, 2.4995)], GRID)
    assert drawn.any(axis=(0, 1)).tolist() == [False, True, True, True, False]


def test_contours_drawn_finer_than_the_slices_do_not_cancel():
    planes = np.arange(0, 4, 1 / 3)
    drawing = draw_contours([circle(30.2, 29.1, 9.3 + plane, k=plane) for plane in planes], GRID)
    for k in range(5):
        nearest = planes[np.abs(planes - k).argmin()]
        assert (drawing.data[:, :, k] == disc(30.2, 29.1, 9.3 + nearest)).all()
    assert drawing.n_between == len(planes) - 5


def test_contours_on_every_second_slice_leave_the_others_empty_and_say_so():
    drawing = draw_contours([circle(30.2, 29.1, 9.3, k=k) for k in (0, 2, 4)], GRID)
    assert drawing.data.any(axis=(0, 1)).tolist() == [True, False, True, False, True]
    assert drawing.n_skipped_slices == 2


def test_a_contour_that_stands_twice_is_drawn_once():
    one = circle(30.2, 29.1, 9.3)
    again = np.concatenate([np.roll(one, 100, axis=0)[::-1], np.roll(one, 100, axis=0)[-1:]])
    drawing = draw_contours([one, again], GRID)
    assert (drawing.data == on_slice_two(disc(30.2, 29.1, 9.3))).all()
    assert drawing.n_repeated == 1


def test_a_contour_beyond_the_image_is_cut_at_its_border():
    drawing = draw_contours([circle(1.2, 57.1, 9.3), circle(200.0, 30.0, 9.3), circle(30.0, -100.0, 5.0)], GRID)
    assert (drawing.data == on_slice_two(disc(1.2, 57.1, 9.3))).all()
    assert drawing.n_clipped == 3
    assert drawing.n_tiny == 0


def test_a_contour_around_the_whole_image_fills_it():
    assert rasterise([square(-500, 500, 3, GRID)], GRID)[:, :, 3].all()


def test_borders_through_voxel_centres_belong_to_the_side_of_growing_index():
    drawn = rasterise([square(10, 14, 2, GRID)], GRID)
    assert np.argwhere(drawn).min(axis=0).tolist() == [10, 10, 2]
    assert np.argwhere(drawn).max(axis=0).tolist() == [13, 13, 2]


def inside_exactly(polygon, x, y):
    """Even-odd rule in exact arithmetic, one voxel centre at a time."""
    odd = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 <= y) != (y1 <= y):
            odd ^= x0 + Fraction((y - y0) * (x1 - x0), (y1 - y0)) <= x
    return odd


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(-8, 40), st.integers(-8, 40)), min_size=3, max_size=9))
@example([(1, 3), (37, 31), (37, 3)])  # in floating point its edge passes centre (7, 6) by a rounding error
def test_any_polygon_is_that_of_exact_arithmetic(quarters):
    grid = Grid((9, 8, 1), np.eye(4))
    polygon = [(Fraction(x, 4), Fraction(y, 4)) for x, y in quarters]
    expected = [[inside_exactly(polygon, x, y) for y in range(8)] for x in range(9)]
    points = np.array([(float(x), float(y), 0.0) for x, y in polygon])
    assert rasterise([points], grid, keep_tiny=False)[:, :, 0].tolist() == expected


@pytest.mark.parametrize("angles", [(0, 0, 0), (0.3, -0.2, 0.5)], ids=["straight", "oblique"])
def test_an_ellipsoid_is_that_of_a_finely_sampled_reference(angles):
    grid = turned((60, 56, 30), (1.0, 1.0, 2.0), angles)
    centre, axes = np.array([29.3, 27.6, 14.2]), np.array([22.4, 17.7, 11.1])
    contours = []
    for k in range(30):
        left = 1 - ((k - centre[2]) / axes[2]) ** 2
        if left > 0:
            angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
            ring = np.column_stack([np.cos(angle), np.sin(angle)]) * axes[:2] * np.sqrt(left) + centre[:2]
            contours.append(in_patient(np.column_stack([ring, np.full(90, k)]), grid))
    fine = (np.arange(-2, 3)) / 5
    i, j, k = np.ogrid[:60, :56, :30]
    share = np.zeros((60, 56, 30))
    for dx in fine:
        for dy in fine:
            for dz in fine:
                share += (
                    ((i + dx - centre[0]) / axes[0]) ** 2
                    + ((j + dy - centre[1]) / axes[1]) ** 2
                    + ((k + dz - centre[2]) / axes[2]) ** 2
                ) < 1
    expected = share / 125 >= 0.5
    drawn = rasterise(contours, grid)
    assert 2 * (drawn & expected).sum() / (drawn.sum() + expected.sum()) >= 0.99
    closed_form = 4 / 3 * np.pi * np.prod(axes) * grid.voxel_volume_mm3
    assert drawn.sum() * grid.voxel_volume_mm3 == pytest.approx(closed_form, rel=0.01)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.floats(2, 28), st.floats(2, 28)), min_size=3, max_size=3, unique=True))
def test_area_is_kept_on_average_over_where_the_voxels_fall(corners):
    (x0, y0), (x1, y1), (x2, y2) = corners
    area = abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2
    counts = []
    for dx in np.arange(16) / 16:
        for dy in np.arange(16) / 16:
            affine = np.eye(4)
            affine[:2, 3] = -dx, -dy
            points = np.array([(x, y, 0.0) for x, y in corners])
            counts.append(rasterise([points], Grid((32, 32, 1), affine), keep_tiny=False).sum())
    # Counting on a lattice of sixteenths is off by at most half a step along the outline.
    outline = np.hypot(x1 - x0, y1 - y0) + np.hypot(x2 - x1, y2 - y1) + np.hypot(x0 - x2, y0 - y2)
    assert np.mean(counts) == pytest.approx(area, abs=outline / 16 + 3 / 256)
