"""Everything a run stored, as the report needs it: text cleaned, absent results None."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from radiotype.core import FeatureRecord
from radiotype.core.feature import volume_feature
from radiotype.report.words import UNKNOWN, natural, plain
from radiotype.run.store import RunFolder

_CASE_COLUMNS = (
    "patient_id", "case_id", "visit", "scan", "roi", "modality", "status", "stage", "code", "reason", "hint",
)  # fmt: skip
KEY = ["patient_id", "case_id", "visit", "scan", "roi"]

Groups = tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class Stored:
    """What one run stored.

    `regions` has one row per region of the manifest with its cancer type, split and subtype (empty text where there is none);
    `features` one row per described region, with the same columns. Tables that the run did not store are None. `results` holds
    every table under results/ by its name without the ending, those with a field of their own as well.
    """

    run: dict[str, Any]
    recipe: dict[str, Any]
    provenance: dict[str, Any]
    regions: pd.DataFrame
    features: pd.DataFrame
    records: tuple[FeatureRecord, ...]
    clinical: pd.DataFrame | None
    overlays: pd.DataFrame | None
    scaling: pd.DataFrame | None
    consensus: dict[str, Any] | None
    matrices: dict[str, npt.NDArray[Any]] | None
    subtypes: pd.DataFrame | None
    by_subtype: pd.DataFrame | None
    kaplan_meier: pd.DataFrame | None
    logrank: pd.DataFrame | None
    cox: pd.DataFrame | None
    cox_tests: pd.DataFrame | None
    notes: tuple[str, ...]
    results: Mapping[str, pd.DataFrame]
    validation_matrices: dict[str, npt.NDArray[Any]] | None = None

    @property
    def title(self) -> str:
        """Title of the study."""
        return plain(self.recipe.get("title")) or (
            "New patients" if self.run.get("command") == "predict" else "Imaging subtypes"
        )

    @property
    def subtype_names(self) -> list[str]:
        """Subtypes in order, from whichever tables were stored."""
        tables = (self.subtypes, self.kaplan_meier, self.by_subtype)
        return natural(name for table in tables if table is not None for name in table["subtype"])

    @property
    def distinct(self) -> tuple[FeatureRecord, ...]:
        """Records of the features that repeat no other one: those that are shown and counted."""
        names = {record.name for record in self.records}
        return tuple(record for record in self.records if record.duplicate_of not in names)

    @property
    def has_cancer_types(self) -> bool:
        """Whether the recipe tells cancer types apart."""
        return bool(self.recipe.get("cancer_type")) and self.regions["cancer_type"].nunique() > 0


def load(folder: RunFolder) -> Stored:
    """Read a run folder.

    Raises
    ------
    StoreError
        RT403 if a stored file is damaged.
    """
    recipe = yaml.safe_load(folder.read_text("recipe.resolved.yaml")) if folder.has("recipe.resolved.yaml") else {}
    recipe = recipe if isinstance(recipe, dict) else {}
    clinical, subtypes = _table(folder, "clinical.parquet"), _table(folder, "results/subtypes.parquet")
    if subtypes is not None:
        subtypes["cancer_type"] = subtypes["cancer_type"].replace("", UNKNOWN)
        subtypes["modality"] = subtypes["modality"].replace("", UNKNOWN)
    cases = _table(folder, "cases.parquet")
    if cases is None:
        cases = pd.DataFrame(columns=list(_CASE_COLUMNS), dtype=object)
    features = _table(folder, "features.parquet")
    regions = _described(cases, clinical, subtypes, recipe, _standing(cases, subtypes, features))
    if features is None:
        features = pd.DataFrame(columns=[*KEY, "status", "reasons", "flags"], dtype=object)
    features = features.merge(regions[[*KEY, "modality", "cancer_type", "split", "subtype"]], on=KEY, how="left")
    for column in ("reasons", "flags"):
        features[column] = [json.loads(text) if text else {} for text in features[column]]
    listed = folder.read_json("features.json")["features"] if folder.has("features.json") else []
    return Stored(
        run=_json(folder, "run.json") or {},
        recipe=recipe,
        provenance=_json(folder, "provenance.json") or {},
        regions=regions,
        features=features,
        records=tuple(record for record in map(FeatureRecord.from_dict, listed) if record.name in features.columns),
        clinical=clinical,
        overlays=_table(folder, "overlays/index.parquet"),
        scaling=_table(folder, "results/scaling.parquet"),
        consensus=_json(folder, "results/consensus.json"),
        matrices=_arrays(folder, "results/consensus.npz"),
        validation_matrices=_arrays(folder, "results/validation_consensus.npz"),
        subtypes=subtypes,
        by_subtype=_table(folder, "results/features_by_subtype.parquet"),
        kaplan_meier=_table(folder, "results/kaplan_meier.parquet"),
        logrank=_table(folder, "results/logrank.parquet"),
        cox=_table(folder, "results/cox.parquet"),
        cox_tests=_table(folder, "results/cox_tests.parquet"),
        notes=tuple(plain(note) for note in _json(folder, "results/notes.json") or ()),
        results=_results(folder),
    )


def _json(folder: RunFolder, name: str) -> Any:
    return folder.read_json(name) if folder.has(name) else None


def _arrays(folder: RunFolder, name: str) -> dict[str, npt.NDArray[Any]] | None:
    return folder.read_arrays(name) if folder.has(name) else None


def _results(folder: RunFolder) -> Mapping[str, pd.DataFrame]:
    names = sorted(path.stem for path in (folder.path / "results").glob("*.parquet"))
    found = {name: _table(folder, f"results/{name}.parquet") for name in names}
    return MappingProxyType({name: table for name, table in found.items() if table is not None})


def _table(folder: RunFolder, name: str) -> pd.DataFrame | None:
    """A stored table whose text is printable; None when it was not stored."""
    if not folder.has(name):
        return None
    table = folder.read_table(name)
    for column in table.columns[[dtype.kind not in "iufb" for dtype in table.dtypes]]:
        if column not in ("reasons", "flags"):
            cells = table[column].tolist()
            known = {cell: plain(cell) for cell in {cell for cell in cells if isinstance(cell, str)}}  # most stand many times
            shown = [known[cell] if isinstance(cell, str) else plain(cell) for cell in cells]
            table[column] = pd.Series(shown, index=table.index, dtype=object)
    return table


def _standing(cases: pd.DataFrame, subtypes: pd.DataFrame | None, features: pd.DataFrame | None) -> dict[tuple[str, ...], str]:
    """The subtype of each region that stands for its patient: the largest one at the first visit of the case analysed.

    A case whose visits have no numbers says not which is the first; none of its regions is taken.
    """
    if subtypes is None or features is None or not len(features):
        return {}
    size = volume_feature(features.columns)
    table = features[KEY].assign(volume=0.0 if size is None else features[size])
    table = table.merge(cases[[*KEY, "modality"]].replace({"modality": {"": UNKNOWN}}), on=KEY)
    table = table.merge(subtypes[["patient_id", "case_id", "modality", "subtype"]], on=["patient_id", "case_id", "modality"])
    table["number"] = pd.to_numeric(table["visit"], errors="coerce")
    unordered = table["number"].isna() & (table.groupby("case_id")["visit"].transform("nunique") > 1)
    table = table[~unordered].sort_values(
        ["case_id", "number", "volume", "scan", "roi"], ascending=[True, True, False, True, True]
    )
    first = table.drop_duplicates("case_id")
    return dict(zip(first[KEY].itertuples(index=False, name=None), first["subtype"], strict=True))


def _described(
    cases: pd.DataFrame,
    clinical: pd.DataFrame | None,
    subtypes: pd.DataFrame | None,
    recipe: dict[str, Any],
    standing: dict[tuple[str, ...], str],
) -> pd.DataFrame:
    """Regions with the cancer type and split of their case, and the subtype of those that stand for their patient."""
    regions = cases.copy()
    column = recipe.get("cancer_type")
    sources = {"cancer_type": column if isinstance(column, str) else None, "split": "split"}
    for name, source in sources.items():
        known = {}
        if clinical is not None and source in clinical.columns:
            known = dict(zip(clinical["case_id"], clinical[source].astype(str), strict=True))
        regions[name] = [known.get(case) or (UNKNOWN if name == "cancer_type" else "") for case in regions["case_id"]]
    regions["modality"] = regions["modality"].replace("", UNKNOWN)
    if subtypes is not None:
        splits = dict(zip(subtypes["case_id"], subtypes["split"], strict=True))
        regions["split"] = [splits.get(case, own) for case, own in zip(regions["case_id"], regions["split"], strict=True)]
    regions["subtype"] = [standing.get(key, "") for key in regions[KEY].itertuples(index=False, name=None)]
    return regions


def outcome_known(stored: Stored) -> set[str] | None:
    """Cases whose follow-up time and event are both given; None when the recipe asks for no outcome."""
    outcome = stored.recipe.get("outcome")
    if not isinstance(outcome, dict) or stored.clinical is None:
        return None
    columns = [outcome.get("time"), outcome.get("event")]
    if not all(column in stored.clinical.columns for column in columns):
        return None
    given = np.logical_and.reduce([~stored.clinical[column].isin(["", "NA", "NaN", "nan"]) for column in columns])
    return set(stored.clinical.loc[given, "case_id"])


def analysis_groups(stored: Stored) -> Groups:
    """Columns that split the cases and what they are called, those with more than one group."""
    named = (("cancer_type", "Cancer type"), ("modality", "Modality"), ("split", "Split"))
    source = stored.subtypes if stored.subtypes is not None else stored.regions
    return tuple((column, name) for column, name in named if source[column].nunique() > 1)
