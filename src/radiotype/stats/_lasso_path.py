"""A path of elastic-net penalties through checked arrays. The descent is in native/coxnet.cpp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype import _native
from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray
from radiotype.stats._partial_likelihood import IntArray, PartialLikelihood, RiskSets, risk_sets

MOST_EXPLAINED = 0.999
"""Share of the null deviance explained at which a path ends: there is nothing left to fit."""

LEAST_RISE = 1e-5
"""Relative rise of that share from one lambda to the next, below which a path ends after five of them."""

LEAST_L1_RATIO = 1e-3
"""The largest lambda of a ridge path is that of this ratio, since no finite one sets all coefficients to zero."""

MAX_SWEEPS = 100_000


@dataclass(frozen=True, eq=False)
class PathSettings:
    """What a path depends on, beside the data."""

    l1_ratio: float
    n_lambdas: int
    lambda_min_ratio: float | None
    lambdas: FloatArray | None  # falling
    standardise: bool
    factors: FloatArray  # (n_covariates,) with mean 1
    ties: str
    tolerance: float
    max_steps: int


@dataclass(frozen=True, eq=False)
class LassoPath:
    """Coefficients in the caller's units for each lambda, and how well they fit."""

    lambdas: FloatArray  # (n_lambdas,) falling
    coefficients: FloatArray  # (n_lambdas, n_covariates)
    log_likelihood: FloatArray  # (n_lambdas,)
    null: float  # log-likelihood without any covariate
    saturated: float  # the largest that there can be
    violation: FloatArray  # (n_lambdas,) of the optimality conditions, in units of lambda for standardised covariates

    @property
    def explained(self) -> FloatArray:
        """Share of the null deviance explained."""
        if self.saturated <= self.null:
            return np.zeros(self.lambdas.size)
        share: FloatArray = (self.log_likelihood - self.null) / (self.saturated - self.null)
        return share

    def at(self, lambdas: FloatArray) -> FloatArray:
        """Coefficients between the lambdas of the path, on the straight line; beyond its ends, those of the end."""
        size = self.lambdas.size
        if size == 1:
            return np.repeat(self.coefficients, lambdas.size, axis=0)
        after = np.clip(np.searchsorted(-self.lambdas, -lambdas), 1, size - 1)
        high, low = self.lambdas[after - 1], self.lambdas[after]
        share = np.clip((high - lambdas) / (high - low), 0.0, 1.0)[:, None]
        between: FloatArray = (1.0 - share) * self.coefficients[after - 1] + share * self.coefficients[after]
        return between


def fit_path(
    times: FloatArray,
    events: NDArray[np.bool_],
    matrix: FloatArray,
    blocks: IntArray,
    settings: PathSettings,
    *,
    most_nonzero: int | None = None,
) -> LassoPath:
    """Fit arrays that `_inputs` has checked; a column that is constant here gets coefficients of 0."""
    sets = risk_sets(times, events, blocks, settings.ties)
    n, p = matrix.shape
    centred, scale = centred_and_scaled(matrix, settings.standardise)
    stride = -(-n // _native.COXNET_LANES) * _native.COXNET_LANES
    columns = np.zeros((p, stride))
    columns[:, :n] = (centred / scale)[sets.order].T
    saturated, null = saturated_value(sets), value_at(sets, np.zeros(n))
    workspace, kept = np.empty(_native.coxnet_workspace(n, stride, p)), np.empty(p, dtype=np.uint8)
    positions = np.empty(_native.coxnet_positions(n, p), dtype=np.int64)

    def run(lambdas: FloatArray, allowed: float, least_rise: float, most: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        coefficients, values, gradient = np.empty((lambdas.size, p)), np.empty((lambdas.size, 2)), np.empty(p)
        done = _native.coxnet_path(
            columns,
            sets.time,
            sets.event,
            sets.bounds,
            sets.efron,
            settings.factors,
            lambdas,
            settings.l1_ratio,
            allowed,
            saturated,
            (MOST_EXPLAINED, least_rise, most),
            settings.max_steps,
            MAX_SWEEPS,
            coefficients,
            values,
            gradient,
            workspace,
            positions,
            kept,
        )
        if done < 0:
            where = f"no coefficients were found for lambda {lambdas[-1 - done]:g}, number {-done} of {lambdas.size}"
            raise ComputeError("RT303", where, hint="end the path at a larger lambda, raise `tolerance`, or allow more steps")
        return coefficients[:done], values[:done], gradient

    free = settings.factors == 0
    start = (
        run(np.array([1e30]), settings.tolerance * n, 0.0, p + 1)[2]
        if free.any()
        else run(np.array([1e30]), np.inf, 0.0, p + 1)[2]
    )
    pull = np.abs(start[~free] / settings.factors[~free]) / n
    largest = float(pull.max()) / max(settings.l1_ratio, LEAST_L1_RATIO) if pull.size else 0.0
    if settings.lambdas is not None:
        lambdas = settings.lambdas
    elif not largest > 1e-12:
        raise ComputeError("RT304", "no covariate that is penalised differs between the cases", hint="check the columns of X")
    else:
        ratio = settings.lambda_min_ratio
        ratio = (0.01 if n < p else 1e-4) if ratio is None else ratio
        lambdas = largest * ratio ** np.linspace(0.0, 1.0, settings.n_lambdas)
    allowed = settings.tolerance * n * (largest if largest > 1e-12 else 1.0)
    rise = LEAST_RISE if settings.lambdas is None else 0.0
    found, values, _ = run(np.ascontiguousarray(lambdas), allowed, rise, p + 1 if most_nonzero is None else most_nonzero)
    return LassoPath(lambdas[: len(found)], found / scale, values[:, 0], null, saturated, values[:, 1] / n)


def centred_and_scaled(matrix: FloatArray, standardise: bool) -> tuple[FloatArray, FloatArray]:
    """Columns less their means, and what to divide them by: their deviation (1/n), or 1; constant columns become 0."""
    centred = matrix - matrix.mean(axis=0)
    deviation = np.sqrt((centred**2).mean(axis=0))
    constant = deviation <= 1e-12 * np.abs(matrix).max(axis=0)
    centred[:, constant] = 0.0
    return centred, np.where(constant, 1.0, deviation) if standardise else np.ones(matrix.shape[1])


def value_at(sets: RiskSets, predictor: FloatArray) -> float:
    """Partial log-likelihood of a linear predictor in sorted order."""
    return PartialLikelihood(sets, predictor[:, None])(np.ones(1)).value


def saturated_value(sets: RiskSets) -> float:
    """The largest log-likelihood that any predictor has: those who fail together share their risk set with nobody else."""
    from math import lgamma, log

    blocks = np.repeat(np.arange(sets.bounds.size - 1), np.diff(sets.bounds))
    died = sets.event == 1
    tied = np.unique(np.column_stack([blocks[died], sets.time[died]]), axis=0, return_counts=True)[1].tolist()
    return -sum(lgamma(d + 1) if sets.efron else d * log(d) for d in tied)
