"""Whether predicted risks are right: predicted against observed, and the slope of the prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import (
    FloatArray,
    confidence_level,
    numbers,
    positive,
    read_only,
    same_rows,
    survival_times,
    whole_number,
)
from radiotype.stats.cox import cox
from radiotype.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Calibration:
    """Observed and predicted risk of the event by `horizon`, in groups of rising prediction and over all.

    `observed_to_expected` is the observed risk over the mean prediction. `slope` is the coefficient of the predicted log
    cumulative hazard: 1 is right, below 1 the predictions are too extreme; `p_value` is of a slope of 1, and as the only test
    here it is its own `q_value`. `group_events` are those by the horizon. Groups have intervals and no p-values: they show
    where the predictions are wrong, and the slope tests it.
    """

    n: int
    events: int
    horizon: float
    group_sizes: NDArray[np.int64]
    group_events: NDArray[np.int64]
    predicted: FloatArray
    observed: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    observed_to_expected: float
    ratio_limits: tuple[float, float]
    slope: float
    slope_limits: tuple[float, float]
    p_value: float
    q_value: float
    correction: str = "none"

    def to_frame(self) -> DataFrame:
        """One row per group."""
        from pandas import DataFrame

        columns = {"n": self.group_sizes, "events": self.group_events, "predicted": self.predicted, "observed": self.observed}
        return DataFrame(columns | {"lower": self.lower, "upper": self.upper})


def calibration(
    time: ArrayLike,
    event: ArrayLike,
    predicted_risk: ArrayLike,
    *,
    horizon: float,
    n_groups: int = 5,
    confidence: float = 0.95,
) -> Calibration:
    """How predicted risks compare with what happened, for cases the model was not fitted to.

    Parameters
    ----------
    time, event : array, shape (n_cases,)
        Follow-up of the cases to check.
    predicted_risk : array, shape (n_cases,)
        Predicted probability of the event by `horizon`, strictly between 0 and 1: `1 - fit.survival(X, horizon)`.
    horizon : float
        In the unit of `time`; within the follow-up.
    n_groups : int
        Groups of about equal size by predicted risk. Equal predictions stay together, so there can be fewer.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Calibration
        Observed risks are one minus Kaplan-Meier, with its log-log interval; one is NaN where the follow-up of its group ends
        before the horizon, and its limits are where nobody or everybody had the event. The interval of the ratio holds the
        predictions fixed.

    Raises
    ------
    ComputeError
        RT305 if a prediction is not between 0 and 1, if all are equal, or the follow-up does not reach the horizon; RT302
        without events; RT303 as in `cox`.
    RecipeError
        RT103 if `horizon`, `n_groups` or `confidence` is not allowed.

    References
    ----------
    Crowson, Atkinson & Therneau, Stat Methods Med Res 25 (2016) 1692-1706; Royston & Altman, BMC Med Res Methodol 13 (2013)
    33.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7], [1, 1, 1, 0, 1, 1, 1, 0, 1, 1]
    >>> risk = [0.7, 0.8, 0.4, 0.3, 0.5, 0.6, 0.3, 0.1, 0.9, 0.6]
    >>> found = calibration(time, event, risk, horizon=13, n_groups=2)
    >>> found.to_frame().round(2)[["predicted", "observed"]].to_numpy().tolist()
    [[0.32, 0.4], [0.72, 0.8]]
    """
    level = confidence_level(confidence)
    horizon, n_groups = positive("horizon", horizon), whole_number("n_groups", n_groups, 1)
    n = same_rows({"time": time, "event": event, "predicted_risk": predicted_risk})
    times, events = survival_times(time, event)
    risk = probabilities(predicted_risk)
    if risk.min() == risk.max():
        raise ComputeError("RT305", f"every predicted risk is {risk[0]:g}; a slope needs different ones")
    predicted_log_hazard = np.log(-np.log1p(-risk))
    fit = cox(times, events, predicted_log_hazard[:, None], names=["predicted log hazard"], confidence=level)
    overall, low, high = observed_risk(times, events, horizon, level)
    edges = np.quantile(risk, np.arange(1, n_groups) / n_groups)
    codes = np.unique(np.searchsorted(edges, risk, side="left"), return_inverse=True)[1]
    groups = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    observed = [observed_risk(times[own], events[own], horizon, level, missing=True) for own in groups]
    expected = float(risk.mean())
    p_value = _two_sided((float(fit.coefficients[0]) - 1) / float(fit.standard_errors[0]))
    return Calibration(
        n=n,
        events=int(events.sum()),
        horizon=horizon,
        group_sizes=read_only([own.size for own in groups], np.int64),
        group_events=read_only([np.count_nonzero(events[own] & (times[own] <= horizon)) for own in groups], np.int64),
        predicted=read_only([risk[own].mean() for own in groups]),
        observed=read_only([one[0] for one in observed]),
        lower=read_only([one[1] for one in observed]),
        upper=read_only([one[2] for one in observed]),
        confidence=level,
        observed_to_expected=overall / expected,
        ratio_limits=(low / expected, high / expected),
        slope=float(fit.coefficients[0]),
        slope_limits=(float(np.log(fit.lower[0])), float(np.log(fit.upper[0]))),
        p_value=p_value,
        q_value=p_value,
    )


def probabilities(predicted_risk: ArrayLike) -> FloatArray:
    """Predicted risks, checked to lie strictly between 0 and 1."""
    risk = numbers(predicted_risk, "predicted_risk")
    outside = np.count_nonzero((risk <= 0) | (risk >= 1))
    if outside:
        raise ComputeError(
            "RT305",
            f"predicted_risk has {outside} values outside 0 to 1 (or at its ends); expected probabilities of the event",
            hint="a linear predictor is no probability; use 1 - fit.survival(X, horizon)",
        )
    return risk


def observed_risk(
    times: FloatArray, events: NDArray[np.bool_], horizon: float, level: float, *, missing: bool = False
) -> tuple[float, float, float]:
    """One minus Kaplan-Meier at the horizon with its limits; NaN, or an error, where the follow-up ends before."""
    curve = kaplan_meier(times, events, confidence=level)
    survival = float(curve.at(horizon)[0])
    if np.isnan(survival):
        if missing:
            return float("nan"), float("nan"), float("nan")
        raise ComputeError(
            "RT305",
            f"the follow-up ends at {curve.time[-1]:g}, before the horizon {horizon:g}",
            hint="choose a horizon that some cases were followed to",
        )
    lower, upper = (float(limit[0]) for limit in curve.interval_at(horizon))
    return 1 - survival, 1 - upper, 1 - lower


def _two_sided(z: float) -> float:
    from scipy.special import ndtr

    return 2 * float(ndtr(-abs(z)))
