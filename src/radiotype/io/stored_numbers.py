"""Tables of numbers that are stored as numbers: Parquet and AnnData."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radiotype.errors import InputError, did_you_mean
from radiotype.io.guard import foreign, require_file
from radiotype.io.number_table import FloatArray, NumberTable
from radiotype.io.text_rows import MAX_COLUMNS, require_bounds

#: Bytes by which Parquet describes a column, more than any writer uses; a longer description than this many of them is not
#: read.
_BYTES_OF_A_COLUMN = 4096


def read_parquet(path: Path, *, ids: str | None, leave_out: Sequence[str]) -> NumberTable:
    """A Parquet file. Row names are the column `ids`, or the stored index, or the first column of text.

    Raises
    ------
    InputError
        RT201, RT202, RT218, RT219.
    """
    _require_short_footer(path)
    with foreign(path, "the Parquet table"):
        from pyarrow.parquet import ParquetFile

        with ParquetFile(path) as file:
            require_bounds(file.metadata.num_rows, file.metadata.num_columns, path)
            frame = file.read().to_pandas()
    frame = _without(frame, leave_out, path)
    title, names, frame = _named_rows(frame, ids, path)
    if frame.empty:
        raise InputError("RT218", "the table has no numbers", file=path)
    for j, (name, kind) in enumerate(frame.dtypes.items()):
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind) or kind.kind == "c":
            raise InputError(
                "RT218", f"the column {name!r} holds no numbers", file=path, hint="leave it out with leave_out=[...]"
            )
        if kind.kind in "iu" and (frame.iloc[:, j].abs() > 2**53).any():
            raise InputError("RT218", f"the column {name!r} has numbers too large to be kept exactly", file=path)
    with foreign(path, "the Parquet table"):
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    columns = [_text(name, path) for name in frame.columns]
    return NumberTable(_finite(values, columns, path), names, columns, title)


def read_h5ad(path: Path, *, ids: str | None, leave_out: Sequence[str]) -> NumberTable:
    """The matrix X of an AnnData file: observations are rows, variables columns.

    Raises
    ------
    InputError
        RT201, RT202, RT211 without the package anndata, RT218, RT219.
    """
    require_file(path)
    try:
        import anndata
    except ImportError as error:
        raise InputError(
            "RT211", "AnnData files need the package anndata, which is not installed", file=path,
            hint="pip install 'radiotype[omics]', or save the table as Parquet: adata.to_df().to_parquet(...)",
        ) from error  # fmt: skip
    with foreign(path, "the AnnData file"):
        stored = anndata.read_h5ad(path, backed="r")
        try:
            require_bounds(stored.n_obs, stored.n_vars, path)
            matrix: Any = stored.X
            if matrix is None:
                raise InputError("RT218", "the file has no matrix X", file=path)
            matrix = matrix.to_memory() if hasattr(matrix, "to_memory") else matrix[...]
            dense = matrix.toarray() if hasattr(matrix, "toarray") else matrix
            values = np.array(dense, dtype=np.float64)
            rows, columns, titles = list(stored.obs_names), list(stored.var_names), list(map(str, stored.var.columns))
            if ids is not None:
                if ids not in titles:
                    raise InputError("RT218", f"`var` has no column {ids!r}{did_you_mean(ids, titles)}", file=path)
                columns = list(stored.var[ids])
        finally:
            stored.file.close()
    names = [_text(name, path) for name in columns]
    unknown = [name for name in leave_out if name not in names]
    if unknown:
        raise InputError("RT218", f"there is no variable {unknown[0]!r} to leave out", file=path)
    kept = [j for j, name in enumerate(names) if name not in set(leave_out)]
    values = values if len(kept) == len(names) else values[:, kept]
    names = [names[j] for j in kept]
    return NumberTable(_finite(values, names, path), [_text(name, path) for name in rows], names)


def _require_short_footer(path: Path) -> None:
    """Refuse a Parquet file whose description of columns alone would fill the memory."""
    if require_file(path) < 12:
        raise InputError("RT202", "the file is too short for Parquet", file=path)
    with foreign(path, "the Parquet table"), path.open("rb") as file:
        file.seek(-8, 2)
        end = file.read()
    if end[4:] != b"PAR1":
        raise InputError("RT202", "the file does not end as Parquet does", file=path, hint="export or copy it again")
    if int.from_bytes(end[:4], "little") > MAX_COLUMNS * _BYTES_OF_A_COLUMN:
        raise InputError("RT219", "the description of the columns is larger than is read", file=path)


def _without(frame: pd.DataFrame, leave_out: Sequence[str], path: Path) -> pd.DataFrame:
    for name in leave_out:
        if name not in frame.columns:
            known = [str(one) for one in frame.columns[:100]]
            raise InputError("RT218", f"there is no column {name!r} to leave out{did_you_mean(name, known)}", file=path)
    return frame.drop(columns=list(leave_out))


def _named_rows(frame: pd.DataFrame, ids: str | None, path: Path) -> tuple[str, list[str], pd.DataFrame]:
    """Title and cells of what names the rows, and the other columns."""
    if ids is not None and ids not in frame.columns and ids != frame.index.name:
        known = [str(one) for one in frame.columns[:100]]
        raise InputError("RT218", f"there is no column {ids!r}{did_you_mean(ids, known)}", file=path)
    if ids is None or ids not in frame.columns:
        if frame.index.nlevels > 1:
            raise InputError("RT218", "rows have several names each", file=path, hint="store one column of names; say ids=...")
        if not isinstance(frame.index, pd.RangeIndex):
            return str(frame.index.name or ""), [_text(name, path) for name in frame.index], frame
        texts = [
            name
            for name, kind in frame.dtypes.items()
            if pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind)
        ]
        if not texts:
            raise InputError("RT218", "the table has no column with names of rows", file=path, hint="say ids=...")
        ids = str(texts[0])
    if (frame.columns == ids).sum() > 1:
        raise InputError("RT218", f"the column {ids!r} is there more than once", file=path)
    return ids, [_text(name, path) for name in frame[ids]], frame.drop(columns=[ids])


def _text(name: object, path: Path) -> str:
    """A stored name as text: text itself and whole numbers; anything else is no longer what was written."""
    if isinstance(name, str) and name.strip():
        return name.strip()
    if isinstance(name, (int, np.integer)) and not isinstance(name, bool):
        return str(int(name))
    if name is None or name != name or name is pd.NA or not str(name).strip():
        raise InputError(
            "RT218", "a name is missing", file=path, hint="a gene called NA may have been lost when it was written"
        )
    kind = (
        "a date" if hasattr(name, "year") else "a number with decimals" if isinstance(name, (float, np.floating)) else "no text"
    )
    raise InputError("RT218", f"a name is stored as {kind}", file=path, hint="store names as text, from the original table")


def _finite(values: FloatArray, columns: list[str], path: Path) -> FloatArray:
    infinite = np.isinf(values).any(axis=0)
    if infinite.any():
        name = columns[int(np.argmax(infinite))]
        hint = "add a small number before taking logarithms"
        raise InputError("RT218", f"the column {name!r} has a value that is not finite", file=path, hint=hint)
    return values
