"""p-values are uniform where there is nothing, and depend on the ranking, the set and the seed alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from radiotype.genomics import gsea

NAMES = [f"g{at}" for at in range(300)]


def bytes_of(found):
    arrays = (found.enrichment, found.normalised, found.p_values, found.q_values, found.log2_error, found.at_limit)
    return b"".join(array.tobytes() for array in arrays)


@pytest.fixture
def case():
    random = np.random.default_rng(4)
    ranking = pd.Series(random.normal(size=300), index=NAMES)
    ranking.iloc[:25] += 2.5
    sets = {f"s{at}": random.choice(NAMES, 10 + at % 3, replace=False).tolist() for at in range(12)}
    return ranking, sets | {"high": NAMES[:12], "higher": NAMES[:25]}


@pytest.mark.parametrize("n_random", [100, 1000])  # with few of them, level splitting begins at a larger p
def test_p_values_of_random_rankings_are_uniform(n_random):
    random, members = np.random.default_rng(11), {"s": NAMES[:15]}
    p_values = []
    for seed in range(1000):
        ranking = pd.Series(random.normal(size=300) ** 3, index=NAMES)
        p_values.append(gsea(ranking, members, seed=seed, n_random=n_random, n_jobs=1).p_values[0])
    for level in (0.01, 0.05, 0.2, 0.5, 0.8):
        below = np.count_nonzero(np.array(p_values) <= level)
        low, high = binom.interval(0.999, len(p_values), level)
        assert low <= below <= high, (level, below)


@pytest.mark.parametrize("n_jobs", [1, 2, 5, None])
def test_every_number_of_threads_gives_the_same_bytes(case, n_jobs):
    assert bytes_of(gsea(*case, n_jobs=n_jobs)) == bytes_of(gsea(*case, n_jobs=3))


def test_the_seed_decides(case):
    assert bytes_of(gsea(*case, seed=5)) == bytes_of(gsea(*case, seed=5)) != bytes_of(gsea(*case, seed=6))


def test_a_p_value_does_not_depend_on_the_other_sets(case):
    ranking, sets = case
    together = gsea(ranking, sets).to_frame()
    for name in ("s0", "high", "higher"):
        alone = gsea(ranking, {name: sets[name]}).to_frame().loc[name]
        assert (
            alone[["p_value", "normalised", "log2_error"]].tolist()
            == together.loc[name, ["p_value", "normalised", "log2_error"]].tolist()
        )


def test_a_ranking_turned_round_changes_the_sign_alone(case):
    ranking, sets = case
    found, turned = gsea(ranking, sets), gsea(-ranking, sets)
    np.testing.assert_allclose(turned.enrichment, -found.enrichment, atol=1e-14)
    assert turned.leading_edge == found.leading_edge
    apart = np.log2(turned.p_values / found.p_values) / np.hypot(turned.log2_error, found.log2_error)
    assert np.abs(apart).max() < 3.5


def test_scale_and_order_of_the_ranking_do_not_count(case):
    ranking, sets = case
    mixed = ranking.sample(frac=1, random_state=1)
    assert bytes_of(gsea(mixed, sets)) == bytes_of(gsea(ranking, sets)) == bytes_of(gsea(ranking * 2.0**900, sets))
    assert bytes_of(gsea(dict(ranking), sets)) == bytes_of(gsea(ranking, sets))
