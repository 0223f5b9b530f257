"""Filters refuse what they do not know."""

import tracemalloc
from importlib import import_module

import numpy as np
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.features import filters
from radiotype.features.filters.gabor import orientations
from radiotype.features.filters.pooling import Pool

gabor = import_module("radiotype.features.filters.gabor")  # the package has a function of that name

IMAGE = np.arange(27.0).reshape(3, 3, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: filters.mean(IMAGE, 3, boundary="mirrored"),
        lambda: filters.mean(IMAGE, 3, boundary=float("nan")),
        lambda: filters.mean(IMAGE, 3, boundary=1e300),
        lambda: filters.laws(IMAGE, "L5"),
        lambda: filters.laws(IMAGE, "L5X5"),
        lambda: filters.laws(IMAGE, "L5E5e5"),
        lambda: filters.wavelet(IMAGE, "db99", "LL"),
        lambda: filters.wavelet(IMAGE, "haar", "L"),
        lambda: filters.wavelet(IMAGE, "haar", "LLX"),
        lambda: filters.riesz_log(IMAGE, (0, 0, 0), 1),
        lambda: filters.riesz_log(IMAGE, (1, -1, 0), 1),
        lambda: filters.riesz_simoncelli(IMAGE, (1,)),
    ],
)
def test_what_is_not_known_is_refused(wrong) -> None:
    with pytest.raises(RecipeError) as caught:
        wrong()
    assert caught.value.code == "RT103"


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Pool("mean").result()


def test_opposite_waves_are_not_taken_twice() -> None:
    assert len(orientations(0, 45)) == 4
    assert len(orientations(0, 120)) == 3
    assert orientations(90, None) == (pytest.approx(np.pi / 2),)


@pytest.mark.parametrize("name", ["haar", "db1", "db2", "db7", "db20", *(f"coif{n}" for n in range(1, 6))])
def test_wavelets_are_orthonormal_and_blind_to_what_is_smooth(name: str) -> None:
    low, high = map(np.array, filters.wavelet_kernels(name))
    moments = 1 if name == "haar" else int(name.strip("dbcoif")) * (2 if name.startswith("coif") else 1)
    assert low.size == (6 * moments // 2 if name.startswith("coif") else 2 * moments)
    for shift in range(0, low.size, 2):
        expected = 1.0 if shift == 0 else 0.0
        assert low[shift:] @ low[: low.size - shift] == pytest.approx(expected, abs=1e-9)
        assert low[shift:] @ high[: low.size - shift] == pytest.approx(0, abs=1e-9)
    assert low.sum() == pytest.approx(np.sqrt(2))
    for power in range(min(moments, 4)):
        assert high @ np.linspace(0, 1, high.size) ** power == pytest.approx(0, abs=1e-7)


def test_waves_in_every_direction_are_pooled_alike_whatever_is_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(3).normal(size=(12, 10, 9))
    for pooling in ("mean", "max", "min"):
        how = {"step_degrees": 45.0, "pooling": pooling, "orthogonal_planes": True}
        expected = filters.gabor(image, 1.5, 3.0, **how)
        alone = [filters.gabor(image, 1.5, 3.0, orientation_degrees=one) for one in (0, 45, 90, 135)]
        within_slices = filters.gabor(image, 1.5, 3.0, **how | {"orthogonal_planes": False})
        np.testing.assert_allclose(within_slices, getattr(np, pooling)(alone, axis=0), rtol=0, atol=1e-12)
        with monkeypatch.context() as patch:
            patch.setattr(gabor, "KERNELS", 900)
            patch.setattr(gabor, "BLOCK", 900)
            assert (filters.gabor(image, 1.5, 3.0, **how) == expected).all()


def test_a_window_that_is_too_wide_is_refused_before_a_kernel_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gabor, "gabor_kernel", lambda *_: pytest.fail("a kernel was made"))
    with pytest.raises(ComputeError, match=r"9020 x 9020") as caught:
        filters.gabor(np.zeros((20, 20, 20)), 100.0, 4.0, aspect_ratio=0.1)
    assert caught.value.code == "RT306"


def test_many_directions_take_no_more_memory_than_few() -> None:
    """One response to each direction would be 72 times the image."""
    image = np.zeros((60, 60, 40))
    peaks = []
    for step_degrees in (90.0, 2.5):
        tracemalloc.start()
        filters.gabor(image, 1.0, 3.0, step_degrees=step_degrees)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 10 * image.nbytes
