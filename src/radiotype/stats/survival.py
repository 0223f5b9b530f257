"""Kaplan-Meier curves and the log-rank test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import (
    CLOSE_TIMES,
    FloatArray,
    choice,
    confidence_level,
    labels,
    numbers,
    read_only,
    same_rows,
    survival_times,
)
from radiotype.stats.findings import Finding

INTERVALS = ("log-log", "log", "plain")


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """A survival curve: one row per distinct time, censored times included.

    `standard_error` is that of log survival; it is infinite, and the limits are NaN, where survival is 0. The log-log
    limits are also NaN before the first event. `median` and its limits are NaN where the curve or its limit does not
    reach one half. A curve compares nothing, so that it has no p-value; `logrank` does.
    """

    n: int
    events: int
    time: FloatArray
    survival: FloatArray
    n_at_risk: NDArray[np.int64]
    n_events: NDArray[np.int64]
    n_censored: NDArray[np.int64]
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    median: float
    median_lower: float
    median_upper: float
    confidence: float
    interval: str

    def at(self, times: ArrayLike) -> FloatArray:
        """Survival probability at `times` (in the unit of `time`): 1 before the first time, NaN after the last.

        A curve that has reached 0 stays there.
        """
        return self._step(self.survival, times, before=1.0)

    def interval_at(self, times: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Lower and upper confidence limit at `times`; NaN before the first and after the last time."""
        return self._step(self.lower, times, before=np.nan), self._step(self.upper, times, before=np.nan)

    def n_at_risk_at(self, times: ArrayLike) -> NDArray[np.int64]:
        """Number of cases whose time is not below `times`: the row under a survival plot."""
        wanted = numbers(np.atleast_1d(times), "times")
        return np.append(self.n_at_risk, 0)[np.searchsorted(self.time, wanted, side="left")]

    def _step(self, values: FloatArray, times: ArrayLike, *, before: float) -> FloatArray:
        wanted = numbers(np.atleast_1d(times), "times")
        result = np.append(values, before)[np.searchsorted(self.time, wanted, side="right") - 1]
        if self.survival[-1] > 0:
            result[wanted > self.time[-1]] = np.nan
        return result


@dataclass(frozen=True, eq=False, kw_only=True)
class LogRank(Finding):
    """Log-rank test of equal survival in k groups; `observed` and `expected` events are summed over the strata.

    `effect` is the hazard ratio of the second group against the first. It is NaN, with its limits, where there are more than
    two groups, which have no single ratio: see `relative_hazards`, or `pairwise_logrank` for a ratio of every two.
    """

    events: int
    groups: tuple[Any, ...]
    group_sizes: NDArray[np.int64]
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    chi_square: float
    degrees_of_freedom: int

    @property
    def relative_hazards(self) -> FloatArray:
        """Observed over expected events of each group, shape (n_groups,); NaN for a group never at risk with others."""
        with np.errstate(invalid="ignore"):
            return read_only(self.observed / self.expected)


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, confidence: float = 0.95, interval: str = "log-log") -> KaplanMeier:
    """Probability of being free of the event over time, from censored follow-up.

    Parameters
    ----------
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more. Times that differ by rounding only (1.5e-8) count as one.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`, 0 or False where follow-up ended.
    confidence : float
        Level of the pointwise interval.
    interval : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric; the last two are cut at 1 (and "plain" at 0).

    Returns
    -------
    KaplanMeier
        The curve, its interval, the numbers at risk, the median with its interval, `n` and `events`. The median is the
        first time at which survival is below one half; where survival stays at exactly one half for a while, it is the
        middle of that time, as in R. The limits of the median apply the same rule to the limits of the curve.

    Raises
    ------
    ComputeError
        RT301 without cases; RT305 if lengths differ or values are missing, infinite, negative or no event flags.
    RecipeError
        RT103 if `confidence` or `interval` is not allowed.

    References
    ----------
    Kaplan & Meier, J Am Stat Assoc 53 (1958) 457-481. Equal to `survfit` of R survival 3.5-3.

    Examples
    --------
    >>> curve = kaplan_meier([6, 7, 10, 15, 19, 25], [1, 0, 1, 1, 0, 1])
    >>> curve.survival.round(3).tolist()
    [0.833, 0.833, 0.625, 0.417, 0.417, 0.0]
    >>> curve.median, curve.n_at_risk_at([0, 10, 20]).tolist()
    (15.0, [6, 4, 1])
    """
    from scipy.special import ndtri

    choice("interval", interval, INTERVALS)
    level = confidence_level(confidence)
    n = same_rows({"time": time, "event": event})
    times, events = survival_times(time, event)
    distinct, index = np.unique(times, return_inverse=True)
    leaving = np.bincount(index)
    died = np.bincount(index, weights=events).astype(np.int64)
    at_risk = n - np.append(0, np.cumsum(leaving)[:-1])
    survival = np.cumprod((at_risk - died) / at_risk)
    with np.errstate(divide="ignore"):
        standard_error = np.sqrt(np.cumsum(died / (at_risk * (at_risk - died).astype(float))))
    lower, upper = _LIMITS[interval](survival, standard_error, float(ndtri((1 + level) / 2)))
    return KaplanMeier(
        n=n,
        events=int(events.sum()),
        time=read_only(distinct),
        survival=read_only(survival),
        n_at_risk=read_only(at_risk, np.int64),
        n_events=read_only(died),
        n_censored=read_only(leaving - died, np.int64),
        standard_error=read_only(standard_error),
        lower=read_only(lower),
        upper=read_only(upper),
        median=_half_time(distinct, survival),
        median_lower=_half_time(distinct, lower),
        median_upper=_half_time(distinct, upper),
        confidence=level,
        interval=interval,
    )


