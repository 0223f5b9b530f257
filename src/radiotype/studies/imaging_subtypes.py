"""Imaging subtypes shared by cancers (Wu et al., Nature Machine Intelligence 3 (2021) 787-798).

Reads like the methods of the paper: measure every tumour, scale the features by the discovery cohort, find subtypes there by
consensus clustering, assign the other patients, ask whether the subtypes hold there and what they mean, and compare survival
and biology between them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.errors import ComputeError
from radiotype.io.tables import read_cohort
from radiotype.run.outcome import Extraction
from radiotype.run.progress import progress
from radiotype.run.run import Run
from radiotype.run.store import RunFolder
from radiotype.studies import frozen_subtypes
from radiotype.studies.biology import biology_by_subtype, store_biology
from radiotype.studies.biology_data import BiologyData, read_biology
from radiotype.studies.columns import check_columns
from radiotype.studies.comparability import comparability, store_comparability
from radiotype.studies.contrasts import check_contrasts, store_contrasts, survival_contrasts
from radiotype.studies.conventional import measure_conventional
from radiotype.studies.images import prepared
from radiotype.studies.meaning import meaning, store_meaning
from radiotype.studies.medoids import medoid_tumours, store_medoids
from radiotype.studies.model import learner_of, model_of, store_model
from radiotype.studies.outcome import Evidence, survival_by_subtype
from radiotype.studies.outcome_models import outcome_models, store_outcome_models
from radiotype.studies.recipe import Recipe
from radiotype.studies.regions import listed_regions
from radiotype.studies.robustness import robustness, store_robustness, with_robust_features
from radiotype.studies.selection import Sample, primary_regions
from radiotype.studies.split import with_split
from radiotype.studies.subtype_results import store_subtypes
from radiotype.studies.subtyping import Subtyping, consensus_clustering, numbers_of_subtypes, refined, subtype
from radiotype.studies.validation import store_validation, validate


def run(recipe: Recipe, manifest: Path, run: Run, *, folder: Path = Path()) -> Extraction:
    """The study, from scans to the tables behind the report; other paths than the manifest's begin in `folder`."""
    if recipe.frozen is not None:  # subtypes of an earlier study
        extraction, evidence, notes = frozen_subtypes.run(recipe, manifest, run, folder=folder)
        store_evidence(run.folder, evidence, notes)
        return extraction
    cohort, data, notes = patients(recipe, manifest, folder)

    extraction = measure(cohort, recipe, run)
    if extraction.table is None:
        raise ComputeError("RT301", "no region could be described", hint="cases.parquet says why each one failed")
    conventional = measure_conventional(cohort, recipe, run)
    sample = primary_regions(extraction.table, cohort, recipe, extraction.modality())
    sample = replace(sample, notes=(*notes, *sample.notes))
    store_comparability(run.folder, comparability(sample))
    stable = robustness(cohort, extraction.table, sample, recipe, workers=run.workers)
    store_robustness(run.folder, stable)

    found = subtype(with_robust_features(sample, stable), recipe, watched=progress)
    run.log.event("subtypes found", k=found.k)
    if recipe.subtypes.refine:
        found = refined(found, recipe, watched=progress)
    store_subtypes(run.folder, found, recipe)
    store_validation(run.folder, validate(found, recipe, watched=progress))
    store_meaning(run.folder, meaning(found))
    store_medoids(run.folder, medoid_tumours(found, cohort, recipe.features.spharm))
    fitted = model_of(found, recipe, extraction.table)
    store_model(run.folder, found, fitted, recipe)

    evidence = survive(found.sample, found, recipe)
    contrasts = survival_contrasts(found.sample, found.subtype, recipe)
    store_contrasts(run.folder, contrasts)
    models = outcome_models(found, conventional, recipe)
    store_outcome_models(run.folder, models)
    biology = biology_by_subtype(found.sample, found.subtype, data, recipe)
    store_biology(run.folder, biology)
    own = () if fitted is None else fitted.notes
    store_evidence(run.folder, evidence, [*found.notes, *own, *contrasts.notes, *models.notes, *biology.notes])
    return extraction


def patients(recipe: Recipe, manifest: Path, folder: Path) -> tuple[Cohort, BiologyData | None, list[str]]:
    """Who is in the study, with scans as they are to be measured and expression beside them; and what to know of the split.

    Whatever can be refused is refused here, before anything is measured.
    """
    check_contrasts(recipe)
    learner_of(recipe)
    cohort, notes = with_split(read_cohort(manifest, resample_masks=recipe.masks.resample), recipe, manifest)
    check_columns(recipe, cohort, manifest)
    cohort = prepared(cohort, recipe.images, recipe.parenchyma, manifest)
    data = read_biology(recipe, cohort, folder)
    n_discovery = discovery_patients(cohort)
    consensus_clustering(recipe, numbers_of_subtypes(recipe.subtypes, n_discovery)[0]).require_memory(n_discovery)
    if recipe.subtypes.refine:
        consensus_clustering(recipe, [recipe.subtypes.k_range[0]]).require_memory(listed_patients(cohort))
    return cohort, data, list(notes)


def measure(cohort: Cohort, recipe: Recipe, run: Run) -> Extraction:
    """Shape and margin features of every tumour, and the recipe that asked for them."""
    extraction = run.measure(cohort, recipe.features, pictures=True)
    run.folder.write_text("recipe.resolved.yaml", recipe.to_yaml())
    return extraction


def discovery_patients(cohort: Cohort) -> int:
    """How many discovery patients the manifest lists; fewer if some cannot be measured."""
    rows = listed_regions(cohort)
    return int(rows.loc[rows["split"] == "discovery", "patient_id"].nunique())


def listed_patients(cohort: Cohort) -> int:
    """How many patients the manifest lists."""
    return int(listed_regions(cohort)["patient_id"].nunique())


def survive(sample: Sample, found: Subtyping, recipe: Recipe) -> Evidence | None:
    """Kaplan-Meier, log-rank and Cox by subtype; nothing without an outcome, or without subtypes."""
    return survival_by_subtype(sample, found.subtype, recipe) if recipe.outcome is not None and found.k > 1 else None


def store_evidence(folder: RunFolder, evidence: Evidence | None, notes: list[str]) -> None:
    """Survival tables and notes."""
    if evidence is not None:
        notes = notes + evidence.notes
        if evidence.kaplan_meier:
            folder.write_table("results/kaplan_meier.parquet", pd.concat(evidence.kaplan_meier, ignore_index=True))
        if evidence.logrank:
            folder.write_table("results/logrank.parquet", pd.DataFrame(evidence.logrank))
        if evidence.cox:
            folder.write_table("results/cox.parquet", pd.concat(evidence.cox, ignore_index=True))
            folder.write_table("results/cox_tests.parquet", pd.DataFrame(evidence.cox_tests))
        if evidence.proportional_hazards:
            folder.write_table("results/proportional_hazards.parquet", pd.DataFrame(evidence.proportional_hazards))
    folder.write_json("results/notes.json", notes)
