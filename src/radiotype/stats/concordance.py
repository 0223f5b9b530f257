"""Harrell's concordance index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, labels, numbers, same_rows, survival_times

PAIRS_AT_ONCE = 4_000_000
"""Pairs compared in one step; bounds the memory to a few tens of megabytes."""


@dataclass(frozen=True)
class Concordance:
    """Pairs of cases ordered by risk as they are ordered by survival.

    `tied` pairs have equal risk and count one half. Pairs with two events at the same time are left out; `tied_time`
    counts those whose risk differs.
    """

    n: int
    events: int
    concordant: int
    discordant: int
    tied: int
    tied_time: int
    c_index: float


def concordance(time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, strata: ArrayLike | None = None) -> Concordance:
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

    Returns
    -------
    Concordance
        The counts of pairs and `c_index` in [0, 1].

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
    inputs = {"time": time, "event": event, "risk": risk}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    scores = numbers(risk, "risk")
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    counts = np.zeros(4, dtype=np.int64)
    for block in range(int(blocks.max()) + 1):
        own = blocks == block
        counts += _count_pairs(times[own], events[own], scores[own])
    concordant, discordant, tied, tied_time = (int(count) for count in counts)
    pairs = concordant + discordant + tied
    if pairs == 0:
        raise ComputeError(
            "RT302",
            f"no two of the {n} cases can be compared ({int(events.sum())} events)",
            hint="at least one event must happen before another case's time ends",
        )
    return Concordance(
        n=n,
        events=int(events.sum()),
        concordant=concordant,
        discordant=discordant,
        tied=tied,
        tied_time=tied_time // 2,
        c_index=(concordant + tied / 2) / pairs,
    )


def _count_pairs(times: FloatArray, events: NDArray[np.bool_], scores: FloatArray) -> NDArray[np.int64]:
    """Concordant, discordant and tied pairs, and twice the pairs with two events at one time and different scores."""
    cases = np.flatnonzero(events)
    counts = np.zeros(4, dtype=np.int64)
    rows = max(1, PAIRS_AT_ONCE // max(1, times.size))
    for start in range(0, cases.size, rows):
        part = cases[start : start + rows]
        own_time, own_score = times[part, None], scores[part, None]
        outlived = (times > own_time) | ((times == own_time) & ~events)
        counts += [
            np.count_nonzero(outlived & (scores < own_score)),
            np.count_nonzero(outlived & (scores > own_score)),
            np.count_nonzero(outlived & (scores == own_score)),
            np.count_nonzero((times == own_time) & events & (scores != own_score)),
        ]
    return counts
