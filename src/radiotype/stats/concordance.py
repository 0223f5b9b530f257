"""Harrell's concordance index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._inputs import numbers, same_rows, survival_times

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


def concordance(time: ArrayLike, event: ArrayLike, risk: ArrayLike) -> Concordance:
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
    n = same_rows({"time": time, "event": event, "risk": risk})
    times, events = survival_times(time, event)
    scores = numbers(risk, "risk")
    cases = np.flatnonzero(events)
    concordant = discordant = tied = tied_time = 0
    rows = max(1, PAIRS_AT_ONCE // n)
    for start in range(0, cases.size, rows):
        part = cases[start : start + rows]
        own_time, own_score = times[part, None], scores[part, None]
        outlived = (times > own_time) | ((times == own_time) & ~events)
        concordant += int(np.count_nonzero(outlived & (scores < own_score)))
        discordant += int(np.count_nonzero(outlived & (scores > own_score)))
        tied += int(np.count_nonzero(outlived & (scores == own_score)))
        tied_time += int(np.count_nonzero((times == own_time) & events & (scores != own_score)))
    pairs = concordant + discordant + tied
    if pairs == 0:
        raise ComputeError(
            "RT302",
            f"no two of the {n} cases can be compared ({cases.size} events)",
            hint="at least one event must happen before another case's time ends",
        )
    return Concordance(
        n=n,
        events=int(cases.size),
        concordant=concordant,
        discordant=discordant,
        tied=tied,
        tied_time=tied_time // 2,
        c_index=(concordant + tied / 2) / pairs,
    )
