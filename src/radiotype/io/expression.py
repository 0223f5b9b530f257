"""Tables of expression: samples in rows and genes in columns, whatever way round the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from radiotype.core.gene_names import surely_genes
from radiotype.errors import InputError, RecipeError
from radiotype.io.name_titles import Side, samples_by_title
from radiotype.io.number_table import NumberTable, read_gct, read_separated, require_once
from radiotype.io.stored_numbers import read_h5ad, read_parquet


def read_expression(
    path: str | Path,
    *,
    samples: Side | None = None,
    ids: str | None = None,
    leave_out: Sequence[str] = (),
    decimal: Literal[".", ","] = ".",
) -> pd.DataFrame:
    """Values of every gene in every sample, with names exactly as the file has them.

    Names stay text: leading zeros, a gene called `NA` and genes that a spreadsheet made dates are as they were written; only
    blanks around them are cut off. `radiotype.genomics.tidy_expression` says what they are and repairs them. A gene may stand
    twice (probes of one gene), a sample may not.

    Parameters
    ----------
    path : path
        CSV or TSV (.csv, .tsv, .txt), also a series matrix of GEO (.txt); GCT 1.2 or 1.3 (.gct); each also compressed
        (.gz); Parquet; AnnData (.h5ad; extra `omics`). At most 200,000 columns of text or Parquet, and 2**28 values, are
        read.
    samples : "rows" or "columns", optional
        Where the samples stand in the file. GCT has them in columns and AnnData in rows. For the others it is recognised when
        left out: by the title of the column of names (`gene`, `symbol`, `probe_id`; `sample_id`, `patient_id` ...), and by
        names that only genes have on one side of the table and not on the other (66 well-known symbols, Ensembl, RefSeq and
        probe ids). The shape of the table says nothing. Where neither decides, or they contradict each other, the table is
        refused.
    ids : str, optional
        Title of the column with the names of the rows; the first column when left out (Parquet: the index, or the first column
        of text). In GCT `Description` or another column beside the first; in AnnData a column of `var` with the names of the
        genes.
    leave_out : sequence of str
        Titles of columns that hold no expression.
    decimal : "." or ","
        What stands before the decimals in text.

    Returns
    -------
    data frame, shape (n_samples, n_genes), float64
        NaN where the file has an empty cell, NA, N/A, NaN or null.

    Raises
    ------
    InputError
        RT201, RT202 if the file cannot be read; RT209 if it does not fit its header; RT211 for another format; RT218 for a row
        of another length, a sample or title that stands twice, a name that is missing, a cell that is no finite number, or
        samples that may stand in rows or columns; RT219 above a bound.
    RecipeError
        RT103 for another value of `samples` or `decimal`.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "expression.csv"
    >>> _ = file.write_text("gene,007,008\\nTP53,1.5,2\\nNA,0,NA\\n1-Mar,3,4\\n")
    >>> read_expression(file)
         TP53   NA  1-Mar
    007   1.5  0.0    3.0
    008   2.0  NaN    4.0
    """
    path = Path(path)
    for value, allowed, name in ((samples, ("rows", "columns", None), "samples"), (decimal, (".", ","), "decimal")):
        if value not in allowed:
            raise RecipeError("RT103", f"{name} is {value!r}; expected {allowed[0]!r} or {allowed[1]!r}")
    if isinstance(leave_out, str):
        raise RecipeError("RT103", "leave_out is one text; expected a list of titles", hint=f"write leave_out=[{leave_out!r}]")
    suffix = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix == ".gct":
        table, side = read_gct(path, ids=ids, leave_out=leave_out, decimal=decimal), "columns"
    elif suffix == ".h5ad" and path.suffix.lower() != ".gz":
        table, side = read_h5ad(path, ids=ids, leave_out=leave_out), "rows"
    elif suffix in (".csv", ".tsv", ".txt"):
        table = read_separated(path, ids=ids, leave_out=leave_out, decimal=decimal)
        side = samples or _side_of_samples(table, path)
    elif suffix == ".parquet" and path.suffix.lower() != ".gz":
        table = read_parquet(path, ids=ids, leave_out=leave_out)
        side = samples or _side_of_samples(table, path)
    else:
        raise InputError(
            "RT211", f"a table of expression called {path.suffix!r} is not read", file=path,
            hint="use .csv, .tsv, .txt or .gct (also .gz), .parquet or .h5ad",
        )  # fmt: skip
    if samples is not None and samples != side:
        raise InputError("RT218", f"this format has its samples in {side}", file=path, hint="leave `samples` out")
    if not (table.rows and table.columns):
        raise InputError("RT218", "the table has no numbers", file=path)
    names, genes = (table.rows, table.columns) if side == "rows" else (table.columns, table.rows)
    require_once(names, "sample", path)
    values = table.values if side == "rows" else table.values.T
    return pd.DataFrame(values, index=pd.Index(names, dtype=object), columns=pd.Index(genes, dtype=object))


def _side_of_samples(table: NumberTable, path: Path) -> Side:
    """Where the samples stand; the names decide, never the shape."""
    told = samples_by_title(table.title)
    in_rows, in_columns = surely_genes(table.rows), surely_genes(table.columns)
    found: Side | None = None
    if max(in_rows, in_columns) > 10 * min(in_rows, in_columns):
        found = "columns" if in_rows > in_columns else "rows"
    if told and found and told != found:
        raise _unclear(f"the column of names is called {table.title!r}, but genes seem to stand on the other side", path)
    side = told or found
    if side is None:
        raise _unclear("it is not clear whether samples stand in rows or in columns", path)
    return side


def _unclear(found: str, path: Path) -> InputError:
    return InputError("RT218", found, file=path, hint="say samples='rows' or samples='columns'")
