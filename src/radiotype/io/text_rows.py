"""Rows of a text file, one at a time, within a bound; compressed or not."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import IO, Any

from radiotype.errors import InputError
from radiotype.io.guard import foreign, require_file
from radiotype.io.text_table import SEPARATOR_LINE, separator_of

#: Longest line that is read, characters: 200,000 columns of 160.
MAX_LINE = 2**25

#: A compressed text above `SWELLS_FROM` characters that swells more than this is taken for a bomb. Tables of numbers swell 3 to
#: 20 times.
MAX_TEXT_SWELLING = 200
SWELLS_FROM = 2**23

#: How the lines begin that stand before and after the table in a series matrix.
SERIES_TABLE = "!series_matrix_table_"

#: Characters of the header by which its separator is told.
_ENOUGH = 100_000

#: Most columns of a table, and most values: 2 GiB of them.
MAX_COLUMNS = 200_000
MAX_VALUES = 2**28


def text_rows(path: Path, *, tabs_only: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and cells of each row; blank lines are passed over.

    Parameters
    ----------
    path : path
        UTF-8, with or without byte order mark; lines end with LF, CRLF or CR; compressed if it is called .gz.
    tabs_only : bool
        Whether tabs tell cells apart and quotes mean nothing, as in GMT and GCT. Otherwise a first line `sep=` says what does,
        or the name .tsv, or that of comma, semicolon and tab which gives the header most cells; and cells may stand in quotes.
        Of a series matrix of the Gene Expression Omnibus, the table between its lines that begin with an exclamation mark.

    Raises
    ------
    InputError
        RT201, RT202 if it cannot be read or is no UTF-8 text; RT218 for quotes that do not end; RT219 above a bound.
    """
    require_file(path)
    with _opened(path) as lines:
        first = next((line for line in lines if line.text.strip()), None)
        if first is None:
            raise InputError("RT218", "the table is empty", file=path)
        if tabs_only:
            yield first.number, _cells(first.text)
            for line in lines:
                if line.text.strip():
                    yield line.number, _cells(line.text)
            return
        if first.text.startswith("!"):
            first, lines = _series_table(lines, path)
        told = SEPARATOR_LINE.fullmatch(first.text)
        if told:
            first = next((line for line in lines if line.text.strip()), None)
            if first is None:
                raise InputError("RT218", "the table is empty", file=path)
        separator = told.group(1) if told else "\t" if ".tsv" in path.name.lower() else separator_of(first.text[:_ENOUGH])
        yield from _quoted_rows(first, lines, separator, path)


class _Line:
    """A line and where it stands."""

    __slots__ = ("number", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text


def _quoted_rows(first: _Line, lines: Iterator[_Line], separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    place = [first.number]

    def texts() -> Iterator[str]:
        yield first.text
        for line in lines:
            place[0] = line.number
            yield line.text

    reader = csv.reader(texts(), delimiter=separator, strict=True)
    start = first.number
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield start, row
            start = place[0] + 1
    except csv.Error as error:
        raise InputError(
            "RT218", f"line {start} cannot be read ({error})", file=path, hint="look for quotes that do not end"
        ) from error


def _series_table(lines: Iterator[_Line], path: Path) -> tuple[_Line, Iterator[_Line]]:
    """The first line of the table in a series matrix, and those after it."""
    for line in lines:
        if line.text.lower().startswith(SERIES_TABLE + "begin"):
            break
    first = next((line for line in lines if line.text.strip()), None)
    if first is None or first.text.startswith("!"):
        raise InputError(
            "RT218", "lines begin with `!`, as in a series matrix, but no table follows", file=path,
            hint=f"the table stands between {SERIES_TABLE}begin and {SERIES_TABLE}end",
        )  # fmt: skip
    return first, takewhile(lambda line: not line.text.lower().startswith(SERIES_TABLE + "end"), lines)


def _cells(line: str) -> list[str]:
    return line.rstrip("\r\n").split("\t")


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[_Line]]:
    with foreign(path, "the table"):
        stored = path.open("rb")
    with stored:
        if path.suffix.lower() == ".gz":
            with foreign(path, "the table"):
                _require_little_swelling(stored, path)
            with gzip.GzipFile(fileobj=stored) as unpacked:
                yield _lines(unpacked, stored, path)
        else:
            yield _lines(stored, None, path)


def _require_little_swelling(stored: IO[bytes], path: Path) -> None:
    """Refuse a compressed file that says itself, in its last four bytes, that it swells too much."""
    if stored.read(2) == b"\x1f\x8b":
        size = stored.seek(0, os.SEEK_END)
        stored.seek(max(size - 4, 0))
        if int.from_bytes(stored.read(), "little") > max(SWELLS_FROM, size * MAX_TEXT_SWELLING):
            raise _swollen(path)
    stored.seek(0)


def _lines(file: Any, stored: IO[bytes] | None, path: Path) -> Iterator[_Line]:
    """Lines of UTF-8 text, each as short as allowed; `stored` is the compressed file below, which tells how far it swells."""
    number = n_characters = 0
    try:
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            while line := text.readline(MAX_LINE):  # no `foreign` around it: that would silence warnings between two rows
                number += 1
                n_characters += len(line)
                if "\0" in line:
                    raise InputError(
                        "RT202", f"line {number} holds NUL bytes", file=path, hint="save it as UTF-8 text; UTF-16 is not read"
                    )
                if len(line) == MAX_LINE:
                    raise InputError("RT219", f"line {number} has more than {MAX_LINE:,} characters", file=path)
                if stored is not None and n_characters > max(SWELLS_FROM, stored.tell() * MAX_TEXT_SWELLING):
                    raise _swollen(path)
                yield _Line(number, line)
    except UnicodeDecodeError as error:
        raise InputError(
            "RT202",
            f"the text {f'after line {number}' if number else 'of the first line'} is not UTF-8",
            file=path,
            hint="save it as UTF-8 text (a spreadsheet calls it CSV UTF-8)",
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        with foreign(path, "the table"):
            raise error


def _swollen(path: Path) -> InputError:
    return InputError(
        "RT219",
        f"the compressed text swells more than {MAX_TEXT_SWELLING} times",
        file=path,
        hint="unpack it yourself if it is really a table",
    )


def require_bounds(n_rows: int, n_columns: int, path: Path) -> None:
    """Refuse a table before it is read that has too many columns or values.

    Raises
    ------
    InputError
        RT219.
    """
    if n_columns > MAX_COLUMNS:
        raise InputError(
            "RT219",
            f"the table has {n_columns:,} columns; at most {MAX_COLUMNS:,} are read",
            file=path,
            hint="turn it, so that these stand in rows, or leave columns out",
        )
    if n_rows * n_columns > MAX_VALUES:
        raise InputError(
            "RT219", f"the table has more than {MAX_VALUES:,} values", file=path, hint="split it, or leave rows out"
        )
