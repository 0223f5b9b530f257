"""Consensus clustering: subtypes that many subsets of the patients agree on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClusterMixin

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.checks import check_choice, checked_table
from radiotype.subtypes.distances import METRICS, case_distances
from radiotype.subtypes.medoids import PamPartitions
from radiotype.subtypes.partition import LINKAGES, hierarchical_labels
from radiotype.subtypes.r_random import r_subsamples
from radiotype.subtypes.resampling import NOT_DRAWN, PairCounts, count_pairs, subsamples
from radiotype.subtypes.stability import (
    ambiguous_pairs,
    cdf_area,
    consensus_cdf,
    largest_growing_k,
    relative_change,
)

ALGORITHMS = ("pam",)
CHOICES = ("area",)


class ConsensusClustering(ClusterMixin, BaseEstimator):
    """How often two cases share a cluster when random subsets are clustered, and the subtypes that follow.

    Every resample draws a part of the cases and clusters it at every k. The consensus of two cases is the fraction of
    their common resamples in which they shared a cluster. The labels at k are the hierarchical clustering of one minus
    the consensus.

    Parameters
    ----------
    k : int, or sequence of int
        Numbers of subtypes to try, 2 to 254. A single number is taken as it is: no choice is made.
    n_resamples : int
        Number of random subsets.
    item_fraction : float
        Part of the cases in each subset, in (0, 1]; floor(item_fraction * n_cases) cases are drawn without replacement.
    algorithm : {"pam"}
        Clustering of a subset.
    metric : {"pearson", "spearman", "euclidean"}
        Distance of two cases across features.
    linkage : {"average", "complete", "single", "ward"}
        Linkage of the final clustering.
    seed : int
        Same seed, same bytes. Subset r depends on the seed and on r alone.
    seed_like_r : bool
        Draw the subsets that R's ConsensusClusterPlus draws with this seed; the consensus is then equal to R's.
    choose : {"area"}
        How `k_` is chosen. "area": the largest k at which the area under the consensus CDF still grew by 10 %, the
        smallest k if it never did. The rule always finds subtypes: it does not ask whether there are any.

    Attributes
    ----------
    consensus_ : {k: array, shape (n_cases, n_cases)}
        Consensus of each pair, in [0, 1]; the diagonal is 1.
    labels_at_ : {k: array of int, shape (n_cases,)}
        Subtypes at each k, 0 to k - 1 by decreasing size (equal sizes: the one with the first case comes first).
    cdf_ : {k: array, shape (100,)}
        Fraction of the pairs with a consensus of at most 0.01, 0.02, ..., 1.
    area_ : {k: float}
        Area under that curve.
    relative_change_ : {k: float}
        Growth of the area from the k before, relative to it; at the smallest k the area itself.
    pac_ : {k: float}
        Fraction of ambiguous pairs, with a consensus in (0.1, 0.9]; lower is more stable.
    k_ : int
        The k chosen.
    labels_ : array of int, shape (n_cases,)
        The subtypes at `k_`.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Monti et al., Machine Learning 52 (2003) 91-118.
    Wilkerson & Hayes, Bioinformatics 26 (2010) 1572-1573.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> X = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 10, axis=0) + generator.normal(size=(30, 2))
    >>> model = ConsensusClustering(range(2, 6), n_resamples=200, metric="euclidean").fit(X)
    >>> model.k_, round(model.pac_[3], 3)
    (3, 0.0)
    >>> model.labels_[[0, 10, 20]]
    array([0, 1, 2])
    """

    def __init__(
        self,
        k: int | Sequence[int] = range(2, 11),
        *,
        n_resamples: int = 10_000,
        item_fraction: float = 0.8,
        algorithm: str = "pam",
        metric: str = "pearson",
        linkage: str = "average",
        seed: int = 0,
        seed_like_r: bool = False,
        choose: str = "area",
    ) -> None:
        self.k = k
        self.n_resamples = n_resamples
        self.item_fraction = item_fraction
        self.algorithm = algorithm
        self.metric = metric
        self.linkage = linkage
        self.seed = seed
        self.seed_like_r = seed_like_r
        self.choose = choose

    def fit(self, X: ArrayLike, y: None = None) -> ConsensusClustering:
        """Find the subtypes of a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Feature values on comparable scales.
        y : None
            Not used.

        Returns
        -------
        ConsensusClustering
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed, or if some pair of cases was never drawn together.
        ComputeError
            RT301 if a subset has too few cases for the largest k; RT305 if a value is not finite or a case is constant.
        """
        values = checked_table(self, X, reset=True)
        all_k = self._checked_settings()
        counts = self._count(values, all_k)

        self.consensus_: dict[int, np.ndarray] = {}
        self.labels_at_: dict[int, np.ndarray] = {}
        self.cdf_: dict[int, np.ndarray] = {}
        for k in all_k:
            consensus = counts.consensus(k)
            self.consensus_[k] = consensus
            self.labels_at_[k] = hierarchical_labels(1.0 - consensus, k, self.linkage)
            self.cdf_[k] = consensus_cdf(consensus)
        self.area_ = {k: cdf_area(cdf) for k, cdf in self.cdf_.items()}
        self.relative_change_ = relative_change(self.area_)
        self.pac_ = {k: ambiguous_pairs(cdf) for k, cdf in self.cdf_.items()}
        self.k_ = self._chosen_k()
        self.labels_ = self.labels_at_[self.k_].copy()
        return self

    def _chosen_k(self) -> int:
        return largest_growing_k(self.relative_change_)

    def _count(self, values: np.ndarray, all_k: list[int]) -> PairCounts:
        n_cases = len(values)
        n_items = math.floor(self.item_fraction * n_cases)
        if n_items <= all_k[-1]:
            raise ComputeError(
                "RT301",
                f"{n_items} of {n_cases} cases are drawn at a time; k={all_k[-1]} needs more than {all_k[-1]}",
                hint="lower the largest k or raise item_fraction",
            )
        partition = PamPartitions(case_distances(values, self.metric), all_k, n_items)
        counts = count_pairs(n_cases, all_k, self._subsets(n_cases, n_items), partition)
        never = np.argwhere(counts.drawn == 0)
        if len(never):
            raise RecipeError(
                "RT103",
                f"n_resamples={self.n_resamples} never drew the cases {never[0][0]} and {never[0][1]} together, "
                "so they have no consensus",
                hint="raise n_resamples",
            )
        return counts

    def _subsets(self, n_cases: int, n_items: int) -> Iterator[np.ndarray]:
        draw = r_subsamples if self.seed_like_r else subsamples
        return draw(n_cases, n_items, self.n_resamples, seed=self.seed)

    def _checked_settings(self) -> list[int]:
        check_choice("algorithm", self.algorithm, ALGORITHMS)
        check_choice("metric", self.metric, METRICS)
        check_choice("linkage", self.linkage, LINKAGES)
        check_choice("choose", self.choose, CHOICES)
        if not _is_whole(self.n_resamples) or self.n_resamples < 1:
            raise RecipeError("RT103", f"n_resamples={self.n_resamples!r} is not a positive whole number")
        if not _is_whole(self.seed) or self.seed < 0:
            raise RecipeError("RT103", f"seed={self.seed!r} is not a whole number from 0 on")
        if not 0 < self.item_fraction <= 1:
            raise RecipeError("RT103", f"item_fraction={self.item_fraction!r} is not in (0, 1]")
        all_k = [self.k] if isinstance(self.k, int | np.integer) else list(self.k)
        if not all_k or not all(_is_whole(k) and 2 <= k < NOT_DRAWN for k in all_k):
            raise RecipeError("RT103", f"k={self.k!r} holds no whole numbers from 2 to {NOT_DRAWN - 1}, or others too")
        return sorted({int(k) for k in all_k})


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
