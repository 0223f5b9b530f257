"""What must not change the voxels of a contour, and what must hold for any input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from region_files import in_patient, square, turned
from scipy.spatial import Delaunay, QhullError

from radiotype.core import Grid
from radiotype.errors import InputError
from radiotype.io import rasterise as module
from radiotype.io.rasterise import Drawing, draw_contours, rasterise

coordinate = st.one_of(st.integers(0, 20).map(float), st.floats(0, 20).map(lambda x: round(x, 3)))


@st.composite
def grids(draw):
    angles = draw(st.tuples(*[st.floats(-1.2, 1.2)] * 3))
    spacing = draw(st.tuples(*[st.sampled_from([0.7, 0.9766, 1.0, 3.0])] * 3))
    return turned((21, 21, 3), spacing, angles, draw(st.tuples(*[st.floats(-300, 300)] * 3)))


@settings(deadline=None, max_examples=60)
@given(grids(), st.lists(st.tuples(coordinate, coordinate), min_size=0, max_size=25, unique=True), st.booleans())
def test_neighbouring_contours_tile_the_plane_without_gap_or_overlap(grid, inner, reverse):
    corners = np.array([(-1.0, -1.0), (21.0, -1.0), (21.0, 21.0), (-1.0, 21.0), *inner])
    try:
        triangles = Delaunay(corners).simplices
    except QhullError:
        return
    count = np.zeros(grid.shape, dtype=int)
    for triangle in triangles[:, ::-1] if reverse else triangles:
        points = np.column_stack([corners[triangle], np.ones(3)])
        count += rasterise([in_patient(points, grid)], grid, keep_tiny=False)
    assert (count[:, :, 1] == 1).all()
    assert count.sum() == 21 * 21


@settings(deadline=None, max_examples=60)
@given(
    grids(),
    st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12),
    st.integers(0, 11),
    st.booleans(),
    st.booleans(),
)
def test_start_direction_and_closing_point_do_not_matter(grid, points, start, reverse, close):
    one = in_patient([(x, y, 1.0) for x, y in points], grid)
    other = np.roll(one, start, axis=0)[:: -1 if reverse else 1]
    if close:
        other = np.concatenate([other, other[:1]])
    assert (rasterise([one], grid) == rasterise([other], grid)).all()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12), st.tuples(*[st.floats(-1.2, 1.2)] * 3))
def test_a_turned_grid_gives_the_same_voxels(points, angles):
    index = np.array([(x, y, 1.0) for x, y in points])
    straight, oblique = turned((21, 21, 3)), turned((21, 21, 3), angles=angles, origin=(123.4, -56.7, 891.2))
    assert (rasterise([in_patient(index, straight)], straight) == rasterise([in_patient(index, oblique)], oblique)).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_reversed_axis_gives_the_voxels_in_reversed_order(axis):
    grid = turned((24, 20, 6), angles=(0.2, 0.1, -0.4))
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (grid.shape[axis] - 1)
    affine[:3, axis] *= -1
    # No voxel centre lies on these contours: on a border the side of growing index would change with the direction.
    contours = [square(3.3, 14.6, 2, grid), square(6.3, 9.7, 2, grid), square(4.2, 8.7, 4, grid)]
    assert (rasterise(contours, Grid(grid.shape, affine)) == np.flip(rasterise(contours, grid), axis)).all()


def test_order_of_contours_does_not_matter():
    grid = turned()
    contours = [square(3.3, 14.6, k, grid) for k in (4, 1, 2)] + [square(5.3, 9.6, k, grid) for k in (2, 4, 1)]
    assert (rasterise(contours, grid) == rasterise(contours[::-1], grid)).all()


def test_working_in_small_parts_gives_the_same(monkeypatch):
    grid = Grid((40, 40, 1), np.eye(4))
    rng = np.random.default_rng(1)
    contours = [np.column_stack([rng.uniform(-5, 45, (n, 2)), np.zeros(n)]) for n in (3, 50, 7, 400, 4)]
    whole = rasterise(contours, grid)
    monkeypatch.setattr(module, "CROSSINGS_AT_ONCE", 100)
    assert (rasterise(contours, grid) == whole).all()


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_points_that_are_no_places_are_refused(broken):
    grid = turned()
    contour = square(3, 9, 2, grid)
    contour[2, 1] = broken
    with pytest.raises(InputError, match=r"RT207.*1 of 4 contour points"):
        rasterise([contour], grid)


def test_contours_across_the_slices_are_refused():
    grid = turned()
    with pytest.raises(InputError, match=r"RT207.*1 of 2 contours are not parallel"):
        rasterise([square(3, 9, 2, grid), in_patient([(3, 3, 0), (9, 3, 0), (9, 3, 4), (3, 3, 4)], grid)], grid)


def test_contours_of_other_shapes_are_refused():
    with pytest.raises(InputError, match=r"RT207.*three coordinates"):
        rasterise([np.zeros((4, 2))], turned())


def test_contours_without_area_and_off_the_scan_are_counted_and_nothing_is_drawn():
    grid = turned()
    line = in_patient([(2, 2, 1), (5, 5, 1), (9, 9, 1)], grid)
    contours = [line[:0], line[:1], line[:2], line, line[[0, 0, 0]], square(2, 9, 7, grid), square(2, 9, -1, grid)]
    drawing = draw_contours(contours, grid)
    assert not drawing.data.any()
    assert (drawing.n_contours, drawing.n_without_area, drawing.n_off_scan) == (7, 5, 2)
    assert not rasterise([], grid).any()


odd = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-30, 30),
    st.integers(-4, 24).map(float),
    st.sampled_from([1e5, -1e5, 1e-300]),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            hnp.arrays(np.float64, st.tuples(st.integers(0, 12), st.just(3)), elements=odd),
            hnp.arrays(np.float64, st.tuples(st.integers(0, 30), st.just(2)), elements=st.floats(-30, 30)).map(
                lambda one: np.column_stack([one, np.ones(len(one))])
            ),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_any_input_ends_in_voxels_or_an_input_error(contours, keep_tiny):
    grid = Grid((12, 10, 4), np.eye(4))
    try:
        drawing = draw_contours(contours, grid, keep_tiny=keep_tiny)
    except InputError as error:
        assert error.code == "RT207"
        return
    assert isinstance(drawing, Drawing)
    assert drawing.data.shape == grid.shape
    assert drawing.data.dtype == bool
    counted = drawing.n_without_area + drawing.n_off_scan + drawing.n_between + drawing.n_repeated
    assert 0 <= counted <= drawing.n_contours == len(contours)
