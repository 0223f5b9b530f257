"""Imaging subtypes shared by cancers (Wu et al., Nature Machine Intelligence 3 (2021) 787-798).

Reads like the methods of the paper: measure every tumour, scale the features by the discovery cohort, find subtypes there by
consensus clustering, assign the other patients, and compare survival between subtypes.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radiotype.core.cohort import Cohort
from radiotype.core.feature import volume_feature
from radiotype.core.machine import available_cores
from radiotype.core.table import FeatureTable
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError
from radiotype.io.tables import read_cohort
from radiotype.run.outcome import Extraction
from radiotype.run.progress import progress
from radiotype.run.run import Run
from radiotype.run.store import RunFolder
from radiotype.studies.biology import biology_by_subtype, store_biology
from radiotype.studies.biology_data import read_biology
from radiotype.studies.cells import counted, were
from radiotype.studies.columns import check_columns
from radiotype.studies.outcome import Evidence, survival_by_subtype
from radiotype.studies.recipe import Recipe, SubtypeSettings
from radiotype.studies.regions import listed_regions
from radiotype.studies.selection import Sample, complete_features, logarithm_of_sizes, primary_regions
from radiotype.subtypes import ConsensusClustering, NearestCentroid, RobustScaler01


@dataclass(frozen=True, eq=False)
class Subtyping:
    """What was found in the patients of `sample`: subtypes "1" .. "K", one per patient; all "1" if none are stable.

    `scaled` holds their scaled features, `clustering` that of the discovery patients at every k tried, `k` the k used.
    """

    sample: Sample
    scaled: pd.DataFrame
    scaler: RobustScaler01
    clustering: ConsensusClustering
    k: int
    subtype: pd.Series
    notes: list[str]


def run(recipe: Recipe, manifest: Path, run: Run, *, folder: Path = Path()) -> Extraction:
    """The study, from scans to the tables behind the report; other paths than the manifest's begin in `folder`."""
    cohort = read_cohort(manifest, resample_masks=recipe.masks.resample)
    check_columns(recipe, cohort, manifest)
    data = read_biology(recipe, cohort, folder)
    n_discovery = discovery_patients(cohort)  # too few or too many are refused before anything is measured
    consensus_clustering(recipe, numbers_of_subtypes(recipe.subtypes, n_discovery)[0]).require_memory(n_discovery)

    extraction = measure(cohort, recipe, run)
    if extraction.table is None:
        raise ComputeError("RT301", "no region could be described", hint="cases.parquet says why each one failed")

    sample = select(extraction.table, cohort, recipe)
    found = subtype(sample, recipe, watched=progress)
    run.log.event("subtypes found", k=found.k)
    store_subtypes(run.folder, found, recipe)

    evidence = survive(found.sample, found, recipe)
    biology = biology_by_subtype(found.sample, found.subtype, data, recipe)
    store_biology(run.folder, biology)
    store_evidence(run.folder, evidence, [*found.notes, *biology.notes])
    return extraction


def measure(cohort: Cohort, recipe: Recipe, run: Run) -> Extraction:
    """Shape and margin features of every tumour, and the recipe that asked for them."""
    extraction = run.measure(cohort, recipe.features, pictures=True)
    run.folder.write_text("recipe.resolved.yaml", recipe.to_yaml())
    return extraction


def select(table: FeatureTable, cohort: Cohort, recipe: Recipe) -> Sample:
    """One tumour per patient: the one that the recipe names, the largest of several in one scan."""
    return primary_regions(table, cohort, recipe)


