"""Tumour core, invasive margin and parenchymal margins of a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MarginRegions:
    """Regions of one tumour, all of shape (I, J, K).

    `core` is the inner part, `invasive` the rest of the tumour, `parenchymal` one region per distance outside it.
    """

    core: Bools
    invasive: Bools
    parenchymal: tuple[Bools, ...]


def margin_regions(
    tumour: Bools, spacing_mm: tuple[float, float, float], distances_mm: tuple[float, ...], allowed: Bools
) -> MarginRegions:
    """Disjoint regions in three dimensions.

    Core: inside distance above half of the largest inside distance. Invasive margin: tumour without core. Parenchymal margin
    of d mm: outside the tumour, at most d mm from it, where `allowed`. Distances run between voxel centres.

    Parameters
    ----------
    tumour, allowed : array of bool, shape (I, J, K)
        The tumour; where a parenchymal margin may lie. What is beyond the array counts as outside the tumour.
    spacing_mm : tuple of float
        Voxel spacing, mm.
    distances_mm : tuple of float
        Width of each parenchymal margin, mm.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798.
    """
    inside = _distances_mm(np.pad(tumour, 1), spacing_mm)[1:-1, 1:-1, 1:-1]
    core = inside > inside.max() / 2
    del inside
    outside = _distances_mm(~tumour, spacing_mm)
    rings = tuple((outside > 0) & (outside <= distance) & allowed for distance in distances_mm)
    return MarginRegions(core, tumour & ~core, rings)


def _distances_mm(where: Bools, spacing_mm: tuple[float, float, float]) -> Floats:
    """Distance of each True voxel to the nearest False one: the numbers of scipy at a third of its memory."""
    from scipy import ndimage

    nearest = np.empty((3, *where.shape), dtype=np.int32)
    ndimage.distance_transform_edt(where, sampling=spacing_mm, return_distances=False, return_indices=True, indices=nearest)
    distances = np.empty(where.shape)
    j, k = np.ogrid[: where.shape[1], : where.shape[2]]
    for i, plane in enumerate(distances):
        for axis, own in enumerate((i, j, k)):
            apart = (nearest[axis, i] - own).astype(np.float64) * spacing_mm[axis]
            plane[:] = apart * apart if axis == 0 else plane + apart * apart
        np.sqrt(plane, out=plane)
    return distances


def margin_regions_of_authors_code(tumour: Bools, distances_pixels: tuple[float, ...], allowed: Bools) -> MarginRegions:
    """Regions as the authors' program makes them: slice by slice along K, in pixels; the outer regions contain the tumour.

    Parameters
    ----------
    tumour, allowed : array of bool, shape (I, J, K)
        K is the axial direction.
    distances_pixels : tuple of float
        Width of each parenchymal margin, pixels.
    """
    from scipy import ndimage

    core = np.zeros_like(tumour)
    rings = tuple(np.zeros_like(tumour) for _ in distances_pixels)
    for k in np.flatnonzero(tumour.any(axis=(0, 1))):
        slice_ = tumour[:, :, k]
        inside = ndimage.distance_transform_edt(np.pad(slice_, 1))[1:-1, 1:-1]
        core[:, :, k] = inside > inside.max() / 2
        outside = ndimage.distance_transform_edt(~slice_)
        for ring, distance in zip(rings, distances_pixels, strict=True):
            ring[:, :, k] = slice_ | ((outside <= distance) & allowed[:, :, k])
    return MarginRegions(core, tumour & ~core, rings)
