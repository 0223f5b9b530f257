"""Scan and mask in, numbers out."""

from radiotype.features.describe import describe, extract
from radiotype.features.registry import Family, family, family_names
from radiotype.features.settings import FeatureSettings, MarginSettings

__all__ = ["Family", "FeatureSettings", "MarginSettings", "describe", "extract", "family", "family_names"]