def subtype(sample: Sample, recipe: Recipe, *, watched: Progress = unwatched) -> Subtyping:
    """Consensus clustering of the discovery patients; every other patient gets the subtype of the nearest centroid.

    Size is compared by its logarithm. Scaling limits, consensus and centroids come from the discovery patients alone; with
    `n_landmarks` the consensus of so many of them, and the others are given the subtype of the nearest centroid as well.
    Subtypes are numbered by the median volume of their discovery tumours, smallest first. A patient whose scaled features are
    all the same correlates with nobody and is left out, with a note. Where no number of subtypes is stable, all patients are of
    one.

    Raises
    ------
    ComputeError
        RT301 if there are too few discovery patients for the numbers of subtypes asked for.
    """
    options = recipe.subtypes
    values, notes = complete_features(sample)
    values = logarithm_of_sizes(values, sample.sizes)
    scaler = RobustScaler01().fit(values[sample.discovery].to_numpy())
    scaled = pd.DataFrame(scaler.transform(values.to_numpy()), columns=values.columns)
    flat = (scaled.nunique(axis=1) <= 1).to_numpy() & (options.metric != "euclidean")
    if flat.any():
        sample, scaled = sample.take(~flat), scaled[~flat].reset_index(drop=True)
        n = int(flat.sum())
        notes.append(f"{counted(n, 'patient')} whose scaled features are all the same {were(n)} left out.")
    first = sample.discovery
    tried, note = numbers_of_subtypes(options, int(first.sum()))
    clustering = consensus_clustering(recipe, tried).fit(scaled[first].to_numpy(), progress=watched)
    k = int(clustering.k_ if options.k == "auto" else options.k)
    labels = np.zeros(len(scaled), dtype=int)
    if k > 1:
        labels[first] = clustering.labels_at_[k]
        centroids = NearestCentroid(metric=options.metric).fit(scaled[first].to_numpy(), labels[first])
        if not first.all():
            labels[~first] = centroids.predict(scaled[~first].to_numpy())
    notes = [*sample.notes, *notes, *note]
    return Subtyping(sample, scaled, scaler, clustering, k, _named_by_size(labels, sample), notes)


def consensus_clustering(recipe: Recipe, tried: list[int]) -> ConsensusClustering:
    """The clustering that the recipe asks for, not yet fitted."""
    options = recipe.subtypes
    return ConsensusClustering(
        tried,
        n_resamples=options.n_resamples,
        item_fraction=options.item_fraction,
        metric=options.metric,
        choose=options.choose if options.k == "auto" else "area",
        k_null=options.null_tables,
        seed=recipe.seed,
        n_landmarks=options.n_landmarks,
        n_jobs=available_cores(),
    )


def numbers_of_subtypes(options: SubtypeSettings, n_discovery: int) -> tuple[list[int], list[str]]:
    """Every number of subtypes that so many patients allow, and a note when the recipe asked for more.

    A resample of floor(item_fraction * n) patients must hold more patients than subtypes. A number that the recipe fixes is
    tried in any case, and k_range around it only as far as it goes.

    Raises
    ------
    ComputeError
        RT301 if the patients are too few for the number that the recipe fixes, or for the smallest one of k_range.
    """
    n_clustered = n_discovery if options.n_landmarks is None else min(n_discovery, options.n_landmarks)
    limit = math.floor(options.item_fraction * n_clustered) - 1
    key, smallest = ("k", options.k) if options.k != "auto" else ("k_range", options.k_range[0])
    if smallest > limit:
        needed = next(n for n in itertools.count(n_discovery) if math.floor(options.item_fraction * n) > smallest)
        raise ComputeError(
            "RT301",
            f"{counted(n_clustered, 'discovery patient')} cannot be clustered into {smallest} subtypes; "
            f"at least {needed} are needed",
            hint=f"lower `subtypes.{key}` in the recipe, or add patients",
        )
    tried = [k for k in options.candidates if k <= limit]
    largest = options.k_range[1]
    if options.k == "auto" and largest > limit:
        patients = counted(n_clustered, "discovery patient")
        return tried, [f"At most {limit} of up to {largest} subtypes were tried, because there are {patients}."]
    return tried, []


def discovery_patients(cohort: Cohort) -> int:
    """How many discovery patients the manifest lists; fewer if some cannot be measured."""
    rows = listed_regions(cohort)
    return int(rows.loc[rows["split"] == "discovery", "patient_id"].nunique())


def _named_by_size(labels: np.ndarray, sample: Sample) -> pd.Series:
    size = volume_feature(sample.values.columns)
    first = sample.discovery
    if size is None:
        order = pd.Series(-np.bincount(labels[first]))
    else:
        order = sample.values.loc[first, size].groupby(labels[first]).median()
    rank = {label: str(place + 1) for place, label in enumerate(order.sort_values(kind="stable").index)}
    return pd.Series([rank[label] for label in labels], name="subtype")


def survive(sample: Sample, found: Subtyping, recipe: Recipe) -> Evidence | None:
    """Kaplan-Meier, log-rank and Cox by subtype; nothing without an outcome, or without subtypes."""
    return survival_by_subtype(sample, found.subtype, recipe) if recipe.outcome is not None and found.k > 1 else None


