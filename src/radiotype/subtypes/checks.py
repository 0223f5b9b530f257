"""Checks that several estimators of this package share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError, RecipeError, counted
from radiotype.stats._tables import check_finite, checked_table

__all__ = ["check_between", "check_choice", "check_finite", "check_whole", "checked_table", "finite_table"]


def check_whole(setting: str, value: object, least: int) -> None:
    """Refuse a setting that is not a whole number, or a smaller one than makes sense."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise RecipeError("RT103", f"{setting}={value!r} is not a whole number from {least} on")


def check_between(setting: str, value: object, low: float, high: float) -> None:
    """Refuse a setting that is not a number strictly between two limits."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not low < value < high:
        raise RecipeError("RT103", f"{setting}={value!r} is not a number above {low:g} and below {high:g}")


def check_none_missing(labels: ArrayLike, name: str) -> None:
    """Refuse labels of which one is missing; their form is left to scikit-learn's checks."""
    from pandas import isna

    array = np.asarray(labels, dtype=object)
    missing = np.flatnonzero(isna(array))
    if array.ndim and missing.size:
        found = f"{name} has {counted(missing.size, 'missing label')}, the first at row {missing[0]}, counted from 0"
        raise ComputeError("RT305", found, hint="drop these cases")


def check_choice(setting: str, value: object, allowed: Sequence[str | None]) -> None:
    """Refuse a setting that is not one of the words that exist."""
    if value not in allowed:
        raise RecipeError("RT103", f"{setting}={value!r} does not exist", hint=f"use one of: {', '.join(map(str, allowed))}")


def finite_table(X: ArrayLike, *, least_cases: int, name: str = "X", may_be_equal: bool = False) -> np.ndarray:
    """A table (n_cases, n_features) as finite floats; refuses one with too few cases, or with none but equal ones."""
    array = np.asarray(X)
    if array.dtype.kind not in "biufO" or array.ndim != 2 or array.shape[1] == 0:
        raise ComputeError(
            "RT305", f"{name} has the shape {array.shape} and the type {array.dtype}; expected numbers (n_cases, n_features)"
        )
    try:
        values = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError):
        raise ComputeError("RT305", f"{name} holds entries that are no numbers", hint="drop text columns first") from None
    check_finite(values, [str(column) for column in X.columns] if hasattr(X, "columns") else None)
    if len(values) < least_cases:
        raise ComputeError("RT301", f"{name} has {len(values)} cases; at least {least_cases} are needed")
    if not may_be_equal and np.all(values == values[0]):
        raise ComputeError("RT305", f"all {len(values)} cases of {name} are equal, so nothing sets them apart")
    return values
