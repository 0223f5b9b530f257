"""Subsets of cases, and how often two cases fall into one cluster over many subsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# One byte holds the count of one chunk of resamples, and 255 marks a case that was not drawn.
CHUNK = 255
NOT_DRAWN = 255


@dataclass(frozen=True)
class PairCounts:
    """Over all resamples, how often two cases were drawn together, and how often they then shared a cluster.

    Attributes
    ----------
    drawn : array of int, shape (n_cases, n_cases)
    clustered : {k: array of int, shape (n_cases, n_cases)}
    """

    drawn: np.ndarray
    clustered: dict[int, np.ndarray]

    def consensus(self, k: int) -> np.ndarray:
        """Of the resamples that drew both cases, the fraction in which they shared a cluster; the diagonal is 1."""
        ratio = self.clustered[k] / np.maximum(self.drawn, 1)
        np.fill_diagonal(ratio, 1.0)
        return ratio


def subsamples(n_cases: int, size: int, n_resamples: int, *, seed: int) -> Iterator[np.ndarray]:
    """Subsets of `size` cases without replacement, ascending; subset r depends on `seed` and r alone."""
    for resample in range(n_resamples):
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(resample,)))
        yield np.sort(generator.choice(n_cases, size, replace=False)).astype(np.int64)


def count_pairs(
    n_cases: int, k: Sequence[int], subsets: Iterator[np.ndarray], partition: Callable[[np.ndarray], np.ndarray]
) -> PairCounts:
    """Cluster every subset and count.

    Parameters
    ----------
    n_cases : int
        Cases in the whole table.
    k : sequence of int
        Numbers of clusters, at most 254 each.
    subsets : iterator of arrays of int
        The cases of each resample.
    partition : callable
        Takes the cases of one subset and returns their labels, shape (n_k, n_items), one row per k.
    """
    from radiotype import _native

    labels = np.empty((len(k), CHUNK, n_cases), dtype=np.uint8)
    membership = np.empty((CHUNK, n_cases), dtype=np.uint8)
    drawn = np.zeros((n_cases, n_cases), dtype=np.int32)
    clustered = np.zeros((len(k), n_cases, n_cases), dtype=np.int32)
    row = np.empty(n_cases, dtype=np.uint8)

    def add(filled: int) -> None:
        _native.cocluster(membership[:filled], row, drawn)
        for of_k, counts in zip(labels, clustered, strict=True):
            _native.cocluster(of_k[:filled], row, counts)

    filled = 0
    for items in subsets:
        membership[filled] = NOT_DRAWN
        membership[filled, items] = 0
        labels[:, filled] = NOT_DRAWN
        labels[:, filled, items] = partition(items)
        filled += 1
        if filled == CHUNK:
            add(filled)
            filled = 0
    add(filled)
    drawn.setflags(write=False)
    clustered.setflags(write=False)
    return PairCounts(drawn, dict(zip(k, clustered, strict=True)))
