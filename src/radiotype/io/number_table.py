"""Numbers with the names of their rows and columns, as a file has them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path

import numpy as np
import numpy.typing as npt

from radiotype.errors import InputError, did_you_mean
from radiotype.io.name_titles import titles_names
from radiotype.io.text_rows import require_bounds, text_rows

FloatArray = npt.NDArray[np.float64]

#: What stands for a missing value in a cell.
MISSING = frozenset({"", "NA", "na", "N/A", "#N/A", "NaN", "nan", "NULL", "null"})

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_PLAIN = {".": re.compile(r"[0-9eE+\-. ]*"), ",": re.compile(r"[0-9eE+\-, ]*")}


@dataclass(frozen=True, eq=False)
class NumberTable:
    """Values, shape (n_rows, n_columns), missing ones NaN; names as text; the title of the column of row names."""

    values: FloatArray
    rows: list[str]
    columns: list[str]
    title: str = ""


def read_separated(path: Path, *, ids: str | None, leave_out: Sequence[str], decimal: str) -> NumberTable:
    """A CSV or TSV file. Names are in the first column or that called `ids`; every other column that is not left out holds
    numbers.

    Raises
    ------
    InputError
        RT201, RT202, RT218, RT219.
    """
    rows = text_rows(path)
    _, header = next(rows)
    require_bounds(1, len(header) - 1 - len(leave_out), path)
    line, first = next(rows, (0, []))
    if not line:
        raise InputError("RT218", "the table has a header and no rows", file=path)
    header = [name.strip() for name in header]
    if len(first) == len(header) + 1 and first[-1].strip() and not (ids or titles_names(header[0])):
        header = ["", *header]  # R writes no title for the names of rows
    place, kept, unnamed = _places(header, ids, leave_out, path)
    values = _Values(path, decimal, [header[j] for j in kept])
    names: list[str] = []
    while line:
        if len(first) != len(header):
            raise InputError(
                "RT218",
                f"line {line} has {len(first)} cells, the header has {len(header)}",
                file=path,
                hint="put quotes around cells that hold the separator, such as a decimal comma (then say decimal=','); "
                "fill every row; give every column a title",
            )
        if any(first[j].strip() for j in unnamed):
            raise InputError("RT218", f"line {line} has a value in a column without a name", file=path, hint="name the column")
        names.append(_name(first[place], line, path))
        values.add(_taken(first, kept), line)
        line, first = next(rows, (0, []))
    return NumberTable(values.stacked(), names, [header[j] for j in kept], header[place])


def read_gct(path: Path, *, ids: str | None, leave_out: Sequence[str], decimal: str) -> NumberTable:
    """A GCT file, version 1.2 or 1.3: genes in rows.

    Raises
    ------
    InputError
        RT201, RT202, RT209 if its second line does not fit the rest, RT211 for another version, RT218, RT219.
    """
    rows = text_rows(path, tabs_only=True)
    _, version = next(rows)
    if version[0].strip() not in ("#1.2", "#1.3"):
        raise InputError("RT211", "the file does not begin with #1.2 or #1.3, as GCT does", file=path)
    longer = version[0].strip() == "#1.3"
    line, counts = next(rows, (2, []))
    told = [text.strip() for text in counts if text.strip()]
    if len(told) != (4 if longer else 2) or not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in told):
        raise InputError("RT209", f"line {line} does not hold the {4 if longer else 2} numbers of rows and columns", file=path)
    n_rows, n_columns, n_notes, n_more = [int(text) for text in told] if longer else [*map(int, told), 1, 0]
    require_bounds(n_rows, n_columns, path)
    line, header = next(rows, (3, []))
    header = _filled([name.strip() for name in header], 1 + n_notes + n_columns, line, path)
    titles, columns = header[: 1 + n_notes], header[1 + n_notes :]
    place = _place_of(ids, titles, path) if ids is not None else 0
    left_out = set(leave_out)
    kept = [j for j, name in enumerate(columns) if name not in left_out]
    _require_known(leave_out, header, path)
    if not kept:
        raise InputError("RT218", "the table has no column of numbers", file=path)
    for _ in range(n_more):  # facts about samples
        if next(rows, None) is None:
            break
    values = _Values(path, decimal, [columns[j] for j in kept])
    names: list[str] = []
    for line, row in rows:
        cells = _filled(row, len(header), line, path)
        names.append(_name(cells[place], line, path))
        values.add(_taken(cells[1 + n_notes :], kept), line)
        if len(names) > n_rows:
            break
    if len(names) != n_rows:
        found = f"{len(names):,}" if len(names) < n_rows else "more"
        raise InputError("RT209", f"line 2 promises {n_rows:,} rows, the file has {found}", file=path, hint="export it again")
    for name in (*names, *columns):
        if len(name) > 1 and name[0] == name[-1] == '"':
            raise InputError(
                "RT218", "names stand in quotes, which GCT does not know", file=path, hint="write it without quotes"
            )
    return NumberTable(values.stacked(), names, [columns[j] for j in kept], titles[place])


def require_once(names: Sequence[str], what: str, path: Path) -> None:
    """Refuse a name that stands twice.

    Raises
    ------
    InputError
        RT218.
    """
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise InputError("RT218", f"{what} {twice[0]!r} stands {names.count(twice[0])} times", file=path, hint="keep it once")


def _places(header: list[str], ids: str | None, leave_out: Sequence[str], path: Path) -> tuple[int, list[int], list[int]]:
    """Where the names stand, the columns of numbers, and those without a name."""
    place = _place_of(ids, header, path) if ids is not None else 0
    _require_known(leave_out, header, path)
    left_out = set(leave_out)
    others = [j for j, name in enumerate(header) if j != place and name not in left_out]
    kept = [j for j in others if header[j]]
    if not kept:
        raise InputError(
            "RT218", "the header names no column of numbers", file=path, hint="are cells told apart by comma, semicolon or tab?"
        )
    return place, kept, [j for j in others if not header[j]]


def _place_of(name: str, header: list[str], path: Path) -> int:
    if header.count(name) != 1:
        found = "more than once" if name in header else f"not{did_you_mean(name, [one for one in header[:100] if one])}"
        raise InputError("RT218", f"the column {name!r} is there {found}", file=path)
    return header.index(name)


def _require_known(leave_out: Sequence[str], header: list[str], path: Path) -> None:
    there = set(header)
    for name in leave_out:
        if name not in there:
            raise InputError("RT218", f"there is no column {name!r} to leave out{did_you_mean(name, header[:100])}", file=path)


def _filled(cells: list[str], n: int, line: int, path: Path) -> list[str]:
    """The cells of a row, without the blank ones that a spreadsheet adds behind."""
    if len(cells) < n or any(cell.strip() for cell in cells[n:]):
        raise InputError("RT209", f"line {line} has {len(cells)} cells, line 2 promises {n}", file=path, hint="export it again")
    return cells[:n]


def _name(cell: str, line: int, path: Path) -> str:
    name = cell.strip()
    if not name:
        raise InputError("RT218", f"line {line} has no name", file=path, hint="name the row, or delete it")
    return name


def _taken(cells: list[str], places: list[int]) -> list[str]:
    if places[-1] - places[0] + 1 == len(places):
        return cells[places[0] : places[-1] + 1]
    return list(itemgetter(*places)(cells))


class _Values:
    """Rows of cells turned into numbers, many at a time. What a cell holds is not repeated: it may be a person's name."""

    _AT_A_TIME = 2**14

    def __init__(self, path: Path, decimal: str, columns: list[str]) -> None:
        self._path = path
        self._decimal = decimal
        self._columns = columns
        self._blocks: list[FloatArray] = []
        self._cells: list[str] = []
        self._lines: list[int] = []
        self._n_rows = 0

    def add(self, cells: list[str], line: int) -> None:
        self._n_rows += 1
        require_bounds(self._n_rows, len(self._columns), self._path)
        self._cells += cells
        self._lines.append(line)
        if len(self._cells) >= self._AT_A_TIME:
            self._parse()

    def stacked(self) -> FloatArray:
        """All rows as one array; what they were read into is let go as it is copied."""
        self._parse()
        values = np.empty((self._n_rows, len(self._columns)))
        end = self._n_rows
        while self._blocks:
            block = self._blocks.pop()
            values[end - len(block) : end] = block
            end -= len(block)
        return values

    def _parse(self) -> None:
        n = len(self._columns)
        if self._lines:
            values = self._numbers(self._cells)
            if values is None:
                slow = (self._one_by_one(self._cells[i * n : (i + 1) * n], line) for i, line in enumerate(self._lines))
                values = np.fromiter(chain.from_iterable(slow), dtype=np.float64, count=len(self._cells))
            self._blocks.append(values.reshape(-1, n))
        self._cells, self._lines = [], []

    def _numbers(self, cells: list[str]) -> FloatArray | None:
        """Values of cells that are all plain numbers; None if one is not."""
        if not _PLAIN[self._decimal].fullmatch("".join(cells)):
            return None
        try:
            values = np.array(cells if self._decimal == "." else [cell.replace(",", ".") for cell in cells], dtype=np.float64)
        except ValueError:
            return None
        return values if np.isfinite(values).all() else None

    def _one_by_one(self, cells: list[str], line: int) -> Iterator[float]:
        for j, cell in enumerate(cells):
            text = cell.strip()
            if text in MISSING:
                yield float("nan")
                continue
            if self._decimal == ",":
                text = text.replace(".", "?").replace(",", ".")
            value = float(text) if _NUMBER.fullmatch(text) else float("nan")
            if not np.isfinite(value):
                raise self._refused(text, line, j)
            yield value

    def _refused(self, text: str, line: int, j: int) -> InputError:
        found, hint = "is no number", "leave columns of text out with leave_out=[...]; write NA for a missing value"
        if _INFINITE.fullmatch(text) or _NUMBER.fullmatch(text):
            found, hint = "is not finite", "add a small number before taking logarithms"
        elif self._decimal == "." and _NUMBER.fullmatch(text.replace(",", ".")):
            found, hint = "holds a comma", "say decimal=',' if commas stand before decimals; remove those between thousands"
        elif self._decimal == "," and _NUMBER.fullmatch(text.replace("?", ".")):
            found, hint = "holds a point where decimal=',' was said", "write every number alike"
        return InputError("RT218", f"line {line}, column {self._columns[j]!r}: the cell {found}", file=self._path, hint=hint)
