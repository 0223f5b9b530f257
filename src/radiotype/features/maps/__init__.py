"""Features of the neighbourhood of every voxel of a region, as images."""

from radiotype.features.maps.names import MapFeature, chosen_features, known_features
from radiotype.features.maps.voxelwise import feature_maps

__all__ = ["MapFeature", "chosen_features", "feature_maps", "known_features"]
