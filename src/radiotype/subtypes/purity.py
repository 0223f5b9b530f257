"""Cluster purity: do cases that were left out fall into the subtype that they have when they take part?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import labels as checked_labels
from radiotype.stats._inputs import read_only, same_rows, whole_number
from radiotype.subtypes.assign import NearestCentroid
from radiotype.subtypes.checks import finite_table
from radiotype.subtypes.distances import METRICS
from radiotype.subtypes.matching import UNMATCHED, match_partitions


@dataclass(frozen=True)
class ClusterPurity:
    """How well left-out cases find their subtype, for each repeat of the folds.

    Attributes
    ----------
    purity : array, shape (n_repeats,)
        Share of the cases that were predicted to be in their own subtype, in [0, 1].
    by_subtype : array, shape (n_repeats, n_subtypes)
        Of the cases predicted to be in a subtype, the share that is; NaN if there are none.
    confusion : array of int, shape (n_repeats, n_subtypes, n_subtypes + 1)
        Cases by their own and their predicted subtype; the last column is clusters that match no subtype.
    adjusted_rand : array, shape (n_repeats, n_folds)
        Agreement of the clusters without a fold with the subtypes, on the cases that took part; 1 is equal, 0 is chance.
    subtypes : tuple
        The labels, in the order of the arrays.
    """

    purity: np.ndarray
    by_subtype: np.ndarray
    confusion: np.ndarray
    adjusted_rand: np.ndarray
    subtypes: tuple[Any, ...]


def cluster_purity(
    X: ArrayLike,
    clusterer: BaseEstimator,
    *,
    labels: ArrayLike | None = None,
    classifier: BaseEstimator | None = None,
    groups: ArrayLike | None = None,
    n_folds: int = 5,
    n_repeats: int = 20,
    seed: int = 0,
) -> ClusterPurity:
    """Cluster without a fold, predict the fold, and compare with the subtypes of all cases.

    The clusters of each fold are matched with the subtypes by the cases they share. High purity says that the subtypes do not
    hang on single cases; one Gaussian cut in two is pure as well, so it does not say that there are subtypes.

    Parameters
    ----------
    X : array, shape (n_cases, n_features)
        Feature values, scaled as for clustering.
    clusterer : estimator
        Has `fit(X)` and then `labels_`, such as ConsensusClustering of one k. A copy is fitted to each part.
    labels : array, shape (n_cases,), optional
        The subtypes; without them those of `clusterer` on all cases.
    classifier : estimator, optional
        Has `fit(X, y)` and `predict(X)`; without it NearestCentroid with the `metric` of `clusterer`, or with Pearson's
        correlation if that has none.
    groups : array, shape (n_cases,), optional
        Patient of each case: all cases of a patient are left out together.
    n_folds : int
        Parts, each left out once in a repeat.
    n_repeats : int
        Divisions into parts.
    seed : int
        Same seed, same parts. Repeat r depends on the seed and on r alone.

    Returns
    -------
    ClusterPurity

    Raises
    ------
    ComputeError
        RT301 with fewer patients than folds; RT305 if a value is not finite, or a label or a group is missing.
    RecipeError
        RT103 if a setting has a value that is not allowed.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798. Their purity counts the largest subtype of each predicted cluster;
    this one counts the matched subtype, so it is as high or lower.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> generator = np.random.default_rng(1)
    >>> X = np.repeat([[0.0, 0.0], [9.0, 0.0]], 20, axis=0) + generator.normal(size=(40, 2))
    >>> found = cluster_purity(X, KMeans(2, random_state=0), classifier=NearestCentroid("euclidean"), n_repeats=3)
    >>> found.purity
    array([1., 1., 1.])
    """
    values = finite_table(X, least_cases=2)
    folds = whole_number("n_folds", n_folds, 2)
    repeats = whole_number("n_repeats", n_repeats, 1)
    start = whole_number("seed", seed, 0)
    if labels is None:
        labels = np.asarray(clone(clusterer).fit(values).labels_)
    if groups is None:
        groups = np.arange(len(values))
    same_rows({"X": X, "labels": labels, "groups": groups})
    own, subtypes = checked_labels(labels, "labels")
    patient, patients = checked_labels(groups, "groups")
    if len(patients) < folds:
        raise ComputeError("RT301", f"{len(patients)} patients cannot form {folds} folds", hint="lower n_folds")
    predictor = _nearest_centroid(clusterer) if classifier is None else classifier

    k = len(subtypes)
    confusion = np.zeros((repeats, k, k + 1), dtype=np.int64)
    agreement = np.empty((repeats, folds))
    for repeat in range(repeats):
        generator = np.random.default_rng(np.random.SeedSequence(start, spawn_key=(repeat,)))
        for fold, left_out in enumerate(np.array_split(generator.permutation(len(patients)), folds)):
            out = np.isin(patient, left_out)
            predicted, agreement[repeat, fold] = _predicted(values, own, out, clusterer, predictor)
            np.add.at(confusion[repeat], (own[out], predicted), 1)

    matched = np.diagonal(confusion, axis1=1, axis2=2)
    predicted_as = confusion[:, :, :k].sum(axis=1)
    by_subtype = np.where(predicted_as > 0, matched / np.maximum(predicted_as, 1), np.nan)
    purity = matched.sum(axis=1) / len(values)
    return ClusterPurity(read_only(purity), read_only(by_subtype), read_only(confusion), read_only(agreement), subtypes)


def _nearest_centroid(clusterer: BaseEstimator) -> NearestCentroid:
    metric = getattr(clusterer, "metric", "pearson")
    if not isinstance(metric, str) or metric not in METRICS:
        raise RecipeError("RT103", f"NearestCentroid does not know the clusterer's metric={metric!r}", hint="give classifier=")
    return NearestCentroid(metric)


def _predicted(
    values: np.ndarray, own: np.ndarray, out: np.ndarray, clusterer: BaseEstimator, classifier: BaseEstimator
) -> tuple[np.ndarray, float]:
    """Subtypes of the cases left out (-1: none matches), and the agreement of the others' clusters with their subtypes."""
    from sklearn.metrics import adjusted_rand_score

    clusters, codes = np.unique(clone(clusterer).fit(values[~out]).labels_, return_inverse=True)
    if len(clusters) == 1:
        codes_out = np.zeros(np.count_nonzero(out), dtype=np.int64)
    else:
        codes_out = clone(classifier).fit(values[~out], codes).predict(values[out])
    present = np.unique(own[~out])
    matching = match_partitions(own[~out], codes)
    reference = np.where(matching.reference == UNMATCHED, UNMATCHED, present[matching.reference])
    return reference[codes_out], float(adjusted_rand_score(own[~out], codes))
