"""The features of a cohort: one row per region at one time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from radiotype.core.case import RowKey
from radiotype.core.feature import FeatureRecord, Features
from radiotype.errors import ComputeError

if TYPE_CHECKING:
    import pandas as pd

KEY_COLUMNS = RowKey._fields


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of many regions, all with the same columns.

    Parameters
    ----------
    keys : data frame, shape (n_rows, 5), text
        patient_id, case_id, visit, scan, roi; no two rows alike.
    values : data frame, shape (n_rows, n_features), float64
        One column per record, same order.
    records : tuple of FeatureRecord
    reasons : tuple of mappings, length n_rows
        Per row, a code for every NaN and for every value to be read with care.
    flags : tuple of mappings, length n_rows
        Per row, the quality of the region.

    Raises
    ------
    ComputeError
        RT305 for a NaN without a reason code, an infinite value, keys that repeat or columns that do not match the records.
    """

    keys: pd.DataFrame
    values: pd.DataFrame
    records: tuple[FeatureRecord, ...]
    reasons: tuple[Mapping[str, str], ...]
    flags: tuple[Mapping[str, float], ...]

    def __post_init__(self) -> None:
        n = len(self.keys)
        if not n == len(self.values) == len(self.reasons) == len(self.flags):
            raise ComputeError("RT305", "keys, values, reasons and flags of a feature table differ in length")
        if list(self.values.columns) != [record.name for record in self.records]:
            raise ComputeError("RT305", "the columns of a feature table are not those of its records")
        if self.keys.duplicated().any():
            raise ComputeError("RT305", "two rows of a feature table have the same key")
        numbers = self.values.to_numpy()
        if np.isinf(numbers).any():
            raise ComputeError("RT305", "a feature table holds an infinite value")
        columns = self.values.columns
        for row, column in zip(*np.nonzero(np.isnan(numbers)), strict=True):
            if not self.reasons[row].get(columns[column]):
                raise ComputeError("RT305", f"feature {columns[column]} is NaN without a reason")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[RowKey, Features]]) -> FeatureTable:
        """Stack the features of several regions, ordered by key.

        Raises
        ------
        ComputeError
            RT301 without any row; RT305 if the rows do not have the same features.
        """
        import pandas as pd

        ordered = sorted(rows, key=lambda row: row[0])
        if not ordered:
            raise ComputeError("RT301", "no region gave features", hint="cases.parquet says why each one failed")
        records = ordered[0][1].records
        if any(features.records != records for _, features in ordered):
            raise ComputeError("RT305", "the regions were not described with the same features")
        names = [record.name for record in records]
        numbers = np.array([list(features.values.values()) for _, features in ordered], dtype=np.float64)
        return cls(
            keys=pd.DataFrame([key for key, _ in ordered], columns=list(KEY_COLUMNS)),
            values=pd.DataFrame(numbers.reshape(len(ordered), len(names)), columns=names),
            records=records,
            reasons=tuple(features.reasons for _, features in ordered),
            flags=tuple(features.flags for _, features in ordered),
        )

    def distinct(self) -> FeatureTable:
        """The table without the features whose values another one of its features holds as well."""
        names = set(self.values.columns)
        records = tuple(record for record in self.records if record.duplicate_of not in names)
        return replace(self, values=self.values[[record.name for record in records]], records=records)

    @property
    def status(self) -> list[str]:
        """Per row "ok", or "partial" where at least one feature is NaN."""
        return ["partial" if bad else "ok" for bad in self.values.isna().any(axis=1)]

    def __len__(self) -> int:
        return len(self.keys)
