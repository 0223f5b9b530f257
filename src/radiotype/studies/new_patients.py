"""New patients by a saved model: measure as the model's features were measured, assign, say what is out of its domain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from radiotype import report
from radiotype.core.cohort import Cohort
from radiotype.core.provenance import provenance
from radiotype.core.table import FeatureTable
from radiotype.core.volume import UNIT_OF_MODALITY
from radiotype.errors import ComputeError, ModelError, StoreError
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings
from radiotype.predict import Model
from radiotype.predict.tumours import TrainingTumours, read_tumours
from radiotype.run.outcome import Extraction
from radiotype.run.run import open_run
from radiotype.run.store import RunFolder
from radiotype.run.workers import Workers
from radiotype.studies.cells import counted, were
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings
from radiotype.studies.images import image_versions, prepared
from radiotype.studies.model import card_sentences

#: Training tumours that a new case is shown beside.
NEIGHBOURS = 3

#: A case with more than this fraction of its features missing is outside the domain.
MAX_FILLED = 0.1

_KEY = ["patient_id", "case_id", "visit", "scan", "roi"]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model with its file, how its features are measured, and the tumours behind it where they lie beside it."""

    model: Model
    file: Path
    settings: FeatureSettings
    images: ImageSettings
    parenchyma: ParenchymaSettings
    digest: str
    tumours: TrainingTumours | None = None

    @property
    def classes(self) -> list[str]:
        """The subtypes there are."""
        rule = self.model.classifier if self.model.classifier is not None else self.model.assignment
        return [str(name) for name in rule.classes_] if rule is not None else []

    @property
    def modalities(self) -> list[str]:
        """Modalities of the training scans, as far as the model tells."""
        discovery = self.model.provenance.get("discovery")
        counts = discovery.get("modalities") if isinstance(discovery, dict) else None
        return [name for name in counts if name in UNIT_OF_MODALITY] if isinstance(counts, dict) else []

    def provenance(self) -> dict[str, Any]:
        """How the features of new cases are measured here."""
        versions = {name: family(name).algorithm_version for name in self.settings.families}
        return provenance(self.settings.model_dump(mode="json"), versions)


@dataclass(frozen=True, eq=False)
class Assigned:
    """What became of new cases: `folder`, `report`, one row per region in `predictions`, and how measuring went."""

    folder: Path
    report: Path
    predictions: pd.DataFrame
    extraction: Extraction


def load_model(path: str | Path) -> LoadedModel:
    """A model and what lies beside it.

    Raises
    ------
    ModelError
        RT501 if the model does not tell how its features were measured, or this version measures them otherwise; RT502 and
        RT503 as `Model.load`, also for damaged training tumours.
    """
    file = Path(path)
    model = Model.load(file)
    schema = model.schema
    if not schema.algorithm_versions:
        found = "the model does not tell how its features were measured"
        raise ModelError("RT501", found, file=file, hint="measure them yourself, and use `Model.predict(table)` from Python")
    digest = hashlib.sha256(file.read_bytes())
    try:
        plain = {**schema.settings, "families": list(schema.algorithm_versions)}
        settings = FeatureSettings.model_validate_json(json.dumps(plain))
        images, parenchyma = _scans_of(model)
    except ValueError as error:
        found = "the settings of its features are not those of this version"
        raise ModelError("RT501", found, file=file, hint="use the version of radiotype that wrote it") from error
    beside = file.with_suffix(".tumours")
    loaded = LoadedModel(model, file, settings, images, parenchyma, digest.hexdigest())
    for name, version in schema.algorithm_versions.items():
        if family(name).algorithm_version != version:
            found = f"{name} features have algorithm version {family(name).algorithm_version} here, the model's have {version}"
            raise ModelError(
                "RT501", found, file=file, hint="use the version of radiotype that wrote it, or fit the model again"
            )
    if model.provenance.get("image_versions", {}) != image_versions(images, parenchyma):
        found = "the scans of the model were prepared by other versions of the algorithms than those here"
        raise ModelError("RT501", found, file=file, hint="use the version of radiotype that wrote it, or fit the model again")
    if not beside.is_file():
        return loaded
    return replace(loaded, tumours=read_tumours(beside, digest.digest(), len(loaded.classes)))


