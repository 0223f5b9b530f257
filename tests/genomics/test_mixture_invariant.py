"""What must not change the subclones: the order of rows and columns, the scale, logarithms taken back, threads."""

import numpy as np
import pandas as pd
import pytest
from mixture_data import matched, planted_mixture

from radiotype.genomics import ConvexMixture, deconvolve, marker_fold_changes, proportions_from_markers
from radiotype.genomics._mixture_settings import NOISES

SMALL = {"n_clusters": 20, "n_starts": 4, "n_partitions": 3, "n_subclones": (2, 3, 4)}


@pytest.fixture(scope="module")
def cohort():
    expression, shares, _ = planted_mixture(3, 24, 900, noise=0.1, seed=4)
    names = [f"gene{at}" for at in range(900)]
    return pd.DataFrame(expression, [f"tumour{at}" for at in range(24)], names), shares


@pytest.fixture(scope="module", params=["markers", "projection"])
def model(request, cohort):
    return ConvexMixture(estimate=request.param, **SMALL).fit(cohort[0])


def with_gene(table, name, value):
    return pd.concat([table, pd.Series(value, table.index, name=name)], axis=1)


def again(model, table, **settings):
    return ConvexMixture(**(model.get_params() | settings)).fit(table)


def test_the_order_of_samples_and_genes_does_not_matter(model, cohort):
    table, _ = cohort
    random = np.random.default_rng(1)
    rows, columns = random.permutation(len(table)), random.permutation(table.shape[1])
    other = again(model, table.iloc[rows, columns])
    assert other.mdl_ == pytest.approx(model.mdl_, rel=1e-9)
    np.testing.assert_allclose(other.proportions_, model.proportions_[rows], atol=1e-9)
    np.testing.assert_allclose(other.profiles_, model.profiles_[:, columns], rtol=1e-6, atol=1e-6)


def test_a_factor_for_everything_changes_profiles_only(model, cohort):
    other = again(model, cohort[0] * 7.5)
    np.testing.assert_allclose(other.proportions_, model.proportions_, atol=1e-9)
    np.testing.assert_allclose(other.profiles_, model.profiles_ * 7.5, rtol=1e-6, atol=1e-6)
    curve, before = other.mdl_curve()["mdl"], model.mdl_curve()["mdl"]
    np.testing.assert_allclose(np.diff(curve), np.diff(before), rtol=1e-6)


def test_logarithms_are_taken_back_on_request(model, cohort):
    table, _ = cohort
    for offset in (0.0, 1.0):
        other = again(model, np.log2(table + offset), log_base=2, log_offset=offset)
        np.testing.assert_allclose(other.proportions_, model.proportions_, atol=1e-9)
        new = other.deconvolve(np.log2(table + offset))
        np.testing.assert_allclose(new.proportions, model.deconvolve(table).proportions, atol=1e-9)


def test_genes_of_zero_take_no_part(model, cohort):
    table, _ = cohort
    more = with_gene(table, "silent", 0.0)
    other = again(model, more, norm_quantiles=(1 / 901, 1))
    before = again(model, table, norm_quantiles=(0, 1))
    assert other.clusters_[-1] == -1
    np.testing.assert_allclose(other.proportions_, before.proportions_, atol=1e-9)
    assert (other.profiles_[:, -1] == 0).all()


def test_a_constant_gene_is_a_gene_like_any_other(model, cohort):
    table, _ = cohort
    other = again(model, with_gene(table, "constant", 100.0))
    assert other.n_subclones_ == 3
    assert matched(other.proportions_, model.proportions_)[1].min() > 0.98


def test_threads_and_repeats_give_the_same_bytes(model, cohort):
    for n_jobs in (1, 3):
        other = again(model, cohort[0], n_jobs=n_jobs)
        for name in ("proportions_", "profiles_", "lengths_", "clusters_", "centres_"):
            np.testing.assert_array_equal(getattr(other, name), getattr(model, name))


