"""Histogram distances against OpenCV's compareHist and against closed forms."""

import math

import numpy as np
import pandas as pd
import pytest

from radiotype.features.histogram_distances import DISTANCES, histogram

GOLDEN_NAMES = {
    "correlation": "correl",
    "chi_square": "chisqr",
    "intersection": "intersect",
    "bhattacharyya": "bhattacharyya",
}


def test_distances_equal_opencv_on_five_histogram_pairs(shared):
    golden = pd.read_csv(shared / "golden" / "spharm" / "regional_hist_golden.csv")
    assert len(golden) == 5
    for _, row in golden.iterrows():
        # OpenCV held the histograms in single precision, which nine digits give back to the bit
        first, second = (np.array(row[name].split(), dtype=np.float32).astype(float) for name in ("hist1", "hist2"))
        for ours, theirs in GOLDEN_NAMES.items():
            assert DISTANCES[ours].between(first, second) == pytest.approx(row[theirs], rel=1e-14, abs=1e-14), (
                ours,
                row["pair"],
            )


def test_distances_of_hand_computed_histograms():
    a, b = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.25, 0.25, 0.25, 0.25])
    assert DISTANCES["chi_square"].between(a, b) == 0.25
    assert DISTANCES["intersection"].between(a, b) == 0.5
    assert DISTANCES["bhattacharyya"].between(a, b) == pytest.approx(math.sqrt(1 - math.sqrt(0.5)), rel=1e-15)
    assert DISTANCES["correlation"].between(a, b) == 1.0  # OpenCV's value for a constant histogram
    assert DISTANCES["correlation"].between(a, 1 - a) == pytest.approx(-1.0, rel=1e-15)


def test_distances_of_disjoint_and_of_equal_histograms():
    a, b = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.5, 0.5])
    assert [DISTANCES[name].between(a, b) for name in DISTANCES] == pytest.approx([-1.0, 1.0, 0.0, 1.0])
    assert [DISTANCES[name].between(b, b) for name in DISTANCES] == pytest.approx([1.0, 0.0, 1.0, 0.0])


def test_histogram_includes_the_upper_limit_and_drops_what_lies_outside():
    kept, found = histogram(np.array([-1000.0, 499.9, 500.0, 500.1, -1000.1, np.nan]), (-1000.0, 500.0), 100)
    assert kept == 3
    assert found[0] == pytest.approx(1 / 3)
    assert found[99] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("values", "limits", "code"),
    [
        ([], (0, 1), "empty_region"),
        ([5.0, 6.0], (0, 1), "all_values_outside_range"),
        ([2.0, 2.0], (2, 2), "constant_intensity"),
        ([2.0, 2.0], (2, 2 + 1e-13), "constant_intensity"),  # what interpolation makes of a constant
    ],
)
def test_histogram_says_why_there_is_none(values, limits, code):
    assert histogram(np.array(values), limits, 10) == (0, code)
