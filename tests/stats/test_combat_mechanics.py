"""What ComBat refuses, and what it does with features and batches at the edge."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats import ComBat
from radiotype.stats._empirical_bayes import nonparametric_effects, parametric_effects


@pytest.fixture
def cohort():
    random = np.random.default_rng(8)
    return random.normal(size=(24, 6)), np.repeat(["a", "b", "c"], 8)


def refused(code, match):
    error = RecipeError if code == "RT103" else ComputeError
    return pytest.raises(error, match=rf"(?s){code}: .*{match}")


@pytest.mark.parametrize(("settings", "match"), [({"prior": "flat"}, "prior"), ({"new_batch": "guess"}, "new_batch")])
def test_settings_that_do_not_exist(cohort, settings, match):
    with refused("RT103", match):
        ComBat(**settings).fit(*cohort)


def test_one_batch(cohort):
    with refused("RT301", "all cases are of batch 'a'"):
        ComBat().fit(cohort[0], ["a"] * 24)


def test_a_batch_of_one_case_unless_only_means_are_removed(cohort):
    table, site = cohort
    site = np.where(np.arange(24) == 23, "d", site)
    with refused("RT301", "batch 'd' has one.*mean_only=True"):
        ComBat().fit(table, site)
    assert np.isfinite(ComBat(mean_only=True).fit(table, site).transform(table, site)).all()
    with refused("RT301", "reference batch 'd' has one case"):
        ComBat(mean_only=True, reference_batch="d").fit(table, site)


def test_a_reference_batch_that_is_not_there(cohort):
    with refused("RT305", "reference batch 'z'"):
        ComBat(reference_batch="z").fit(*cohort)


def test_covariates_that_the_batch_fixes(cohort):
    table, site = cohort
    with refused("RT304", "batches and covariates are confounded"):
        ComBat().fit(table, site, covariates=pd.DataFrame({"grade": np.where(site == "a", "low", "high")}))
    with refused("RT304", "batches and covariates are confounded"):
        ComBat().fit(table, site, covariates=np.searchsorted(["a", "b", "c"], site)[:, None] * 1e6)


def test_covariates_that_follow_from_each_other(cohort):
    table, site = cohort
    age = np.arange(24.0)
    with refused("RT304", "covariates follow from each other"):
        ComBat().fit(table, site, covariates=np.column_stack([age, 365.25 * age + 3]))
    with refused("RT304", "a covariate is constant"):
        ComBat().fit(table, site, covariates=np.ones((24, 1)))
    with refused("RT301", "24 cases cannot carry 3 batches and 23"):
        ComBat().fit(table, site, covariates=pd.DataFrame({"case": [f"c{i}" for i in range(24)]}))


@pytest.mark.parametrize("outcome", [["no"] * 8 + ["yes"] * 16, [0.1] * 8 + [7.5] * 16, [0] * 8 + [1] * 8 + [2] * 8])
def test_an_outcome_that_lies_between_batches(cohort, outcome):
    with refused("RT304", "batches and outcome are confounded: 100%"):
        ComBat().fit(*cohort, outcome=outcome)


def test_an_outcome_that_is_mixed_passes_and_a_constant_one_is_refused(cohort):
    ComBat().fit(*cohort, outcome=[0, 1] * 12)
    with refused("RT305", "outcome is constant"):
        ComBat().fit(*cohort, outcome=[1] * 24)


def test_many_small_batches_are_not_confounded_by_chance():
    random = np.random.default_rng(9)
    table, site = random.normal(size=(60, 5)), np.arange(60) // 2
    refusals = 0
    for _ in range(100):
        try:
            ComBat(mean_only=True).fit(table, site, outcome=random.permutation(60) % 2)
        except ComputeError:
            refusals += 1
    assert refusals <= 5


def test_missing_values_and_other_rows(cohort):
    table, site = cohort
    gap = table.copy()
    gap[3, 2] = np.nan
    with refused("RT305", "feature 2 of case 3 is nan"):
        ComBat().fit(gap, site)
    model = ComBat().fit(table, site)
    with refused("RT305", "feature 2 of case 3 is nan"):
        model.transform(gap, site)
    with refused("RT305", "batch has 1 missing"):
        ComBat().fit(table, [None, *site[1:]])
    with refused("RT305", "lengths differ"):
        model.transform(table, site[1:])
    with refused("RT305", "index of batch is not the index of X"):
        ComBat().fit(pd.DataFrame(table), pd.Series(site, index=range(24, 0, -1)))
    with refused("RT305", "column 'age' has 1 missing"):
        ComBat().fit(table, site, covariates=pd.DataFrame({"age": [np.nan, *range(23)]}))


def test_a_new_batch_is_refused_unless_it_may_be_estimated(cohort):
    table, site = cohort
    new = np.full(24, "z")
    with refused("RT305", "batch 'z' is not among .*'a', 'b', 'c'.*new_batch"):
        ComBat().fit(table, site).transform(table, new)
    model = ComBat(new_batch="estimate").fit(table, site)
    assert np.abs(model.transform(table + 5, new).mean() - table.mean()) < 0.1
    with refused("RT301", "new batch 'z' has one case"):
        model.transform(table[:1], new[:1])
    flat = table.copy()
    flat[:, 2] = 4.0
    with refused("RT305", "1 features are constant in new batch 'z'"):
        model.transform(flat, new)
    only_means = ComBat(new_batch="estimate", mean_only=True).fit(table, site)
    assert np.isfinite(only_means.transform(table[:1], new[:1])).all()


def test_covariates_of_transform_are_those_of_fit(cohort):
    table, site = cohort
    grade = pd.DataFrame({"grade": ["low", "high"] * 12})
    model = ComBat().fit(table, site, covariates=grade)
    with refused("RT305", "covariates are missing; expected grade"):
        model.transform(table, site)
    with refused("RT305", "covariate 'grade' is 'mid'; fitted were 'high', 'low'"):
        model.transform(table, site, grade.replace("low", "mid"))
    with refused("RT305", "the covariates are stage; fitted were grade"):
        model.transform(table, site, grade.rename(columns={"grade": "stage"}))
    with refused("RT305", "the covariates are grade; fitted were none"):
        ComBat().fit(table, site).transform(table, site, grade)


def test_a_feature_constant_within_a_batch_passes_through(cohort):
    table, site = cohort
    table[site == "b", 4] = 2.5
    model = ComBat().fit(table, site)
    found = model.transform(table, site)
    assert model.adjusted_.tolist() == [True, True, True, True, False, True]
    assert (found[:, 4] == table[:, 4]).all()
    others = [0, 1, 2, 3, 5]
    without = ComBat().fit(table[:, others], site).transform(table[:, others], site)
    np.testing.assert_allclose(found[:, others], without, rtol=0, atol=1e-12)
    with refused("RT305", "no feature varies within every batch"):
        ComBat().fit(table[:, 4:5], site)


def test_features_without_a_prior(cohort):
    table, site = cohort
    for settings in ({}, {"prior": "nonparametric"}, {"mean_only": True}):
        with refused("RT301", "one feature alone has no others"):
            ComBat(**settings).fit(table[:, :1], site)
    with refused("RT305", "same variance in a batch"):
        ComBat().fit(table[:, [0, 0]], site)


def test_steps_that_do_not_settle(monkeypatch):
    monkeypatch.setattr("radiotype.stats._empirical_bayes.MOST_STEPS", 1)
    with refused("RT303", "did not settle in 1 steps"):
        parametric_effects(5, np.array([0.5, 1.0, -1.0]), np.array([0.1, 2.0, 5.0]))


def test_a_feature_without_variance_has_no_likelihood():
    with refused("RT305", "a feature has no variance in a batch"):
        nonparametric_effects(5, np.zeros(3), np.zeros(3), np.array([1.0, 0.0, 1.0]))


def test_features_that_covariates_explain_wholly(cohort):
    table, site = cohort
    grade = np.tile([0.0, 1.0], 12)[:, None]
    table[:, 0] = grade[:, 0] * 4
    with refused("RT305", "1 features have no variance left"):
        ComBat().fit(table, site, covariates=grade)


def test_a_pipeline_cannot_take_the_outcome_for_the_batch(cohort):
    from sklearn.pipeline import make_pipeline

    with pytest.raises(TypeError, match="batch"):
        make_pipeline(ComBat(), ComBat()).fit(cohort[0], [0, 1] * 12)
