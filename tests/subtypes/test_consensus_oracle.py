"""Consensus clustering against R's ConsensusClusterPlus (counts, consensus, curves, classes) and a plain Python count."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from radiotype.subtypes import ConsensusClustering
from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.inner import MedoidPartition
from radiotype.subtypes.medoids import PamPartitions
from radiotype.subtypes.r_random import r_subsets
from radiotype.subtypes.resampling import Draw, count_pairs

SEED = 1262118388
ALL_K = range(2, 7)


@pytest.fixture(scope="module")
def golden(shared):
    return shared / "golden" / "consensusclusterplus"


@pytest.fixture(scope="module")
def expression(golden):
    return pd.read_csv(golden / "input_ALL_200x128.csv", index_col=0).to_numpy().T.copy()


@pytest.fixture(scope="module")
def fitted(expression):
    return ConsensusClustering(ALL_K, n_resamples=1000, seed=SEED, seed_like_r=True, choose="area").fit(expression)


def below_diagonal(square):
    """R's m[lower.tri(m)]: column by column."""
    return square.T[np.triu_indices(len(square), 1)]


def test_the_counts_equal_r(golden, expression):
    expected = pd.read_csv(golden / "pam_pearson_cocluster_counts_lowertri_colmajor.csv.gz")
    subsets = r_subsets(Draw(128, 102, 200, 200), 1000, seed=SEED)
    counts = count_pairs(128, ALL_K, subsets, MedoidPartition(PamPartitions(case_distances(expression), ALL_K, 102)))
    np.testing.assert_array_equal(below_diagonal(counts.drawn), expected["cosampled"])
    for k in ALL_K:
        np.testing.assert_array_equal(below_diagonal(counts.clustered[k]), expected[f"K{k}"])


def test_the_consensus_equals_r_to_the_last_bit(golden, fitted):
    expected = pd.read_csv(golden / "pam_pearson_consensus_lowertri_colmajor.csv.gz")
    for k in ALL_K:
        np.testing.assert_array_equal(below_diagonal(fitted.consensus_[k]), expected[f"K{k}"])
        np.testing.assert_array_equal(np.diag(fitted.consensus_[k]), 1)
        np.testing.assert_array_equal(fitted.consensus_[k], fitted.consensus_[k].T)


def test_the_curves_equal_r(golden, fitted):
    expected = json.loads((golden / "pam_pearson_summary.json").read_text())
    for place, k in enumerate(ALL_K):
        np.testing.assert_allclose(fitted.cdf_[k], expected["cdf"][f"K{k}"], rtol=1e-15)
        assert fitted.area_[k] == pytest.approx(expected["cdf_area"][place], rel=1e-15)
        assert fitted.relative_change_[k] == pytest.approx(expected["delta_area"][place], rel=2e-14)
        # the fraction in (0.1, 0.9], counted straight from R's consensus values
        values = pd.read_csv(golden / "pam_pearson_consensus_lowertri_colmajor.csv.gz")[f"K{k}"]
        assert fitted.pac_[k] == pytest.approx(((values > 0.1) & (values <= 0.9)).mean(), abs=1e-15)
    assert fitted.k_ == 4  # growth .31 at 3, .14 at 4, .05 at 5


def test_the_classes_equal_r(golden, fitted):
    expected = pd.read_csv(golden / "pam_pearson_consensusClass.csv")
    for k in ALL_K:
        assert adjusted_rand_score(expected[f"K{k}"], fitted.labels_at_[k]) == 1
        sizes = np.bincount(fitted.labels_at_[k])
        assert len(sizes) == k
        assert (np.diff(sizes) <= 0).all()
    np.testing.assert_array_equal(fitted.labels_, fitted.labels_at_[4])


@pytest.mark.parametrize("n_resamples", [1, 254, 255, 256, 511])
def test_pairs_are_counted_as_a_plain_loop_counts_them(n_resamples):
    n_cases, size = 21, 13

    class Remainders:
        def __call__(self, subset):
            return np.array([subset.items % 2, subset.items * 7 % 5 % 3], dtype=np.int32)

        def copy(self):
            return self

    draw, partition = Draw(n_cases, size, 1, 1), Remainders()

    drawn = np.zeros((n_cases, n_cases), dtype=int)
    clustered = np.zeros((2, n_cases, n_cases), dtype=int)
    for subset in draw.subsets(n_resamples, seed=4):
        items = subset.items
        for place, labels in enumerate(partition(subset)):
            clustered[place][np.ix_(items, items)] += labels[:, None] == labels
        drawn[np.ix_(items, items)] += 1
    counts = count_pairs(n_cases, [2, 3], draw.subsets(n_resamples, seed=4), partition, n_threads=3)
    np.testing.assert_array_equal(counts.drawn, drawn)
    np.testing.assert_array_equal(counts.clustered[2], clustered[0])
    np.testing.assert_array_equal(counts.clustered[3], clustered[1])


