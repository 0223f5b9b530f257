"""How the subsets of consensus clustering are clustered: around medoids, by a dendrogram, or by k-means."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.medoids import PamPartitions
from radiotype.subtypes.partition import dendrogram, labels_of_dendrogram
from radiotype.subtypes.resampling import Partition, Subset

ALGORITHMS = ("pam", "hierarchical", "kmeans")

#: Starts of k-means, and rounds of each, as in ConsensusClusterPlus.
_KMEANS = {"n_init": 1, "max_iter": 10}


def inner_partition(
    algorithm: str,
    values: np.ndarray,
    all_k: Sequence[int],
    n_items: int,
    *,
    metric: str,
    linkage: str,
    seed: int,
    features_drawn: bool,
) -> Partition:
    """The partition of subsets of a table at every k.

    Distances are measured once, or for every subset if features are drawn, too.
    """
    if algorithm == "kmeans":
        return KMeansPartition(values, all_k, seed)
    if algorithm == "hierarchical":
        return DendrogramPartition(values, all_k, metric, linkage, features_drawn=features_drawn)
    if features_drawn:
        return MedoidsOfFeatures(values, all_k, metric)
    return MedoidPartition(PamPartitions(case_distances(values, metric), all_k, n_items))


class MedoidPartition:
    """PAM on distances that are the same for all subsets."""

    def __init__(self, medoids: PamPartitions) -> None:
        self._medoids = medoids

    def __call__(self, subset: Subset) -> np.ndarray:
        return self._medoids(subset.items)

    def copy(self) -> MedoidPartition:
        return MedoidPartition(self._medoids.copy())


class _OfSubset(ABC):
    """Clusters a part of a table; nothing in it changes from call to call."""

    def __init__(self, values: np.ndarray, all_k: Sequence[int], metric: str) -> None:
        self._values, self._k, self._metric = values, list(all_k), metric

    def copy(self) -> _OfSubset:
        return copy.copy(self)

    @abstractmethod
    def __call__(self, subset: Subset) -> np.ndarray: ...

    def _part(self, subset: Subset) -> np.ndarray:
        rows = self._values[subset.items]
        return rows if subset.features is None else np.ascontiguousarray(rows[:, subset.features])


class MedoidsOfFeatures(_OfSubset):
    """PAM on distances of the features drawn."""

    def __call__(self, subset: Subset) -> np.ndarray:
        n_items = len(subset.items)
        return PamPartitions(case_distances(self._part(subset), self._metric), self._k, n_items)(np.arange(n_items))


class DendrogramPartition(_OfSubset):
    """The dendrogram of a subset, cut at every k."""

    def __init__(self, values: np.ndarray, all_k: Sequence[int], metric: str, linkage: str, *, features_drawn: bool) -> None:
        super().__init__(values, all_k, metric)
        self._linkage = linkage
        self._distances = None if features_drawn else case_distances(values, metric)

    def __call__(self, subset: Subset) -> np.ndarray:
        if self._distances is None:
            distances = case_distances(self._part(subset), self._metric)
        else:
            distances = self._distances[np.ix_(subset.items, subset.items)]
        merges = dendrogram(distances, self._linkage)
        return np.stack([labels_of_dendrogram(merges, k) for k in self._k])


class KMeansPartition(_OfSubset):
    """k-means from random cases; the start depends on the seed, the number of the subset and k."""

    def __init__(self, values: np.ndarray, all_k: Sequence[int], seed: int) -> None:
        super().__init__(values, all_k, "euclidean")
        self._seed = seed

    def __call__(self, subset: Subset) -> np.ndarray:
        from sklearn.cluster import KMeans

        part, labels = self._part(subset), []
        for k in self._k:
            start = np.random.SeedSequence(self._seed, spawn_key=(subset.number, k)).generate_state(1)[0]
            model = KMeans(k, init="random", random_state=int(start), **_KMEANS)
            labels.append(model.fit(part).labels_)
        return np.stack(labels)
