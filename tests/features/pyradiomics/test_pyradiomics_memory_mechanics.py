"""Images at a time are as many as fit, by what they take in the types in which they are worked on."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import threads
from radiotype.features.pyradiomics import family
from radiotype.features.settings import FeatureSettings


def test_a_scan_of_small_numbers_is_counted_by_the_large_ones_it_becomes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of a scan in int8, of which every voxel becomes many numbers of double precision."""
    asked: list[int] = []
    counted = threads.threads_for

    def watched(n_tasks: int, bytes_each: int) -> int:
        asked.append(bytes_each)
        return counted(n_tasks, bytes_each, 8)

    monkeypatch.setattr(family, "threads_for", watched)
    monkeypatch.setattr(threads, "MEMORY_BYTES", 4_000_000)
    grid = Grid((30, 30, 30), np.eye(4))
    scan = Scan(np.random.default_rng(0).integers(0, 100, grid.shape).astype(np.int8), grid, "MR")
    region = np.zeros(grid.shape, dtype=bool)
    region[5:25, 5:25, 5:25] = True
    images = {"Original": False, "Wavelet": {}, "LoG": {"sigmas_mm": [1]}}
    settings = FeatureSettings(pyradiomics={"features": {"firstorder": ["Mean"]}, "images": images})
    family.measure(scan, Mask(region, grid), None, settings)
    assert asked[0] > 100 * scan.data.nbytes
    assert counted(9, asked[0], 8) == 1
