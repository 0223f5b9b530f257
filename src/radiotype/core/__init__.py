"""Data types. Nothing here opens a file."""

from radiotype.core.case import Case, Loader, MaskLoader, Region, RowKey
from radiotype.core.cohort import Cohort
from radiotype.core.feature import FeatureRecord, Features
from radiotype.core.geometry import Grid
from radiotype.core.table import FeatureTable
from radiotype.core.volume import Mask, Scan

__all__ = [
    "Case", "Cohort", "FeatureRecord", "FeatureTable", "Features", "Grid", "Loader", "Mask", "MaskLoader", "Region", "RowKey",
    "Scan",
]  # fmt: skip
