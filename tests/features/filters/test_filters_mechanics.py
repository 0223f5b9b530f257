"""Filters refuse what they do not know."""

import numpy as np
import pytest

from radiotype.errors import RecipeError
from radiotype.features import filters
from radiotype.features.filters.gabor import orientations
from radiotype.features.filters.pooling import Pool

IMAGE = np.arange(27.0).reshape(3, 3, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: filters.mean(IMAGE, 3, boundary="mirrored"),
        lambda: filters.mean(IMAGE, 3, boundary=float("nan")),
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
