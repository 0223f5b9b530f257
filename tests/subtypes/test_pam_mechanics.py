"""PAM: what it refuses, and the form of what it returns."""

import importlib
import subprocess
import sys

import numpy as np
import pytest

import radiotype.subtypes
from radiotype import _native
from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import pam
from radiotype.subtypes.medoids import PamPartitions

DISTANCES = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))


def changed(row, column, value):
    distances = DISTANCES.copy()
    distances[row, column] = value
    return distances


@pytest.mark.parametrize(
    ("distances", "words"),
    [
        (DISTANCES[:, :4], r"shape \(5, 4\)"),
        (DISTANCES[0], r"shape \(5,\)"),
        (changed(1, 3, np.nan), r"\(1, 3\) = nan is not finite"),
        (changed(1, 3, np.inf), "is not finite"),
        (changed(2, 4, -1.0), "is negative"),
        (changed(2, 4, 7.0), "mirror image"),
        (1e306 * DISTANCES, r"= 1e\+306 is larger than 1e\+290"),
        (changed(3, 3, 1.0), "to itself"),
    ],
)
def test_what_is_no_dissimilarity_is_refused(distances, words):
    with pytest.raises(ComputeError, match=words) as caught:
        pam(distances, 2)
    assert caught.value.code == "RT305"


@pytest.mark.parametrize("far", [1e306, np.inf, np.nan])
def test_partitions_refuse_distances_whose_sums_are_no_numbers(far):
    with pytest.raises(ComputeError, match="RT305: a distance is not a number or larger") as caught:
        PamPartitions(np.where(DISTANCES > 2, far, DISTANCES), [2], 5)
    assert caught.value.hint


def test_the_kernel_stays_within_its_arrays_when_sums_are_no_numbers():
    points = np.random.default_rng(0).standard_normal((20, 3))
    distances = np.sqrt(((points[:, None] - points) ** 2).sum(-1))
    distances = 3e307 * np.minimum(distances, distances.T)
    medoids, labels = np.empty((2, 3), dtype=np.int64), np.empty((2, 20), dtype=np.int32)
    workspace = np.empty(_native.pam_workspace(20, 3, False))
    _native.pam(distances, None, np.arange(20), np.array([2, 3]), workspace, medoids, labels, np.empty((2, 2)))
    assert set(labels[0]) == {0, 1}
    assert set(labels[1]) == {0, 1, 2}


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "2", None])
def test_k_must_be_a_positive_whole_number(k):
    with pytest.raises(RecipeError, match="RT103"):
        pam(DISTANCES, k)


@pytest.mark.parametrize("k", [5, 6])
def test_k_must_be_below_the_number_of_cases(k):
    with pytest.raises(ComputeError, match="RT301: 5 cases"):
        pam(DISTANCES, k)


def test_the_result_is_read_only_and_its_own():
    first, second = pam(DISTANCES, 2), pam(DISTANCES, 3)
    assert len(first.medoids) == 2
    assert len(second.medoids) == 3
    with pytest.raises(ValueError, match="read-only"):
        first.labels[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        first.medoids[0] = 9


def test_pam_stays_a_function_whatever_is_imported_first():
    for module in ("medoids", "consensus", "assign"):
        importlib.import_module(f"radiotype.subtypes.{module}")
    assert callable(radiotype.subtypes.pam)
    assert set(radiotype.subtypes.__all__) <= set(dir(radiotype.subtypes))
    with pytest.raises(AttributeError, match="no attribute 'pan'"):
        _ = radiotype.subtypes.pan


def test_importing_the_package_loads_no_heavy_library():
    program = "import sys, radiotype.subtypes; print([name for name in ('scipy', 'sklearn', 'pandas') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
