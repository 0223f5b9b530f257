"""`radiotype run`."""

from __future__ import annotations

from pathlib import Path

import typer

from radiotype import studies
from radiotype.cli.app import DONE, SOME_FAILED
from radiotype.cli.extract import print_summary
from radiotype.report.notes import gathered
from radiotype.run.workers import Workers


def run_study(recipe: Path, output: Path, *, workers: Workers, verify: bool = False) -> int:
    """Run a recipe; the exit code."""
    result = studies.run(recipe, output, workers=workers, verify=verify)
    print_summary(result.extraction)
    for note in gathered(result.notes):
        typer.echo(f"note: {note}")
    typer.echo(f"report: {result.report}")
    return SOME_FAILED if result.extraction.problems else DONE