def test_another_seed_finds_the_same_subclones(model, cohort):
    other = again(model, cohort[0], seed=9)
    assert other.n_subclones_ == model.n_subclones_ == 3
    assert matched(other.proportions_, cohort[1])[1].min() > 0.98


def test_a_sample_has_the_same_shares_and_fit_alone_and_in_a_cohort(model, cohort):
    table, _ = cohort
    for quantile_scale in (False, True):
        model.set_params(quantile_scale=quantile_scale)
        together = model.deconvolve(table)
        alone = [model.deconvolve(table.iloc[[at]]) for at in range(len(table))]
        for what in ("proportions", "residual", "correlation"):
            np.testing.assert_array_equal(np.concatenate([getattr(one, what) for one in alone]), getattr(together, what))
    model.set_params(quantile_scale=False)


def test_new_samples_of_the_same_mixture_have_the_shares_of_the_fit(model, cohort):
    table, _ = cohort
    found = model.deconvolve(table)
    assert matched(found.proportions, model.proportions_)[1].min() > 0.98
    assert found.residual.max() < 0.3
    assert found.correlation.min() > 0.95


def test_known_shares_of_known_profiles_are_exact():
    _, shares, profiles = planted_mixture(5, 30, 400, noise=0.0, seed=2)
    found = deconvolve(shares @ profiles, profiles)
    np.testing.assert_allclose(found.proportions, shares, atol=1e-10)
    assert found.residual.max() < 1e-10
    np.testing.assert_allclose(found.correlation, 1.0)


def test_noise_that_grows_with_expression_is_weighed_down_on_request():
    expression, shares, profiles = planted_mixture(4, 40, 1500, noise=0.2, seed=3)
    plain = deconvolve(expression, profiles)
    weighed = deconvolve(expression, profiles, noise="proportional")
    assert np.abs(weighed.proportions - shares).mean() < 0.3 * np.abs(plain.proportions - shares).mean()
    np.testing.assert_allclose(weighed.proportions, shares, atol=0.05)
    assert (plain.residual <= weighed.residual).all()


@pytest.mark.parametrize("n_silent", [1, 5, 50])
def test_genes_that_are_nearly_silent_do_not_decide(n_silent):
    # a trace in the profiles and a background in new samples: relative to that trace it is enormous
    expression, shares, profiles = planted_mixture(3, 20, 1500, noise=0.1, seed=4)
    random = np.random.default_rng(2)
    silent = random.uniform(0, 1e-3, (3, n_silent))
    background = random.poisson(0.3, (20, n_silent))
    before = deconvolve(expression, profiles, noise="proportional")
    found = deconvolve(np.hstack([expression, background]), np.hstack([profiles, silent]), noise="proportional")
    np.testing.assert_allclose(found.proportions, before.proportions, atol=0.001)
    np.testing.assert_allclose(found.proportions, shares, atol=0.05)


@pytest.mark.parametrize(("level", "spread"), [(4, 1.5), (2, 2.0), (1, 2.5)])
def test_relative_noise_is_the_better_choice_for_counts_too(level, spread):
    random = np.random.default_rng(3)
    profiles = random.lognormal(level, spread, 3000) * np.exp(random.normal(0, 0.5, (3, 3000)))
    shares = random.dirichlet(np.ones(3), 40)
    counts = random.poisson(shares @ profiles * np.exp(random.normal(0, 0.1, (40, 3000)))).astype(float)
    error = {noise: np.abs(deconvolve(counts, profiles, noise=noise).proportions - shares).mean() for noise in NOISES}
    assert error["proportional"] < 0.5 * error["additive"]


def test_profiles_are_matched_by_name_and_foreign_genes_left_out():
    _, shares, profiles = planted_mixture(3, 10, 200, noise=0.0, seed=3)
    genes = [f"gene{at}" for at in range(200)]
    reference = pd.DataFrame(profiles, ["a", "b", "c"], genes)
    table = pd.DataFrame(shares @ profiles, columns=genes).iloc[:, ::-1].drop(columns=["gene7", "gene11"])
    table = with_gene(table, "other", 9999.0)
    found = deconvolve(table, reference)
    assert found.coverage == 198 / 200
    assert found.subclones == ("a", "b", "c")
    assert "other" not in found.genes and "gene7" not in found.genes
    np.testing.assert_allclose(found.proportions, shares, atol=1e-9)
    frame = found.to_frame()
    assert list(frame.columns) == ["a", "b", "c", "residual", "correlation"]


