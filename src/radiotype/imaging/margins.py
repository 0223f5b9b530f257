"""Tumour core, invasive margin and parenchymal margins of a mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Mask
from radiotype.imaging.distances import distances_inside

Bools = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.uint8]

#: Labels of core and invasive margin, and of the innermost band around the tumour.
CORE, INVASIVE, FIRST_BAND = 1, 2, 3

#: Lengths that differ by less than this fraction are equal: sums of squares round otherwise in another order of the axes.
TIE = 1e-5


@dataclass(frozen=True, eq=False)
class MarginRegions:
    """The regions of one tumour, as one label per voxel.

    Parameters
    ----------
    labels : array of uint8, shape (I, J, K)
        0 in none of them, 1 in the core, 2 in the rest of the tumour, 3 and more in the bands around it, from inside out.
    grid : Grid
        Where the voxels lie.
    distances : tuple of float
        Where each band ends, rising; mm, or pixels with the authors' definition.
    rings_hold_tumour : bool
        Whether a parenchymal margin contains the tumour, as with the authors' definition.
    """

    labels: Labels
    grid: Grid
    distances: tuple[float, ...]
    rings_hold_tumour: bool = False

    def __post_init__(self) -> None:
        labels = self.labels.view()
        labels.setflags(write=False)
        object.__setattr__(self, "labels", labels)

    @property
    def names(self) -> tuple[str, ...]:
        """What each label stands for, from 1 on; a band takes the name of the parenchymal margin that ends with it."""
        return ("core", "invasive", *map(ring_name, self.distances))

    def inside(self, name: str) -> Bools:
        """Voxels of a region as it is compared: a parenchymal margin holds every band up to its own."""
        label = self.names.index(name) + 1
        if label < FIRST_BAND:
            return self.labels == label
        first = CORE if self.rings_hold_tumour else FIRST_BAND
        found: Bools = (self.labels >= first) & (self.labels <= label)
        return found

    def masks(self) -> dict[str, Mask]:
        """Every region as it is compared, by name, but for empty ones. Parenchymal margins overlap."""
        inside = ((name, self.inside(name)) for name in self.names)
        return {name: Mask(region, self.grid, label=name) for name, region in inside if region.any()}

    def on(self, grid: Grid) -> MarginRegions:
        """The regions on another grid, such as that of the scan: each voxel takes the label of the nearest measured one."""
        from scipy import ndimage

        there = np.linalg.inv(grid.affine)
        corners = self.grid.corners_mm() @ there[:3, :3].T + there[:3, 3]
        low = np.clip(np.floor(corners.min(axis=0)), 0, grid.shape).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 1, low, grid.shape).astype(int)
        labels = np.zeros(grid.shape, dtype=np.uint8)
        if (high > low).all():
            move = np.linalg.inv(self.grid.affine) @ grid.affine
            labels[tuple(map(slice, low, high))] = ndimage.affine_transform(
                self.labels, move[:3, :3], offset=move[:3, :3] @ low + move[:3, 3], output_shape=tuple((high - low).tolist()),
                order=0, mode="grid-constant",
            )  # fmt: skip
        return MarginRegions(labels, grid, self.distances, self.rings_hold_tumour)


def ring_name(distance: float) -> str:
    """Name of the parenchymal margin of that width."""
    return f"parenchymal_{distance:g}mm"


def margin_labels(
    tumour: Bools, spacing_mm: tuple[float, float, float], distances_mm: tuple[float, ...], allowed: Bools
) -> Labels:
    """Disjoint regions in three dimensions, as the labels of `MarginRegions`.

    Core: inside distance above half of the largest inside distance. Invasive margin: tumour without core. Bands: outside the
    tumour, at most each of the distances from it, where `allowed`. Distances run between voxel centres.

    Parameters
    ----------
    tumour, allowed : array of bool, shape (I, J, K)
        The tumour; where a parenchymal margin may lie. What is beyond the array counts as outside the tumour.
    spacing_mm : tuple of float
        Voxel spacing, mm.
    distances_mm : tuple of float
        Width of each parenchymal margin, mm, rising.

    References
    ----------
    Wu et al., Nature Machine Intelligence 3 (2021) 787-798.
    """
    inside = distances_inside(np.pad(tumour, 1), spacing_mm)[1:-1, 1:-1, 1:-1]
    labels = np.where(tumour, np.uint8(INVASIVE), np.uint8(0))
    labels[inside > inside.max() / 2 * (1 + TIE)] = CORE
    del inside
    _add_bands(labels, distances_inside(~tumour, spacing_mm), distances_mm, allowed)
    return labels


def _add_bands(labels: Labels, outside: Floats, distances: tuple[float, ...], allowed: Bools) -> None:
    ends = np.array(distances) * (1 + TIE)
    around = (outside > 0) & (outside <= ends[-1]) & allowed
    labels[around] = FIRST_BAND + np.searchsorted(ends, outside[around])


def margin_labels_of_authors_code(tumour: Bools, distances_pixels: tuple[float, ...], allowed: Bools) -> Labels:
    """Regions as the authors' program makes them: slice by slice along K, in pixels; its outer regions contain the tumour.

    Parameters
    ----------
    tumour, allowed : array of bool, shape (I, J, K)
        K is the axial direction.
    distances_pixels : tuple of float
        Width of each parenchymal margin, pixels, rising.
    """
    from scipy import ndimage

    labels = np.where(tumour, np.uint8(INVASIVE), np.uint8(0))
    for k in np.flatnonzero(tumour.any(axis=(0, 1))):
        slice_ = tumour[:, :, k]
        inside = ndimage.distance_transform_edt(np.pad(slice_, 1))[1:-1, 1:-1]
        labels[:, :, k][inside > inside.max() / 2 * (1 + TIE)] = CORE
        _add_bands(labels[:, :, k], ndimage.distance_transform_edt(~slice_), distances_pixels, allowed[:, :, k])
    return labels
