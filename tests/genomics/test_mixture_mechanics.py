"""What a mixture refuses, what it reports, and scikit-learn's own checks; each exception to these has its reason here."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from mixture_data import planted_mixture
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from radiotype.errors import ComputeError, RadiotypeError, RecipeError
from radiotype.genomics import (
    ConvexMixture,
    _mixture_settings,
    deconvolve,
    marker_fold_changes,
    proportions_from_markers,
)
from radiotype.genomics._mixture_settings import check_sets, numbers_to_try
from radiotype.genomics._mixture_solution import with_lengths

SMALL = {"n_clusters": 20, "n_starts": 2, "n_partitions": 2}
EXPRESSION = planted_mixture(3, 12, 900, noise=0.1, seed=5)[0]
TABLE = pd.DataFrame(EXPRESSION, columns=[f"gene{at}" for at in range(900)])


def changed(row, column, value):
    table = TABLE.copy()
    table.iloc[row, column] = value
    return table


def named(value):
    return value if isinstance(value, str) else str(value) if isinstance(value, dict) else ""


def silent_sample():
    table = TABLE.copy()
    table.iloc[4] = 0.0
    return table


def some_logged():
    table = TABLE.copy()
    table.iloc[3:8] = np.log2(table.iloc[3:8] + 1)
    return table


@pytest.mark.parametrize(
    ("table", "code", "words"),
    [
        (changed(2, 7, np.nan), "RT305", r"feature 7 \(gene7\) of case 2 is nan"),
        (changed(2, 7, np.inf), "RT305", "gene7.* of case 2 is inf"),
        (changed(2, 7, -0.5), "RT305", "1 values are negative, the first in gene 'gene7' of row 2"),
        (np.log2(TABLE + 1), "RT305", "12 of 12 samples look like logarithms, the first in row 0: 99% of .* do not exceed 1"),
        (np.log2(TABLE + 1).assign(age=63.0), "RT305", "12 of 12 samples look like logarithms"),
        (np.log2(TABLE + 1).assign(spike=9000.0), "RT305", "12 of 12 samples look like logarithms"),
        (some_logged(), "RT305", "5 of 12 samples look like logarithms, the first in row 3"),
        (silent_sample(), "RT305", "row 4 expresses no gene"),
        (TABLE.iloc[:1], "RT301", "1 sample"),
        (pd.concat([TABLE.iloc[[0]]] * 5, ignore_index=True), "RT305", "all samples have the same expression"),
        (
            pd.DataFrame(np.outer([1.0, 2.0, 3.0], EXPRESSION[0])),
            "RT305",
            "all samples have the same expression, up to a factor",
        ),
        (TABLE.iloc[:, :15], "RT301", "not 20 different ones"),
        (TABLE.iloc[:, :60], "RT301", "of 20 clusters have 20 genes or more; at least 2 are needed"),
        (TABLE.rename(columns={"gene3": "gene4"}), "RT305", "gene 'gene4' stands twice"),
        (TABLE.rename(index={3: 4}), "RT305", "sample '4' stands twice"),
        (TABLE * 0, "RT305", "row 0 expresses no gene"),
    ],
    ids=named,
)
def test_expression_that_is_no_mixture_is_refused(table, code, words):
    with pytest.raises(ComputeError, match=words) as caught:
        ConvexMixture(**SMALL, log_base=None if (np.asarray(table) == 0).all() else "refuse").fit(table)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_subclones": 1}, "n_subclones is 1; expected a whole number, 2 or more"),
        ({"n_subclones": []}, "holds no number"),
        ({"n_subclones": "four"}, "no whole number"),
        ({"n_subclones": [2, 30]}, "n_subclones=30 are more than the .* corners found in"),
        ({"n_subclones": 4, "n_dimensions": 3}, "n_subclones=4 are more than the .* in 3 dimensions"),
        ({"n_dimensions": 1}, "n_dimensions"),
        ({"n_clusters": 1}, "n_clusters"),
        ({"n_starts": 0}, "n_starts"),
        ({"n_partitions": 0}, "n_partitions"),
        ({"min_cluster_genes": 0}, "min_cluster_genes"),
        ({"n_candidates": 1}, "n_candidates"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"seed": -1}, "seed"),
        ({"estimate": "best"}, "estimate is 'best'"),
        ({"noise": "none"}, "noise is 'none'"),
        ({"norm_quantiles": (0.9, 0.1)}, "norm_quantiles"),
        ({"norm_quantiles": 0.5}, "norm_quantiles"),
        ({"outlier_fraction": 1.0}, "outlier_fraction=1.0"),
        ({"min_coverage": 1.5}, "min_coverage=1.5"),
        ({"log_offset": -1.0}, "log_offset=-1.0"),
        ({"log_base": 1}, "log_base=1 is no number above 1"),
        ({"log_base": "log2"}, "log_base='log2'"),
    ],
    ids=named,
)
def test_settings_without_a_meaning_are_refused(settings, words):
    with pytest.raises(RecipeError, match=words) as caught:
        ConvexMixture(**(SMALL | settings)).fit(TABLE)
    assert caught.value.code == "RT103"


def test_a_sample_that_expresses_no_gene_that_takes_part_is_refused_by_name():
    strongest = np.argsort(np.linalg.norm(EXPRESSION, axis=0))[-5:]
    table = TABLE.set_axis([f"tumour{at}" for at in range(12)])
    table.iloc[7] = 0.0
    table.iloc[7, strongest] = 5e5
    with pytest.raises(
        ComputeError, match=r"sample 'tumour7' expresses none of the \d+ genes that take part \(1 such samples\)"
    ):
        ConvexMixture(**SMALL).fit(table)
    with pytest.raises(ComputeError, match="row 7 expresses none"):
        ConvexMixture(**SMALL).fit(table.to_numpy())


@pytest.mark.parametrize("estimate", ["markers", "projection"])
def test_a_sample_of_which_no_subclone_knows_is_refused_by_name(estimate):
    # two subclones of three: the last sample holds nothing but the third, which is weakest
    random = np.random.default_rng(1)
    pure = np.repeat(np.eye(3), 40, axis=1) * random.gamma(50.0, 100.0, size=120)
    pure[2] *= 0.05
    shares = np.vstack([np.insert(random.dirichlet([9, 9], 12), 2, 0.0, axis=1), [[0.0, 0.0, 1.0]]])
    clusters = np.repeat([0, 1, 2], 40)
    settings = {"norm_quantiles": (0, 1), "outlier_fraction": 0, "estimate": estimate}
    assert ConvexMixture(3, **settings).fit(shares @ pure, clusters=clusters).proportions_[12].max() == pytest.approx(1.0)
    with pytest.raises(ComputeError, match="row 12 expresses none of the genes of the 2 subclones that fit best"):
        ConvexMixture(2, **settings).fit(shares @ pure, clusters=clusters)


def test_masked_values_are_refused():
    masked = np.ma.masked_greater(EXPRESSION, np.sort(EXPRESSION.ravel())[-4])
    with pytest.raises(ComputeError, match="3 values are masked"):
        ConvexMixture(3, **SMALL).fit(masked)
    model = ConvexMixture(3, **SMALL).fit(np.ma.masked_less(EXPRESSION, 0))  # nothing is masked
    with pytest.raises(ComputeError, match="3 values are masked"):
        model.transform(masked)
    with pytest.raises(ComputeError, match="missing values"):
        deconvolve(masked, EXPRESSION[:3])


def test_too_many_sets_of_corners_are_refused():
    assert numbers_to_try(None, 5, 3) == [2, 3]
    assert numbers_to_try([4, 2, 4], 20, 10) == [2, 4]
    check_sets(range(2, 9), [20] * 20)
    check_sets(range(2, 6), [33])
    for numbers, candidates in ((range(2, 9), [50]), ([6], [30] * 200), ([10], [60])):
        with pytest.raises(RecipeError, match=f"{candidates[0]} candidates in {len(candidates)} partitions have "):
            check_sets(numbers, candidates)


def test_a_fit_counts_its_sets_before_it_looks_at_them(monkeypatch):
    monkeypatch.setattr(_mixture_settings, "MOST_SETS", 1)
    with pytest.raises(RecipeError, match=r"in 2 partitions have .* sets of 2 to 3 corners; expected at most 1"):
        ConvexMixture((2, 3), **SMALL).fit(TABLE)


def test_values_too_large_for_logarithms_are_refused():
    with pytest.raises(ComputeError, match="too large a number"):
        ConvexMixture(**SMALL, log_base=2).fit(TABLE)
    with pytest.raises(ComputeError, match="too large a number"):  # 2^500 is a float, though
        ConvexMixture(**SMALL, log_base=2).fit(TABLE.clip(upper=500))
    with pytest.raises(ComputeError, match=r"the largest value is .*e\+15\d; expected expression of at most 1e\+75"):
        ConvexMixture(**SMALL).fit(TABLE * 1e150)
    assert ConvexMixture(3, **SMALL).fit(TABLE * 1e70).proportions_.shape == (12, 3)


@pytest.mark.parametrize(
    ("clusters", "words"),
    [
        (np.zeros(10, dtype=int), "one whole number per gene"),
        (np.zeros(900), "one whole number per gene"),
        (np.full(900, -1), "takes part and has no cluster"),
        (np.zeros(900, dtype=int), "1 of 1 clusters"),
    ],
)
def test_clusters_that_do_not_fit_are_refused(clusters, words):
    with pytest.raises(ComputeError, match=words):
        ConvexMixture().fit(TABLE, clusters=clusters)


def test_clusters_of_equal_centres_are_refused():
    expression = np.tile(EXPRESSION[:, :40], (1, 25))
    with pytest.raises(ComputeError, match="the 25 clusters of genes have equal centres"):
        ConvexMixture(norm_quantiles=(0, 1), outlier_fraction=0).fit(expression, clusters=np.arange(1000) // 40)


def test_progress_is_told_of_every_step():
    told, steps = [], []

    @contextmanager
    def watch(label, total):
        before = len(steps)
        yield lambda: steps.append(label)
        told.append((label, total, len(steps) - before))

    ConvexMixture((2, 3), **SMALL).fit(TABLE, progress=watch)
    assert [label for label, _, _ in told] == ["k-means", "corners"]
    assert all(total == done for _, total, done in told)


def test_every_number_has_its_solution_and_its_length():
    model = ConvexMixture((2, 3, 4), **SMALL).fit(TABLE)
    curve = model.mdl_curve()
    assert curve["K"].tolist() == [2, 3, 4]
    np.testing.assert_allclose(curve["mdl"], model.lengths_.mean(axis=0))
    assert model.lengths_.shape == (2, 3)
    assert (curve["sd"] >= 0).all()
    for k, solution in model.solutions_.items():
        assert solution.proportions.shape == (12, k) and solution.profiles.shape == (k, 900)
        np.testing.assert_allclose(solution.proportions.sum(axis=1), 1.0)
        assert (np.diff(solution.proportions.mean(axis=0)) <= 0).all()
        assert (solution.profiles >= 0).all()
        assert not solution.proportions.flags.writeable
    assert model.mdl_curve()["sd"].notna().all()
    assert ConvexMixture(2, n_clusters=20, n_starts=1).fit(TABLE).mdl_curve()["sd"].isna().all()


def test_the_fewest_subclones_that_are_not_clearly_rejected():
    from radiotype.genomics._mixture_solution import fewest_within_chance

    clear = np.array([[9.0, 5.0, 4.0, 6.0], [9.1, 5.2, 4.1, 6.0], [8.9, 5.1, 4.0, 6.1]])
    assert fewest_within_chance(clear) == 2
    unclear = np.array([[9.0, 5.0, 4.0], [9.1, 4.0, 4.4], [8.9, 4.2, 4.0]])
    assert fewest_within_chance(unclear) == 1
    assert fewest_within_chance(unclear[:1]) == 2


@pytest.mark.parametrize(
    "names", [range(900), [*range(450), *(f"gene{at}" for at in range(450, 900))]], ids=["numbers", "mixed"]
)
def test_genes_called_by_numbers_are_matched_by_name(names):
    table = TABLE.set_axis(list(names), axis=1)
    model = ConvexMixture(3, **SMALL).fit(table)
    before = model.deconvolve(table)
    backwards = model.deconvolve(table.iloc[:, ::-1])
    np.testing.assert_array_equal(backwards.proportions, before.proportions)
    assert backwards.genes == model.genes_ == tuple(map(str, names))
    fewer = model.deconvolve(table.iloc[:, 200:].rename(columns=str))
    assert fewer.genes == model.genes_[200:]
    with pytest.raises(ComputeError, match="0 of 900 genes"):
        model.transform(TABLE.add_prefix("x"))


def test_pandas_output_has_names():
    model = ConvexMixture(3, **SMALL).set_output(transform="pandas").fit(TABLE)
    found = model.transform(TABLE)
    assert list(found.columns) == ["subclone1", "subclone2", "subclone3"]
    assert list(model.profile_table().columns) == list(TABLE.columns)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TABLE.iloc[:, :300], r"300 of 900 genes are there \(33%\); expected at least 70%; missing: gene300, gene301"),
        (TABLE.add_prefix("x"), r"0 of 900 genes"),
        (np.log2(TABLE + 1), "12 of 12 samples look like logarithms"),
        (np.log2(TABLE + 1).assign(spike=9000.0), "12 of 12 samples look like logarithms"),
        (some_logged(), "5 of 12 samples look like logarithms, the first in row 3"),
        (changed(0, 5, -1.0), "negative"),
        (changed(0, 5, np.nan), "missing values, the first 'gene5'"),
        (silent_sample(), "row 4 expresses no gene"),
    ],
    ids=named,
)
def test_new_samples_that_cannot_be_deconvolved_are_refused(table, words):
    model = ConvexMixture(3, **SMALL).fit(TABLE)
    with pytest.raises(ComputeError, match=words):
        model.transform(table)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, "text", None])
def test_what_stands_in_genes_that_are_not_used_does_not_matter(value):
    profiles = TABLE.iloc[:3]
    more = TABLE.assign(other=value)
    np.testing.assert_array_equal(deconvolve(more, profiles).proportions, deconvolve(TABLE, profiles).proportions)
    markers = {"a": ["gene1", "gene2"], "b": ["gene3"]}
    found, before = proportions_from_markers(more, markers), proportions_from_markers(TABLE, markers)
    np.testing.assert_array_equal(found.proportions, before.proportions)
    assert found.genes == ("gene1", "gene2", "gene3")
    with pytest.raises(ComputeError):
        deconvolve(TABLE.assign(gene3=value), profiles)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3, :50]), "900 genes, and profiles of 50"),
        (lambda: deconvolve(EXPRESSION, -EXPRESSION[:3]), "profiles have negative values"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3] * 0), "nothing but 0"),
        (lambda: deconvolve(EXPRESSION[:, :2], EXPRESSION[:3, :2]), "2 genes do not tell 3 profiles apart"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], min_coverage=2), "min_coverage=2"),
        (lambda: deconvolve([[100.0, 0.0]], [[0.0, 5.0], [0.0, 7.0]]), "expresses nothing that the subclones do"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], noise="loud"), "noise is 'loud'"),
        (
            lambda: deconvolve(TABLE.iloc[:, 90:], TABLE.iloc[:3], quantiles=np.sort(EXPRESSION[0])),
            "those of all 900 genes of the profiles, of which 810 are there",
        ),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], log_base="no"), "log_base='no'"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], log_base=2, log_offset="1"), "log_offset='1' is not allowed"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], log_base=2, log_offset=np.nan), "log_offset=nan is not allowed"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], log_base=2, log_offset=-100), "log_offset=-100 is not allowed"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], quantiles=[]), "quantiles"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], quantiles=[1.0, 2.0]), "2 quantiles for 900 genes"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], quantiles=-EXPRESSION[0]), "900 quantiles for 900 genes, the least -"),
        (lambda: deconvolve(EXPRESSION, EXPRESSION[:3], quantiles=["a"] * 900), "quantiles"),
        (lambda: proportions_from_markers(TABLE, ["gene1", "gene2"]), "markers is of type list"),
        (lambda: proportions_from_markers(TABLE, {"a": "gene1", "b": ["gene2"]}), "set 'a' holds 'gene1'; expected a list"),
        (lambda: proportions_from_markers(EXPRESSION, {"a": ["gene1"], "b": ["gene2"]}), "has no names of genes"),
        (lambda: proportions_from_markers(TABLE, {"a": ["gene1"], "b": ["gene2"]}, log_offset="1"), "log_offset='1'"),
        (
            lambda: proportions_from_markers(TABLE, {"a": ["gene1", "gene2", "gene3"], "b": ["gene3", "gene4", "gene1"]}),
            "gene 'gene3' is listed as a marker of 'a' and of 'b'",
        ),
        (lambda: proportions_from_markers(TABLE, {"a": ["gene1"]}), "12 samples for 1 subclones"),
        (lambda: proportions_from_markers(TABLE, {"a": ["gene1"], "b": ["x", "gene2"]}), "1 of 2 genes of 'b' are there"),
        (lambda: proportions_from_markers(TABLE, {"a": ["gene1"], "b": []}), "0 of 0 genes of 'b'"),
        (lambda: proportions_from_markers(TABLE.iloc[:1], {"a": ["gene1"], "b": ["gene2"]}), "1 samples for 2 subclones"),
        (lambda: marker_fold_changes(TABLE.iloc[:1]), "profiles of 1 subclones"),
        (lambda: marker_fold_changes(-TABLE), "negative"),
    ],
)
def test_references_that_make_no_sense_are_refused(call, words):
    with pytest.raises(RadiotypeError, match=words):
        call()


def test_a_subclone_whose_scale_is_a_guess_is_named():
    # b goes with a, so that the rows sum to one best without it
    shares = np.array([[1.0, 0.5], [1.0, 0.7], [1.0, 0.6], [1.0, 0.9]])
    table = pd.DataFrame(shares @ np.array([[400.0, 300.0, 0, 0], [0, 0, 200.0, 900.0]]), columns=list("ABCD"))
    assert proportions_from_markers(table, {"a": ["A", "B"], "b": ["C", "D"]}).unscaled == ("b",)
    assert proportions_from_markers(TABLE, {"a": ["gene1"], "b": ["gene2"]}, log_base=None).unscaled == ()
    weights, guessed = with_lengths(shares)
    assert guessed.tolist() == [False, True]
    assert np.linalg.norm(weights[:, 1]) == pytest.approx(0.01)
    pure = np.repeat(np.eye(2), 30, axis=1) * np.random.default_rng(2).gamma(50.0, 10.0, size=60)
    model = ConvexMixture(2, norm_quantiles=(0, 1), outlier_fraction=0).fit(shares @ pure, clusters=np.repeat([0, 1], 30))
    assert model.solutions_[2].unscaled == ("subclone2",)  # of the smaller share
    assert ConvexMixture(3, **SMALL).fit(TABLE).solutions_[3].unscaled == ()


def test_a_subclone_whose_own_genes_are_missing_is_refused():
    expression, shares, profiles = planted_mixture(4, 20, 2000, noise=0.0, seed=4)
    genes = [f"gene{at}" for at in range(2000)]
    table, reference = pd.DataFrame(expression, columns=genes), pd.DataFrame(profiles, list("abcd"), genes)
    strong = reference[marker_fold_changes(reference).query("fold_change >= 10").index]
    own = marker_fold_changes(strong).query("subclone == 'b'").index
    np.testing.assert_allclose(deconvolve(table, strong).subclone_coverage, 1.0)
    without = table.drop(columns=own)  # 75 % of the genes are there
    with pytest.raises(
        ComputeError, match=r"0% of what 'b' expresses above the others .* \(1 such profiles\); expected at least 70%"
    ):
        deconvolve(without, strong)
    with pytest.raises(ComputeError, match="0% of what 'b' expresses"):
        deconvolve(without, strong, min_coverage=0)
    pure = strong.where(marker_fold_changes(strong)["subclone"].to_numpy() == np.array(list("abcd"))[:, None], 0.0)
    with pytest.raises(ComputeError, match="0% of what 'b' expresses"):
        deconvolve(without, pure, min_coverage=0)
    half = deconvolve(table.drop(columns=own[::2]), strong, min_coverage=0.3)
    assert half.subclone_coverage[1] < 0.7 and half.subclone_coverage[[0, 2, 3]] == pytest.approx(1.0)
    np.testing.assert_allclose(half.proportions, shares, atol=1e-9)
    fewer = proportions_from_markers(TABLE, {"a": ["gene1", "x", "gene2"], "b": ["gene3"]}, min_coverage=0.5)
    np.testing.assert_allclose(fewer.subclone_coverage, [2 / 3, 1.0])


def test_a_profile_that_is_nowhere_above_the_others_is_covered_by_its_genes():
    profiles = pd.DataFrame([[800.0, 100.0, 50.0, 70.0], [80.0, 10.0, 5.0, 7.0]], columns=list("ABCD"))
    found = deconvolve(pd.DataFrame([[500.0, 70.0, 30.0]], columns=list("ABC")), profiles)
    assert found.subclone_coverage[1] == 0.75


# The tables of these checks have two to ten genes; one of them sets whatever starts with n_ to 1.
ONE_CLUSTER = "the check sets n_clusters to 1: RecipeError RT103"
EXPECTED = {
    "check_dont_overwrite_parameters": ONE_CLUSTER,
    "check_methods_subset_invariance": ONE_CLUSTER,
    "check_fit2d_1sample": ONE_CLUSTER,
    "check_fit2d_1feature": ONE_CLUSTER,
    "check_fit1d": ONE_CLUSTER,
    "check_fit2d_predict1d": ONE_CLUSTER,
    "check_positive_only_tag_during_fit": "a negative value raises ComputeError RT305, which is no ValueError",
    "check_fit_non_negative": "a negative value raises ComputeError RT305, which is no ValueError",
    "check_estimators_nan_inf": "a value that is not finite raises ComputeError RT305, which is no ValueError",
    "check_estimators_dtypes": "a sample of whole numbers expresses no gene: ComputeError RT305",
}


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_scikit_learn_accepts_the_estimator():
    estimator = ConvexMixture(
        2,
        n_dimensions=3,
        norm_quantiles=(0, 1),
        outlier_fraction=0,
        n_clusters=2,
        n_starts=2,
        min_cluster_genes=1,
        log_base=None,
    )
    results = check_estimator(estimator, expected_failed_checks=EXPECTED, on_skip=None, on_fail=None)
    failed = {result["check_name"]: repr(result["exception"]) for result in results if result["status"] == "failed"}
    assert failed == {}
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(EXPECTED)
