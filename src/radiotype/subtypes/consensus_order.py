"""A consensus matrix as it is looked at: the cases of a group side by side, neighbours joined where they are too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: Rows and columns of a matrix that is looked at.
MAX_CELLS = 160


def ordered_consensus(
    consensus: npt.NDArray[Any], labels: npt.NDArray[Any], order: Sequence[Any]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """Consensus with its cases ordered by group, within a group by their mean consensus with it, highest first.

    Parameters
    ----------
    consensus : array, shape (n_cases, n_cases), in [0, 1]
    labels : array, shape (n_cases,)
        Group of each case.
    order : sequence
        Every group once, in the order wanted.

    Returns
    -------
    (array, shape (m, m), array, shape (m,))
        Mean consensus of neighbouring cases, m at most 160 and n_cases if that is fewer, in [0, 1]; group of the first case of
        each row.

    Examples
    --------
    >>> ordered_consensus(np.array([[1, 0, 0.8], [0, 1, 0], [0.8, 0, 1]]), np.array([0, 1, 0]), [1, 0])[0]
    array([[1. , 0. , 0. ],
           [0. , 1. , 0.8],
           [0. , 0.8, 1. ]])
    """
    place = {label: i for i, label in enumerate(order)}
    rank = np.array([place[label] for label in labels.tolist()])
    own = np.array([consensus[i, rank == mine].mean() for i, mine in enumerate(rank)])
    turned = np.lexsort((-own, rank))
    edges = np.unique(np.linspace(0, len(labels), min(MAX_CELLS, len(labels)) + 1).round().astype(int))
    sizes = np.diff(edges)
    sums = np.add.reduceat(np.add.reduceat(consensus[np.ix_(turned, turned)], edges[:-1], axis=0), edges[:-1], axis=1)
    return sums / np.outer(sizes, sizes), labels[turned][edges[:-1]]
