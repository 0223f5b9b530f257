"""Areas under ROC curves, which are rank sums: their covariance (DeLong) and the test of one half (Wilcoxon)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radiotype.stats._inputs import FloatArray

EXACT_GROUP = 50
"""Below this many cases in both groups, and without ties, the p-value of the rank sum is exact (as in R)."""


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas (n_scores,) and their covariance (n_scores, n_scores), NaN when a group has one case."""

    values: FloatArray
    covariance: FloatArray

    def limits(self, level: float) -> tuple[float, float]:
        """Interval of the first area, cut at 0 and 1; NaN where the groups do not overlap, so that its error is unknown."""
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2)) * float(np.sqrt(self.covariance[0, 0]))
        if not half > 0:
            return float("nan"), float("nan")
        return max(float(self.values[0]) - half, 0.0), min(float(self.values[0]) + half, 1.0)


def areas(positive: FloatArray, negative: FloatArray) -> Areas:
    """Probability that a positive case scores above a negative one; each is an array (n_scores, n_cases).

    Sun & Xu, IEEE Signal Process Lett 21 (2014) 1389-1393: the comparisons of DeLong et al. from ranks.
    """
    from scipy.stats import rankdata

    n_positive, n_negative = positive.shape[1], negative.shape[1]
    ranks = rankdata(np.hstack([positive, negative]), axis=1)
    above = (ranks[:, :n_positive] - rankdata(positive, axis=1)) / n_negative
    below = 1 - (ranks[:, n_positive:] - rankdata(negative, axis=1)) / n_positive
    if min(n_positive, n_negative) < 2:
        covariance = np.full((positive.shape[0],) * 2, np.nan)
    else:
        covariance = np.atleast_2d(np.cov(above)) / n_positive + np.atleast_2d(np.cov(below)) / n_negative
    return Areas(above.mean(axis=1), covariance)


def rank_sum_test(first: FloatArray, second: FloatArray) -> tuple[float, float, str]:
    """U of `second`, the two-sided p-value, and whether that is "exact" or "normal"."""
    from scipy.special import ndtr
    from scipy.stats import mannwhitneyu, rankdata

    both = np.concatenate([second, first])
    n, pairs = both.size, first.size * second.size
    u = float(rankdata(both)[: second.size].sum()) - second.size * (second.size + 1) / 2
    _, ties = np.unique(both, return_counts=True)
    if max(first.size, second.size) < EXACT_GROUP and ties.max() == 1:
        return u, float(mannwhitneyu(second, first, method="exact").pvalue), "exact"
    deviation = float(np.sqrt(pairs / 12 * (n + 1 - (ties.astype(float) ** 3 - ties).sum() / (n * (n - 1)))))
    return u, float(2 * ndtr(-max(abs(u - pairs / 2) - 0.5, 0.0) / deviation)), "normal"
