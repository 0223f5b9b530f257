"""`radiotype index`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import typer

from radiotype.cli.app import DONE
from radiotype.errors import RecipeError, StoreError
from radiotype.io.discover import index
from radiotype.run.progress import progress

#: How the cells of a manifest are told apart, by the suffix of its file.
SEPARATORS = {".csv": ",", ".tsv": "\t"}


def run_index(folder: Path, output: Path, ids: str, overwrite: bool) -> int:
    """Write the manifest of a folder and what was not used; the exit code."""
    if output.suffix.lower() not in SEPARATORS:
        raise RecipeError("RT103", "a manifest is written as .csv or .tsv", file=output, hint="give --output such a name")
    notes = output.with_name(f"{output.stem}.notes.csv")
    for path in (output, notes):
        if path.exists() and not overwrite:
            raise StoreError(
                "RT402",
                "this file is already there and may have been edited",
                file=path,
                hint="name another or give --overwrite",
            )
        if path.is_dir():
            raise StoreError("RT401", "there is a folder of this name", file=path, hint="name another file")
    found = index(folder, relative_to=output.parent, ids=ids, progress=progress)  # type: ignore[arg-type]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for path, table in ((notes, found.notes), (output, found.manifest)):
            _write(path, table)
    except OSError as error:
        raise StoreError("RT401", f"the manifest cannot be written ({error.strerror})", file=output) from error
    n_cases = found.manifest["case_id"].nunique()
    typer.echo(f"{found.n_files} files: {n_cases} cases, {len(found.manifest)} regions, {len(found.notes)} notes")
    typer.echo(f"manifest: {output}")
    typer.echo(f"notes: {notes}")
    return DONE


def _write(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole or not at all."""
    text = table.to_csv(index=False, lineterminator="\n", sep=SEPARATORS[path.suffix.lower()])
    temporary = path.with_name(f".writing-{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