def planted_table(sizes):
    generator = np.random.default_rng(8)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return 6 * generator.normal(size=(len(sizes), 10))[groups] + generator.normal(size=(len(groups), 10)), groups


@pytest.mark.parametrize("seed_like_r", [False, True])
def test_planted_groups_and_their_number_are_found(seed_like_r):
    X, planted = planted_table([26, 25, 25, 24])
    model = ConsensusClustering(range(2, 8), n_resamples=300, seed_like_r=seed_like_r, metric="euclidean").fit(X)
    assert model.k_ == model.k_choice_.k == 4
    assert model.k_choice_.p_value == 0.01  # none of the 99 null tables is as stable
    assert ConsensusClustering(range(2, 8), n_resamples=300, seed_like_r=seed_like_r, choose="area").fit(X).k_ == 4
    assert model.pac_[4] == 0
    assert adjusted_rand_score(planted, model.labels_) == 1


def test_planted_groups_of_unequal_size_are_found_and_numbered_by_size():
    X, planted = planted_table([40, 30, 20, 10])
    model = ConsensusClustering(4, n_resamples=300).fit(X)
    np.testing.assert_array_equal(model.labels_, planted)
    # every pair is either always or never together: the area is the part of the pairs that are apart, and the last bin
    apart = 1 - (40 * 39 + 30 * 29 + 20 * 19 + 10 * 9) / (100 * 99)
    assert model.area_[4] == pytest.approx((99 * apart + 1) / 100, rel=1e-14)


@pytest.mark.parametrize("file", ["hc_average_euclidean", "hc_wardD2_euclidean"])
def test_the_counts_of_dendrograms_equal_r(golden, expression, file):
    linkage = "ward" if "ward" in file else "average"
    model = ConsensusClustering(
        ALL_K,
        n_resamples=1000,
        algorithm="hierarchical",
        inner_linkage=linkage,
        linkage=linkage,
        metric="euclidean",
        seed=SEED,
        seed_like_r=True,
        choose="area",
    ).fit(expression)
    expected = pd.read_csv(golden / f"{file}_cocluster_counts_lowertri_colmajor.csv.gz")
    classes = pd.read_csv(golden / f"{file}_consensusClass.csv")
    summary = json.loads((golden / f"{file}_summary.json").read_text())
    for place, k in enumerate(ALL_K):
        np.testing.assert_array_equal(below_diagonal(model.consensus_.clustered[k]), expected[f"K{k}"])
        assert adjusted_rand_score(classes[f"K{k}"], model.labels_at_[k]) == 1
        assert model.area_[k] == pytest.approx(summary["cdf_area"][place], rel=1e-14)


def test_the_consensus_of_k_means_is_that_of_r_but_for_chance(golden, expression):
    model = ConsensusClustering(ALL_K, n_resamples=1000, algorithm="kmeans", metric="euclidean", seed=SEED, choose="area").fit(
        expression
    )
    expected = pd.read_csv(golden / "km_euclidean_consensus_lowertri_colmajor.csv.gz")
    for k in ALL_K:
        found = below_diagonal(model.consensus_[k])
        # R runs another algorithm (Hartigan-Wong) from other random starts
        assert np.corrcoef(found, expected[f"K{k}"])[0, 1] > 0.9
        assert abs(found - expected[f"K{k}"]).mean() < 0.1


def test_item_and_cluster_consensus_equal_the_definition(fitted):
    for k in ALL_K:
        consensus, labels = fitted.consensus_[k], fitted.labels_at_[k]
        for cluster in range(k):
            members = np.flatnonzero(labels == cluster)
            pairs = consensus[np.ix_(members, members)][np.triu_indices(len(members), 1)]
            assert fitted.cluster_consensus_[k][cluster] == pytest.approx(pairs.mean())
            for case in (0, 50, 127):
                others = members[members != case]
                assert fitted.item_consensus_[k][case, cluster] == pytest.approx(consensus[case, others].mean())
