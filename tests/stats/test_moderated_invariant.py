"""What must not change moderated tests, and how often they err where nothing is to be found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from radiotype.stats import moderated_tests

SEED = 20261121
N_TABLES = 400


def table(n=16, m=80, missing=0.0):
    random = np.random.default_rng(3)
    values = random.normal(size=(n, m)) * np.sqrt(4 / random.chisquare(4, m)) + random.normal(6, 2, m)
    values[random.random(values.shape) < missing] = np.nan
    design = pd.DataFrame({"A": np.repeat([1.0, 0], n // 2), "B": np.repeat([0, 1.0], n // 2), "age": random.normal(60, 9, n)})
    return values, design, {"B - A": {"B": 1, "A": -1}, "age": {"age": 1}}


@pytest.mark.parametrize("missing", [0.0, 0.05])
@pytest.mark.parametrize("settings", [{}, {"robust": True}, {"trend": True, "robust": True}], ids=str)
def test_unit_order_and_coding_do_not_matter(missing, settings):
    values, design, contrasts = table(missing=missing)
    found = moderated_tests(values, design, contrasts, **settings)

    scaled = moderated_tests(values * 1000, design, contrasts, **settings)
    np.testing.assert_allclose(scaled.effects, 1000 * found.effects, rtol=1e-9)
    np.testing.assert_allclose(scaled.p_values, found.p_values, rtol=1e-7)
    np.testing.assert_allclose(scaled.prior_df, found.prior_df, rtol=1e-7)

    cases, features = np.random.default_rng(1).permutation(16), np.random.default_rng(2).permutation(80)
    moved = moderated_tests(values[cases][:, features], design.iloc[cases].reset_index(drop=True), contrasts, **settings)
    np.testing.assert_allclose(moved.p_values, found.p_values[features], rtol=1e-7)
    np.testing.assert_allclose(moved.log_odds, found.log_odds[features], rtol=1e-7)

    other = pd.DataFrame({"one": 1.0, "B": design["B"], "years": design["age"] - 60})
    recoded = moderated_tests(values, other, {"B - A": {"B": 1}, "age": {"years": 1}}, **settings)
    for name in ("effects", "t", "p_values", "f"):
        np.testing.assert_allclose(getattr(recoded, name), getattr(found, name), rtol=1e-7, atol=1e-12)


def test_shifted_features_and_swapped_groups():
    values, design, contrasts = table(missing=0.05)
    found = moderated_tests(values, design, contrasts)
    shifted = moderated_tests(values + np.arange(80) * 10, design, contrasts)
    np.testing.assert_allclose(shifted.t, found.t, rtol=1e-7)
    swapped = moderated_tests(values, design, {"A - B": {"A": 1, "B": -1}})
    np.testing.assert_allclose(swapped.t[:, 0], -found.t[:, 0], rtol=1e-9)
    np.testing.assert_allclose(swapped.lower[:, 0], -found.upper[:, 0], rtol=1e-9)


def test_equal_weights_are_none_and_a_weight_of_two_is_no_second_case():
    values, design, contrasts = table()
    found = moderated_tests(values, design, contrasts)
    for weights in (np.full(16, 3.0), np.full(values.shape, 3.0)):
        weighted = moderated_tests(values, design, contrasts, weights=weights)
        np.testing.assert_allclose(weighted.t, found.t, rtol=1e-9)
        np.testing.assert_allclose(weighted.residual_df, found.residual_df)
    case = np.linspace(1, 2, 16)
    one, single = (
        moderated_tests(values, design, contrasts, weights=weights)
        for weights in (case, np.broadcast_to(case[:, None], values.shape))
    )
    np.testing.assert_allclose(single.t, one.t, rtol=1e-9)
    np.testing.assert_allclose(single.f, one.f, rtol=1e-9)


def test_a_redundant_contrast_changes_no_overall_test():
    values, design, contrasts = table(missing=0.05)
    found = moderated_tests(values, design, contrasts)
    more = moderated_tests(values, design, contrasts | {"both": {"B": 1, "A": -1, "age": 2}})
    assert more.f_df == found.f_df == 2
    np.testing.assert_allclose(more.f, found.f, rtol=1e-8)
    one = moderated_tests(values, design, {"age": {"age": 1}})
    np.testing.assert_allclose(one.f, one.t[:, 0] ** 2, rtol=1e-9)
    np.testing.assert_allclose(one.f_p_values, one.p_values[:, 0], rtol=1e-9)


def test_a_least_change_makes_p_values_larger_and_is_continuous_at_zero():
    values, design, contrasts = table()
    none, hardly, some = (moderated_tests(values, design, contrasts, least_change=least) for least in (0.0, 1e-9, 0.3))
    np.testing.assert_allclose(hardly.p_values, none.p_values, rtol=1e-6)
    assert np.all(some.p_values[:, 0] > none.p_values[:, 0])


NULL = {
    "plain": {},
    "trend": {"trend": True},
    "robust": {"robust": True},
    "missing values": {"missing": 0.1},
    "weights": {"weights": True},
}


@pytest.mark.parametrize("name", NULL)
def test_size_lies_in_the_band(name):
    """One feature of each of 400 tables without effects; the seed was fixed before the first run."""
    settings = dict(NULL[name])
    missing, weighted = settings.pop("missing", 0.0), settings.pop("weights", False)
    p_values, f_p_values, any_found = [], [], 0
    for seed in np.random.SeedSequence(SEED).spawn(N_TABLES):
        random = np.random.default_rng(seed)
        weights = random.gamma(4, size=14) if weighted else np.ones(14)
        values = random.normal(size=(14, 60)) * np.sqrt(4 / random.chisquare(4, 60)) / np.sqrt(weights)[:, None]
        values[random.random(values.shape) < missing] = np.nan
        design = np.c_[np.ones(14), np.repeat([0, 1], 7), random.normal(size=14)]
        contrasts = {"group": {"x2": 1}, "number": {"x3": 1}}
        found = moderated_tests(values, design, contrasts, weights=weights if weighted else None, **settings)
        p_values.append(found.p_values[0, 0])
        f_p_values.append(found.f_p_values[0])
        any_found += bool(np.any(found.q_values[:, 0] <= 0.05))
    for level in (0.05, 0.2, 0.5):
        low, high = binom.ppf([0.0005, 0.9995], N_TABLES, level)
        for p in (p_values, f_p_values):
            assert low <= np.count_nonzero(np.array(p) <= level) <= high, (level, np.count_nonzero(np.array(p) <= level))
    assert any_found <= binom.ppf(0.9995, N_TABLES, 0.05)
