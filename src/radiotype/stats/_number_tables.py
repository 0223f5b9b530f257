"""Tables of numbers: what counts as one, before anything is made a float."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError

if TYPE_CHECKING:
    from pandas import Series

NUMBERS = "biuf"
"""Kinds of types that are numbers; complex numbers, dates, spans of time, text and categories are not."""

_OBJECTS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty")


def number_table(values: Any, names: Sequence[str]) -> NDArray[np.float64]:
    """A data frame or array as floats, missing values NaN, shape (n_cases, n_columns); `names` are those of the columns.

    A column of objects is taken if each is a number or missing. Any other is refused by RT305, the first by its name.
    """
    from pandas import DataFrame, isna

    if np.ma.isMaskedArray(values):
        if values.dtype.kind in NUMBERS:
            return np.ma.asarray(values, dtype=np.float64).filled(np.nan)
        values = values.filled(np.nan) if values.dtype.kind == "O" else values.data
    if not hasattr(values, "columns"):
        array = np.asarray(values)
        if array.dtype.kind in NUMBERS:
            return np.asarray(array, dtype=np.float64)
        # in a list of rows one text makes text of all
        values = DataFrame(array if hasattr(values, "dtype") else np.array(values, dtype=object))
    if all(dtype.kind in NUMBERS for dtype in set(values.dtypes)):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    for j, (name, dtype) in enumerate(zip(names, values.dtypes, strict=True)):
        if dtype.kind not in NUMBERS and not _are_numbers(values.iloc[:, j]):
            hint = "a span of time becomes days: `span / pd.Timedelta(days=1)`" if dtype.kind == "m" else None
            found = f"{name!r} holds something else than numbers ({dtype}); expected numbers, NaN where missing"
            raise ComputeError("RT305", found, hint=hint)
    cells = values.to_numpy(dtype=object)
    try:
        return np.asarray(np.where(isna(cells), np.nan, cells).astype(np.float64))
    except OverflowError:
        raise ComputeError("RT305", "a whole number is too large for a float") from None


def _are_numbers(column: Series) -> bool:
    """Whether this is a column of objects of which each is a number or missing."""
    from pandas.api.types import infer_dtype, is_object_dtype

    if not is_object_dtype(column.dtype):
        return False
    if infer_dtype(column, skipna=True) in _OBJECTS:
        return True
    return all(isinstance(cell, (Real, Decimal, np.bool_)) for cell in column[column.notna()])
