"""Newton's method for the partial likelihood, and the reasons why a fit does not exist."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray
from radiotype.stats._partial_likelihood import Likelihood, PartialLikelihood

CONVERGED = 1e-16
"""Newton decrement (chi-square units) below which one last step is exact: it is below 1e-8 standard errors."""

DEPENDENT = np.finfo(float).eps ** 0.75
"""Share of a column's information that earlier columns leave over; below it, it is their combination (as in R)."""

FLAT = 1e-8
"""Share of the information at zero that is left in a direction; below it, the direction may have no maximum."""

NO_EVIDENCE = 1e-9
"""Wald chi-square in such a direction; an estimate on its way to infinity has a still larger standard error."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the partial likelihood is largest."""

    coefficients: FloatArray
    at_zero: Likelihood
    at_fit: Likelihood
    iterations: int


def maximise(likelihood: PartialLikelihood, names: tuple[str, ...], max_iterations: int) -> Maximum:
    """Newton steps from zero, halved while the likelihood falls. Covariates are standardised."""
    coefficients = np.zeros(len(names))
    at_zero = current = likelihood(coefficients)
    _check_independent(at_zero.information, names)
    for iteration in range(1, max_iterations + 1):
        step = _newton_step(current)
        if step is None:
            break
        last = step @ current.score < CONVERGED
        moved = _uphill(likelihood, coefficients, step, current)
        if moved is None:
            break
        coefficients, current = moved
        if last:
            _check_maximum(at_zero, current, coefficients, names, flat=FLAT, no_evidence=NO_EVIDENCE)
            return Maximum(coefficients, at_zero, current, iteration)
    # A direction that is merely going flat is reason enough once the fit has failed.
    _check_maximum(at_zero, current, coefficients, names, flat=1e-4, no_evidence=1e-2)
    raise ComputeError(
        "RT303",
        f"the Cox fit did not converge in {max_iterations} steps",
        hint="look for extreme values and for covariates that separate the events; use fewer, or a penalised model",
    )


def _newton_step(current: Likelihood) -> FloatArray | None:
    try:
        step = np.linalg.solve(current.information, current.score)
    except np.linalg.LinAlgError:
        return None
    # NaN, or a fall: the information is rounding noise.
    return step.astype(np.float64) if step @ current.score >= 0 else None


def _uphill(
    likelihood: PartialLikelihood, coefficients: FloatArray, step: FloatArray, current: Likelihood
) -> tuple[FloatArray, Likelihood] | None:
    """First point along `step`, halved each time, where the likelihood does not fall by more than rounding."""
    slack = 1e-12 * (1 + abs(current.value))
    for _ in range(30):
        candidate = coefficients + step
        reached = likelihood(candidate)
        if reached.finite and reached.value >= current.value - slack:
            return candidate, reached
        step = step / 2
    return None


def _check_independent(information: FloatArray, names: tuple[str, ...]) -> None:
    """Cholesky factorisation that names the first column which adds nothing to those before it."""
    size, diagonal = len(names), np.diag(information)
    with contextlib.suppress(np.linalg.LinAlgError):
        pivots = np.diag(np.linalg.cholesky(information)) ** 2
        if np.all(pivots > 2 * DEPENDENT * diagonal.max()):
            return  # so does the careful loop, which takes ten times as long
    lower = np.zeros((size, size))
    floor = DEPENDENT * max(float(diagonal.max()), np.finfo(float).tiny)
    for j in range(size):
        if not information[j, j] > floor:
            raise ComputeError(
                "RT304",
                f"{names[j]!r} does not vary among the cases at risk when events happen",
                hint="leave it out; it cannot change the hazard ratio",
            )
        row = np.linalg.solve(lower[:j, :j], information[:j, j])
        pivot = information[j, j] - row @ row
        if not pivot > DEPENDENT * information[j, j]:
            share = np.linalg.solve(lower[:j, :j].T, row) * np.sqrt(np.diag(information)[:j] / information[j, j])
            others = ", ".join(repr(names[i]) for i in range(j) if abs(share[i]) > 1e-6)
            raise ComputeError("RT304", f"{names[j]!r} is a linear combination of {others}", hint=f"leave out {names[j]!r}")
        lower[j, :j] = row
        lower[j, j] = np.sqrt(pivot)


def _check_maximum(
    at_zero: Likelihood,
    at_fit: Likelihood,
    coefficients: FloatArray,
    names: tuple[str, ...],
    *,
    flat: float,
    no_evidence: float,
) -> None:
    """Raise if the likelihood rises for ever in some direction (Heinze & Schemper, Biometrics 57 (2001) 114-119).

    Along such a direction the information vanishes while the estimate grows, so that the Wald statistic goes to zero.
    """
    root = np.linalg.cholesky(at_zero.information)
    half = np.linalg.solve(root, at_fit.information)
    left, directions = np.linalg.eigh(np.linalg.solve(root, half.T))
    length = directions[:, 0] @ (root.T @ coefficients)
    if left[0] > flat or left[0] * length**2 > no_evidence:
        return
    direction = np.abs(np.linalg.solve(root.T, directions[:, 0]))
    found = ", ".join(repr(name) for name, part in zip(names, direction / direction.max(), strict=True) if part > 0.1)
    raise ComputeError(
        "RT303",
        f"{found} separates the events from the other cases: the likelihood has no maximum, the ratio is infinite",
        hint="leave it out, merge rare categories, or use a penalised model",
    )
