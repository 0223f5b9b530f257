"""The options that say where the work is done."""

from __future__ import annotations

import typer

from radiotype.run.workers import Workers


def workers(jobs: int | None, memory: str | None, scheduler: str | None) -> Workers:
    """What the options ask for, told to the user."""
    planned = Workers.planned(jobs, memory, scheduler)
    typer.echo(f"workers: {planned}")
    return planned
