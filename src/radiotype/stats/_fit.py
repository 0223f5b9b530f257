"""A Cox fit of checked arrays: the part that loops over resamples call again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError, counted, there_are
from radiotype.stats._inputs import FloatArray
from radiotype.stats._newton import Maximum, maximise
from radiotype.stats._partial_likelihood import IntArray, PartialLikelihood, RiskSets, risk_sets

LEAST_EVENTS = 5.0
"""Events for each covariate; with fewer, coefficients and coverage are unreliable (Vittinghoff & McCulloch 2007)."""

LARGEST_SPREAD = 1e100
"""Standard deviation of a covariate beyond which, or below whose inverse, its variance is no number."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The maximum for standardised covariates, with what leads back to the units of the caller."""

    sets: RiskSets
    covariates: FloatArray  # (n_cases, n_covariates) standardised, in sorted order
    maximum: Maximum
    scale: FloatArray
    coefficients: FloatArray  # in the caller's units

    def covariance(self) -> FloatArray:
        """Inverse information, in the caller's units."""
        inverse = np.linalg.inv(self.maximum.at_fit.information)
        halves: FloatArray = (inverse + inverse.T) / 2 / np.outer(self.scale, self.scale)
        return halves


def fit_cox(
    times: FloatArray,
    events: NDArray[np.bool_],
    matrix: FloatArray,
    blocks: IntArray,
    columns: tuple[str, ...],
    *,
    ties: str = "efron",
    max_iterations: int = 60,
    least_events: float = LEAST_EVENTS,
) -> Fit:
    """Fit arrays that `_inputs` has checked; `least_events` is the fewest events per covariate."""
    _check_events(events, len(columns), least_events)
    sets = risk_sets(times, events, blocks, ties)
    scaled, scale = _standardised(matrix, blocks, columns)
    covariates = scaled[sets.order]
    maximum = maximise(PartialLikelihood(sets, covariates), columns, max_iterations)
    return Fit(sets, covariates, maximum, scale, maximum.coefficients / scale)


def _check_events(events: NDArray[np.bool_], n_covariates: int, least: float) -> None:
    found = int(events.sum())
    if found == 0:
        raise ComputeError("RT302", f"none of the {events.size} cases has an event", hint="check how the event column is coded")
    if found < least * n_covariates:
        each = "as many events as covariates" if least == 1 else f"{least:g} events for each covariate"
        raise ComputeError(
            "RT302",
            f"{there_are(found, 'event')} for {counted(n_covariates, 'covariate')}; expected at least {each}",
            hint="use fewer covariates, or set `least_events` lower and do not trust the result",
        )


def _standardised(matrix: FloatArray, blocks: IntArray, columns: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """Centre each column within its stratum and divide it by its pooled deviation; neither changes the likelihood."""
    sizes = np.bincount(blocks)
    if sizes.size == 1:
        centred = matrix - matrix.mean(axis=0)
    else:
        centred = matrix - np.column_stack([np.bincount(blocks, weights=column) / sizes for column in matrix.T])[blocks]
    largest = np.abs(matrix).max(axis=0)
    unit = np.ldexp(1.0, np.frexp(largest)[1] - 1)  # a power of two: huge and tiny values have squares, and no digit changes
    scale = unit * np.sqrt(((centred / unit) ** 2).mean(axis=0))
    constant = scale <= 1e-12 * largest
    if constant.any():
        where = "constant" if sizes.size == 1 else "constant within every stratum"
        found = ", ".join(repr(name) for name, flag in zip(columns, constant, strict=True) if flag)
        raise ComputeError("RT304", f"{where}: {found}", hint="leave it out; it cannot change the hazard ratio")
    for name, spread in zip(columns, scale, strict=True):
        if not 1 / LARGEST_SPREAD < spread < LARGEST_SPREAD:
            raise ComputeError("RT305", f"the standard deviation of {name!r} is {spread:g}", hint="give it in another unit")
    return centred / scale, scale
