"""Dissimilarity of cases across features: Pearson, Spearman, Euclidean."""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.subtypes.checks import check_choice

METRICS = ("pearson", "spearman", "euclidean")

# A row whose centred norm is at most this fraction of its mean is nothing but rounding (scipy.stats.pearsonr's bound).
CONSTANT_BELOW = 1e-13


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
    distances = (distances + distances.T) / 2
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
    return 1.0 - np.clip(correlation, -1.0, 1.0)


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


def _standard_rows(values: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and norm 1."""
    centred, norm, alike = _centred_rows(values)
    constant = np.flatnonzero(alike)
    if constant.size:
        raise ComputeError(
            "RT305",
            f"case {constant[0]} has the same value in all {values.shape[1]} features, so it correlates with nothing "
            f"({constant.size} such cases in all)",
            hint='drop the case, add features, or use metric="euclidean"',
        )
    return centred / norm


def _centred_rows(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of mean 0, their norms (n, 1), and which are nothing but rounding."""
    mean = values.mean(axis=1, keepdims=True)
    centred = values - mean
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return centred, norm, (norm <= CONSTANT_BELOW * np.abs(mean))[:, 0]
