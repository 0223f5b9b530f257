"""Consensus clustering: subtypes that many subsets of the patients agree on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClusterMixin

from radiotype.core.machine import available_threads
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.assign import NearestCentroid
from radiotype.subtypes.checks import check_choice, checked_table
from radiotype.subtypes.distances import METRICS, require_different_cases, require_distances
from radiotype.subtypes.inner import ALGORITHMS, inner_partition
from radiotype.subtypes.null_tables import KChoice, choose_k, covariance_root, gaussian_table, table_with_margins
from radiotype.subtypes.partition import LINKAGES, by_size, hierarchical_labels
from radiotype.subtypes.r_random import r_subsets
from radiotype.subtypes.resampling import NOT_DRAWN, ConsensusMatrices, Draw, Subset, count_pairs
from radiotype.subtypes.stability import (
    ambiguous_pairs,
    cdf_area,
    cluster_consensus,
    consensus_cdf,
    item_consensus,
    largest_growing_k,
    relative_change,
)

CHOICES = ("stability", "area")
NULLS = {"gaussian": gaussian_table, "copula": table_with_margins, None: gaussian_table}

#: Resamples and cases of each table that the choice of k looks at.
NULL_RESAMPLES, NULL_CASES = 200, 500

#: Counts, distances and matrices at work beyond this many bytes are refused, unless a caller allows more.
MEMORY_LIMIT_BYTES = 4 * 2**30


class ConsensusClustering(ClusterMixin, BaseEstimator):
    """How often two cases share a cluster when random subsets are clustered, and the subtypes that follow.

    Every resample draws a part of the cases and clusters it at every k. The consensus of two cases is the fraction of
    their common resamples in which they shared a cluster. The labels at k are the hierarchical clustering of one minus
    the consensus.

    Parameters
    ----------
    k : int, or sequence of int
        Numbers of subtypes to try, 2 to 254. A number is taken as it is: no choice is made.
    n_resamples : int
        Number of random subsets.
    item_fraction : float
        Part of the cases in each subset, in (0, 1]; floor(item_fraction * n_cases) cases are drawn without replacement.
    feature_fraction : float
        The same of the features. Below 1 distances are measured anew for each subset, which takes longer.
    algorithm : {"pam", "hierarchical", "kmeans"}
        Clustering of a subset.
    metric : {"pearson", "spearman", "euclidean"}
        Distance of two cases across features; k-means knows "euclidean" only.
    inner_linkage : {"average", "complete", "single", "ward"}
        Linkage of the clustering of a subset, if hierarchical.
    linkage : {"average", "complete", "single", "ward"}
        Linkage of the final clustering.
    choose : {"stability", "area"}
        How `k_` is chosen. "stability": the k with the fewest ambiguous pairs, compared with tables without clusters
        (`k_null`); 1 if it is no more stable than these. "area": the largest k at which the area under the consensus CDF
        still grew by 10 %, the smallest k if it never did; that rule always finds subtypes.
    k_null : {"gaussian", "copula", None}
        "gaussian": `n_null` tables of normal noise with the mean and covariance of X, clustered as X is, with 200 resamples
        of at most 500 cases. The ambiguous pairs of X, measured alike, are standardised by theirs at each k; the largest
        standardised stability counts when it exceeds the 95th percentile of the same maximum of the null tables. Strongly
        skewed features are split stably without any groups, which normal tables do not show: "copula" takes tables whose
        features keep the values they have in X. None: the k with the fewest ambiguous pairs, never 1.
    n_null : int
        Null tables, at least 20.
    seed : int
        Same seed, same bytes. Subset r depends on the seed and on r alone.
    seed_like_r : bool
        Draw the subsets that R's ConsensusClusterPlus draws with this seed; the consensus is then equal to R's, but for
        k-means, which draws random numbers between.
    n_landmarks : int, optional
        With more cases than this, find the subtypes in so many of them, drawn at random, and give every other case at each k
        the subtype of the nearest centroid: time and memory then grow with the number of cases, not with its square. All
        cases take part when left out.
    n_jobs : int, optional
        Threads; as many as there are cores when left out. The result is the same.
    memory_limit_bytes : int
        Refuse a table for which counts and distances would take more, about 4 (n_k + 11) n_cases^2 bytes with PAM; fewer
        threads work where more would not fit.

    Attributes
    ----------
    consensus_ : {k: array, shape (n_cases, n_cases)}
        Consensus of each pair, in [0, 1]; the diagonal is 1. A matrix is made from counts whenever it is asked for. Of the
        landmarks only, if there are any, as all that follows but the labels.
    landmarks_ : array of int
        The cases in which the subtypes were found; all without landmarks.
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
    item_consensus_ : {k: array, shape (n_cases, k)}
        Mean consensus of each case with the members of each subtype.
    cluster_consensus_ : {k: array, shape (k,)}
        Mean consensus of the pairs of each subtype.
    k_ : int
        The k chosen; 1 for no stable subtypes.
    k_choice_ : KChoice or None
        What the choice by null tables rests on; None without them.
    labels_ : array of int, shape (n_cases,)
        The subtypes at `k_`.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Monti et al., Machine Learning 52 (2003) 91-118.
    Wilkerson & Hayes, Bioinformatics 26 (2010) 1572-1573.
    Senbabaoglu et al., Scientific Reports 4 (2014) 6207.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> X = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 10, axis=0) + generator.normal(size=(30, 2))
    >>> model = ConsensusClustering(range(2, 6), n_resamples=200, metric="euclidean", n_null=30).fit(X)
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
        feature_fraction: float = 1.0,
        algorithm: str = "pam",
        metric: str = "pearson",
        inner_linkage: str = "average",
        linkage: str = "average",
        choose: str = "stability",
        k_null: str | None = "gaussian",
        n_null: int = 99,
        seed: int = 0,
        seed_like_r: bool = False,
        n_landmarks: int | None = None,
        n_jobs: int | None = None,
        memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    ) -> None:
        self.k = k
        self.n_resamples = n_resamples
        self.item_fraction = item_fraction
        self.feature_fraction = feature_fraction
        self.algorithm = algorithm
        self.metric = metric
        self.inner_linkage = inner_linkage
        self.linkage = linkage
        self.choose = choose
        self.k_null = k_null
        self.n_null = n_null
        self.seed = seed
        self.seed_like_r = seed_like_r
        self.n_landmarks = n_landmarks
        self.n_jobs = n_jobs
        self.memory_limit_bytes = memory_limit_bytes

    def fit(self, X: ArrayLike, y: None = None, *, progress: Progress = unwatched) -> ConsensusClustering:
        """Find the subtypes of a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Feature values on comparable scales.
        y : None
            Not used.
        progress : callable, optional
            Is told how far it is; `radiotype.run.progress.progress` shows a bar.

        Returns
        -------
        ConsensusClustering
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed, or if some pair of cases was never drawn together.
        ComputeError
            RT301 if a subset has too few cases for the largest k, or there are fewer different cases; RT305 if a value is not
            finite or too large, or a case is constant; RT306 if it would take more memory than allowed.
        """
        table = checked_table(self, X, reset=True)
        all_k = self._checked_settings()
        self.require_memory(len(table))
        self.landmarks_ = self._drawn_landmarks(len(table))
        values = table[self.landmarks_]
        require_distances(table, self.metric)
        require_different_cases(values, all_k[-1])
        self.consensus_ = self._consensus(values, all_k, self.n_resamples, self.seed, progress)
        self._require_every_pair(self.consensus_.drawn)

        self.labels_at_: dict[int, np.ndarray] = {}
        self.cdf_: dict[int, np.ndarray] = {}
        self.item_consensus_: dict[int, np.ndarray] = {}
        for k, consensus in self.consensus_.items():
            labels = self._of_every_case(table, hierarchical_labels(1.0 - consensus, k, self.linkage))
            self.labels_at_[k] = labels
            self.cdf_[k] = consensus_cdf(consensus)
            self.item_consensus_[k] = item_consensus(consensus, labels[self.landmarks_])
        self.cluster_consensus_ = {
            k: cluster_consensus(self.item_consensus_[k], self.labels_at_[k][self.landmarks_]) for k in all_k
        }
        self.area_ = {k: cdf_area(cdf) for k, cdf in self.cdf_.items()}
        self.relative_change_ = relative_change(self.area_)
        self.pac_ = {k: ambiguous_pairs(cdf) for k, cdf in self.cdf_.items()}
        self.k_choice_: KChoice | None = None
        self.k_ = self._chosen_k(values, all_k, progress)
        self.labels_ = self.labels_at_[self.k_].copy() if self.k_ > 1 else np.zeros(len(table), dtype=np.int64)
        return self

    def require_memory(self, n_cases: int) -> None:
        """Refuse so many cases if `fit` would refuse them; a study asks before it measures anything.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed.
        ComputeError
            RT306 if it would take more memory than allowed.
        """
        all_k = self._checked_settings()
        self._threads_that_fit(n_cases if self.n_landmarks is None else min(n_cases, self.n_landmarks), len(all_k))

    def _drawn_landmarks(self, n_cases: int) -> np.ndarray:
        if self.n_landmarks is None or self.n_landmarks >= n_cases:
            return np.arange(n_cases)
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(0, 1)))
        return np.sort(generator.choice(n_cases, self.n_landmarks, replace=False))

    def _of_every_case(self, table: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Labels of all cases from those of the landmarks."""
        if len(labels) == len(table):
            return labels
        found = NearestCentroid(self.metric).fit(table[self.landmarks_], labels).predict(table)
        found[self.landmarks_] = labels
        return by_size(found)

    def _chosen_k(self, values: np.ndarray, all_k: list[int], progress: Progress) -> int:
        if isinstance(self.k, int | np.integer):
            return all_k[0]
        if self.choose == "area":
            return largest_growing_k(self.relative_change_)
        if self.k_null is None:
            return min(all_k, key=lambda k: self.pac_[k])
        choice = self._beside_null_tables(values, all_k, progress)
        self.k_choice_ = choice
        return choice.k

    def _beside_null_tables(self, values: np.ndarray, all_k: list[int], progress: Progress) -> KChoice:
        """Ambiguous pairs of a part of the table and of null tables, all clustered alike."""
        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(0, 0)))
        n_cases = min(len(values), NULL_CASES)
        part = values[np.sort(generator.choice(len(values), n_cases, replace=False))]
        found, root = [], covariance_root(values)
        with progress("tables without subtypes", self.n_null + 1) as advance:
            for number in range(self.n_null + 1):
                table = NULLS[self.k_null](values, n_cases, generator, root=root) if number else part
                counts = self._consensus(table, all_k, NULL_RESAMPLES, number + 1, unwatched)
                found.append([ambiguous_pairs(consensus_cdf(consensus)) for consensus in counts.values()])
                advance()
        return choose_k(dict(zip(all_k, found[0], strict=True)), np.array(found[1:]))

    def _consensus(
        self, values: np.ndarray, all_k: list[int], n_resamples: int, seed: int, progress: Progress
    ) -> ConsensusMatrices:
        draw = self._draw(*values.shape)
        if draw.n_items <= all_k[-1]:
            raise ComputeError(
                "RT301",
                f"{draw.n_items} of {draw.n_cases} cases are drawn at a time; k={all_k[-1]} needs more than {all_k[-1]}",
                hint="lower the largest k or raise item_fraction",
            )
        features_drawn = draw.n_drawn_features < draw.n_features
        partition = inner_partition(
            self.algorithm,
            values,
            all_k,
            draw.n_items,
            metric=self.metric,
            linkage=self.inner_linkage,
            seed=seed,
            features_drawn=features_drawn,
        )
        subsets: Iterator[Subset] = (
            r_subsets(draw, n_resamples, seed=seed) if self.seed_like_r else draw.subsets(n_resamples, seed=seed)
        )
        with progress("resamples", n_resamples) as advance:
            n_threads = self._threads_that_fit(len(values), len(all_k))
            return count_pairs(len(values), all_k, subsets, partition, n_threads=n_threads, advance=advance)

    def _require_every_pair(self, drawn: np.ndarray) -> None:
        never = np.argwhere(drawn == 0)
        if len(never):
            raise RecipeError(
                "RT103",
                f"n_resamples={self.n_resamples} never drew the cases {never[0][0]} and {never[0][1]} together, "
                "so they have no consensus",
                hint="raise n_resamples or item_fraction",
            )

    def _draw(self, n_cases: int, n_features: int) -> Draw:
        drawn_features = max(1, math.floor(self.feature_fraction * n_features))
        return Draw(n_cases, math.floor(self.item_fraction * n_cases), n_features, drawn_features)

    def _n_threads(self) -> int:
        return self.n_jobs or available_threads()

    def _threads_that_fit(self, n_cases: int, n_k: int) -> int:
        """As many threads as memory allows; RT306 if it does not allow one."""
        unit = 4 * n_cases**2
        # Counts; distances twice in all; while a dendrogram is made, a consensus and two copies. Then what each thread holds.
        shared = unit * (n_k + 1 + 3 + 6)
        own = unit * (6 if self.feature_fraction < 1 else 2 if self.algorithm == "hierarchical" else 1)
        if shared + own > self.memory_limit_bytes:
            raise ComputeError(
                "RT306",
                f"consensus clustering of {n_cases:,} cases at {n_k} numbers of clusters takes about "
                f"{(shared + own) / 1e9:.1f} GB, {self.memory_limit_bytes / 1e9:.1f} GB are allowed",
                hint="find them in a part of the cases (n_landmarks), or try fewer numbers of clusters",
            )
        return min(self._n_threads(), (self.memory_limit_bytes - shared) // own)

    def _checked_settings(self) -> list[int]:
        check_choice("algorithm", self.algorithm, ALGORITHMS)
        check_choice("metric", self.metric, METRICS)
        check_choice("inner_linkage", self.inner_linkage, LINKAGES)
        check_choice("linkage", self.linkage, LINKAGES)
        check_choice("choose", self.choose, CHOICES)
        check_choice("k_null", self.k_null, tuple(NULLS))
        if self.algorithm == "kmeans" and self.metric != "euclidean":
            raise RecipeError("RT103", f"k-means has no metric={self.metric!r}", hint='set metric="euclidean"')
        for name, least in (("n_resamples", 1), ("seed", 0), ("n_null", 20), ("memory_limit_bytes", 1)):
            value = getattr(self, name)
            if not _is_whole(value) or value < least:
                raise RecipeError("RT103", f"{name}={value!r} is not a whole number from {least} on")
        for name in ("n_jobs", "n_landmarks"):
            value = getattr(self, name)
            if value is not None and not (_is_whole(value) and value >= 1):
                raise RecipeError("RT103", f"{name}={value!r} is not a positive whole number", hint="leave it out")
        for name in ("item_fraction", "feature_fraction"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value <= 1:
                raise RecipeError("RT103", f"{name}={getattr(self, name)!r} is not in (0, 1]")
        if not isinstance(self.k, int | np.integer | Iterable):
            raise RecipeError("RT103", f"k={self.k!r} is no whole number and no list of them", hint="such as range(2, 11)")
        all_k = [self.k] if isinstance(self.k, int | np.integer) else list(self.k)
        if not all_k or not all(_is_whole(k) and 2 <= k < NOT_DRAWN for k in all_k):
            raise RecipeError("RT103", f"k={self.k!r} holds no whole numbers from 2 to {NOT_DRAWN - 1}, or others too")
        return sorted({int(k) for k in all_k})


def _is_whole(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
