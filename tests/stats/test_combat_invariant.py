"""What ComBat does not depend on: order, units, company; and what it keeps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from radiotype.stats import ComBat

SETTINGS = [{}, {"mean_only": True}, {"prior": "nonparametric"}, {"reference_batch": "b"}]


@pytest.fixture
def cohort():
    random = np.random.default_rng(2)
    site = np.repeat(["a", "b", "c"], [12, 16, 10])
    covariates = pd.DataFrame({"age": random.normal(60, 9, 38), "grade": random.choice(["low", "mid", "high"], 38)})
    shift, scale = random.normal(size=(3, 20)), random.uniform(0.6, 1.6, size=(3, 20))
    at = np.searchsorted(["a", "b", "c"], site)
    table = random.normal(size=(38, 20)) * scale[at] + shift[at] + 0.05 * covariates[["age"]].to_numpy()
    return table, site, covariates


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_case_comes_out_the_same_alone_and_in_another_order(cohort, settings):
    table, site, covariates = cohort
    model = ComBat(**settings).fit(table, site, covariates=covariates)
    together = model.transform(table, site, covariates)
    alone = [model.transform(table[[i]], site[[i]], covariates.iloc[[i]])[0] for i in range(len(table))]
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)
    order = np.random.default_rng(0).permutation(len(table))
    moved = ComBat(**settings).fit(table[order], site[order], covariates=covariates.iloc[order])
    np.testing.assert_allclose(moved.transform(table, site, covariates), together, rtol=0, atol=1e-9)


@pytest.mark.parametrize("settings", SETTINGS)
def test_units_of_features_and_covariates_do_not_matter(cohort, settings):
    table, site, covariates = cohort
    unit = np.logspace(-6, 6, 20)
    plain = ComBat(**settings).fit(table, site, covariates=covariates).transform(table, site, covariates)
    days = covariates.assign(age=covariates["age"] * 365.25)
    scaled = (
        ComBat(**settings).fit(table * unit + 7 * unit, site, covariates=days).transform(table * unit + 7 * unit, site, days)
    )
    np.testing.assert_allclose(scaled / unit - 7, plain, rtol=0, atol=1e-9)


@pytest.mark.parametrize("settings", SETTINGS)
def test_names_of_batches_and_levels_do_not_matter(cohort, settings):
    table, site, covariates = cohort
    named = {"a": 30, "b": 10, "c": 20}
    plain = ComBat(**settings).fit(table, site, covariates=covariates).transform(table, site, covariates)
    if "reference_batch" in settings:
        settings = settings | {"reference_batch": named["b"]}
    other = np.array([named[one] for one in site])
    renamed = covariates.assign(grade=covariates["grade"].map({"low": "z", "mid": "a", "high": "m"}))
    found = ComBat(**settings).fit(table, other, covariates=renamed).transform(table, other, renamed)
    np.testing.assert_allclose(found, plain, rtol=0, atol=1e-9)


def test_the_effect_of_a_covariate_is_kept(cohort):
    table, site, covariates = cohort
    design = np.column_stack([np.ones(38), covariates["age"]])
    before = np.linalg.lstsq(np.column_stack([design, site == "b", site == "c"]), table, rcond=None)[0][1]
    found = ComBat(mean_only=True).fit(table, site, covariates=covariates).transform(table, site, covariates)
    after = np.linalg.lstsq(np.column_stack([design, site == "b", site == "c"]), found, rcond=None)[0][1]
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-9)
    assert np.median(after) == pytest.approx(0.05, abs=0.02)


def test_the_outcome_changes_nothing(cohort):
    table, site, _ = cohort
    outcome = np.random.default_rng(1).integers(0, 2, len(site))
    with_it = ComBat().fit(table, site, outcome=outcome).transform(table, site)
    assert (with_it == ComBat().fit(table, site).transform(table, site)).all()


def test_a_copy_is_not_fitted_and_fits_alike(cohort):
    table, site, _ = cohort
    model = ComBat(prior="nonparametric", mean_only=True).fit(table, site)
    copy = clone(model)
    assert not hasattr(copy, "shifts_")
    assert (copy.fit(table, site).transform(table, site) == model.transform(table, site)).all()


def test_input_is_not_changed(cohort):
    table, site, _ = cohort
    before = table.copy()
    ComBat().fit(table, site).transform(table, site)
    assert (table == before).all()
