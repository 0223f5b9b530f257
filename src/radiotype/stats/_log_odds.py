"""Log odds that an effect is not zero, from moderated t statistics (Smyth 2004, sections 5 and 6.3)."""

from __future__ import annotations

import numpy as np

from radiotype.stats._inputs import FloatArray

EFFECT_LIMITS = 0.1, 4.0
"""Least and largest standard deviation of true effects, in prior standard deviations of the residuals."""


def effect_prior_variances(
    t: FloatArray, spreads: FloatArray, df: FloatArray, share: float, prior_variance: float
) -> FloatArray:
    """Variance of the true effects of each contrast, in residual variances, from the most extreme statistics."""
    limits = EFFECT_LIMITS[0] ** 2 / prior_variance, EFFECT_LIMITS[1] ** 2 / prior_variance
    found = [_effect_variance(column, own, df, share, limits) for column, own in zip(t.T, spreads.T, strict=True)]
    return np.array(found)


def log_odds(
    t: FloatArray, spreads: FloatArray, df: FloatArray, prior_df: FloatArray, variances: FloatArray, *, share: float
) -> FloatArray:
    """Natural logarithm of the odds, shape (n_features, n_contrasts)."""
    ratio = 1 + variances / spreads**2
    square = t**2
    total = df[:, None]
    kernel = (1 + total) / 2 * np.log((square + total) / (square / ratio + total))
    kernel = np.where(prior_df[:, None] > 1e6, square * (1 - 1 / ratio) / 2, kernel)
    return np.asarray(np.log(share / (1 - share)) - np.log(ratio) / 2 + kernel)


def _effect_variance(t: FloatArray, spreads: FloatArray, df: FloatArray, share: float, limits: tuple[float, float]) -> float:
    """Mean over the largest statistics of the variance that explains each by its rank."""
    from scipy.special import stdtr, stdtrit

    n = t.size
    top = int(np.ceil(share / 2 * n))
    share = max(top / n, share)
    most = df.max()
    size = np.abs(t)
    fewer = df < most
    size[fewer] = -stdtrit(most, np.maximum(stdtr(df[fewer], -size[fewer]), np.finfo(float).tiny))
    first = np.argsort(-size, kind="stable")[:top]
    size, own = size[first], spreads[first] ** 2
    usual = 2 * stdtr(most, -size)
    target = ((np.arange(1, top + 1) - 0.5) / n - (1 - share) * usual) / share
    explained = target > usual
    variances = np.zeros(top)
    expected = -stdtrit(most, target[explained] / 2)
    variances[explained] = own[explained] * ((size[explained] / expected) ** 2 - 1)
    return float(np.clip(variances, *limits).mean())
