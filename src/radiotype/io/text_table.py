"""Tables in which every cell stays the text that was written."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from radiotype.errors import RecipeError


@dataclass(frozen=True, eq=False)
class TextTable:
    """A table of text, the line on which each row stands, and the lines that do not have one cell per column.

    Parameters
    ----------
    frame : data frame, text
        Surrounding blanks are cut off every cell.
    lines : tuple of int
        Line of the file for each row; 1 is the header.
    uneven : tuple of (line, number of cells)
    """

    frame: pd.DataFrame
    lines: tuple[int, ...]
    uneven: tuple[tuple[int, int], ...] = ()


def read_text_table(path: str | Path) -> pd.DataFrame:
    """A CSV, TSV or Parquet table with every cell as text, so that an id such as 00007 stays as it is.

    Raises
    ------
    RecipeError
        RT110 if it cannot be read, is empty, holds NUL bytes, repeats a column or has a line with too many or too few cells.
    """
    table = read_text_lines(path)
    if table.uneven:
        raise uneven_line(table, *table.uneven[0], path)
    if table.frame.empty:
        raise RecipeError("RT110", "the table has no rows", file=path)
    return table.frame


def uneven_line(table: TextTable, line: int, n_cells: int, path: str | Path) -> RecipeError:
    """The error of a line that does not have one cell per column."""
    return RecipeError(
        "RT110",
        f"line {line} has {n_cells} cells, the header has {table.frame.shape[1]}",
        file=path,
        hint="put quotes around cells that hold the separator",
    )


def read_text_lines(path: str | Path) -> TextTable:
    """The same, but uneven lines are left out and listed instead of refused.

    Raises
    ------
    RecipeError
        RT110 for everything else that `read_text_table` refuses.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".parquet":
            stored = pd.read_parquet(path)
            header, rows = [str(name) for name in stored.columns], stored.astype("string").fillna("").to_numpy().tolist()
            numbered = list(enumerate(rows, 2))
        else:
            header, numbered = _separated(path)
    except RecipeError:
        raise
    except (OSError, ValueError, ImportError, TypeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())[:200]
        raise RecipeError("RT110", f"the table cannot be read ({reason})", file=path, hint="save it as UTF-8 text") from error
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise RecipeError("RT110", f"the table has the column {repeated[0]!r} more than once", file=path)
    even = [(line, row) for line, row in numbered if len(row) == len(names)]
    frame = pd.DataFrame([[str(cell).strip() for cell in row] for _, row in even], columns=names, dtype=object)
    uneven = tuple((line, len(row)) for line, row in numbered if len(row) != len(names))
    return TextTable(frame, tuple(line for line, _ in even), uneven)


def _separated(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header, and rows with their line, of a file with separators; blank lines are passed over."""
    raw = path.read_bytes()
    if b"\0" in raw:
        raise RecipeError("RT110", "the table holds NUL bytes", file=path, hint="save it as UTF-8 text")
    text = raw.decode("utf-8-sig")
    first = text.partition("\n")[0]
    separator = "\t" if path.suffix.lower() in (".tsv", ".txt") else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise RecipeError("RT110", f"line {reader.line_num} cannot be read ({error})", file=path) from error
    if not rows:
        raise RecipeError("RT110", "the table cannot be read: it is empty", file=path)
    return rows[0][1], rows[1:]
