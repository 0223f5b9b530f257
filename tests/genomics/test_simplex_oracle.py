"""The kernels behind mixtures against SciPy, plain enumeration, closed forms, and themselves at every SIMD level."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import nnls

from radiotype.genomics._simplex import best_columns, closest_simplices, nonnegative_least_squares, squared_distances


def plain_squared_distance(corners, point):
    """Weights sum to one because the last row weighs a million times as much."""
    heavy = 1e6
    weights, _ = nnls(np.vstack([corners.T, np.full(len(corners), heavy)]), np.append(point, heavy))
    return np.sum((point - weights @ corners) ** 2)


@pytest.mark.parametrize(("k", "d"), [(1, 1), (2, 1), (2, 3), (3, 2), (4, 9), (5, 4), (9, 3), (12, 12), (20, 5)])
def test_distances_to_a_polytope_are_those_of_scipy(k, d):
    random = np.random.default_rng(10 * k + d)
    corners, points = random.normal(size=(k, d)) + 3, random.normal(size=(60, d)) * 2 + 3
    expected = [plain_squared_distance(corners, point) for point in points]
    np.testing.assert_allclose(squared_distances(corners, points), expected, rtol=1e-6, atol=1e-9)


def test_distances_of_closed_form():
    triangle = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    points = np.array([[1.0, 1.0], [4.0, 0.0], [4.0, 4.0], [-3.0, 2.0], [7.0, -4.0], [2.0, -5.0]])
    np.testing.assert_allclose(squared_distances(triangle, points), [0.0, 0.0, 8.0, 9.0, 25.0, 25.0], atol=1e-15)


def test_corners_that_stand_twice_or_on_a_line_change_nothing():
    random = np.random.default_rng(3)
    corners, points = random.normal(size=(4, 3)), random.normal(size=(50, 3)) * 2
    middle = corners[:2].mean(axis=0, keepdims=True)
    more = np.vstack([corners, corners[:2], middle])
    np.testing.assert_allclose(squared_distances(more, points), squared_distances(corners, points), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("n", "d", "k"), [(8, 2, 3), (12, 9, 4), (11, 3, 2), (9, 4, 5), (6, 3, 6), (7, 2, 1)])
def test_the_best_sets_are_those_of_plain_enumeration(n, d, k):
    points = np.random.default_rng(n).normal(size=(n, d))
    every = {}
    for chosen in combinations(range(n), k):
        others = np.setdiff1d(np.arange(n), chosen)
        every[chosen] = squared_distances(points[list(chosen)], points[others]).sum() if len(others) else 0.0
    best = sorted(every, key=lambda chosen: every[chosen])[:10]
    sets, errors = closest_simplices(points, k, 10)
    np.testing.assert_array_equal(sets, best)
    np.testing.assert_allclose(errors, [every[chosen] for chosen in best], rtol=1e-12, atol=1e-25)


def test_every_step_is_counted():
    steps = []
    closest_simplices(np.random.default_rng(1).normal(size=(9, 2)), 3, 5, lambda: steps.append(1))
    assert len(steps) == 7


@pytest.mark.parametrize(("m", "k"), [(3, 2), (10, 5), (21, 4), (30, 12), (40, 22), (5, 5)])
@pytest.mark.parametrize("shift", [-0.5, 0.5, 3.0])
def test_nonnegative_least_squares_is_that_of_scipy(m, k, shift):
    random = np.random.default_rng(m + k)
    matrix, rows = random.gamma(1.0, size=(m, k)) + 0.01, random.normal(size=(200, m)) + shift
    solution, errors = nonnegative_least_squares(matrix, rows)
    expected = [nnls(matrix, row) for row in rows]
    assert (solution >= 0).all()
    np.testing.assert_allclose(errors, [length**2 for _, length in expected], rtol=1e-11)
    np.testing.assert_allclose(solution, [one for one, _ in expected], rtol=1e-8, atol=1e-10)


def test_columns_nearly_parallel_or_of_very_different_length_keep_their_accuracy():
    random = np.random.default_rng(5)
    base = random.gamma(1.0, size=(21, 1))
    matrix = np.hstack([base, base * (1 + 1e-5 * random.normal(size=(21, 1))), 1e-6 * random.gamma(1.0, size=(21, 1))])
    truth = random.uniform(0.5, 2.0, size=(50, 3)) * [1.0, 1.0, 1e6]
    solution, errors = nonnegative_least_squares(matrix, truth @ matrix.T)
    np.testing.assert_allclose(solution, truth, rtol=1e-7)
    assert errors.max() < 1e-25


def test_columns_of_zero_and_columns_twice_have_a_solution():
    random = np.random.default_rng(6)
    matrix = random.gamma(1.0, size=(8, 3))
    rows = random.gamma(1.0, size=(20, 8))
    expected = nonnegative_least_squares(matrix, rows)[1]
    more = np.hstack([np.zeros((8, 1)), matrix, matrix[:, :2]])
    solution, errors = nonnegative_least_squares(more, rows)
    np.testing.assert_allclose(errors, expected, rtol=1e-12)
    assert (solution[:, 0] == 0).all()


def test_the_best_matrix_is_the_one_that_leaves_least():
    random = np.random.default_rng(7)
    matrices = [random.gamma(1.0, size=(6, 3)) for _ in range(30)]
    rows = random.gamma(1.0, size=(200, 6))
    totals = [nonnegative_least_squares(matrix, rows)[1].sum() for matrix in matrices]
    best, left = best_columns(matrices, rows)
    assert best == int(np.argmin(totals))
    assert left == pytest.approx(min(totals), rel=1e-12)


LEVEL_PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.genomics._simplex import closest_simplices, nonnegative_least_squares, squared_distances

digest = hashlib.sha256()
for n, d, k in ((9, 1, 2), (14, 4, 3), (16, 9, 5), (18, 17, 4)):
    random = np.random.default_rng(n)
    points = random.normal(size=(n, d))
    sets, errors = closest_simplices(points, k, 50)
    solution, left = nonnegative_least_squares(random.gamma(1.0, size=(d + 4, k)), random.normal(size=(90, d + 4)) + 0.3)
    for found in (sets, errors, solution, left, squared_distances(points[:k], points)):
        digest.update(np.ascontiguousarray(found).tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def test_every_simd_level_gives_the_same_bytes(same_bytes_at_every_level):
    same_bytes_at_every_level(LEVEL_PROGRAM)
