"""Groups with variances of their own: Welch's tests, and their size where the usual comparison finds far too much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t, ttest_ind

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import adjust_p_values, compare_groups

SEED = 20261122
TABLES = 400
GROUPS = np.repeat(list("1234"), [40, 30, 20, 10])
LOW, HIGH = binom.ppf(0.0005, TABLES, 0.05), binom.ppf(0.9995, TABLES, 0.05)
SPREAD = np.array([1.0, 0.5, 2.0, 3.0])


def drawn(seed, n_features=9):
    random = np.random.default_rng(seed)
    return random.normal(size=(100, n_features)) * SPREAD[GROUPS.astype(int) - 1][:, None]


def test_a_pair_of_groups_is_welchs_test():
    scores = drawn(1)
    scores[:, 3:6][np.random.default_rng(2).random((100, 3)) < 0.2] = np.nan
    found = compare_groups(scores, GROUPS, [("4", "2")], variances="unequal").to_frame("4 v 2")
    expected = ttest_ind(scores[GROUPS == "4"], scores[GROUPS == "2"], equal_var=False, nan_policy="omit")
    np.testing.assert_allclose(found["t"], expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(found["p_value"], expected.pvalue, rtol=1e-9)
    np.testing.assert_allclose(found["q_value"], adjust_p_values(np.asarray(expected.pvalue)), rtol=1e-9)
    limits = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found[["lower", "upper"]].T, [limits.low, limits.high], rtol=1e-9)
    for column, group in (("deviation_group", "4"), ("deviation_reference", "2")):
        np.testing.assert_allclose(found[column], np.nanstd(scores[group == GROUPS], axis=0, ddof=1), rtol=1e-10)


@pytest.mark.parametrize("rest", ["cases", "groups"])
def test_a_group_against_the_rest_is_the_contrast_of_means_with_satterthwaites_degrees_of_freedom(rest):
    scores = drawn(3)
    found = compare_groups(scores, GROUPS, variances="unequal", rest=rest)
    sizes = np.array([40, 30, 20, 10])
    weights = np.append(-sizes[:3] / 90 if rest == "cases" else np.full(3, -1 / 3), 1.0)
    parts = [scores[group == GROUPS] for group in "1234"]
    shares = np.array([w**2 * part.var(axis=0, ddof=1) / n for w, part, n in zip(weights, parts, sizes, strict=True)])
    effect = weights @ np.array([part.mean(axis=0) for part in parts])
    df = shares.sum(axis=0) ** 2 / (shares**2 / (sizes - 1)[:, None]).sum(axis=0)
    table = found.to_frame("4 v rest")
    np.testing.assert_allclose(table["effect"], effect, rtol=1e-10)
    np.testing.assert_allclose(table["p_value"], 2 * t.sf(np.abs(effect) / np.sqrt(shares.sum(axis=0)), df), rtol=1e-9)
    np.testing.assert_allclose(found.tests.total_df[:, 3], df, rtol=1e-10)


def test_both_ways_give_the_same_effects_and_tell_the_same_deviations():
    scores, age = drawn(4), np.random.default_rng(5).normal(size=(100, 1))
    ways = [compare_groups(scores, GROUPS, [(["1", "2"], "4")], covariates=age, variances=one) for one in ("equal", "unequal")]
    same = ["effect", "standardised", "deviation_group", "deviation_reference", "n_group", "n_reference"]
    equal, unequal = (way.to_frame() for way in ways)
    np.testing.assert_allclose(equal[same].to_numpy(float), unequal[same].to_numpy(float), rtol=1e-9)
    row = equal[equal["comparison"] == "4 v rest"]
    assert (row["deviation_group"] / row["deviation_reference"]).mean() > 2


def _three_times_the_deviation(random):
    return random.normal(size=(100, 16)) * np.where(GROUPS == "4", 3.0, 1.0)[:, None]


def _found(draw=_three_times_the_deviation, n_tables=TABLES, **settings):
    """In how many tables without any difference the first feature is found, any feature is, and the first interval misses 0."""
    first = anything = covered = np.zeros(5, dtype=int)
    for seed in np.random.SeedSequence(SEED).spawn(n_tables):
        random = np.random.default_rng(seed)
        scores = draw(random)
        covariates = random.normal(size=(100, 2)) if settings.get("covariates") else None
        tests = compare_groups(scores, GROUPS, [("4", "3")], **(settings | {"covariates": covariates})).tests
        first = first + (tests.p_values[0] <= 0.05)
        anything = anything + (tests.q_values.min(axis=0) <= 0.05)
        covered = covered + (tests.lower[0] > 0) + (tests.upper[0] < 0)
    return first, anything, covered


@pytest.mark.parametrize("covariates", [False, True])
def test_size_where_a_small_group_varies_more(covariates):
    """The seed was fixed before the first run; the exact binomial band of 0.001. BH bounds the chance of any finding."""
    first, anything, missed = _found(variances="unequal", covariates=covariates)
    assert (first >= LOW).all()
    assert (first <= HIGH).all()
    assert (missed <= HIGH).all()
    assert (anything <= HIGH).all()


def test_equal_variances_find_too_much_there():
    """What the default cannot do, and the page says so."""
    first, anything, _ = _found(n_tables=80)
    assert first[3] > 0.25 * 80
    assert anything[3] > 0.8 * 80


def test_unequal_variances_find_too_much_in_a_small_group_of_skewed_scores():
    """What Welch's tests cannot do, and the page says so."""
    _, anything, _ = _found(lambda random: random.exponential(size=(100, 16)), n_tables=80, variances="unequal")
    assert anything[3] > binom.ppf(0.9995, 80, 0.05)


def test_groups_without_a_variance_of_their_own_and_what_is_refused():
    scores = pd.DataFrame(drawn(6, 3), columns=list("abc"))
    scores.loc[91:, "b"] = np.nan
    scores["flat"] = 1.0
    scores["steps"] = np.where(GROUPS == "4", 1.0, 0.0)
    found = compare_groups(scores, GROUPS, [("2", "1")], variances="unequal")
    table = found.to_frame("4 v rest")
    assert np.isfinite(table.loc[["a", "c"], "p_value"]).all()
    assert table.loc["b", "reason"] == "RT301: group '4' has 1 value; its variance needs more"
    assert table.loc["flat", "reason"] == "RT305: it is constant; expected different values"
    assert table.loc["steps", "reason"] == "RT305: it is constant within the groups that are compared"
    assert np.isnan(table.loc[["b", "flat", "steps"], "p_value"]).all()
    other = found.to_frame("2 v 1")
    assert np.isfinite(other.loc["b", "p_value"])
    assert other.loc["b", "reason"] == ""
    for settings, words in (({"variances": "both"}, "variances is 'both'"), ({"variances": "unequal", "trend": True}, "trend")):
        with pytest.raises(RecipeError, match=words):
            compare_groups(scores, GROUPS, **settings)
    with pytest.raises(ComputeError, match="RT301: a group has fewer than two values"):
        compare_groups(scores[["a", "c"]][:3], ["x", "y", "y"], variances="unequal")
    with pytest.raises(ComputeError, match="of the design"):
        compare_groups(scores[["a"]], GROUPS, variances="unequal", covariates=np.ones((100, 1)))
