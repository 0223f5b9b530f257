"""The shape of one mask, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor, sqrt

import numpy as np

from radiotype.core.volume import Mask
from radiotype.features.settings import SpharmSettings
from radiotype.features.spharm.alignment import Alignment, align
from radiotype.features.spharm.cald import cald_map
from radiotype.features.spharm.descriptors import Descriptors, descriptors, mean_radius
from radiotype.features.spharm.expansion import Complexes, expand
from radiotype.features.spharm.reconstruction import ReconstructionError, reconstruct, reconstruction_error
from radiotype.features.spharm.sphere_map import SphereMap, area_map
from radiotype.features.spharm.surface import Surface, voxel_surface
from radiotype.features.spharm.topology import Solid, solid

#: With fewer voxels than this the highest degree is the root of a quarter of the surface voxels: beyond it lie voxel corners.
FEW_VOXELS = 100


@dataclass(frozen=True, eq=False)
class Steps:
    """Every intermediate result, in the axes of the mask, mm from the centre of voxel (0, 0, 0).

    Parameters
    ----------
    solid : Solid
    surface : Surface
    sphere_map : SphereMap
        `points` holds a unit vector per vertex of the surface.
    coefficients : array of complex, shape ((L + 1)^2, 3)
        Before alignment.
    alignment : Alignment
    """

    solid: Solid
    surface: Surface
    sphere_map: SphereMap
    coefficients: Complexes
    alignment: Alignment

    def reconstruction(self, degree: int | None = None) -> Surface:
        """The surface that the coefficients up to a degree stand for, with the squares of the voxel surface."""
        return Surface(reconstruct(self.coefficients, self.sphere_map.points, degree), self.surface.quads)

    def error(self, degree: int | None = None) -> ReconstructionError:
        """How far that lies from the voxel surface."""
        return reconstruction_error(self.surface.vertices_mm, self.reconstruction(degree).vertices_mm)


@dataclass(frozen=True, eq=False)
class HarmonicShape:
    """The spherical-harmonic shape of a mask.

    Parameters
    ----------
    descriptors : Descriptors
        Up to the degree that was fitted.
    volume_mm3 : float
        Of the solid described.
    degree : int
        The degree that was fitted: the one asked for, or a lower one for a mask of few voxels.
    axes_degenerate : bool
        Whether two axes of the first-order ellipsoid have nearly one length.
    flags : mapping of str to float
        Quality, as `radiotype.describe` stores it.
    steps : Steps or None
        Every intermediate result, if it was to be kept.
    """

    descriptors: Descriptors
    volume_mm3: float
    degree: int
    axes_degenerate: bool
    flags: Mapping[str, float]
    steps: Steps | None = None


def describe(mask: Mask, settings: SpharmSettings | None = None, *, keep: bool = False) -> HarmonicShape:
    """Describe the shape of the largest part of a mask by spherical harmonics.

    Parameters
    ----------
    mask : Mask
    settings : SpharmSettings, optional
    keep : bool
        Whether the result holds every intermediate result.

    Raises
    ------
    ComputeError
        RT306 if the region is too large; as the map onto the sphere, if it fails.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((24, 24, 24), np.eye(4))
    >>> x, y, z = np.indices(grid.shape) - 11.5
    >>> shape = describe(Mask(x**2 / 25 + y**2 / 49 + z**2 / 100 < 1, grid), keep=True)
    >>> bool(np.allclose(shape.steps.alignment.half_axes_mm, [5, 7, 10], rtol=0.1))
    True
    >>> shape.steps.error(2).rms_mm > shape.steps.error(15).rms_mm
    True
    """
    settings = settings or SpharmSettings()
    made = _in_whole_mask(solid(mask.cropped(*mask.box), mask.grid.spacing_mm), mask)
    x, y, z = ((index - 0.5) * step for index, step in zip(made.first, mask.grid.spacing_mm, strict=True))
    at_zero = voxel_surface(made.voxels, made.spacing_mm)  # where ties are rounded alike wherever the mask lies
    make_map = cald_map if settings.sphere_map == "cald" else area_map
    sphere_map = make_map(at_zero.vertices_mm, at_zero.quads)
    surface = Surface(at_zero.vertices_mm + np.array([x, y, z]), at_zero.quads)
    degree = fitted_degree(made, settings.degree)
    coefficients = expand(sphere_map.points, surface.vertices_mm, degree)
    alignment = align(coefficients)
    steps = Steps(made, surface, sphere_map, coefficients, alignment)
    return HarmonicShape(
        descriptors=descriptors(alignment.coefficients, mean_radius(surface.vertices_mm)),
        volume_mm3=made.volume_mm3,
        degree=degree,
        axes_degenerate=alignment.axes_degenerate,
        flags=_flags(steps, degree),
        steps=steps if keep else None,
    )


def _in_whole_mask(made: Solid, mask: Mask) -> Solid:
    """The solid of a cropped mask, its place counted from the first voxel of the whole."""
    i, j, k = (inner + outer for inner, outer in zip(made.first, mask.box[0], strict=True))
    return replace(made, first=(i, j, k))


def fitted_degree(made: Solid, wanted: int) -> int:
    """The degree wanted, or the highest that says something about a mask of few voxels."""
    if made.n_component >= FEW_VOXELS:
        return wanted
    return min(wanted, max(1, floor(sqrt(made.n_surface / 4))))


def _flags(steps: Steps, degree: int) -> dict[str, float]:
    made, sphere_map = steps.solid, steps.sphere_map
    voxel = float(np.prod(made.spacing_mm)) ** (1 / 3) * 2**made.halvings
    error = steps.error()
    return {
        "spharm_kept_fraction": made.kept_fraction,
        "spharm_changed_fraction": made.changed_fraction,
        "spharm_vertices": float(len(steps.surface.vertices_mm)),
        "spharm_degree": float(degree),
        "spharm_flipped_triangles": float(sphere_map.n_flipped),
        "spharm_area_ratio_p1": float(sphere_map.area_ratio_percentiles[0]),
        "spharm_area_ratio_p99": float(sphere_map.area_ratio_percentiles[-1]),
        "spharm_rms_voxels": error.rms_mm / voxel,
        "spharm_hausdorff_voxels": error.hausdorff_mm / voxel,
        "spharm_map_settled": float(sphere_map.settled),
        "spharm_axes_degenerate": float(steps.alignment.axes_degenerate),
    }
