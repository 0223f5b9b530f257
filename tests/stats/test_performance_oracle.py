"""ROC areas and proportions against R (pROC 1.18.0, binom.test) and counting."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats import confusion, roc_area, roc_area_difference


@pytest.fixture
def scored():
    """40 cases by formula, with ties; the comments below hold what R made of them."""
    i = np.arange(1, 41)
    truth = (i * 7 % 5 < 2).astype(int)
    return truth, np.round(np.sin(i * 1.7) + 0.8 * truth, 2), np.round(np.cos(i * 2.3) + 0.3 * truth, 1)


def test_area_and_interval_are_those_of_r(scored):
    truth, score, _ = scored
    found = roc_area(truth, score)
    assert [found.lower, found.effect, found.upper] == pytest.approx(
        [0.62874488054454969, 0.77604166666666663, 0.92333845278878357], rel=1e-13
    )  # ci.auc
    assert found.p_value == pytest.approx(0.0035808378618781074, rel=1e-12)  # wilcox.test
    assert (found.n, found.n_positive, found.n_negative, found.method) == (40, 16, 24, "normal")


def test_difference_of_two_areas_is_that_of_r(scored):
    found = roc_area_difference(*scored)
    assert found.effect / found.standard_error == pytest.approx(0.48069260532963176, rel=1e-12)  # roc.test, method delong
    assert found.p_value == pytest.approx(0.63073498747840095, rel=1e-12)
    assert found.areas == pytest.approx((0.77604166666666663, 0.72135416666666663), rel=1e-13)
    assert (found.lower, found.upper) == pytest.approx((-0.16829394222757996, 0.27766894222757998), rel=1e-12)


def test_area_counts_pairs(scored):
    truth, score, _ = scored
    gap = score[truth == 1][:, None] - score[truth == 0]
    assert roc_area(truth, score).effect == pytest.approx(np.mean((gap > 0) + 0.5 * (gap == 0)), rel=1e-13)


def test_proportions_have_the_intervals_of_r():
    truth = [1] * 9 + [0] * 9
    found = confusion(truth, [1] * 7 + [0] * 2 + [0] * 9)
    assert [found.sensitivity.lower, found.sensitivity.upper] == pytest.approx(
        [0.39990642628368789, 0.97185502652210176], rel=1e-12
    )
    assert [found.specificity.lower, found.specificity.upper] == pytest.approx([0.66373288312005707, 1.0], rel=1e-12)


def test_confusion_by_hand():
    found = confusion([1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0, 0])
    assert (found.true_positive, found.false_negative, found.false_positive, found.true_negative) == (2, 1, 1, 4)
    values = [found.sensitivity, found.specificity, found.positive_predictive_value, found.negative_predictive_value]
    assert [(one.count, one.n) for one in values] == [(2, 3), (4, 5), (2, 3), (4, 5)]
    assert [one.value for one in values] == pytest.approx([2 / 3, 4 / 5, 2 / 3, 4 / 5])
    assert found.effect == found.accuracy.value == 6 / 8
    assert found.p_value == pytest.approx((10 + 15 + 1) / 56)  # of the tables 0 to 3, weights 10 30 15 1
