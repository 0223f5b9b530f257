"""Genes as points: the space in which the genes of a mixture fill a simplex, its clusters and its corners."""

from __future__ import annotations

from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np

from radiotype.core.watching import Progress
from radiotype.errors import ComputeError
from radiotype.genomics._simplex import squared_distances
from radiotype.stats._inputs import FloatArray

#: Neighbours of a gene in the local outlier factor.
NEIGHBOURS = 20

#: Rounds of k-means.
ROUNDS = 100


def middling_norm(genes: FloatArray, quantiles: tuple[float, float]) -> np.ndarray:
    """Genes (n_genes, n_samples) whose length lies between two quantiles of all lengths, and is not 0."""
    length = np.linalg.norm(genes, axis=1)
    low, high = np.quantile(length, quantiles)
    return (length >= low) & (length <= high) & (length > 0)


@dataclass(frozen=True)
class GeneSpace:
    """Fewer dimensions for genes: the mean over samples, then what varies most across it.

    Attributes
    ----------
    axes : array, shape (n_dimensions, n_samples)
        Orthonormal; the entries of the first are equal.
    """

    axes: FloatArray

    @classmethod
    def of(cls, genes: FloatArray, n_dimensions: int) -> GeneSpace:
        """The space of the genes (n_genes, n_samples); fewer dimensions if fewer vary."""
        n_samples = genes.shape[1]
        even = np.full(n_samples, 1.0 / np.sqrt(n_samples))
        centred = genes - genes.mean(axis=0)
        centred -= np.outer(centred @ even, even)
        values, vectors = np.linalg.eigh(centred.T @ centred)
        varying = values > 1e-13 * max(float(np.sum(genes**2)), np.finfo(float).tiny)
        vectors = vectors[:, varying][:, ::-1][:, : n_dimensions - 1]
        # each axis points to where genes reach farther, so that the order of samples does not decide
        vectors = vectors * np.where(np.sum((centred @ vectors) ** 3, axis=0) < 0, -1.0, 1.0)
        space = cls(np.vstack([even, vectors.T]))
        if not vectors.shape[1] or np.ptp(space.perspective(genes), axis=0).max() < 1e-9:
            found = "all samples have the same expression, up to a factor, so nothing is mixed"
            raise ComputeError("RT305", found, hint="check that rows are samples and columns are genes")
        return space

    def coordinates(self, genes: FloatArray) -> FloatArray:
        """Genes (n_genes, n_samples) in the axes, (n_genes, n_dimensions)."""
        return genes @ self.axes.T

    def perspective(self, genes: FloatArray) -> FloatArray:
        """Where a line from 0 through a gene meets the plane at 1 of the first axis, (n_genes, n_dimensions - 1)."""
        coordinates = self.coordinates(genes)
        return coordinates[:, 1:] / coordinates[:, :1]


def not_isolated(points: FloatArray, fraction: float) -> np.ndarray:
    """All points but the `fraction` of largest local outlier factor."""
    if fraction == 0 or len(points) < 3:
        return np.ones(len(points), dtype=bool)
    from sklearn.neighbors import LocalOutlierFactor

    with catch_warnings():  # equal genes have no density; that makes them inliers or outliers, and is no harm
        simplefilter("ignore", UserWarning)
        factor = -LocalOutlierFactor(min(NEIGHBOURS, len(points) - 1)).fit(points).negative_outlier_factor_
    return np.asarray(factor <= np.quantile(factor, 1.0 - fraction))


