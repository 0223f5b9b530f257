"""Cells of clinical columns: which are missing, which are numbers, and how a message counts and names them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from radiotype.errors import RecipeError, did_you_mean
from radiotype.errors import counted as counted

#: What a cell of a clinical column holds when there is no value, in lower case.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "<na>", "null"})


def is_missing(cells: pd.Series) -> pd.Series:
    """Whether a cell of text says that there is no value."""
    return cells.astype(str).str.strip().str.lower().isin(MISSING)


def as_numbers(cells: pd.Series) -> pd.Series:
    """The cells as numbers, NaN where a cell is missing or no finite number."""
    numbers = pd.to_numeric(cells.where(~is_missing(cells)), errors="coerce").astype("float64")
    return numbers.where(np.isfinite(numbers))


def refuse_cells(table: pd.DataFrame, column: str, wrong: pd.Series, what: str, hint: str) -> None:
    """Raise RT114 if a cell of `column` is wrong, naming up to three cases and never the cell itself."""
    if wrong.any():
        found = f"the column {column!r} has {counted(int(wrong.sum()), 'cell')} {what} (case {some(table['case_id'][wrong])})"
        raise RecipeError("RT114", found, hint=hint)


def were(n: int) -> str:
    """The verb after a count."""
    return "was" if n == 1 else "were"


def some(names: Iterable[object]) -> str:
    """Up to three names, and how many more there are."""
    every = list(dict.fromkeys(str(name) for name in names))
    more = len(every) - 3
    return ", ".join(every[:3]) + (f" and {more} more" if more > 0 else "")


def columns_hint(missing: Iterable[str], columns: Iterable[str], features: Iterable[str] = ()) -> str:
    """What to write in place of columns that are not there: the likeliest ones, and all that there are.

    Examples
    --------
    >>> columns_hint(["agee", "size"], ["age", "sex"])
    "did you mean 'age' for agee? The manifest has age, sex"
    """
    known = list(columns)
    choices = [*known, *features]
    guesses = [(name, did_you_mean(name, choices)) for name in missing]
    likely = [f"{guess.removeprefix(', did you mean ').removesuffix('?')} for {name}" for name, guess in guesses if guess]
    there = f"he manifest has {', '.join(known)}"
    return f"did you mean {', '.join(likely)}? T{there}" if likely else f"t{there}"
