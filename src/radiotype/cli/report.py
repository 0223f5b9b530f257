"""`radiotype report`."""

from __future__ import annotations

from pathlib import Path

import typer

from radiotype.cli.app import DONE
from radiotype.errors import StoreError
from radiotype.report import build
from radiotype.run.lock import locked
from radiotype.run.store import MARK, RunFolder


def run_report(path: Path) -> int:
    """Build the report of a run again; the exit code."""
    folder = RunFolder.open(path)
    with locked(folder):
        state = folder.read_json(MARK).get("state")
        if state != "done" or not folder.has("cases.parquet"):
            found = (
                "the run in this folder measured no regions" if state == "done" else "the run in this folder did not end well"
            )
            hint = "give the same command again, it goes on where it stopped; then the report"
            raise StoreError("RT403", found, file=path, hint=hint)
        page = build(folder)
        folder.seal()
    typer.echo(f"report: {page}")
    return DONE
