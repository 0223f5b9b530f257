"""Size of each test where nothing is to be found, and coverage of intervals that are exact.

The seed was fixed before the first run. A count of rejections at 0.05 must lie within the exact binomial band of 0.001; a
test that is conservative by construction (discrete, or an approximation from above) must not exceed it.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

from radiotype.stats import (
    adjust_p_values,
    confusion,
    cramers_v,
    icc,
    kruskal_wallis,
    maximal_cutpoint,
    roc_area,
    roc_area_difference,
    spearman,
    wilcoxon,
)

SEED = 20261121
REPLICATES = 1000


def band(probability, n=REPLICATES):
    return binom.ppf(0.0005, n, probability), binom.ppf(0.9995, n, probability)


def censored(random, n):
    """Survival that has nothing to do with anything, a third of it censored."""
    latent, end = random.exponential(10, n), random.uniform(5, 30, n)
    return np.ceil(np.minimum(latent, end)), latent <= end


def rejections(test, replicates=REPLICATES):
    randoms = (np.random.default_rng(seed) for seed in np.random.SeedSequence(SEED).spawn(replicates))
    p_values = np.array([test(random) for random in randoms])
    assert np.all((p_values >= 0) & (p_values <= 1))
    return int(np.count_nonzero(p_values <= 0.05))


CALIBRATED = {
    "cut-point, permutation": lambda r: (
        maximal_cutpoint(r.normal(size=60), *censored(r, 60), n_permutations=199, seed=7).p_value
    ),
    "Cramer's V": lambda r: cramers_v(r.integers(0, 3, 200), r.integers(0, 4, 200)).p_value,
    "Kruskal-Wallis": lambda r: kruskal_wallis(r.exponential(size=120), np.repeat([0, 1, 2], 40)).p_value,
    "Wilcoxon, exact": lambda r: wilcoxon(r.normal(size=60), np.repeat([0, 1], 30)).p_value,
    "Wilcoxon, normal": lambda r: wilcoxon(r.normal(size=150), np.repeat([0, 1], 75)).p_value,
    "Spearman": lambda r: spearman(r.normal(size=30), r.normal(size=30)).p_value,
    "ROC area": lambda r: roc_area(np.repeat([0, 1], [80, 40]), r.normal(size=120)).p_value,
    "two ROC areas": lambda r: roc_area_difference(np.repeat([0, 1], 150), r.normal(size=300), r.normal(size=300)).p_value,
    "ICC": lambda r: icc(r.normal([0, 1, 2], size=(40, 3))).p_value,
}

CONSERVATIVE = {
    "cut-point, Lausen 1992": lambda r: maximal_cutpoint(r.normal(size=80), *censored(r, 80), p_method="lausen-1992").p_value,
    "cut-point, Lausen 1994": lambda r: (
        maximal_cutpoint(r.integers(0, 8, 80), *censored(r, 80), p_method="lausen-1994").p_value
    ),
    "cut-point, permutation of ties": lambda r: (
        maximal_cutpoint(r.integers(0, 4, 40), *censored(r, 40), n_permutations=199, seed=7).p_value
    ),
    "Fisher": lambda r: cramers_v(r.integers(0, 2, 40), r.integers(0, 2, 40), method="fisher").p_value,
    "Yates": lambda r: cramers_v(r.integers(0, 2, 60), r.integers(0, 2, 60), method="yates").p_value,
    "confusion": lambda r: confusion(r.integers(0, 2, 40), r.integers(0, 2, 40)).p_value,
    "Spearman, exact": lambda r: spearman(r.normal(size=7), r.integers(0, 5, 7)).p_value,
}


@pytest.mark.parametrize("name", CALIBRATED)
def test_size_lies_in_the_band(name):
    low, high = band(0.05)
    assert low <= rejections(CALIBRATED[name]) <= high


@pytest.mark.parametrize("name", CONSERVATIVE)
def test_size_of_a_conservative_test_is_not_exceeded(name):
    assert 0 < rejections(CONSERVATIVE[name]) <= band(0.05)[1]


def test_the_plain_p_value_of_a_chosen_cut_is_far_outside():
    """What the correction is for: it fires several times too often."""
    plain = rejections(
        lambda r: maximal_cutpoint(r.normal(size=60), *censored(r, 60), p_method="lausen-1992").optimistic_p_value
    )
    assert plain > 4 * band(0.05)[1]


def test_false_findings_among_true_ones_are_bounded_by_the_correction():
    """60 tests, 20 with an effect: the expected share of false findings is 0.05 * 40 / 60 (Benjamini & Hochberg)."""
    shares, any_false = [], 0
    for seed in np.random.SeedSequence(SEED).spawn(REPLICATES):
        z = np.random.default_rng(seed).normal(size=60) + np.repeat([0, 3], [40, 20])
        p_values = ndtr(-z)
        found = adjust_p_values(p_values) <= 0.05
        shares.append(found[:40].sum() / max(found.sum(), 1))
        any_false += bool(np.any(adjust_p_values(p_values, correction="holm")[:40] <= 0.05))
    error = np.std(shares) / np.sqrt(REPLICATES)
    assert abs(np.mean(shares) - 0.05 * 40 / 60) < 3.29 * error
    assert any_false <= band(0.05)[1]


@pytest.mark.parametrize(("model", "kind"), [("one-way", "agreement"), ("two-way", "consistency")])
def test_exact_interval_of_the_icc_covers_the_truth(model, kind):
    covered = 0
    for seed in np.random.SeedSequence(SEED).spawn(REPLICATES):
        random = np.random.default_rng(seed)
        found = icc(random.normal(size=(25, 1)) * 1.5 + random.normal(size=(25, 3)), model=model, kind=kind)
        covered += found.lower <= 2.25 / 3.25 <= found.upper
    low, high = band(0.95)
    assert low <= covered <= high
