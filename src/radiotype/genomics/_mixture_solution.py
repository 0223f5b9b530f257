"""From corners to proportions and profiles, and how much of the expression they describe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from radiotype.genomics._mixture_geometry import GeneSpace, spatial_median
from radiotype.genomics._simplex import best_columns, closest_simplices, nonnegative_least_squares
from radiotype.stats._inputs import FloatArray, read_only

#: Sets of corners, closest to the other candidates, among which the reconstruction of the genes decides.
SETS_KEPT = 200

#: Length of a direction that the scales give none, so that a subclone is never lost.
LEAST_LENGTH = 0.01


@dataclass(frozen=True, eq=False)
class MixtureSolution:
    """A cohort as a mixture of so many subclones.

    Attributes
    ----------
    proportions : array, shape (n_samples, n_subclones)
        Share of each subclone in each sample; rows sum to one. Subclones are in order of falling mean share.
    profiles : array, shape (n_subclones, n_genes)
        Expression of each subclone, on the scale of the data.
    corners : array of int, shape (n_subclones,)
        The cluster of genes at the corner of each subclone.
    mdl : float
        Minimum description length; the number of subclones with the least is chosen.
    data_length : float
        The part of it that describes what is left of the expression.
    unscaled : tuple of str
        Subclones without which rows sum to one best. They are kept with a length that is a guess, so of their shares only the
        ratios between samples mean something.
    """

    proportions: FloatArray
    profiles: FloatArray
    corners: np.ndarray
    mdl: float
    data_length: float
    unscaled: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ClusteredGenes:
    """What a solution is made from."""

    kept: FloatArray  # (n_kept, n_samples) genes that take part
    inside: np.ndarray  # (n_kept,) whether its cluster is large enough
    labels: np.ndarray  # (n_kept,) its cluster
    space: GeneSpace
    candidates: np.ndarray  # (n_candidates,) clusters that may be corners
    centres: FloatArray  # (n_candidates, n_dimensions - 1)
    medians: dict[int, FloatArray] = field(default_factory=dict)  # of the shares of the genes at a corner, once asked for

    def corners(self, sets: np.ndarray) -> np.ndarray:
        """Of several sets of candidates (n_sets, k) the one with which the genes are reconstructed best, (k,)."""
        height = np.ones((len(self.centres), 1))
        corners = np.hstack([height, self.centres])
        best, _ = best_columns([corners[chosen].T for chosen in sets], self.space.coordinates(self.kept[self.inside]))
        return np.asarray(sets[best])

    def directions(self, corners: np.ndarray, estimate: str) -> FloatArray:
        """How each corner's expression goes over the samples, up to a factor, (n_samples, k)."""
        if estimate == "projection":
            back = self.space.axes[:1] + self.centres[corners] @ self.space.axes[1:]
            return np.maximum(back, 0.0).T
        return np.stack([self._marker_direction(int(self.candidates[at])) for at in corners], axis=1)

    def _marker_direction(self, cluster: int) -> FloatArray:
        if cluster not in self.medians:
            genes = self.kept[self.labels == cluster]
            self.medians[cluster] = spatial_median(genes / genes.sum(axis=1, keepdims=True))
        return self.medians[cluster]


def with_lengths(directions: FloatArray) -> tuple[FloatArray, np.ndarray]:
    """Directions (n_samples, k), each made so long that the rows sum to one as nearly as they can.

    The second result says which of them got no length by that (k,); they have `LEAST_LENGTH`, which is a guess.
    """
    lengths, _ = nonnegative_least_squares(directions, np.ones((1, len(directions))))
    none = LEAST_LENGTH / np.linalg.norm(directions, axis=0)
    return directions * np.where(lengths[0] > 0, lengths[0], none), lengths[0] <= 0


def sum_to_one(weights: FloatArray) -> FloatArray:
    """Rows over their sums; a row of nothing but 0 stays."""
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(float).tiny)


@dataclass(frozen=True, eq=False)
class Corners:
    """The corners of one number of subclones, and how long the cohort's description by them is."""

    clusters: np.ndarray  # (k,)
    weights: FloatArray  # (n_samples, k) shares, before rows are made to sum to one
    data_length: float
    mdl: float
    left: float  # mean square of what is left of the genes that take part
    guessed: np.ndarray  # (k,) whether its length is a guess

    def solution(self, all_genes: FloatArray) -> MixtureSolution:
        """With the profiles of `all_genes` (n_genes, n_samples)."""
        profiles, _ = nonnegative_least_squares(self.weights, all_genes)
        return MixtureSolution(
            proportions=read_only(sum_to_one(self.weights)),
            profiles=read_only(profiles.T),
            corners=read_only(self.clusters),
            mdl=self.mdl,
            data_length=self.data_length,
            unscaled=tuple(f"subclone{at + 1}" for at in np.flatnonzero(self.guessed)),
        )


def best_corners(clustered: ClusteredGenes, k: int, estimate: str, advance: Callable[[], None]) -> Corners:
    """The best `k` corners among the candidates."""
    sets, _ = closest_simplices(clustered.centres, k, SETS_KEPT, advance)
    corners = clustered.corners(sets)
    weights, guessed = with_lengths(clustered.directions(corners, estimate))
    order = np.argsort(-sum_to_one(weights).mean(axis=0), kind="stable")
    weights = weights[:, order]
    _, left = nonnegative_least_squares(weights, clustered.kept)
    n_genes, n_samples = int(clustered.inside.sum()), clustered.kept.shape[1]
    # nothing can be left but rounding; its logarithm must not decide
    rounding = np.finfo(float).eps ** 2 * float(np.mean(clustered.kept**2))
    mean_square = max(left[clustered.inside].mean() / n_samples, rounding)
    data_length = float(n_samples * n_genes / 2 * np.log(mean_square))
    model_length = (k - 1) * n_samples / 2 * np.log(n_genes) + k * n_genes / 2 * np.log(n_samples)
    return Corners(
        clusters=clustered.candidates[corners[order]],
        weights=weights,
        data_length=data_length,
        mdl=float(data_length + model_length),
        left=float(left.mean() / n_samples),
        guessed=guessed[order],
    )


def fewest_within_chance(lengths: FloatArray) -> int:
    """Place of the smallest number whose description (n_partitions, n_numbers) is not clearly longer than the shortest.

    Not clearly: by no more, on average over the partitions, than the standard deviation of that difference.
    """
    shortest = int(np.argmin(lengths.mean(axis=0)))
    if len(lengths) == 1:
        return shortest
    longer = lengths[:, : shortest + 1] - lengths[:, shortest : shortest + 1]
    return int(np.argmax(longer.mean(axis=0) <= longer.std(axis=0, ddof=1)))
