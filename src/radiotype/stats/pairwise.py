"""Log-rank tests of every two groups, corrected for their number."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.stats._inputs import labels, same_rows
from radiotype.stats.findings import Findings, per_feature
from radiotype.stats.hazard_ratio import HazardRatio
from radiotype.stats.survival import logrank


def pairwise_logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    correction: str = "bh",
    confidence: float = 0.95,
) -> Findings[HazardRatio]:
    """Which groups differ in survival: the log-rank test of every two of them.

    Parameters
    ----------
    time, event, group, strata
        As in `logrank`.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        As in `adjust_p_values`.
    confidence : float
        Level of the intervals; they are not corrected for the number of pairs.

    Returns
    -------
    Findings
        One finding per pair, named "second v first" in the order of the groups. Its effect is the hazard ratio of
        `logrank`. A pair that cannot be compared has its reason instead.

    Raises
    ------
    ComputeError
        As in `logrank`, if no pair can be compared.
    RecipeError
        RT103 if `correction` or `confidence` is not allowed.

    Examples
    --------
    >>> time, event = [5, 8, 12, 20, 9, 14, 22, 30, 2, 3, 4, 9], [1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1]
    >>> found = pairwise_logrank(time, event, list("aaaabbbbcccc"))
    >>> [(name, round(one.effect, 2), round(one.q_value, 3)) for name, one in found.findings.items()]
    [('b v a', 0.25, 0.171), ('c v a', 4.57, 0.127), ('c v b', 11.51, 0.051)]
    """
    inputs = {"time": time, "event": event, "group": group}
    same_rows(inputs if strata is None else {**inputs, "strata": strata})
    codes, groups = labels(group, "group")
    columns = [np.asarray(time), np.asarray(event), codes, None if strata is None else np.asarray(strata)]
    pairs = {f"{groups[j]} v {groups[i]}": np.isin(codes, (i, j)) for i, j in combinations(range(len(groups)), 2)}
    if len(groups) < 2:
        logrank(time, event, group)  # says what is wrong
    return per_feature(pairs, lambda rows: _compare(columns, rows, confidence), correction=correction)


def _compare(columns: list[Any], rows: NDArray[np.bool_], confidence: float) -> HazardRatio:
    time, event, codes = (column[rows] for column in columns[:3])
    test = logrank(time, event, codes, strata=None if columns[3] is None else columns[3][rows], confidence=confidence)
    return HazardRatio(
        measure=test.measure,
        n=test.n,
        events=test.events,
        effect=test.effect,
        lower=test.lower,
        upper=test.upper,
        confidence=test.confidence,
        p_value=test.p_value,
        q_value=test.p_value,
        chi_square=test.chi_square,
    )