def logrank(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None, confidence: float = 0.95
) -> LogRank:
    """Whether survival differs between groups: observed against expected events under equal hazards.

    Parameters
    ----------
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`.
    group : array, shape (n_cases,)
        Label of the group of each case, at least two groups.
    strata : array, shape (n_cases,), optional
        Groups are compared within each stratum only.
    confidence : float
        Level of the interval of the hazard ratio.

    Returns
    -------
    LogRank
        `groups` sorted (a pandas category keeps its order), `observed` and `expected` events (n_groups,), `variance`
        (n_groups, n_groups) of observed minus expected, `chi_square`, `degrees_of_freedom`, `p_value`. A group that is
        never at risk when an event happens does not count towards the degrees of freedom, as in R. The hazard ratio of two
        groups is exp((O - E) / V), which needs no fit but is crude far from 1 and in unequal groups; `cox` is better.

    Raises
    ------
    ComputeError
        RT302 without events or when no event can compare two groups; RT305 as in `kaplan_meier`, for fewer than two
        groups, or if no stratum links some of the groups.
    RecipeError
        RT103 if `confidence` is not allowed.

    References
    ----------
    Mantel, Cancer Chemother Rep 50 (1966) 163-170; Yusuf et al., Prog Cardiovasc Dis 27 (1985) 335-371 (the ratio).
    Chi-square equal to `survdiff` (rho = 0) of R survival 3.5-3.

    Examples
    --------
    >>> test = logrank([5, 8, 12, 20, 9, 14, 22, 30], [1, 1, 1, 0, 1, 0, 1, 0], list("aaaabbbb"))
    >>> test.observed.tolist(), round(test.chi_square, 4), round(test.p_value, 4)
    ([3.0, 2.0], 1.8707, 0.1714)
    """
    from scipy.special import chdtrc, ndtri

    level = confidence_level(confidence)
    inputs = {"time": time, "event": event, "group": group}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    codes, groups = labels(group, "group")
    if len(groups) < 2:
        raise ComputeError("RT305", f"there is one group only, {groups[0]!r}; expected at least two")
    if not events.any():
        raise ComputeError("RT302", f"none of the {n} cases has an event", hint="check how the event column is coded")
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    observed = np.bincount(codes, weights=events, minlength=len(groups))
    expected = np.zeros(len(groups))
    variance = np.zeros((len(groups), len(groups)))
    for rows in np.split(np.argsort(blocks, kind="stable"), np.cumsum(np.bincount(blocks))[:-1]):
        block_expected, block_variance = _expected_events(times[rows], events[rows], codes[rows], len(groups))
        expected += block_expected
        variance += block_variance
    chi_square, degrees = _quadratic_form(observed - expected, variance, expected > 0)
    ratio = lower = upper = float("nan")
    if len(groups) == 2:
        centre, error = (observed - expected)[1] / variance[1, 1], 1 / np.sqrt(variance[1, 1])
        limits = centre + float(ndtri((1 + level) / 2)) * error * np.array([0.0, -1.0, 1.0])
        with np.errstate(over="ignore"):
            ratio, lower, upper = np.exp(limits).tolist()
    p_value = float(chdtrc(degrees, chi_square))
    return LogRank(
        measure="hazard ratio of the log-rank test",
        n=n,
        effect=ratio,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        events=int(events.sum()),
        groups=groups,
        group_sizes=read_only(np.bincount(codes, minlength=len(groups)), np.int64),
        observed=read_only(observed),
        expected=read_only(expected),
        variance=read_only(variance),
        chi_square=chi_square,
        degrees_of_freedom=degrees,
    )


