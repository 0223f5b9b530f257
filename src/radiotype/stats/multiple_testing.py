"""Correction of p-values for the number of tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, choice, read_only

CORRECTIONS = ("bh", "by", "holm", "bonferroni", "none")


def adjust_p_values(p_values: Any, *, correction: str = "bh") -> FloatArray:
    """P-values corrected for the number of tests; a missing one stays missing and is not counted.

    Parameters
    ----------
    p_values : array, shape (n_tests,)
        Values in [0, 1]; NaN where a test could not be done.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        "bh" (Benjamini-Hochberg) bounds the expected share of false findings, "by" does so under any dependence; "holm"
        and "bonferroni" bound the chance of a single false finding.

    Returns
    -------
    array, shape (n_tests,)
        Corrected values in [0, 1], never below the p-values.

    Raises
    ------
    ComputeError
        RT305 if there is no value, or one outside [0, 1].
    RecipeError
        RT103 if `correction` is not allowed.

    References
    ----------
    Benjamini & Hochberg, J R Stat Soc B 57 (1995) 289-300; Benjamini & Yekutieli, Ann Stat 29 (2001) 1165-1188; Holm,
    Scand J Stat 6 (1979) 65-70. Equal to `p.adjust` of R 4.2.2.

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    choice("correction", correction, CORRECTIONS)
    values = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(values)
    if values.ndim != 1 or not known.any():
        raise ComputeError(
            "RT305", f"p_values has shape {values.shape} and {int(known.sum())} values; expected one for each test"
        )
    if np.any((values[known] < 0) | (values[known] > 1)):
        raise ComputeError("RT305", "p_values holds values outside 0 to 1")
    adjusted = np.full(values.size, np.nan)
    adjusted[known] = _adjusted(values[known], correction)
    return read_only(adjusted)


def _adjusted(p_values: FloatArray, correction: str) -> FloatArray:
    from scipy.stats import false_discovery_control

    if correction in ("bh", "by"):
        return np.asarray(false_discovery_control(p_values, method=correction))
    if correction == "holm":
        order = np.argsort(p_values)
        adjusted = np.empty_like(p_values)
        adjusted[order] = np.maximum.accumulate(p_values[order] * np.arange(p_values.size, 0, -1))
        return np.minimum(adjusted, 1.0)
    return np.minimum(p_values * p_values.size, 1.0) if correction == "bonferroni" else p_values
