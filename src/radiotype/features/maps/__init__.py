"""Features of the neighbourhood of every voxel of a region, as images."""

from radiotype.features.maps.voxelwise import feature_maps
from radiotype.features.maps.names import MapFeature, known_features

__all__ = ["MapFeature", "feature_maps", "known_features"]
