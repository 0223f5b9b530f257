"""Which subtype of one partition is which of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._inputs import labels as checked_labels
from radiotype.stats._inputs import read_only, same_rows
from radiotype.subtypes.checks import finite_table
from radiotype.subtypes.distances import distances_between

UNMATCHED = -1


@dataclass(frozen=True)
class Matching:
    """The reference subtype of each subtype, one to one.

    Attributes
    ----------
    reference : array of int, shape (n_subtypes,)
        Place of the reference subtype; -1 where there are more subtypes than reference subtypes and this one is left over.
    score : array, shape (n_reference, n_subtypes)
        What was optimised in sum: distances of centroids (least), or cases in common (most).
    """

    reference: np.ndarray
    score: np.ndarray

    def relabel(self, labels: ArrayLike) -> np.ndarray:
        """Labels 0 to n_subtypes - 1 as places of reference subtypes.

        Raises
        ------
        ComputeError
            RT305 if there is a label outside 0 to n_subtypes - 1.
        """
        codes = np.asarray(labels)
        if codes.dtype.kind not in "iu" or np.any((codes < 0) | (codes >= len(self.reference))):
            raise ComputeError("RT305", f"the labels are not all whole numbers from 0 to {len(self.reference) - 1}")
        return np.asarray(self.reference[codes])


def match_labels(reference_centroids: ArrayLike, centroids: ArrayLike, *, metric: str = "pearson") -> Matching:
    """Match the subtypes of two cohorts so that the distances of their centroids are least in sum.

    Every subtype finds a partner if there is one left, however unlike it is: look at `score`.

    Parameters
    ----------
    reference_centroids : array, shape (n_reference, n_features)
        Means of the subtypes of one cohort.
    centroids : array, shape (n_subtypes, n_features)
        Means of the subtypes of the other, on the same features and scales.
    metric : {"pearson", "spearman", "euclidean"}
        Distance of two centroids.

    Returns
    -------
    Matching

    Raises
    ------
    ComputeError
        RT305 if the features differ in number, if a value is not finite, or if a centroid is constant under a correlation.
    RecipeError
        RT103 if there is no such metric.

    References
    ----------
    Kuhn, Naval Research Logistics Quarterly 2 (1955) 83-97.

    Examples
    --------
    >>> matching = match_labels([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [[2.0, 0.1, 0.0], [0.0, 0.1, 2.0], [0.0, 1.0, 0.1]])
    >>> matching.reference
    array([ 1,  0, -1])
    >>> matching.relabel([0, 0, 1, 2])
    array([ 1,  1,  0, -1])
    """
    one = finite_table(reference_centroids, least_cases=1, name="reference_centroids", may_be_equal=True)
    other = finite_table(centroids, least_cases=1, name="centroids", may_be_equal=True)
    if one.shape[1] != other.shape[1]:
        raise ComputeError("RT305", f"reference_centroids have {one.shape[1]} features and centroids {other.shape[1]}")
    return _matched(distances_between(one, other, metric), maximize=False)


def match_partitions(reference_labels: ArrayLike, labels: ArrayLike) -> Matching:
    """Match two partitions of the same cases so that most cases keep their subtype.

    For how alike they are, matched or not, see `sklearn.metrics.adjusted_rand_score`.

    Parameters
    ----------
    reference_labels, labels : array, shape (n_cases,)
        Two partitions; the places in the result are those of the sorted labels.

    Returns
    -------
    Matching

    Raises
    ------
    ComputeError
        RT305 if the lengths differ or a label is missing.

    References
    ----------
    Kuhn, Naval Research Logistics Quarterly 2 (1955) 83-97.

    Examples
    --------
    >>> match_partitions([0, 0, 0, 1, 1], [1, 1, 0, 0, 0]).reference
    array([1, 0])
    """
    same_rows({"reference_labels": reference_labels, "labels": labels})
    one, of_reference = checked_labels(reference_labels, "reference_labels")
    other, of_labels = checked_labels(labels, "labels")
    common = np.zeros((len(of_reference), len(of_labels)), dtype=np.int64)
    np.add.at(common, (one, other), 1)
    return _matched(common, maximize=True)


def _matched(score: np.ndarray, *, maximize: bool) -> Matching:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(score, maximize=maximize)
    reference = np.full(score.shape[1], UNMATCHED, dtype=np.int64)
    reference[columns] = rows
    return Matching(read_only(reference), read_only(score))
