"""Sums over the risk sets of a fitted Cox model: baseline hazard, score residuals, and information weighted by event.

Written for one call per fit, in NumPy; the loops of a fit are in native/cox.cpp.
"""

from __future__ import annotations

import numpy as np

from radiotype.stats._fit import Fit
from radiotype.stats._inputs import FloatArray


class AtRisk:
    """Who is at risk at each event of a fit. Events are in sorted order: by stratum, then by falling time.

    A tie is the set of events of one stratum at one time. `removed` is the share of it that Efron's method takes out of
    the risk set of its l-th event: l / d, and 0 for Breslow's.
    """

    def __init__(self, fit: Fit) -> None:
        sets, x = fit.sets, fit.covariates
        n = sets.time.size
        stratum = np.repeat(np.arange(sets.bounds.size - 1), np.diff(sets.bounds))
        new_time = np.append(True, (stratum[1:] != stratum[:-1]) | (sets.time[1:] != sets.time[:-1]))
        time_last = np.append(np.flatnonzero(new_time)[1:], n) - 1
        self.event_case = np.flatnonzero(sets.event)
        tie_times, self._tie_first, self.tie, size = np.unique(
            (np.cumsum(new_time) - 1)[self.event_case], return_index=True, return_inverse=True, return_counts=True
        )
        self._tie_last = time_last[tie_times]
        self._bounds = sets.bounds
        rank = np.arange(self.event_case.size) - self._tie_first[self.tie]
        self._removed = rank / size[self.tie] if sets.efron else np.zeros(rank.size)
        predictor = x @ fit.maximum.coefficients
        self._largest = np.maximum.reduceat(predictor, sets.bounds[:-1])[stratum]  # kept out of the exponential
        self.weight = np.exp(predictor - self._largest)
        sums = np.column_stack([self.weight, self.weight[:, None] * x])
        tied = np.add.reduceat(sums[self.event_case], self._tie_first, axis=0)
        for first, end in zip(sets.bounds[:-1], sets.bounds[1:], strict=True):
            np.cumsum(sums[first:end], axis=0, out=sums[first:end])
        at_risk = sums[self._tie_last][self.tie] - self._removed[:, None] * tied[self.tie]
        self.total = at_risk[:, 0]  # (n_events,)
        self.mean = at_risk[:, 1:] / at_risk[:, :1]  # (n_events, n_covariates)
        self._x = x

    def faced(self, values: FloatArray) -> FloatArray:
        """For each case, the sum of value / total over the events at which it was at risk; values (n_events, k)."""
        share = values / self.total[:, None]
        result = np.zeros((self.weight.size, values.shape[1]))
        result[self._tie_last] = np.add.reduceat(share, self._tie_first)
        for first, end in zip(self._bounds[:-1], self._bounds[1:], strict=True):
            result[first:end] = np.cumsum(result[first:end][::-1], axis=0)[::-1]
        result[self.event_case] -= np.add.reduceat(self._removed[:, None] * share, self._tie_first)[self.tie]
        return result

    def hazard_steps(self) -> tuple[FloatArray, FloatArray]:
        """Sorted case of the last at risk, and step of the baseline hazard, for each tie."""
        steps = np.add.reduceat(1 / self.total, self._tie_first)
        return self._tie_last, steps * np.exp(-self._largest[self._tie_last])

    def score_residuals(self) -> FloatArray:
        """What each case adds to the score, shape (n_cases, n_covariates), in sorted order."""
        hazard, means = self.faced(np.ones((self.total.size, 1))), self.faced(self.mean)
        residuals = -self.weight[:, None] * (self._x * hazard - means)
        shared = np.add.reduceat(self.mean, self._tie_first) / np.bincount(self.tie)[:, None]
        residuals[self.event_case] += self._x[self.event_case] - shared[self.tie]
        return residuals

    def weighted_information(self, factor: FloatArray) -> FloatArray:
        """Sum over the events of factor times the variance of the covariates at risk; factor (n_events,)."""
        hazard = self.faced(factor[:, None])
        cases = (self.weight[:, None] * hazard * self._x).T @ self._x
        information: FloatArray = cases - (factor[:, None] * self.mean).T @ self.mean
        return information
