"""Tests of groups that each have a variance of their own, in the form of moderated tests that borrow nothing."""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._feature_values import why_not_testable
from radiotype.stats._inputs import FloatArray, read_only
from radiotype.stats._within_groups import WithinGroups
from radiotype.stats.moderated import ModeratedTests
from radiotype.stats.multiple_testing import adjust_p_values


def unequal_variance_tests(
    values: FloatArray,
    features: tuple[str, ...],
    comparisons: tuple[str, ...],
    fits: WithinGroups,
    *,
    confidence: float,
    correction: str,
) -> ModeratedTests:
    """Welch's test of each feature and comparison; NaN where a group has no variance, or there is none at all.

    Raises
    ------
    ComputeError
        RT305 if nothing can be tested.
    """
    from scipy.special import stdtr, stdtrit

    reasons = why_not_testable(values, features, 1)
    for place in np.flatnonzero(np.isnan(fits.residual_df)):
        reasons.setdefault(features[place], "RT304: the columns of the design are not independent among its observed values")
    named = np.array([feature in reasons for feature in features])
    tested = ~named[:, None] & (fits.df > 0)
    if not tested.any():
        first = next(iter(reasons.values()), "RT301: a group has fewer than two values, so no variance of its own")
        raise ComputeError("RT305", f"no feature can be tested; the first is: {first}")
    effects, errors, df = (np.where(tested, array, np.nan) for array in (fits.effects, fits.standard_errors, fits.df))
    t = effects / errors
    p_values = 2 * stdtr(df, -np.abs(t))
    half = stdtrit(df, 0.5 + confidence / 2) * errors
    q_values = np.full(p_values.shape, np.nan)
    for at, own in enumerate(tested.T):
        if own.any():
            q_values[own, at] = adjust_p_values(p_values[own, at], correction=correction)
    observed = ~np.isnan(values)
    average = np.where(observed, values, 0.0).sum(axis=0) / np.maximum(observed.sum(axis=0), 1)
    of_feature = np.where(named, np.nan, 1.0)
    none = read_only(np.full(len(features), np.nan))
    return ModeratedTests(
        features=features,
        contrasts=comparisons,
        n=len(values),
        n_tests=int(tested.any(axis=1).sum()),
        reasons=reasons,
        average=read_only(average * of_feature),
        effects=read_only(effects),
        standard_errors=read_only(errors),
        lower=read_only(effects - half),
        upper=read_only(effects + half),
        confidence=confidence,
        t=read_only(t),
        p_values=read_only(p_values),
        q_values=read_only(q_values),
        correction=correction,
        log_odds=read_only(np.full(p_values.shape, np.nan)),
        f=none,
        f_df=0,
        f_p_values=none,
        f_q_values=none,
        variances=read_only(fits.variances * of_feature),
        residual_df=read_only(fits.residual_df * of_feature),
        prior_variances=none,
        prior_df=read_only(0.0 * of_feature),
        posterior_variances=read_only(fits.variances * of_feature),
        total_df=read_only(df),
        effect_prior_variances=read_only(np.full(len(comparisons), np.nan)),
        least_change=0.0,
    )
