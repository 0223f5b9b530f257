"""The cut that separates survival best, with a p-value that knows it was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import (
    FloatArray,
    choice,
    confidence_level,
    numbers,
    read_only,
    same_rows,
    survival_times,
    whole_number,
)
from radiotype.stats.cox import cox
from radiotype.stats.findings import Finding

P_METHODS = ("permutation", "lausen-1992", "lausen-1994")

FEWEST_CASES = 10

VALUES_AT_ONCE = 2_000_000
"""Permuted scores held at one time; bounds the memory to a few tens of megabytes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Cutpoint(Finding):
    """A chosen cut: cases with a value above `cutpoint` form the high group.

    `p_value` allows for the choice among all `cuts`, by `method`. `optimistic_p_value` does not: it is what a log-rank test
    of the two groups says afterwards, and must not be reported as evidence. The hazard ratio `effect` (high against low)
    and its limits are optimistic too; they are NaN where one group has no event.
    """

    events: int
    cutpoint: float
    n_low: int
    n_high: int
    statistic: float
    optimistic_p_value: float
    method: str
    cuts: FloatArray
    statistics: FloatArray


def maximal_cutpoint(
    x: ArrayLike,
    time: ArrayLike,
    event: ArrayLike,
    *,
    p_method: str = "permutation",
    minimum_share: float = 0.1,
    n_permutations: int = 9999,
    seed: int = 0,
    confidence: float = 0.95,
) -> Cutpoint:
    """Cut of a number at which the survival of low and high cases differs most (maximally selected log-rank statistic).

    Parameters
    ----------
    x : array, shape (n_cases,)
        The number to cut, in any unit.
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`.
    p_method : {"permutation", "lausen-1992", "lausen-1994"}
        How `p_value` allows for the choice. "permutation" deals the outcomes to the cases anew and has the right size in
        any data; it is never below 1 / (n_permutations + 1). The two approximations of Lausen are instant; they are rough
        for p-values above 0.2 and in small cohorts.
    minimum_share : float
        Smallest share of the cases in either group, above 0 and below 0.5.
    n_permutations, seed : int
        For "permutation": same seed, same p-value.
    confidence : float
        Level of the interval of the hazard ratio.

    Returns
    -------
    Cutpoint
        The cut, both p-values, the groups, and the standardised log-rank statistic of every possible cut.

    Raises
    ------
    ComputeError
        RT301 for fewer than 10 cases; RT302 without events, or if no event can compare two cases; RT305 if no cut leaves
        enough cases on both sides, and as in `kaplan_meier`.
    RecipeError
        RT103 if an option is not allowed.

    References
    ----------
    Lausen & Schumacher, Biometrics 48 (1992) 73-85; Lausen, Sauerbrei & Schumacher, in Computational Statistics (1994)
    483-496; Hothorn & Lausen, Comput Stat Data Anal 43 (2003) 121-137. Cut, statistics and approximations equal to
    `maxstat.test` of R maxstat 0.7-25, whose scores count a tie as at risk once only.

    Examples
    --------
    >>> time, event = [30, 28, 33, 31, 29, 27, 9, 8, 12, 7, 5, 6], [0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1]
    >>> found = maximal_cutpoint([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], time, event)
    >>> found.cutpoint, round(found.statistic, 3), found.p_value, round(found.optimistic_p_value, 5)
    (5.0, 2.911, 0.0066, 0.0036)
    """
    choice("p_method", p_method, P_METHODS)
    level = confidence_level(confidence)
    draws = whole_number("n_permutations", n_permutations, 1), whole_number("seed", seed, 0)
    if not 0 < minimum_share < 0.5:
        raise RecipeError("RT103", f"minimum_share is {minimum_share!r}; expected a number above 0 and below 0.5")
    n = same_rows({"x": x, "time": time, "event": event})
    values = numbers(x, "x")
    times, events = survival_times(time, event)
    if n < FEWEST_CASES:
        raise ComputeError("RT301", f"there are {n} cases; a search for a cut needs {FEWEST_CASES} or more")
    order = np.argsort(values, kind="stable")
    sorted_values = values[order]
    sizes = _sizes_of_low_group(sorted_values, minimum_share)
    scores = _centred_scores(times, events)[order]
    deviation = np.sqrt(sizes * (n - sizes) / (n * (n - 1)) * float(scores @ scores))
    statistics = np.abs(np.cumsum(scores)[sizes - 1]) / deviation
    statistic = float(statistics.max())
    size = int(sizes[statistics >= statistic - 1e-12][0])
    cut = float(sorted_values[size - 1])
    if p_method == "permutation":
        p_value = _permutation_p(scores, sizes, deviation, statistic, draws)
    else:
        p_value = _lausen_1992(statistic, minimum_share) if p_method == "lausen-1992" else _lausen_1994(statistic, n, sizes)
    ratio, lower, upper = _hazard_ratio(values > cut, times, events, level)
    return Cutpoint(
        measure="hazard ratio, high against low (optimistic)",
        n=n,
        events=int(events.sum()),
        effect=ratio,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        cutpoint=cut,
        n_low=size,
        n_high=n - size,
        statistic=statistic,
        optimistic_p_value=_two_sided(statistic),
        method=p_method,
        cuts=read_only(sorted_values[sizes - 1]),
        statistics=read_only(statistics),
    )


