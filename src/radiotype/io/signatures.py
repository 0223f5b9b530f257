"""Files of gene signatures: a description in JSON, and tables of weights beside it or in the data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from radiotype.errors import InputError, unwritable
from radiotype.io.guard import foreign, require_file

#: Larger files are no signatures, bytes.
MAX_BYTES = 64 * 2**20


def read_signature_file(path: Path) -> dict[str, Any]:
    """The description of a signature as plain data, as its JSON says it.

    Raises
    ------
    InputError
        RT201 or RT202 if it cannot be read; RT222 if it is no JSON object, is too large or says one thing twice.
    """
    if require_file(path) > MAX_BYTES:
        raise InputError("RT222", f"the file is larger than {MAX_BYTES // 2**20} MB", file=path)
    with foreign(path, "the signature"):
        text = path.read_text(encoding="utf-8-sig")
    try:
        content = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        found = f"line {error.lineno} is no JSON ({error.msg})"
        raise InputError("RT222", found, file=path) from error
    except (ValueError, RecursionError) as error:
        raise InputError("RT222", f"the description cannot be read ({error})", file=path) from error
    if not isinstance(content, dict):
        raise InputError("RT222", "the file holds no JSON object", file=path)
    return content


def read_signature_table(path: Path) -> pd.DataFrame:
    """A table beside a signature, not compressed, every cell as text; a first column without a name is called `gene`.

    Raises
    ------
    InputError
        RT201 or RT202 if it cannot be read; RT222 if it is too large or a column stands twice.
    """
    if require_file(path) > MAX_BYTES:
        raise InputError("RT222", f"the table is larger than {MAX_BYTES // 2**20} MB", file=path)
    with foreign(path, "the table of the signature"):
        separator = "\t" if path.suffix.lower() in (".tsv", ".txt") else ","
        cells = pd.read_csv(
            path, sep=separator, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", compression=None
        )
    names = [str(name).strip() for name in cells.iloc[0]]
    if not names[0] and "gene" not in names:
        names[0] = "gene"
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InputError("RT222", f"the table has the column {twice[0]!r} more than once", file=path)
    table = cells.iloc[1:].reset_index(drop=True).set_axis(names, axis=1)
    return table.loc[:, [bool(name) for name in names]].apply(lambda column: column.str.strip())


def write_signature_file(content: dict[str, Any], path: Path) -> None:
    """Write a description as JSON; the same content gives the same bytes.

    Raises
    ------
    StoreError
        RT401 or RT405 if the file cannot be written.
    """
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes((json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8"))
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise unwritable(error, path) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")
