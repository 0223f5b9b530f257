"""Area under the ROC curve of who has had the event by a time, from censored follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._censoring import uncensored_before
from radiotype.stats._inputs import FloatArray, choice, confidence_level, numbers, read_only, same_rows, survival_times
from radiotype.stats.concordance import limits_of_index
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame

ROUNDING = 1e-14
"""An error of an area that is no larger is one of arithmetic: the score orders all cases alike."""


@dataclass(frozen=True, eq=False)
class TimeDependentAuc:
    """One area per time; `n_cases` had the event by it and `n_controls` were followed beyond it without."""

    n: int
    events: int
    times: FloatArray
    n_cases: NDArray[np.int64]
    n_controls: NDArray[np.int64]
    auc: FloatArray
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    p_values: FloatArray
    q_values: FloatArray
    correction: str

    def to_frame(self) -> DataFrame:
        """One row per time."""
        from pandas import DataFrame

        names = ("n_cases", "n_controls", "auc", "standard_error", "lower", "upper", "p_values", "q_values")
        columns = {name.replace("_values", "_value"): getattr(self, name) for name in names}
        return DataFrame(columns, index=self.times)


def time_dependent_auc(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    times: ArrayLike,
    *,
    confidence: float = 0.95,
    correction: str = "none",
) -> TimeDependentAuc:
    """How well a risk score tells who has the event by a time from who stays free of it beyond.

    Cumulative cases and dynamic controls: at time t, cases had the event at T <= t, controls have T > t, and those
    censored before t are in neither. A case weighs 1 / G(T-), where G is the Kaplan-Meier curve of being censored, which
    must not depend on the risk. Equal scores count one half.

    Parameters
    ----------
    time, event, risk
        As in `concordance`.
    times : array, shape (n_times,)
        Times in the unit of `time`.
    confidence : float
        Level of the interval of each area, cut at 0 and 1.
    correction : {"none", "bh", "by", "holm", "bonferroni"}
        How `q_values` correct for the number of times. `p_values` are of an area of one half.

    Returns
    -------
    TimeDependentAuc
        One area per time; the standard error takes into account that G was estimated.

    Raises
    ------
    ComputeError
        RT302 if there is no case or no control at one of the times; RT301 and RT305 as in `kaplan_meier`.
    RecipeError
        RT103 if `confidence` or `correction` is not allowed.

    References
    ----------
    Blanche, Dartigues & Jacqmin-Gadda, Stat Med 32 (2013) 5381-5397. Area equal to R package timeROC 0.4.1 ("marginal"),
    which leaves out cases with an event at exactly t, and the standard error to five digits.

    Examples
    --------
    >>> found = time_dependent_auc([5, 8, 8, 12, 14], [1, 1, 0, 1, 0], [0.9, 0.3, 0.5, 0.4, 0.2], [9, 12])
    >>> found.auc.round(4).tolist(), found.n_cases.tolist(), found.n_controls.tolist()
    ([0.75, 1.0], [2, 3], [2, 1])
    """
    choice("correction", correction, CORRECTIONS)
    level = confidence_level(confidence)
    n = same_rows({"time": time, "event": event, "risk": risk})
    follow_up, events = survival_times(time, event)
    scores = numbers(risk, "risk")
    wanted = numbers(np.atleast_1d(times), "times")
    weight = np.where(events, 1 / uncensored_before(follow_up, events), 0.0)
    columns = [_area(follow_up, events, scores, weight, when) for when in wanted]
    auc, errors = (np.array(column) for column in zip(*columns, strict=True))
    lower, upper, p_values = (
        np.array(column)
        for column in zip(
            *(limits_of_index(*pair, level) for pair in zip(auc.tolist(), errors.tolist(), strict=True)), strict=True
        )
    )
    untested = np.isnan(p_values).all()
    return TimeDependentAuc(
        n=n,
        events=int(events.sum()),
        times=read_only(wanted),
        n_cases=read_only([np.count_nonzero(events & (follow_up <= when)) for when in wanted], np.int64),
        n_controls=read_only([np.count_nonzero(follow_up > when) for when in wanted], np.int64),
        auc=read_only(auc),
        standard_error=read_only(errors),
        lower=read_only(lower),
        upper=read_only(upper),
        confidence=level,
        p_values=read_only(p_values),
        q_values=read_only(p_values) if untested else adjust_p_values(p_values, correction=correction),
        correction=correction,
    )


def _area(
    times: FloatArray, events: NDArray[np.bool_], scores: FloatArray, weight: FloatArray, when: float
) -> tuple[float, float]:
    """Area at one time and its standard error, from what each case adds to it."""
    n = times.size
    case, control = events & (times <= when), times > when
    if not case.any() or not control.any():
        missing = "had the event by" if not case.any() else "is followed beyond"
        raise ComputeError("RT302", f"nobody {missing} {when:g}", hint="choose times within the follow-up")
    own = np.where(case, weight, 0.0)
    own /= own.sum()
    # Share of the controls that each score beats, and weighted share of the cases that beat each score.
    beats = _share_below(scores, scores[control], np.ones(int(control.sum())))
    beaten = 1 - _share_below(scores, scores[case], own[case])
    area = min(float(own @ beats), 1.0)
    excess = own * (beats - area)
    added = n * (excess + control * (beaten - area) / control.sum())
    # Had G been otherwise: the martingale of being censored, times what the cases after it add.
    order = np.argsort(times, kind="stable")
    distinct, start = np.unique(times[order], return_index=True)
    later = np.append(np.cumsum(excess[order][::-1])[::-1], 0.0)[np.append(start[1:], n)]
    censored = np.bincount(np.searchsorted(distinct, times[~events]), minlength=distinct.size)
    died = np.diff(np.append(start, n)) - censored
    at_risk = np.maximum(n - start - died, 1)
    per_time = n * later / at_risk
    running = np.cumsum(per_time * censored / at_risk)
    index = np.searchsorted(distinct, times)
    # At equal times events come first, so a case with an event is not at risk of being censored at that time.
    faced = np.where(events, np.append(0.0, running)[index], running[index])
    added += np.where(events, 0.0, per_time[index]) - faced
    error = float(added.std(ddof=1) / np.sqrt(n))
    return area, error if error > ROUNDING else 0.0


def _share_below(scores: FloatArray, others: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted share of `others` below each score, equal ones counting one half."""
    order = np.argsort(others, kind="stable")
    ordered, summed = others[order], np.append(0.0, np.cumsum(weight[order]))
    below, up_to = (summed[np.searchsorted(ordered, scores, side=side)] for side in ("left", "right"))
    share: FloatArray = (below + up_to) / (2 * summed[-1])
    return share
