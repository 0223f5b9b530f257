"""Direction, invariance and refusals of the association tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import cramers_v, kruskal_wallis, spearman, wilcoxon


@pytest.fixture
def grouped():
    random = np.random.default_rng(np.random.SeedSequence(3))
    return random.normal(size=30) + np.repeat([0, 1], 15), np.repeat(["low", "up"], 15)


def test_only_the_order_of_numbers_counts(grouped):
    values, group = grouped
    for test in (wilcoxon, kruskal_wallis):
        assert test(np.exp(values), group).effect == pytest.approx(test(values, group).effect, rel=1e-12)
    other = np.cos(np.arange(30))
    assert spearman(np.exp(values), -other).effect == pytest.approx(-spearman(values, other).effect, rel=1e-12)


def test_the_second_group_is_compared_to_the_first(grouped):
    values, group = grouped
    found = wilcoxon(values, group)
    assert found.effect > 0.5
    assert found.levels == ("low", "up")
    turned = wilcoxon(values, pd.Categorical(group, categories=["up", "low"]))
    assert (turned.effect, turned.lower, turned.upper) == pytest.approx((1 - found.effect, 1 - found.upper, 1 - found.lower))
    assert turned.p_value == pytest.approx(found.p_value, rel=1e-12)


def test_cramers_v_does_not_depend_on_side_or_on_the_names_of_labels():
    one, other = np.arange(40) % 3, np.arange(40) % 7 // 2
    found = cramers_v(one, other)
    for effect in (cramers_v(other, one).effect, cramers_v(np.array(list("zya"))[one], other).effect):
        assert effect == pytest.approx(found.effect, rel=1e-12)
    assert cramers_v(one, one).effect == pytest.approx(1)
    assert found.lower <= found.effect <= found.upper


def test_interval_holds_the_effect_even_where_nothing_is_associated():
    one, other = np.repeat([0, 1], 20), np.tile([0, 1], 20)
    found = cramers_v(one, other)
    assert found.effect == 0
    assert found.lower == 0
    assert 0.1 < found.upper < 0.6
    same = kruskal_wallis(np.tile([1.0, 2.0], 20), one)
    assert same.lower == 0 < same.upper


def test_groups_that_do_not_overlap_have_no_interval():
    found = wilcoxon([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1])
    assert found.effect == 1
    assert np.isnan(found.lower)
    assert np.isnan(found.upper)
    assert found.p_value == pytest.approx(0.1)


def test_a_single_case_in_a_group_has_no_interval():
    assert np.isnan(wilcoxon([1, 2, 3, 4], [0, 1, 0, 0]).lower)


def test_ties_turn_the_exact_test_off():
    assert wilcoxon([1, 2, 3, 4], [0, 1, 0, 1]).method == "exact"
    assert wilcoxon([1, 2, 2, 4], [0, 1, 0, 1]).method == "normal"


def test_a_finding_alone_is_not_corrected(grouped):
    found = wilcoxon(*grouped)
    assert (found.q_value, found.correction) == (found.p_value, "none")


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: wilcoxon([1, 2, 3], [0, 0, 0]), "RT305: group holds one label only"),
        (lambda: wilcoxon([1, 2, 3], [0, 1, 2]), r"RT305: group holds 3 labels[\s\S]*kruskal_wallis"),
        (lambda: wilcoxon([1, 1, 1], [0, 1, 0]), "RT305: values is constant"),
        (lambda: kruskal_wallis([2, 2, 2], [0, 1, 0]), "RT305: values is constant"),
        (lambda: kruskal_wallis([1, 2, np.nan], [0, 1, 0]), "RT305: values has 1 missing"),
        (lambda: kruskal_wallis([1, 2], [0, 1, 0]), "RT305: the lengths differ"),
        (lambda: cramers_v([0, 0, 0], [0, 1, 0]), "RT305: one holds one label only, 0"),
        (lambda: cramers_v(np.arange(600) % 5, np.arange(600) % 7, method="fisher"), "RT305: a table of 600 cases"),
        (lambda: spearman([1, 2, 3], [1, 3, 2]), "RT301: there are 3 cases"),
        (lambda: spearman([1, 2, 3, 4], [5, 5, 5, 5]), "RT305: y is constant"),
        (lambda: spearman([], []), "RT301: there are no cases"),
    ],
)
def test_what_cannot_be_tested_is_refused(call, match):
    with pytest.raises(ComputeError, match=match):
        call()


def test_unknown_options_are_refused():
    with pytest.raises(RecipeError, match=r"RT103.*method"):
        cramers_v([0, 1], [0, 1], method="g")
    with pytest.raises(RecipeError, match=r"RT103.*confidence"):
        spearman([1, 2, 3, 4], [1, 2, 4, 3], confidence=95)


@pytest.mark.parametrize("n", [9, 10, 200])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_rank_correlation_has_a_p_value_and_no_interval(n, sign):
    found = spearman(np.arange(n), sign * np.arange(n) ** 3)
    assert found.effect == sign
    assert 0 <= found.p_value < 1e-4
    assert np.isnan(found.lower)
