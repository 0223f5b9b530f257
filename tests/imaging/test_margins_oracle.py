"""Margin regions of shapes whose regions can be counted by hand."""

import numpy as np
import pytest

from radiotype.imaging.margins import margin_regions, margin_regions_of_authors_code

SPACING = (1.0, 1.0, 1.0)


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
    regions = margin_regions_of_authors_code(tumour, (1.0,), np.ones_like(tumour))
    assert regions.core[:, :, 1].sum() == 3**2  # half of 4
    assert regions.core[:, :, 2].sum() == 1  # half of 2, in its own slice
    assert regions.parenchymal[0][:, :, 1].sum() == 7**2 + 4 * 7
    assert regions.parenchymal[0][:, :, 2].sum() == 3**2 + 4 * 3
    assert regions.parenchymal[0][:, :, [0, 3]].sum() == 0
