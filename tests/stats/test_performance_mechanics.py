"""Direction, edges and refusals of ROC areas and confusion tables."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.errors import ComputeError
from radiotype.stats import confusion, roc_area, roc_area_difference


@pytest.fixture
def scored():
    random = np.random.default_rng(np.random.SeedSequence(8))
    truth = np.repeat([0, 1], [30, 20])
    return truth, random.normal(size=50) + truth, random.normal(size=50).round(1) + truth


def test_turning_truth_or_score_mirrors_the_area(scored):
    truth, score, _ = scored
    found = roc_area(truth, score)
    for other in (roc_area(1 - truth, score), roc_area(truth, -score)):
        assert (other.effect, other.lower, other.upper) == pytest.approx((1 - found.effect, 1 - found.upper, 1 - found.lower))
    assert roc_area(truth.astype(bool), np.exp(score)).effect == found.effect


def test_swapping_the_scores_turns_the_difference(scored):
    truth, score, other = scored
    found, swapped = roc_area_difference(truth, score, other), roc_area_difference(truth, other, score)
    assert (found.effect, found.lower, found.p_value) == pytest.approx((-swapped.effect, -swapped.upper, swapped.p_value))


def test_a_perfect_score_has_an_area_but_no_interval():
    found = roc_area([0, 0, 0, 1, 1, 1], [1, 2, 3, 4, 5, 6])
    assert found.effect == 1
    assert np.isnan(found.lower)
    assert found.p_value == pytest.approx(0.1)


def test_one_positive_case_has_an_area_but_no_interval():
    found = roc_area([0, 0, 0, 1], [1, 2, 4, 3])
    assert found.effect == pytest.approx(2 / 3)
    assert np.isnan(found.standard_error)
    assert np.isnan(found.upper)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: roc_area([1, 1, 1], [1, 2, 3]), "RT305: truth is 1 in every case"),
        (lambda: roc_area([0, 1, 2], [1, 2, 3]), r"RT305: truth holds 2; expected 0 \(negative\) and 1 \(positive\)"),
        (lambda: roc_area([0, 1, 1], [2, 2, 2]), "RT305: score is constant"),
        (lambda: roc_area([0, 1, 1], [2, np.nan, 2]), "RT305: score has 1 missing"),
        (lambda: roc_area_difference([0, 1, 0, 1], [1, 3, 2, 4], [2, 6, 4, 8]), "RT305: the two scores order the cases alike"),
        (lambda: roc_area_difference([0, 0, 1], [1, 2, 3], [3, 2, 1]), "RT301: there are 1 positive and 2 negative"),
        (lambda: confusion([0, 0, 0], [0, 1, 0]), "RT305: truth is 0 in every case"),
        (lambda: confusion([0, 1, 0], [1, 1, 1]), "RT305: call is 1 in every case"),
        (lambda: confusion([0, 1], [1, 0, 1]), "RT305: the lengths differ"),
    ],
)
def test_what_has_no_number_is_refused(call, match):
    with pytest.raises(ComputeError, match=match):
        call()
