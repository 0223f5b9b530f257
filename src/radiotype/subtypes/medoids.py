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


#: Distances beyond these are not put into single precision.
_SINGLE = (1e-30, 1e30)
#: Sums of larger distances may be no numbers any more.
_LARGEST = 1e290


class PamPartitions:
    """PAM of one subset of cases after the other, for every k at once.

    Keeps its buffers, so a call allocates nothing: one for each thread (`copy`). A call takes the `n_items` cases of the subset
    (ascending) and returns labels (n_k, n_items), which the next call overwrites.

    Parameters
    ----------
    distances : array, shape (n_cases, n_cases)
    k : sequence of int
    n_items : int
    single : bool
        Look for the best swaps in single precision; what could be the best is decided in double: the result is the same.
    """

    def __init__(self, distances: np.ndarray, k: Sequence[int], n_items: int, *, single: bool = True) -> None:
        if not distances.max(initial=0) <= _LARGEST:
            raise ComputeError(
                "RT305",
                f"a distance is not a number or larger than {_LARGEST:g}",
                hint="check the columns of the table for values that are far too large",
            )
        positive = distances[distances > 0]
        fits = not positive.size or (positive.min() > _SINGLE[0] and positive.max() < _SINGLE[1])
        self._distances = distances
        self._narrow = distances.astype(np.float32) if single and fits else None
        self._k = np.asarray(sorted(k), dtype=np.int64)
        self._n_items = n_items
        self._make_buffers()

    def copy(self) -> PamPartitions:
        """Another one for the same distances, with buffers of its own."""
        other = object.__new__(PamPartitions)
        other._distances, other._narrow, other._k, other._n_items = self._distances, self._narrow, self._k, self._n_items
        other._make_buffers()
        return other

    def _make_buffers(self) -> None:
        from radiotype import _native

        largest = int(self._k[-1])
        self._workspace = np.empty(_native.pam_workspace(self._n_items, largest, self._narrow is not None))
        self._labels = np.empty((len(self._k), self._n_items), dtype=np.int32)
        self.medoids = np.empty((len(self._k), largest), dtype=np.int64)
        self.objective = np.empty((len(self._k), 2))
        self._run = _native.pam

    def __call__(self, items: np.ndarray) -> np.ndarray:
        self._run(self._distances, self._narrow, items, self._k, self._workspace, self.medoids, self._labels, self.objective)
        return self._labels


def _checked_distances(distances: np.ndarray) -> np.ndarray:
    array = np.ascontiguousarray(distances, dtype=np.float64)
    hint = "give a square, symmetric array of distances with a zero diagonal"
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ComputeError("RT305", f"the distances have the shape {array.shape}, not (n_cases, n_cases)", hint=hint)
    faults = {
        "is not finite": ~np.isfinite(array),
        "is negative": array < 0,
        f"is larger than {_LARGEST:g}": array > _LARGEST,
        "differs from its mirror image": array != array.T,
        "is not zero, though it is a case's distance to itself": np.diag(np.diag(array) != 0),
    }
    for fault, where in faults.items():
        if where.any():
            row, column = (int(at[0]) for at in np.nonzero(where))
            raise ComputeError("RT305", f"the distance ({row}, {column}) = {array[row, column]} {fault}", hint=hint)
    return array
