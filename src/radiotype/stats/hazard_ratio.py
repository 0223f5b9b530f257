"""One hazard ratio with its interval and test."""

from __future__ import annotations

from dataclasses import dataclass

from radiotype.stats.cox import CoxFit
from radiotype.stats.findings import Finding


@dataclass(frozen=True, eq=False, kw_only=True)
class HazardRatio(Finding):
    """`effect` is the hazard ratio named by `measure`, `n` and `events` are the cases behind it."""

    events: int
    chi_square: float


def hazard_ratio_of(fit: CoxFit, name: str, measure: str) -> HazardRatio:
    """The hazard ratio of one covariate of a fit, with its Wald test."""
    j = fit.names.index(name)
    return HazardRatio(
        measure=measure,
        n=fit.n,
        events=fit.events,
        effect=float(fit.hazard_ratios[j]),
        lower=float(fit.lower[j]),
        upper=float(fit.upper[j]),
        confidence=fit.confidence,
        p_value=float(fit.p_values[j]),
        q_value=float(fit.p_values[j]),
        chi_square=float(fit.z[j] ** 2),
    )
