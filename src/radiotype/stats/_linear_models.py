"""The same linear model for many features: coefficients, residual variances and the spread of chosen contrasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray

SINGULAR = 1e-10
"""A direction whose share falls below this is not estimable."""

ROUNDING = 1e-28
"""A residual sum of squares below this share of all squares is rounding: (45 units in the last place) squared."""

BLOCK = 512
"""Features whose residuals are held at a time, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class LinearFits:
    """Contrasts of each feature.

    `effects` and `spreads` have shape (n_features, n_contrasts); the standard error of an effect is its spread times the
    residual standard deviation. `correlations` of the contrasts have shape (n_features or 1, n_contrasts, n_contrasts).
    `variances` are NaN without residual degrees of freedom. A feature that is not `estimable` has NaN everywhere.
    """

    effects: FloatArray
    spreads: FloatArray
    correlations: FloatArray
    variances: FloatArray
    residual_df: FloatArray
    estimable: np.ndarray


def fit_contrasts(
    values: FloatArray, design: FloatArray, contrasts: FloatArray, weights: FloatArray | None, *, common_correlation: bool
) -> LinearFits:
    """Fit by weighted least squares; `values` may hold NaN, and `weights` belong to cases or to single values.

    `contrasts` have shape (n_coefficients, n_contrasts), or (n_features, n_coefficients, n_contrasts) where each feature has
    its own.

    With `common_correlation`, missing values and weights of single values change the spread of each coefficient but not
    the correlation between coefficients, which is that of the unweighted design.
    """
    missing = np.isnan(values)
    single = weights is not None and weights.ndim == 2
    if not missing.any() and not single and contrasts.ndim == 2:
        root = np.ones(len(values)) if weights is None else np.sqrt(weights)
        return _fit_together(values * root[:, None] if weights is not None else values, design * root[:, None], contrasts)
    observed = (~missing).astype(np.float64)
    if weights is not None:
        observed *= weights if single else weights[:, None]
    return _fit_each(np.where(missing, 0.0, values), design, contrasts, observed, common_correlation)


def _fit_together(values: FloatArray, design: FloatArray, contrasts: FloatArray) -> LinearFits:
    n, p = design.shape
    basis, triangle = np.linalg.qr(design)
    scores = basis.T @ values
    axes = np.linalg.solve(triangle.T, contrasts)
    df = n - p
    left = np.empty(values.shape[1])
    for first in range(0, left.size, BLOCK):
        part = slice(first, first + BLOCK)
        residual = values[:, part] - basis @ scores[:, part]
        total = np.einsum("ij,ij->j", values[:, part], values[:, part])
        left[part] = _beyond_rounding(np.einsum("ij,ij->j", residual, residual), total)
    variances = left / df if df else np.full(values.shape[1], np.nan)
    spreads, correlations = _scaled((axes.T @ axes)[None])
    shape = values.shape[1], contrasts.shape[1]
    return LinearFits(
        scores.T @ axes,
        np.broadcast_to(spreads, shape),
        correlations,
        variances,
        np.full(values.shape[1], float(df)),
        np.ones(values.shape[1], dtype=bool),
    )


def _fit_each(
    values: FloatArray, design: FloatArray, contrasts: FloatArray, weights: FloatArray, common_correlation: bool
) -> LinearFits:
    """Normal equations of each feature in an orthogonal basis of the design, where they are well conditioned."""
    p = design.shape[1]
    n_features = values.shape[1]
    basis, triangle = np.linalg.qr(design)
    squares = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), p * p)
    normal = (weights.T @ squares).reshape(n_features, p, p)
    eigenvalues = np.linalg.eigvalsh(normal)
    estimable = eigenvalues[:, 0] > SINGULAR * np.maximum(eigenvalues[:, -1], np.finfo(float).tiny)
    normal[~estimable] = np.eye(p)
    inverse = np.linalg.inv(normal)
    scores = np.einsum("gij,gj->gi", inverse, (weights * values).T @ basis)
    residual = values - basis @ scores.T
    df = (weights > 0).sum(axis=0) - float(p)
    left, all_squares = (np.einsum("ij,ij,ij->j", weights, array, array) for array in (residual, values))
    variances = _beyond_rounding(left, all_squares) / np.where(df > 0, df, np.nan)

    back = np.linalg.inv(triangle)
    axes = back.T @ contrasts
    squared_axes = axes.swapaxes(-1, -2) @ axes
    if common_correlation:
        covariance = back @ inverse @ back.T
        own = np.sqrt(np.einsum("gii->gi", covariance))
        usual = _scaled((back @ back.T)[None])[1]
        covariance = own[:, :, None] * usual * own[:, None, :]
        spreads = _scaled(contrasts.swapaxes(-1, -2) @ covariance @ contrasts)[0]
        correlations = _scaled(squared_axes.reshape(-1, *squared_axes.shape[-2:]))[1]
    else:
        spreads, correlations = _scaled(axes.swapaxes(-1, -2) @ inverse @ axes)
    effects = scores @ axes if axes.ndim == 2 else np.einsum("gi,gij->gj", scores, axes)
    for array in (effects, variances, df):
        array[~estimable] = np.nan
    spreads = np.where(estimable[:, None], spreads, np.nan)
    return LinearFits(effects, spreads, correlations, variances, df, estimable)


def _beyond_rounding(residual: FloatArray, total: FloatArray) -> FloatArray:
    """Residual sums of squares, 0 where they are no more than the rounding of an exact fit."""
    return np.where(residual > ROUNDING * total, residual, 0.0)


def _scaled(covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations and correlations."""
    spreads = np.sqrt(np.einsum("gii->gi", covariances))
    return spreads, covariances / (spreads[:, :, None] * spreads[:, None, :])


def check_rank(design: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse a design whose coefficients cannot be told apart."""
    n, p = design.shape
    if n < p:
        raise ComputeError("RT301", f"there are {n} cases for {p} columns of the design; expected more cases than columns")
    pivots = np.abs(np.diag(np.linalg.qr(design)[1]))
    dependent = np.flatnonzero(pivots <= SINGULAR * np.maximum(np.linalg.norm(design, axis=0), np.finfo(float).tiny))
    if dependent.size:
        raise ComputeError(
            "RT304",
            f"column {names[int(dependent[0])]!r} of the design is zero or follows from the columns before it",
            hint="leave it out; groups and an intercept together have one column too many",
        )
