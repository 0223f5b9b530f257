"""The features of pyradiomics, under its names and equal in value."""

from radiotype.features.pyradiomics.filtered_scans import filtered_scans
from radiotype.features.pyradiomics.parameters import read_parameters
from radiotype.features.pyradiomics.settings import PyradiomicsSettings

__all__ = ["PyradiomicsSettings", "filtered_scans", "read_parameters"]
