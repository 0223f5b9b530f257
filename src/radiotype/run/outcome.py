"""How the regions of a cohort ended, and the tables that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan

import pandas as pd

from radiotype.core.case import Region, RowKey
from radiotype.core.feature import FeatureRecord, Features
from radiotype.core.table import FeatureTable
from radiotype.features.registry import family
from radiotype.features.settings import FeatureSettings
from radiotype.run.parts import PICTURES, Failure, RegionPart
from radiotype.run.worker import RowResult


@dataclass(frozen=True)
class Outcome:
    """How one region ended: features, or a code with its reason and a hint; both when a family could not be measured.

    `row` is the key of its row in the manifest; `key` is completed with the label where the mask file holds several. `remarks`
    say what reading its mask had to decide, `picture` names a stored picture. `modality` is that of the scan as measured;
    where it could not be read, that of the manifest.
    """

    key: RowKey
    modality: str
    features: Features | None = None
    stage: str = ""
    code: str = ""
    reason: str = ""
    hint: str = ""
    remarks: tuple[str, ...] = ()
    picture: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    row: RowKey | None = None

    @property
    def status(self) -> str:
        """ok, partial (some features are NaN) or failed."""
        if self.features is None:
            return "failed"
        return "partial" if any(value != value for value in self.features.values.values()) else "ok"


@dataclass(frozen=True, eq=False)
class Extraction:
    """What a cohort gave: the feature table (None when every region failed) and how each region ended.

    `n_stored` rows of the manifest were not measured, since an earlier run had stored all that was asked for.
    """

    table: FeatureTable | None
    outcomes: tuple[Outcome, ...]
    n_stored: int = 0

    def cases(self) -> pd.DataFrame:
        """One row per region: key, modality, status, stage, code, reason, hint, remarks."""
        columns = ("modality", "status", "stage", "code", "reason", "hint")
        rows = [
            one.key._asdict() | {name: getattr(one, name) for name in columns} | {"remarks": "; ".join(one.remarks)}
            for one in self.outcomes
        ]
        return pd.DataFrame(rows, columns=[*RowKey._fields, *columns, "remarks"])

    def timings(self) -> pd.DataFrame:
        """Seconds per region and stage."""
        rows = [
            one.key._asdict() | {"stage": stage, "seconds": seconds}
            for one in self.outcomes
            for stage, seconds in one.seconds.items()
        ]
        return pd.DataFrame(rows, columns=[*RowKey._fields, "stage", "seconds"])

    @property
    def n_failed(self) -> int:
        """Number of regions without features."""
        return sum(one.features is None for one in self.outcomes)

    def modality(self) -> pd.Series:
        """The modality of each row of the table."""
        known = {tuple(one.key): one.modality for one in self.outcomes}
        keys = [] if self.table is None else self.table.keys.itertuples(index=False, name=None)
        return pd.Series([known.get(key, "") for key in keys], dtype=object)

    @property
    def problems(self) -> tuple[Outcome, ...]:
        """The regions of which something could not be measured."""
        return tuple(one for one in self.outcomes if one.code)


class Assembly:
    """Puts the stored and measured parts of each row together.

    Parameters
    ----------
    settings : FeatureSettings
    provenance : mapping
        That of every region.
    """

    def __init__(self, settings: FeatureSettings, provenance: Mapping[str, object]) -> None:
        self._records = {name: family(name).records(settings) for name in settings.families}
        self._all: tuple[FeatureRecord, ...] = tuple(one for records in self._records.values() for one in records)
        self._provenance = dict(provenance)

    def outcomes(self, region: Region, result: RowResult) -> list[Outcome]:
        """The outcomes of a row: one, or one per label of its mask file."""
        blank = Outcome(region.key, region.attributes.get("modality", ""), seconds=result.seconds, row=region.key)
        if result.failure is not None and not any(name in result.parts for name in self._records):
            return [failed(blank, result.failure)]
        labels = next(iter(result.parts.values()))
        several = len(labels) > 1
        found = []
        for n, label in enumerate(labels):
            key = region.key._replace(roi=f"{region.key.roi}-{label.label}") if several else region.key
            parts = {name: part[n] for name, part in result.parts.items()}
            remarks = tuple(dict.fromkeys(remark for part in parts.values() for remark in part.remarks))
            modality = next((part.modality for part in parts.values() if part.modality), blank.modality)
            found.append(self._one(replace(blank, key=key, modality=modality, remarks=remarks), parts, result.failure))
        return found

    def _one(self, blank: Outcome, parts: Mapping[str, RegionPart], unread: Failure | None) -> Outcome:
        values: dict[str, float] = {}
        reasons: dict[str, str] = {}
        flags: dict[str, float] = {}
        failures: list[Failure] = []
        for name, records in self._records.items():
            part = parts.get(name)
            failure = unread if part is None else part.failure
            if part is None or failure is not None:
                reason = failure or Failure(name, "RT305", "was not measured")
                failures.append(reason)
                values |= dict.fromkeys((record.name for record in records), nan)
                reasons |= dict.fromkeys((record.name for record in records), reason.code)
            else:
                values |= {record.name: part.values[record.name] for record in records}
                reasons |= part.reasons
                flags |= part.flags
        if len(failures) == len(self._records):
            return failed(blank, failures[0])
        features = Features(values, reasons, self._all, flags, self._provenance)
        drawn = parts.get(PICTURES)
        picture = drawn.picture if drawn is not None else ""
        if drawn is not None and drawn.failure is not None:
            failures.append(drawn.failure)
        outcome = replace(blank, features=features, picture=picture)
        return failed(outcome, failures[0]) if failures else outcome


def failed(outcome: Outcome, failure: Failure) -> Outcome:
    """The outcome with the reason why something is missing."""
    return replace(outcome, stage=failure.stage, code=failure.code, reason=failure.reason, hint=failure.hint)


def one_per_key(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes ordered by key; of those that share one, all but that of the first row of the manifest fail."""
    result: list[Outcome] = []
    for one in sorted(outcomes, key=lambda one: (one.key, one.row or one.key)):
        if result and result[-1].key == one.key:
            taken = Failure(
                "key",
                "RT112",
                f"the region {one.key.roi!r} of this scan stands there already, from another row or label",
                "name the label of each row, or another roi: roi-label is taken where a file holds several labels",
            )
            one = failed(replace(one, features=None, picture=""), taken)
        result.append(one)
    return result
