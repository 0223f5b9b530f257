"""What a test found, alone or for many features at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import choice
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """One effect with its interval and test; `measure` says what the effect is.

    `q_value` is `p_value` corrected for the number of tests by `correction`; for a test on its own the two are equal and
    `correction` is "none". Limits are NaN where the data give none.
    """

    measure: str
    n: int
    effect: float
    lower: float
    upper: float
    confidence: float
    p_value: float
    q_value: float
    correction: str = "none"


AnyFinding = TypeVar("AnyFinding", bound=Finding)


@dataclass(frozen=True, eq=False)
class Findings(Generic[AnyFinding]):
    """The same test for many features; `reasons` tells why a feature has no finding.

    `n_tests` counts the findings with a p-value, over which `correction` made the q-values.
    """

    findings: Mapping[str, AnyFinding]
    reasons: Mapping[str, str]
    correction: str
    n_tests: int

    def __getitem__(self, name: str) -> AnyFinding:
        if name in self.reasons:
            raise ComputeError("RT305", f"there is no finding for {name!r}: {self.reasons[name]}")
        return self.findings[name]

    def to_frame(self) -> DataFrame:
        """One row per feature, first those with a finding: every number and word of it, and `reason` ("" for none)."""
        from pandas import DataFrame

        rows = {}
        for name, finding in self.findings.items():
            values = {field.name: getattr(finding, field.name) for field in fields(finding)}
            rows[name] = {key: value for key, value in values.items() if isinstance(value, (str, int, float))} | {"reason": ""}
        rows |= {name: {"reason": reason, "correction": self.correction} for name, reason in self.reasons.items()}
        return DataFrame.from_dict(rows, orient="index")


def per_feature(table: Any, test: Callable[[Any], AnyFinding], *, correction: str = "bh") -> Findings[AnyFinding]:
    """Run one test on every feature and correct the p-values for their number.

    Parameters
    ----------
    table : data frame or mapping
        One column, or one entry, per feature.
    test : function
        Takes a column and returns its finding: `lambda column: spearman(column, purity)`.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        As in `adjust_p_values`.

    Returns
    -------
    Findings
        A feature whose test is refused (constant, missing values) has its reason in `reasons` and is not counted.

    Raises
    ------
    ComputeError
        RT305 if there is no feature; the first refusal if the test is refused for every feature.
    RecipeError
        RT103 if `correction` is not allowed.

    Examples
    --------
    >>> from radiotype.stats import spearman
    >>> table = {"volume": [1, 2, 3, 5, 4], "margin": [3, 1, 2, 5, 4], "flat": [7, 7, 7, 7, 7]}
    >>> found = per_feature(table, lambda column: spearman(column, [2, 4, 6, 8, 10]))
    >>> [(name, round(one.effect, 2), round(one.q_value, 3)) for name, one in found.findings.items()]
    [('volume', 0.9, 0.167), ('margin', 0.6, 0.35)]
    >>> found.reasons["flat"]
    'RT305: x is constant; expected different values'
    """
    choice("correction", correction, CORRECTIONS)
    found, refused = try_each(table, test)
    if not found:
        raise next(iter(refused.values()), ComputeError("RT305", "there are no features"))
    return corrected(found, refused, correction)


def try_each(table: Any, test: Callable[[Any], AnyFinding]) -> tuple[dict[str, AnyFinding], dict[str, ComputeError]]:
    """The finding of each feature, or the error that refused its test."""
    found: dict[str, AnyFinding] = {}
    refused: dict[str, ComputeError] = {}
    for name, column in table.items():
        try:
            found[str(name)] = test(column)
        except ComputeError as error:
            refused[str(name)] = error
    if len(found) + len(refused) != len(list(table.items())):
        raise ComputeError("RT305", "two features have the same name")
    return found, refused


def corrected(found: Mapping[str, AnyFinding], refused: Mapping[str, ComputeError], correction: str) -> Findings[AnyFinding]:
    """Findings with q-values; there may be none."""
    p_values = np.array([one.p_value for one in found.values()])
    untested = np.isnan(p_values)
    q_values = p_values if untested.all() else adjust_p_values(p_values, correction=correction)
    with_q = {
        name: replace(one, q_value=float(q_value), correction=correction)
        for (name, one), q_value in zip(found.items(), q_values, strict=True)
    }
    reasons = {name: f"{error.code}: {error.found}" for name, error in refused.items()}
    return Findings(with_q, reasons, correction, int(np.count_nonzero(~untested)))
