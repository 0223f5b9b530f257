"""Cox's partial likelihood with its gradient and information: what every Cox fit climbs. The sums are in native/cox.cpp."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from radiotype import _native
from radiotype.stats._inputs import FloatArray

IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Cases sorted by stratum and, within it, by falling time: a risk set is every case of a stratum down to some time."""

    order: IntArray  # (n_cases,) original row of each sorted case
    time: FloatArray  # (n_cases,)
    event: NDArray[np.uint8]  # (n_cases,)
    bounds: NDArray[np.int64]  # (n_strata + 1,) first sorted case of each stratum, then n_cases
    efron: bool


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Partial log-likelihood at one coefficient vector, with its gradient and minus its Hessian."""

    value: float
    score: FloatArray
    information: FloatArray

    @property
    def finite(self) -> bool:
        """Whether nothing overflowed."""
        # Squares, since a sum of infinities of both signs would warn; and as plain floats, which never do.
        return isfinite(
            self.value + float(np.vdot(self.score, self.score)) + float(np.vdot(self.information, self.information))
        )


class PartialLikelihood:
    """The likelihood of one data set as a function of the coefficients; `covariates` are in sorted order."""

    def __init__(self, sets: RiskSets, covariates: FloatArray) -> None:
        n, self._size = covariates.shape
        self._width = -(-self._size // _native.COX_LANES) * _native.COX_LANES
        padded = np.zeros((n, self._width))
        padded[:, : self._size] = covariates
        self._data = (padded, sets.time, sets.event, sets.bounds, sets.efron)
        self._workspace = np.empty(_native.cox_workspace(n, int(sets.event.sum()), self._width))

    def __call__(self, coefficients: FloatArray) -> Likelihood:
        """Evaluate at `coefficients` (n_covariates,). Overflow gives a result that is not finite, not an error."""
        size, width = self._size, self._width
        padded, result = np.zeros(width), np.empty(1 + width + width * width)
        padded[:size] = coefficients
        _native.cox_likelihood(*self._data, padded, result, self._workspace)
        information = result[1 + width :].reshape(width, width)[:size, :size]
        return Likelihood(float(result[0]), result[1 : 1 + size], information)


def risk_sets(time: FloatArray, event: NDArray[np.bool_], strata: IntArray, ties: str) -> RiskSets:
    """Sort the cases; `ties` is "efron" or "breslow"."""
    several = strata.size > 0 and strata.max() > 0
    order = np.lexsort((-time, strata)) if several else np.argsort(-time, kind="stable")
    blocks = strata[order]
    starts = np.flatnonzero(blocks[1:] != blocks[:-1]) + 1
    bounds = np.concatenate([[0], starts, [time.size]]).astype(np.int64)
    return RiskSets(order, time[order], event[order].astype(np.uint8), bounds, ties == "efron")
