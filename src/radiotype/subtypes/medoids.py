"""Partitioning around medoids, with the results of R's `cluster::pam`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from radiotype.errors import ComputeError, RecipeError


@dataclass(frozen=True)
class Medoids:
    """A partition around medoids.

    Attributes
    ----------
    medoids : array of int, shape (k,)
        The case at the heart of each cluster, in the order of the labels.
    labels : array of int, shape (n_cases,)
        Cluster of each case, 0 to k - 1, numbered by first appearance.
    objective_build, objective_swap : float
        Mean distance of a case to its medoid after the first guess (BUILD) and at the end (SWAP).
    """

    medoids: np.ndarray
    labels: np.ndarray
    objective_build: float
    objective_swap: float


def pam(distances: np.ndarray, k: int) -> Medoids:
    """Clusters around the `k` cases whose mean distance to all others is least (a local optimum).

    BUILD picks the medoids one by one; SWAP then makes the best exchange of a medoid and another case until none helps.
    Medoids, labels and ties are those of R's `cluster::pam(as.dist(distances), k)`.

    Parameters
    ----------
    distances : array, shape (n_cases, n_cases)
        Any dissimilarity: symmetric, not negative, zero diagonal.
    k : int
        Number of clusters, from 1 to n_cases - 1.

    Returns
    -------
    Medoids

    Raises
    ------
    ComputeError
        RT301 if there are not more cases than clusters; RT305 if `distances` is no dissimilarity.
    RecipeError
        RT103 if `k` is not a positive whole number.

    References
    ----------
    Kaufman & Rousseeuw, Finding Groups in Data, Wiley (1990), chapter 2.
    Schubert & Rousseeuw, Faster k-medoids clustering, SISAP (2019).

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> partition = pam(abs(x[:, None] - x), 2)
    >>> partition.medoids, partition.labels
    (array([1, 4]), array([0, 0, 0, 1, 1, 1]))
    """
    checked = _checked_distances(distances)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise RecipeError("RT103", f"k={k!r} is not a number of clusters", hint="give a whole number from 1 on")
    n_cases = len(checked)
    if k >= n_cases:
        raise ComputeError("RT301", f"{n_cases} cases cannot form k={k} clusters", hint="k must be below the number of cases")
    partitions = PamPartitions(checked, [int(k)], n_cases)
    labels = partitions(np.arange(n_cases)).astype(np.int64)[0]
    medoids = partitions.medoids[0].copy()
    labels.setflags(write=False)
    medoids.setflags(write=False)
    build, swap = partitions.objective[0]
    return Medoids(medoids, labels, float(build), float(swap))


class PamPartitions:
    """PAM of one subset of cases after the other, for every k at once.

    Made once per thread: it keeps the buffers, so a call allocates nothing. A call takes the `n_items` cases of the
    subset (ascending) and returns labels (n_k, n_items), which the next call overwrites.
    """

    def __init__(self, distances: np.ndarray, k: Sequence[int], n_items: int) -> None:
        from radiotype import _native

        self._distances = distances
        self._k = np.asarray(sorted(k), dtype=np.int64)
        largest = int(self._k[-1])
        self._workspace = np.empty(_native.pam_workspace(n_items, largest))
        self._labels = np.empty((len(self._k), n_items), dtype=np.int32)
        self.medoids = np.empty((len(self._k), largest), dtype=np.int64)
        self.objective = np.empty((len(self._k), 2))
        self._run = _native.pam

    def __call__(self, items: np.ndarray) -> np.ndarray:
        self._run(self._distances, items, self._k, self._workspace, self.medoids, self._labels, self.objective)
        return self._labels


def _checked_distances(distances: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(distances, dtype=np.float64)
    hint = "give a square, symmetric array of distances with a zero diagonal"
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ComputeError("RT305", f"the distances have the shape {array.shape}, not (n_cases, n_cases)", hint=hint)
    faults = {
        "is not finite": ~np.isfinite(array),
        "is negative": array < 0,
        "differs from its mirror image": array != array.T,
        "is not zero, though it is a case's distance to itself": np.diag(np.diag(array) != 0),
    }
    for fault, where in faults.items():
        if where.any():
            row, column = (int(at[0]) for at in np.nonzero(where))
            raise ComputeError("RT305", f"the distance ({row}, {column}) = {array[row, column]} {fault}", hint=hint)
    return array
