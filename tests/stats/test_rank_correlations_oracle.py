"""Correlations of two tables are those of each pair, corrected together."""

from __future__ import annotations

import doctest
import sys

import numpy as np
import pandas as pd
import pytest

from radiotype import stats
from radiotype.errors import ComputeError, RecipeError


def tables(n, seed=1):
    random = np.random.default_rng(seed)
    one = pd.DataFrame(random.normal(size=(n, 4)).round(1)).add_prefix("f")
    other = pd.DataFrame(random.normal(size=(n, 7))).add_prefix("p") + 0.8 * one[["f0"]].to_numpy()
    return one, other


@pytest.mark.parametrize("n", [4, 7, 9, 10, 60])
def test_every_pair_is_that_of_spearman(n):
    one, other = tables(n)
    other = other.iloc[:, :2] if n == 9 else other  # all orders of 9 take a while
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
    assert np.all(found.p_values < 1e-100)


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
