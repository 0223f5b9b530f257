"""Assignment of new cases to subtypes that are already known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from radiotype.stats._row_digests import row_digests
from radiotype.subtypes.checks import check_choice, check_finite, check_none_missing, checked_table
from radiotype.subtypes.distances import METRICS, case_distances, distances_between


class NearestCentroid(ClassifierMixin, BaseEstimator):
    """The subtype whose mean on the discovery cohort a new case is least unlike.

    Parameters
    ----------
    metric : {"pearson", "spearman", "euclidean"}
        Distance of a case and a centroid across features; of equal distances the first subtype counts.

    Attributes
    ----------
    classes_ : array, shape (n_subtypes,)
        The labels, sorted.
    centroids_ : array, shape (n_subtypes, n_features)
        Mean of each subtype's cases, in the order of `classes_`.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> discovery = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [2.0, 1.0, 0.0]])
    >>> model = NearestCentroid().fit(discovery, [0, 0, 1])
    >>> model.predict([[5.0, 6.0, 8.0]])
    array([0])
    """

    def __init__(self, metric: str = "pearson") -> None:
        self.metric = metric

    def fit(self, X: ArrayLike, y: ArrayLike) -> NearestCentroid:
        """Learn the centroids.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort.
        y : array, shape (n_cases,)
            Its subtypes.

        Returns
        -------
        NearestCentroid
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if there is no such metric.
        ComputeError
            RT305 if a value is not finite or a subtype is missing.
        """
        check_choice("metric", self.metric, METRICS)
        check_none_missing(y, "y")
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        check_classification_targets(labels)
        check_finite(values, getattr(self, "feature_names_in_", None))
        self.fitted_on_ = row_digests(values)
        self.classes_, subtype = np.unique(labels, return_inverse=True)
        self.centroids_ = np.array([self._centre(values[subtype == at]) for at in range(len(self.classes_))])
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Assign cases to subtypes.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            New cases, prepared like the discovery cohort.

        Returns
        -------
        array, shape (n_cases,)
            Labels out of `classes_`.

        Raises
        ------
        ComputeError
            RT305 if a value is not finite, or a case is constant under a correlation.
        """
        nearest = np.argmin(self.distances(X), axis=1)
        return self.classes_[nearest]

    def distances(self, X: ArrayLike) -> np.ndarray:
        """How unlike each case is to each centroid, shape (n_cases, n_subtypes); Raises as `predict`."""
        check_is_fitted(self)
        return distances_between(checked_table(self, X, reset=False), self.centroids_, self.metric)

    def _centre(self, members: np.ndarray) -> np.ndarray:
        return members.mean(axis=0)


class NearestMedoid(NearestCentroid):
    """The subtype whose most central discovery case a new case is least unlike.

    The medoid of a subtype is the case with the least sum of distances to the others, in the metric of the assignment (of
    equal ones the first). The medoids of `pam` are these.

    Parameters
    ----------
    metric : {"pearson", "spearman", "euclidean"}
        Distance of two cases across features; of equal distances the first subtype counts.

    Attributes
    ----------
    classes_ : array, shape (n_subtypes,)
        The labels, sorted.
    centroids_ : array, shape (n_subtypes, n_features)
        The medoid of each subtype, in the order of `classes_`.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> model = NearestMedoid("euclidean").fit([[0.0], [1.0], [5.0], [20.0]], [0, 0, 0, 1])
    >>> model.centroids_.ravel(), model.predict([[11.0]])
    (array([ 1., 20.]), array([1]))
    """

    def _centre(self, members: np.ndarray) -> np.ndarray:
        distances = case_distances(members, self.metric)
        return members[np.argmin(distances.sum(axis=0))]
