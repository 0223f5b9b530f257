"""Curves that say how stable a consensus is, and the choice of the number of subtypes from them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

N_BINS = 100

# R's hist() lets a value pass its upper edge by 1e-7 of a bin, so that rounding does not move a fraction like 29/100.
_EDGES = np.arange(1, N_BINS + 1) / N_BINS + 1e-7 / N_BINS


def consensus_cdf(consensus: np.ndarray) -> np.ndarray:
    """Cumulative distribution of the consensus of all pairs of cases.

    Parameters
    ----------
    consensus : array, shape (n_cases, n_cases)
        Symmetric, values in [0, 1].

    Returns
    -------
    array, shape (100,)
        Fraction of the pairs with a consensus of at most 0.01, 0.02, ..., 1 (ConsensusClusterPlus' histogram).

    References
    ----------
    Monti et al., Machine Learning 52 (2003) 91-118. Wilkerson & Hayes, Bioinformatics 26 (2010) 1572-1573.

    Examples
    --------
    >>> cdf = consensus_cdf(np.array([[1.0, 0.3, 1.0], [0.3, 1.0, 0.0], [1.0, 0.0, 1.0]]))
    >>> cdf[[0, 28, 29, 98, 99]].round(3)
    array([0.333, 0.333, 0.667, 0.667, 1.   ])
    """
    pairs = consensus[np.tril_indices(len(consensus), -1)]
    counts = np.bincount(np.searchsorted(_EDGES, pairs), minlength=N_BINS)
    return np.cumsum(counts) / counts.sum()


def cdf_area(cdf: np.ndarray) -> float:
    """Area under the curve of `consensus_cdf`, in [0, 1]."""
    return float(np.sum(cdf) / N_BINS)


def ambiguous_pairs(cdf: np.ndarray, low: float = 0.1, high: float = 0.9) -> float:
    """Proportion of ambiguous clustering (PAC): pairs with a consensus in (low, high]; lower is more stable.

    The bounds are rounded to hundredths, the bins of the curve.

    References
    ----------
    Senbabaoglu et al., Scientific Reports 4 (2014) 6207.
    """
    return float(cdf[round(high * N_BINS) - 1] - cdf[round(low * N_BINS) - 1])


def relative_change(area: Mapping[int, float]) -> dict[int, float]:
    """Growth of the area from one k to the next, relative to the former; at the smallest k the area itself."""
    k = sorted(area)
    change = {k[0]: area[k[0]]}
    for before, now in pairwise(k):
        change[now] = (area[now] - area[before]) / area[before] if area[before] > 0 else float(area[now] > 0)
    return change


def largest_growing_k(change: Mapping[int, float], least_growth: float = 0.10) -> int:
    """The largest k whose area still grew by `least_growth`; the smallest k if none did.

    The area grows with the pairs that a further subtype sets apart. A small subtype sets few apart and can be missed even
    if it is perfectly stable: after 40, 30 and 30 cases, splitting the last into 20 and 10 adds 6 %.

    Parameters
    ----------
    change : {k: float}
        From `relative_change`. The value of the smallest k is no growth and is not looked at.
    least_growth : float
        Growth that still counts.
    """
    k = sorted(change)
    return max((at for at in k[1:] if change[at] >= least_growth), default=k[0])


def item_consensus(consensus: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How firmly each case belongs to each cluster: its mean consensus with the members, itself left out.

    Parameters
    ----------
    consensus : array, shape (n_cases, n_cases)
    labels : array of int, shape (n_cases,)
        From 0 to k - 1.

    Returns
    -------
    array, shape (n_cases, k)
        In [0, 1]; NaN for a case that is alone in its cluster.

    References
    ----------
    Monti et al., Machine Learning 52 (2003) 91-118.

    Examples
    --------
    >>> item_consensus(np.array([[1.0, 0.8, 0.3], [0.8, 1.0, 0.1], [0.3, 0.1, 1.0]]), np.array([0, 0, 1]))
    array([[0.8, 0.3],
           [0.8, 0.1],
           [0.2, nan]])
    """
    members = labels[:, None] == np.arange(labels.max() + 1)
    sums = consensus @ members - members  # less the diagonal, which is 1
    others = members.sum(axis=0) - members
    return np.divide(sums, others, out=np.full(sums.shape, np.nan), where=others > 0)


def cluster_consensus(items: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How firmly each cluster holds together: mean consensus of its pairs, from `item_consensus`; (k,), NaN for one case."""
    own = items[np.arange(len(labels)), labels]
    return np.array([own[labels == label].mean() for label in range(labels.max() + 1)])
