"""Finding the subtypes: scaling, codes, consensus clustering and centroids, all learnt on the discovery patients alone."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError
from radiotype.run.resources import available_cores
from radiotype.studies.cells import counted, were
from radiotype.studies.consensus_panels import ConsensusPanel, consensus_panel
from radiotype.studies.encoding import Encoding, fit_encoding
from radiotype.studies.naming import subtype_names
from radiotype.studies.recipe import Recipe, SubtypeSettings
from radiotype.studies.selection import Sample, complete_features, logarithm_of_sizes
from radiotype.subtypes import ConsensusClustering, NearestCentroid, RobustScaler01


@dataclass(frozen=True, eq=False)
class Subtyping:
    """What was found in the patients of `sample`: subtypes "1" .. "K", one per patient; all "1" if none are stable.

    The chain by which a new patient is assigned: logarithm of sizes, `scaler`, `encoding`, `centroids` (None if no subtypes are
    stable). `scaled` holds the scaled features of the patients, `codes` what was clustered (the same without an encoder),
    `clustering` that of the discovery patients at every k tried, `k` the k used. `unrefined` are the subtypes as they were
    before all patients were clustered again, and `together` the consensus of all; None where they were not.
    """

    sample: Sample
    scaled: pd.DataFrame
    scaler: RobustScaler01
    clustering: ConsensusClustering
    k: int
    subtype: pd.Series
    notes: list[str]
    encoding: Encoding
    codes: pd.DataFrame
    centroids: NearestCentroid | None
    unrefined: pd.Series | None = None
    together: ConsensusPanel | None = None

    @property
    def of_discovery(self) -> pd.Series:
        """The subtypes that the discovery patients gave, refined or not."""
        return self.subtype if self.unrefined is None else self.unrefined


def subtype(sample: Sample, recipe: Recipe, *, watched: Progress = unwatched) -> Subtyping:
    """Consensus clustering of the discovery patients; every other patient gets the subtype of the nearest centroid.

    Size is compared by its logarithm. Scaling limits, codes, consensus and centroids come from the discovery patients alone;
    with `n_landmarks` the consensus of so many of them, and the others are given the subtype of the nearest centroid as well.
    Subtypes are numbered by the rule of `radiotype.studies.naming`. A patient whose scaled features are all the same correlates
    with nobody and is left out, with a note. Where no number of subtypes is stable, all patients are of one.

    Raises
    ------
    ComputeError
        RT301 if there are too few discovery patients for the numbers of subtypes or of components asked for.
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
    encoding = fit_encoding(scaled, first, options.encoder, options.encoding, seed=recipe.seed)
    codes = encoding.codes(scaled)
    clustering = consensus_clustering(recipe, tried).fit(codes[first].to_numpy(), progress=watched)
    k = int(clustering.k_ if options.k == "auto" else options.k)
    labels = np.zeros(len(codes), dtype=int)
    centroids = None
    if k > 1:
        labels[first] = clustering.labels_at_[k]
        centroids = NearestCentroid(metric=options.metric).fit(codes[first].to_numpy(), labels[first])
        if not first.all():
            labels[~first] = centroids.predict(codes[~first].to_numpy())
    found = subtype_names(labels, sample.values, first)
    if centroids is not None:  # the same centroids under the names of the subtypes
        centroids = NearestCentroid(metric=options.metric).fit(codes[first].to_numpy(), found[first].to_numpy())
    notes = [*sample.notes, *notes, *note]
    return Subtyping(sample, scaled, scaler, clustering, k, found, notes, encoding, codes, centroids)


def as_discovery(sample: Sample, rows: np.ndarray) -> Sample:
    """The same patients, those for whom `rows` is True as discovery and the others as validation."""
    return replace(sample, cases=sample.cases.assign(split=np.where(rows, "discovery", "validation")))


def with_k(recipe: Recipe, k: int) -> Recipe:
    """The recipe for just so many subtypes."""
    return recipe.model_copy(update={"subtypes": recipe.subtypes.model_copy(update={"k": k, "k_range": (k, k)})})


def refined(found: Subtyping, recipe: Recipe, *, watched: Progress = unwatched) -> Subtyping:
    """The subtypes of all patients clustered together, as many as the discovery patients gave.

    Everything is fitted again on all patients, so that no patient is independent of the subtypes any more. `scaled`, `codes`,
    `clustering` and `centroids` stay those of the discovery patients. A patient who has no place in the second clustering keeps
    the subtype of the first.

    Raises
    ------
    ComputeError
        As `subtype`.
    """
    if found.k == 1:
        return found
    everybody = as_discovery(found.sample, np.ones(len(found.sample.cases), dtype=bool))
    again = subtype(everybody, with_k(recipe, found.k), watched=watched)
    names = dict(zip(again.sample.cases["case_id"], again.subtype, strict=True))
    final = [names.get(case, own) for case, own in zip(found.sample.cases["case_id"], found.subtype, strict=True)]
    changed = int((np.array(final) != found.subtype.to_numpy()).sum())
    note = (
        f"Subtypes were refined by clustering all {counted(len(final), 'patient')} together; {counted(changed, 'patient')} "
        f"{'has' if changed == 1 else 'have'} another number than before. No patient is independent of the refined subtypes."
    )
    own = again.subtype.to_numpy()
    panel = consensus_panel("refinement", "all", again.clustering, own, {name: name for name in own})
    final_subtype = pd.Series(final, name="subtype")
    return replace(found, subtype=final_subtype, unrefined=found.subtype, together=panel, notes=[*found.notes, note])


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
