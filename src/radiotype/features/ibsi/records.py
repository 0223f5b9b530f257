"""What a reader has to know about a feature of the IBSI, from one line of a table."""

from __future__ import annotations

import math
from typing import NamedTuple

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi.settings import IbsiSettings

REFERENCE = "Zwanenburg et al., Radiology 295 (2020) 328-338"

#: The unit of the scan, whichever it is, in UCUM's way of naming what is no unit.
INTENSITY = "{intensity}"


class Row(NamedTuple):
    """One feature: name, identifier of the IBSI, meaning, unit, range, and what leaves it as it is.

    `unchanged_by`: any of "scale", "intensity_shift" and "intensity_scale"; voxels moved, turned or mirrored never change it.
    """

    name: str
    ibsi: str
    meaning: str
    unit: str = "1"
    low: float = -math.inf
    high: float = math.inf
    unchanged_by: tuple[str, ...] = ()


def records(prefix: str, rows: tuple[Row, ...], settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The records of a table.

    Intensities cut at a fixed range, rounded or interpolated to a fixed distance are no longer the same, moved or scaled.
    """
    broken = set() if settings.intensity_range is None else {"intensity_shift", "intensity_scale"}
    if settings.spacing_mm is not None:
        broken.add("scale")
    turns = ("translation", "mirror") if settings.slice_by_slice else ("translation", "rotation90", "mirror")
    return tuple(
        FeatureRecord(
            name=f"{prefix}_{row.name}",
            family="ibsi",
            meaning=row.meaning,
            unit=row.unit,
            low=row.low,
            high=row.high,
            ibsi=row.ibsi,
            reference=REFERENCE,
            invariances=turns + tuple(change for change in row.unchanged_by if change not in broken),
        )
        for row in rows
    )
