"""Whether a Cox model needs more covariates, or a product of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, design_matrix, labels, numbers, same_rows
from radiotype.stats.cox import ChiSquareTest, CoxFit, chi_square_test, cox
from radiotype.stats.findings import Finding


@dataclass(frozen=True, eq=False, kw_only=True)
class Interaction(Finding):
    """`effect` is the ratio of hazard ratios per unit of the modifier, NaN where a category needs several.

    `p_value` is that of `test`, the likelihood-ratio test of the product terms `terms` of `fit`.
    """

    events: int
    test: ChiSquareTest
    terms: tuple[str, ...]
    fit: CoxFit


def nested_test(smaller: CoxFit, larger: CoxFit) -> ChiSquareTest:
    """Whether the covariates that only the larger model has improve it (likelihood-ratio test).

    Parameters
    ----------
    smaller, larger : CoxFit
        Fits of the same cases, strata and ties; the larger has all covariates of the smaller, and more.

    Returns
    -------
    ChiSquareTest
        With as many degrees of freedom as covariates were added.

    Raises
    ------
    ComputeError
        RT305 if the models are not nested, or were not fitted to the same cases, or are robust (a robust fit has no
        likelihood to compare).

    References
    ----------
    Equal to `anova` of R survival 3.5-3.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30], [1, 1, 1, 0, 1, 1, 1, 0]
    >>> age, arm = [60, 71, 55, 66, 50, 48, 62, 44], [1, 0, 1, 0, 1, 0, 1, 0]
    >>> small = cox(time, event, np.column_stack([age]), names=["age"])
    >>> nested_test(small, cox(time, event, np.column_stack([age, arm]), names=["age", "arm"])).degrees_of_freedom
    1
    """
    missing = [name for name in smaller.names if name not in larger.names]
    if missing or len(larger.names) == len(smaller.names):
        raise ComputeError(
            "RT305",
            f"{', '.join(smaller.names)} and {', '.join(larger.names)} are not nested",
            hint="give the larger model every covariate of the smaller, and at least one more",
        )
    if smaller.n_clusters or larger.n_clusters:
        raise ComputeError("RT305", "a robust fit has no likelihood-ratio test", hint="compare by the robust Wald test")
    same = ("n", "events", "ties", "n_strata")
    differ = [name for name in same if getattr(smaller, name) != getattr(larger, name)]
    start = abs(smaller.log_likelihood[0] - larger.log_likelihood[0])
    if differ or start > 1e-8 * (1 + abs(larger.log_likelihood[0])):
        raise ComputeError(
            "RT305",
            f"the models were fitted to different data ({', '.join(differ or ['log-likelihood at zero'])})",
            hint="drop the cases with missing values first, then fit both models to the rest",
        )
    gain = 2 * (larger.log_likelihood[1] - smaller.log_likelihood[1])
    return chi_square_test(gain, len(larger.names) - len(smaller.names))


def interaction(
    time: ArrayLike,
    event: ArrayLike,
    exposure: ArrayLike,
    modifier: ArrayLike,
    *,
    adjust: Any = None,
    strata: ArrayLike | None = None,
    ties: str = "efron",
    confidence: float = 0.95,
) -> Interaction:
    """Whether the hazard ratio of an exposure depends on a modifier.

    Parameters
    ----------
    time, event, strata, ties, confidence
        As in `cox`.
    exposure, modifier : array, shape (n_cases,)
        Numbers (or 0 and 1) enter as one column; other labels as one column for each level but the first.
    adjust : array or DataFrame, shape (n_cases, n_covariates), optional
        Further covariates of both models.

    Returns
    -------
    Interaction
        The likelihood-ratio test of the product terms against the model without them.

    Raises
    ------
    ComputeError
        As in `cox`: a level without events, for instance, has no finite product term (RT303).
    RecipeError
        RT103 if `ties` or `confidence` is not allowed.

    References
    ----------
    Equal to `anova` of the two models in R survival 3.5-3.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7], [1, 1, 1, 0, 1, 1, 1, 0, 1, 1]
    >>> found = interaction(time, event, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0], [60, 71, 55, 66, 50, 48, 62, 44, 58, 70])
    >>> found.terms, found.test.degrees_of_freedom
    (('exposure:modifier',), 1)
    """
    given = {"time": time, "event": event, "exposure": exposure, "modifier": modifier, "adjust": adjust, "strata": strata}
    same_rows({name: values for name, values in given.items() if values is not None})
    one, other = _columns(exposure, "exposure"), _columns(modifier, "modifier")
    main = one | other
    if adjust is not None:
        matrix, names = design_matrix(adjust, None)
        main |= dict(zip(names, matrix.T, strict=True))
    products = {f"{a}:{b}": one[a] * other[b] for a in one for b in other}
    data = np.asarray(time), np.asarray(event)
    blocks = None if strata is None else np.asarray(strata)

    def fitted(columns: dict[str, FloatArray]) -> CoxFit:
        table = np.column_stack(list(columns.values()))
        return cox(*data, table, names=list(columns), strata=blocks, ties=ties, confidence=confidence)

    smaller, larger = fitted(main), fitted(main | products)
    test = nested_test(smaller, larger)
    j = larger.names.index(next(iter(products)))
    single = len(products) == 1
    return Interaction(
        measure="ratio of hazard ratios",
        n=larger.n,
        events=larger.events,
        effect=float(larger.hazard_ratios[j]) if single else float("nan"),
        lower=float(larger.lower[j]) if single else float("nan"),
        upper=float(larger.upper[j]) if single else float("nan"),
        confidence=larger.confidence,
        p_value=test.p_value,
        q_value=test.p_value,
        test=test,
        terms=tuple(products),
        fit=larger,
    )


def _columns(values: Any, name: str) -> dict[str, FloatArray]:
    """One numeric column, or one 0/1 column for each level but the first."""
    if np.asarray(values).dtype.kind in "biuf" and not hasattr(getattr(values, "array", None), "categories"):
        return {name: numbers(values, name)}
    codes, levels = labels(values, name)
    if len(levels) < 2:
        raise ComputeError("RT304", f"{name} has one level only, {levels[0]!r}; expected at least two")
    return {f"{name}={levels[k]}": (codes == k).astype(float) for k in range(1, len(levels))}
