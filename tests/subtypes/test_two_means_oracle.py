"""Two clusters of least squares against plain NumPy, every possible split, a closed form, and itself at every SIMD level."""

import numpy as np
import pytest
from plain_two_means import best_of_all, one_start, within

from radiotype import _native
from radiotype.subtypes.two_means import TwoMeans, cluster_index

SHAPES = pytest.mark.parametrize(("n", "d"), [(2, 1), (3, 4), (25, 7), (40, 8), (60, 33)])


def run(values, starts, scale=None):
    n, d = values.shape
    sides = np.empty((2, n), dtype=np.uint8)
    workspace = np.full(_native.two_means_workspace(n, d), np.nan)
    scale = np.ones(d) if scale is None else scale
    index = _native.two_means(values, scale, np.asarray(starts, dtype=np.int64).reshape(-1, 2), sides, workspace)
    return index, sides[0].astype(np.int64)


@SHAPES
def test_each_start_ends_in_the_clusters_of_plain_numpy(n, d):
    random = np.random.default_rng(n)
    values = random.normal(size=(n, d)) + 5
    for _ in range(10):
        start = random.choice(n, 2, replace=False)
        index, labels = run(values, start)
        np.testing.assert_array_equal(labels, one_start(values, *start))
        assert index == pytest.approx(cluster_index(values, labels), rel=1e-12, abs=1e-15)


@SHAPES
def test_the_best_of_several_starts_is_kept(n, d):
    random = np.random.default_rng(n + 1)
    values = random.normal(size=(n, d))
    starts = [random.choice(n, 2, replace=False) for _ in range(12)]
    index, labels = run(values, starts)
    assert index == min(run(values, start)[0] for start in starts)
    assert index == pytest.approx(cluster_index(values, labels), rel=1e-12, abs=1e-15)


# kmeans(x, x[c(1, 2), ], iter.max = 100) of R 4.2.2 on six tables: withinss over totss, and size.
R_KMEANS = [
    (0.81431740116694251, [17, 23]),
    (0.82917555676498345, [23, 17]),
    (0.79819380758722192, [15, 25]),
    (0.79710236644190224, [11, 29]),
    (0.77010544932883274, [14, 26]),
    (0.79142533081333177, [14, 26]),
]


@pytest.mark.parametrize("seed", range(6))
def test_the_same_start_ends_as_in_r(seed):
    values = np.random.RandomState(seed).standard_normal((40, 6)).round(3)
    index, labels = run(values, (0, 1))
    expected, size = R_KMEANS[seed]
    assert index == pytest.approx(expected, rel=1e-13)
    np.testing.assert_array_equal(np.bincount(labels), size)


def test_every_start_together_finds_the_best_of_all_splits():
    for seed in range(6):
        values = np.random.default_rng(seed).normal(size=(11, 2))
        starts = [(one, other) for one in range(11) for other in range(one)]
        total = np.sum((values - values.mean(axis=0)) ** 2)
        assert run(values, starts)[0] == pytest.approx(best_of_all(values) / total, rel=1e-12)


def test_the_scale_multiplies_the_columns():
    random = np.random.default_rng(3)
    values, scale = random.normal(size=(30, 5)), np.array([4.0, 1.0, 0.5, 0.0, 2.0])
    index, labels = run(values, [(0, 1), (2, 3)], scale)
    expected, same = run(values * scale, [(0, 1), (2, 3)])
    assert index == expected
    np.testing.assert_array_equal(labels, same)


def test_one_gaussian_feature_loses_two_over_pi():
    # Cut at its mean, a normal variable keeps 1 - 2 / pi of its variance within the halves.
    n = 200_000
    values = np.random.default_rng(4).normal(size=(n, 1))
    index = TwoMeans(n, 1, 1)(values, np.ones(1), np.random.default_rng(5))
    assert index == pytest.approx(1 - 2 / np.pi, abs=4 / np.sqrt(n))


@pytest.mark.parametrize("start", [(0, 1), (0, 5), (5, 6)])
def test_equal_cases_at_the_start_still_give_two_clusters(start):
    values = np.repeat([[0.0, 1.0], [9.0, 1.0]], [5, 4], axis=0)
    index, labels = run(values, start)
    assert index == pytest.approx(0.0, abs=1e-15)
    assert len(set(labels[:5])) == len(set(labels[5:])) == 1
    assert labels[0] != labels[5]


def test_cluster_index_is_a_share_of_the_total():
    values = np.random.default_rng(6).normal(size=(20, 3)) + 100
    labels = np.repeat([0, 1, 2], [1, 9, 10])
    total = np.sum((values - values.mean(axis=0)) ** 2)
    assert cluster_index(values, labels) == pytest.approx(within(values, labels) / total, rel=1e-13)


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.subtypes.two_means import TwoMeans

digest = hashlib.sha256()
for n, d in ((5, 1), (40, 8), (101, 31), (300, 10)):  # below, at and beside the width of a vector
    search = TwoMeans(n, d, 3)
    index = search(np.random.default_rng(n).normal(size=(n, d)), np.linspace(1, 2, d), np.random.default_rng(1))
    digest.update(np.float64(index).tobytes() + search.labels.tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)
