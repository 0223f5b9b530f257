"""Aligned Riesz transforms: the standard has no reference of them, so what must hold is tested."""

import numpy as np
import pytest

from radiotype.errors import RecipeError
from radiotype.features import filters
from radiotype.features.filters.steering import _orders
from radiotype.features.ibsi import IbsiSettings
from radiotype.features.ibsi.filtered import records

IMAGE = np.random.default_rng(3).normal(size=(13, 11, 9))
TRANSFORMS = {
    "log": lambda image, order: filters.riesz_log(image, order, 1.5, boundary="periodic", align_sigma_mm=1.5),
    "log beyond": lambda image, order: filters.riesz_log(image, order, 1.0, align_sigma_mm=1.5, reach=8),
    "simoncelli": lambda image, order: filters.riesz_simoncelli(image, order, align_sigma_mm=1.5),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("order", [(1, 0, 0), (0, 2, 0), (0, 2, 1)])
def test_a_turned_image_has_the_turned_response(name, order):
    response = TRANSFORMS[name](IMAGE, order)
    for axes in ((0, 1), (1, 2)):
        turned = TRANSFORMS[name](np.rot90(IMAGE, axes=axes).copy(), order)
        np.testing.assert_allclose(turned, np.rot90(response, axes=axes), atol=1e-9 * np.abs(response).max())
    mirrored = TRANSFORMS[name](IMAGE[::-1].copy(), order)
    np.testing.assert_allclose(mirrored, response[::-1], atol=1e-9 * np.abs(response).max())


def test_the_first_orders_along_all_directions_hold_the_gradient():
    """Whatever the directions are: their squares add up to those along the axes of the grid."""
    fixed = [filters.riesz_log(IMAGE, order, 1.5) for order in _orders(3, 1)]
    turned = [filters.riesz_log(IMAGE, order, 1.5, align_sigma_mm=2.0) for order in _orders(3, 1)]
    assert all((one >= 0).all() for one in turned)
    np.testing.assert_allclose(np.square(turned).sum(axis=0), np.square(fixed).sum(axis=0), rtol=1e-9)


@pytest.mark.parametrize("total", [2, 3])
def test_all_orders_of_one_sum_hold_what_they_hold_along_the_grid(total):
    """A turn of the axes turns the transforms of one sum among one another, and leaves the sum of their squares."""
    fixed = sum(filters.riesz_simoncelli(IMAGE, order) ** 2 for order in _orders(3, total))
    turned = sum(filters.riesz_simoncelli(IMAGE, order, align_sigma_mm=2.0) ** 2 for order in _orders(3, total))
    np.testing.assert_allclose(turned, fixed, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_slanted_wave_is_found_along_its_direction(order):
    """A plane wave changes along one direction only: there the response is that along the axis of a straight wave."""
    size, waves = 33, np.array([2, 4, 4])
    places = np.indices((size,) * 3)
    phase = 2 * np.pi * np.tensordot(waves, places, axes=1) / size
    response = filters.riesz_simoncelli(np.cos(phase), (order, 0, 0), align_sigma_mm=3.0)
    band = filters.simoncelli(np.cos(phase)).max()
    # Of an odd order the sign is that in which the first order is not negative.
    expected = {1: np.abs(np.sin(phase)), 2: -np.cos(phase), 3: -np.abs(np.sin(phase))}[order] * band
    np.testing.assert_allclose(response, expected, atol=1e-6 * band)
    others = filters.riesz_simoncelli(np.cos(phase), (0, order, 0), align_sigma_mm=3.0)
    assert np.abs(others).max() < 1e-6 * band


def test_within_slices_every_slice_is_on_its_own():
    response = filters.riesz_log(IMAGE, (2, 0), 1.5, align_sigma_mm=2.0)
    alone = filters.riesz_log(IMAGE[:, :, 4:5], (2, 0), 1.5, align_sigma_mm=2.0)
    np.testing.assert_allclose(response[:, :, 4:5], alone, atol=1e-12)


def test_a_tensor_of_no_width_is_refused():
    for sigma in (0.0, -1.0, np.nan):
        with pytest.raises(RecipeError, match="RT103"):
            filters.riesz_log(IMAGE, (1, 0, 0), 1.5, align_sigma_mm=sigma)


def test_a_recipe_names_it_and_says_that_it_is_not_standardised():
    kinds = [
        {"kind": "riesz", "order": [2, 0, 0], "of": "log", "sigma_mm": 1.5, "align_sigma_mm": 2.5},
        {"kind": "riesz", "order": [2, 0, 0], "of": "log", "sigma_mm": 1.5},
        {"kind": "simoncelli", "reach": 16},
        {"kind": "simoncelli"},
    ]
    found = {record.detail["filter"]: record for record in records(IbsiSettings(filters=kinds))}
    assert next(iter(found)) == "riesz_2_0_0_log_1.5mm_aligned_2.5mm"
    assert [record.detail.get("standardised", "") for record in found.values()] == ["no", "no", "no", ""]
    assert [record.meaning.endswith("(not standardised)") for record in found.values()] == [True, True, True, False]
