"""`radiotype demo`: a study whose truth is known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import typer
import yaml

from radiotype import simulate, studies
from radiotype.cli.app import DONE
from radiotype.errors import RecipeError, unwritable
from radiotype.run.progress import progress
from radiotype.run.workers import Workers

#: Broken cases that the demo plants, to show what the report says of them.
N_BROKEN = 3

#: Cases of `--full`, and what to expect of them.
N_WHOLE = 600
WHOLE_TAKES = "600 cases take about five minutes on two cores, and 0.3 GB of disk"


def run_demo(size: str, output: Path, seed: int, *, workers: Workers, full: bool = False) -> int:
    """Simulate, study, compare with the truth; the exit code."""
    if size not in ("full", "small"):
        raise RecipeError("RT103", f"--size {size!r} is neither full nor small")
    if full and size == "small":
        raise RecipeError("RT103", "--full and --size small exclude each other")
    n_cases = N_WHOLE if full else simulate.n_cases_of(size)
    if full:
        typer.echo(WHOLE_TAKES)
    with progress("simulating cases", n_cases + N_BROKEN) as advance:
        cohort = simulate.cohort(
            output / "cohort", n_cases=n_cases, size=size, seed=seed, n_broken=N_BROKEN, centre_effects=1.0, progress=advance
        )
    recipe = output / "study.yaml"
    try:
        recipe.write_text(yaml.safe_dump(demo_recipe(size, seed), sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise unwritable(error, recipe) from error
    result = studies.run(recipe, output / "run", workers=workers)
    found = pd.read_parquet(result.folder / "results" / "subtypes.parquet")
    index, n = adjusted_rand(found, cohort.truth)
    typer.echo(
        f"{result.n_regions - result.n_failed} of {result.n_regions} regions described; {N_BROKEN} were broken on purpose"
    )
    typer.echo(
        f"adjusted Rand index of the planted subtypes: {index:.3f} ({n} patients, {found['subtype'].nunique()} subtypes found)"
    )
    typer.echo(f"report: {result.report.resolve()}")
    return DONE


def demo_recipe(size: str, seed: int) -> dict[str, object]:
    """The recipe of the demo, as a user would write it."""
    files = simulate.biology_files(Path("cohort"))
    return {
        "recipe_version": 1,
        "design": "imaging_subtypes",
        "title": "Imaging subtypes of a simulated cohort",
        "manifest": "cohort/manifest.csv",
        "cancer_type": "cancer_type",
        "split": "largest_cohort",
        "outcome": {"time": "os_days", "event": "os_event"},
        "covariates": ["age", "stage"] if size == "full" else ["age"],
        "evidence": {"subgroups": ["sex"], "treatment": "treatment", "comparator": {"family": "ibsi"}},
        "subtypes": {"k": "auto", "choose": "area", "k_range": [2, 6], "n_resamples": 1000},
        "biology": {
            "expression": str(files.expression),
            "gene_sets": [str(files.gene_sets)],
            "cells": str(files.cells),
            "molecular": ["molecular_subtype"],
        },
        "seed": seed,
    }


def adjusted_rand(found: pd.DataFrame, truth: pd.DataFrame) -> tuple[float, int]:
    """Agreement of the subtypes found with the planted ones, and the number of patients compared."""
    from sklearn.metrics import adjusted_rand_score

    both = found.merge(truth, on="case_id", suffixes=("_found", "_planted"))
    return float(adjusted_rand_score(both["subtype_planted"], both["subtype_found"])), len(both)
