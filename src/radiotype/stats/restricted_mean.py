"""Restricted mean survival time: the area under a Kaplan-Meier curve up to a horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._inputs import confidence_level, positive
from radiotype.stats.survival import kaplan_meier


@dataclass(frozen=True)
class RestrictedMean:
    """Mean time free of the event within `horizon`, in the unit of time; the interval is plain.

    There is no p-value: no mean time is one of no effect.
    """

    n: int
    events: int
    horizon: float
    mean: float
    standard_error: float
    lower: float
    upper: float
    confidence: float


def restricted_mean(time: ArrayLike, event: ArrayLike, *, horizon: float, confidence: float = 0.95) -> RestrictedMean:
    """Mean time free of the event when follow-up is cut at a horizon.

    Parameters
    ----------
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`.
    horizon : float
        Where the curve is cut, in the unit of `time`. To compare groups, give the same one to each.
    confidence : float
        Level of the interval.

    Returns
    -------
    RestrictedMean
        The mean with Greenwood's standard error.

    Raises
    ------
    ComputeError
        RT305 as in `kaplan_meier`, or if the horizon lies beyond the last time while the curve is above 0, where the area
        is not known; RT301 without cases.
    RecipeError
        RT103 if `horizon` or `confidence` is not allowed.

    References
    ----------
    Irwin, J Hyg 47 (1949) 188-189; Royston & Parmar, BMC Med Res Methodol 13 (2013) 152. Equal to `rmean` of R survival
    3.5-3.

    Examples
    --------
    >>> found = restricted_mean([6, 7, 10, 15, 19, 25], [1, 0, 1, 1, 0, 1], horizon=20)
    >>> round(found.mean, 3), round(found.standard_error, 3)
    (14.542, 2.327)
    """
    from scipy.special import ndtri

    level = confidence_level(confidence)
    horizon = positive("horizon", horizon)
    curve = kaplan_meier(time, event)
    if horizon > curve.time[-1] and curve.survival[-1] > 0:
        raise ComputeError(
            "RT305",
            f"the horizon is {horizon:g}, but follow-up ends at {curve.time[-1]:g} with cases still free of the event",
            hint="choose a horizon that the follow-up of every group reaches",
        )
    within = curve.time < horizon
    ends = np.append(curve.time[within], horizon)
    areas = np.diff(ends, prepend=0.0) * np.append(1.0, curve.survival[within])
    left = np.cumsum(areas[:0:-1])[::-1]  # area from each time to the horizon
    died, at_risk = curve.n_events[within], curve.n_at_risk[within]
    survived = np.maximum(at_risk - died, 1)  # where nobody is left, no area is left either
    mean, error = float(areas.sum()), float(np.sqrt(np.sum(left**2 * died / (at_risk * survived))))
    half = float(ndtri((1 + level) / 2)) * error
    return RestrictedMean(curve.n, curve.events, horizon, mean, error, mean - half, mean + half, level)
