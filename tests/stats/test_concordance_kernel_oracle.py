"""Counted pairs against their definition, one pair at a time, and the kernel against itself at every SIMD level."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.stats import concordance
from radiotype.stats.concordance import count_pairs


def plain_pairs(time, event, score, strata, weight):
    """Sums over the pairs in which `i` fails while `j` is still at risk, or is censored at that very time."""
    totals, excess, comparable = np.zeros(3), np.zeros(time.size), np.zeros(time.size)
    for i in np.flatnonzero(event):
        for j in np.flatnonzero(strata == strata[i]):
            if not (time[j] > time[i] or (time[j] == time[i] and not event[j])):
                continue
            sign = int(score[i] > score[j]) - int(score[i] < score[j])
            totals[{1: 0, -1: 1, 0: 2}[sign]] += weight[i]
            for case in (i, j):
                excess[case] += sign * weight[i]
                comparable[case] += weight[i]
    return totals, excess, comparable


def example(seed, n, n_strata):
    random = np.random.default_rng(np.random.SeedSequence(seed))
    time, event = np.floor(random.exponential(9, n)), random.random(n) < 0.6
    return time, event, random.normal(size=n).round(1), random.integers(0, n_strata, n), random.uniform(0.2, 3, n)


CASES = pytest.mark.parametrize(("n", "n_strata"), [(1, 1), (2, 1), (64, 1), (90, 4), (70, 40)])


@CASES
def test_whole_counts_equal_the_definition_exactly(n, n_strata):
    time, event, score, strata, _ = example(n, n, n_strata)
    found = count_pairs(time, event, score, strata)
    totals, excess, comparable = plain_pairs(time, event, score, strata, np.ones(n))
    assert [found.concordant, found.discordant, found.tied] == totals.tolist()
    assert found.excess.tolist() == excess.tolist()
    assert found.comparable.tolist() == comparable.tolist()


@CASES
def test_weighted_sums_equal_the_definition(n, n_strata):
    time, event, score, strata, weight = example(n + 1, n, n_strata)
    found = count_pairs(time, event, score, strata, weight)
    totals, excess, comparable = plain_pairs(time, event, score, strata, weight)
    np.testing.assert_allclose([found.concordant, found.discordant, found.tied], totals, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(found.excess, excess, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(found.comparable, comparable, rtol=1e-12, atol=1e-11)


def test_events_at_one_time_count_where_their_risk_differs():
    time, event, score, strata, _ = example(5, 80, 2)
    expected = sum(
        event[i] and event[j] and time[i] == time[j] and strata[i] == strata[j] and score[i] != score[j]
        for i in range(80)
        for j in range(i)
    )
    assert expected > 5
    assert concordance(time, event, score, strata=strata).tied_time == expected


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.stats.concordance import count_pairs
digest = hashlib.sha256()
for n, strata in ((40, 1), (333, 3), (2000, 9)):
    random = np.random.default_rng(n)
    time, event = np.ceil(random.exponential(30, n)), random.random(n) < 0.5
    found = count_pairs(time, event, random.normal(size=n).round(1), random.integers(0, strata, n), random.random(n))
    digest.update(found.excess.tobytes() + found.comparable.tobytes() + np.float64(found.index).tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)
