"""The arithmetic of signatures: centring, similarities and sums. Missing values are left out sample by sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from radiotype.stats._inputs import FloatArray

#: Values that differ by less than this share of the largest do not differ: subtracting a median leaves such noise.
CLOSE = 1e-10


def shift_and_scale(values: FloatArray, centre: str) -> tuple[FloatArray, FloatArray]:
    """What is taken off each gene and what it is divided by; NaN where the gene is constant and would be divided by 0.

    Parameters
    ----------
    values : array, shape (n_samples, n_genes)
        At least one value of each gene is not missing.
    centre : {"none", "median", "z_score", "quantile_range"}
        The last draws the 2.5th percentile to -1 and the 97.5th to 1.
    """
    ones = np.ones(values.shape[1])
    if centre == "none":
        return np.zeros(values.shape[1]), ones
    if centre == "median":
        return np.nanmedian(values, axis=0), ones
    if centre == "z_score":
        n = (~np.isnan(values)).sum(axis=0)
        shift = np.nanmean(values, axis=0)
        scale = np.sqrt(np.nansum((values - shift) ** 2, axis=0) / np.maximum(n - 1, 1))
    else:
        low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
        shift, scale = (low + high) / 2, (high - low) / 2
    return shift, np.where(scale > CLOSE * np.nanmax(np.abs(values), axis=0), scale, np.nan)


def column_scores(values: FloatArray, weights: FloatArray, rule: str) -> FloatArray:
    """One score per sample and column of weights, (n_samples, n_columns); NaN where a sample has no such score.

    A weight that is NaN keeps its gene out of its column. A sample scores the same alone or among others.
    """
    if rule in ("weighted_sum", "up_down_mean"):
        sums = _weighted_sum if rule == "weighted_sum" else _up_down_mean
        columns = [(np.ascontiguousarray(values[:, ~np.isnan(w)]), w[~np.isnan(w)]) for w in weights.T]
        return np.stack([sums(part, w) for part, w in columns], axis=1)
    scores = np.full((len(values), weights.shape[1]), np.nan)
    patterns, pattern = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for at, there in enumerate(patterns):
        alike = pattern.reshape(-1) == at
        if there.sum() >= 3:
            scores[alike] = _similarities(values[np.ix_(alike, there)], weights[there], rule)
    return scores


def _similarities(values: FloatArray, weights: FloatArray, rule: str) -> FloatArray:
    """Of complete rows and the columns of weights; NaN where one of the two is constant."""
    rows, centroids = values, np.ascontiguousarray(weights.T)
    flat = _flat(rows)[:, None] | _flat(centroids)[None, :] if rule != "cosine" else np.zeros((len(rows), len(centroids)), bool)
    if rule == "spearman":
        rows, centroids = rankdata(rows, axis=1), rankdata(centroids, axis=1)
    if rule != "cosine":
        rows, centroids = rows - rows.mean(axis=1, keepdims=True), centroids - centroids.mean(axis=1, keepdims=True)
    products = np.stack([(rows * centroid).sum(axis=1) for centroid in centroids], axis=1)
    lengths = np.sqrt((rows**2).sum(axis=1))[:, None] * np.sqrt((centroids**2).sum(axis=1))[None, :]
    exists = ~flat & (lengths > 0)
    return np.where(exists, np.clip(products / np.where(exists, lengths, 1.0), -1.0, 1.0), np.nan)


def _flat(rows: FloatArray) -> NDArray[np.bool_]:
    return np.ptp(rows, axis=1) <= CLOSE * np.abs(rows).max(axis=1)


def _weighted_sum(values: FloatArray, weights: FloatArray) -> FloatArray:
    there = ~np.isnan(values)
    return np.where(there.any(axis=1), np.where(there, values * weights, 0.0).sum(axis=1), np.nan)


def _up_down_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted mean of the genes that go up less that of those that go down, each times its share of the genes."""
    there = ~np.isnan(values)
    score = np.where(there.any(axis=1), 0.0, np.nan)
    for sign, genes in ((1.0, weights >= 0), (-1.0, weights < 0)):
        own, part = np.ascontiguousarray(there[:, genes]), np.ascontiguousarray(values[:, genes])  # sums in one order
        size = np.where(own, np.abs(weights[genes]), 0.0)
        total = (size * np.where(own, part, 0.0)).sum(axis=1)
        share = own.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        weight = size.sum(axis=1)
        score += sign * share * total / np.where(weight > 0, weight, 1.0)
    return score
