"""Invariances, edges and refusals of the intraclass correlation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import icc

FORMS = [("one-way", "agreement"), ("two-way", "agreement"), ("two-way", "consistency")]


@pytest.fixture
def ratings():
    random = np.random.default_rng(np.random.SeedSequence(6))
    return random.normal(size=(12, 1)) * 2 + random.normal([0, 1, 3], size=(12, 3))


@pytest.mark.parametrize(("model", "kind"), FORMS)
def test_unit_and_origin_do_not_matter(ratings, model, kind):
    found, other = (icc(one, model=model, kind=kind) for one in (ratings, 1e-6 * (ratings + 50)))
    assert (other.effect, other.lower, other.upper) == pytest.approx((found.effect, found.lower, found.upper), rel=1e-8)


def test_a_rater_who_reads_higher_lowers_agreement_but_not_consistency(ratings):
    shifted = ratings + np.array([0, 0, 10])
    assert icc(shifted).effect < icc(ratings).effect
    kind = "consistency"
    assert icc(shifted, kind=kind).effect == pytest.approx(icc(ratings, kind=kind).effect, rel=1e-9)


@pytest.mark.parametrize(("model", "kind"), FORMS)
def test_the_average_is_the_single_reading_stepped_up(ratings, model, kind):
    single, average = (icc(ratings, model=model, kind=kind, unit=unit) for unit in ("single", "average"))
    assert average.effect == pytest.approx(3 * single.effect / (1 + 2 * single.effect))
    assert single.lower < single.effect < average.effect < average.upper
    assert (single.measure[-2:], average.measure[-2:]) == ("1)", "3)")


@pytest.mark.parametrize(("model", "kind"), FORMS)
def test_equal_readings_agree_perfectly(model, kind):
    found = icc(np.repeat(np.array([[0.1], [0.7], [1.3]]), 3, axis=1), model=model, kind=kind)
    assert (found.effect, found.lower, found.upper, found.f, found.p_value) == (1, 1, 1, float("inf"), 0)


def test_a_constant_offset_between_readings_is_no_error_of_consistency():
    ratings = np.array([[1.0, 3.0], [2.0, 4.0], [5.0, 7.0]])
    assert icc(ratings, kind="consistency").effect == 1
    found = icc(ratings)
    assert 0 < found.effect < 1
    assert found.lower < found.effect < found.upper


def test_subjects_alike_but_readings_different_have_a_negative_value():
    found = icc([[1, 2], [2, 1], [1, 2], [2, 1]], unit="average")
    assert found.effect == float("-inf")
    assert icc([[1, 2], [2, 1], [1, 2], [2, 1]], kind="consistency").effect == pytest.approx(-1)


@pytest.mark.parametrize(
    ("ratings", "match"),
    [
        ([[1, 2], [3, 5]], "RT301: there are 2 subjects and 2 readings; agreement needs three"),
        ([[1], [2], [3]], "RT301: there are 3 subjects and 1 readings"),
        ([[3, 3], [3, 3], [3, 3]], "RT305: the subjects do not differ"),
        ([[0.1, 0.3], [0.1, 0.3], [0.1, 0.3]], "RT305: the subjects do not differ"),
        ([[1, np.nan], [2, 3], [3, 4]], "RT305.*missing"),
        ([1, 2, 3], "RT305: X has shape"),
    ],
)
def test_ratings_without_agreement_are_refused(ratings, match):
    with pytest.raises(ComputeError, match=match):
        icc(ratings)


def test_options_that_do_not_exist_are_refused(ratings):
    for options in ({"model": "mixed"}, {"kind": "absolute"}, {"unit": "mean"}, {"model": "one-way", "kind": "consistency"}):
        with pytest.raises(RecipeError, match="RT103"):
            icc(pd.DataFrame(ratings), **options)
