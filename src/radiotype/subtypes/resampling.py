"""Random subsets of cases and features, and how often two cases fall into one cluster over many of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np

# One byte holds the count of one chunk of resamples, and 255 marks a case that was not drawn.
CHUNK = 255
NOT_DRAWN = 255


class Subset(NamedTuple):
    """The cases of one resample, ascending; its features, None for all; its number, from 0."""

    items: np.ndarray
    features: np.ndarray | None
    number: int


class Partition(Protocol):
    """Clusters one subset at every k; labels from 0, shape (n_k, n_items), which the next call may overwrite."""

    def __call__(self, subset: Subset) -> np.ndarray: ...

    def copy(self) -> Partition:
        """Another one for another thread."""
        ...


class ConsensusMatrices(Mapping[int, np.ndarray]):
    """Consensus of each pair by k: of the resamples that drew both cases, the fraction in which they shared a cluster.

    A matrix (n_cases, n_cases) of float64 is made when it is asked for; what is kept are the counts.

    Attributes
    ----------
    drawn : array of int32, shape (n_cases, n_cases)
        Resamples that drew both cases.
    clustered : {k: array of int32, shape (n_cases, n_cases)}
        Those in which they shared a cluster.
    """

    def __init__(self, drawn: np.ndarray, clustered: Mapping[int, np.ndarray]) -> None:
        self.drawn = drawn
        self.clustered = dict(clustered)

    def __getitem__(self, k: int) -> np.ndarray:
        ratio = self.clustered[k] / np.maximum(self.drawn, 1)
        np.fill_diagonal(ratio, 1.0)
        return ratio

    def __iter__(self) -> Iterator[int]:
        return iter(self.clustered)

    def __len__(self) -> int:
        return len(self.clustered)


@dataclass(frozen=True)
class Draw:
    """How subsets are drawn: so many of the cases, and of the features if fewer than all, without replacement."""

    n_cases: int
    n_items: int
    n_features: int
    n_drawn_features: int

    def subsets(self, n_resamples: int, *, seed: int) -> Iterator[Subset]:
        """Subsets with cases and features ascending; subset r depends on `seed` and r alone."""
        for resample in range(n_resamples):
            generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(resample,)))
            items = np.sort(generator.choice(self.n_cases, self.n_items, replace=False)).astype(np.int64)
            features = None
            if self.n_drawn_features < self.n_features:
                features = np.sort(generator.choice(self.n_features, self.n_drawn_features, replace=False))
            yield Subset(items, features, resample)


def count_pairs(
    n_cases: int,
    k: Sequence[int],
    subsets: Iterable[Subset],
    partition: Partition,
    *,
    n_threads: int = 1,
    advance: Callable[[], None] = lambda: None,
) -> ConsensusMatrices:
    """Cluster every subset and count; the counts do not depend on the number of threads.

    Parameters
    ----------
    n_cases : int
        Cases in the whole table.
    k : sequence of int
        Numbers of clusters, at most 254 each.
    subsets : iterable of Subset
    partition : Partition
    n_threads : int
    advance : callable
        Called after every subset.
    """
    from radiotype import _native

    labels = np.empty((len(k), CHUNK, n_cases), dtype=np.uint8)
    membership = np.empty((CHUNK, n_cases), dtype=np.uint8)
    drawn = np.zeros((n_cases, n_cases), dtype=np.int32)
    clustered = np.zeros((len(k), n_cases, n_cases), dtype=np.int32)
    partitions = [partition, *(partition.copy() for _ in range(n_threads - 1))]
    stop = threading.Event()

    def cluster(own: Partition, batch: list[tuple[int, Subset]]) -> None:
        for place, subset in batch:
            if stop.is_set():
                return
            membership[place] = NOT_DRAWN
            membership[place, subset.items] = 0
            labels[:, place] = NOT_DRAWN
            labels[:, place, subset.items] = own(subset)
            advance()

    def add(same: np.ndarray, counts: np.ndarray) -> None:
        _native.cocluster(same, np.empty(n_cases, dtype=np.uint8), counts)

    with ThreadPoolExecutor(n_threads) as pool:
        try:
            stream = iter(subsets)
            while batch := list(enumerate(islice(stream, CHUNK))):
                for _ in pool.map(cluster, partitions, [batch[first::n_threads] for first in range(n_threads)]):
                    pass
                filled = len(batch)
                for _ in pool.map(add, [membership[:filled], *labels[:, :filled]], [drawn, *clustered]):
                    pass
        finally:
            stop.set()  # after an error or an interrupt the other threads end with the subset they are at
    drawn.setflags(write=False)
    clustered.setflags(write=False)
    return ConsensusMatrices(drawn, dict(zip(k, clustered, strict=True)))
