"""Margin regions of shapes whose regions can be counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from radiotype.core import Grid
from radiotype.imaging.margins import MarginRegions, margin_labels, margin_labels_of_authors_code

SPACING = (1.0, 1.0, 1.0)


def margin_regions(tumour, spacing, distances, allowed, *, authors=False):
    """Core, invasive margin and parenchymal margins as bools."""
    if authors:
        labels = margin_labels_of_authors_code(tumour, distances, allowed)
    else:
        labels = margin_labels(tumour, spacing, distances, allowed)
    regions = MarginRegions(labels, Grid(tumour.shape, np.diag([*spacing, 1.0])), distances, authors)
    core, invasive, *rings = (regions.inside(name) for name in regions.names)
    return SimpleNamespace(core=core, invasive=invasive, parenchymal=rings)


def ball(radius: float, size: int = 61) -> np.ndarray:
    x = np.indices((size,) * 3) - size // 2
    return (x**2).sum(axis=0) <= radius**2


def test_core_of_a_box_is_counted_by_hand():
    tumour = np.zeros((20, 20, 20), dtype=bool)
    tumour[6:13, 6:13, 6:13] = True  # 7 voxels a side: inside distance 1, 2, 3, 4 in shells
    regions = margin_regions(tumour, SPACING, (1.0,), np.ones_like(tumour))
    assert regions.core.sum() == 3**3  # distance 3 and 4, above half of 4
    assert regions.invasive.sum() == 7**3 - 3**3
    assert regions.parenchymal[0].sum() == 6 * 7**2  # one voxel on each face


def test_margins_of_a_ball_lie_between_the_shells_that_geometry_allows():
    tumour = ball(15.0)
    radius = np.sqrt(((np.indices(tumour.shape) - 30) ** 2).sum(axis=0))
    regions = margin_regions(tumour, SPACING, (5.0, 10.0), np.ones_like(tumour))
    half_voxel = np.sqrt(3) / 2
    for ring, width in zip(regions.parenchymal, (5.0, 10.0), strict=True):
        assert radius[ring].max() <= 15 + width  # the nearest tumour voxel is at most 15 from the centre
        assert ring[(radius > 15) & (radius <= 15 + width - 2 * half_voxel)].all()
    depth = 15 + 1  # the nearest outside voxel of the centre is at most one step beyond the ball
    assert radius[regions.core].max() <= depth - depth / 2 + half_voxel
    assert regions.core[radius < 15 / 2 - 2 * half_voxel].all()
    assert ((regions.core | regions.invasive) == tumour).all()


def test_regions_follow_millimetres_not_voxels():
    fine = ball(12.0, 61)
    thick = fine[:, :, 0::2]  # slices 30 +- 2 n hold the centre: the same ball with voxels of 2 mm along k
    one = margin_regions(fine, SPACING, (5.0,), np.ones_like(fine))
    two = margin_regions(thick, (1.0, 1.0, 2.0), (5.0,), np.ones_like(thick))
    for a, b in ((one.core, two.core), (one.invasive, two.invasive), (one.parenchymal[0], two.parenchymal[0])):
        assert 2 * b.sum() == pytest.approx(a.sum(), rel=0.06)


def test_margins_stay_where_they_are_allowed_and_are_disjoint():
    tumour = ball(8.0, 41)
    allowed = np.zeros_like(tumour)
    allowed[:20] = True
    regions = margin_regions(tumour, SPACING, (5.0,), allowed)
    assert not (regions.parenchymal[0] & ~allowed).any()
    assert not (regions.core & regions.invasive).any()
    assert not (regions.parenchymal[0] & tumour).any()


def test_a_tumour_at_the_border_of_the_array_ends_there():
    tumour = np.ones((5, 5, 5), dtype=bool)
    regions = margin_regions(tumour, SPACING, (5.0,), np.ones_like(tumour))
    assert regions.core.sum() == 3**3  # distances 1, 2, 3 in shells: above 1.5
    assert regions.parenchymal[0].sum() == 0


def test_authors_code_works_slice_by_slice_and_keeps_the_tumour_in_its_rings():
    tumour = np.zeros((15, 15, 4), dtype=bool)
    tumour[4:11, 4:11, 1] = True
    tumour[6:9, 6:9, 2] = True
    regions = margin_regions(tumour, SPACING, (1.0,), np.ones_like(tumour), authors=True)
    assert regions.core[:, :, 1].sum() == 3**2  # half of 4
    assert regions.core[:, :, 2].sum() == 1  # half of 2, in its own slice
    assert regions.parenchymal[0][:, :, 1].sum() == 7**2 + 4 * 7
    assert regions.parenchymal[0][:, :, 2].sum() == 3**2 + 4 * 3
    assert regions.parenchymal[0][:, :, [0, 3]].sum() == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.1, 0.1, 0.1), (0.7, 0.7, 0.7), (0.3, 1.1, 2.3)])
def test_a_voxel_at_exactly_the_distance_is_in_whatever_the_axes(spacing):
    tumour = np.zeros((15, 15, 15), dtype=bool)
    tumour[7, 7, 7] = True
    offset = (np.indices(tumour.shape) - 7).reshape(3, -1).T
    steps = np.array(spacing)
    for width in sorted({float(np.sqrt(((one * steps) ** 2).sum())) for one in offset if 0 < np.abs(one).sum() < 9})[::7]:
        ring = margin_regions(tumour, spacing, (width,), np.ones_like(tumour)).parenchymal[0]
        exact = (offset**2 @ (steps * 10) ** 2).reshape(tumour.shape)  # whole numbers but for rounding
        assert (ring == ((exact < 100 * width**2 + 1e-6) & ~tumour)).all(), width


def test_the_core_of_a_box_does_not_depend_on_the_length_of_a_voxel():
    tumour = np.zeros((24, 24, 24), dtype=bool)
    tumour[6:17, 6:17, 6:17] = True  # depth 1 to 6; the half is met exactly by depth 3
    for step in (1.0, 0.1, 0.7, 1.0 / 3.0, 0.9765625):
        assert margin_regions(tumour, (step,) * 3, (5.0,), np.ones_like(tumour)).core.sum() == 5**3


def test_a_label_for_each_band_and_a_ring_for_each_distance():
    tumour = np.zeros((41, 41, 41), dtype=bool)
    tumour[20, 20, 20] = True
    r2 = ((np.indices(tumour.shape) - 20) ** 2).sum(axis=0)
    distances = tuple(float(d) for d in range(1, 18))
    labels = margin_labels(tumour, SPACING, distances, np.ones_like(tumour))
    regions = MarginRegions(labels, Grid(tumour.shape, np.eye(4)), distances)
    assert len(regions.names) == 19
    for n, (name, width) in enumerate(zip(regions.names[2:], distances, strict=True)):
        assert ((labels == 3 + n) == ((r2 > (width - 1) ** 2) & (r2 <= width**2) & (r2 > 0))).all()
        assert (regions.inside(name) == ((r2 > 0) & (r2 <= width**2))).all()
    with pytest.raises(ValueError, match="read-only"):
        regions.labels[0, 0, 0] = 1


def test_masks_lie_where_the_regions_do_and_empty_ones_are_left_out():
    tumour = ball(8.0, 31)
    labels = margin_labels(tumour, SPACING, (5.0,), np.zeros_like(tumour))
    masks = MarginRegions(labels, Grid(tumour.shape, np.eye(4)), (5.0,)).masks()
    assert list(masks) == ["core", "invasive"]
    assert masks["core"].label == "core"
    assert ((masks["core"].data | masks["invasive"].data) == tumour).all()


def test_regions_on_another_grid_take_the_nearest_label():
    labels = np.zeros((10, 10, 10), dtype=np.uint8)
    labels[4:6, 4:6, 4:6] = np.arange(1, 9).reshape(2, 2, 2)
    regions = MarginRegions(labels, Grid((10, 10, 10), np.diag([1.0, 1.0, 1.0, 1.0])), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    affine = np.array([[0, 0, 0.5, 3.75], [-2.0, 0, 0, 9], [0, 1.0, 0, -4], [0, 0, 0, 1]])  # axes turned, one reversed
    grid = Grid((6, 20, 8), affine)
    found = regions.on(grid)
    expected = np.zeros(grid.shape, dtype=np.uint8)
    for index in np.ndindex(grid.shape):
        nearest = np.rint(affine[:3, :3] @ index + affine[:3, 3]).astype(int)
        if (nearest >= 0).all() and (nearest < 10).all():
            expected[index] = labels[tuple(nearest)]
    assert (found.labels == expected).all()
    assert set(expected.ravel()) == {0, 3, 4, 7, 8} | {0}
    assert (regions.on(regions.grid).labels == labels).all()
    far = Grid((4, 4, 4), np.array([[1.0, 0, 0, 500], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    assert not regions.on(far).labels.any()
