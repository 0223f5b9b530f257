"""All features of the IBSI of one prepared region."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Protocol

from radiotype.core.feature import FeatureRecord
from radiotype.features.ibsi import filtered, histogram, intensity, local_intensity, morphology, texture, volume_histogram
from radiotype.features.ibsi.preprocess import LOST, Prepared
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured


class Section(Protocol):
    """A group of features: what they are, and their values. A module of this folder is one."""

    def records(self, settings: IbsiSettings) -> tuple[FeatureRecord, ...]: ...

    def measure(self, prepared: Prepared, settings: IbsiSettings) -> Measured: ...


SECTIONS: tuple[Section, ...] = (morphology, local_intensity, intensity, histogram, volume_histogram, texture, filtered)


@lru_cache(maxsize=16)
def records(settings: IbsiSettings, sections: tuple[Section, ...] = SECTIONS) -> tuple[FeatureRecord, ...]:
    """The records of all features, in order."""
    return tuple(record for section in sections for record in section.records(settings))


def measure(prepared: Prepared, settings: IbsiSettings, sections: tuple[Section, ...] = SECTIONS) -> Measured:
    """The values of all features of a region.

    Parameters
    ----------
    prepared : Prepared
        The region, as `radiotype.features.ibsi.prepare` made it with the same settings.
    settings : IbsiSettings
    sections : tuple of modules

    Returns
    -------
    Measured
        NaN with the code `lost_in_resampling` throughout if interpolation left no voxel of the mask, and with
        `nothing_left_by_resegmentation` for what needs intensities if re-segmentation left none.
    """
    values: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for section in sections:
        missing = prepared.missing
        if missing == LOST or (missing and section is not morphology):
            names = [record.name for record in section.records(settings)]
            found = Measured(dict.fromkeys(names, math.nan), dict.fromkeys(names, missing))
        else:
            found = section.measure(prepared, settings)
        values |= found.values
        reasons |= found.reasons
    names = [record.name for record in records(settings, sections)]
    return Measured({name: values[name] for name in names}, reasons)
