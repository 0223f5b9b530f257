"""Correlations of two tables are those of each pair, corrected together."""

from __future__ import annotations

import doctest
import sys
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from radiotype import stats
from radiotype.errors import ComputeError, RecipeError
from radiotype.stats.association import _sizes_of_orders


def tables(n, seed=1):
    random = np.random.default_rng(seed)
    one = pd.DataFrame(random.normal(size=(n, 4)).round(1)).add_prefix("f")
    other = pd.DataFrame(random.normal(size=(n, 7))).add_prefix("p") + 0.8 * one[["f0"]].to_numpy()
    return one, other


@pytest.mark.parametrize("n", [4, 7, 9, 10, 60])
def test_every_pair_is_that_of_spearman(n):
    one, other = tables(n)
    found = stats.rank_correlations(one, other)
    pairs = [[stats.spearman(one[a], other[b]) for b in other] for a in one]
    np.testing.assert_allclose(found.rho, [[pair.effect for pair in row] for row in pairs], rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.p_values, [[pair.p_value for pair in row] for row in pairs], rtol=1e-10)
    np.testing.assert_allclose(found.q_values.ravel(), stats.adjust_p_values(found.p_values.ravel()), rtol=1e-14)
    assert (found.n, found.n_tests, found.one, found.other) == (n, found.rho.size, tuple(one), tuple(other))


def test_the_same_order_has_no_p_of_nan():
    one = pd.DataFrame({"up": np.arange(20.0), "down": -np.arange(20.0)})
    found = stats.rank_correlations(one, one)
    np.testing.assert_allclose(found.rho, [[1, -1], [-1, 1]], rtol=0, atol=1e-15)
    assert np.all(found.p_values == 0) and stats.spearman(one["up"], one["down"]).p_value == 0


@pytest.mark.parametrize("n", [11, 60, 999])
def test_pairs_of_one_order_are_to_the_byte_what_spearman_tells(n):
    random = np.random.default_rng(n)
    one = random.integers(0, n // 2, size=(n, 30)).astype(float)  # with ties
    found = stats.rank_correlations(one, one**3)
    np.testing.assert_array_equal(found.rho.diagonal(), 1)
    np.testing.assert_array_equal(found.p_values.diagonal(), 0)
    pairs = [[stats.spearman(a, b**3) for b in one.T[:6]] for a in one.T]
    np.testing.assert_array_equal(found.rho[:, :6], [[pair.effect for pair in row] for row in pairs])
    np.testing.assert_array_equal(found.p_values[:, :6], [[pair.p_value for pair in row] for row in pairs])


def test_the_orders_of_nine_cases_are_counted_once_for_each_pattern_of_ties():
    random = np.random.default_rng(7)
    one, other = random.normal(size=(9, 60)), random.normal(size=(9, 50)).round()
    other[:, :40] = random.normal(size=(9, 40))
    _sizes_of_orders.cache_clear()
    found = stats.rank_correlations(one, other)
    assert found.n_tests == 3000
    assert _sizes_of_orders.cache_info().misses <= 11
    first, second = (rankdata(column) - 5 for column in (one[:, 3], other[:, 45]))
    orders = np.array(list(permutations(second.tolist()))) @ first
    assert found.p_values[3, 45] == np.mean(np.abs(orders) >= abs(first @ second))


@pytest.mark.parametrize("n", [8, 30])
def test_constant_columns_are_told_and_not_counted(n):
    one, other = tables(n)
    found = stats.rank_correlations(one.assign(f2=1.0), other, correction="bonferroni")
    assert found.reasons == {("one", "f2"): "RT305: it is constant; expected different values"}
    assert found.n_tests == 21 and np.isnan(found.rho[2]).all() and np.isnan(found.q_values[2]).all()
    table = found.to_frame()
    assert len(table) == 21 and table["p_value"].is_monotonic_increasing
    assert table["q_value"][0] == pytest.approx(min(21 * table["p_value"][0], 1))


def test_what_is_refused():
    one, other = tables(20)
    for bad, words in (
        ((one, other.where(other > -1)), "missing"),
        ((one, other[::-1]), "index"),
        ((one, other[:10]), "lengths"),
        ((one * 0, other), "every column of one is constant"),
        ((one[:3], other[:3]), "3 cases"),
    ):
        with pytest.raises(ComputeError, match=words):
            stats.rank_correlations(*bad)
    with pytest.raises(RecipeError, match="correction"):
        stats.rank_correlations(one, other, correction="fdr")


def test_the_example_holds():
    result = doctest.testmod(sys.modules["radiotype.stats.rank_correlations"])
    assert result.attempted and not result.failed
