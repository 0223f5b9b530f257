"""Dissimilarity of cases across features: Pearson, Spearman, Euclidean."""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.subtypes.checks import check_choice

METRICS = ("pearson", "spearman", "euclidean")

# A row whose centred norm is at most this fraction of its mean is nothing but rounding (scipy.stats.pearsonr's bound).
CONSTANT_BELOW = 1e-13

#: Larger values have squares that no double holds.
LARGEST_VALUE = 1e150


def case_distances(values: np.ndarray, metric: str = "pearson") -> np.ndarray:
    """How unlike each other the cases are.

    Parameters
    ----------
    values : array, shape (n_cases, n_features)
        Finite feature values, one row per case.
    metric : {"pearson", "spearman", "euclidean"}
        One minus the correlation of two cases across features, of values or of ranks; or the Euclidean distance.

    Returns
    -------
    array, shape (n_cases, n_cases)
        Symmetric, zero diagonal; in [0, 2] for the correlations, in the unit of `values` for Euclidean.

    Raises
    ------
    ComputeError
        RT305 if a case is constant across features and the metric is a correlation.
    RecipeError
        RT103 if there is no such metric.

    Examples
    --------
    >>> case_distances(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]))
    array([[0., 2.],
           [2., 0.]])
    """
    distances = distances_between(values, values, metric)
    distances = distances + distances.T
    distances /= 2
    np.fill_diagonal(distances, 0.0)
    return np.ascontiguousarray(distances)


def distances_between(values: np.ndarray, centroids: np.ndarray, metric: str = "pearson") -> np.ndarray:
    """How unlike each case is to each centroid, in the measures of `case_distances`; shape (n_cases, n_centroids)."""
    check_choice("metric", metric, METRICS)
    if metric == "euclidean":
        from scipy.spatial.distance import cdist

        return cdist(values, centroids)
    if metric == "spearman":
        from scipy.stats import rankdata

        values, centroids = rankdata(values, axis=1), rankdata(centroids, axis=1)
    correlation = _standard_rows(values) @ _standard_rows(centroids).T
    np.clip(correlation, -1.0, 1.0, out=correlation)  # in place: of many cases this is the largest array there is
    return np.subtract(1.0, correlation, out=correlation)


def without_distance(values: np.ndarray, metric: str) -> np.ndarray:
    """Cases that `distances_between` refuses, array of bool: constant across features under a correlation.

    Examples
    --------
    >>> without_distance(np.array([[1.0, 1.0], [1.0, 2.0]]), "pearson")
    array([ True, False])
    """
    if metric == "euclidean":
        return np.zeros(len(values), dtype=bool)
    return np.ptp(values, axis=1) == 0 if metric == "spearman" else _centred_rows(values)[2]


def require_distances(values: np.ndarray, metric: str) -> None:
    """Refuse cases that have no distance to others: constant ones under a correlation, or with values beyond 1e150.

    Raises
    ------
    ComputeError
        RT305 if there is such a case.
    """
    largest = np.abs(values).max(initial=0.0)
    if largest > LARGEST_VALUE:
        raise ComputeError(
            "RT305", f"a value is as large as {largest:.3g}, so that distances overflow", hint="scale the features"
        )
    _refuse_constant(without_distance(values, metric), values.shape[1])


def require_different_cases(values: np.ndarray, k: int) -> None:
    """Refuse a table with fewer different cases than clusters.

    Raises
    ------
    ComputeError
        RT301 if there are fewer.
    """
    different = len(np.unique(values, axis=0))
    if different < k:
        found = f"{len(values)} cases are {different} different ones; k={k} needs at least {k}"
        raise ComputeError("RT301", found, hint="lower the largest k")


def _standard_rows(values: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and norm 1."""
    centred, norm, alike = _centred_rows(values)
    _refuse_constant(alike, values.shape[1])
    return centred / norm


def _refuse_constant(alike: np.ndarray, n_features: int) -> None:
    constant = np.flatnonzero(alike)
    if constant.size:
        raise ComputeError(
            "RT305",
            f"case {constant[0]} has the same value in all {n_features} features, so it correlates with nothing "
            f"({constant.size} such cases in all)",
            hint='drop the case, add features, or use metric="euclidean"',
        )


def _centred_rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of mean 0, their norms (n, 1), and which are nothing but rounding."""
    mean = values.mean(axis=1, keepdims=True)
    centred = values - mean
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred, norm, (norm <= CONSTANT_BELOW * np.abs(mean))[:, 0]
