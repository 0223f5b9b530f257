"""Scan and mask in, numbers out."""

from radiotype.features.captk import CaptkSettings
from radiotype.features.describe import describe, extract
from radiotype.features.maps import feature_maps
from radiotype.features.margin import margin_regions
from radiotype.features.pyradiomics import PyradiomicsSettings
from radiotype.features.pyradiomics import read_parameters as read_pyradiomics_parameters
from radiotype.features.registry import Family, family, family_names
from radiotype.features.settings import FeatureSettings, MarginSettings, SpharmSettings
from radiotype.imaging.margins import MarginRegions

__all__ = [
    "CaptkSettings",
    "Family",
    "FeatureSettings",
    "MarginRegions",
    "MarginSettings",
    "PyradiomicsSettings",
    "SpharmSettings",
    "describe",
    "extract",
    "family",
    "family_names",
    "feature_maps",
    "margin_regions",
    "read_pyradiomics_parameters",
]