def test_another_assay_is_brought_to_the_distribution_of_the_cohort():
    # Every new value went through one rising curve, as on another platform; its quantiles are those of the cohort then.
    _, shares, profiles = planted_mixture(3, 60, 1500, noise=0.0, seed=6)
    expression = shares @ profiles
    quantiles = np.sort(expression, axis=1).mean(axis=0)
    bent = expression**0.6 * 40
    plain = deconvolve(bent, profiles)
    scaled = deconvolve(bent, profiles, quantiles=quantiles)
    wrong = np.abs(plain.proportions - shares).mean()
    assert np.abs(scaled.proportions - shares).mean() < 0.4 * wrong


@pytest.mark.parametrize("missing", ["weakest", "strongest"])
def test_quantiles_are_those_of_the_genes_that_are_there(cohort, missing):
    table, _ = cohort
    settings = {"noise": "proportional", "min_coverage": 0.3}
    model = ConvexMixture(3, n_clusters=20, n_starts=4, n_partitions=3, quantile_scale=True, **settings).fit(table)
    order = np.argsort(table.mean().to_numpy())
    kept = np.sort(order[225:] if missing == "weakest" else order[:-225])
    fewer, profiles = table.iloc[:, kept], model.profile_table().iloc[:, kept]

    def with_quantiles(quantiles):
        return deconvolve(fewer, profiles, quantiles=quantiles, **settings).proportions

    found = model.deconvolve(fewer).proportions
    theirs = with_quantiles(np.sort(fewer.to_numpy(), axis=1).mean(axis=0))
    of_all_genes = with_quantiles(np.interp(np.linspace(0, 1, 675), np.linspace(0, 1, 900), model.quantiles_))
    assert np.abs(found - theirs).mean() < 0.2 * np.abs(of_all_genes - theirs).mean()
    np.testing.assert_allclose(found, theirs, atol=0.02)
    np.testing.assert_array_equal(model._quantiles_of(list(range(900)), 900), model.quantiles_)


def test_shares_from_markers_are_exact_for_pure_markers():
    random = np.random.default_rng(7)
    shares = random.dirichlet(np.ones(3), 15)
    pure = np.repeat(np.eye(3), 10, axis=1) * random.gamma(2.0, 100.0, size=30)
    table = pd.DataFrame(shares @ pure, columns=[f"gene{at}" for at in range(30)])
    markers = {name: [f"gene{at}" for at in range(10 * own, 10 * own + 10)] for own, name in enumerate("abc")}
    found = proportions_from_markers(table, markers)
    np.testing.assert_allclose(found.proportions, shares, atol=1e-9)
    fewer = proportions_from_markers(table.drop(columns=["gene0", "gene12"]), markers)
    assert fewer.coverage == 28 / 30
    np.testing.assert_allclose(fewer.proportions, shares, atol=1e-9)


def test_fold_changes_of_closed_form():
    found = marker_fold_changes(pd.DataFrame({"A": [8.0, 2.0, 4.0], "B": [0, 0, 5.0], "C": [0.0, 0, 0]}, index=["x", "y", "z"]))
    assert found["subclone"].tolist()[:2] == ["x", "z"]
    np.testing.assert_array_equal(found["fold_change"], [2.0, np.inf, np.nan])


def test_markers_of_a_model_are_its_genes_of_large_fold_change(model):
    found = model.markers(5.0)
    every = marker_fold_changes(model.profile_table())
    assert set(found.index) == set(every.index[every["fold_change"] >= 5.0])
    assert found["subclone"].is_monotonic_increasing
    assert all(own["fold_change"].is_monotonic_decreasing for _, own in found.groupby("subclone"))
