"""Where the residual variances of many features come from: a scaled F distribution, estimated from all of them.

Smyth, Stat Appl Genet Mol Biol 3 (2004) article 3, section 6; Phipson et al., Ann Appl Stat 10 (2016) 946-963 for the robust
estimate, whose feature-wise degrees of freedom let a few features with outlying variances go their own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray
from radiotype.stats._smooth import local_line, natural_spline

TAILS = (0.05, 0.1)
"""Shares of the smallest and the largest log variances that the robust estimate draws in."""

LEAST_SHARE = 1e-5
"""Variances below this share of their median are raised to it before the logarithm."""


@dataclass(frozen=True, eq=False)
class VariancePrior:
    """Prior variance and its degrees of freedom (infinite: all features share the variance), one of each per feature."""

    variances: FloatArray
    df: FloatArray


def variance_prior(
    variances: FloatArray, residual_df: FloatArray, average: FloatArray | None, *, robust: bool
) -> VariancePrior:
    """The prior of features with these residual variances; `average` is what a trend may follow, or None.

    Features without residual degrees of freedom (NaN variance) get the prior of the others.
    """
    known = residual_df > 0
    s2, df = variances[known], residual_df[known]
    if s2.size < 3:
        raise ComputeError(
            "RT301", f"{s2.size} features have residual degrees of freedom; expected at least 3, to learn from each other"
        )
    if np.median(s2) <= 0:
        raise ComputeError("RT305", "more than half of the features fit the design without any residual")
    x = None if average is None else average[known]
    found = _robust(s2, df, x) if robust else _moments(s2, df, x)
    if known.all():
        return found
    prior = np.full(known.size, np.median(found.df) if robust else found.df[0])
    prior[known] = found.df
    scale = np.full(known.size, found.variances[0])
    if average is not None and x is not None:
        order = np.argsort(x)
        scale = np.exp(np.interp(average, x[order], np.log(found.variances[order])))
    scale[known] = found.variances
    return VariancePrior(scale, prior)


def _moments(s2: FloatArray, df: FloatArray, x: FloatArray | None) -> VariancePrior:
    """Match mean and variance of the log variances."""
    from scipy.special import digamma, polygamma

    s2 = np.maximum(s2, LEAST_SHARE * np.median(s2))
    e = np.log(s2) - digamma(df / 2) + np.log(df / 2)
    n = e.size
    basis = np.ones((n, 1)) if x is None else natural_spline(x, 1 + (n >= 3) + (n >= 6) + (n >= 30))
    coefficients, _, rank, _ = np.linalg.lstsq(basis, e, rcond=None)
    centre = basis @ coefficients
    excess = np.sum((e - centre) ** 2) / (n - rank) - polygamma(1, df / 2).mean()
    if excess <= 0:
        scale = np.full(n, s2.mean()) if x is None else np.exp(centre)
        return VariancePrior(scale, np.full(n, np.inf))
    prior = 2 * inverse_trigamma(float(excess))
    return VariancePrior(np.exp(centre + digamma(prior / 2) - np.log(prior / 2)), np.full(n, prior))


def _robust(s2: FloatArray, df: FloatArray, x: FloatArray | None) -> VariancePrior:
    """Match mean and variance of the winsorised log variances, then lower the degrees of freedom of outlying features."""
    from scipy.stats import rankdata, trim_mean

    plain = _moments(s2, df, x)
    n = s2.size
    if n * max(TAILS) <= 1:
        return plain
    s2 = np.maximum(s2, 1e-12 * np.median(s2))
    most = float(df.max())
    s2 = _with_equal_df(s2 / plain.variances, df, most, float(plain.df[0])) * plain.variances
    z = np.log(s2)
    centre = np.full(n, trim_mean(z, TAILS[1])) if x is None else local_line(x, z, span=0.4)
    drawn_in = np.clip(z - centre, *np.quantile(z - centre, [TAILS[0], 1 - TAILS[1]]))
    variance = float(drawn_in.var(ddof=1))
    prior = _prior_df(variance, most, float(plain.df[0]))
    centre = centre + drawn_in.mean() - _winsorised_moments(most, prior)[0]
    scale = np.exp(centre)

    ratio = np.exp(z - centre)
    log_tail = _ratios(most, prior).logsf(ratio)
    log_usual = np.minimum(log_tail - np.log((n - rankdata(ratio) + 0.5) / n), 0.0)
    if np.all(log_usual == 0):
        return VariancePrior(scale, np.full(n, prior))
    order = np.argsort(log_tail, kind="stable")
    if np.isinf(prior):
        lowered = np.where(log_usual < 0, np.exp(log_usual) * n * most, np.inf)
        lowered[order] = np.maximum.accumulate(lowered[order])
        return VariancePrior(scale, lowered)
    outlier = _outlier_df(float(ratio.max()), float(log_tail.min()), most, prior)
    lowered = np.exp(log_usual) * prior - np.expm1(log_usual) * outlier
    ordered = lowered[order]
    means = np.cumsum(ordered) / np.arange(1, n + 1)
    lowest = int(np.argmin(means))
    ordered[: lowest + 1] = means[lowest]
    lowered[order] = np.maximum.accumulate(ordered)
    return VariancePrior(scale, lowered)


def _with_equal_df(ratio: FloatArray, df: FloatArray, most: float, prior: float) -> FloatArray:
    """Ratios of variances with fewer degrees of freedom, moved to the same tail probability at `most`."""
    fewer = np.flatnonzero(df < most - 1e-14)
    if not fewer.size:
        return ratio
    ratio, own, common = ratio.copy(), _ratios(df[fewer], prior), _ratios(most, prior)
    upper, lower = own.sf(ratio[fewer]), own.cdf(ratio[fewer])
    ratio[fewer] = np.where(upper < lower, common.isf(upper), common.ppf(lower))
    return ratio


def _prior_df(variance: float, df: float, plain: float) -> float:
    """Prior degrees of freedom at which winsorised log F variables have this variance, at least `plain`."""
    from scipy.optimize import brentq

    def excess(share: float) -> float:
        return float(np.log(variance / _winsorised_moments(df, share / (1 - share) if share < 1 else np.inf)[1]))

    if np.isinf(plain) or excess(1.0) <= 0:
        return np.inf
    least = plain / (1 + plain)
    if excess(least) >= 0:
        return plain
    share = float(brentq(excess, least, 1.0, xtol=1e-12))
    return share / (1 - share)


def _winsorised_moments(df: float, prior: float) -> tuple[float, float]:
    """Mean and variance of the logarithm of an F variable whose tails are drawn in to their quantiles."""
    from scipy.special import roots_legendre

    tails = np.array(TAILS)
    ratios = _ratios(df, prior)
    ends = ratios.ppf([tails[0], 1 - tails[1]])
    low, high = ends / (1 + ends)
    nodes, node_weights = roots_legendre(128)
    share = low + (high - low) * (nodes + 1) / 2
    ratio = share / (1 - share)
    mass = (high - low) * node_weights / 2 * ratios.pdf(ratio) / (1 - share) ** 2
    mean = np.sum(mass * np.log(ratio)) + np.sum(tails * np.log(ends))
    variance = np.sum(mass * (np.log(ratio) - mean) ** 2) + np.sum(tails * (np.log(ends) - mean) ** 2)
    return float(mean), float(variance)


def _outlier_df(largest: float, log_tail: float, df: float, prior: float) -> float:
    """Prior degrees of freedom at which the largest ratio would be about the median: two steps towards it."""
    if np.isinf(log_tail):
        return 0.0
    first = np.log(0.5) / log_tail * prior
    return float(np.log(0.5) / _ratios(df, first).logsf(largest) * first)


def _ratios(df: Any, prior: float) -> Any:
    """Distribution of residual over prior variance: F, or chi-square over its degrees of freedom if `prior` is infinite."""
    from scipy.stats import chi2
    from scipy.stats import f as f_distribution

    return chi2(df, scale=1 / df) if np.isinf(prior) else f_distribution(df, prior)


def inverse_trigamma(value: float) -> float:
    """The y > 0 whose trigamma is `value`, by Newton's method on 1 / trigamma, which is almost straight."""
    from scipy.special import polygamma

    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(polygamma(2, y))
        y += step
        if abs(step) < 1e-14 * y:
            return y
    return y
