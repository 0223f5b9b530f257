"""What a filter is said to need is what its response takes, by what NumPy allocates."""

import tracemalloc

import numpy as np
import pytest
import scipy.fft
import scipy.ndimage  # noqa: F401  imported before memory is measured

from radiotype.core import Grid, Mask, Scan
from radiotype.features import threads as of_threads
from radiotype.features.ibsi import IbsiSettings, filtered, prepare
from radiotype.features.ibsi.filter_memory import bytes_of
from radiotype.features.ibsi.preprocess import seen_by

SHAPE = (72, 70, 64)
KINDS = [
    {"kind": "mean", "size": 9},
    {"kind": "log", "sigma_mm": 2.0},
    {"kind": "log", "sigma_mm": 2.0, "dimensions": 2},
    {"kind": "laws", "kernels": "L5E5E5"},
    {"kind": "laws", "kernels": "L5E5S5", "rotation_invariant": False, "energy_distance": None},
    {"kind": "wavelet", "wavelet": "coif1", "subband": "LLH"},
    {"kind": "wavelet", "wavelet": "db3", "subband": "LH", "level": 3},
    {"kind": "gabor", "sigma_mm": 3.0, "wavelength_mm": 4.0},
    {"kind": "gabor", "sigma_mm": 12.0, "wavelength_mm": 4.0, "step_degrees": 5.0, "dimensions": 2},
    {"kind": "simoncelli"},
    {"kind": "simoncelli", "reach": 12, "boundary": "mirror"},
    {"kind": "riesz", "of": "log", "sigma_mm": 2.0, "order": [1, 0, 0]},
    {"kind": "riesz", "of": "simoncelli", "level": 1, "order": [0, 2], "reach": 8},
    {"kind": "riesz", "of": "log", "sigma_mm": 2.0, "order": [1, 1, 0], "align_sigma_mm": 2.0, "reach": 12},
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("box", [((24, 24, 24), (44, 44, 44)), ((0, 0, 0), SHAPE)], ids=["around a region", "whole scan"])
def test_a_response_takes_what_it_is_said_to_take(kind, box) -> None:
    image = np.zeros(SHAPE, order="F")
    one = IbsiSettings(spacing_mm=None, filters=[kind]).filters[0]
    own = (np.array(box[0]), np.array(box[1]))
    low, high = seen_by((one,), (1.0, 1.0, 1.0), own, own, SHAPE)
    part = image[tuple(slice(*span) for span in zip(low, high, strict=True))]
    keep = list(zip((own[0] - low).tolist(), (own[1] - low).tolist(), strict=True))
    tracemalloc.start()
    one.response(part, (1.0, 1.0, 1.0), keep)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.95 * peak < bytes_of(one, part.shape, keep, (1.0, 1.0, 1.0)) < 1.6 * peak


def test_filters_at_a_time_are_as_many_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wide filter, and the filling of what holds no value, count by what they take."""
    grid = Grid((40, 40, 40), np.eye(4))
    region = np.zeros(grid.shape, dtype=bool)
    region[18:22, 18:22, 18:22] = True
    values = np.random.default_rng(0).normal(size=grid.shape)

    def at_a_time(kind, scan) -> int:
        chosen = IbsiSettings(spacing_mm=None, filters=[{"kind": "mean", "size": size} for size in range(3, 17, 2)] + [kind])
        return filtered.threads(prepare(Scan(scan, grid, "MR"), Mask(region, grid), chosen), chosen, 8)

    monkeypatch.setattr(of_threads, "MEMORY_BYTES", 1_700_000)
    small, large = {"kind": "log", "sigma_mm": 1.0}, {"kind": "simoncelli"}
    assert at_a_time(small, values) == 8
    assert at_a_time(large, values) == 1
    values[12] = np.nan
    assert at_a_time(small, values) < 8
