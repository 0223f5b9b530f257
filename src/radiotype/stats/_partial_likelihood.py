"""Cox's partial likelihood with its gradient and information: the kernel under every Cox fit.

Risk-set sums are cumulative sums over cases sorted by falling time. The information needs no sum of squares per risk
set: it is one weighted cross product of all cases minus the cross product of the risk-set means, so a call costs O(n
p^2) time and O(n p) memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray

IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Who is at risk at each event, with cases sorted by stratum and, within it, by falling time.

    A tie is the set of events of one stratum at one time. A risk set is every case from the start of the stratum to
    `tie_last`.
    """

    order: IntArray  # (n_cases,) original row of each sorted case
    bounds: tuple[tuple[int, int], ...]  # first and past-the-end sorted case of each stratum
    stratum: IntArray  # (n_cases,) stratum of each sorted case
    event_case: IntArray  # (n_events,) sorted case of each event
    event_tie: IntArray  # (n_events,) tie of each event
    tie_first: IntArray  # (n_ties,) first event of each tie
    tie_last: IntArray  # (n_ties,) last sorted case in the risk set of each tie
    removed: FloatArray  # (n_events,) share of the tied events taken out of the risk set: l / d for Efron, 0 for Breslow


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Partial log-likelihood at one coefficient vector, with its gradient and minus its Hessian."""

    value: float
    score: FloatArray
    information: FloatArray

    @property
    def finite(self) -> bool:
        """Whether nothing overflowed."""
        return bool(np.isfinite(self.value) and np.isfinite(self.score).all() and np.isfinite(self.information).all())


def risk_sets(time: FloatArray, event: NDArray[np.bool_], strata: IntArray, ties: str) -> RiskSets:
    """Sort the cases and find the risk set of every event; `ties` is "efron" or "breslow"."""
    order = np.lexsort((-time, strata))
    times, blocks = time[order], strata[order]
    new_block = np.append(True, blocks[1:] != blocks[:-1])
    new_time = new_block | np.append(True, times[1:] != times[:-1])
    starts = np.flatnonzero(new_block)
    time_last = np.append(np.flatnonzero(new_time)[1:], times.size) - 1
    event_case = np.flatnonzero(event[order])
    event_time = (np.cumsum(new_time) - 1)[event_case]
    tie_times, tie_first, event_tie, tie_size = np.unique(
        event_time, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.arange(event_case.size) - tie_first[event_tie]
    removed = rank / tie_size[event_tie] if ties == "efron" else np.zeros(event_case.size)
    return RiskSets(
        order=order,
        bounds=tuple(zip(starts.tolist(), [*starts[1:].tolist(), times.size], strict=True)),
        stratum=np.cumsum(new_block) - 1,
        event_case=event_case,
        event_tie=event_tie,
        tie_first=tie_first,
        tie_last=time_last[tie_times],
        removed=removed,
    )


def likelihood(sets: RiskSets, covariates: FloatArray, coefficients: FloatArray) -> Likelihood:
    """Evaluate at `coefficients` (n_covariates,); `covariates` (n_cases, n_covariates) are in sorted order.

    Overflow gives a result that is not finite, not an error.
    """
    with np.errstate(all="ignore"):
        predictor = covariates @ coefficients
        starts = [first for first, _ in sets.bounds]
        predictor -= np.maximum.reduceat(predictor, starts)[sets.stratum]
        weight = np.exp(predictor)
        sums = np.column_stack([weight, weight[:, None] * covariates])
        tied = np.add.reduceat(sums[sets.event_case], sets.tie_first, axis=0)
        for first, end in sets.bounds:
            np.cumsum(sums[first:end], axis=0, out=sums[first:end])
        at_risk = sums[sets.tie_last][sets.event_tie] - sets.removed[:, None] * tied[sets.event_tie]
        total, mean = at_risk[:, 0], at_risk[:, 1:] / at_risk[:, :1]

        hazard = np.zeros(weight.size)
        hazard[sets.tie_last] = np.add.reduceat(1 / total, sets.tie_first)
        for first, end in sets.bounds:
            hazard[first:end] = np.cumsum(hazard[first:end][::-1])[::-1]
        hazard[sets.event_case] -= np.add.reduceat(sets.removed / total, sets.tie_first)[sets.event_tie]

        return Likelihood(
            value=float(predictor[sets.event_case].sum() - np.log(total).sum()),
            score=(covariates[sets.event_case] - mean).sum(axis=0),
            information=covariates.T @ ((weight * hazard)[:, None] * covariates) - mean.T @ mean,
        )
