"""A second cohort with the subtypes of an earlier study, frozen: nothing is found anew, every patient is assigned.

Reads like the last part of the paper: measure every tumour as the model's features were measured, assign the subtypes, compare
survival and biology between them, above all in the contrasts that were declared beforehand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError, ModelError, RecipeError
from radiotype.io.tables import read_cohort
from radiotype.run.outcome import Extraction
from radiotype.run.run import Run
from radiotype.run.store import RunFolder
from radiotype.studies.biology import biology_by_subtype, store_biology
from radiotype.studies.biology_data import read_biology
from radiotype.studies.cells import counted, some, were
from radiotype.studies.columns import check_columns
from radiotype.studies.contrasts import check_contrasts, store_contrasts, survival_contrasts
from radiotype.studies.images import prepared
from radiotype.studies.new_patients import LoadedModel, load_model, predictions_of, store_predictions
from radiotype.studies.outcome import Evidence, survival_by_subtype
from radiotype.studies.outcome_models import of_subtypes, store_outcome_models
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample, primary_regions
from radiotype.studies.subtype_results import features_by_subtype
from radiotype.studies.subtyping import as_discovery

_KEY = ["patient_id", "case_id", "visit", "scan", "roi"]


def run(recipe: Recipe, manifest: Path, run: Run, *, folder: Path = Path()) -> tuple[Extraction, Evidence | None, list[str]]:
    """The study of a second cohort; returns what was measured, survival by subtype, and what was left out and why."""
    if recipe.frozen is None:
        raise RecipeError("RT103", "the recipe names no frozen model")
    loaded = load_model(folder / recipe.frozen.model)
    if not all(name.isdecimal() for name in loaded.classes):
        found = f"the model calls its subtypes {some(loaded.classes)}"
        raise ModelError("RT501", found, file=loaded.file, hint="name the model of a study, whose subtypes are numbered")
    recipe = with_features_of(loaded, recipe)
    cohort = read_cohort(manifest, resample_masks=recipe.masks.resample)
    check_columns(recipe, cohort, manifest)
    check_contrasts(recipe, loaded.classes)
    cohort = prepared(cohort, recipe.images, recipe.parenchyma, manifest)
    data = read_biology(recipe, cohort, folder)

    extraction = run.measure(cohort, recipe.features, pictures=True)
    run.folder.write_text("recipe.resolved.yaml", recipe.to_yaml())
    if extraction.table is None:
        raise ComputeError("RT301", "no region could be described", hint="cases.parquet says why each one failed")

    sample = primary_regions(extraction.table, cohort, recipe, extraction.modality())
    sample, subtype, predictions, notes = assigned(sample, extraction, loaded, recipe)
    store_predictions(run.folder, loaded, extraction.table, predictions, neighbours=False)
    store_members(run.folder, sample, subtype)
    evidence = survival_by_subtype(sample, subtype, recipe) if recipe.outcome is not None else None
    contrasts = survival_contrasts(sample, subtype, recipe)
    store_contrasts(run.folder, contrasts)
    models = of_subtypes(sample, subtype, recipe)
    store_outcome_models(run.folder, models)
    biology = biology_by_subtype(sample, subtype, data, recipe)
    store_biology(run.folder, biology)
    return extraction, evidence, [*notes, *contrasts.notes, *models.notes, *biology.notes]


def with_features_of(loaded: LoadedModel, recipe: Recipe) -> Recipe:
    """The recipe with the features of the model, of scans prepared as those of the model were.

    Raises
    ------
    RecipeError
        RT103 if it asks for others.
    """
    own = {"features": loaded.settings, "images": loaded.images, "parenchyma": loaded.parenchyma}
    for name, settings in own.items():
        if getattr(recipe, name) not in (type(settings)(), settings):
            found = f"`{name}` is set otherwise than for the frozen model"
            raise RecipeError("RT103", found, hint="leave it out: a frozen model brings its own")
    return recipe.model_copy(update=own)


def assigned(
    sample: Sample, extraction: Extraction, loaded: LoadedModel, recipe: Recipe
) -> tuple[Sample, pd.Series, pd.DataFrame, list[str]]:
    """The patients with a subtype, all as validation; their subtypes; one row per region that stands for a patient; notes.

    Raises
    ------
    ComputeError
        RT301 if nobody has a subtype.
    """
    by = recipe.frozen.by if recipe.frozen is not None else None
    sample = as_discovery(sample, np.zeros(len(sample.cases), dtype=bool))
    if extraction.table is None:
        raise ComputeError("RT301", "no region could be described")
    regions = predictions_of(loaded, extraction.table, extraction.modality(), by=by)
    own = sample.cases[_KEY].merge(regions, on=_KEY, how="left", validate="one_to_one")
    there = (own["subtype"] != "").to_numpy()
    notes = list(sample.notes)
    if not there.all():
        n = int((~there).sum())
        notes.append(f"{counted(n, 'patient')} without a usable feature {were(n)} given no subtype.")
    if not there.any():
        raise ComputeError("RT301", "the model gave no patient a subtype", hint="predictions.parquet says why")
    n = int(own["outside_domain"].sum())
    if n:
        notes.append(
            f"{n} of {counted(len(own), 'patient')} {'lies' if n == 1 else 'lie'} outside the domain of the model; "
            f"{'it was' if n == 1 else 'they were'} kept."
        )
    subtype = own.loc[there, "subtype"].reset_index(drop=True).rename("subtype")
    return sample.take(there), subtype, own, notes


def store_members(folder: RunFolder, sample: Sample, subtype: pd.Series) -> None:
    """Who is of which subtype, and the features of each subtype."""
    columns = ["case_id", "patient_id", "visit", "scan", "roi", "modality", "split"]
    members = sample.cases[columns].assign(
        cancer_type=sample.cancer_type.to_numpy(), subtype=subtype.to_numpy(), how="assigned"
    )
    folder.write_table("results/subtypes.parquet", members)
    folder.write_table("results/features_by_subtype.parquet", features_by_subtype(sample.values, subtype))
