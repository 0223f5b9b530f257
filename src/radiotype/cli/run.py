"""`radiotype run`."""

from __future__ import annotations

from pathlib import Path

import typer

from radiotype import studies
from radiotype.cli.app import DONE, SOME_FAILED


def run_study(recipe: Path, output: Path) -> int:
    """Run a recipe; the exit code."""
    result = studies.run(recipe, output)
    typer.echo(f"{result.n_regions - result.n_failed} of {result.n_regions} regions described")
    typer.echo(f"report: {result.report}")
    return SOME_FAILED if result.n_failed else DONE
