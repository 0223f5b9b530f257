"""Tables in which every cell stays the text that was written."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from radiotype.errors import RecipeError

#: The first line by which a spreadsheet says what tells cells apart.
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


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
            stored = stored.reset_index() if any(stored.index.names) else stored
            header, rows = [str(name) for name in stored.columns], stored.astype("string").fillna("").to_numpy().tolist()
            numbered = list(enumerate(rows, 2))
        else:
            header, numbered = _separated(path)
    except RecipeError:
        raise
    except (OSError, ValueError, ImportError, TypeError, csv.Error) as error:
        missing = isinstance(error, OSError) and bool(error.strerror)
        reason = error.strerror if isinstance(error, OSError) and missing else " ".join(str(error).split())[:200]
        hint = "check the path" if missing else "save it as UTF-8 text (a spreadsheet calls it CSV UTF-8)"
        raise RecipeError("RT110", f"the table cannot be read ({reason})", file=path, hint=hint) from error
    names = [name.strip() for name in header]
    if "" in names:
        names, numbered = _without_blank_columns(names, numbered, path)
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
    told = SEPARATOR_LINE.match(text)
    skipped = told.end() if told else 0
    separator = told.group(1) if told else "\t" if path.suffix.lower() == ".tsv" else separator_of(text)
    reader = csv.reader(io.StringIO(text[skipped:], newline=""), delimiter=separator, strict=True)
    before = 1 if told else 0
    rows: list[tuple[int, list[str]]] = []
    start = 1 + before
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((start, row))
            start = reader.line_num + 1 + before
    except csv.Error as error:
        raise RecipeError("RT110", f"line {reader.line_num + before} cannot be read ({error})", file=path) from error
    if not rows:
        raise RecipeError("RT110", "the table cannot be read: it is empty", file=path)
    return rows[0][1], rows[1:]


def separator_of(text: str) -> str:
    """What tells the cells of the first line apart: of comma, semicolon and tab the one that gives most cells."""
    line = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    counts = {sign: len(next(csv.reader([line], delimiter=sign), [])) for sign in ",;\t"}
    return max(counts, key=lambda sign: counts[sign])


def _without_blank_columns(
    names: list[str], rows: list[tuple[int, list[str]]], path: Path
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The table without columns that have neither a name nor a value; a column of values needs a name.

    Raises
    ------
    RecipeError
        RT110.
    """
    blank = {n for n, name in enumerate(names) if not name}
    if any(str(row[n]).strip() for _, row in rows if len(row) == len(names) for n in blank):
        raise RecipeError(
            "RT110",
            "a column with values has no name",
            file=path,
            hint="name it or delete it; pandas writes none with to_csv(index=False)",
        )
    kept = [n for n in range(len(names)) if n not in blank]
    even = [(line, [row[n] for n in kept] if len(row) == len(names) else row) for line, row in rows]
    return [names[n] for n in kept], even
