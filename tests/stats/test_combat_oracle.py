"""ComBat against R package sva 3.46.0, every variant, and against the plain formulas of the paper."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from radiotype.stats import ComBat
from radiotype.stats._empirical_bayes import nonparametric_effects, parametric_effects

EQUAL = {"rtol": 0, "atol": 1e-8}


@pytest.fixture(scope="module")
def leukaemia(shared):
    """Expression of 300 genes in 89 cases, their batch, group and age; a batch effect was added (golden/combat)."""
    folder = shared / "golden" / "combat"
    table = pd.read_csv(folder / "input_300.csv", index_col=0).T
    clinical = pd.read_csv(folder / "pheno.csv", dtype={"id": str}).set_index("id")
    assert list(table.index) == list(clinical.index)
    return table, clinical, lambda name: pd.read_csv(folder / f"out_{name}.csv.gz", index_col=0).T.to_numpy()


VARIANTS = {
    "default": ({}, False),
    "mod": ({}, True),
    "meanonly": ({"mean_only": True}, False),
    "mod_nonparam": ({"prior": "nonparametric"}, True),
    "nomod_nonparam": ({"prior": "nonparametric"}, False),
    "mod_ref": ({"reference_batch": "s1"}, True),
    "ref": ({"reference_batch": "s1"}, False),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_each_variant_equals_sva(leukaemia, name):
    table, clinical, written = leukaemia
    settings, with_covariates = VARIANTS[name]
    covariates = clinical[["group", "age"]] if with_covariates else None
    model = ComBat(**settings).fit(table, clinical["batch"], covariates=covariates)
    np.testing.assert_allclose(model.transform(table, clinical["batch"], covariates), written(name), **EQUAL)


def test_a_batch_that_comes_later_equals_sva_on_all_with_the_reference(leukaemia):
    """With a reference batch and no covariates, sva takes nothing but the batch's own prior from the other batches."""
    table, clinical, written = leukaemia
    later = (clinical["batch"] == "s3").to_numpy()
    model = ComBat(reference_batch="s1", new_batch="estimate").fit(table[~later], clinical["batch"][~later])
    np.testing.assert_allclose(model.transform(table[later], clinical["batch"][later]), written("ref")[later], **EQUAL)


def test_parametric_effects_solve_the_equations_of_the_paper():
    """Johnson et al. 2007, equations 3.1: the posterior shift and variance satisfy each other."""
    random = np.random.default_rng(3)
    n, cases = 12, random.normal(0.4, 1.3, size=(12, 50))
    mean, variance = cases.mean(axis=0), cases.var(axis=0, ddof=1)
    shift, scale = parametric_effects(n, mean, variance)
    centre, spread = mean.mean(), mean.var(ddof=1)
    shape = (2 * variance.var(ddof=1) + variance.mean() ** 2) / variance.var(ddof=1)
    rate = (variance.mean() * variance.var(ddof=1) + variance.mean() ** 3) / variance.var(ddof=1)
    for j in range(50):
        squares = sum((case - shift[j]) ** 2 for case in cases[:, j])
        assert shift[j] == pytest.approx((n * spread * mean[j] + scale[j] * centre) / (n * spread + scale[j]), rel=1e-3)
        assert scale[j] == pytest.approx((rate + squares / 2) / (n / 2 + shape - 1), rel=1e-3)


def test_nonparametric_effects_are_the_weighted_means_of_the_paper():
    random = np.random.default_rng(4)
    cases = random.normal(size=(6, 9)) * random.uniform(0.5, 2, 9) + random.normal(size=9)
    mean, variance = cases.mean(axis=0), cases.var(axis=0, ddof=1)
    shift, scale = nonparametric_effects(6, mean, ((cases - mean) ** 2).sum(axis=0), variance)
    for j in range(9):
        others = [k for k in range(9) if k != j]
        weights = [norm.pdf(cases[:, j], mean[k], np.sqrt(variance[k])).prod() for k in others]
        assert shift[j] == pytest.approx(np.average(mean[others], weights=weights), rel=1e-10)
        assert scale[j] == pytest.approx(np.average(variance[others], weights=weights), rel=1e-10)


def test_planted_shift_and_scale_are_removed():
    random = np.random.default_rng(5)
    clean, site = random.normal(size=(400, 60)), np.repeat(["a", "b"], 200)
    table = np.where((site == "b")[:, None], 2.0 * clean + 3.0, clean)
    model = ComBat(reference_batch="a").fit(table, site)
    found = model.transform(table, site)
    assert (found[:200] == table[:200]).all()
    # what is left is the sampling error of a mean and a variance of 200 cases
    assert np.abs(model.shifts_[1] - 3.0).max() < 4 * 2 / np.sqrt(200) + 4 * 1 / np.sqrt(200)
    assert np.abs(model.scales_[1] / 2.0 - 1).max() < 4 * np.sqrt(1 / 200)
    assert np.corrcoef(found.ravel(), clean.ravel())[0, 1] > 0.99
