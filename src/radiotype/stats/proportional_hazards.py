"""Whether hazard ratios stay the same over time: the score test of Grambsch and Therneau."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._fit import LEAST_EVENTS, Fit, fit_cox
from radiotype.stats._inputs import (
    FloatArray,
    choice,
    confidence_level,
    design_matrix,
    labels,
    read_only,
    same_rows,
    survival_times,
)
from radiotype.stats._residuals import AtRisk
from radiotype.stats.cox import TIES, ChiSquareTest, chi_square_test
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values
from radiotype.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from pandas import DataFrame

TRANSFORMS = ("km", "identity", "rank", "log")


@dataclass(frozen=True, eq=False)
class ProportionalHazards:
    """One test per term, and one of all together; a small p value speaks against a hazard ratio that is constant.

    `slopes` is the effect: the change of the log hazard ratio per unit of the transformed time, as one Newton step from no
    change estimates it, with its limits. It is NaN for a term of several columns.
    """

    n: int
    events: int
    transform: str
    terms: tuple[str, ...]
    chi_square: FloatArray
    degrees_of_freedom: tuple[int, ...]
    slopes: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    p_values: FloatArray
    q_values: FloatArray
    correction: str
    overall: ChiSquareTest

    def to_frame(self) -> DataFrame:
        """One row per term: slope with its limits, chi-square, degrees of freedom, p and q."""
        from pandas import DataFrame

        columns = {
            "slope": self.slopes,
            "lower": self.lower,
            "upper": self.upper,
            "chi_square": self.chi_square,
            "degrees_of_freedom": self.degrees_of_freedom,
            "p_value": self.p_values,
            "q_value": self.q_values,
        }
        return DataFrame(columns, index=list(self.terms))


def proportional_hazards(
    time: ArrayLike,
    event: ArrayLike,
    X: Any,
    *,
    ties: str = "efron",
    strata: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    transform: str = "km",
    terms: Mapping[str, Sequence[str]] | None = None,
    correction: str = "none",
    least_events: float = LEAST_EVENTS,
    confidence: float = 0.95,
) -> ProportionalHazards:
    """Whether the hazard ratios of a Cox model change over time.

    The model is fitted, and each term is tested for a product with a function g of time.

    Parameters
    ----------
    time, event, X, ties, strata, names, least_events
        As in `cox`.
    transform : {"km", "identity", "rank", "log"}
        g: one minus the Kaplan-Meier curve, time itself, its rank, or its logarithm.
    terms : mapping of str to sequence of str, optional
        Columns that are one term, such as the levels of a category; by default each column is one.
    correction : {"none", "bh", "by", "holm", "bonferroni"}
        How `q_values` correct for the number of terms.
    confidence : float
        Level of the intervals of the slopes.

    Returns
    -------
    ProportionalHazards
        Slope, chi-square, degrees of freedom, p and q of each term, and the test of all terms.

    Raises
    ------
    ComputeError
        As in `cox`; RT305 for "log" with an event at time 0.
    RecipeError
        RT103 if a setting is not allowed, or `terms` does not hold every column once.

    References
    ----------
    Grambsch & Therneau, Biometrika 81 (1994) 515-526. Equal to `cox.zph` of R survival 3.5-3, which since version 3 is
    the exact score test; older programs approximate it.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7], [1, 1, 1, 0, 1, 1, 1, 0, 1, 1]
    >>> found = proportional_hazards(time, event, [[60], [71], [55], [66], [50], [48], [62], [44], [58], [70]])
    >>> round(found.overall.statistic, 4), found.overall.degrees_of_freedom
    (0.0662, 1)
    """
    from scipy.special import ndtri

    choice("ties", ties, TIES)
    choice("transform", transform, TRANSFORMS)
    choice("correction", correction, CORRECTIONS)
    level = confidence_level(confidence)
    inputs = {"time": time, "event": event, "X": X}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    matrix, columns = design_matrix(X, names)
    members = {name: (name,) for name in columns} if terms is None else {name: tuple(terms[name]) for name in terms}
    if sorted(name for group in members.values() for name in group) != sorted(columns):
        raise RecipeError("RT103", f"the terms {dict(members)} do not hold each of {', '.join(columns)} once")
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    fit = fit_cox(times, events, matrix, blocks, columns, ties=ties, least_events=least_events)
    groups = [[columns.index(name) for name in group] for group in members.values()]
    score, left, unit = _score_of_change(fit, _transformed(times, events, transform))
    tests, overall = [_tested(score, left, group) for group in groups], _tested(score, left, list(range(len(columns))))
    single = np.array([group[0] if len(group) == 1 else -1 for group in groups])
    slopes, errors = score / np.diag(left) / unit, 1 / np.sqrt(np.diag(left)) / unit
    half = float(ndtri((1 + level) / 2)) * errors

    def of_terms(values: FloatArray) -> FloatArray:
        return read_only(np.where(single < 0, np.nan, values[single]))

    p_values = np.array([test.p_value for test in tests])
    return ProportionalHazards(
        n=n,
        events=int(events.sum()),
        transform=transform,
        terms=tuple(members),
        chi_square=read_only([test.statistic for test in tests]),
        degrees_of_freedom=tuple(test.degrees_of_freedom for test in tests),
        slopes=of_terms(slopes),
        lower=of_terms(slopes - half),
        upper=of_terms(slopes + half),
        confidence=level,
        p_values=read_only(p_values),
        q_values=adjust_p_values(p_values, correction=correction),
        correction=correction,
        overall=overall,
    )


def _score_of_change(fit: Fit, transformed: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Score and information of a product of each column with g, given the coefficients of all; and the unit of the product."""
    at_risk = AtRisk(fit)
    g = transformed[fit.sets.order][at_risk.event_case]
    spread = g.std() or 1.0
    g = (g - g.mean()) / spread  # neither changes the test
    score = g @ (fit.covariates[at_risk.event_case] - at_risk.mean)
    crossed, squared = at_risk.weighted_information(g), at_risk.weighted_information(g**2)
    left = squared - crossed @ np.linalg.solve(fit.maximum.at_fit.information, crossed)
    return score, left, fit.scale * spread


def _tested(score: FloatArray, left: FloatArray, group: list[int]) -> ChiSquareTest:
    block = left[np.ix_(group, group)]
    if np.linalg.matrix_rank(block, hermitian=True) < len(group):
        raise ComputeError("RT302", "the events lie at too few different times to see a change over time")
    return chi_square_test(score[group] @ np.linalg.solve(block, score[group]), len(group))


def _transformed(times: FloatArray, events: NDArray[np.bool_], transform: str) -> FloatArray:
    from scipy.stats import rankdata

    if transform == "identity":
        return times
    if transform == "rank":
        return np.asarray(rankdata(times), dtype=np.float64)
    if transform == "log":
        if times[events].min() <= 0:
            raise ComputeError("RT305", "an event lies at time 0, which has no logarithm", hint="use another transform")
        return np.log(np.maximum(times, times[events].min()))
    curve = kaplan_meier(times, events)
    before = np.searchsorted(curve.time, times, side="left")
    return 1 - np.append(1.0, curve.survival)[before]
