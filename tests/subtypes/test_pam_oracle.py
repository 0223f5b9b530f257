"""PAM against a plain NumPy version of BUILD and SWAP, against every possible choice of medoids, and against R."""

import gzip
import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from radiotype.subtypes import pam
from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.medoids import PamPartitions


def total(terms):
    """The sum in the order of the cases, as R adds; np.sum adds in pairs."""
    return float(np.cumsum(terms)[-1])


def plain_build(distances, k):
    n = len(distances)
    nearest = np.full(n, distances.max() * 1.1 + 1)
    medoids = []
    for _ in range(k):
        gains = {i: total(np.maximum(nearest - distances[i], 0)) for i in range(n) if i not in medoids}
        best = max(gains, key=lambda i: (gains[i], i))  # the last of equal gains
        medoids.append(best)
        nearest = np.minimum(nearest, distances[best])
    return medoids, total(nearest)


def plain_change(distances, medoids, out, candidate):
    """What the swap adds to the objective, case by case (Kaufman & Rousseeuw, p. 104)."""
    ordered = np.sort(distances[medoids], axis=0)
    nearest, second = ordered[0], ordered[1]
    loses = distances[out] == nearest
    closer = distances[candidate]
    return total(np.where(loses, np.minimum(second, closer), np.minimum(nearest, closer)) - nearest)


def plain_pam(distances, k):
    n = len(distances)
    medoids, build = plain_build(distances, k)
    objective = build
    while k > 1:
        changes = {
            (h, i): plain_change(distances, medoids, i, h) for h in range(n) if h not in medoids for i in sorted(medoids)
        }
        (candidate, out), change = min(changes.items(), key=lambda item: item[1])  # the first of equal changes
        if not change < -16 * np.finfo(float).eps * abs(objective):
            break
        medoids = [candidate if i == out else i for i in medoids]
        objective += change
    medoids = sorted(medoids)
    home = [j if j in medoids else medoids[int(np.argmin(distances[j, medoids]))] for j in range(n)]
    order = list(dict.fromkeys(home))
    return order, [order.index(i) for i in home], build / n, objective / n


def planar(points):
    return case_distances(np.asarray(points, dtype=float), "euclidean")


def symmetric(values):
    upper = np.triu(values, 1)
    return upper + upper.T


def matrices():
    generator = np.random.default_rng(7)
    for size in (5, 12, 31):
        yield f"random {size}", symmetric(generator.random((size, size)))
        yield f"whole numbers {size}", symmetric(generator.integers(1, 4, (size, size)).astype(float))
        yield f"copies {size}", planar(np.repeat(generator.random((size, 2)), 2, axis=0)[: size + 3])
    # All distances of the lattice occur many times, and none is a binary fraction: equal sums differ by rounding alone.
    yield "lattice", planar([(0.1 * i, 0.1 * j) for i in range(6) for j in range(6)])
    # In these three, sums in another order than R's choose another of the equally good swaps.
    yield "wide lattice", planar([(0.7 * i, 0.7 * j) for i in range(7) for j in range(7)])
    for n in (30, 36):
        yield f"ring {n}", planar([(np.cos(t), np.sin(t)) for t in np.arange(n) * 2 * np.pi / n])
    yield "all equal", 1.0 - np.eye(9)
    yield "all zero", np.zeros((6, 6))


MATRICES = dict(matrices())


@pytest.mark.parametrize("name", MATRICES)
def test_pam_equals_the_plain_version_bit_by_bit(name):
    distances = MATRICES[name]
    for k in range(1, min(len(distances), 9)):
        found = pam(distances, k)
        medoids, labels, build, swap = plain_pam(distances, k)
        assert found.medoids.tolist() == medoids
        assert found.labels.tolist() == labels
        assert found.objective_build == build
        assert found.objective_swap == swap


def test_pam_finds_the_best_of_all_medoids_when_the_clusters_are_clear():
    generator = np.random.default_rng(3)
    points = np.repeat([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]], 5, axis=0) + generator.normal(size=(15, 2))
    distances = planar(points)
    best = min(combinations(range(15), 3), key=lambda chosen: distances[list(chosen)].min(axis=0).sum())
    found = pam(distances, 3)
    assert sorted(found.medoids) == list(best)
    np.testing.assert_allclose(found.objective_swap, distances[list(best)].min(axis=0).mean(), rtol=1e-15)


def test_pam_stops_at_the_objective_of_its_own_medoids_and_never_above_the_start():
    generator = np.random.default_rng(11)
    for _ in range(20):
        distances = symmetric(generator.random((25, 25)))
        found = pam(distances, 4)
        np.testing.assert_allclose(found.objective_swap, distances[found.medoids].min(axis=0).mean(), rtol=1e-13)
        assert found.objective_swap <= found.objective_build


@pytest.mark.parametrize("k", range(2, 9))
def test_pam_equals_r_on_ruspini_to_the_last_bit(shared, k):
    folder = shared / "golden" / "pam_hclust"
    reference = json.loads((folder / "pam.json").read_text())[f"K{k}"]["ruspini_euclid"]
    found = pam(planar(pd.read_csv(folder / "ruspini.csv", index_col=0)), k)
    assert (found.medoids + 1).tolist() == reference["medoids"]
    assert (found.labels + 1).tolist() == reference["clustering"]
    assert [found.objective_build, found.objective_swap] == reference["objective"]


@pytest.fixture(scope="session")
def leukaemia(shared):
    """Gene expression of 128 leukaemias, (128, 200), the input of R's runs."""
    return pd.read_csv(shared / "golden" / "consensusclusterplus" / "input_ALL_200x128.csv", index_col=0).to_numpy().T.copy()


@pytest.mark.parametrize("k", range(2, 9))
def test_pam_equals_r_on_leukaemia_with_pearson(shared, leukaemia, k):
    reference = json.loads((shared / "golden" / "pam_hclust" / "pam.json").read_text())[f"K{k}"]["ALL_pearson"]
    found = pam(case_distances(leukaemia), k)
    assert (found.medoids + 1).tolist() == reference["medoids"]
    assert (found.labels + 1).tolist() == reference["clustering"]
    # R's correlations are summed in extended precision: the distances themselves differ in the last bit.
    np.testing.assert_allclose([found.objective_build, found.objective_swap], reference["objective"], rtol=1e-15)


def test_pam_of_subsets_equals_r(shared, leukaemia):
    folder = shared / "golden" / "consensusclusterplus"
    subsets = pd.read_csv(folder / "subsample_indices_1based_1000x102.csv.gz", header=None).to_numpy() - 1
    objective = pd.read_csv(folder / "pam_pearson_first100_objective.csv")
    with gzip.open(folder / "pam_pearson_first100_assign.csv.gz", "rt") as lines:
        labels = np.loadtxt(lines, delimiter=",", dtype=int)
    partitions = PamPartitions(case_distances(leukaemia), range(2, 7), 102)
    expected = iter(zip(labels, objective.itertuples(), strict=True))
    for items in subsets[:100].astype(np.int64):
        found = partitions(items)
        for place, k in enumerate(range(2, 7)):
            row, values = next(expected)
            assert values.k == row[1] == k
            assert (found[place] + 1).tolist() == row[2:].tolist()
            assert (items[partitions.medoids[place, :k]] + 1).tolist() == [int(m) for m in values.medoids.split()]
            np.testing.assert_allclose(partitions.objective[place], [values.build, values.swap], rtol=2e-15)
