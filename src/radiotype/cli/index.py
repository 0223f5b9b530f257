"""`radiotype index`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import typer

from radiotype.cli.app import DONE
from radiotype.errors import StoreError
from radiotype.io.discover import index
from radiotype.run.progress import progress


def run_index(folder: Path, output: Path, ids: str, overwrite: bool) -> int:
    """Write the manifest of a folder and what was not used; the exit code."""
    notes = output.with_name(f"{output.stem}.notes.csv")
    for path in (output, notes):
        if path.exists() and not overwrite:
            raise StoreError(
                "RT402",
                "this file is already there and may have been edited",
                file=path,
                hint="name another or give --overwrite",
            )
    found = index(folder, relative_to=output.parent, ids=ids, progress=progress)  # type: ignore[arg-type]
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for path, table in ((output, found.manifest), (notes, found.notes)):
            _write(path, table)
    except OSError as error:
        raise StoreError("RT401", f"the manifest cannot be written ({error.strerror})", file=output) from error
    n_cases = found.manifest["case_id"].nunique()
    typer.echo(f"{found.n_files} files: {n_cases} cases, {len(found.manifest)} regions, {len(found.notes)} notes")
    typer.echo(f"manifest: {output}")
    typer.echo(f"notes: {notes}")
    return DONE


def _write(path: Path, table: pd.DataFrame) -> None:
    """Write a table whole or not at all; names of files may hold what UTF-8 cannot."""
    text = table.to_csv(index=False, lineterminator="\n")
    temporary = path.with_name(f".writing-{path.name}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
