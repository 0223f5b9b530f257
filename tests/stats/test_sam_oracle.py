"""SAM beside closed forms, SciPy's tests and counting by hand; its checks; its errors where nothing is to be found."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, linregress, permutation_test, ttest_1samp, ttest_ind

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import sam

SEED = 20261121


def table(m=40, n=10, shift=0.0):
    values = np.random.default_rng(5).normal(size=(n, m)) * np.linspace(0.2, 3, m)
    values[n // 2 :, :4] += shift
    return values, np.repeat(["A", "B"], n // 2)


def test_without_a_floor_d_is_the_t_statistic():
    values, groups = table()
    score = np.arange(10.0) ** 1.5
    expected = ttest_ind(values[groups == "B"], values[groups == "A"]).statistic
    np.testing.assert_allclose(sam(values, groups, s0=0).d, expected, rtol=1e-10)
    np.testing.assert_allclose(sam(values, None, kind="one-class", s0=0).d, ttest_1samp(values, 0).statistic, rtol=1e-10)
    slopes = [linregress(score, column) for column in values.T]
    found = sam(values, score, kind="quantitative", s0=0)
    np.testing.assert_allclose(found.effects, [one.slope for one in slopes], rtol=1e-10)
    np.testing.assert_allclose(found.errors, [one.stderr for one in slopes], rtol=1e-10)


def test_a_floor_is_added_to_every_error():
    values, groups = table()
    found = sam(values, groups, s0=0.7)
    np.testing.assert_allclose(found.d, found.effects / (found.errors + 0.7), rtol=1e-14)
    assert sam(values, groups).s0 == pytest.approx(np.quantile(found.errors, 0.05))


def test_the_chosen_floor_makes_the_spread_of_d_even():
    """Errors that are too small in a part of the features make d large there; with the chosen floor less so than without."""
    random = np.random.default_rng(0)
    values = random.normal(size=(6, 3000)) * random.gamma(2, size=3000)
    groups = np.repeat([0, 1], 3)
    found, plain = sam(values, groups, n_permutations=20), sam(values, groups, s0=0, n_permutations=20)
    candidates = np.quantile(found.errors, np.linspace(0, 1, 21))

    def unevenness(floor):
        d = found.effects / (found.errors + floor)
        parts = np.array_split(d[np.argsort(found.errors)], 100)
        spread = np.array([np.median(np.abs(part - np.median(part))) for part in parts])
        return spread.std(ddof=1) / spread.mean()

    by_hand = [unevenness(floor) for floor in candidates]
    assert found.s0 == pytest.approx(candidates[int(np.argmin(by_hand))])
    assert unevenness(found.s0) < unevenness(plain.s0)


SAMR = {  # floor, sum of |numerator|, sum of errors, by samr 3.0 of the values below
    "two-class": (1.71451284699537, 655.807383608852, 758.942760746826),
    "one-class": (0.826489648461057, 324.65199541536, 384.851357338749),
    "quantitative": (0.0998955699620142, 36.0615426838996, 42.9417628069539),
}


@pytest.mark.parametrize("kind", SAMR)
def test_floor_effects_and_errors_equal_samr(kind):
    values = np.random.default_rng(4).normal(size=(6, 1000))
    given = {"two-class": np.repeat([1, 2], 3), "one-class": None, "quantitative": np.arange(6.0) ** 2}[kind]
    found = sam(values, given, kind=kind, n_permutations=20)
    np.testing.assert_allclose([found.s0, np.abs(found.effects).sum(), found.errors.sum()], SAMR[kind], rtol=1e-12)


def by_hand(values, groups, s0):
    """p- and q-values by going through every order, feature by feature."""
    codes = (groups == "B").astype(int)

    def d_of(chosen):
        one, other = values[chosen == 1], values[chosen == 0]
        pooled = np.sqrt(((one - one.mean(0)) ** 2).sum(0) + ((other - other.mean(0)) ** 2).sum(0))
        error = pooled * np.sqrt((1 / len(one) + 1 / len(other)) / (len(values) - 2))
        return (one.mean(0) - other.mean(0)) / (error + s0)

    orders = [np.isin(np.arange(len(codes)), places).astype(int) for places in combinations(range(len(codes)), codes.sum())]
    d, permuted = d_of(codes), np.array([d_of(order) for order in orders])
    low, high = np.mean([np.quantile(one, [0.25, 0.75]) for one in permuted], axis=0)
    share = min(1, np.mean((d > low) & (d < high)) / 0.5)
    p, rates = [], []
    for one in np.abs(d):
        beyond = np.sum(np.abs(permuted) >= one * (1 - 1e-9))
        p.append(beyond / permuted.size)
        rates.append(min(1, share * beyond / len(orders) / np.sum(np.abs(d) >= one)))
    q = [min(rate for rate, other in zip(rates, np.abs(d), strict=True) if other <= one) for one in np.abs(d)]
    return d, np.sort(permuted, axis=1).mean(0)[np.argsort(np.argsort(d))], p, q, share


def test_all_orders_equal_counting_by_hand():
    values, groups = table(shift=1.5)
    found = sam(values, groups, s0=0.2)
    d, expected, p, q, share = by_hand(values, groups, 0.2)
    assert found.exact
    assert found.n_permutations == 252
    assert found.null_share == pytest.approx(share)
    for ours, theirs in ((found.d, d), (found.expected, expected), (found.p_values, p), (found.q_values, q)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_random_orders_come_close_to_all_of_them():
    values, groups = table(n=12, shift=1.5)
    every, some = sam(values, groups, s0=0.2), sam(values, groups, s0=0.2, n_permutations=900)
    assert every.exact
    assert not some.exact
    assert some.n_permutations == 900
    np.testing.assert_allclose(some.p_values, every.p_values, atol=0.02)


def test_of_one_feature_it_is_the_permutation_test():
    values, groups = table(shift=1.0)
    column = values[:, :1]
    statistic = lambda one, other, axis: ttest_ind(one, other, axis=axis).statistic  # noqa: E731
    expected = permutation_test((column[5:, 0], column[:5, 0]), statistic, vectorized=True, n_resamples=np.inf)
    assert sam(column, groups, s0=0).p_values[0] == pytest.approx(expected.pvalue)
    flips = permutation_test(
        (column[:, 0],), lambda x, axis: np.mean(x, axis=axis), permutation_type="samples", vectorized=True
    )
    assert sam(column, None, kind="one-class", s0=0, n_permutations=1024).p_values[0] == pytest.approx(flips.pvalue)


def test_delta_calls_all_features_beyond_the_first_that_is_far_from_expected():
    values, groups = table(m=60, n=12, shift=3.0)
    values[6:, 10] -= 30
    found = sam(values, groups)
    called = found.directions(delta=1.0)
    assert called[10] == -1
    assert called[:2].tolist() == [1, 1]
    up = np.flatnonzero(called == 1)
    assert np.all(found.d[up] >= found.d[up].min())
    assert np.all(called[found.d >= found.d[up].min()] == 1)
    beyond = (found.d - found.expected > 1.0) & (found.expected > 0)
    assert found.d[up].min() == found.d[beyond].min()
    assert not np.any(found.directions(delta=1e6))


@pytest.mark.parametrize("kind", ["two-class", "quantitative", "one-class"])
def test_unit_order_and_seed(kind):
    values, _ = table(m=50, n=20, shift=1.0)
    given = {"two-class": np.repeat(["A", "B"], 10), "quantitative": np.arange(20.0), "one-class": None}[kind]
    found = sam(values, given, kind=kind, n_permutations=100)
    again = sam(values * 7, given, kind=kind, n_permutations=100)
    other = sam(values, given, kind=kind, n_permutations=100, seed=1)
    np.testing.assert_allclose(again.d, found.d, rtol=1e-9)
    np.testing.assert_array_equal(again.q_values, found.q_values)
    assert not np.array_equal(other.p_values, found.p_values)
    np.testing.assert_allclose(other.d, found.d)
    turned = sam(values[:, ::-1], given, kind=kind, n_permutations=100)
    np.testing.assert_array_equal(turned.q_values[::-1], found.q_values)


@pytest.mark.parametrize("kind", ["two-class", "quantitative", "one-class"])
def test_size_lies_in_the_band(kind):
    """One feature of each of 400 tables without effects; the seed was fixed before the first run."""
    p_values, any_found = [], 0
    for seed in np.random.SeedSequence(SEED).spawn(400):
        random = np.random.default_rng(seed)
        given = {"two-class": np.repeat([0, 1], 7), "quantitative": random.normal(size=14), "one-class": None}[kind]
        found = sam(random.normal(size=(14, 50)), given, kind=kind, n_permutations=99)
        p_values.append(found.p_values[0])
        any_found += bool(np.any(found.q_values <= 0.05))
    for level in (0.05, 0.2, 0.5):
        low, high = binom.ppf([0.0005, 0.9995], 400, level)
        assert low <= np.count_nonzero(np.array(p_values) <= level) <= high, (level, np.sum(np.array(p_values) <= level))
    assert any_found <= binom.ppf(0.9995, 400, 0.05), any_found


def test_with_unequal_variances_the_size_holds_on_average_only():
    """Features with small errors are rejected less often, those with large errors more often."""
    small, drawn = 0, 0
    for seed in np.random.SeedSequence(SEED).spawn(400):
        random = np.random.default_rng(seed)
        found = sam(random.normal(size=(14, 50)) * np.linspace(0.1, 3, 50), np.repeat([0, 1], [9, 5]), n_permutations=99)
        small += found.p_values[0] <= 0.05
        drawn += found.p_values[random.integers(50)] <= 0.05
    low, high = binom.ppf([0.0005, 0.9995], 400, 0.05)
    assert low <= drawn <= high
    assert small < low


def test_share_of_false_findings_is_what_the_q_values_say():
    shares = []
    for seed in np.random.SeedSequence(SEED).spawn(100):
        values = np.random.default_rng(seed).normal(size=(20, 300))
        values[10:, :60] += 2
        found = sam(values, np.repeat([0, 1], 10), n_permutations=100).q_values <= 0.1
        shares.append(found[60:].sum() / max(found.sum(), 1))
    assert np.mean(shares) - 0.1 < 3.29 * np.std(shares) / 10


def refused(error, code, message, values=None, groups="AABB", **settings):
    given = np.random.default_rng(0).normal(size=(4, 3)) if values is None else values
    with pytest.raises(error, match=message) as caught:
        sam(given, None if groups is None else list(groups), **settings)
    assert caught.value.code == code


def test_every_check_fires():
    refused(RecipeError, "RT103", "kind is 'paired'", kind="paired")
    refused(RecipeError, "RT103", "n_permutations is 5", n_permutations=5)
    refused(RecipeError, "RT103", "seed is -1", seed=-1)
    refused(RecipeError, "RT103", "s0 is -1", s0=-1)
    refused(RecipeError, "RT103", "s0 is 'none'", s0="none")
    refused(RecipeError, "RT103", "groups are not None for kind 'one-class'", kind="one-class")
    refused(RecipeError, "RT103", "groups are None for kind 'two-class'", groups=None)
    refused(ComputeError, "RT305", "3 labels", groups="AABC")
    refused(ComputeError, "RT301", "3 and 1 cases", groups="AAAB")
    refused(ComputeError, "RT301", "there are 3 cases", values=np.eye(3), groups="AAB")
    refused(ComputeError, "RT305", "lengths differ", groups="AAABB")
    refused(ComputeError, "RT305", "groups are constant", groups=[1, 1, 1, 1], kind="quantitative")
    refused(ComputeError, "RT305", "infinite", values=np.full((4, 2), np.inf))
    refused(ComputeError, "RT305", "no feature can be tested", values=np.ones((4, 2)))
    exact_fit = np.array([[0.0, 1], [0, 2], [1, 3], [1, 5]])
    refused(ComputeError, "RT305", "has no error and s0 is 0", values=exact_fit, s0=0)


def test_features_that_cannot_be_tested_have_a_reason():
    values, groups = table()
    plain = sam(values, groups)
    odd = pd.DataFrame(values).assign(constant=1.0, hole=[np.nan, *range(9)], missing=np.nan)
    found = sam(odd, groups)
    assert found.n_tests == 40
    assert set(found.reasons) == {"constant", "hole", "missing"}
    frame = found.to_frame()
    assert frame.loc[list(found.reasons)].drop(columns="reason").isna().all(axis=None)
    np.testing.assert_array_equal(found.q_values[:40], plain.q_values)
    assert np.all(found.directions(delta=0.5)[40:] == 0)
    with pytest.raises(ValueError, match="read-only"):
        found.d[0] = 0
