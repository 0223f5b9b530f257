"""How much memory the spherical-harmonic shape of a region takes."""

from __future__ import annotations

import math

import radiotype._native as native
from radiotype.core.volume import Mask
from radiotype.features.settings import FeatureSettings
from radiotype.features.spharm.topology import MAX_BOX_VOXELS, MIN_VERTICES, bordered

#: Bytes per vertex of the surface while it is laid onto the sphere: 1040 are the scratch of the kernel (native/levels.hpp).
#: The published map factors sparse matrices instead, with libraries that take as much as the second number.
MAPPING = 1240
PUBLISHED = (2100, 40_000_000)

#: Bytes per voxel of the box that are held meanwhile, and at the peak of making the solid: on the voxels of the mask, on the
#: halved ones, and on those while handles are cut or filled.
HELD = 2
PARTS = 12
HALVED = 4
REPAIRED = 20


def needed_for_spharm(mask: Mask, settings: FeatureSettings) -> int:
    """Memory that the family takes at its peak, bytes; the surface is counted, which takes two bytes per voxel of the box.

    A mask of several parts or with handles is taken for one part without, or for the largest surface that halving leaves.
    """
    voxels = mask.cropped(*mask.box)
    n_vertices, n_squares, badly = native.surface_counts(bordered(voxels))
    halvings = 0 if n_vertices >= MIN_VERTICES else math.ceil(math.log(MIN_VERTICES / n_vertices, 4))
    vertices = n_vertices * 4**halvings
    sound = badly == 0 and n_vertices - n_squares == 2
    if not sound:
        vertices = max(vertices, 4 * MIN_VERTICES)
    fine = min(voxels.size * 8**halvings, MAX_BOX_VOXELS)
    solid = max(PARTS * voxels.size, (HALVED if sound else REPAIRED) * fine)
    each, once = PUBLISHED if settings.spharm.sphere_map == "cald" else (MAPPING, 0)
    return max(HELD * (fine + voxels.size) + each * vertices + once, solid)
