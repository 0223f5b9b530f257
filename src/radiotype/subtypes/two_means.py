"""Two clusters of least squares, and the cluster index that says how far apart they are."""

from __future__ import annotations

import numpy as np


def cluster_index(values: np.ndarray, labels: np.ndarray) -> float:
    """Sum of squares within clusters over the total sum of squares, in [0, 1]; low is well apart.

    Parameters
    ----------
    values : array, shape (n_cases, n_features)
        Finite values, not all cases equal.
    labels : array, shape (n_cases,)
        Cluster of each case.

    Examples
    --------
    >>> cluster_index(np.array([[0.0], [2.0], [8.0], [10.0]]), np.array([0, 0, 1, 1]))
    0.058823529411764705
    """
    within = sum(np.sum((own - own.mean(axis=0)) ** 2) for own in (values[labels == at] for at in np.unique(labels)))
    return float(within / np.sum((values - values.mean(axis=0)) ** 2))


class TwoMeans:
    """The best two clusters of one table after the other, all of one shape, by the method of Hartigan and Wong.

    Made once per thread: it keeps the buffers. A call takes values (n_cases, n_features), a factor for each column and a
    generator for the starts; it returns the cluster index, and `labels` (n_cases,) holds the clusters until the next call.

    References
    ----------
    Hartigan & Wong, Applied Statistics 28 (1979) 100-108.
    """

    def __init__(self, n_cases: int, n_features: int, n_starts: int) -> None:
        from radiotype import _native

        self._n_cases = n_cases
        self._n_starts = n_starts
        self._workspace = np.empty(_native.two_means_workspace(n_cases, n_features))
        self._sides = np.empty((2, n_cases), dtype=np.uint8)
        self.labels = self._sides[0]
        self._run = _native.two_means

    def __call__(self, values: np.ndarray, scale: np.ndarray, generator: np.random.Generator) -> float:
        first = generator.integers(self._n_cases, size=self._n_starts)
        second = (first + generator.integers(1, self._n_cases, size=self._n_starts)) % self._n_cases
        return float(self._run(values, scale, np.column_stack([first, second]), self._sides, self._workspace))
