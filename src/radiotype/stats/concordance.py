"""Harrell's concordance index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, confidence_level, labels, numbers, same_rows, survival_times

PAIRS_AT_ONCE = 250_000
"""Pairs compared in one step; they fit into the cache, and memory does not grow with the square of the cases."""


@dataclass(frozen=True)
class Concordance:
    """Pairs of cases ordered by risk as they are ordered by survival.

    `tied` pairs have equal risk and count one half. Pairs with two events at the same time are left out; `tied_time`
    counts those whose risk differs. The standard error is the infinitesimal jackknife, the limits are plain and cut at 0
    and 1, and `p_value` is of a C of one half; it is NaN where the standard error is 0.
    """

    n: int
    events: int
    concordant: int
    discordant: int
    tied: int
    tied_time: int
    c_index: float
    standard_error: float
    lower: float
    upper: float
    confidence: float
    p_value: float


def concordance(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, strata: ArrayLike | None = None, confidence: float = 0.95
) -> Concordance:
    """How often, of two cases, the one with the higher risk has its event first (Harrell's C).

    0.5 is no better than chance, 1 is perfect, 0 is perfectly wrong. A pair counts when the shorter time ended in an
    event, or when both times are equal and one of them is an event.

    Parameters
    ----------
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`.
    risk : array, shape (n_cases,)
        Risk score, higher means earlier events. Not a survival probability. Scores that should be equal must be equal
        to the last bit, so round a linear predictor that was computed in two ways.
    strata : array, shape (n_cases,), optional
        Only cases of the same stratum are compared, as a Cox model with these strata does.
    confidence : float
        Level of the interval.

    Returns
    -------
    Concordance
        The counts of pairs, and `c_index` in [0, 1] with its interval.

    Raises
    ------
    ComputeError
        RT302 if no pair can be compared; RT301 and RT305 as in `kaplan_meier`.

    References
    ----------
    Harrell et al., Stat Med 15 (1996) 361-387. Equal to `concordance(..., reverse = TRUE)` of R survival 3.5-3.

    Examples
    --------
    >>> result = concordance([5, 8, 8, 12], [1, 1, 0, 1], [0.9, 0.3, 0.5, 0.3])
    >>> result.concordant, result.discordant, result.tied, result.c_index
    (3, 1, 1, 0.7)
    """
    level = confidence_level(confidence)
    inputs = {"time": time, "event": event, "risk": risk}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    scores = numbers(risk, "risk")
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    pairs = Pairs(n)
    for block in range(int(blocks.max()) + 1):
        own = np.flatnonzero(blocks == block)
        pairs.count(times[own], events[own], scores[own], own)
    if not pairs.comparable.any():
        raise ComputeError(
            "RT302",
            f"no two of the {n} cases can be compared ({int(events.sum())} events)",
            hint="at least one event must happen before another case's time ends",
        )
    concordant, discordant, tied, tied_time = (int(count) for count in pairs.totals)
    c_index = (concordant + tied / 2) / (concordant + discordant + tied)
    error = pairs.standard_error(c_index)
    lower, upper, p_value = limits_of_index(c_index, error, level)
    return Concordance(
        n=n,
        events=int(events.sum()),
        concordant=concordant,
        discordant=discordant,
        tied=tied,
        tied_time=tied_time // 2,
        c_index=c_index,
        standard_error=error,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
    )


class Pairs:
    """Sums over the pairs that can be compared, in total and for each case; a pair weighs as its earlier event does."""

    def __init__(self, n: int) -> None:
        self.totals = np.zeros(4)  # concordant, discordant, tied, and twice the pairs of two events at one time
        self.excess = np.zeros(n)  # concordant less discordant pairs of each case
        self.comparable = np.zeros(n)

    def count(
        self, times: FloatArray, events: NDArray[np.bool_], scores: FloatArray, own: NDArray[np.intp], weight: Any = None
    ) -> None:
        """Add the pairs of one stratum, whose cases are `own`; `weight` (n_own,) is 1 where it is left out."""
        cases = np.flatnonzero(events)
        rows = max(1, PAIRS_AT_ONCE // max(1, times.size))
        for start in range(0, cases.size, rows):
            part = cases[start : start + rows]
            factor = np.ones(part.size) if weight is None else weight[part]
            own_time, own_score = times[part, None], scores[part, None]
            outlived = (times > own_time) | ((times == own_time) & ~events)
            concordant, discordant = outlived & (scores < own_score), outlived & (scores > own_score)
            at_once = (times == own_time) & events & (scores != own_score)
            sums = [factor @ table.sum(axis=1) for table in (concordant, discordant, outlived, at_once)]
            sums[2] -= sums[0] + sums[1]
            self.totals += sums
            sign = concordant.view(np.int8) - discordant.view(np.int8)
            for target, table in ((self.excess, sign), (self.comparable, outlived)):
                target[own[part]] += factor * table.sum(axis=1, dtype=np.int64)
                target[own] += table.sum(axis=0, dtype=np.int64) if weight is None else factor @ table

    def standard_error(self, c_index: float) -> float:
        """Infinitesimal jackknife: what each case changes, its weights held fixed."""
        change = self.excess - (2 * c_index - 1) * self.comparable
        return float(np.sqrt(np.sum(change**2)) / (2 * self.totals[:3].sum()))


def limits_of_index(c_index: float, error: float, level: float) -> tuple[float, float, float]:
    """Plain limits, cut at 0 and 1, and the two-sided p value of one half."""
    from scipy.special import ndtr, ndtri

    half = float(ndtri((1 + level) / 2)) * error
    p_value = 2 * float(ndtr(-abs(c_index - 0.5) / error)) if error > 0 else float("nan")
    return max(c_index - half, 0.0), min(c_index + half, 1.0), p_value
