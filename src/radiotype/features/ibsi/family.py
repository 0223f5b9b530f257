"""The family "ibsi": what the Image Biomarker Standardisation Initiative defines, as features of a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from radiotype.core.feature import FeatureRecord
from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi import measures
from radiotype.features.ibsi.preprocess import prepare
from radiotype.features.registry import Family, Measured

if TYPE_CHECKING:
    from radiotype.features.settings import FeatureSettings


def records(settings: FeatureSettings) -> tuple[FeatureRecord, ...]:
    """The records that the settings ask for."""
    return measures.records(settings.ibsi)


def measure(scan: Scan, mask: Mask, parenchyma: Mask | None, settings: FeatureSettings) -> Measured:
    """Prepare the region and measure it; `prepare` says what is refused, `measures.measure` which codes there are."""
    return measures.measure(prepare(scan, mask, settings.ibsi), settings.ibsi)


FAMILY = Family("ibsi", "shape, intensities and textures after the IBSI", 1, records, measure, ("ibsi",))
