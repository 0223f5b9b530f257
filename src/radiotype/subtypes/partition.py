"""Partitions of a dendrogram, with labels that do not depend on chance."""

from __future__ import annotations

import numpy as np

LINKAGES = ("average", "complete", "single", "ward")


def hierarchical_labels(distances: np.ndarray, k: int, linkage: str = "average") -> np.ndarray:
    """Cut the dendrogram of the cases into exactly k clusters.

    Parameters
    ----------
    distances : array, shape (n_cases, n_cases)
        Symmetric dissimilarity.
    k : int
        Number of clusters, at most n_cases.
    linkage : {"average", "complete", "single", "ward"}
        How the distance of two clusters is taken; "ward" is R's "ward.D2".

    Returns
    -------
    array of int, shape (n_cases,)
        Clusters numbered by `by_size`.
    """
    from scipy.cluster.hierarchy import linkage as scipy_linkage
    from scipy.spatial.distance import squareform

    merges = scipy_linkage(squareform(distances, checks=False), method=linkage)[:, :2].astype(np.int64)
    return by_size(cut(merges, k))


def by_size(labels: np.ndarray) -> np.ndarray:
    """Number clusters from 0 by decreasing size; of equal sizes the one with the first case comes first.

    Examples
    --------
    >>> by_size(np.array([7, 3, 3, 5]))
    array([1, 0, 0, 2])
    """
    _, first, inverse, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[inverse]


def cut(merges: np.ndarray, k: int) -> np.ndarray:
    """Labels after all but the last k - 1 merges, as R's `cutree` counts them; equal heights do not matter."""
    n_cases = len(merges) + 1
    cluster = np.arange(n_cases + len(merges))
    for step in range(len(merges) - 1, -1, -1):
        node = n_cases + step
        if step < n_cases - k:
            cluster[merges[step]] = cluster[node]
    return cluster[:n_cases]
