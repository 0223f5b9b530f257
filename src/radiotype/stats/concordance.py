"""Harrell's concordance index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype import _native
from radiotype.errors import ComputeError, counted
from radiotype.stats._inputs import FloatArray, confidence_level, labels, numbers, same_rows, survival_times
from radiotype.stats.findings import Finding


@dataclass(frozen=True, eq=False, kw_only=True)
class Concordance(Finding):
    """Pairs of cases ordered by risk as they are ordered by survival.

    `effect`, also called `c_index`, is Harrell's C. `tied` pairs have equal risk and count one half. Pairs with two events at
    the same time are left out; `tied_time` counts those whose risk differs. The standard error is the infinitesimal jackknife,
    the limits are plain and cut at 0 and 1, and `p_value` is of a C of one half; it is NaN where the standard error is 0.
    """

    events: int
    concordant: int
    discordant: int
    tied: int
    tied_time: int
    standard_error: float

    @property
    def c_index(self) -> float:
        """Harrell's C, in [0, 1]."""
        return self.effect


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
    pairs = count_pairs(times, events, scores, blocks)
    if not pairs.total:
        raise ComputeError(
            "RT302",
            f"no two of the {n} cases can be compared ({counted(int(events.sum()), 'event')})",
            hint="at least one event must happen before another case's time ends",
        )
    c_index, error = pairs.index, pairs.standard_error()
    lower, upper, p_value = limits_of_index(c_index, error, level)
    return Concordance(
        measure="Harrell's C",
        n=n,
        events=int(events.sum()),
        concordant=int(pairs.concordant),
        discordant=int(pairs.discordant),
        tied=int(pairs.tied),
        tied_time=_pairs_of_events_at_one_time(times, events, scores, blocks),
        effect=c_index,
        standard_error=error,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
    )


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sums over the pairs that can be compared, in total and for each case; a pair weighs as its earlier event does."""

    concordant: float
    discordant: float
    tied: float
    excess: FloatArray  # (n_cases,) concordant less discordant pairs
    comparable: FloatArray  # (n_cases,)

    @property
    def total(self) -> float:
        """Weight of all pairs."""
        return self.concordant + self.discordant + self.tied

    @property
    def index(self) -> float:
        """Share of the concordant pairs, tied ones counting one half."""
        return (self.concordant + self.tied / 2) / self.total

    def standard_error(self) -> float:
        """Infinitesimal jackknife: what each case changes, its weights held fixed."""
        change = self.excess - (2 * self.index - 1) * self.comparable
        return float(np.sqrt(np.sum(change**2)) / (2 * self.total))


def count_pairs(
    times: FloatArray,
    events: NDArray[np.bool_],
    scores: FloatArray,
    strata: NDArray[np.intp],
    weight: FloatArray | None = None,
) -> Pairs:
    """Compare every event with the cases of its stratum that outlive it; `weight` (n_cases,) is 1 where it is left out."""
    n = times.size
    order = np.lexsort((~events, times, strata))
    blocks, factor = strata[order], np.ones(n) if weight is None else weight[order]
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(blocks)) + 1, [n]]).astype(np.int64)
    later, earlier = np.zeros((n, 3)), np.empty((n, 2))
    died = events[order].astype(np.uint8)
    _native.concordant_pairs(times[order], died, _ranks(scores, strata)[order], factor, bounds, later, earlier, np.empty(n + 1))
    lower, higher, outlived = (factor * column for column in later.T)
    excess, comparable = np.empty(n), np.empty(n)
    excess[order] = lower - higher + earlier[:, 0]
    comparable[order] = outlived + earlier[:, 1]
    concordant, discordant = float(lower.sum()), float(higher.sum())
    return Pairs(concordant, discordant, float(outlived.sum()) - concordant - discordant, excess, comparable)


def _ranks(scores: FloatArray, strata: NDArray[np.intp]) -> NDArray[np.int64]:
    """Rank of each score among those of its stratum, from 0; equal scores have equal ranks."""
    order = np.lexsort((scores, strata))
    new_stratum = np.diff(strata[order], prepend=-1) != 0
    step = np.cumsum(new_stratum | (np.diff(scores[order], prepend=np.nan) != 0))
    ranks = np.empty(scores.size, dtype=np.int64)
    ranks[order] = step - step[new_stratum][np.cumsum(new_stratum) - 1]
    return ranks


def _pairs_of_events_at_one_time(
    times: FloatArray, events: NDArray[np.bool_], scores: FloatArray, strata: NDArray[np.intp]
) -> int:
    """Pairs of two events at one time whose scores differ."""
    moment = strata * times.size + np.unique(times, return_inverse=True)[1]
    same_score = moment * times.size + np.unique(scores, return_inverse=True)[1]
    return _pairs_of_equals(moment[events]) - _pairs_of_equals(same_score[events])


def _pairs_of_equals(codes: NDArray[np.intp]) -> int:
    sizes = np.unique(codes, return_counts=True)[1]
    return int(np.sum(sizes * (sizes - 1) // 2))


def limits_of_index(c_index: float, error: float, level: float) -> tuple[float, float, float]:
    """Plain limits, cut at 0 and 1, and the two-sided p value of one half."""
    from scipy.special import ndtr, ndtri

    half = float(ndtri((1 + level) / 2)) * error
    p_value = 2 * float(ndtr(-abs(c_index - 0.5) / error)) if error > 0 else float("nan")
    return max(c_index - half, 0.0), min(c_index + half, 1.0), p_value
