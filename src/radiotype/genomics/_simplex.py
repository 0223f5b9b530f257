"""Simplices of points and non-negative least squares: what the kernels need around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from radiotype.stats._inputs import FloatArray


def _padded(values: FloatArray) -> FloatArray:
    """The same rows, with zeros to a multiple of the kernel's lanes."""
    from radiotype import _native

    padded = np.zeros((len(values), values.shape[1] + -values.shape[1] % _native.CORNER_LANES))
    padded[:, : values.shape[1]] = values
    return padded


def squared_distances(corners: FloatArray, points: FloatArray) -> FloatArray:
    """Squared distance of each point (n, d) to the polytope of the corners (k, d).

    Examples
    --------
    >>> squared_distances(np.eye(2), np.array([[1.0, 1.0], [0.0, 1.0], [3.0, 0.0]]))
    array([0.5, 0. , 4. ])
    """
    from radiotype import _native

    corners, points = _padded(corners), _padded(points)
    k, width = corners.shape
    found = np.empty(len(points))
    workspace = np.empty(_native.corner_workspace(0, k, width))
    _native.simplex_distances(corners, points, found, workspace, np.empty(_native.corner_places(0, k), dtype=np.int64))
    return found


def closest_simplices(
    points: FloatArray, k: int, n_keep: int, advance: Callable[[], None] = lambda: None
) -> tuple[np.ndarray, FloatArray]:
    """Sets of `k` points (n_sets, k) to whose simplex the others are closest, best first, and the sums of squared distances.

    All sets are looked at; `advance` is called once for each possible first corner, n - k + 1 times.
    """
    from radiotype import _native

    points = _padded(points)
    n, width = points.shape
    errors, sets, found = np.empty(n_keep), np.empty((n_keep, k), dtype=np.int64), 0
    order = np.arange(n)
    workspace = np.empty(_native.corner_workspace(n, k, width))
    whole = np.empty(_native.corner_places(n, k), dtype=np.int64)
    for lowest in range(n - k + 1):
        found = _native.corner_sets(points, lowest, found, errors, sets, order, workspace, whole)
        advance()
    return sets[:found], errors[:found]


def nonnegative_least_squares(matrix: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients (n, k), none negative, with which the columns of `matrix` (m, k) are closest to `rows` (n, m).

    The second result is what is left of each row, squared and summed (n,).

    Examples
    --------
    >>> nonnegative_least_squares(np.eye(2), np.array([[3.0, -4.0]]))
    (array([[3., 0.]]), array([16.]))
    """
    from radiotype import _native

    columns, rows = _padded(matrix.T), _padded(rows)
    k, width = columns.shape
    solution, errors = np.empty((len(rows), k)), np.empty(len(rows))
    workspace, whole = (
        np.empty(_native.nonnegative_workspace(k, width)),
        np.empty(_native.nonnegative_places(k), dtype=np.int64),
    )
    _native.nonnegative(columns, rows, np.inf, solution, errors, workspace, whole)
    return solution, errors


def best_columns(matrices: list[FloatArray], rows: FloatArray) -> tuple[int, float]:
    """Which matrix (m, k) comes closest to all `rows` (n, m) with non-negative coefficients, and the sum of squares left."""
    from radiotype import _native

    rows = _padded(rows)
    errors, best, least = np.empty(len(rows)), 0, np.inf
    k, width = matrices[0].shape[1], rows.shape[1]
    workspace = np.empty(_native.nonnegative_workspace(k, width))
    whole = np.empty(_native.nonnegative_places(k), dtype=np.int64)
    for place, matrix in enumerate(matrices):
        done = _native.nonnegative(_padded(matrix.T), rows, least, None, errors, workspace, whole)
        if done == len(rows) and (total := float(errors.sum())) < least:
            best, least = place, total
            # rows that are hard to reach come first: most other matrices are left after a few of them
            rows = np.ascontiguousarray(rows[np.argsort(-errors, kind="stable")])
    return best, least
