"""Texture features of a region at any of the IBSI's aggregations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.core.feature import FeatureRecord
from radiotype.errors import ComputeError
from radiotype.features.ibsi.glcm import glcm_features
from radiotype.features.ibsi.level_statistics import level_statistics
from radiotype.features.ibsi.level_volume import HIGHEST_LEVEL, level_volume
from radiotype.features.ibsi.ngtdm import HIGHEST_COARSENESS, ngtdm_features
from radiotype.features.ibsi.preprocess import Prepared
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.records import unchanged_levels
from radiotype.features.ibsi.settings import Aggregation, IbsiSettings
from radiotype.features.ibsi.texture_matrices import (
    MEMORY_LIMIT_BYTES,
    Tables,
    check_settings,
    dimension_of,
    merges_directions,
)
from radiotype.features.ibsi.texture_table import AGGREGATION_IDS, DUPLICATES, FAMILIES, TextureFamily
from radiotype.features.registry import Measured


class Texture(NamedTuple):
    """`values` by feature name, in the order of `records`; `reasons`: codes of NaN and of what needs care."""

    values: dict[str, float]
    reasons: dict[str, str]


def texture_features(
    levels: ArrayLike,
    aggregations: tuple[Aggregation, ...] = ("3d_merged",),
    *,
    mask: ArrayLike | None = None,
    n_grey_levels: int | None = None,
    alpha: int = 0,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> Texture:
    """The texture features of a region: 95 for one aggregation.

    Parameters
    ----------
    levels : array of integers, shape (I, J, K)
        Grey levels from 1, 0 outside the region; K runs across the slices.
    aggregations : tuple of str
        Any of "2d_average", "2d_slice_merged", "2_5d_direction_merged", "2_5d_merged", "3d_average" and "3d_merged", see
        `texture_matrices`. Families without directions come once per "2d", "2_5d" and "3d".
    mask : array of bool, shape (I, J, K), optional
        The region whose border counts for distances (the IBSI's morphological mask); the voxels with levels when left out.
    n_grey_levels : int, optional
        Number of grey levels of the discretisation; the highest level when left out.
    alpha : int
        Neighbours whose level differs by no more count as dependent.
    memory_limit_bytes : int
        Refuse tables that would take more.

    Returns
    -------
    Texture
        Names are family, feature and aggregation, as in `glcm_joint_entropy_3d_merged`. Averages are taken over the matrices
        that have the feature. Reasons: `no_neighbours` (no voxel touches another), `one_grey_level` (no correlation),
        `equal_level_weights` (no busyness: level times probability is the same for all levels), `no_tone_difference` (no voxel
        differs from its neighbours, in a slice at least, so coarseness stands at the limit set by the IBSI, 1e6).

    Raises
    ------
    InputError, ComputeError, RecipeError
        As `texture_matrices`.

    References
    ----------
    Zwanenburg et al., Radiology 295 (2020) 328-338; IBSI reference manual.

    Examples
    --------
    >>> texture = texture_features(np.array([[[1], [1], [2]]]))
    >>> len(texture.values), texture.values["glcm_contrast_3d_merged"], texture.values["glszm_zone_percentage_3d"]
    (95, 0.5, 0.6666666666666666)
    """
    check_settings(tuple(aggregations), alpha)
    volume = level_volume(levels, mask=mask, n_grey_levels=n_grey_levels)
    found: dict[tuple[str, str], NDArray[np.float64]] = {}
    for dimension in dict.fromkeys(map(dimension_of, aggregations)):
        wanted = [plan for plan in _plan(aggregations) if dimension_of(plan[1]) == dimension]
        tables = Tables(volume, dimension, alpha, memory_limit_bytes)
        parts = [tables]
        if dimension == "2d":
            parts = [Tables(part, dimension, alpha, memory_limit_bytes) for part in volume.in_slices(tables.slices_at_a_time())]
        pieces: dict[tuple[str, str], list[NDArray[np.float64]]] = {(family.name, how): [] for family, how in wanted}
        while parts:
            part = parts.pop(0)  # its tables go with it
            for family, how in wanted:
                pieces[family.name, how].append(_MEASURES[family.name](part, merges_directions(how)))
        found |= {key: np.concatenate(values) for key, values in pieces.items()}

    result = Texture({}, {})
    for family, how in _plan(aggregations):
        _gather(result, family, how, found[family.name, how])
    return result


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The records of `texture_features`, in its order.

    Within slices, one axis is not like the others.

    Examples
    --------
    >>> record = records(IbsiSettings())[3]
    >>> record.name, record.ibsi, record.unit, record.detail["aggregation_ibsi"]
    ('glcm_joint_entropy_3d_merged', 'TU9B', 'bit', 'IAZD')
    """
    return tuple(
        record
        for family, how in _plan(settings.aggregations)
        for row in family.rows
        for record in records_of(
            family.name,
            [row._replace(unchanged_by=unchanged_levels(settings))],
            settings,
            suffix=f"_{how}",
            detail=_detail(family, row.name, how),
            broken_by=() if how.startswith("3d") else ("rotation90",),
        )
    )


def _detail(family: TextureFamily, name: str, how: str) -> dict[str, str]:
    detail = {
        "matrix": family.name,
        "matrix_ibsi": family.ibsi,
        "counted": family.counted,
        "aggregation": how,
        "aggregation_ibsi": AGGREGATION_IDS[how],
    }
    same = DUPLICATES.get((family.name, name), "")
    if same.startswith("intensity") and how == "2d":  # a mean over slices is not that of the region
        same = ""
    return detail | ({"duplicate_of": same.format(how=how)} if same else {})


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """The texture features of a prepared region; codes as `texture_features` gives them.

    `too_many_grey_levels` where their tables were refused: the other features of the region are not lost for that.
    """
    try:
        found = texture_features(
            prepared.levels,
            settings.aggregations,
            mask=None if prepared.whole else prepared.morphological_mask,
            n_grey_levels=prepared.n_levels,
            alpha=settings.dependence_alpha,
        )
    except ComputeError as error:
        if prepared.n_levels <= HIGHEST_LEVEL and error.code != "RT306":
            raise
        names = [record.name for record in records(settings)]
        return Measured(dict.fromkeys(names, math.nan), dict.fromkeys(names, "too_many_grey_levels"))
    return Measured(found.values, found.reasons)


_MEASURES: dict[str, Callable[[Tables, bool], NDArray[np.float64]]] = {
    "glcm": lambda tables, merged: glcm_features(tables.cooccurrence(merged)),
    "glrlm": lambda tables, merged: level_statistics(tables.run_length(merged))[:, :16],
    "glszm": lambda tables, _: level_statistics(tables.size_zone)[:, :16],
    "gldzm": lambda tables, _: level_statistics(tables.distance_zone)[:, :16],
    "ngtdm": lambda tables, _: ngtdm_features(tables.tone_difference),
    "ngldm": lambda tables, _: level_statistics(tables.dependence),
}


def _plan(aggregations: Iterable[str]) -> Iterator[tuple[TextureFamily, str]]:
    """Every family with every aggregation that it knows."""
    for family in FAMILIES:
        for how in dict.fromkeys(aggregations if family.directional else map(dimension_of, aggregations)):
            yield family, how


def _gather(result: Texture, family: TextureFamily, how: str, matrices: NDArray[np.float64]) -> None:
    """Average over the matrices that have a value and say why others have none."""
    there = ~np.isnan(matrices)
    n = there.sum(axis=0)
    if len(matrices) == 1:
        means = matrices[0]
    else:
        means = np.divide(np.where(there, matrices, 0).sum(axis=0), n, out=np.full(n.shape, math.nan), where=n > 0)
    names = _names(family.name, how)
    result.values.update(zip(names, means.tolist(), strict=True))
    for missing in np.flatnonzero(n == 0).tolist():
        result.reasons[names[missing]] = (
            "no_neighbours" if not n.any() else _REASONS.get(family.rows[missing].name, "one_grey_level")
        )
    if family.name == "ngtdm" and (matrices[:, 0] == HIGHEST_COARSENESS).any():
        result.reasons[f"ngtdm_coarseness_{how}"] = "no_tone_difference"


@cache
def _names(family: str, how: str) -> tuple[str, ...]:
    return tuple(f"{one.name}_{row.name}_{how}" for one in FAMILIES if one.name == family for row in one.rows)


_REASONS = {"busyness": "equal_level_weights"}
