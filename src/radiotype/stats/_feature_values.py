"""A table of many features as one array, and which of its features can be tested."""

from __future__ import annotations

from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray
from radiotype.stats._number_tables import number_table


def feature_values(values: Any) -> tuple[FloatArray, tuple[str, ...]]:
    """Values as floats, missing ones NaN, shape (n_cases, n_features), and the names of the features."""
    shape = np.shape(values)
    if len(shape) != 2 or shape[1] == 0:
        raise ComputeError("RT305", f"values have shape {shape}; expected (n_cases, n_features)")
    if hasattr(values, "columns"):
        names = tuple(str(name) for name in values.columns)
        if len(set(names)) < len(names):
            raise ComputeError("RT305", "two features have the same name")
    else:
        names = tuple(f"f{j + 1}" for j in range(shape[1]))
    array = number_table(values, names)
    if np.isinf(array).any():
        raise ComputeError(
            "RT305", f"values have {int(np.isinf(array).sum())} infinite entries, the first in {_first(array, names)!r}"
        )
    return array, names


def why_not_testable(values: FloatArray, names: tuple[str, ...], n_coefficients: int) -> dict[str, str]:
    """Why a feature has no test, for those that have none."""
    observed = (~np.isnan(values)).sum(axis=0)
    filled_low, filled_high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    reasons = {}
    for place in np.flatnonzero((observed < n_coefficients) | ~(filled_high > filled_low)):
        if observed[place] == 0:
            reason = "RT305: all its values are missing"
        elif observed[place] < n_coefficients:
            reason = f"RT301: it has {observed[place]} values for {n_coefficients} columns of the design"
        else:
            reason = "RT305: it is constant; expected different values"
        reasons[names[place]] = reason
    return reasons


def _first(array: FloatArray, names: tuple[str, ...]) -> str:
    return names[int(np.flatnonzero(np.isinf(array).any(axis=0))[0])]
