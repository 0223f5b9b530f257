"""One linear model per feature whose cases are groups, each with a variance of its own (Welch's test, generalised)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray
from radiotype.stats._linear_models import ROUNDING, SINGULAR


@dataclass(frozen=True, eq=False)
class WithinGroups:
    """Fits by ordinary least squares, with what remains in each group.

    `deviations` and `group_df` have shape (n_features, n_groups): standard deviation of the residuals of a group, NaN without
    degrees of freedom. `effects`, `standard_errors` and `df` have shape (n_features, n_contrasts). `variances` and
    `residual_df` of all groups together have shape (n_features,). All are NaN where the design cannot be told apart.
    """

    deviations: FloatArray
    group_df: FloatArray
    effects: FloatArray
    standard_errors: FloatArray
    df: FloatArray
    variances: FloatArray
    residual_df: FloatArray


def fit_within_groups(values: FloatArray, design: FloatArray, contrasts: FloatArray, n_groups: int) -> WithinGroups:
    """Effects whose standard errors take the variance of each group from that group.

    The first `n_groups` columns of `design` tell the groups; the column of a group without values is left out. The standard
    error is root(sum a_g s_g^2), where s_g^2 is the sum of squared residuals of group g over v_g = sum(1 - leverage), and a_g
    the sum of squared weights of its cases in the effect. Degrees of freedom are Satterthwaite's. For two groups without
    covariates that is Welch's test.

    Parameters
    ----------
    values : array, shape (n_cases, n_features), missing ones NaN
    design : array, shape (n_cases, n_coefficients)
    contrasts : array, shape (n_groups, n_contrasts) or (n_features, n_groups, n_contrasts)

    References
    ----------
    Welch, Biometrika 34 (1947) 28-35; Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.
    """
    n_features, n_contrasts = values.shape[1], contrasts.shape[-1]
    by_group, by_contrast = (np.full((n_features, width), np.nan) for width in (n_groups, n_contrasts))
    fits = WithinGroups(
        by_group, by_group.copy(), by_contrast, by_contrast.copy(), by_contrast.copy(), *np.full((2, n_features), np.nan)
    )
    known = ~np.isnan(values)
    _, pattern = np.unique(np.packbits(known, axis=0), axis=1, return_inverse=True)
    order = np.argsort(pattern.ravel(), kind="stable")
    for places in np.split(order, np.flatnonzero(np.diff(pattern.ravel()[order])) + 1):
        rows = known[:, places[0]]
        own = contrasts if contrasts.ndim == 2 else contrasts[places[0]]
        _fit(fits, places, values[np.ix_(rows, places)], design[rows], own)
    return fits


def _fit(fits: WithinGroups, places: NDArray[np.intp], y: FloatArray, design: FloatArray, contrasts: FloatArray) -> None:
    """Fit features that have the same cases, and write what was found at their places."""
    n_groups = len(contrasts)
    member = design[:, :n_groups] > 0
    there = np.append(member.any(axis=0), np.ones(design.shape[1] - n_groups, dtype=bool))
    columns = design[:, there]
    if len(columns) < columns.shape[1] or not columns.size:
        return
    basis, triangle = np.linalg.qr(columns)
    if (np.abs(np.diag(triangle)) <= SINGULAR * np.linalg.norm(columns, axis=0)).any():
        return
    wanted = np.zeros((design.shape[1], contrasts.shape[1]))
    wanted[:n_groups] = contrasts
    residuals = y - basis @ (basis.T @ y)
    squares = member.T.astype(float) @ residuals**2
    squares = np.where(squares > ROUNDING * (y**2).sum(axis=0), squares, 0.0).T
    free = member.T @ (1.0 - (basis**2).sum(axis=1))
    free = np.where(free > SINGULAR, free, np.nan)
    fits.group_df[places] = free
    fits.deviations[places] = np.sqrt(squares / free)
    residual_df = len(columns) - columns.shape[1]
    fits.residual_df[places] = residual_df
    if residual_df:
        fits.variances[places] = squares.sum(axis=1) / residual_df
    weights = basis @ np.linalg.solve(triangle.T, wanted[there])
    shares = (member.T.astype(float) @ weights**2)[None] * (squares / free)[:, :, None]
    shares = np.where((contrasts == 0) & np.isnan(shares), 0.0, shares)  # a group that the effect does not need
    total = shares.sum(axis=1)
    ends = (shares**2 / np.where(np.isnan(free), 1.0, free)[:, None]).sum(axis=1)
    lost = (contrasts != 0)[~there[:n_groups]].any(axis=0)
    fits.effects[places] = np.where(lost, np.nan, y.T @ weights)
    fits.standard_errors[places] = np.where(lost, np.nan, np.sqrt(total))
    fits.df[places] = np.divide(total**2, ends, out=np.full_like(total, np.nan), where=(ends > 0) & ~lost)
