"""In-group proportion against R's clusterRepro 0.9, and against its definition written as loops."""

import json

import numpy as np
import pandas as pd
import pytest

from radiotype.subtypes import igp, in_group_proportion
from radiotype.subtypes.distances import METRICS, case_distances, distances_between
from radiotype.subtypes.igp import permuted_centroids


@pytest.fixture(scope="module")
def golden(shared):
    folder = shared / "golden" / "igp"
    reference = json.loads((folder / "igp.json").read_text())

    def read(name):
        return pd.read_csv(folder / f"{name}.csv", index_col=0).to_numpy().T

    return reference, read


def assert_equals_r(found, reference):
    np.testing.assert_allclose(found.igp, reference["IGP"], rtol=1e-15)
    np.testing.assert_array_equal(found.size, reference["Size"])


def test_classes_and_proportions_equal_r(golden):
    reference, read = golden
    found = in_group_proportion(read("newdata"), read("centroids"), n_permutations=1)
    np.testing.assert_array_equal(found.labels + 1, reference["Class"])
    assert_equals_r(found, reference)


@pytest.mark.parametrize("number", range(5))
def test_permuted_centroids_of_r_have_the_proportions_of_r(golden, number):
    reference, read = golden
    found = in_group_proportion(read("newdata"), read(f"perm_centroids_{number + 1}"), n_permutations=1)
    assert_equals_r(found, reference["first5"][number])


def test_r_deals_out_coordinates_along_our_axes(golden):
    _, read = golden
    centroids = read("centroids")
    axes = np.linalg.svd(centroids, full_matrices=False)[0]
    ours = permuted_centroids(centroids, 3, np.random.default_rng(1))
    expected = np.sort(axes.T @ centroids, axis=1)
    for one in [*(read(f"perm_centroids_{number}") for number in range(1, 6)), *ours]:
        np.testing.assert_allclose(np.sort(axes.T @ one, axis=1), expected, atol=1e-13)
        assert np.abs(one - centroids).max() > 0.1


def test_p_values_agree_with_r(golden):
    # Four standard errors of the difference of two simulations.
    reference, read = golden
    found = in_group_proportion(read("newdata"), read("centroids"), n_permutations=reference["perm"]["n"])
    compared = np.array(reference["perm"]["Number"])
    expected = np.array(reference["perm"]["p.value"])
    # Of 8000 permuted groups, about one in sixteen has the size.
    assert np.all(np.abs(found.n_compared - compared) <= 4 * np.sqrt(2 * compared))
    pooled = (expected + found.p_value) / 2
    assert np.all(
        np.abs(found.p_value - expected) <= 4 * np.sqrt(pooled * (1 - pooled) * (1 / compared + 1 / found.n_compared))
    )


@pytest.mark.parametrize("metric", METRICS)
def test_proportions_are_those_of_the_definition(metric):
    random = np.random.default_rng(7)
    values, centroids = random.normal(size=(40, 6)), random.normal(size=(3, 6))
    found = in_group_proportion(values, centroids, metric=metric, n_permutations=1)
    labels = [int(np.argmin(row)) for row in distances_between(values, centroids, metric)]
    distances = case_distances(values, metric)
    kept, size = np.zeros(3), np.zeros(3)
    for case in range(40):
        others = [other for other in range(40) if other != case]
        nearest = min(others, key=lambda other: distances[case, other])
        size[labels[case]] += 1
        kept[labels[case]] += labels[nearest] == labels[case]
    np.testing.assert_array_equal(found.labels, labels)
    np.testing.assert_array_equal(found.size, size)
    np.testing.assert_allclose(found.igp, kept / size, rtol=1e-15)


@pytest.mark.parametrize("tolerance", [0.0, 0.3, np.inf])
def test_p_values_are_those_of_the_definition(tolerance):
    random = np.random.default_rng(8)
    values, centroids = random.normal(size=(30, 6)), random.normal(size=(3, 6))
    found = in_group_proportion(values, centroids, n_permutations=200, size_tolerance=tolerance, seed=5)
    sets = permuted_centroids(centroids, 200, np.random.default_rng(np.random.SeedSequence(5, spawn_key=(0,))))
    null = [in_group_proportion(values, one, n_permutations=1) for one in sets]
    groups = [group for one in null for group in zip(one.igp, one.size, strict=True) if group[1]]
    for share, size, p_value, compared in zip(found.igp, found.size, found.p_value, found.n_compared, strict=True):
        alike = [other for other, of_size in groups if abs(of_size - size) <= tolerance * size]
        assert compared == len(alike)
        as_high = sum(other >= share - 1e-12 for other in alike)
        assert p_value == pytest.approx((1 + as_high) / (1 + len(alike)), rel=1e-15)


def test_the_gaussian_null_is_that_of_the_definition():
    random = np.random.default_rng(9)
    values, centroids = random.normal(size=(30, 5)) * [3, 1, 1, 1, 1] + 2, random.normal(size=(3, 5))
    found = in_group_proportion(values, centroids, null="gaussian", n_permutations=150, seed=6)
    root = np.linalg.qr((values - values.mean(axis=0)) / np.sqrt(29), mode="r")  # root.T @ root is the covariance
    np.testing.assert_allclose(root.T @ root, np.cov(values.T), rtol=1e-12)
    null = []
    for cohort in range(150):
        generator = np.random.default_rng(np.random.SeedSequence(6, spawn_key=(cohort,)))
        drawn = generator.standard_normal((30, 5)) @ root + values.mean(axis=0)
        null.append(in_group_proportion(drawn, centroids, n_permutations=1).igp)
    null = np.array(null)
    as_high = np.sum(null >= found.igp - 1e-12, axis=0)
    compared = np.sum(~np.isnan(null), axis=0)
    np.testing.assert_array_equal(found.n_compared, compared)
    np.testing.assert_allclose(found.p_value, (1 + as_high) / (1 + compared), rtol=1e-15)


def test_simulated_cohorts_have_the_mean_and_the_covariance_of_the_cohort(monkeypatch):
    random = np.random.default_rng(10)
    values = random.normal(size=(40, 3)) @ random.normal(size=(3, 3)) + [5, 0, -2]
    seen = []
    monkeypatch.setattr(igp, "_nearest_other", lambda cohort, metric: (seen.append(cohort), np.zeros(len(cohort), int))[1])
    in_group_proportion(values, random.normal(size=(2, 3)), null="gaussian", metric="euclidean", n_permutations=2000)
    simulated = np.concatenate(seen[1:])  # the first are the cases themselves
    error = 4 * values.std(axis=0) / np.sqrt(len(simulated))
    assert np.all(np.abs(simulated.mean(axis=0) - values.mean(axis=0)) < error)
    np.testing.assert_allclose(
        np.cov(simulated.T), np.cov(values.T), atol=4 * np.trace(np.cov(values.T)) / np.sqrt(len(simulated))
    )
