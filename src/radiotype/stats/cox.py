"""Cox's proportional hazards model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError, ModelError, RecipeError
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
from radiotype.stats._partial_likelihood import IntArray
from radiotype.stats._residuals import AtRisk
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame

TIES = ("efron", "breslow")


@dataclass(frozen=True)
class ChiSquareTest:
    """A chi-square test: part of a result, which holds n, events, effect and the correction."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model; arrays have shape (n_covariates,) and the order of `names`.

    `log_likelihood` holds the value at zero and at the fit. The three tests are of all coefficients being zero.
    `covariance` is the robust one where the fit was asked for it, and then z, limits, p values and the Wald test follow
    from it; `naive_covariance` is always the inverse information. `n_clusters` is 0 where the fit is not robust.
    `baseline_hazard` is the cumulative hazard at `baseline_time` of a case whose covariates are `centre`; both are empty
    for a stratified fit.
    """

    names: tuple[str, ...]
    n: int
    events: int
    ties: str
    n_strata: int
    coefficients: FloatArray
    standard_errors: FloatArray
    covariance: FloatArray
    z: FloatArray
    p_values: FloatArray
    hazard_ratios: FloatArray
    lower: FloatArray
    upper: FloatArray
    confidence: float
    log_likelihood: tuple[float, float]
    likelihood_ratio: ChiSquareTest
    wald: ChiSquareTest
    score: ChiSquareTest
    iterations: int
    q_values: FloatArray
    correction: str
    naive_covariance: FloatArray
    n_clusters: int
    centre: FloatArray
    baseline_time: FloatArray
    baseline_hazard: FloatArray

    def linear_predictor(self, X: Any) -> FloatArray:
        """Log hazard ratio of each row of `X` against a case whose covariates are all 0, shape (n_rows,).

        Columns of a table are found by name; an array must have them in the order of `names`. R's `predict` subtracts a
        constant from it.
        """
        if hasattr(X, "columns"):
            missing = [name for name in self.names if name not in [str(column) for column in X.columns]]
            if missing:
                raise ModelError("RT501", f"the table lacks the columns {', '.join(missing)}")
            positions = [[str(column) for column in X.columns].index(name) for name in self.names]
            X = X.iloc[:, positions]
        elif np.ndim(X) != 2 or np.shape(X)[1] != len(self.names):
            raise ModelError("RT501", f"X has shape {np.shape(X)}; the model expects (n_rows, {len(self.names)})")
        return design_matrix(X, self.names)[0] @ self.coefficients

    def survival(self, X: Any, time: float) -> FloatArray:
        """Predicted probability of being free of the event at `time`, for each row of `X`; not for a stratified fit."""
        if self.baseline_time.size == 0:
            raise ModelError("RT501", "a stratified model has one baseline hazard per stratum; survival() needs one for all")
        if not 0 <= time <= self.baseline_time[-1]:
            raise ModelError("RT501", f"time is {time:g}; expected a time within follow-up, 0 to {self.baseline_time[-1]:g}")
        hazard = np.append(0.0, self.baseline_hazard)[np.searchsorted(self.baseline_time, time, side="right")]
        with np.errstate(over="ignore", invalid="ignore"):
            survival: FloatArray = np.exp(-hazard * np.exp(self.linear_predictor(X) - self.centre @ self.coefficients))
        if np.isnan(survival).any():
            raise ModelError("RT501", "a covariate lies too far from the mean of the fit to predict from it")
        return survival

    def to_frame(self) -> DataFrame:
        """One row per covariate: coefficient, standard error, hazard ratio with its limits, z, p and q."""
        from pandas import DataFrame

        return DataFrame(
            {
                "coefficient": self.coefficients,
                "standard_error": self.standard_errors,
                "hazard_ratio": self.hazard_ratios,
                "lower": self.lower,
                "upper": self.upper,
                "z": self.z,
                "p_value": self.p_values,
                "q_value": self.q_values,
            },
            index=list(self.names),
        )


def cox(
    time: ArrayLike,
    event: ArrayLike,
    X: Any,
    *,
    ties: str = "efron",
    strata: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    confidence: float = 0.95,
    robust: bool = False,
    cluster: ArrayLike | None = None,
    correction: str = "none",
    least_events: float = LEAST_EVENTS,
    max_iterations: int = 60,
) -> CoxFit:
    """Hazard ratio per unit of each covariate, the others held fixed (Cox regression).

    Parameters
    ----------
    time : array, shape (n_cases,)
        Follow-up in any unit, 0 or more. Times that differ by rounding only (1.5e-8) count as one.
    event : array, shape (n_cases,)
        1 or True where the event happened at `time`, 0 or False where follow-up ended.
    X : array or DataFrame, shape (n_cases, n_covariates)
        Numbers; categories and interactions enter as columns. Rows are matched by position.
    ties : {"efron", "breslow"}
        Likelihood of events that share a time.
    strata : array, shape (n_cases,), optional
        Each stratum has a baseline hazard of its own.
    names : sequence of str, optional
        Names of the covariates; by default the columns of `X`, or x1, x2, ...
    confidence : float
        Level of the interval of the hazard ratios.
    robust : bool
        Sandwich variance (Lin & Wei), which holds where the model is only roughly right.
    cluster : array, shape (n_cases,), optional
        Cases that share a label, such as the lesions of one patient, are counted as one in the robust variance.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        How `q_values` correct for the number of covariates.
    least_events : float
        Fewest events per covariate. Below five, coefficients and coverage are unreliable (Vittinghoff & McCulloch); ten are
        the common rule.
    max_iterations : int
        Newton steps after which the fit is given up. Sound data need fewer than ten, one extreme value may need forty.

    Returns
    -------
    CoxFit
        Coefficients (log hazard ratios), their covariance, Wald intervals and p values, and the likelihood-ratio, Wald
        and score tests of the whole model.

    Raises
    ------
    ComputeError
        RT302 without events or with fewer events per covariate than `least_events`; RT301 with fewer clusters than
        covariates; RT303 if a covariate separates the events, so that its coefficient is infinite, or the fit does not
        converge; RT304 if a column is constant or a combination of others; RT305 if its standard deviation lies outside
        1e-100 to 1e100; RT301 and RT305 as in `kaplan_meier`. Missing values are an error: drop those cases first.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Cox, J R Stat Soc B 34 (1972) 187-220; Efron, J Am Stat Assoc 72 (1977) 557-565; Lin & Wei, J Am Stat Assoc 84
    (1989) 1074-1078; Vittinghoff & McCulloch, Am J Epidemiol 165 (2007) 710-718. Equal to `coxph` and `basehaz` of R
    survival 3.5-3.

    Examples
    --------
    >>> fit = cox([5, 8, 12, 20, 9, 14, 22, 30], [1, 1, 1, 0, 1, 0, 1, 0], [[1], [1], [1], [1], [0], [0], [0], [0]])
    >>> fit.hazard_ratios.round(4).tolist(), round(fit.likelihood_ratio.p_value, 4)
    ([4.3084], 0.1712)
    """
    from scipy.special import ndtr, ndtri

    choice("ties", ties, TIES)
    choice("correction", correction, CORRECTIONS)
    level = confidence_level(confidence)
    if not 0 < least_events < np.inf:
        raise RecipeError("RT103", f"least_events is {least_events!r}; expected a number above 0")
    optional = {name: values for name, values in (("strata", strata), ("cluster", cluster)) if values is not None}
    n = same_rows({"time": time, "event": event, "X": X, **optional})
    times, events = survival_times(time, event)
    matrix, columns = design_matrix(X, names)
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    fit = fit_cox(times, events, matrix, blocks, columns, ties=ties, max_iterations=max_iterations, least_events=least_events)

    coefficients, naive = fit.coefficients, fit.covariance()
    covariance, n_clusters = naive, 0
    if robust or cluster is not None:
        clusters = np.arange(n) if cluster is None else labels(cluster, "cluster")[0]
        covariance, n_clusters = _sandwich(fit, naive, clusters), int(np.unique(clusters).size)
    errors = np.sqrt(np.diag(covariance))
    z = coefficients / errors
    p_values = 2 * ndtr(-np.abs(z))
    lower, upper = coefficients + np.outer([-1, 1], float(ndtri((1 + level) / 2)) * errors)
    zero, best = fit.maximum.at_zero, fit.maximum.at_fit
    scaled = fit.maximum.coefficients
    inverse: FloatArray = best.information
    if n_clusters:
        inverse = np.linalg.inv(covariance * np.outer(fit.scale, fit.scale)).astype(np.float64)
    baseline_time, baseline_hazard = _baseline(fit)
    with np.errstate(over="ignore"):
        return CoxFit(
            names=columns,
            n=n,
            events=int(events.sum()),
            ties=ties,
            n_strata=len(fit.sets.bounds) - 1,
            coefficients=read_only(coefficients),
            standard_errors=read_only(errors),
            covariance=read_only(covariance),
            z=read_only(z),
            p_values=read_only(p_values),
            hazard_ratios=read_only(np.exp(coefficients)),
            lower=read_only(np.exp(lower)),
            upper=read_only(np.exp(upper)),
            confidence=level,
            log_likelihood=(zero.value, best.value),
            likelihood_ratio=chi_square_test(2 * (best.value - zero.value), len(columns)),
            wald=chi_square_test(scaled @ inverse @ scaled, len(columns)),
            score=chi_square_test(zero.score @ np.linalg.solve(zero.information, zero.score), len(columns)),
            iterations=fit.maximum.iterations,
            q_values=adjust_p_values(p_values, correction=correction),
            correction=correction,
            naive_covariance=read_only(naive),
            n_clusters=n_clusters,
            centre=read_only(matrix.mean(axis=0)),
            baseline_time=read_only(baseline_time),
            baseline_hazard=read_only(baseline_hazard),
        )


def chi_square_test(statistic: Any, degrees_of_freedom: int) -> ChiSquareTest:
    """A statistic with its p value; a negative one is rounding of zero."""
    from scipy.special import chdtrc

    value = max(float(statistic), 0.0)
    return ChiSquareTest(value, degrees_of_freedom, float(chdtrc(degrees_of_freedom, value)))


def _sandwich(fit: Fit, naive: FloatArray, clusters: IntArray) -> FloatArray:
    """Sum over the clusters of the squared change that leaving one out would make."""
    n_clusters = np.unique(clusters).size
    if n_clusters < fit.scale.size + 1:
        raise ComputeError(
            "RT301",
            f"there are {n_clusters} clusters for {fit.scale.size} covariates; expected more clusters than covariates",
            hint="a robust variance needs many clusters, some tens at least",
        )
    residuals = np.empty_like(fit.covariates)
    residuals[fit.sets.order] = AtRisk(fit).score_residuals() * fit.scale
    summed = np.column_stack([np.bincount(clusters, weights=column) for column in residuals.T])
    change = summed @ naive
    variance: FloatArray = change.T @ change
    return variance


def _baseline(fit: Fit) -> tuple[FloatArray, FloatArray]:
    """Cumulative hazard at the mean covariates, at every distinct time (Breslow's, with Efron's correction for ties)."""
    if len(fit.sets.bounds) > 2:
        return np.empty(0), np.empty(0)
    with np.errstate(all="ignore"):
        last, steps = AtRisk(fit).hazard_steps()
    times = fit.sets.time[::-1]
    distinct, first = np.unique(times, return_index=True)
    hazard = np.zeros(times.size)
    hazard[times.size - 1 - last] = steps
    return distinct, np.cumsum(hazard)[np.append(first[1:], times.size) - 1]
