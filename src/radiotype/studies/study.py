"""Run a recipe from beginning to end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radiotype import report
from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.run.workers import Workers
from radiotype.studies import imaging_subtypes
from radiotype.studies.recipe import Recipe, check_recipe, read_recipe


@dataclass(frozen=True, eq=False)
class StudyResult:
    """Where the results of a study lie (`folder`, `report`), and how it went.

    `extraction` holds the features and how each region ended, `notes` say what was left out and why.
    """

    folder: Path
    report: Path
    n_regions: int
    n_failed: int
    extraction: Extraction
    notes: tuple[str, ...] = ()


def run(
    recipe: str | Path | Recipe | dict[str, Any],
    out: str | Path = "radiotype-run",
    *,
    workers: Workers | None = None,
    verify: bool = False,
) -> StudyResult:
    """Run a study: measure, find subtypes, compare survival, write the report.

    Parameters
    ----------
    recipe : path, Recipe or dict
        A YAML file, or its content; paths in a dict are relative to the working directory.
    out : path
        Folder of the run; a new one or that of an earlier run, of which everything that still holds is used again.
    workers : Workers, optional
        Where features are measured, such as `radiotype.run.Workers(jobs=4)`; this process when left out.
    verify : bool
        Read every input again to see whether it changed; else its size and time are trusted.

    Returns
    -------
    StudyResult

    Raises
    ------
    RadiotypeError
        RecipeError for the recipe or the manifest, StoreError for the folder, ComputeError when too little is left to analyse.

    Examples
    --------
    >>> result = run("study.yaml", "my-study")  # doctest: +SKIP
    """
    from threadpoolctl import threadpool_limits

    if isinstance(recipe, Recipe | dict):
        chosen = recipe if isinstance(recipe, Recipe) else check_recipe(recipe)
        manifest, folder = Path(chosen.manifest), Path()
    else:
        (chosen, manifest), folder = read_recipe(recipe), Path(recipe).parent
    # one thread: the order of a sum must not depend on the number of cores
    with open_run(out, "run", workers=workers, verify=verify) as run, threadpool_limits(1):
        extraction = imaging_subtypes.run(chosen, manifest, run, folder=folder)
        page = report.build(run.folder)
    notes = tuple(run.folder.read_json("results/notes.json"))
    return StudyResult(run.folder.path, page, run.n_regions, run.n_failed, extraction, notes)
