"""Uno's concordance index, which does not depend on how long cases were followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._censoring import uncensored_before
from radiotype.stats._inputs import confidence_level, numbers, positive, same_rows, survival_times
from radiotype.stats.concordance import count_pairs, limits_of_index
from radiotype.stats.findings import Finding


@dataclass(frozen=True, eq=False, kw_only=True)
class UnoConcordance(Finding):
    """`effect` is C; `p_value` is of a C of one half. Events after `horizon` do not count."""

    events: int
    horizon: float
    standard_error: float


def uno_concordance(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, horizon: float | None = None, confidence: float = 0.95
) -> UnoConcordance:
    """How often, of two cases, the one with the higher risk has its event first, had nobody been censored.

    Each pair weighs 1 / G(t-)^2, where t is the time of its earlier event and G the Kaplan-Meier curve of being censored.

    Parameters
    ----------
    time, event, risk
        As in `concordance`.
    horizon : float, optional
        Only events up to this time count. Late events weigh much; choose a time at which a fair share is still followed.
    confidence : float
        Level of the interval.

    Returns
    -------
    UnoConcordance
        C with the infinitesimal jackknife error, which holds the weights fixed.

    Raises
    ------
    ComputeError
        RT302 if no pair can be compared; RT301 and RT305 as in `kaplan_meier`.
    RecipeError
        RT103 if `horizon` or `confidence` is not allowed.

    References
    ----------
    Uno et al., Stat Med 30 (2011) 1105-1117. Equal to `concordance(..., timewt = "n/G2", ymax)` of R survival 3.5-3;
    other packages place ties of an event and a censoring differently and differ in the third digit.

    Examples
    --------
    >>> found = uno_concordance([5, 8, 8, 12, 14], [1, 1, 0, 1, 0], [0.9, 0.3, 0.5, 0.3, 0.2])
    >>> round(found.effect, 4)
    0.8378
    """
    level = confidence_level(confidence)
    n = same_rows({"time": time, "event": event, "risk": risk})
    times, events = survival_times(time, event)
    scores = numbers(risk, "risk")
    limit = float(times.max()) if horizon is None else positive("horizon", horizon)
    weight = uncensored_before(times, events) ** -2.0 * (times <= limit)
    pairs = count_pairs(times, events, scores, np.zeros(n, dtype=np.intp), weight)
    if not pairs.total:
        raise ComputeError("RT302", f"no two of the {n} cases can be compared by events up to {limit:g}")
    c_index, error = pairs.index, pairs.standard_error()
    lower, upper, p_value = limits_of_index(c_index, error, level)
    return UnoConcordance(
        measure="Uno's C",
        n=n,
        events=int(events.sum()),
        effect=c_index,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        horizon=limit,
        standard_error=error,
    )
