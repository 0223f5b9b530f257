"""`radiotype maps`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import typer

from radiotype.cli.app import DONE
from radiotype.core.provenance import provenance
from radiotype.core.volume import UNIT_OF_MODALITY, Mask, Scan
from radiotype.errors import RecipeError, did_you_mean
from radiotype.features import FeatureSettings, family, feature_maps
from radiotype.features.ibsi import response_maps
from radiotype.features.maps import chosen_features
from radiotype.features.pyradiomics import filtered_scans
from radiotype.io import read_mask, read_scan
from radiotype.io.nifti_write import packed_nifti
from radiotype.run.progress import progress
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder
from radiotype.studies.recipe import read_feature_settings


class MapOptions(NamedTuple):
    """What is mapped, as the options of the command say."""

    features: str
    recipe: Path | None
    radius_mm: float | None
    radius_voxels: int | None
    neighbourhood: str
    within_mask: bool
    responses: bool


def run_maps(
    scan: Path, mask: Path, output: Path, options: MapOptions, *, modality: str, label: str | None, roi: str | None
) -> int:
    """Write maps of one region and a table of them into a folder; the exit code."""
    settings = FeatureSettings() if options.recipe is None else read_feature_settings(options.recipe)
    names = [name.strip() for name in options.features.split(",") if name.strip()]
    if modality not in UNIT_OF_MODALITY:
        found = f"--modality {modality!r} is not a modality{did_you_mean(modality, UNIT_OF_MODALITY)}"
        raise RecipeError("RT103", found, hint=f"one of {', '.join(UNIT_OF_MODALITY)}")
    if names:
        chosen_features(names, settings)
    filters = options.responses and (settings.ibsi.filters or settings.pyradiomics.images.types not in ((), ("Original",)))
    if not names and not filters:
        hint = "name features with --features, or a recipe whose features are measured on filtered scans with --recipe"
        raise RecipeError("RT103", "there is nothing to map", hint=hint)
    image = read_scan(scan, modality=modality)
    region = read_mask(mask, label=label, roi=roi, like=image)
    with open_run(output, "maps") as run:
        run.folder.clear()
        rows = []
        for kind, name, one in _maps(image, region, settings, options, names):
            rows.append(_written(run.folder, kind, name, one))
        run.folder.write_csv("maps.csv", pd.DataFrame(rows))
        versions = {one: family(one).algorithm_version for one in ("ibsi", "pyradiomics")}
        used = {name: value for name, value in options._asdict().items() if name != "recipe"} | {"features": names}
        described = settings.model_dump(mode="json", include={"ibsi", "pyradiomics"})
        run.folder.write_json("provenance.json", provenance({"maps": used, "features": described}, versions))
        run.n_regions = 1
    typer.echo(f"{len(rows)} maps: {output / 'maps'}")
    typer.echo(f"table: {output / 'maps.csv'}")
    return DONE


def _maps(
    scan: Scan, mask: Mask, settings: FeatureSettings, options: MapOptions, names: list[str]
) -> Iterator[tuple[str, str, Scan]]:
    """What each map shows, its name, and the map."""
    if options.responses and settings.ibsi.filters:
        yield from (("response", *one) for one in response_maps(scan, mask, settings.ibsi).items())
    if options.responses:
        yield from (("response", *one) for one in filtered_scans(scan, mask, settings.pyradiomics).items())
    if names:
        found = feature_maps(
            scan,
            mask,
            settings,
            features=names,
            radius_mm=options.radius_mm,
            radius_voxels=options.radius_voxels,
            neighbourhood=options.neighbourhood,  # type: ignore[arg-type]
            within_mask=options.within_mask,
            progress=progress,
        )
        yield from (("feature", *one) for one in found.items())


def _written(folder: RunFolder, kind: str, name: str, one: Scan) -> dict[str, object]:
    """Write one map and say what it holds."""
    values = one.data.astype(np.float32)
    file = f"maps/{name}.nii.gz"
    folder.write(file, lambda stream: stream.write(packed_nifti(values, one.grid)))
    there = one.data[np.isfinite(one.data)]
    low, middle, high = (float(fold(there)) if there.size else None for fold in (np.min, np.mean, np.max))
    return {
        "map": name,
        "shows": kind,
        "file": file,
        "n_voxels": int(there.size),
        "minimum": low,
        "mean": middle,
        "maximum": high,
        "spacing_mm": " ".join(f"{step:g}" for step in one.grid.spacing_mm),
    }
