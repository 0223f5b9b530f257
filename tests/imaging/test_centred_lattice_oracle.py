"""The grid of the IBSI, the parts of it, splines on it, and boxes between a scan's axes and the patient's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline

from radiotype.errors import ComputeError
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.resample import centred_lattice, require_room, resampled, resampled_region

CT_PHANTOM = (204, 201, 60), (0.9765625, 0.9765625, 3.0)


@pytest.mark.parametrize(
    ("target", "shape"), [((2.0, 2.0, 2.0), (100, 99, 90)), ((2.0, 2.0, None), (100, 99, 60)), ((None,) * 3, (204, 201, 60))]
)
def test_size_of_the_ct_phantom_equals_the_reference(target, shape) -> None:
    assert centred_lattice(*CT_PHANTOM, target).shape == shape


def test_both_grids_have_one_middle_and_the_new_one_covers_the_old() -> None:
    shape, spacing = np.array((7, 12, 5)), np.array((1.3, 0.7, 4.0))
    lattice = centred_lattice((7, 12, 5), (1.3, 0.7, 4.0), (0.9, 2.5, 1.0))
    size = np.array(lattice.shape)
    middle = lattice.first + (size - 1) / 2 * lattice.step
    assert middle == pytest.approx((shape - 1) / 2)
    assert (size * lattice.step >= shape - 1e-6).all()
    assert ((size - 1) * lattice.step < shape).all()
    assert lattice.step * spacing == pytest.approx([0.9, 2.5, 1.0])


def test_a_spacing_that_is_there_already_changes_nothing() -> None:
    values = np.random.default_rng(0).normal(size=(4, 5, 6))
    lattice = centred_lattice(values.shape, (1.0, 1.0, 1.0000001), (1.0, 1.0, 1.0))
    for order in (1, 3):
        assert resampled(values, lattice, order=order) is values


@pytest.mark.parametrize("order", [1, 3])
def test_a_part_equals_that_part_of_the_whole(order) -> None:
    values = np.random.default_rng(1).normal(size=(90, 20, 70))
    lattice = centred_lattice(values.shape, (1.0, 1.0, 2.5), (1.7, 1.0, 1.0))
    whole = resampled(values, lattice, order=order)
    low, high = (20, 3, 80), (31, 9, 85)
    part, old_low, old_high = lattice.part(low, high).within(values.shape, order=order)
    cut = tuple(slice(a, b) for a, b in zip(old_low, old_high, strict=True))
    assert np.prod(values[cut].shape) < values.size / 2
    found = resampled(values[cut], part, order=order)
    assert found == pytest.approx(whole[20:31, 3:9, 80:85], abs=1e-8)


def test_a_spline_equals_that_of_scipy_far_from_the_border() -> None:
    values = np.random.default_rng(2).normal(size=(60, 60, 60))
    lattice = centred_lattice(values.shape, (1.0, 1.0, 1.0), (0.8, 1.6, 1.1))
    place = [first + step * np.arange(n) for first, step, n in zip(lattice.first, lattice.step, lattice.shape, strict=True)]
    middle = tuple(slice(n // 2 - 2, n // 2 + 2) for n in lattice.shape)
    expected = values
    for axis in range(3):
        expected = make_interp_spline(np.arange(60), expected, axis=axis)(place[axis][middle[axis]])
    assert resampled(values, lattice, order=3)[middle] == pytest.approx(expected, abs=1e-9)
    assert resampled(values, lattice)[middle] != pytest.approx(expected, abs=1e-2)


def test_a_spline_keeps_gaps_where_they_are() -> None:
    values = np.full((12, 12, 12), 7.0)
    values[4:7, 4:7, 4:7] = np.nan
    values[9, 2, 2] = np.inf
    lattice = centred_lattice(values.shape, (2.0, 2.0, 2.0), (1.0, 1.0, 1.0))
    found = resampled(values, lattice, order=3)
    assert (np.isnan(found) == np.isnan(resampled(values, lattice))).all()
    assert np.isnan(found).any()
    assert found[~np.isnan(found)] == pytest.approx(7.0)


def test_a_region_is_linear_for_every_order() -> None:
    region = np.zeros((4, 1, 1), dtype=bool)
    region[1:3] = True
    lattice = centred_lattice(region.shape, (2.0, 1.0, 1.0), (1.0, 1.0, 1.0))  # at -0.25, 0.25, 0.75, ...
    assert resampled_region(region, lattice).ravel().tolist() == [False] * 2 + [True] * 4 + [False] * 2


def test_the_setting_that_made_a_box_too_large_is_named() -> None:
    with pytest.raises(ComputeError, match="RT306") as caught:
        require_room((1000, 1000, 1000), (10, 10, 10), (100.0,) * 3, setting="features.ibsi.spacing_mm")
    assert "10 x 10 x 10 voxels" in str(caught.value)
    assert "a larger features.ibsi.spacing_mm" in str(caught.value)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (1, -1, 1)])
def test_boxes_turn_with_their_arrays(order, signs) -> None:
    axes = patient_axes(np.eye(3)[:, order] * signs)
    array = np.arange(3 * 5 * 8).reshape(3, 5, 8)
    low, high = (0, 1, 2), (2, 4, 7)
    turned = axes.turned(array)
    (a, b, c), (i, j, k) = axes.box((low, high), array.shape)
    assert (turned[a:i, b:j, c:k] == axes.turned(array[0:2, 1:4, 2:7])).all()
    assert axes.box_back(((a, b, c), (i, j, k)), turned.shape) == (low, high)
