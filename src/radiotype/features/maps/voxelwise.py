"""Maps of features: for every voxel of a region, features of its neighbourhood."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import ArrayVoxels, Mask, Scan, require_same_grid
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import ComputeError, RecipeError
from radiotype.features.maps.counting import Counting
from radiotype.features.maps.names import MapFeature, chosen_features
from radiotype.features.maps.pictures import Picture, ibsi_album, pyradiomics_album
from radiotype.features.maps.samples import level_statistics_of_samples, sample_statistics
from radiotype.features.maps.textures import ibsi_textures, pyradiomics_textures
from radiotype.features.pyradiomics.first_order import STATISTICS
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.settings import FeatureSettings

Neighbourhood = Literal["cube", "ball"]

#: Maps that would take more are refused, unless a caller allows it.
MEMORY_LIMIT_BYTES = 4 * 2**30
#: What the neighbourhoods that are worked on at a time may take in each thread, about.
BATCH_BYTES = 64 * 2**20
#: Neighbourhoods worked on at a time, at most.
LARGEST_BATCH = 2000
#: Bytes for each voxel of a neighbourhood and direction, and for each grey level and direction, about.
_VOXEL_BYTES, _LEVEL_BYTES = 64, 64


class Reach(NamedTuple):
    """How far a neighbourhood goes: voxels to each side along slices, rows and columns, and which of these belong to it."""

    radius: tuple[int, int, int]
    footprint: NDArray[np.bool_]


def feature_maps(
    scan: Scan,
    mask: Mask,
    settings: FeatureSettings | None = None,
    *,
    features: Iterable[str],
    radius_mm: float | None = None,
    radius_voxels: int | None = None,
    neighbourhood: Neighbourhood = "cube",
    within_mask: bool = True,
    n_threads: int | None = None,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    progress: Progress = unwatched,
) -> dict[str, Scan]:
    """Features of the neighbourhood of every voxel of a region.

    Grey levels are those of the whole region; then each neighbourhood is measured as if it were a region of its own. With
    features of pyradiomics, the default is its voxel-based extraction.

    Parameters
    ----------
    scan, mask : Scan, Mask
        On one grid.
    settings : FeatureSettings, optional
        Its groups `ibsi` and `pyradiomics` say how the scan is prepared and filtered, as for features of the region.
    features : iterable of str
        Names of intensity, histogram and texture features of these two families, as `describe` gives them, or patterns such as
        "original_glcm_*" or "log_*_intensity_mean". There are none of shape and of intensity-volume histograms.
    radius_mm, radius_voxels : float, int
        How far a neighbourhood goes to each side, in mm or in voxels of the prepared scan, not both; one voxel when left out.
        Where slices are measured one by one, it stays within the slice.
    neighbourhood : str
        "cube", as in pyradiomics, or "ball".
    within_mask : bool
        Whether a neighbourhood ends where the region does. Otherwise it sees all of the box of the region and so much around it
        as it reaches, and grey levels are those of that box (`maskedKernel: false`).
    n_threads : int, optional
        When left out, OMP_NUM_THREADS or the number of cores. The values do not depend on it.
    memory_limit_bytes : int
        Refuse maps that would take more.
    progress : callable
        Told of every batch of voxels.

    Returns
    -------
    dict
        A scan for each feature by its name, in the order of `features`: float64, NaN outside the region and where a
        neighbourhood has no value, modality "OT", unit "1". It covers the box of the region, in the axes of the prepared
        scan. `radiotype.io.write_scan` writes it.

    Raises
    ------
    RecipeError
        RT103 for a name or pattern that fits no feature, for two radii, and one that reaches no other voxel.
    InputError, ComputeError
        As preparing the region raises them; RT305 if nothing of it is left; RT306 for maps larger than the limit.

    References
    ----------
    van Griethuysen et al., Cancer Research 77 (2017) e104-e107 (voxel-based extraction). The IBSI has no reference values of
    feature maps: those of its features are not standardised as maps.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((3, 3, 3), np.eye(4))
    >>> scan = Scan(np.arange(27.0).reshape(3, 3, 3), grid)
    >>> maps = feature_maps(scan, Mask(np.ones((3, 3, 3), dtype=bool), grid), features=["original_firstorder_Mean"])
    >>> maps["original_firstorder_Mean"].data[0, 0].tolist()
    [6.5, 7.0, 7.5]
    """
    settings = settings or FeatureSettings()
    chosen = chosen_features([features] if isinstance(features, str) else features, settings)
    _check_radius(radius_mm, radius_voxels, neighbourhood)
    require_same_grid(scan, mask)
    found: dict[str, Scan] = {}
    for family in dict.fromkeys(one.family for one in chosen):
        own = [one for one in chosen if one.family == family]
        wide = None if within_mask else _widened(scan, mask, settings, family, (radius_mm, radius_voxels))
        images = {one.image for one in own}
        if family == "ibsi":
            album = ibsi_album(scan, mask, wide, settings.ibsi, images)
        else:
            album = pyradiomics_album(scan, mask, wide, settings.pyradiomics, images)
        size = len(own) * math.prod(album.grid.shape) * 8
        if size > memory_limit_bytes:
            found_text = f"{len(own)} maps of {' x '.join(map(str, album.grid.shape))} voxels take {size / 2**30:.1f} GiB"
            hint = "ask for fewer features, or set a larger spacing_mm"
            raise ComputeError("RT306", f"{found_text}, expected at most {memory_limit_bytes / 2**30:.1f}", hint=hint)
        for picture in album.pictures:
            of_picture = [one for one in own if one.image == picture.name]
            reach = _reach(picture, radius_mm, radius_voxels, neighbourhood)
            maps = _maps(picture, of_picture, reach, n_threads, progress)
            found |= {name: _as_scan(values, picture.across, album.grid) for name, values in maps.items()}
    return {one.name: found[one.name] for one in chosen}


def _check_radius(radius_mm: float | None, radius_voxels: int | None, neighbourhood: str) -> None:
    hint = "radius_voxels=1, or radius_mm=3.0"
    if radius_mm is not None and radius_voxels is not None:
        raise RecipeError("RT103", "radius_mm and radius_voxels are both given", hint=hint)
    radius = radius_voxels if radius_mm is None else radius_mm
    if radius is not None and not (math.isfinite(radius) and radius > 0):
        raise RecipeError("RT103", f"a radius of {radius} is no neighbourhood", hint=hint)
    if radius_voxels is not None and int(radius_voxels) != radius_voxels:
        raise RecipeError("RT103", f"radius_voxels is {radius_voxels}, expected a whole number", hint=hint)
    if neighbourhood not in ("cube", "ball"):
        raise RecipeError("RT103", f"a neighbourhood {neighbourhood!r} is not known", hint='"cube" or "ball"')


def _reach(picture: Picture, radius_mm: float | None, radius_voxels: int | None, neighbourhood: Neighbourhood) -> Reach:
    """In voxels, slices first."""
    spacing_mm = picture.spacing_mm
    steps = np.array(spacing_mm[::-1]) if radius_mm is not None else np.ones(3)
    far = float(radius_mm if radius_mm is not None else radius_voxels or 1)
    radius = np.floor(far / steps + 1e-9).astype(int)
    if picture.settings.slice_by_slice:
        radius[0] = 0
    if not radius.any():
        found = (
            f"a radius of {far:g} mm reaches no other voxel: these lie {' x '.join(f'{one:g}' for one in spacing_mm)} mm apart"
        )
        raise RecipeError("RT103", found, hint="set a larger radius")
    s, r, c = radius.tolist()
    away = np.meshgrid(*(np.arange(-one, one + 1) * step for one, step in zip((s, r, c), steps, strict=True)), indexing="ij")
    inside = np.sum(np.square(away), axis=0) <= far**2 * (1 + 1e-9)
    return Reach((s, r, c), inside if neighbourhood == "ball" else np.ones_like(inside))


def _widened(scan: Scan, mask: Mask, settings: FeatureSettings, family: str, radii: tuple[float | None, int | None]) -> Mask:
    """The box of a region and as much around it as neighbourhoods reach, as far as the scan goes."""
    radius_mm, radius_voxels = radii
    new = settings.ibsi.spacing_mm if family == "ibsi" else max(settings.pyradiomics.spacing_mm or (0.0,))
    more = []
    for step in scan.grid.spacing_mm:
        if radius_mm is not None:
            more.append(math.floor(radius_mm / step + 1e-9) if not new else math.ceil(radius_mm / step - 1e-9))
        else:
            more.append(math.ceil((radius_voxels or 1) * (new or step) / step - 1e-9))
    inside = np.zeros(scan.grid.shape, dtype=np.bool_)
    inside[tuple(slice(max(a - one, 0), b + one) for a, b, one in zip(*mask.box, more, strict=True))] = True
    return Mask(inside, mask.grid)


def _maps(
    picture: Picture, wanted: Sequence[MapFeature], reach: Reach, n_threads: int | None, progress: Progress
) -> dict[str, Floats]:
    """The maps (slices, rows, columns) of the features of one image, by their full names."""
    margin = [(one, one) for one in reach.radius]
    shape = tuple(2 * one + 1 for one in reach.radius)
    values, ranks, border = (
        np.lib.stride_tricks.sliding_window_view(np.pad(array, margin), shape)
        for array in (picture.values, picture.ranks, picture.border)
    )
    centres = np.nonzero(picture.centres)
    n = len(centres[0])
    maps = {one.name: np.full(picture.centres.shape, np.nan) for one in wanted}
    each = 13 * (_VOXEL_BYTES * math.prod(shape) + _LEVEL_BYTES * picture.n_grey_levels)
    size = max(1, min(LARGEST_BATCH, BATCH_BYTES // each))

    def work(start: int) -> None:
        where = tuple(axis[start : start + size] for axis in centres)
        own_border = border[where] & reach.footprint
        found = _measured(picture, values[where], ranks[where] * reach.footprint, own_border, wanted)
        for one in wanted:
            maps[one.name][where] = found[one.own_name]

    starts = range(0, n, size)
    with progress(f"maps {picture.name}".strip(), len(starts)) as advance, ThreadPoolExecutor(_threads(n_threads)) as pool:
        for _ in _finished(pool, work, starts):
            advance()
    return maps


def _finished(pool: ThreadPoolExecutor, work, starts: Iterable[int]) -> Iterator[None]:  # type: ignore[no-untyped-def]
    """Each result as it is there; what waits is given up when one fails or the caller does."""
    try:
        yield from pool.map(work, starts)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _threads(asked: int | None) -> int:
    text = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, asked or (int(text) if text.isdigit() else os.cpu_count() or 1))


def _measured(
    picture: Picture,
    values: Floats,
    ranks: NDArray[np.unsignedinteger],
    border: NDArray[np.bool_],
    wanted: Sequence[MapFeature],
) -> dict[str, Floats]:
    """Features (n,) of neighbourhoods (n, slices, rows, columns), by their own names."""
    groups, own, n = {one.group for one in wanted}, picture.settings, len(ranks)
    samples = np.where(ranks > 0, values, np.nan).reshape(n, -1)
    levels = np.concatenate([[0], picture.levels])[ranks].reshape(n, -1)
    counting = Counting(ranks, border, picture.levels, planar=own.slice_by_slice)
    found: dict[str, Floats] = {}
    if isinstance(own, PyradiomicsSettings):
        if "firstorder" in groups:
            found = _first_order(samples, levels, picture, own.intensity_shift)
        classes = sorted(groups - {"firstorder"})
        if any(one.own_name == "glcm_MCC" for one in wanted):
            classes.append("MCC")
        return found | (pyradiomics_textures(counting, classes, own, picture.spacing_mm) if classes else {})
    if "intensity" in groups:
        found |= {f"intensity_{name}": one for name, one in sample_statistics(samples).items()}
    if "intensity_histogram" in groups:
        own_levels = np.where(levels > 0, levels, np.nan)
        statistics = sample_statistics(own_levels)
        statistics |= level_statistics_of_samples(levels, picture.n_grey_levels, statistics["mean"])
        found |= {f"intensity_histogram_{name}": one for name, one in statistics.items()}
    textures = list(dict.fromkeys((one.group, one.aggregation) for one in wanted if one.aggregation))
    alpha = own.dependence_alpha
    return found | ibsi_textures(counting, textures, n_grey_levels=picture.n_grey_levels, alpha=alpha)


def _first_order(samples: Floats, levels: NDArray[np.int64], picture: Picture, shift: int) -> dict[str, Floats]:
    """First-order features of pyradiomics."""
    statistics = sample_statistics(samples)
    constant = statistics["range"] == 0
    n = np.count_nonzero(~np.isnan(samples), axis=1)
    energy = np.nansum(np.square(samples + shift), axis=1)
    histogram = level_statistics_of_samples(levels, int(picture.levels[-1]), np.zeros(len(levels)))
    found = {name: statistics[other] for name, other in STATISTICS.items()}
    found |= {
        "Skewness": np.where(constant, 0.0, statistics["skewness"]),
        "Kurtosis": np.where(constant, 0.0, statistics["kurtosis"] + 3),
        "Energy": energy,
        "TotalEnergy": energy * math.prod(picture.spacing_mm),
        "RootMeanSquared": np.sqrt(energy / n),
        "Entropy": histogram["entropy"],
        "Uniformity": histogram["uniformity"],
    }
    return {f"firstorder_{name}": one for name, one in found.items()}


def _as_scan(values: Floats, across: int, grid: Grid) -> Scan:
    array = np.moveaxis(values.T, 2, across)
    array.setflags(write=False)
    return Scan(ArrayVoxels(array), grid, "OT", "1")