def _scans_of(model: Model) -> tuple[ImageSettings, ParenchymaSettings]:
    """What was done to scans before the features of the model were measured."""
    told = model.provenance.get("recipe")
    told = told if isinstance(told, dict) else {}
    images, parenchyma = (json.dumps(told.get(name, {})) for name in ("images", "parenchyma"))
    return ImageSettings.model_validate_json(images), ParenchymaSettings.model_validate_json(parenchyma)


def assign(
    model: str | Path | LoadedModel,
    cohort: Cohort,
    out: str | Path = "radiotype-predict",
    *,
    by: str | None = None,
    workers: Workers | None = None,
    verify: bool = False,
) -> Assigned:
    """Measure new cases and assign every region to a subtype of the model.

    Parameters
    ----------
    model : path or LoadedModel
        `model.radiotype` of a study.
    cohort : Cohort
    out : path
        Folder of the run, another than that of the model.
    by : {"classifier", "assignment"}, optional
        Boosted trees, or the nearest centroid; the trees where the model has them.
    workers : Workers, optional
        Where features are measured; this process when left out.
    verify : bool
        Read every input again to see whether it changed.

    Returns
    -------
    Assigned

    Raises
    ------
    ModelError
        As `load_model`.
    StoreError
        RT402 for the folder of the model; RT401, RT404 and RT405 as every run.
    ComputeError
        RT301 if no region could be described.

    Examples
    --------
    >>> found = assign("my-study/model.radiotype", cohort, "new-patients")  # doctest: +SKIP
    """
    from threadpoolctl import threadpool_limits

    loaded = model if isinstance(model, LoadedModel) else load_model(model)
    if Path(out).resolve() == loaded.file.resolve().parent:
        raise StoreError("RT402", "the output folder is that of the model", file=Path(out), hint="name another folder with -o")
    cohort = prepared(cohort, loaded.images, loaded.parenchyma)
    with open_run(out, "predict", workers=workers, verify=verify) as run, threadpool_limits(1):
        extraction = run.measure(cohort, loaded.settings, pictures=True)
        if extraction.table is None:
            raise _nothing_described(extraction)
        predictions = predictions_of(loaded, extraction.table, extraction.modality(), by=by)
        store_predictions(run.folder, loaded, extraction.table, predictions)
        run.folder.write_csv("predictions.csv", predictions)
        page = report.build(run.folder)
    return Assigned(run.folder.path, page, predictions, extraction)


def _nothing_described(extraction: Extraction) -> ComputeError:
    """Why no region has features: the reason of the first one."""
    for one in extraction.problems:
        found = f"no region could be described; {one.key.case_id}: {one.reason.splitlines()[0]} ({one.code})"
        return ComputeError("RT301", found, hint=one.hint or "cases.parquet says why each one failed")
    return ComputeError("RT301", "there is no region to describe")


