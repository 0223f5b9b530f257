"""Features of the Image Biomarker Standardisation Initiative: preparation, shape, intensities and textures."""

from radiotype.features.ibsi.measures import measure, records
from radiotype.features.ibsi.preprocess import Prepared, prepare
from radiotype.features.ibsi.response_maps import response_maps
from radiotype.features.ibsi.settings import Bins, IbsiSettings

__all__ = ["Bins", "IbsiSettings", "Prepared", "measure", "prepare", "records", "response_maps"]
