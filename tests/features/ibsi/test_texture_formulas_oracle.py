"""Every texture feature equals the formula of the IBSI reference manual, written out term by term, to twelve digits."""

from __future__ import annotations

import math

import numpy as np
import pytest

from radiotype.features.ibsi.glcm import glcm_features
from radiotype.features.ibsi.level_statistics import level_statistics
from radiotype.features.ibsi.ngtdm import ngtdm_features
from radiotype.features.ibsi.texture_matrices import LevelMatrices, ToneDifferences, texture_matrices
from radiotype.features.ibsi.texture_table import FAMILIES, GLCM, NGLDM, NGTDM


def cooccurrence_by_formula(counts: np.ndarray, levels: np.ndarray, n_grey_levels: int) -> dict[str, float]:
    p = {
        (int(i), int(j)): counts[a, b] / counts.sum()
        for a, i in enumerate(levels)
        for b, j in enumerate(levels)
        if counts[a, b]
    }
    marginal = {i: sum(value for (first, _), value in p.items() if first == i) for i in {i for i, _ in p}}
    difference, total = {}, {}
    for (i, j), value in p.items():
        difference[abs(i - j)] = difference.get(abs(i - j), 0) + value
        total[i + j] = total.get(i + j, 0) + value
    mean = sum(i * value for i, value in marginal.items())
    variance = sum((i - mean) ** 2 * value for i, value in marginal.items())
    mean_difference = sum(k * value for k, value in difference.items())
    mean_sum = sum(k * value for k, value in total.items())
    entropy = lambda values: -sum(value * math.log2(value) for value in values)  # noqa: E731
    mean_of = lambda function: sum(function(i, j) * value for (i, j), value in p.items())  # noqa: E731
    joint, single = entropy(p.values()), entropy(marginal.values())
    shared_1 = -sum(value * math.log2(marginal[i] * marginal[j]) for (i, j), value in p.items())
    shared_2 = entropy(a * b for a in marginal.values() for b in marginal.values())
    return {
        "joint_maximum": max(p.values()),
        "joint_average": mean,
        "joint_variance": mean_of(lambda i, j: (i - mean) ** 2),
        "joint_entropy": joint,
        "difference_average": mean_difference,
        "difference_variance": sum((k - mean_difference) ** 2 * value for k, value in difference.items()),
        "difference_entropy": entropy(difference.values()),
        "sum_average": mean_sum,
        "sum_variance": sum((k - mean_sum) ** 2 * value for k, value in total.items()),
        "sum_entropy": entropy(total.values()),
        "angular_second_moment": sum(value**2 for value in p.values()),
        "contrast": mean_of(lambda i, j: (i - j) ** 2),
        "dissimilarity": mean_of(lambda i, j: abs(i - j)),
        "inverse_difference": mean_of(lambda i, j: 1 / (1 + abs(i - j))),
        "normalised_inverse_difference": mean_of(lambda i, j: 1 / (1 + abs(i - j) / n_grey_levels)),
        "inverse_difference_moment": mean_of(lambda i, j: 1 / (1 + (i - j) ** 2)),
        "normalised_inverse_difference_moment": mean_of(lambda i, j: 1 / (1 + (i - j) ** 2 / n_grey_levels**2)),
        "inverse_variance": 2 * sum(value / (i - j) ** 2 for (i, j), value in p.items() if j > i),
        "correlation": (mean_of(lambda i, j: i * j) - mean**2) / variance,
        "autocorrelation": mean_of(lambda i, j: i * j),
        "cluster_tendency": mean_of(lambda i, j: (i + j - 2 * mean) ** 2),
        "cluster_shade": mean_of(lambda i, j: (i + j - 2 * mean) ** 3),
        "cluster_prominence": mean_of(lambda i, j: (i + j - 2 * mean) ** 4),
        "information_correlation_1": (joint - shared_1) / single,
        "information_correlation_2": math.sqrt(1 - math.exp(-2 * (shared_2 - joint))),
    }


