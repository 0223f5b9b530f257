"""`radiotype extract`."""

from __future__ import annotations

from pathlib import Path

import typer

from radiotype.cli.app import DONE, SOME_FAILED
from radiotype.errors import RecipeError
from radiotype.features import FeatureSettings, family
from radiotype.io import read_cohort
from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.run.workers import Workers
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings
from radiotype.studies.images import prepared

#: At most this many failures are printed; all of them stand in cases.parquet.
MAX_PRINTED = 10


def run_extract(
    manifest: Path,
    output: Path,
    families: str,
    resample_masks: str,
    *,
    tissue: tuple[str, str | None] = ("none", None),
    workers: Workers,
    verify: bool = False,
) -> int:
    """Describe a manifest into a run folder; the exit code. `tissue`: whether parenchyma is found, and of which organ."""
    if resample_masks not in ("refuse", "nearest"):
        raise RecipeError("RT103", f"--resample-masks {resample_masks!r} is neither refuse nor nearest")
    find, organ = tissue
    if find not in ("none", "auto"):
        hint = "a mask of it stands in the column `parenchyma` of the manifest; its organ is said by --organ"
        raise RecipeError("RT103", f"--parenchyma {find!r} is neither none nor auto", hint=hint)
    if organ is not None and find == "none":
        raise RecipeError("RT103", f"--organ {organ!r} says nothing without --parenchyma auto")
    names = dict.fromkeys(name.strip() for name in families.split(",") if name.strip())
    settings = FeatureSettings(families=tuple(family(name).name for name in names) or FeatureSettings().families)
    cohort = read_cohort(manifest, resample_masks=resample_masks)  # type: ignore[arg-type]
    cohort = prepared(cohort, ImageSettings(), ParenchymaSettings(find=find, organ=organ), manifest)  # type: ignore[arg-type]
    with open_run(output, "extract", workers=workers, verify=verify) as run:
        extraction = run.measure(cohort, settings)
    print_summary(extraction)
    if extraction.table is not None:
        typer.echo(f"features: {run.folder.path / 'features.parquet'}")
    return SOME_FAILED if extraction.problems else DONE


def print_summary(extraction: Extraction) -> None:
    """Say how many regions gave features, and why the others did not."""
    n = len(extraction.outcomes)
    n_features = 0 if extraction.table is None else extraction.table.values.shape[1]
    typer.echo(f"{n - extraction.n_failed} of {n} regions described with {n_features} features")
    if extraction.n_stored:
        typer.echo(f"{extraction.n_stored} rows were there already from an earlier run")
    for one in extraction.problems[:MAX_PRINTED]:
        reason = one.reason.splitlines()[0]
        typer.echo(f"  {one.code} {one.key.case_id} ({one.stage}): {reason}{'; ' + one.hint if one.hint else ''}")
    if len(extraction.problems) > MAX_PRINTED:
        typer.echo(f"  and {len(extraction.problems) - MAX_PRINTED} more, see cases.parquet")
