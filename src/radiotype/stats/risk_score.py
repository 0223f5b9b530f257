"""A risk score that is fitted on some cases and applied to others, and the survival of the groups it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._fit import LEAST_EVENTS
from radiotype.stats._inputs import FloatArray, numbers, same_rows, survival_times
from radiotype.stats.cox import CoxFit, cox
from radiotype.stats.hazard_ratio import HazardRatio
from radiotype.stats.survival import logrank

DECIMALS = 10
"""Scores are rounded, so that cases of equal covariates tie however their sum was rounded."""


@dataclass(frozen=True, eq=False)
class RiskScore:
    """The linear predictor of a Cox model, 0 for the average case it was fitted to, and the median of those cases."""

    fit: CoxFit
    median: float

    def score(self, X: Any) -> FloatArray:
        """Log hazard ratio of each row against the average case, shape (n_rows,)."""
        score: FloatArray = (self.fit.linear_predictor(X) - self.fit.centre @ self.fit.coefficients).round(DECIMALS)
        return score

    def high(self, X: Any, *, cut: float | None = None) -> NDArray[np.bool_]:
        """Whether each row lies above `cut`, by default the median of the cases of the fit."""
        above: NDArray[np.bool_] = self.score(X) > (self.median if cut is None else cut)
        return above


@dataclass(frozen=True, eq=False, kw_only=True)
class RiskGroups(HazardRatio):
    """High against low: `effect` from a Cox model, `chi_square` and `p_value` from the log-rank test."""

    n_low: int
    n_high: int
    events_low: int
    events_high: int


def risk_score(
    time: ArrayLike,
    event: ArrayLike,
    X: Any,
    *,
    ties: str = "efron",
    names: Sequence[str] | None = None,
    least_events: float = LEAST_EVENTS,
) -> RiskScore:
    """Fit a risk score.

    Parameters
    ----------
    time, event, X, ties, names
        As in `cox`, of the discovery cases only.
    least_events : float
        Fewest events per covariate, as in `cox`.

    Returns
    -------
    RiskScore
        `score` and `high` take the covariates of any case, so that the cut is never chosen on the cases it is tested on.

    Raises
    ------
    ComputeError
        As in `cox`; RT302 with fewer events per covariate than `least_events`.

    References
    ----------
    Vittinghoff & McCulloch, Am J Epidemiol 165 (2007) 710-718.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7], [1, 1, 1, 0, 1, 1, 1, 0, 1, 1]
    >>> age = [[60], [71], [55], [66], [50], [48], [62], [44], [58], [70]]
    >>> model = risk_score(time, event, age)
    >>> model.high([[80], [40]]).tolist()
    [True, False]
    """
    fit = cox(time, event, X, ties=ties, names=names, least_events=least_events)
    unset = RiskScore(fit, float("nan"))
    return RiskScore(fit, float(np.median(unset.score(X))))


def risk_groups(
    time: ArrayLike, event: ArrayLike, high: ArrayLike, *, strata: ArrayLike | None = None, confidence: float = 0.95
) -> RiskGroups:
    """How much worse the high-risk group does.

    Parameters
    ----------
    time, event, strata, confidence
        As in `cox`.
    high : array, shape (n_cases,)
        1 or True for the high-risk group. On the cases that chose the score or its cut, every number here flatters:
        validate on others, or take the corrected p value of `maximal_cutpoint`.

    Returns
    -------
    RiskGroups
        Sizes, hazard ratio with its interval, and log-rank test.

    Raises
    ------
    ComputeError
        RT305 if one group is empty or `high` is not 0 and 1; RT302 and RT303 as in `logrank` and `cox`.
    RecipeError
        RT103 if `confidence` is not allowed.

    Examples
    --------
    >>> found = risk_groups([5, 8, 12, 20, 9, 14, 22, 30], [1, 1, 1, 0, 1, 0, 1, 0], [1, 1, 1, 1, 0, 0, 0, 0])
    >>> found.n_high, found.events_high, round(found.effect, 4), round(found.p_value, 4)
    (4, 3, 4.3084, 0.1714)
    """
    given = {"time": time, "event": event, "high": high, "strata": strata}
    same_rows({name: values for name, values in given.items() if values is not None})
    _, events = survival_times(time, event)
    group = numbers(high, "high")
    if not np.isin(group, (0.0, 1.0)).all() or group.min() == group.max():
        raise ComputeError("RT305", "high must hold 0 (low risk) and 1 (high risk), and both groups must have cases")
    data = np.asarray(time), np.asarray(event)
    blocks = None if strata is None else np.asarray(strata)
    test = logrank(*data, group, strata=blocks)
    fit = cox(*data, group[:, None], names=["high"], strata=blocks, confidence=confidence)
    above = group == 1
    return RiskGroups(
        measure="hazard ratio, high against low risk",
        n=fit.n,
        events=fit.events,
        effect=float(fit.hazard_ratios[0]),
        lower=float(fit.lower[0]),
        upper=float(fit.upper[0]),
        confidence=fit.confidence,
        p_value=test.p_value,
        q_value=test.p_value,
        chi_square=test.chi_square,
        n_low=int((~above).sum()),
        n_high=int(above.sum()),
        events_low=int(events[~above].sum()),
        events_high=int(events[above].sum()),
    )