def k_means(points: FloatArray, n_clusters: int, n_starts: int, seed: int, progress: Progress) -> list[np.ndarray]:
    """Labels of several k-means, the best first; they do not depend on the order of the rows."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(np.unique(points, axis=0)) < n_clusters:
        found = f"there are {len(points)} genes to cluster, and not {n_clusters} different ones"
        raise ComputeError("RT301", found, hint="lower n_clusters, or give more genes")
    order = np.lexsort(points.T.round(9))
    runs = []
    with threadpool_limits(1), progress("k-means", n_starts) as advance:
        for number in range(n_starts):
            start = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1)[0]
            model = KMeans(n_clusters, n_init=1, max_iter=ROUNDS, random_state=int(start)).fit(points[order])
            labels = np.empty(len(points), dtype=np.int64)
            labels[order] = model.labels_
            runs.append((model.inertia_, labels))
            advance()
    return [labels for _, labels in sorted(runs, key=lambda run: run[0])]


def spatial_median(points: FloatArray) -> FloatArray:
    """The point (d,) with the smallest sum of distances to the points (n, d).

    Newton's steps, and Weiszfeld's where these do not help (as Vardi & Zhang, PNAS 97 (2000) 1423-1426, at a data point).

    Examples
    --------
    >>> spatial_median(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]))
    array([0.5, 0.5])
    """
    scale = float(np.abs(points - points.mean(axis=0)).max())
    if scale == 0 or len(points) < 3:
        return points.mean(axis=0)
    centre = np.median(points, axis=0)
    total = _sum_of_distances(points, centre)
    for _ in range(200):
        for step in (_newton_step, _weiszfeld_step):
            candidate = centre + step(points, centre, 1e-12 * scale)
            value = _sum_of_distances(points, candidate)
            if value < total:
                break
        if not value < total:
            break
        centre, total = candidate, value
    # where sums of distances no longer tell, their gradient still does
    for _ in range(3):
        step_on = _newton_step(points, centre, 1e-12 * scale)
        if np.linalg.norm(step_on) > 1e-6 * scale:
            break
        centre = centre + step_on
    return centre


def _sum_of_distances(points: FloatArray, centre: FloatArray) -> float:
    return float(np.sqrt(((points - centre) ** 2).sum(axis=1)).sum())


def _weiszfeld_step(points: FloatArray, centre: FloatArray, near: float) -> FloatArray:
    """To the mean weighted by inverse distances; from a data point only as far as the pull of the others beats it."""
    away = points - centre
    distance = np.linalg.norm(away, axis=1)
    here = distance <= near
    weight = np.where(here, 0.0, 1.0 / np.maximum(distance, near))
    pull = weight @ away
    strength = float(np.linalg.norm(pull))
    if strength == 0:
        return np.zeros_like(centre)
    return max(0.0, 1.0 - here.sum() / strength) * pull / weight.sum()


def _newton_step(points: FloatArray, centre: FloatArray, near: float) -> FloatArray:
    """The step of Newton's method; none at a data point, where there is no gradient."""
    away = points - centre
    distance = np.linalg.norm(away, axis=1)
    if distance.min() <= near:
        return np.zeros_like(centre)
    unit = away / distance[:, None]
    hessian = np.diag(np.full(len(centre), np.sum(1.0 / distance))) - (unit / distance[:, None]).T @ unit
    try:
        return np.linalg.solve(hessian, unit.sum(axis=0))
    except np.linalg.LinAlgError:  # all points on a line through the centre
        return np.zeros_like(centre)


def corners_of_hull(points: FloatArray) -> np.ndarray:
    """Places of the points (n, d) that do not lie in the convex hull of the others."""
    scale = np.sum((points - points.mean(axis=0)) ** 2, axis=1).max()
    own = np.arange(len(points))
    outside = [squared_distances(points[own != at], points[at : at + 1])[0] > 1e-20 * scale for at in own]
    return np.flatnonzero(outside)


def fewer_corners(points: FloatArray, n_corners: int) -> np.ndarray:
    """Places of so many of the points (n, d) that leave the others close to their hull: one by one, then by exchange."""

    def others(chosen: list[int]) -> list[int]:
        return [at for at in range(len(points)) if at not in chosen]

    def left(chosen: list[int]) -> float:
        return float(squared_distances(points[chosen], points[others(chosen)]).sum())

    chosen = [int(np.argmax(np.sum((points - points.mean(axis=0)) ** 2, axis=1)))]
    while len(chosen) < min(n_corners, len(points)):
        chosen.append(min(others(chosen), key=lambda at: left([*chosen, at])))
    least, better = left(chosen), True
    while better:
        better = False
        for place in range(len(chosen)):
            for at in others(chosen):
                exchanged = [*chosen[:place], at, *chosen[place + 1 :]]
                if (value := left(exchanged)) < least * (1 - 1e-9):
                    chosen, least, better = exchanged, value, True
    return np.sort(chosen)
