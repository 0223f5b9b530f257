"""Resampling stays within its memory and keeps gaps where they are."""

import numpy as np
import pytest

from radiotype.core import Grid
from radiotype.errors import ComputeError
from radiotype.imaging.resample import MAX_VOXELS, isotropic_lattice, resampled, resampled_region


def to_isotropic(values, spacing, target, *, centre):
    return resampled(values, isotropic_lattice(values.shape, spacing, target, centre=centre))


@pytest.mark.parametrize("spacing", [30.0, 1000.0, 1e9])
def test_a_result_that_is_too_large_is_refused_before_it_is_allocated(spacing):
    values = np.zeros((24, 24, 24))
    with pytest.raises(ComputeError) as caught:
        to_isotropic(values, (spacing,) * 3, 1.0, centre=(12, 12, 12))
    assert caught.value.code == "RT306"
    assert f"24 x 24 x 24 voxels of {spacing:.4g}" in caught.value.found
    assert f"{MAX_VOXELS:,}" in caught.value.found
    assert "mm?" in caught.value.hint
    assert "spacing_mm" in caught.value.hint


def test_the_bound_is_on_the_result(monkeypatch):
    values = np.zeros((5, 4, 3))
    monkeypatch.setattr("radiotype.imaging.resample.MAX_VOXELS", 9 * 7 * 5)
    assert to_isotropic(values, (2.0, 2.0, 2.0), 1.0, centre=(0, 0, 0)).shape == (9, 7, 5)
    monkeypatch.setattr("radiotype.imaging.resample.MAX_VOXELS", 9 * 7 * 5 - 1)
    with pytest.raises(ComputeError, match="9 x 7 x 5"):
        to_isotropic(values, (2.0, 2.0, 2.0), 1.0, centre=(0, 0, 0))


def test_values_that_are_not_finite_take_no_part():
    values = np.array([1.0, 3.0, np.nan, 5.0])[:, None, None]
    found = to_isotropic(values, (4.0, 1.0, 1.0), 1.0, centre=(0, 0, 0))[:, 0, 0]
    expected = [1, 1.5, 2, 2.5, 3, 3, 3, np.nan, np.nan, np.nan, 5, 5, 5]  # half of the weight is enough
    assert found == pytest.approx(expected, nan_ok=True)


def test_a_constant_stays_what_it_is_around_gaps():
    rng = np.random.default_rng(4)
    values = np.full((9, 8, 7), 7.0)
    values[rng.random(values.shape) < 0.3] = np.inf
    found = to_isotropic(values, (1.7, 2.3, 0.8), 1.0, centre=(4, 4, 3))
    assert np.isnan(found).any()
    assert found[~np.isnan(found)] == pytest.approx(7.0)


def test_values_that_fill_the_range_of_numbers_are_resampled_too():
    values = np.array([0.0, 1.0])[:, None, None]
    for scale in (1e300, 1e-300, 5e-324):
        found = to_isotropic(values * scale, (2.0, 1.0, 1.0), 1.0, centre=(0, 0, 0))[:, 0, 0]
        assert found[0] == 0
        assert found[2] == pytest.approx(scale, rel=2.0**-32)
    assert not to_isotropic(values * 0, (2.0, 1.0, 1.0), 1.0, centre=(0, 0, 0)).any()


@pytest.mark.parametrize("spacing", [(0.9, 1.1, 2.3), (0.7, 0.7, 3.0), (0.9765625, 0.683594, 1.25)])
def test_a_reversed_array_is_resampled_to_the_reversed_result_to_the_bit(spacing):
    rng = np.random.default_rng(2)
    values, region = rng.integers(-1000, 500, (14, 13, 9)).astype(float), rng.random((14, 13, 9)) < 0.5
    centre = (6.5, 5.0, 4.0)
    there = isotropic_lattice(values.shape, spacing, 1.0, centre=centre)
    back = isotropic_lattice(values.shape, spacing, 1.0, centre=(6.5, 7.0, 4.0))
    turned = isotropic_lattice((9, 14, 13), (spacing[2], *spacing[:2]), 1.0, centre=(4.0, 6.5, 5.0))
    for function, array in ((resampled, values), (resampled_region, region)):
        found = function(array, there)
        assert (function(array[::-1, ::-1, ::-1].copy(), back)[::-1, ::-1, ::-1] == found).all()
        assert (function(array.transpose(2, 0, 1).copy(), turned).transpose(1, 2, 0) == found).all()


def test_half_of_a_voxel_is_enough_though_rounding_misses_it():
    region = np.zeros((40, 1, 1), dtype=bool)
    region[::2] = True
    lattice = isotropic_lattice(region.shape, (0.4, 1.0, 1.0), 0.6, centre=(0, 0, 0))  # every second voxel lies half-way
    assert resampled_region(region, lattice)[1::2].all()


def test_a_lattice_lies_where_its_voxels_do():
    direction = np.array([[0, 0, 1.0], [1, 0, 0], [0, -1, 0]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = direction * [0.8, 1.25, 2.5], (10, -20, 30)
    grid = Grid((21, 17, 9), affine)
    lattice = isotropic_lattice(grid.shape, grid.spacing_mm, 1.0, centre=(10.0, 8.0, 4.0))
    ramps = [np.moveaxis(np.indices(grid.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]][0]  # patient position of each voxel
    found = np.stack([resampled(ramps[..., axis].copy(), lattice) for axis in range(3)], axis=-1)
    new = lattice.grid(grid)
    expected = np.moveaxis(np.indices(new.shape), 0, -1) @ new.affine[:3, :3].T + new.affine[:3, 3]
    assert new.spacing_mm == pytest.approx((1.0, 1.0, 1.0))
    np.testing.assert_allclose(found, expected, atol=1e-6)
