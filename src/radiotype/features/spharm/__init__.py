"""Spherical-harmonic shape: from a mask to its surface, its map onto the sphere, its coefficients and 293 features."""

from radiotype.features.spharm.alignment import Alignment, align, turned
from radiotype.features.spharm.cald import cald_map
from radiotype.features.spharm.describe import HarmonicShape, Steps, describe
from radiotype.features.spharm.descriptors import Descriptors, descriptors
from radiotype.features.spharm.expansion import expand
from radiotype.features.spharm.reconstruction import ReconstructionError, reconstruct, reconstruction_error
from radiotype.features.spharm.sphere_map import SphereMap, area_map
from radiotype.features.spharm.surface import Surface, voxel_surface
from radiotype.features.spharm.topology import Solid, simply_connected, solid

__all__ = [
    "Alignment",
    "Descriptors",
    "HarmonicShape",
    "ReconstructionError",
    "Solid",
    "SphereMap",
    "Steps",
    "Surface",
    "align",
    "area_map",
    "cald_map",
    "describe",
    "descriptors",
    "expand",
    "reconstruct",
    "reconstruction_error",
    "simply_connected",
    "solid",
    "turned",
    "voxel_surface",
]
