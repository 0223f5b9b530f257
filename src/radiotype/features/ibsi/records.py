"""What a reader has to know about a feature of the IBSI, from one line of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi.settings import IbsiSettings

REFERENCE = "Zwanenburg et al., Radiology 295 (2020) 328-338"

#: The unit of the scan, whichever it is, in UCUM's way of naming what is no unit.
INTENSITY = "{intensity}"


class Row(NamedTuple):
    """One feature: name, identifier of the IBSI, meaning, unit, range, and what leaves it as it is.

    `unchanged_by`: any of "scale", "intensity_shift" and "intensity_scale"; a place in the scan or a direction changes none.
    """

    name: str
    ibsi: str
    meaning: str
    unit: str = "1"
    low: float = -math.inf
    high: float = math.inf
    unchanged_by: tuple[str, ...] = ()


def records(
    prefix: str,
    rows: Sequence[Row],
    settings: IbsiSettings,
    *,
    suffix: str = "",
    detail: Mapping[str, str] | None = None,
    broken_by: tuple[str, ...] = (),
) -> tuple[FeatureRecord, ...]:
    """The records of a table.

    Intensities that are cut at a fixed range cannot be moved or scaled. The grid of an interpolation lies around the middle of
    the scan, so that a region elsewhere in it meets the grid elsewhere, and has a fixed spacing; slices that keep their
    distance tell one axis from the others. `broken_by` are other changes that leave none of these features as it is.
    """
    broken = set(broken_by)
    if settings.intensity_range is not None:
        broken |= {"intensity_shift", "intensity_scale"}
    if settings.spacing_mm is not None:
        broken |= {"translation", "scale"} | ({"rotation90"} if settings.slice_by_slice else set())
    places = ("translation", "rotation90", "mirror")
    return tuple(
        FeatureRecord(
            name=f"{prefix}_{row.name}{suffix}",
            family="ibsi",
            meaning=row.meaning,
            unit=row.unit,
            low=row.low,
            high=row.high,
            ibsi=row.ibsi,
            reference=REFERENCE,
            invariances=tuple(change for change in (*places, *row.unchanged_by) if change not in broken),
            detail=detail or {},
        )
        for row in rows
    )


def unchanged_levels(settings: IbsiSettings) -> tuple[str, ...]:
    """What leaves grey levels as they are: bins begin at the smallest intensity; so many of them also grow with the range."""
    return ("scale", "intensity_shift") + (("intensity_scale",) if settings.bins.number else ())
