"""`radiotype report`."""

from __future__ import annotations

from pathlib import Path

import typer

from radiotype.cli.app import DONE
from radiotype.report import build
from radiotype.run.lock import locked
from radiotype.run.store import RunFolder


def run_report(path: Path) -> int:
    """Build the report of a run again; the exit code."""
    folder = RunFolder.open(path)
    with locked(folder):
        page = build(folder)
        folder.seal()
    typer.echo(f"report: {page}")
    return DONE
