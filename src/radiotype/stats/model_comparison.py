"""Whether a Cox model needs more covariates, or a product of two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._fit import LEAST_EVENTS
from radiotype.stats._inputs import FloatArray, design_matrix, labels, numbers, same_rows
from radiotype.stats.cox import ChiSquareTest, CoxFit, chi_square_test, cox
from radiotype.stats.findings import Finding


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelComparison(Finding):
    """`effect` is the hazard ratio per unit of the covariate that was added, NaN where several were.

    `p_value` is that of `test`, the likelihood-ratio test of the added covariates `terms`; the interval is Wald's.
    """

    events: int
    test: ChiSquareTest
    terms: tuple[str, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Interaction(ModelComparison):
    """`effect` is the ratio of hazard ratios per unit of the modifier, NaN where a category needs several.

    `terms` are the product terms of `fit`.
    """

    fit: CoxFit


def nested_test(smaller: CoxFit, larger: CoxFit) -> ModelComparison:
    """Whether the covariates that only the larger model has improve it (likelihood-ratio test).

    Parameters
    ----------
    smaller, larger : CoxFit
        Fits of the same cases, strata and ties; the larger has all covariates of the smaller, and more.

    Returns
    -------
    ModelComparison
        Its `test` has as many degrees of freedom as covariates were added.

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
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 3, 7, 11, 16], [1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1]
    >>> age, arm = [60, 71, 55, 66, 50, 48, 62, 44, 58, 70, 52, 49], [1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0]
    >>> small = cox(time, event, np.column_stack([age]), names=["age"])
    >>> nested_test(small, cox(time, event, np.column_stack([age, arm]), names=["age", "arm"])).test.degrees_of_freedom
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
    shared = [larger.names.index(name) for name in smaller.names]
    # In about standard deviations of the covariate: the error of its coefficient is 1 / (deviation * sqrt(events)).
    gap = np.abs(smaller.centre - larger.centre[shared]) * np.sqrt(np.diag(smaller.naive_covariance) * smaller.events)
    other = [name for name, away in zip(smaller.names, gap, strict=True) if away > 1e-6]
    gain = 2 * (larger.log_likelihood[1] - smaller.log_likelihood[1])
    if other or gain < -1e-6 * (1 + abs(larger.log_likelihood[1])):
        raise ComputeError(
            "RT305",
            f"{', '.join(other or smaller.names)} is not the same covariate in both models",
            hint="columns of an array are named x1, x2, ... by position; give `names`, or a table",
        )
    return _compared(larger, gain, [name for name in larger.names if name not in smaller.names])


def _compared(larger: CoxFit, gain: float, terms: list[str]) -> ModelComparison:
    test = chi_square_test(gain, len(terms))
    j = larger.names.index(terms[0])
    effect, lower, upper = (float(column[j]) for column in (larger.hazard_ratios, larger.lower, larger.upper))
    if len(terms) > 1:
        effect = lower = upper = float("nan")
    return ModelComparison(
        measure="hazard ratio of the added covariate",
        n=larger.n,
        events=larger.events,
        effect=effect,
        lower=lower,
        upper=upper,
        confidence=larger.confidence,
        p_value=test.p_value,
        q_value=test.p_value,
        test=test,
        terms=tuple(terms),
    )


def interaction(
    time: ArrayLike,
    event: ArrayLike,
    exposure: ArrayLike,
    modifier: ArrayLike,
    *,
    adjust: Any = None,
    strata: ArrayLike | None = None,
    ties: str = "efron",
    least_events: float = LEAST_EVENTS,
    confidence: float = 0.95,
) -> Interaction:
    """Whether the hazard ratio of an exposure depends on a modifier.

    Parameters
    ----------
    time, event, strata, ties, least_events, confidence
        As in `cox`.
    exposure, modifier : array, shape (n_cases,)
        Numbers (or 0 and 1) enter as one column; other labels as one column for each level but the first. A modifier that is
        constant within every stratum enters by its products alone, as the strata hold its own part.
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
    >>> arm, age = [1, 0, 1, 0, 1, 0, 1, 0, 1, 0], [60, 71, 55, 66, 50, 48, 62, 44, 58, 70]
    >>> found = interaction(time, event, arm, age, least_events=2)
    >>> found.terms, found.test.degrees_of_freedom
    (('exposure:modifier',), 1)
    """
    given = {"time": time, "event": event, "exposure": exposure, "modifier": modifier, "adjust": adjust, "strata": strata}
    same_rows({name: values for name, values in given.items() if values is not None})
    one, other = _columns(exposure, "exposure"), _columns(modifier, "modifier")
    main = one | other
    if adjust is not None:
        matrix, names = design_matrix(adjust, None)
        taken = [name for name in names if name in main]
        if taken:
            found = f"adjust has a column {taken[0]!r}, which is a column of the exposure or the modifier here"
            raise ComputeError("RT305", found, hint="give it another name")
        main |= dict(zip(names, matrix.T, strict=True))
    products = {f"{a}:{b}": one[a] * other[b] for a in one for b in other}
    data = np.asarray(time), np.asarray(event)
    blocks = None if strata is None else np.asarray(strata)
    if strata is not None:
        codes, _ = labels(strata, "strata")
        main = {name: column for name, column in main.items() if name not in other or _varies_within(column, codes)}

    def fitted(columns: dict[str, FloatArray]) -> CoxFit:
        table = np.column_stack(list(columns.values()))
        return cox(
            *data, table, names=list(columns), strata=blocks, ties=ties, least_events=least_events, confidence=confidence
        )

    smaller, larger = fitted(main), fitted(main | products)
    compared = nested_test(smaller, larger)
    parts = {field.name: getattr(compared, field.name) for field in fields(compared)}
    return Interaction(**parts | {"measure": "ratio of hazard ratios", "fit": larger})


def _varies_within(column: FloatArray, codes: NDArray[np.intp]) -> bool:
    """Whether a column has different values in at least one stratum."""
    first = np.unique(codes, return_index=True)[1]
    return bool((column != column[first][codes]).any())


def _columns(values: Any, name: str) -> dict[str, FloatArray]:
    """One numeric column, or one 0/1 column for each level but the first."""
    if np.asarray(values).dtype.kind in "biuf" and not hasattr(getattr(values, "array", None), "categories"):
        return {name: numbers(values, name)}
    codes, levels = labels(values, name)
    if len(levels) < 2:
        raise ComputeError("RT304", f"{name} has one level only, {levels[0]!r}; expected at least two")
    return {f"{name}={levels[k]}": (codes == k).astype(float) for k in range(1, len(levels))}
