"""Gene sets, and what ids of genes mean, from files."""

from __future__ import annotations

from pathlib import Path

from radiotype.errors import InputError, did_you_mean
from radiotype.io.text_rows import text_rows

#: Most genes in all sets together: ten times MSigDB.
MAX_MEMBERS = 50_000_000


def read_gene_sets(path: str | Path, *, sets: str = "gene_set", genes: str = "gene") -> dict[str, tuple[str, ...]]:
    """Genes of each set, in the order of the file, with names exactly as the file has them.

    Names stay text: a gene called `NA`, leading zeros and genes that a spreadsheet made dates are as they were written; only
    blanks around them are cut off. Empty cells are passed over, and a gene that a set names twice stands in it once.

    Parameters
    ----------
    path : path
        GMT (.gmt: name, description, genes, told apart by tabs), or a CSV or TSV table with a row per gene of a set; each also
        compressed (.gz).
    sets, genes : str
        Titles of the two columns of a table; GMT has none.

    Returns
    -------
    dict of set name to genes
        A set without genes has an empty tuple; `radiotype.genomics.coverage` refuses it by name.

    Raises
    ------
    InputError
        RT201, RT202 if the file cannot be read; RT211 for another format; RT218 for a set that stands twice or has no name, a
        line that is no gene set, or a table without the two columns; RT219 above a bound.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "sets.gmt"
    >>> _ = file.write_text("CYCLE\\tfrom a paper\\tMKI67\\tNA\\t1-Mar\\nEMPTY\\tnothing\\n")
    >>> read_gene_sets(file)
    {'CYCLE': ('MKI67', 'NA', '1-Mar'), 'EMPTY': ()}
    """
    path = Path(path)
    suffix = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if suffix == ".gmt":
        return _from_gmt(path)
    if suffix not in (".csv", ".tsv", ".txt"):
        hint = "use .gmt, .csv, .tsv or .txt (also .gz)"
        raise InputError("RT211", f"gene sets in a file called {path.suffix!r} are not read", file=path, hint=hint)
    found: dict[str, dict[str, None]] = {}
    for n_members, (line, name, gene) in enumerate(_pairs(path, sets, genes)):
        if not name or not gene:
            what = "set" if not name else "gene"
            raise InputError("RT218", f"line {line} has no {what}", file=path, hint="fill the cell, or delete the row")
        _require_bound(n_members, path)
        found.setdefault(name, {})[gene] = None
    return {name: tuple(members) for name, members in found.items()}


def read_gene_names(path: str | Path, *, ids: str, names: str) -> dict[str, str]:
    """What an annotation table calls the gene of each id, such as the symbol of each probe.

    Parameters
    ----------
    path : path
        CSV or TSV, also compressed (.gz).
    ids, names : str
        Titles of the columns with the ids, and with the names of their genes.

    Returns
    -------
    dict of id to gene name
        An id whose gene has no name is there with an empty one.

    Raises
    ------
    InputError
        RT201, RT202, RT218 (an id with two different genes too), RT219.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "annotation.csv"
    >>> _ = file.write_text("probe,symbol\\n205225_at,ESR1\\n200000_at,\\n")
    >>> read_gene_names(file, ids="probe", names="symbol")
    {'205225_at': 'ESR1', '200000_at': ''}
    """
    path = Path(path)
    found: dict[str, str] = {}
    for line, one, name in _pairs(path, ids, names):
        if not one:
            raise InputError("RT218", f"line {line} has no id", file=path, hint="fill the cell, or delete the row")
        if found.setdefault(one, name) != name:
            raise InputError(
                "RT218",
                f"line {line}: the id {one!r} has a second gene",
                file=path,
                hint="keep one row per id",
            )
    return found


def _from_gmt(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    n_members = 0
    for line, row in text_rows(path, tabs_only=True):
        cells = [cell.strip() for cell in row]
        if len(cells) < 2:
            raise InputError(
                "RT218", f"line {line} has no tab; a gene set is name, description and genes", file=path,
                hint="tabs tell cells apart in GMT",
            )  # fmt: skip
        if not cells[0]:
            raise InputError("RT218", f"line {line} has no name", file=path, hint="name the set")
        if any(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in (cells[0], *cells[2:])):
            raise InputError(
                "RT218",
                f"line {line}: names stand in quotes, which GMT does not know",
                file=path,
                hint="write it without quotes",
            )
        if cells[0] in found:
            raise InputError("RT218", f"line {line}: the set {cells[0]!r} stands a second time", file=path, hint="rename one")
        n_members += len(cells)
        _require_bound(n_members, path)
        found[cells[0]] = tuple(dict.fromkeys(cell for cell in cells[2:] if cell))
    return found


def _pairs(path: Path, first: str, second: str) -> list[tuple[int, str, str]]:
    """Line and the cells of two columns of a table."""
    rows = text_rows(path)
    _, header = next(rows)
    titles = [title.strip() for title in header]
    for name in (first, second):
        if titles.count(name) != 1:
            there = "more than once" if name in titles else f"not{did_you_mean(name, [title for title in titles if title])}"
            listed = ", ".join(titles[:20])
            raise InputError(
                "RT218", f"the column {name!r} is there {there}; the table has {listed}", file=path, hint="name the two columns"
            )
    places = titles.index(first), titles.index(second)
    found: list[tuple[int, str, str]] = []
    for line, row in rows:
        if len(row) != len(titles):
            raise InputError(
                "RT218",
                f"line {line} has {len(row)} cells, the header has {len(titles)}",
                file=path,
                hint="put quotes around cells that hold the separator",
            )
        _require_bound(len(found), path)
        found.append((line, row[places[0]].strip(), row[places[1]].strip()))
    return found


def _require_bound(n_members: int, path: Path) -> None:
    if n_members > MAX_MEMBERS:
        raise InputError("RT219", f"the file names more than {MAX_MEMBERS:,} genes", file=path, hint="split it")
