"""ComBat against R package sva 3.46.0, every variant, and against the plain formulas of the paper."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.stats import ComBat

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
