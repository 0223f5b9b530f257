"""What a feature is, and the features of one region."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from radiotype.errors import ComputeError

if TYPE_CHECKING:
    import pandas as pd


#: Features that hold the volume of a region; the first one measured counts.
VOLUMES = (
    "volume_mm3",
    "spharm_volume_mm3",
    "morphology_volume_mm3",
    "original_shape_VoxelVolume",
    "captk_volumetric_volume",
)


def volume_feature(names: Iterable[str]) -> str | None:
    """Which of these features holds the volume; None if none does."""
    known = set(names)
    return next((name for name in VOLUMES if name in known), None)


@dataclass(frozen=True)
class FeatureRecord:
    """Everything a reader of a table has to know about one column.

    Parameters
    ----------
    name : str
        Column name, stable.
    family : str
        The family that computes it, a name of `radiotype.features.FAMILIES`.
    meaning : str
        What it measures and what a higher value means, one line.
    unit : str
        UCUM unit; "1" for a pure number.
    low, high : float
        Range of possible values; infinite where there is no limit.
    ibsi : str
        Identifier of the Image Biomarker Standardisation Initiative; empty when it is not standardised.
    reference : str
        Where the definition stands.
    invariances : tuple of str
        Changes of the input that leave it as it is: "translation", "rotation90", "mirror", "scale", "intensity_shift",
        "intensity_scale".
    detail : mapping
        What distinguishes it within its family (regions, distance, degree ...).
    """

    name: str
    family: str
    meaning: str
    unit: str = "1"
    low: float = -math.inf
    high: float = math.inf
    ibsi: str = ""
    reference: str = ""
    invariances: tuple[str, ...] = ()
    detail: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def duplicate_of(self) -> str:
        """The feature of which this one has the value in every region; empty for a distinct feature."""
        return str(self.detail.get("duplicate_of", ""))

    @property
    def limits(self) -> str:
        """The range as text, such as "0 .. 1"; nothing stands where there is no limit."""
        low, high = (f"{limit:g}" if math.isfinite(limit) else "" for limit in (self.low, self.high))
        return f"{low} .. {high}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an infinite limit becomes None."""
        return {
            "name": self.name,
            "family": self.family,
            "meaning": self.meaning,
            "unit": self.unit,
            "low": self.low if math.isfinite(self.low) else None,
            "high": self.high if math.isfinite(self.high) else None,
            "ibsi": self.ibsi,
            "reference": self.reference,
            "invariances": list(self.invariances),
            "detail": dict(self.detail),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> FeatureRecord:
        """The record that `to_dict` wrote."""
        values = dict(plain)
        values["low"] = -math.inf if values["low"] is None else values["low"]
        values["high"] = math.inf if values["high"] is None else values["high"]
        values["invariances"] = tuple(values["invariances"])
        return cls(**values)


@dataclass(frozen=True, repr=False)
class Features:
    """The features of one region.

    Parameters
    ----------
    values : mapping of str to float
        In the order of `records`; NaN where there is no value.
    reasons : mapping of str to str
        A code for every NaN, and for every value that must be read with care.
    records : tuple of FeatureRecord
        One per value.
    flags : mapping of str to float
        Quality of the whole region (fractions, counts, 1 for yes).
    provenance : mapping
        Settings and versions behind the values.

    Raises
    ------
    ComputeError
        RT305 for a NaN without a reason, an infinite value or a value without a record.
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str]
    records: tuple[FeatureRecord, ...]
    flags: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [record.name for record in self.records]
        if list(self.values) != names:
            raise ComputeError("RT305", "values and feature records do not list the same names in the same order")
        for name, value in self.values.items():
            if math.isinf(value) or (math.isnan(value) and not self.reasons.get(name)):
                raise ComputeError("RT305", f"feature {name} is {value} without a reason")
        for name in ("values", "reasons", "flags", "provenance"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __repr__(self) -> str:
        families = ", ".join(dict.fromkeys(record.family for record in self.records))
        n_missing = sum(map(math.isnan, self.values.values()))
        return f"Features({len(self.values)} of {families}; {n_missing} NaN, {len(self.reasons)} with a code)"

    def to_series(self) -> pd.Series[float]:
        """The values as a pandas series, index = feature names."""
        import pandas as pd

        return pd.Series(dict(self.values), dtype="float64", name="value")
