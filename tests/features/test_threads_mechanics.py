"""Work in threads: results in order, nothing begun before its turn, errors of a task shown, the same features."""

import time

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features.describe import describe
from radiotype.features.settings import FeatureSettings
from radiotype.features.threads import MEMORY_BYTES, in_order, threads_for


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_results_come_in_order_and_tasks_are_drawn_as_they_are_begun(n_threads):
    drawn = []

    def tasks():
        for n in range(12):
            drawn.append(n)
            yield lambda n=n: (time.sleep(0.002 * (n % 3)), n)[1]

    for at, found in enumerate(in_order(tasks(), n_threads)):
        assert found == at
        assert len(drawn) <= at + n_threads
    assert drawn == list(range(12))


@pytest.mark.parametrize("n_threads", [1, 3])
def test_the_error_of_a_task_ends_the_work(n_threads):
    with pytest.raises(ZeroDivisionError):
        list(in_order([lambda: 1, lambda: 1 // 0, lambda: 2], n_threads))


def test_threads_are_no_more_than_tasks_cores_or_memory_allow(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert threads_for(14, 1) == 6
    assert threads_for(14, 1, asked=9) == 9
    assert threads_for(2, 1) == 2
    assert threads_for(14, MEMORY_BYTES // 3) == 3
    assert threads_for(14, 2 * MEMORY_BYTES) == 1


def test_filtered_images_of_pyradiomics_do_not_depend_on_threads(monkeypatch):
    rng = np.random.default_rng(0)
    grid = Grid((24, 22, 20), np.diag([1.0, 1.0, 1.5, 1.0]))
    inside = np.linalg.norm(np.indices(grid.shape) - 11.0, axis=0) < 6
    scan, mask = Scan(rng.normal(40, 20, grid.shape).astype(np.float32), grid, "CT"), Mask(inside, grid)
    images = {"LoG": {"sigmas_mm": [1.0, 2.0, 3.0]}, "Wavelet": {}, "Gradient": {}, "Exponential": True}
    settings = FeatureSettings.model_validate({"families": ["pyradiomics"], "pyradiomics": {"images": images}})
    found = []
    for n in ("1", "4"):
        monkeypatch.setenv("OMP_NUM_THREADS", n)
        found.append(describe(scan, mask, settings=settings).to_series().to_numpy().tobytes())
    assert found[0] == found[1]