def _sizes_of_low_group(sorted_values: FloatArray, minimum_share: float) -> NDArray[np.intp]:
    """How many cases a cut can leave at or below it, ties kept together."""
    n = sorted_values.size
    sizes = np.flatnonzero(np.diff(sorted_values) > 0) + 1
    sizes = sizes[(sizes >= max(1, int(n * minimum_share))) & (sizes <= int(n * (1 - minimum_share)))]
    if sizes.size == 0:
        raise ComputeError(
            "RT305",
            f"no cut of x leaves {minimum_share:.0%} of the {n} cases on both sides",
            hint="x is constant or nearly so; leave it out, or lower minimum_share",
        )
    return sizes


def _centred_scores(times: FloatArray, events: NDArray[np.bool_]) -> FloatArray:
    """Log-rank scores as R's maxstat has them: n - (cases with a time up to and including this one) + 1 are at risk."""
    if not events.any():
        found = f"none of the {times.size} cases has an event"
        raise ComputeError("RT302", found, hint="check how the event column is coded")
    ordered = np.sort(times)
    at_risk = times.size - np.searchsorted(ordered, times, side="right") + 1
    by_time = np.argsort(times, kind="stable")
    hazard = np.append(0.0, np.cumsum((events / at_risk)[by_time]))
    scores = events - hazard[np.searchsorted(ordered, times, side="right")]
    centred: FloatArray = scores - scores.mean()
    if np.abs(centred).max() < 1e-12:
        raise ComputeError("RT302", "no event tells two cases apart; nothing can be compared")
    return centred


def _two_sided(statistic: float) -> float:
    from scipy.special import ndtr

    return float(2 * ndtr(-statistic))


def _lausen_1992(b: float, minimum_share: float) -> float:
    """Miller & Siegmund's tail of the largest standardised Brownian bridge, for a statistic of at least 1."""
    if b < 1:
        return 1.0
    density = np.exp(-(b**2) / 2) / np.sqrt(2 * np.pi)
    odds = ((1 - minimum_share) / minimum_share) ** 2
    return min(float(4 * density / b + density * (b - 1 / b) * np.log(odds)), 1.0)


def _lausen_1994(b: float, n: int, sizes: NDArray[np.intp]) -> float:
    """Bonferroni's inequality improved by the correlation of neighbouring cuts."""
    low, high = sizes[:-1].astype(float), sizes[1:].astype(float)
    step = np.sqrt(1 - low * (n - high) / ((n - low) * high))
    added = np.exp(-(b**2) / 2) / np.pi * (step - (b**2 / 4 - 1) * step**3 / 6)
    return float(np.clip(_two_sided(b) + added.sum(), 0.0, 1.0))


def _permutation_p(
    scores: FloatArray, sizes: NDArray[np.intp], deviation: FloatArray, statistic: float, draws: tuple[int, int]
) -> float:
    n_permutations, seed = draws
    random = np.random.default_rng(np.random.SeedSequence(seed))
    reached, left = 0, n_permutations
    while left:
        rows = min(left, max(1, VALUES_AT_ONCE // scores.size))
        dealt = random.permuted(np.broadcast_to(scores, (rows, scores.size)), axis=1)
        largest = (np.abs(np.cumsum(dealt, axis=1)[:, sizes - 1]) / deviation).max(axis=1)
        reached += int(np.count_nonzero(largest >= statistic - 1e-9))
        left -= rows
    return (1 + reached) / (1 + n_permutations)


def _hazard_ratio(
    high: NDArray[np.bool_], times: FloatArray, events: NDArray[np.bool_], level: float
) -> tuple[float, float, float]:
    try:
        fit = cox(times, events, high[:, None], confidence=level, least_events=1)
    except ComputeError:
        return float("nan"), float("nan"), float("nan")
    return float(fit.hazard_ratios[0]), float(fit.lower[0]), float(fit.upper[0])
