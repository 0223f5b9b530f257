"""Resampling stays within its memory and keeps gaps where they are."""

import numpy as np
import pytest

from radiotype.errors import ComputeError
from radiotype.imaging.resample import MAX_VOXELS, to_isotropic


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