def _expected_events(
    times: FloatArray, events: NDArray[np.bool_], codes: NDArray[np.intp], n_groups: int
) -> tuple[FloatArray, FloatArray]:
    """Expected events per group and their hypergeometric covariance, in one stratum."""
    distinct, died = np.unique(times[events], return_counts=True)
    at_risk = np.empty((distinct.size, n_groups))
    for code in range(n_groups):
        own = np.sort(times[codes == code])
        at_risk[:, code] = own.size - np.searchsorted(own, distinct, side="left")
    total = at_risk.sum(axis=1)
    share = at_risk / total[:, None]
    weight = died * (total - died) / np.maximum(total - 1, 1)
    return died @ share, np.diag(weight @ share) - share.T @ (weight[:, None] * share)


def _quadratic_form(excess: FloatArray, variance: FloatArray, compared: NDArray[np.bool_]) -> tuple[float, int]:
    """Chi-square of `excess` over the groups that were ever at risk, one of them left out."""
    kept = np.flatnonzero(compared)[1:]
    if kept.size == 0:
        raise ComputeError("RT302", "only one group has cases at risk when events happen; nothing can be compared")
    block = variance[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(block, hermitian=True) < kept.size:
        if not np.any(np.diag(variance) > 1e-12):
            raise ComputeError("RT302", "no event happens while two groups are at risk together; nothing can be compared")
        raise ComputeError(
            "RT305",
            "some groups are never at risk together, so that they cannot be compared",
            hint="merge strata, or test the linked groups alone",
        )
    return float(excess[kept] @ np.linalg.solve(block, excess[kept])), int(kept.size)


def _half_time(time: FloatArray, curve: FloatArray) -> float:
    """Time at which `curve` falls below one half; the middle of the step where it stays at one half."""
    low = np.flatnonzero(curve < 0.5 + CLOSE_TIMES)
    if low.size == 0:
        return float("nan")
    first = low[0]
    below = low[curve[low] < curve[first]]
    if abs(curve[first] - 0.5) < CLOSE_TIMES and below.size:
        return float((time[first] + time[below[0]]) / 2)
    return float(time[first])


def _plain_limits(survival: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    with np.errstate(invalid="ignore"):
        half = z * error * survival
    return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)


def _log_limits(survival: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    log = np.log(np.where(survival == 0, np.nan, survival))
    return np.exp(log - z * error), np.minimum(np.exp(log + z * error), 1.0)


def _log_log_limits(survival: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    log = np.log(np.where((survival == 0) | (survival == 1), np.nan, survival))
    centre, half = np.log(-log), z * error / log
    return np.exp(-np.exp(centre - half)), np.exp(-np.exp(centre + half))


_LIMITS: dict[str, Callable[[FloatArray, FloatArray, float], tuple[FloatArray, FloatArray]]] = {
    "log-log": _log_log_limits,
    "log": _log_limits,
    "plain": _plain_limits,
}