def predictions_of(
    loaded: LoadedModel,
    table: FeatureTable,
    modality: pd.Series,
    *,
    by: str | None = None,
    measured: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """One row per region: key, modality, subtype with probabilities, nearest centroid, domain, remarks.

    Parameters
    ----------
    loaded : LoadedModel
    table : FeatureTable
        Measured as the model's features were.
    modality : series, length n_regions
    by : {"classifier", "assignment"}, optional
    measured : mapping, optional
        How the table was measured; as `loaded` says when left out.
    """
    measured = measured or loaded.provenance()
    model = loaded.model
    frame = model.predict(table, provenance=measured, by=by).to_frame()
    frame.insert(list(frame.columns).index("subtype"), "modality", modality.to_numpy())
    frame["subtype"] = ["" if pd.isna(name) else str(name) for name in frame["subtype"]]
    frame["nearest_centroid"] = ""
    if model.assignment is not None:
        nearest = model.predict(table, provenance=measured, by="assignment").to_frame()["subtype"]
        frame["nearest_centroid"] = ["" if pd.isna(name) else str(name) for name in nearest]
    n_features = len(model.schema.features)
    outside, remarks = [], []
    for row, flags in zip(frame.to_dict("records"), table.flags, strict=True):
        reasons = _outside(row, n_features, loaded.modalities)
        outside.append(bool(reasons))
        remarks.append("; ".join([*reasons, *_care(row, n_features, flags)]))
    return frame.assign(outside_domain=outside, remarks=remarks)


def neighbours_of(loaded: LoadedModel, table: FeatureTable) -> pd.DataFrame:
    """The nearest training tumours of each region: key, rank, number of the tumour, subtype, distance of the codes."""
    tumours = loaded.tumours
    if tumours is None:
        return pd.DataFrame()
    codes = loaded.model.codes(table, provenance=loaded.provenance())
    if not np.isfinite(codes).any():
        return pd.DataFrame()
    places, distances = tumours.nearest(codes, NEIGHBOURS)
    rows = []
    for key, own, far in zip(table.keys.to_dict("records"), places, distances, strict=True):
        for rank, (at, distance) in enumerate(zip(own, far, strict=True), start=1):
            if at >= 0:
                name = loaded.classes[int(tumours.subtype[at])]
                rows.append({**key, "rank": rank, "tumour": int(at) + 1, "subtype": name, "distance": float(distance)})
    return pd.DataFrame(rows)


def store_predictions(
    folder: RunFolder, loaded: LoadedModel, table: FeatureTable, predictions: pd.DataFrame, *, neighbours: bool = True
) -> None:
    """Store predictions and the model they came from; with `neighbours` also the nearest training tumours with pictures."""
    folder.write_table("results/predictions.parquet", predictions)
    told = [("file", loaded.file.name), ("SHA-256", loaded.digest), ("made by", loaded.model.card.purpose)]
    told += [("card", line) for line in card_sentences(loaded.model)]
    folder.write_table("results/model_used.parquet", pd.DataFrame(told, columns=["what", "value"]))
    nearest = neighbours_of(loaded, table) if neighbours else pd.DataFrame()
    if len(nearest) and loaded.tumours is not None:
        folder.write_table("results/neighbours.parquet", nearest)
        numbers = sorted(set(nearest["tumour"]))
        arrays = {f"{number}_{name}": array for number in numbers for name, array in loaded.tumours.picture(number - 1).items()}
        if arrays:
            folder.write_arrays("results/neighbour_pictures.npz", arrays)


def _outside(row: Mapping[Any, Any], n_features: int, modalities: list[str]) -> list[str]:
    """Why a case is no case of the training domain; empty for one that is."""
    reasons = []
    if row["out_of_distribution"] is True:
        reasons.append(f"unlike any training tumour: {row['distance']:.1f} times the largest ordinary distance")
    if row["farthest_feature"]:
        reasons.append(f"{row['farthest_feature']} alone lies beyond its limit")
    if modalities and row["modality"] not in ("", "OT", *modalities):
        reasons.append(f"no training scan was {row['modality']} (they were {', '.join(modalities)})")
    if int(row["n_filled"]) > MAX_FILLED * n_features:
        reasons.append("more than a tenth of the features are missing")
    return reasons


def _care(row: Mapping[Any, Any], n_features: int, flags: object) -> list[str]:
    """What else to know of a case."""
    points = []
    n = int(row["n_filled"])
    if n:
        points.append(f"{n} of {counted(n_features, 'feature')} missing, {were(n)} set to the training median")
    if row["subtype"] and row["nearest_centroid"] not in ("", row["subtype"]):
        points.append(f"the nearest centroid is that of subtype {row['nearest_centroid']}")
    if isinstance(flags, dict) and flags.get("parenchyma_not_restricted"):
        points.append("no organ mask was given, so margin features may reach into other organs")
    return points
