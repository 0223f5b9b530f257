"""Cox's model with a LASSO or elastic-net penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from radiotype.errors import ComputeError, RecipeError, counted, there_are
from radiotype.stats._inputs import (
    FloatArray,
    choice,
    design_matrix,
    labels,
    numbers,
    positive,
    same_rows,
    survival_times,
    whole_number,
)
from radiotype.stats._lasso_path import LassoPath, PathSettings, centred_and_scaled, fit_path
from radiotype.stats._partial_likelihood import IntArray
from radiotype.stats.cox import TIES

LEAST_EVENTS = 2


class CoxLasso(BaseEstimator):
    """Hazard ratios of many covariates, most of them shrunk to exactly 1.

    For each lambda of a falling path it minimises -log-likelihood / n + lambda (l1_ratio sum |b| + (1 - l1_ratio) / 2 sum b^2)
    over the coefficients b of standardised covariates. `cross_validated_lasso` chooses lambda.

    Parameters
    ----------
    l1_ratio : float
        1 is the LASSO, 0 ridge regression, between them lies the elastic net. (glmnet's alpha)
    n_lambdas : int
        Length of the path, from the smallest lambda at which all penalised coefficients are zero, in equal ratios. It ends
        early where 99.9 % of the null deviance is explained, or no more than before.
    lambda_min_ratio : float, optional
        Last lambda over the first; by default 0.01 with fewer cases than covariates, else 0.0001.
    lambdas : sequence of float, optional
        A path of your own, 0 or more each; it does not end early.
    standardise : bool
        Whether the penalty sees each covariate divided by its standard deviation (1/n). Coefficients are always in your units.
    penalty_factors : sequence of float, shape (n_covariates,), optional
        Factor of each covariate's lambda, 0 to keep it unpenalised; rescaled to a mean of 1.
    ties : str
        "breslow", as glmnet, or "efron".
    tolerance : float
        Largest violation of the optimality conditions, as a share of the first lambda.
    max_steps : int
        Newton steps for one lambda at most.

    Attributes
    ----------
    lambdas_ : array, shape (n_lambdas,)
        Falling.
    coefficients_ : array, shape (n_lambdas, n_covariates)
    explained_ : array, shape (n_lambdas,)
        Share of the null deviance explained.
    violation_ : array, shape (n_lambdas,)
        Largest violation of the optimality conditions, in units of lambda.
    names_ : tuple of str
        The covariates.
    n_events_, n_features_in_ : int

    References
    ----------
    Tibshirani, Stat Med 16 (1997) 385-395. Simon et al., J Stat Softw 39(5) (2011). Friedman, Hastie & Tibshirani, J Stat
    Softw 33(1) (2010). Tibshirani et al., J R Stat Soc B 74 (2012) 245-266.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> X = random.normal(size=(100, 30))
    >>> time = random.exponential(np.exp(-X[:, 0] + X[:, 1]))
    >>> model = CoxLasso().fit(X, time, np.ones(100))
    >>> np.flatnonzero(model.coefficients_at(0.3)).tolist()
    [0, 1]
    """

    def __init__(
        self,
        l1_ratio: float = 1.0,
        *,
        n_lambdas: int = 100,
        lambda_min_ratio: float | None = None,
        lambdas: Sequence[float] | None = None,
        standardise: bool = True,
        penalty_factors: Sequence[float] | None = None,
        ties: str = "breslow",
        tolerance: float = 1e-6,
        max_steps: int = 1000,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.n_lambdas = n_lambdas
        self.lambda_min_ratio = lambda_min_ratio
        self.lambdas = lambdas
        self.standardise = standardise
        self.penalty_factors = penalty_factors
        self.ties = ties
        self.tolerance = tolerance
        self.max_steps = max_steps

    def fit(self, X: Any, time: ArrayLike, event: ArrayLike, *, strata: ArrayLike | None = None) -> CoxLasso:
        """Fit the path.

        Parameters
        ----------
        X : table or array, shape (n_cases, n_covariates)
        time : array, shape (n_cases,)
            Follow-up in any unit, 0 or more.
        event : array, shape (n_cases,)
            1 or True where the event happened at `time`.
        strata : array, shape (n_cases,), optional
            Each stratum has its own baseline hazard.

        Returns
        -------
        CoxLasso
            Itself, fitted.

        Raises
        ------
        ComputeError
            RT301 and RT305 as in `cox`; RT302 with fewer than two events; RT303 if a lambda does not converge; RT304 if a
            column is constant.
        RecipeError
            RT103 if a setting is not allowed.
        """
        times, events, matrix, blocks, names = checked_data(X, time, event, strata)
        path = fit_path(times, events, matrix, blocks, self.path_settings(matrix.shape[1]))
        self.names_, self.n_features_in_, self.n_events_ = names, matrix.shape[1], int(events.sum())
        self.lambdas_, self.coefficients_ = path.lambdas, path.coefficients
        self.explained_, self.violation_ = path.explained, path.violation
        self._path: LassoPath = path
        return self

    def coefficients_at(self, lambda_: float) -> FloatArray:
        """Coefficients (n_covariates,) at one lambda, on the straight line between those of the path.

        Raises
        ------
        RecipeError
            RT103 if `lambda_` is not a number, 0 or more.
        """
        self._check_fitted()
        if not isinstance(lambda_, (int, float, np.integer, np.floating)) or not 0 <= lambda_ < np.inf:
            raise RecipeError("RT103", f"lambda_ is {lambda_!r}; expected a number, 0 or more")
        return self._path.at(np.array([float(lambda_)]))[0]

    def predict(self, X: Any, lambda_: float) -> FloatArray:
        """Linear predictor (n_cases,) of new cases at one lambda; higher means earlier events.

        Raises
        ------
        ComputeError
            RT305 if the columns are not those of the fit.
        """
        self._check_fitted()
        matrix, names = design_matrix(X, None)
        if len(names) != self.n_features_in_ or (hasattr(X, "columns") and names != self.names_):
            other = next((name for name in names if name not in self.names_), None)
            found = f"{len(names)} columns" if other is None else f"a column {other!r}"
            raise ComputeError("RT305", f"X has {found}; expected the {self.n_features_in_} columns of the fit, in their order")
        predicted: FloatArray = matrix @ self.coefficients_at(lambda_)
        return predicted

    def path_settings(self, n_covariates: int) -> PathSettings:
        """The settings, checked.

        Raises
        ------
        RecipeError
            RT103 if one is not allowed.
        """
        ratio = self.lambda_min_ratio
        share("l1_ratio", self.l1_ratio, 0.0, 1.0)
        if ratio is not None:
            positive("lambda_min_ratio", share("lambda_min_ratio", ratio, 0.0, 1.0))
        own = None
        if self.lambdas is not None:
            own = np.unique(_setting("lambdas", self.lambdas))[::-1]
        factors = np.ones(n_covariates)
        if self.penalty_factors is not None:
            factors = _setting("penalty_factors", self.penalty_factors)
            if factors.size != n_covariates or not factors.any():
                found = f"penalty_factors has {factors.size} values for {n_covariates} covariates"
                raise RecipeError("RT103", f"{found}; expected one for each, not all 0")
            factors = factors * (n_covariates / factors.sum())
        return PathSettings(
            l1_ratio=float(self.l1_ratio),
            n_lambdas=whole_number("n_lambdas", self.n_lambdas, 2),
            lambda_min_ratio=ratio,
            lambdas=own,
            standardise=bool(self.standardise),
            factors=factors,
            ties=choice("ties", self.ties, TIES),
            tolerance=positive("tolerance", self.tolerance),
            max_steps=whole_number("max_steps", self.max_steps, 1),
        )

    def _check_fitted(self) -> None:
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "coefficients_")


def share(name: str, value: float, least: float, most: float) -> float:
    """Return `value` if it lies between two limits."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not least <= value <= most:
        raise RecipeError("RT103", f"{name} is {value!r}; expected a number from {least:g} to {most:g}")
    return float(value)


def checked_data(
    X: Any, time: ArrayLike, event: ArrayLike, strata: ArrayLike | None
) -> tuple[FloatArray, NDArray[np.bool_], FloatArray, IntArray, tuple[str, ...]]:
    """Times, events, covariates, strata and names of the columns, fit for a path."""
    inputs = {"X": X, "time": time, "event": event}
    n = same_rows(inputs if strata is None else {**inputs, "strata": strata})
    times, events = survival_times(time, event)
    matrix, names = design_matrix(X, None)
    blocks = np.zeros(n, dtype=np.intp) if strata is None else labels(strata, "strata")[0]
    if events.sum() < LEAST_EVENTS:
        found = f"{there_are(int(events.sum()), 'event')} among {counted(n, 'case')}; expected at least {LEAST_EVENTS}"
        raise ComputeError("RT302", found, hint="check how the event column is coded")
    constant: NDArray[np.bool_] = ~np.any(centred_and_scaled(matrix, True)[0], axis=0)
    if constant.any():
        found = ", ".join(repr(name) for name, flag in zip(names, constant.tolist(), strict=True) if flag)
        raise ComputeError("RT304", f"constant: {found}", hint="leave it out; it cannot change the hazard ratio")
    return times, events, matrix, blocks, names


def _setting(name: str, values: Sequence[float]) -> FloatArray:
    try:
        array = numbers(values, name)
    except ComputeError as error:
        raise RecipeError("RT103", error.found) from error
    if array.size == 0 or (array < 0).any():
        raise RecipeError(
            "RT103", f"{name} holds {'nothing' if array.size == 0 else 'negative numbers'}; expected numbers, 0 or more"
        )
    return array
