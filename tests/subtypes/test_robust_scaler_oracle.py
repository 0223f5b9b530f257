"""Robust scaling against percentiles known in closed form."""

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes import RobustScaler01

LADDER = np.arange(101.0)[:, None]  # the p-th percentile of 0, 1, ..., 100 is p


def test_the_limits_are_the_percentiles():
    scaler = RobustScaler01().fit(np.hstack([LADDER, 10 - 3 * LADDER]))
    np.testing.assert_allclose(scaler.low_, [2, 10 - 3 * 98], rtol=1e-15)
    np.testing.assert_allclose(scaler.high_, [98, 10 - 3 * 2], rtol=1e-15)


def test_values_lie_between_the_limits_and_are_clipped_beyond():
    scaler = RobustScaler01().fit(LADDER)
    new = np.array([[2.0], [50.0], [74.0], [98.0], [-1e9], [1e9], [1.99], [98.01]])
    np.testing.assert_allclose(scaler.transform(new).ravel(), [0, 0.5, 0.75, 1, 0, 1, 0, 1], rtol=1e-15)


def test_other_percentiles():
    scaler = RobustScaler01(25, 75).fit(LADDER)
    np.testing.assert_allclose(scaler.transform([[25.0], [50.0], [80.0]]).ravel(), [0, 0.5, 1], rtol=1e-15)


def test_one_outlier_does_not_move_the_rest():
    spoilt = LADDER.copy()
    spoilt[100] = 1e12
    np.testing.assert_array_equal(RobustScaler01().fit_transform(spoilt), RobustScaler01().fit_transform(LADDER))


def test_a_feature_without_spread_becomes_a_half():
    table = np.hstack([LADDER, np.full((101, 1), 7.0)])
    scaler = RobustScaler01().fit(table)
    np.testing.assert_array_equal(scaler.transform([[50.0, 7.0], [50.0, 8.0], [50.0, -1e300]])[:, 1], 0.5)


def test_the_smallest_spread_stays_between_0_and_1():
    tiny = np.nextafter(0, 1)
    scaler = RobustScaler01(0, 100).fit([[0.0], [tiny]])
    np.testing.assert_array_equal(scaler.transform([[0.0], [tiny], [1e300], [-1e300]]).ravel(), [0, 1, 1, 0])


def test_validation_cases_do_not_move_the_limits():
    scaler = RobustScaler01().fit(LADDER)
    np.testing.assert_array_equal(scaler.transform(LADDER + 50)[:49, 0], scaler.transform(LADDER[50:99])[:, 0])


def test_a_gap_is_refused_with_the_name_of_the_feature():
    table = pd.DataFrame({"volume": [1.0, 2.0, 3.0], "roundness": [1.0, np.nan, 3.0]})
    for refused in (lambda: RobustScaler01().fit(table), lambda: RobustScaler01().fit(table.fillna(0)).transform(table)):
        with pytest.raises(ComputeError, match=r"feature 1 \(roundness\) of case 1 is nan") as caught:
            refused()
        assert caught.value.code == "RT305"


@pytest.mark.parametrize("limits", [(98, 2), (50, 50), (-1, 98), (2, 101), (np.nan, 98)])
def test_limits_that_are_no_ascending_percentiles_are_refused(limits):
    with pytest.raises(RecipeError, match="RT103"):
        RobustScaler01(*limits).fit(LADDER)
