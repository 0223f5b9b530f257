"""Run a recipe from beginning to end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radiotype import report
from radiotype.run.engine import Extraction
from radiotype.run.record import RunLog
from radiotype.run.store import RunFolder
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


def run(recipe: str | Path | Recipe | dict[str, Any], out: str | Path = "radiotype-run") -> StudyResult:
    """Run a study: measure, find subtypes, compare survival, write the report.

    Parameters
    ----------
    recipe : path, Recipe or dict
        A YAML file, or its content; a manifest path in a dict is relative to the working directory.
    out : path
        Folder of the run; a new one or that of an earlier run.

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
        manifest = Path(chosen.manifest)
    else:
        chosen, manifest = read_recipe(recipe)
    folder = RunFolder.create(out)
    log = RunLog(folder, "run")
    log.state("running")
    folder.write_text("recipe.resolved.yaml", chosen.to_yaml())
    try:
        with threadpool_limits(1):  # the order of a sum must not depend on the number of cores
            extraction = imaging_subtypes.run(chosen, manifest, folder, log)
    except BaseException as error:
        log.event("stopped", error=type(error).__name__)
        log.state("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    n_regions, n_failed = len(extraction.outcomes), extraction.n_failed
    log.state("done", n_regions=n_regions, n_failed=n_failed)
    notes = tuple(folder.read_json("results/notes.json"))
    return StudyResult(folder.path, report.build(folder), n_regions, n_failed, extraction, notes)
