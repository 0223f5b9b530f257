"""Scan and mask in, numbers out."""

from radiotype.features.describe import describe, extract
from radiotype.features.registry import Family, family, family_names
from radiotype.features.settings import FeatureSettings, MarginSettings, SpharmSettings

__all__ = ["Family", "FeatureSettings", "MarginSettings", "SpharmSettings", "describe", "extract", "family", "family_names"]