def store_subtypes(folder: RunFolder, found: Subtyping, recipe: Recipe) -> None:
    """Labels, consensus, scaling and the features of each subtype."""
    sample = found.sample
    clustering, tried = found.clustering, sorted(found.clustering.consensus_)
    clustered = np.isin(np.arange(len(sample.discovery)), np.flatnonzero(sample.discovery)[clustering.landmarks_])
    members = sample.cases[["case_id", "patient_id", "visit", "scan", "roi", "modality", "split"]].assign(
        cancer_type=sample.cancer_type.to_numpy(),
        subtype=found.subtype.to_numpy(),
        how=np.where(clustered, "clustered", "assigned"),
    )
    if found.k > 1:
        folder.write_table("results/subtypes.parquet", members)
        folder.write_table("results/features_by_subtype.parquet", _features_by_subtype(sample, found))
    limits = pd.DataFrame({"feature": list(found.scaled.columns), "low": found.scaler.low_, "high": found.scaler.high_})
    limits["transform"] = ["log" if name in sample.sizes else "none" for name in limits["feature"]]
    folder.write_table("results/scaling.parquet", limits)
    arrays: dict[str, np.ndarray] = {f"consensus_{k}": clustering.consensus_[k] for k in tried}
    arrays |= {f"labels_{k}": clustering.labels_at_[k][clustering.landmarks_] for k in tried}
    arrays["case_id"] = members.loc[clustered, "case_id"].to_numpy().astype(str)
    folder.write_arrays("results/consensus.npz", arrays)
    curves = {
        name: {str(k): np.asarray(getattr(clustering, f"{name}_")[k]).tolist() for k in tried}
        for name in ("area", "relative_change", "pac", "cdf")
    }
    options = recipe.subtypes
    folder.write_json(
        "results/consensus.json",
        {
            "k": found.k,
            "ks": [int(k) for k in tried],
            **curves,
            "n_cases": len(clustering.landmarks_),
            "n_resamples": options.n_resamples,
            "item_fraction": options.item_fraction,
            "metric": options.metric,
            "choice": _choice(clustering, found.k, recipe.subtypes),
            "null_tables": _null_tables(clustering),
            "seed": recipe.seed,
        },
    )


def _choice(clustering: ConsensusClustering, k: int, options: SubtypeSettings) -> str:
    """Why there are so many subtypes, as a sentence."""
    if options.k != "auto":
        return f"The recipe asked for {k} subtypes."
    beside = clustering.k_choice_
    if beside is None:
        first, *others = sorted(clustering.relative_change_)
        if k == first:
            grew = (
                f"at no number above {k} did the area under the CDF grow by at least 10 %" if others else "no other was tried"
            )
            return f"{k} is the smallest number of subtypes tried; {grew}."
        return f"{k} is the largest number of subtypes for which the area under the CDF still grew by at least 10 %."
    largest = max(beside.standardised.values())
    against = f"{largest:.1f} standard deviations, where noise exceeds {beside.threshold:.1f} in 5 of 100 tables"
    if k == 1:
        return f"No number of subtypes is more stable than chance: at best by {against}."
    return f"{k} is the number of subtypes whose stability stands out most from tables without subtypes: by {against}."


def _null_tables(clustering: ConsensusClustering) -> dict[str, Any] | None:
    """What the choice beside tables without subtypes rests on; None where it was made otherwise."""
    beside = clustering.k_choice_
    if beside is None:
        return None
    by_k = {
        name: {str(k): value for k, value in getattr(beside, name).items()}
        for name in ("standardised", "ambiguous", "null_mean", "null_sd")
    }
    return {"threshold": beside.threshold, "p_value": beside.p_value, **by_k}


def _features_by_subtype(sample: Sample, found: Subtyping) -> pd.DataFrame:
    long = sample.values.assign(subtype=found.subtype.to_numpy()).melt("subtype", var_name="feature").dropna()
    grouped = long.groupby(["subtype", "feature"], sort=False)["value"]
    quartiles = grouped.quantile(np.array([0.25, 0.5, 0.75])).unstack()
    quartiles.columns = ["lower_quartile", "median", "upper_quartile"]
    return grouped.size().rename("n").to_frame().join(quartiles).reset_index()


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
    folder.write_json("results/notes.json", notes)
