"""Curves of a consensus matrix against counts by hand, NumPy's histogram and the rule of the published design."""

from fractions import Fraction
from math import ceil

import numpy as np
import pytest

from radiotype.subtypes.stability import ambiguous_pairs, cdf_area, consensus_cdf, largest_growing_k, relative_change


def from_pairs(pairs, n):
    square = np.eye(n)
    square[np.triu_indices(n, 1)] = pairs
    return np.maximum(square, square.T)


def test_every_fraction_of_small_counts_falls_into_its_exact_bin():
    fractions = [Fraction(a, b) for b in range(1, 46) for a in range(b + 1)]
    n = 46
    pairs = fractions[: n * (n - 1) // 2]
    assert len(pairs) == n * (n - 1) // 2
    bins = [max(ceil(100 * pair), 1) for pair in pairs]  # right-closed, 0 in the first
    expected = np.cumsum(np.bincount(bins, minlength=101)[1:]) / len(pairs)
    np.testing.assert_array_equal(consensus_cdf(from_pairs([float(pair) for pair in pairs], n)), expected)


def test_area_and_pac_by_hand():
    cdf = consensus_cdf(from_pairs([0.0, 0.0, 0.1, 0.5, 0.9, 1.0], 4))
    # 0.01-0.09: 2 of 6; 0.10-0.49: 3; 0.50-0.89: 4; 0.90-0.99: 5; 1: 6
    assert cdf_area(cdf) == pytest.approx((9 * 2 + 40 * 3 + 40 * 4 + 10 * 5 + 6) / 600, rel=1e-15)
    assert ambiguous_pairs(cdf) == pytest.approx(2 / 6, rel=1e-15)  # 0.5 and 0.9
    assert ambiguous_pairs(cdf, 0.05, 0.95) == pytest.approx(3 / 6, rel=1e-15)


def test_a_perfect_consensus_is_not_ambiguous():
    labels = np.array([0, 0, 0, 1, 1, 1])
    cdf = consensus_cdf((labels[:, None] == labels).astype(float))
    assert ambiguous_pairs(cdf) == 0
    assert cdf_area(cdf) == pytest.approx((99 * 9 / 15 + 1) / 100, rel=1e-15)  # 9 of 15 pairs apart


def test_the_change_is_relative_to_the_area_before():
    change = relative_change({4: 0.6, 2: 0.4, 3: 0.5})
    assert change == {2: 0.4, 3: pytest.approx(0.25), 4: pytest.approx(0.2)}


@pytest.mark.parametrize(("areas", "expected"), [({2: 0.0, 3: 0.2}, 1.0), ({2: 0.0, 3: 0.0}, 0.0)])
def test_an_area_of_zero_before_is_no_division(areas, expected):
    assert relative_change(areas)[3] == expected


@pytest.mark.parametrize(
    ("change", "chosen"),
    [
        ({2: 0.5, 3: 0.3, 4: 0.14, 5: 0.05, 6: 0.04}, 4),
        ({2: 0.5, 3: 0.05, 4: 0.10, 5: 0.09}, 4),  # exactly 10 % counts, a gap before does not matter
        ({2: 0.5, 3: 0.09}, 2),
        ({2: 0.5}, 2),
        ({3: 0.05, 4: 0.01}, 3),
    ],
)
def test_the_largest_k_that_still_grew(change, chosen):
    assert largest_growing_k(change) == chosen


def test_a_small_subtype_adds_too_little_area_for_the_rule():
    """Perfectly stable groups of 40, 30, 20 and 10 of 100 cases: the fourth adds 6 % of area, so the rule stops at three."""

    def area(*sizes):
        return 1 - sum(size * (size - 1) for size in sizes) / (100 * 99)

    change = relative_change({2: area(40, 60), 3: area(40, 30, 30), 4: area(40, 30, 20, 10)})
    assert change[4] == pytest.approx(0.0606, abs=5e-5)
    assert largest_growing_k(change) == 3