def statistics_by_formula(matrices: LevelMatrices) -> list[float]:
    r = {
        (int(i), int(j)): int(matrices.counts[0, a, b])
        for a, i in enumerate(matrices.levels)
        for b, j in enumerate(matrices.columns)
    }
    n = sum(r.values())
    rows = [sum(count for (i, _), count in r.items() if i == level) for level in matrices.levels]
    columns = [sum(count for (_, j), count in r.items() if j == column) for column in matrices.columns]
    mean_of = lambda function: sum(function(i, j) * count for (i, j), count in r.items()) / n  # noqa: E731
    level_mean, column_mean = mean_of(lambda i, j: i), mean_of(lambda i, j: j)
    return [
        mean_of(lambda i, j: 1 / j**2),
        mean_of(lambda i, j: j**2),
        mean_of(lambda i, j: 1 / i**2),
        mean_of(lambda i, j: i**2),
        mean_of(lambda i, j: 1 / (i * j) ** 2),
        mean_of(lambda i, j: i**2 / j**2),
        mean_of(lambda i, j: j**2 / i**2),
        mean_of(lambda i, j: i**2 * j**2),
        sum(row**2 for row in rows) / n,
        sum(row**2 for row in rows) / n**2,
        sum(column**2 for column in columns) / n,
        sum(column**2 for column in columns) / n**2,
        n / int(matrices.n_voxels[0]),
        mean_of(lambda i, j: (i - level_mean) ** 2),
        mean_of(lambda i, j: (j - column_mean) ** 2),
        -sum(count / n * math.log2(count / n) for count in r.values() if count),
        sum((count / n) ** 2 for count in r.values()),
    ]


def tone_differences_by_formula(matrices: ToneDifferences) -> dict[str, float]:
    rows = [
        (int(level), int(n), float(s))
        for level, n, s in zip(matrices.levels, matrices.n_voxels[0], matrices.differences[0], strict=True)
        if n
    ]
    total, levels = sum(n for _, n, _ in rows), len(rows)
    rows = [(i, n / total, s) for i, n, s in rows]
    change = sum(p * s for _, p, s in rows)
    every = [(one, other) for one in rows for other in rows]
    return {
        "coarseness": 1 / change,
        "contrast": sum(p * q * (i - j) ** 2 for (i, p, _), (j, q, _) in every)
        / (levels * (levels - 1))
        * sum(s for _, _, s in rows)
        / total,
        "busyness": change / sum(abs(i * p - j * q) for (i, p, _), (j, q, _) in every),
        "complexity": sum(abs(i - j) * (p * s + q * t) / (p + q) for (i, p, s), (j, q, t) in every) / total,
        "strength": sum((p + q) * (i - j) ** 2 for (i, p, _), (j, q, _) in every) / sum(s for _, _, s in rows),
    }


def regions() -> list[np.ndarray]:
    random = np.random.default_rng(11)
    wide = random.integers(0, 40, (7, 6, 5))
    smooth = np.add.outer(np.add.outer(np.arange(8), np.arange(7)), np.arange(6)) // 3 + 1
    return [
        random.integers(0, 4, (6, 5, 4)),
        wide * (wide % 3 > 0),
        smooth,
        np.array([0, 2, 9, 4])[random.integers(0, 4, (5, 5, 5))],
    ]


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("aggregation", ["3d_merged", "2_5d_merged"])
def test_every_feature(index: int, aggregation: str) -> None:
    levels = regions()[index]
    found = texture_matrices(levels, aggregation, n_grey_levels=50, alpha=index)
    pairs = found.cooccurrence
    ours = dict(zip((row.name for row in GLCM.rows), glcm_features(pairs)[0].tolist(), strict=True))
    assert ours == pytest.approx(cooccurrence_by_formula(pairs.counts[0], pairs.levels, 50), rel=1e-12, abs=1e-12)
    for matrices in (found.run_length, found.size_zone, found.distance_zone, found.dependence):
        assert level_statistics(matrices)[0].tolist() == pytest.approx(statistics_by_formula(matrices), rel=1e-12, abs=1e-12)
    ours = dict(zip((row.name for row in NGTDM.rows), ngtdm_features(found.tone_difference)[0].tolist(), strict=True))
    assert ours == pytest.approx(tone_differences_by_formula(found.tone_difference), rel=1e-12)


def test_information_of_levels_that_determine_one_another() -> None:
    # A chessboard along one line: level 1 only beside 2. All information is shared: -1, and sqrt(1 - exp(-2)).
    levels = np.array([1, 2] * 5).reshape(10, 1, 1)
    ours = dict(
        zip((row.name for row in GLCM.rows), glcm_features(texture_matrices(levels).cooccurrence)[0].tolist(), strict=True)
    )
    assert ours["correlation"] == ours["information_correlation_1"] == -1
    assert ours["information_correlation_2"] == pytest.approx(math.sqrt(1 - math.exp(-2)), rel=1e-14)


def test_names_and_identifiers_are_distinct() -> None:
    identifiers = [row.ibsi for family in FAMILIES for row in family.rows] + [family.ibsi for family in FAMILIES]
    assert len(set(identifiers)) == len(identifiers) == 25 + 3 * 16 + 5 + 17 + 6
    assert all(len(identifier) == 4 for identifier in identifiers)
    assert len(NGLDM.rows) == 17
