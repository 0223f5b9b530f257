"""Net benefit of acting on a predicted risk, over the thresholds at which one might act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import FloatArray, confidence_level, numbers, positive, read_only, same_rows, survival_times
from radiotype.stats.calibration import observed_risk, probabilities
from radiotype.stats.survival import kaplan_meier

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit per case at each threshold: true positives less false positives, these weighed by the threshold's odds.

    `treat_all` acts on everybody; acting on nobody has a net benefit of 0. NaN where the follow-up of the cases above the
    threshold ends before the horizon. There is no p-value: a decision is about the benefit, and thresholds are no hypotheses.
    """

    n: int
    events: int
    horizon: float
    thresholds: FloatArray
    n_above: NDArray[np.int64]
    net_benefit: FloatArray
    standard_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    treat_all: FloatArray

    def to_frame(self) -> DataFrame:
        """One row per threshold."""
        from pandas import DataFrame

        names = ("n_above", "net_benefit", "standard_error", "lower", "upper", "treat_all")
        return DataFrame({name: getattr(self, name) for name in names}, index=self.thresholds)


def decision_curve(
    time: ArrayLike,
    event: ArrayLike,
    predicted_risk: ArrayLike,
    *,
    horizon: float,
    thresholds: ArrayLike | None = None,
    confidence: float = 0.95,
) -> DecisionCurve:
    """Whether acting on a prediction does more good than acting on everybody or nobody.

    Parameters
    ----------
    time, event, predicted_risk, horizon
        As in `calibration`.
    thresholds : array, shape (n_thresholds,), optional
        Risks, strictly between 0 and 1, from which on one would act; by default 0.01, 0.02, ... 0.99.
    confidence : float
        Level of the pointwise interval.

    Returns
    -------
    DecisionCurve
        The observed risk above each threshold comes from Kaplan-Meier; the error counts both its error and that of the share
        of cases above the threshold.

    Raises
    ------
    ComputeError
        RT305 if a prediction is not between 0 and 1, or the follow-up does not reach the horizon.
    RecipeError
        RT103 if `thresholds`, `horizon` or `confidence` is not allowed.

    References
    ----------
    Vickers, Cronin, Elkin & Gonen, BMC Med Inform Decis Mak 8 (2008) 53.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    >>> risk = [0.7, 0.8, 0.4, 0.3, 0.5, 0.6, 0.3, 0.1, 0.9, 0.6]
    >>> found = decision_curve(time, event, risk, horizon=13, thresholds=[0.2, 0.5])
    >>> found.net_benefit.round(3).tolist(), found.treat_all.round(3).tolist()
    ([0.525, 0.4], [0.5, 0.2])
    """
    from scipy.special import ndtri

    level = confidence_level(confidence)
    horizon = positive("horizon", horizon)
    cuts = np.arange(1, 100) / 100 if thresholds is None else numbers(np.atleast_1d(thresholds), "thresholds")
    if cuts.size == 0 or cuts.min() <= 0 or cuts.max() >= 1:
        raise RecipeError("RT103", "thresholds must lie strictly between 0 and 1")
    n = same_rows({"time": time, "event": event, "predicted_risk": predicted_risk})
    times, events = survival_times(time, event)
    risk = probabilities(predicted_risk)
    if not events.any():
        raise ComputeError("RT302", f"none of the {n} cases has an event", hint="check how the event column is coded")
    everybody = observed_risk(times, events, horizon, level)[0]
    odds = cuts / (1 - cuts)
    columns = [_net_benefit(times, events, risk >= cut, horizon, weight) for cut, weight in zip(cuts, odds, strict=True)]
    benefit, errors = (np.array(column) for column in zip(*columns, strict=True))
    half = float(ndtri((1 + level) / 2)) * errors
    return DecisionCurve(
        n=n,
        events=int(events.sum()),
        horizon=horizon,
        thresholds=read_only(cuts),
        n_above=read_only([np.count_nonzero(risk >= cut) for cut in cuts], np.int64),
        net_benefit=read_only(benefit),
        standard_error=read_only(errors),
        lower=read_only(benefit - half),
        upper=read_only(benefit + half),
        confidence=level,
        treat_all=read_only(everybody - (1 - everybody) * odds),
    )


def _net_benefit(
    times: FloatArray, events: NDArray[np.bool_], above: NDArray[np.bool_], horizon: float, weight: float
) -> tuple[float, float]:
    """Net benefit and its error by the delta method."""
    if not above.any():
        return 0.0, 0.0
    share = above.mean()
    curve = kaplan_meier(times[above], events[above])
    survival = curve.at(horizon)[0]
    if np.isnan(survival):
        return float("nan"), float("nan")
    reached = np.searchsorted(curve.time, horizon, side="right")
    log_error = curve.standard_error[reached - 1] if reached else 0.0
    error = survival * log_error if survival > 0 else 0.0
    gain = 1 - survival * (1 + weight)
    variance = gain**2 * share * (1 - share) / above.size + (share * (1 + weight) * error) ** 2
    return float(share * gain), float(np.sqrt(variance))
