"""Shift and scale of one batch, shrunken towards those of its other features (Johnson, Li & Rabinovic 2007).

The sums of squares of each batch are taken once around its mean; around another point they follow, so no step needs the cases.
"""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray

TOLERANCE, MOST_STEPS = 1e-4, 10_000
"""Largest relative change at which the steps end, as in sva, and their number."""

PAIRS_AT_ONCE = 500_000
"""Pairs of features compared in one step; they fit into the cache."""


def parametric_effects(n: int, mean: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Posterior shift and variance of each feature under a normal and an inverse gamma prior, from n standardised cases."""
    centre, spread = _normal_prior(mean)
    shape, rate = _inverse_gamma_prior(variance)
    squares = (n - 1) * variance
    shift, scale = mean, variance
    for _ in range(MOST_STEPS):
        new_shift = (spread * n * mean + scale * centre) / (spread * n + scale)
        new_scale = (0.5 * (squares + n * (mean - new_shift) ** 2) + rate) / (n / 2 + shape - 1)
        # sva divides by the shift with its sign, so that it ends where positive shifts and all variances are at rest
        at_rest = (np.abs(new_shift - shift) <= TOLERANCE * shift) | (shift <= 0)
        at_rest &= np.abs(new_scale - scale) <= TOLERANCE * scale
        shift, scale = new_shift, new_scale
        if at_rest.all():
            return shift, scale
    raise ComputeError(
        "RT303", f"the batch effects did not settle in {MOST_STEPS} steps", hint="look for outliers, or use mean_only"
    )


def shrunken_means(mean: FloatArray) -> FloatArray:
    """Posterior shifts where scales are left alone; the batch counts as one case, as in sva."""
    centre, spread = _normal_prior(mean)
    return (spread * mean + centre) / (spread + 1)


def nonparametric_effects(n: int, mean: FloatArray, squares: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean shift and variance of all other features, each weighted by the likelihood of this feature's cases under it."""
    n_features = mean.size
    if n_features < 2:
        raise ComputeError("RT301", "one feature alone has no others to take a prior from", hint="give two features or more")
    if not variance.all():
        raise ComputeError("RT305", "a feature has no variance in a batch", hint='use prior="parametric", or drop the feature')
    shift, scale = np.empty(n_features), np.empty(n_features)
    rows = max(1, PAIRS_AT_ONCE // n_features)
    flat = -0.5 * n * np.log(variance)
    for start in range(0, n_features, rows):
        part = np.arange(start, min(start + rows, n_features))
        likelihood = flat - (squares[part, None] + n * (mean[part, None] - mean) ** 2) / (2 * variance)
        likelihood[np.arange(part.size), part] = -np.inf
        weights = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        shift[part], scale[part] = weights @ mean, weights @ variance
    return shift, scale


def _normal_prior(mean: FloatArray) -> tuple[float, float]:
    if mean.size < 2:
        raise ComputeError("RT301", "one feature alone has no others to take a prior from", hint="give two features or more")
    return float(mean.mean()), float(mean.var(ddof=1))


def _inverse_gamma_prior(variance: FloatArray) -> tuple[float, float]:
    """Shape and rate whose mean and variance are those of the features' variances."""
    mean, spread = float(variance.mean()), float(variance.var(ddof=1))
    if spread == 0:
        raise ComputeError(
            "RT305", "all features have the same variance in a batch, which gives no prior", hint="use mean_only"
        )
    return 2 + mean**2 / spread, mean + mean**3 / spread
