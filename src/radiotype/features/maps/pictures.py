"""What maps are made of: an image with its grey levels in the box of a region, as either family prepares it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features.ibsi import filtered, preprocess
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.pyradiomics import prepare as pyradiomics_prepare
from radiotype.features.pyradiomics.filters import Around, filtered_images
from radiotype.features.pyradiomics.grey_levels import grey_levels
from radiotype.features.pyradiomics.settings import PyradiomicsSettings


@dataclass(frozen=True, eq=False)
class Picture:
    """One image around a region; arrays of one shape (slices, rows, columns).

    Parameters
    ----------
    name : str
        Of the image: that of a filter, or empty ("original" in pyradiomics).
    values : array
        Intensities where `ranks` is above 0.
    ranks : array of uint8 or uint16
        Which of the `levels` a voxel has, counted from 1; 0 where it takes no part.
    border : array of bool
        The region whose border counts for distances.
    centres : array of bool
        Voxels that the maps have values at.
    levels : array, shape (n_levels,)
        The grey levels that occur.
    n_grey_levels : int
        Of the discretisation.
    spacing_mm : tuple of float
        Between columns, rows and slices.
    across : int
        The axis of the region's box that slices lie across.
    settings : IbsiSettings or PyradiomicsSettings
        What holds for features of this image.
    """

    name: str
    values: Floats
    ranks: NDArray[np.unsignedinteger]
    border: NDArray[np.bool_]
    centres: NDArray[np.bool_]
    levels: NDArray[np.int64]
    n_grey_levels: int
    spacing_mm: tuple[float, float, float]
    across: int
    settings: IbsiSettings | PyradiomicsSettings


@dataclass(frozen=True, eq=False)
class Album:
    """The images of one region, and where its box lies."""

    pictures: Iterator[Picture]
    grid: Grid


def ibsi_album(scan: Scan, mask: Mask, wide: Mask | None, settings: IbsiSettings, images: Collection[str]) -> Album:
    """The interpolated scan ("") and its filtered images, as the IBSI prepares them; maps cover the box of `wide`.

    Raises
    ------
    InputError, ComputeError
        As `radiotype.features.ibsi.prepare`; RT305 if nothing is left of the region.
    """
    own = settings.model_copy(update={"filters": tuple(one for one in settings.filters if one.name in images)})
    prepared = preprocess.prepare(scan, wide or mask, own)
    _require_some(prepared.missing)
    centres = prepared.intensity_mask
    if wide is not None:
        narrow = preprocess.prepare(scan, mask, own.model_copy(update={"filters": ()}))
        _require_some(narrow.missing)
        centres = _within(narrow.intensity_mask, narrow.grid, prepared.grid) & prepared.intensity_mask
    grid = prepared.grid
    if grid is None:
        raise ValueError("the region was prepared without a grid")

    def pictures() -> Iterator[Picture]:
        if "" in images:
            yield _of_ibsi("", prepared, centres, own)
        for one in own.filters:
            yield _of_ibsi(one.name, filtered.filtered(prepared, one, own), centres, own)

    return Album(pictures(), grid)


def _of_ibsi(name: str, prepared: preprocess.Prepared, centres: NDArray[np.bool_], settings: IbsiSettings) -> Picture:
    levels = np.asarray(prepared.levels, dtype=np.int64).T
    ranks, different = _ranked(levels)
    image = np.array(prepared.image.T)
    border, spacing = prepared.morphological_mask.T, prepared.spacing_mm
    return Picture(name, image, ranks, border, centres.T, different, prepared.n_levels, spacing, 2, settings)


def pyradiomics_album(
    scan: Scan, mask: Mask, wide: Mask | None, settings: PyradiomicsSettings, images: Collection[str]
) -> Album:
    """The scan and its filtered images, as pyradiomics prepares them; maps cover the box of `wide`.

    Raises
    ------
    InputError, ComputeError
        As `radiotype.features.pyradiomics.prepare.prepare`; RT305 if it measures nothing on the region, or an image cannot be
        made.
    """
    narrow = pyradiomics_prepare.prepare(scan, mask, settings)
    _require_some(narrow.missing)
    prepared, centres = narrow, narrow.region
    if wide is not None:
        own = {"intensity_range": None, "minimum_voxels": None, "minimum_dimensions": 1}
        prepared = pyradiomics_prepare.prepare(scan, wide, settings.model_copy(update=own))
        centres = _within(narrow.region, narrow.grid, prepared.grid)
    around = Around(prepared.around, prepared.region, prepared.low, prepared.spacing_mm)

    def pictures() -> Iterator[Picture]:
        for kind in settings.images.types:
            own = settings.of_image(kind)
            names = own.images.names(kind, own.across)
            if not set(names) & set(images):
                continue
            for name, image in zip(names, filtered_images(kind, around, own), strict=True):
                if name not in images:
                    continue
                if image is None or not np.isfinite(image[prepared.region]).all():
                    raise ComputeError("RT305", f"there is no image {name} of this region", hint="leave it out")
                yield _of_pyradiomics(name, image, prepared, centres, own)

    return Album(pictures(), prepared.grid)


def _of_pyradiomics(
    name: str,
    image: NDArray[np.generic],
    prepared: pyradiomics_prepare.Prepared,
    centres: NDArray[np.bool_],
    settings: PyradiomicsSettings,
) -> Picture:
    region, across = prepared.region, "IJK".index(settings.slices_across)
    levels = np.zeros(region.shape, dtype=np.int64)
    levels[region] = grey_levels(image[region], settings, name)
    ranks, different = _ranked(_upright(levels, across))
    i, j = (one for axis, one in enumerate(prepared.spacing_mm) if axis != across)
    return Picture(
        name,
        _upright(image.astype(np.float64), across),
        ranks,
        _upright(region, across),
        _upright(centres, across),
        different,
        int(different[-1]),
        (i, j, prepared.spacing_mm[across]),
        across,
        settings,
    )


def _upright(array: NDArray, across: int) -> NDArray:  # type: ignore[type-arg]
    """An array (I, J, K) as (slices, rows, columns)."""
    return np.ascontiguousarray(np.moveaxis(array, across, 2).T)


def _ranked(levels: NDArray[np.int64]) -> tuple[NDArray[np.unsignedinteger], NDArray[np.int64]]:
    """The levels as ranks among those that occur, and these."""
    different = np.unique(levels[levels > 0])
    kind: type[np.unsignedinteger] = np.uint8 if different.size < 256 else np.uint16
    if different.size > np.iinfo(np.uint16).max:
        raise ComputeError(
            "RT305",
            f"{different.size:,} grey levels are too many for maps",
            hint="choose wider bins, or a fixed number of them",
        )
    ranks = np.searchsorted(different, levels) + 1
    ranks[levels == 0] = 0
    return np.ascontiguousarray(ranks).astype(kind), different


def _within(region: NDArray[np.bool_], grid: Grid | None, wide: Grid | None) -> NDArray[np.bool_]:
    """A region in a grid that holds its own and has the same voxels."""
    if grid is None or wide is None:
        raise ValueError("the region was prepared without a grid")
    shift = np.linalg.solve(wide.affine[:3, :3], np.subtract(grid.origin_mm, wide.origin_mm))
    first = np.rint(shift).astype(int)
    found = np.zeros(wide.shape, dtype=np.bool_)
    inside = np.argwhere(region) + first
    inside = inside[((inside >= 0) & (inside < wide.shape)).all(axis=1)]
    found[tuple(inside.T)] = True
    return found


def _require_some(missing: str) -> None:
    if missing:
        raise ComputeError("RT305", f"the region has no maps: {missing}", hint="check the mask, the spacing and the range")
