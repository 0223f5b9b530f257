"""Checks that every statistical function runs on its input first: numbers, lengths, labels, row order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError, counted

FloatArray = NDArray[np.float64]

CLOSE_TIMES = float(np.sqrt(np.finfo(float).eps))
"""Two times that differ by no more than this, absolutely or relative to the mean time, are one time (R's `timefix`)."""

DROP_HINT = "drop these cases from every argument first, and report how many were dropped"


def read_only(values: ArrayLike, dtype: Any = None) -> NDArray[Any]:
    """Copy of `values` that cannot be written to."""
    array = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def choice(name: str, value: str, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        raise RecipeError("RT103", f"{name} is {value!r}; expected one of {', '.join(map(repr, allowed))}")
    return value


def confidence_level(value: float) -> float:
    """Return `value` if it is a confidence level, strictly between 0 and 1."""
    if not _is_number(value) or not 0.0 < value < 1.0:
        raise RecipeError("RT103", f"confidence is {value!r}; expected a number between 0 and 1", hint="0.95 means 95 %")
    return float(value)


def positive(name: str, value: float) -> float:
    """Return `value` if it is a finite number above 0."""
    if not _is_number(value) or not 0.0 < value < np.inf:
        raise RecipeError("RT103", f"{name} is {value!r}; expected a number above 0")
    return float(value)


def whole_number(name: str, value: int, least: int) -> int:
    """Return `value` if it is a whole number, `least` or more."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise RecipeError("RT103", f"{name} is {value!r}; expected a whole number, {least} or more")
    return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def same_rows(inputs: Mapping[str, Any]) -> int:
    """Return the number of cases, after checking that all inputs have as many and list them in the same order."""
    for name, values in inputs.items():
        if np.ndim(values) == 0:
            raise ComputeError("RT305", f"{name} is a single value; expected one row per case")
    lengths = {name: len(values) for name, values in inputs.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ComputeError("RT305", f"the lengths differ: {found}", hint="give one row per case to every argument")
    indexed = [(name, values.index) for name, values in inputs.items() if hasattr(values, "iloc")]
    for name, index in indexed[1:]:
        first_name, first = indexed[0]
        if not index.equals(first):
            raise ComputeError(
                "RT305",
                f"the index of {name} is not the index of {first_name}",
                hint="align the tables on the case id first; rows are matched by position here",
            )
    n = next(iter(lengths.values()))
    if n == 0:
        raise ComputeError("RT301", "there are no cases")
    return n


def numbers(values: Any, name: str) -> FloatArray:
    """Return one column as finite floats."""
    array = np.asarray(values)
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        array = np.where(np.ma.getmaskarray(values), np.nan, array.astype(float)) if array.dtype.kind in "biuf" else array
    if array.dtype.kind == "O" and not any(isinstance(value, str) for value in array.ravel()):
        from pandas import isna

        array = np.where(isna(array), np.nan, array)
        try:
            array = array.astype(float)
        except (TypeError, ValueError):
            array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        hint = "a span of time becomes days: `span / pd.Timedelta(days=1)`" if array.dtype.kind in "mM" else None
        raise ComputeError("RT305", f"{name} holds values of type {array.dtype}; expected numbers", hint=hint)
    if array.ndim != 1:
        raise ComputeError("RT305", f"{name} has shape {array.shape}; expected one dimension, one value per case")
    array = array.astype(np.float64)
    missing = np.flatnonzero(np.isnan(array))
    if missing.size:
        raise ComputeError("RT305", f"{name} has {_values_at(missing, 'missing value')}", hint=DROP_HINT)
    infinite = np.flatnonzero(np.isinf(array))
    if infinite.size:
        raise ComputeError("RT305", f"{name} has {_values_at(infinite, 'infinite value')}")
    return array


def survival_times(time: Any, event: Any) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return follow-up times and event flags, with times that differ by rounding made equal."""
    times = numbers(time, "time")
    negative = np.flatnonzero(times < 0)
    if negative.size:
        raise ComputeError("RT305", f"time has {_values_at(negative, 'negative value')}; expected 0 or more")
    return _merge_close_times(times), flags(event, "event", "censored", "event")


def flags(values: Any, name: str, no: str, yes: str) -> NDArray[np.bool_]:
    """Return one column of zeros and ones as flags; `no` and `yes` say what they mean."""
    array = numbers(values, name)
    other = sorted(set(array.tolist()) - {0.0, 1.0})
    if other:
        raise ComputeError(
            "RT305",
            f"{name} holds {', '.join(f'{value:g}' for value in other[:5])}; expected 0 ({no}) and 1 ({yes})",
            hint="a status coded 1 and 2 becomes `status == 2`",
        )
    return np.asarray(array == 1.0)


def labels(values: Any, name: str) -> tuple[NDArray[np.intp], tuple[Any, ...]]:
    """Return the code of each case and the sorted levels; a pandas category keeps its own order."""
    from pandas import Categorical, factorize, isna

    if np.ndim(values) != 1:
        raise ComputeError("RT305", f"{name} has {np.ndim(values)} dimensions; expected one label per case")
    plain = np.asarray(values, dtype=object)
    missing = np.flatnonzero(isna(plain))
    if missing.size:
        raise ComputeError("RT305", f"{name} has {_values_at(missing, 'missing value')}", hint=DROP_HINT)
    column = getattr(values, "array", values)
    if isinstance(column, Categorical):
        column = column.remove_unused_categories()
        return np.asarray(column.codes, dtype=np.intp), tuple(column.categories.tolist())
    try:
        codes, levels = factorize(plain, sort=True)
    except TypeError:
        raise ComputeError("RT305", f"{name} holds labels that cannot be sorted; expected text or numbers") from None
    return np.asarray(codes, dtype=np.intp), tuple(levels.tolist())


def design_matrix(X: Any, names: Sequence[str] | None) -> tuple[FloatArray, tuple[str, ...]]:
    """Return covariates as floats, shape (n_cases, n_covariates), and their names."""
    table = hasattr(X, "columns")
    shape = np.shape(X)
    if len(shape) != 2 or shape[1] == 0:
        raise ComputeError("RT305", f"X has shape {shape}; expected (n_cases, n_covariates)")
    if names is None:
        names = [str(name) for name in X.columns] if table else [f"x{j + 1}" for j in range(shape[1])]
    if len(names) != shape[1] or len(set(names)) != shape[1]:
        raise ComputeError("RT305", f"X has {shape[1]} columns; expected as many different names, not {list(names)}")
    raw: Any = X.iloc if table else np.asarray(X)
    columns = [numbers(raw[:, j], f"column {name!r}") for j, name in enumerate(names)]
    return np.column_stack(columns), tuple(names)


def _values_at(positions: NDArray[np.intp], noun: str) -> str:
    """How many values there are of that kind, and in which rows."""
    shown = ", ".join(str(position) for position in positions[:5])
    rows = "row" if positions.size == 1 else "rows"
    return f"{counted(positions.size, noun)} ({rows} {shown}{', ...' if positions.size > 5 else ''}, counted from 0)"


def _merge_close_times(times: FloatArray) -> FloatArray:
    distinct = np.unique(times)
    if distinct.size < 2:
        return times
    gap = np.diff(distinct)
    close = (gap <= CLOSE_TIMES) | (gap <= CLOSE_TIMES * distinct.mean())
    if not close.any():
        return times
    starts = distinct[np.append(True, ~close)]
    merged: FloatArray = starts[np.searchsorted(starts, times, side="right") - 1]
    return merged
