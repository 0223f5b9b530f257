"""Cox's proportional hazards model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, ModelError
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
from radiotype.stats._newton import maximise
from radiotype.stats._partial_likelihood import risk_sets

if TYPE_CHECKING:
    from pandas import DataFrame

TIES = ("efron", "breslow")


@dataclass(frozen=True)
class ChiSquareTest:
    """A chi-square test."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model; arrays have shape (n_covariates,) and the order of `names`.

    `log_likelihood` holds the value at zero and at the fit. The three tests are of all coefficients being zero.
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

    def to_frame(self) -> DataFrame:
        """One row per covariate: coefficient, standard error, hazard ratio with its limits, z and p."""
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
        RT302 without events or with fewer events than covariates; RT303 if a covariate separates the events, so that
        its coefficient is infinite, or the fit does not converge; RT304 if a column is constant or a combination of
        others; RT301 and RT305 as in `kaplan_meier`. Missing values are an error: drop those cases first.
    RecipeError
        RT103 if `ties` or `confidence` is not allowed.

    References
    ----------
    Cox, J R Stat Soc B 34 (1972) 187-220; Efron, J Am Stat Assoc 72 (1977) 557-565. Equal to `coxph` of R survival
    3.5-3.

    Examples
    --------
    >>> fit = cox([5, 8, 12, 20, 9, 14, 22, 30], [1, 1, 1, 0, 1, 0, 1, 0], [[1], [1], [1], [1], [0], [0], [0], [0]])
    >>> fit.hazard_ratios.round(4).tolist(), round(fit.likelihood_ratio.p_value, 4)
    ([4.3084], 0.1712)
    """
    from scipy.special import ndtr, ndtri

    choice("ties", ties, TIES)
    level = confidence_level(confidence)
    inputs = {"time": time, "event": event, "X": X}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    matrix, columns = design_matrix(X, names)
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    _check_events(n, int(events.sum()), columns)

    sets = risk_sets(times, events, blocks, ties)
    scaled, scale = _standardised(matrix, blocks, columns)
    fit = maximise(sets, scaled[sets.order], columns, max_iterations)

    coefficients = fit.coefficients / scale
    covariance = np.linalg.inv(fit.at_fit.information)
    covariance = (covariance + covariance.T) / 2 / np.outer(scale, scale)
    errors = np.sqrt(np.diag(covariance))
    z = coefficients / errors
    lower, upper = coefficients + np.outer([-1, 1], float(ndtri((1 + level) / 2)) * errors)
    zero, best = fit.at_zero, fit.at_fit
    with np.errstate(over="ignore"):
        return CoxFit(
            names=columns,
            n=n,
            events=int(events.sum()),
            ties=ties,
            n_strata=len(sets.bounds),
            coefficients=read_only(coefficients),
            standard_errors=read_only(errors),
            covariance=read_only(covariance),
            z=read_only(z),
            p_values=read_only(2 * ndtr(-np.abs(z))),
            hazard_ratios=read_only(np.exp(coefficients)),
            lower=read_only(np.exp(lower)),
            upper=read_only(np.exp(upper)),
            confidence=level,
            log_likelihood=(zero.value, best.value),
            likelihood_ratio=_test(2 * (best.value - zero.value), len(columns)),
            wald=_test(fit.coefficients @ best.information @ fit.coefficients, len(columns)),
            score=_test(zero.score @ np.linalg.solve(zero.information, zero.score), len(columns)),
            iterations=fit.iterations,
        )


def _check_events(n: int, events: int, columns: tuple[str, ...]) -> None:
    if events == 0:
        raise ComputeError("RT302", f"none of the {n} cases has an event", hint="check how the event column is coded")
    if events < len(columns):
        raise ComputeError(
            "RT302",
            f"there are {events} events for {len(columns)} covariates; expected at least as many events as covariates",
            hint="use fewer covariates; ten events for each are a common rule",
        )


def _standardised(matrix: FloatArray, blocks: NDArray[np.intp], columns: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Centre each column within its stratum and divide it by its pooled deviation; neither changes the likelihood."""
    sizes = np.bincount(blocks)
    means = np.column_stack([np.bincount(blocks, weights=column) / sizes for column in matrix.T])
    centred = matrix - means[blocks]
    scale = np.sqrt((centred**2).mean(axis=0))
    constant = scale <= 1e-12 * np.abs(matrix).max(axis=0)
    if constant.any():
        where = "constant" if sizes.size == 1 else "constant within every stratum"
        found = ", ".join(repr(name) for name, flag in zip(columns, constant, strict=True) if flag)
        raise ComputeError("RT304", f"{where}: {found}", hint="leave it out; it cannot change the hazard ratio")
    return centred / scale, scale


def _test(statistic: Any, degrees_of_freedom: int) -> ChiSquareTest:
    from scipy.special import chdtrc

    value = max(float(statistic), 0.0)  # rounding can leave -1e-14
    return ChiSquareTest(value, degrees_of_freedom, float(chdtrc(degrees_of_freedom, value)))
