"""Preranked enrichment against fgsea 1.31, against every possible set, and against the walk of the paper."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from plain_enrichment import largest_deviation, running_sum

from radiotype import genomics, stats
from radiotype.genomics import gsea


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "gsea_prerank"
    ranking = pd.read_csv(folder / "ranks.csv", dtype={"gene": str}).set_index("gene")["stat"]
    sets, edges = (json.loads((folder / f"{name}.json").read_text()) for name in ("pathways", "leading_edge_p1"))
    expected = pd.read_csv(folder / "fgsea.csv").set_index("pathway")
    return ranking, sets, expected.loc[list(sets)], {name: edge.split(";") for name, edge in edges.items()}


@pytest.mark.parametrize("weight", [0, 1, 2])
def test_scores_are_those_of_fgsea(golden, weight):
    ranking, sets, expected, _ = golden
    found = gsea(ranking, sets, weight=weight, n_random=100, least_p=1e-3)
    assert found.sets == tuple(sets) and not found.left_out
    np.testing.assert_allclose(found.enrichment, expected[f"ES_p{weight}"], rtol=0, atol=1e-14)
    assert [found.n_found[name] for name in sets] == expected["size"].tolist()


def test_leading_edges_are_those_of_fgsea(golden):
    ranking, sets, _, edges = golden
    found = gsea(ranking, sets, n_random=100, least_p=1e-3)
    assert {name: list(edge) for name, edge in found.leading_edge.items()} == edges


def test_p_values_agree_with_fgsea_within_their_errors(golden):
    ranking, sets, expected, _ = golden
    found = gsea(ranking, sets, seed=1)
    apart = np.log2(found.p_values / expected["ml_pval"]) / np.hypot(found.log2_error, expected["ml_log2err"])
    assert np.abs(apart).max() < 3.5  # 40 sets: beyond once in 50 seeds
    # 100,000 permutations of R: where 20 of them are as extreme, their error is below that of level splitting
    counted = expected[expected["simple_pval"] > 20 / 5e4]
    apart = np.log2(pd.Series(found.p_values, found.sets)[counted.index] / counted["simple_pval"])
    error = np.hypot(
        pd.Series(found.log2_error, found.sets)[counted.index], np.sqrt(1 / (counted["simple_pval"] * 5e4)) / np.log(2)
    )
    assert np.abs(apart / error).max() < 3.5
    assert found.p_values.min() < 1e-11 and found.p_values.min() > 0


def test_normalised_scores_agree_with_fgsea(golden):
    ranking, sets, expected, _ = golden
    found = gsea(ranking, sets, seed=2)
    # the mean of some 500 random sets of one sign, whose scores have a coefficient of variation of about 0.3
    np.testing.assert_allclose(found.normalised, expected["simple_NES"], rtol=4 * 0.35 / np.sqrt(450))
    np.testing.assert_allclose(found.q_values, stats.adjust_p_values(found.p_values))


@pytest.fixture(scope="module")
def every_set():
    """All 27,405 sets of 4 in a ranking of 30, with their scores."""
    values = np.sort(np.random.default_rng(3).normal(size=30) * 2)[::-1]
    sets = list(combinations(range(30), 4))
    return values, sets, np.array([largest_deviation(values, one) for one in sets])


@pytest.mark.parametrize("place", [0, 3, 20, 100, 1000, -1, -4, -200])
def test_p_values_are_those_of_counting_every_set(every_set, place):
    values, sets, scores = every_set
    chosen = np.argsort(-scores)[place]
    same_sign = scores[scores * scores[chosen] > 0]
    exact = np.mean(np.abs(same_sign) >= abs(scores[chosen]) - 1e-12)
    ranking = pd.Series(values, index=[f"g{at}" for at in range(30)])
    members = {"s": [f"g{at}" for at in sets[chosen]]}
    found = [gsea(ranking, members, least_members=4, seed=seed, n_random=200, n_jobs=1) for seed in range(30)]
    logs, errors = np.log2([one.p_values[0] for one in found]), np.array([one.log2_error[0] for one in found])
    assert found[0].enrichment[0] == pytest.approx(scores[chosen], abs=1e-14)
    assert abs(logs.mean() - np.log2(exact)) < 3.5 * errors.mean() / np.sqrt(30) + 0.05
    assert 0.6 < logs.std(ddof=1) / errors.mean() < 1.5  # the error that is claimed is the one that is made
    expected = abs(scores[chosen]) / np.abs(same_sign).mean()
    assert np.mean([abs(one.normalised[0]) for one in found]) == pytest.approx(expected, rel=0.03)


def test_the_most_extreme_of_all_sets_ends_and_has_a_small_p():
    ranking = pd.Series(np.arange(60.0, -60, -1), index=[f"g{at}" for at in range(120)])
    found = gsea(ranking, {"top": [f"g{at}" for at in range(8)], "bottom": [f"g{at}" for at in range(112, 120)]})
    assert found.enrichment.tolist() == [1.0, -1.0]
    # one set of 120! / (8! 112!), half of which score above 0
    exact = np.log2(2 / 840_261_910_995)
    assert np.all(np.abs(np.log2(found.p_values) - exact) < 4 * found.log2_error + 0.5)


@pytest.mark.parametrize("weight", [0, 1, 1.5])
def test_running_sums_are_those_of_the_walk(weight):
    random = np.random.default_rng(5)
    values = np.sort(random.normal(size=97))[::-1].round(1)
    members = np.sort(random.choice(97, 12, replace=False))
    ranking = {f"g{at}": value for at, value in enumerate(values)}
    curve = genomics.running_sum(ranking, [f"g{at}" for at in members], weight=weight)
    np.testing.assert_allclose(curve.running_sum, running_sum(values, members, weight), atol=1e-14)
    assert curve.places.tolist() == members.tolist() and curve.values.tolist() == values.tolist()
    found = gsea(ranking, {"s": [f"g{at}" for at in members]}, weight=weight, n_random=100)
    assert found.enrichment[0] == curve.enrichment == pytest.approx(largest_deviation(values, members, weight), abs=1e-14)
    assert found.leading_edge["s"] == curve.leading_edge


def test_members_without_weight_count_alike():
    ranking = pd.Series([3.0, 2.0, 0.0, 0.0, 0.0, 0.0, -1.0, -2.0], index=list("abcdefgh"))
    curve = genomics.running_sum(ranking, ["c", "d"])
    np.testing.assert_allclose(curve.running_sum, np.array([-1, -2, 1, 4, 3, 2, 1, 0]) / 6, atol=1e-15)
    assert curve.enrichment == pytest.approx(4 / 6) and curve.leading_edge == ("c", "d")
