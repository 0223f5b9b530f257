"""What a study stores of its subtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from radiotype.run.store import RunFolder
from radiotype.studies.encoding import encoder_tables
from radiotype.studies.recipe import Recipe, SubtypeSettings
from radiotype.studies.subtyping import Subtyping
from radiotype.subtypes import ConsensusClustering


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
    if found.unrefined is not None:
        members["unrefined"] = found.unrefined.to_numpy()
    if found.k > 1:
        folder.write_table("results/subtypes.parquet", members)
        folder.write_table("results/features_by_subtype.parquet", features_by_subtype(sample.values, found.subtype))
    limits = pd.DataFrame({"feature": list(found.scaled.columns), "low": found.scaler.low_, "high": found.scaler.high_})
    limits["transform"] = ["log" if name in sample.sizes else "none" for name in limits["feature"]]
    folder.write_table("results/scaling.parquet", limits)
    _store_chain(folder, found)
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


def features_by_subtype(values: pd.DataFrame, subtype: pd.Series) -> pd.DataFrame:
    """Median and quartiles of every feature in each subtype, and how many patients have it."""
    long = values.assign(subtype=subtype.to_numpy()).melt("subtype", var_name="feature").dropna()
    grouped = long.groupby(["subtype", "feature"], sort=False)["value"]
    quartiles = grouped.quantile(np.array([0.25, 0.5, 0.75])).unstack()
    quartiles.columns = ["lower_quartile", "median", "upper_quartile"]
    return grouped.size().rename("n").to_frame().join(quartiles).reset_index()


def _store_chain(folder: RunFolder, found: Subtyping) -> None:
    """The encoder, if there is one, and the centroids: with the scaling limits all that a new patient needs."""
    sample, codes = found.sample, found.codes
    if found.encoding.encoder is not None:
        folder.write_arrays("results/encoder.npz", found.encoding.arrays())
        folder.write_table("results/codes.parquet", pd.concat([sample.cases[["case_id", "split"]], codes], axis=1))
        for name, table in encoder_tables(found.encoding, found.scaled, codes, sample.discovery).items():
            folder.write_table(f"results/{name}.parquet", table)
    if found.centroids is not None:
        middles = pd.DataFrame(found.centroids.centroids_, columns=codes.columns)
        middles.insert(0, "subtype", found.centroids.classes_)
        folder.write_table("results/centroids.parquet", middles)
