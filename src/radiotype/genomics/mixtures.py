"""Deconvolution without a reference: subclones, and their shares in every tumour, from expression alone."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from radiotype.core.machine import available_threads
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError
from radiotype.genomics._linear import linear_expression
from radiotype.genomics._mixture_geometry import (
    GeneSpace,
    corners_of_hull,
    fewer_corners,
    k_means,
    middling_norm,
    not_isolated,
    spatial_median,
)
from radiotype.genomics._mixture_settings import check_sets, check_settings, numbers_to_try
from radiotype.genomics._mixture_solution import ClusteredGenes, best_corners, fewest_within_chance
from radiotype.genomics._mixture_table import gene_names, refuse_masked, refuse_silent, sample_names, with_text_names
from radiotype.genomics.deconvolution import Deconvolution, deconvolved, marker_fold_changes
from radiotype.stats._inputs import FloatArray, read_only
from radiotype.stats._tables import checked_table

if TYPE_CHECKING:
    import pandas as pd


class ConvexMixture(TransformerMixin, BaseEstimator):
    """Convex analysis of mixtures: expression as proportions of subclones times the expression of each.

    Genes are points whose coordinates are samples. Those that only one subclone expresses lie on the edges of a cone that holds
    all the others. Genes are projected onto a plane, clustered there, and the clusters whose simplex holds the others best are
    the subclones. Their number is the smallest that describes the cohort about as shortly as any (minimum description length).

    Parameters
    ----------
    n_subclones : int, or sequence of int, optional
        A number, taken as it is, or numbers to choose from; 2 to 8 when left out, as far as dimensions and corners allow.
    n_dimensions : int
        Dimensions in which corners are sought, at most the number of samples; there cannot be more subclones.
    norm_quantiles : (float, float)
        Genes take part whose length over all samples lies between these quantiles: weaker ones are noise, stronger ones few.
    outlier_fraction : float
        Share of these genes that is left out for lying alone (local outlier factor).
    n_clusters : int
        Clusters of genes.
    n_starts : int
        k-means runs.
    n_partitions : int
        How many of them, those of least squares, are looked at. The description length depends on the run by a percent or two:
        the smallest number of subclones is taken whose mean length over these runs exceeds the least by no more than the
        standard deviation of the difference; raise `n_partitions` where numbers are close. Shares come from the run whose
        subclones describe the genes best. 1: the one run of least squares, and the number of least length in it, as in debCAM.
    min_cluster_genes : int
        Smaller clusters are left out.
    n_candidates : int, optional
        Clusters among which corners are sought: those without which the hull of the others would shrink most. None: every one
        that is a corner of the hull.
    estimate : {"markers", "projection"}
        The share of a subclone goes over the samples as the spatial median of the genes at its corner, or as the corner itself
        goes when it is projected back.
    log_base : float, "refuse" or None
        2 for log2 values, which are turned back. "refuse": values are linear, and an error if 99 % of the genes that some
        sample expresses do not exceed 50, which looks like logarithms. None: they are linear.
    log_offset : float
        What was added before the logarithm, 1 for log2(x + 1).
    noise : {"additive", "proportional"}
        How `transform` weighs genes; see `deconvolve`.
    min_coverage : float
        Share of the genes, and of those of each subclone, that a table needs for `transform`, in [0, 1].
    quantile_scale : bool
        Whether `transform` first gives each new sample the distribution of the discovery cohort, for another assay;
        of the genes that are there, if some are missing.
    seed : int
        Same seed, same bytes.
    n_jobs : int, optional
        Threads that work on partitions; as many as there are cores when left out. The result is the same.

    Attributes
    ----------
    n_subclones_ : int
        The number chosen.
    proportions_ : array, shape (n_samples, n_subclones_)
        Share of each subclone in each sample; rows sum to one. Subclones are in order of falling mean share.
    profiles_ : array, shape (n_subclones_, n_genes)
        Expression of each subclone.
    mdl_ : {int: float}
        Description length at each number, mean over partitions.
    lengths_ : array, shape (n_partitions, n_numbers)
        Description length in each of them, the run of least squares first.
    solutions_ : {int: MixtureSolution}
        Proportions and profiles at each number, in the chosen run.
    clusters_ : array of int, shape (n_genes,)
        Cluster of each gene; -1 where it took no part.
    candidates_ : array of int, shape (n_candidates,)
        Clusters among which corners were sought.
    centres_ : array, shape (n_candidates, n_dimensions - 1)
        Their centres in the plane.
    genes_ : tuple of str
        Names of the genes as text; g1, g2 ... without names. New tables are matched by them if the first had any, numbers
        such as those of Entrez too.
    quantiles_ : array, shape (n_genes,)
        Mean over samples of the sorted expression.
    n_features_in_ : int
        Number of genes.

    Notes
    -----
    Equal to debCAM 1.9.1 after its k-means, with `n_candidates` None and `n_partitions` 1 (its `mdl.method` 3 with "markers", 2
    with "projection"). Samples should be normalised for library size; a factor for all samples changes profiles only.

    References
    ----------
    Wang et al., Scientific Reports 6 (2016) 18909.
    Chen et al., Bioinformatics 36 (2020) 3927-3929.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> pure = random.gamma(0.3, 300, size=(3, 600)) + 1
    >>> pure[:, :150] *= np.repeat(np.eye(3), 50, axis=1) * 20 + 0.01  # genes of one subclone only
    >>> shares = random.dirichlet(np.ones(3), size=30)
    >>> model = ConvexMixture(n_clusters=15, n_starts=5).fit(shares @ pure)
    >>> model.n_subclones_
    3
    >>> model.proportions_.shape
    (30, 3)
    """

    def __init__(
        self,
        n_subclones: int | Sequence[int] | None = None,
        *,
        n_dimensions: int = 10,
        norm_quantiles: tuple[float, float] = (0.05, 0.95),
        outlier_fraction: float = 0.02,
        n_clusters: int = 50,
        n_starts: int = 51,
        n_partitions: int = 8,
        min_cluster_genes: int = 20,
        n_candidates: int | None = 20,
        estimate: str = "markers",
        log_base: str | float | None = "refuse",
        log_offset: float = 0.0,
        noise: str = "additive",
        min_coverage: float = 0.7,
        quantile_scale: bool = False,
        seed: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_subclones = n_subclones
        self.n_dimensions = n_dimensions
        self.norm_quantiles = norm_quantiles
        self.outlier_fraction = outlier_fraction
        self.n_clusters = n_clusters
        self.n_starts = n_starts
        self.n_partitions = n_partitions
        self.min_cluster_genes = min_cluster_genes
        self.n_candidates = n_candidates
        self.estimate = estimate
        self.log_base = log_base
        self.log_offset = log_offset
        self.noise = noise
        self.min_coverage = min_coverage
        self.quantile_scale = quantile_scale
        self.seed = seed
        self.n_jobs = n_jobs

    def fit(
        self, X: ArrayLike, y: None = None, *, clusters: ArrayLike | None = None, progress: Progress = unwatched
    ) -> ConvexMixture:
        """Find the subclones of a cohort.

        Parameters
        ----------
        X : array or data frame, shape (n_samples, n_genes)
            Expression, 0 or more, linear unless `log_base` says otherwise.
        y : None
            Not used.
        clusters : array of int, shape (n_genes,), optional
            Use these clusters of the genes instead of k-means; those of genes that take no part are not looked at.
        progress : callable, optional
            Is told how far it is; `radiotype.run.progress.progress` shows a bar.

        Returns
        -------
        ConvexMixture
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed, or there are not so many corners.
        ComputeError
            RT301 if there are too few samples or genes; RT305 if values are missing, negative or look like logarithms, a
            sample expresses nothing, or no gene that takes part, a name stands twice, or all samples are alike.
        """
        check_settings(self)
        refuse_masked(X)
        names, samples = gene_names(X), sample_names(X)
        values = checked_table(self, with_text_names(X), reset=True)
        self.genes_ = names or tuple(f"g{at + 1}" for at in range(self.n_features_in_))
        if len(values) < 2:
            raise ComputeError("RT301", "there is 1 sample (n_samples=1); expected 2 or more, of which mixtures differ")
        values = linear_expression(values, self.genes_, self.log_base, self.log_offset)
        genes = np.ascontiguousarray(values.T)
        kept, partitions = self._partitions(genes, samples, clusters, progress)
        numbers = numbers_to_try(self.n_subclones, len(partitions[0].candidates), len(partitions[0].space.axes))
        partitions = [one for one in partitions if len(one.candidates) >= numbers[-1]]
        check_sets(numbers, [len(one.candidates) for one in partitions])
        n_steps = sum(len(one.candidates) - k + 1 for one in partitions for k in numbers)
        with progress("corners", n_steps) as advance, ThreadPoolExecutor(self.n_jobs or available_threads()) as pool:
            found = list(pool.map(lambda one: [best_corners(one, k, self.estimate, advance) for k in numbers], partitions))
        for corners in (corners for row in found for corners in row):
            refuse_silent(corners.weights, samples, f"genes of the {len(corners.clusters)} subclones that fit best")
        self.lengths_ = read_only([[corners.mdl for corners in row] for row in found])
        self.mdl_ = dict(zip(numbers, self.lengths_.mean(axis=0).tolist(), strict=True))
        chosen = fewest_within_chance(self.lengths_)
        self.n_subclones_ = numbers[chosen]
        best = int(np.argmin([row[chosen].left for row in found]))
        self.solutions_ = {k: corners.solution(genes) for k, corners in zip(numbers, found[best], strict=True)}
        self.candidates_, self.centres_ = partitions[best].candidates, partitions[best].centres
        self.clusters_ = np.full(len(genes), -1)
        self.clusters_[kept] = partitions[best].labels
        self.proportions_ = self.solutions_[self.n_subclones_].proportions
        self.profiles_ = self.solutions_[self.n_subclones_].profiles
        self.quantiles_ = read_only(np.sort(values, axis=1).mean(axis=0))
        self._n_features_out = self.n_subclones_
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Share of each subclone in new samples, (n_samples, n_subclones), from the profiles as they are; see `deconvolve`."""
        return self.deconvolve(X).proportions

    def deconvolve(self, X: ArrayLike) -> Deconvolution:
        """Shares of the subclones in new samples, and how well they describe each.

        Parameters
        ----------
        X : array or data frame, shape (n_samples, n_genes)
            Expression of new samples. Genes of a data frame are matched by name; those that the profiles lack are not used.

        Returns
        -------
        Deconvolution
            Each sample by itself, as if it were alone.

        Raises
        ------
        ComputeError
            RT305 if fewer than `min_coverage` of the genes are there, or values are missing, negative or look like logarithms.
        """
        check_is_fitted(self)
        refuse_masked(X)
        named = hasattr(X, "columns") and hasattr(self, "feature_names_in_")
        table = X if named else checked_table(self, X, reset=False)
        return deconvolved(
            table,
            self.profile_table() if named else self.profiles_,
            (self.noise, self.min_coverage, self.log_base, self.log_offset),
            self._quantiles_of if self.quantile_scale else None,
        )

    def _quantiles_of(self, used: list[int], n_genes: int) -> FloatArray:
        """What `quantiles_` would be of these genes alone: of the ranks that they have in the cohort as it is described."""
        ranks = (self.proportions_ @ self.profiles_).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        return np.asarray(self.quantiles_[np.sort(ranks[:, used], axis=1)].mean(axis=0))

    def profile_table(self) -> pd.DataFrame:
        """Expression of each subclone with names, a row per subclone and a column per gene."""
        import pandas as pd

        check_is_fitted(self)
        return pd.DataFrame(self.profiles_, self.get_feature_names_out(), list(self.genes_))

    def mdl_curve(self) -> pd.DataFrame:
        """Description length at each number of subclones: columns `K`, `mdl`, and `sd` over the partitions."""
        import pandas as pd

        check_is_fitted(self)
        sd = self.lengths_.std(axis=0, ddof=1) if len(self.lengths_) > 1 else np.nan
        return pd.DataFrame({"K": list(self.mdl_), "mdl": list(self.mdl_.values()), "sd": sd})

    def markers(self, min_fold_change: float = 10.0) -> pd.DataFrame:
        """Genes that one subclone expresses at least so many times as any other, by subclone and falling fold change.

        Columns `subclone` and `fold_change`, a row per gene; inf where no other subclone expresses it.
        """
        found = marker_fold_changes(self.profile_table())
        found = found[found["fold_change"] >= min_fold_change]
        return found.sort_values(["subclone", "fold_change"], ascending=[True, False], kind="stable")

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the subclones: subclone1, subclone2 ..."""
        check_is_fitted(self)
        return np.array([f"subclone{at + 1}" for at in range(self.n_subclones_)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _partitions(
        self, genes: FloatArray, samples: Sequence[str], clusters: ArrayLike | None, progress: Progress
    ) -> tuple[np.ndarray, list[ClusteredGenes]]:
        """Places of the genes that take part, and their clusters in several ways, those of least squares first."""
        kept = np.flatnonzero(middling_norm(genes, self.norm_quantiles))
        space = GeneSpace.of(genes[kept], min(self.n_dimensions, genes.shape[1]))
        kept = kept[not_isolated(space.perspective(genes[kept]), self.outlier_fraction)]
        taking_part = genes[kept]
        refuse_silent(taking_part.T, samples, f"{len(kept)} genes that take part")
        points = space.perspective(taking_part)
        if clusters is None:
            ways = k_means(points, self.n_clusters, self.n_starts, self.seed, progress)[: self.n_partitions]
        else:
            ways = [self._given(clusters, kept)]
        partitions: list[ClusteredGenes] = []
        for labels in ways:
            names, sizes = np.unique(labels, return_counts=True)
            large = names[sizes >= self.min_cluster_genes]
            if len(large) >= 2:
                one = self._with_candidates(taking_part, points, labels, large, space)
                if len(one.candidates) >= 2:
                    partitions.append(one)
                elif not partitions:
                    found = f"the {len(large)} clusters of genes have equal centres, so none of them is a corner"
                    raise ComputeError("RT305", found, hint="give clusters of genes that are alike, or leave them out")
            elif not partitions:
                raise ComputeError(
                    "RT301",
                    f"{len(large)} of {len(names)} clusters have {self.min_cluster_genes} genes or more; at least 2 are needed",
                    hint="give more genes, or lower n_clusters or min_cluster_genes",
                )
        return kept, partitions

    def _with_candidates(
        self, genes: FloatArray, points: FloatArray, labels: np.ndarray, large: np.ndarray, space: GeneSpace
    ) -> ClusteredGenes:
        centres = np.stack([spatial_median(points[labels == label]) for label in large])
        corners = corners_of_hull(centres)
        if self.n_candidates is not None and len(corners) > self.n_candidates:
            corners = corners[fewer_corners(centres[corners], self.n_candidates)]
        return ClusteredGenes(genes, np.isin(labels, large), labels, space, large[corners], centres[corners])

    def _given(self, clusters: ArrayLike, kept: np.ndarray) -> np.ndarray:
        labels = np.asarray(clusters)
        if labels.shape != (self.n_features_in_,) or labels.dtype.kind not in "iu":
            found = f"clusters have shape {labels.shape} and type {labels.dtype}; expected one whole number per gene"
            raise ComputeError("RT305", found)
        if (labels[kept] < 0).any():
            gene = self.genes_[kept[int(np.argmax(labels[kept] < 0))]]
            raise ComputeError("RT305", f"gene {gene!r} takes part and has no cluster (a number below 0)")
        return labels[kept]
