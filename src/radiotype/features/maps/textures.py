"""Texture features of many small regions at once, from the formulas that measure one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from radiotype.core.geometry import Floats
from radiotype.features.ibsi.entries import Entries, sums
from radiotype.features.ibsi.glcm import glcm_features_of
from radiotype.features.ibsi.level_statistics import level_statistics_of
from radiotype.features.ibsi.ngtdm import HIGHEST_COARSENESS
from radiotype.features.ibsi.texture_matrices import dimension_of, merges_directions
from radiotype.features.ibsi.texture_table import FAMILIES
from radiotype.features.maps.counting import Counting, Tones
from radiotype.features.pyradiomics.settings import PyradiomicsSettings
from radiotype.features.pyradiomics.texture import NAMES, direction_distances

_EPSILON = np.spacing(1)
#: What tables of pairs of levels may take at a time, bytes, about.
TABLE_BYTES = 32 * 2**20
#: Names of the IBSI's families of matrices.
_ROWS = {family.name: tuple(row.name for row in family.rows) for family in FAMILIES}


def ibsi_textures(
    counting: Counting, wanted: Collection[tuple[str, str]], *, n_grey_levels: int, alpha: int = 0
) -> dict[str, Floats]:
    """Texture features of the IBSI of every region.

    Parameters
    ----------
    counting : Counting
        Its `planar` plays no part: each aggregation has its own.
    wanted : collection of tuple of str
        Families of matrices with aggregations, as in ("glcm", "3d_merged") or ("glszm", "3d").
    n_grey_levels : int
        Of the discretisation.
    alpha : int
        Neighbours whose level differs by no more are dependent.

    Returns
    -------
    dict
        Arrays (n,) by name, as in `glcm_contrast_3d_merged`; NaN where a region has no value.
    """
    found: dict[str, Floats] = {}
    for dimension in dict.fromkeys(dimension_of(how) for _, how in wanted):
        part = _in_dimension(counting, dimension)
        for name, how in wanted:
            if dimension_of(how) != dimension:
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                values = _ibsi_family(part, name, merges_directions(how), n_grey_levels, alpha)
            values = values.reshape(len(part.ranks), -1, values.shape[1])
            values[part.n_voxels == 0] = np.nan
            means = _mean(values.reshape(len(counting.ranks), -1, values.shape[2]))
            found |= {f"{name}_{row}_{how}": means[:, column] for column, row in enumerate(_ROWS[name])}
    return found


def _in_dimension(counting: Counting, dimension: str) -> Counting:
    """The regions, or their slices as regions of their own."""
    ranks, inside = counting.ranks, counting.inside
    if dimension == "2d":
        shape = (-1, 1, *ranks.shape[2:])
        ranks, inside = ranks.reshape(shape), inside.reshape(shape)
    return Counting(ranks, inside, counting.levels, planar=dimension != "3d")


def _ibsi_family(counting: Counting, name: str, merged: bool, n_grey_levels: int, alpha: int) -> Floats:
    """Features (n_matrices, n_features) of one family of matrices."""
    levels, n_directions = counting.levels, len(counting.steps)
    weights = np.ones(n_directions) if merged else None
    if name == "glcm":
        return glcm_features_of(counting.pairs(weights), levels, n_grey_levels)
    if name == "glrlm":
        runs, _ = counting.runs(weights)
        of_each = counting.n_voxels * n_directions if merged else np.repeat(counting.n_voxels, n_directions)
        return level_statistics_of(runs, levels, _counted(runs), of_each)[:, :16]
    if name in ("glszm", "gldzm"):
        zones, columns = counting.zones(1 if name == "glszm" else 2)
        return level_statistics_of(zones, levels, columns, counting.n_voxels)[:, :16]
    dependences, tones = counting.neighbours(alpha)
    if name == "ngldm":
        return level_statistics_of(dependences, levels, _counted(dependences), counting.n_voxels)
    return tone_features(tones, tones.n_with_neighbours, levels, len(counting.ranks))


def pyradiomics_textures(
    counting: Counting, classes: Collection[str], settings: PyradiomicsSettings, spacing_mm: tuple[float, float, float]
) -> dict[str, Floats]:
    """Texture features of pyradiomics of every region.

    Parameters
    ----------
    counting : Counting
    classes : collection of str
        Any of "glcm", "glrlm", "glszm", "gldm" and "ngtdm"; "MCC" beside "glcm" for this one, which takes long.
    settings : PyradiomicsSettings
    spacing_mm : tuple of float
        Between columns, rows and slices.

    Returns
    -------
    dict
        Arrays (n,) by name, as in `glcm_Contrast`; NaN where a region has no value.
    """
    levels, n = counting.levels, len(counting.ranks)
    pair_weights, run_weights = _weights(counting, settings, spacing_mm)
    found: dict[str, Floats] = {}
    measured: dict[str, Floats] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        if "glcm" in classes:
            pairs = counting.pairs(pair_weights)
            measured["glcm"] = glcm_features_of(pairs, levels, int(levels[-1]))
            own = _own(pairs, levels, maximal_correlation="MCC" in classes)
            found |= {f"glcm_{name}": _mean(values.reshape(n, -1)) for name, values in own.items()}
        if "glrlm" in classes:
            runs, crossed = counting.runs(run_weights, crossed_only=True)
            weight = crossed if run_weights is None else (crossed @ run_weights)[:, None]
            of_each = (counting.n_voxels[:, None] * weight).ravel()
            values = level_statistics_of(runs, levels, _counted(runs), of_each)
            if run_weights is None:
                values[~crossed.ravel()] = np.nan
            measured["glrlm"] = values
        if "glszm" in classes:
            zones, columns = counting.zones(1)
            measured["glszm"] = level_statistics_of(zones, levels, columns, counting.n_voxels)
        if {"gldm", "ngtdm"} & set(classes):
            dependences, tones = counting.neighbours(settings.dependence_difference)
            measured["gldm"] = level_statistics_of(dependences, levels, _counted(dependences), counting.n_voxels)
            measured["ngtdm"] = np.nan_to_num(tone_features(tones, tones.n_voxels, levels, n), nan=0.0)
    for matrix in classes:
        if matrix not in NAMES:
            continue
        family, names = NAMES[matrix]
        column = {row.name: index for index, row in enumerate(family.rows)}
        means = _mean(measured[matrix].reshape(n, -1, measured[matrix].shape[1]))
        for name, ibsi in names.items():
            if ibsi:
                found.setdefault(f"{matrix}_{name}", means[:, column[ibsi]])
    return found


def _weights(
    counting: Counting, settings: PyradiomicsSettings, spacing_mm: tuple[float, float, float]
) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Of the directions, for pairs and for runs; None where features are averaged over directions."""
    how = settings.direction_weights
    if how == "average":
        return None, None
    distances = direction_distances(how, spacing_mm)[: len(counting.steps)]
    return (np.ones_like(distances) if how == "equal" else np.exp(-np.square(distances))), distances


def tone_features(tones: Tones, n_voxels: NDArray[np.int64], levels: NDArray[np.int64], n: int) -> Floats:
    """The five grey tone difference features of n regions, as `radiotype.features.ibsi.ngtdm.ngtdm_features` has them.

    `n_voxels` are those of `tones` that count: all, or those with neighbours.
    """
    counts = n_voxels > 0
    region = tones.region[counts]
    place = np.arange(region.size) - np.searchsorted(region, region)
    width = int(place.max(initial=0)) + 1
    voxels, differences, level = (np.zeros((n, width)) for _ in range(3))
    voxels[region, place] = n_voxels[counts]
    differences[region, place] = tones.differences[counts]
    level[region, place] = levels[tones.level[counts]]
    parts = [_tone_values(voxels[part], differences[part], level[part]) for part in _parts(n, width)]
    return np.concatenate(parts)


def _tone_values(voxels: Floats, differences: Floats, level: Floats) -> Floats:
    """The same from voxels, differences and levels, (n, levels of a region); 0 voxels where it has no more levels."""
    total, n_present = voxels.sum(axis=1), np.count_nonzero(voxels, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = voxels / total[:, None]
        weighted = p * differences
        moments = p * level
        both = (voxels[:, :, None] > 0) & (voxels[:, None, :] > 0)
        apart = np.abs(level[:, :, None] - level[:, None, :]) * both
        shares = (p[:, :, None] + p[:, None, :]) * both
        change, summed = weighted.sum(axis=1), differences.sum(axis=1)
        unlike = (np.abs(moments[:, :, None] - moments[:, None, :]) * both).sum(axis=(1, 2))
        spread = (apart**2 * p[:, :, None] * p[:, None, :]).sum(axis=(1, 2)) / (n_present * (n_present - 1))
        uneven = apart * (weighted[:, :, None] + weighted[:, None, :]) / np.where(both, shares, 1)
        values = np.stack(
            [
                1 / change,
                spread * summed / total,
                np.where(unlike > 1e-12 * moments.sum(axis=1), change / unlike, np.nan),
                uneven.sum(axis=(1, 2)) / total,
                (shares * apart**2).sum(axis=(1, 2)) / summed,
            ],
            axis=1,
        )
    values[(n_present == 1) | (summed == 0)] = HIGHEST_COARSENESS, 0.0, 0.0, 0.0, 0.0
    values[total == 0] = np.nan
    return values


def _own(pairs: Entries, levels: NDArray[np.int64], *, maximal_correlation: bool) -> dict[str, Floats]:
    """Features of pyradiomics that add a tiny number to what could be 0, as `pyradiomics_texture` has them."""
    matrix, row, column, found, n = pairs
    total = sums(matrix, found, n)
    p = found / total[matrix]
    marginal = sums(matrix * levels.size + row, p, n, levels.size)
    values = levels.astype(np.float64)
    mean = marginal @ values
    covariance = sums(matrix, p * (values[row] - mean[matrix]) * (values[column] - mean[matrix]), n)
    n_present = np.count_nonzero(marginal, axis=1)
    variance = np.where(n_present == 1, 0.0, sums(matrix, p * np.square(values[row] - mean[matrix]), n))
    single = -(marginal * np.log2(marginal + _EPSILON)).sum(axis=1)
    joint = -sums(matrix, p * np.log2(p + _EPSILON), n)
    product = marginal[matrix, row] * marginal[matrix, column]
    shared = joint + sums(matrix, p * np.log2(product + _EPSILON), n)
    # Twice the entropy of the levels, but for the tiny number in the logarithm of each product.
    entropy = -(marginal * np.log2(marginal, out=np.zeros_like(marginal), where=marginal > 0)).sum(axis=1)
    independent = 2 * entropy - np.square(n_present) * _EPSILON / np.log(2)
    result = {
        "Correlation": np.where(variance > 0, covariance / (variance + _EPSILON), 1.0),
        "Imc1": np.where(single > 1e-12, shared / single, 0.0),
        "Imc2": np.sqrt(np.maximum(1 - np.exp(-2 * (independent - joint)), 0)),
    }
    if maximal_correlation:
        result["MCC"] = _maximal_correlation(pairs._replace(found=p), marginal)
    return {name: np.where(total > 0, one, np.nan) for name, one in result.items()}


def _maximal_correlation(pairs: Entries, marginal: Floats) -> Floats:
    """The second largest magnitude of the eigenvalues of p(i, j) / sqrt(p(i) p(j)), which is symmetric.

    Its squared eigenvalues are those of the matrix that pyradiomics makes. Levels that a matrix has not add one of 0.
    """
    matrix, row, column, p, n = pairs
    place = np.cumsum(marginal > 0, axis=1) - 1
    n_present = np.count_nonzero(marginal, axis=1)
    weighted = p / np.sqrt(marginal[matrix, row] * marginal[matrix, column])
    result = np.full(n, 1.0 if marginal.shape[1] == 1 else 0.0)
    for size in np.unique(n_present[n_present > 1]).tolist():
        of_size = np.flatnonzero(n_present == size)
        for part in _parts(of_size.size, size):
            which = of_size[part]
            where = np.full(n, -1)
            where[which] = np.arange(which.size)
            own = where[matrix] >= 0
            tables = np.zeros((which.size, size, size))
            tables[where[matrix[own]], place[matrix[own], row[own]], place[matrix[own], column[own]]] = weighted[own]
            result[which] = np.sort(np.abs(np.linalg.eigvalsh(tables)), axis=1)[:, -2]
    return result


def _parts(n: int, size: int) -> Iterator[slice]:
    """All of n regions, so many at a time that tables of pairs of `size` levels stay small."""
    step = max(1, TABLE_BYTES // (64 * size * size))
    return (slice(start, start + step) for start in range(0, n, step))


def _counted(entries: Entries) -> NDArray[np.int64]:
    """What columns stand for that count from 1."""
    return np.arange(1, int(entries.column.max(initial=0)) + 2)


def _mean(values: Floats) -> Floats:
    """The mean along the second axis of what there is."""
    there = ~np.isnan(values)
    n = np.count_nonzero(there, axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=1) / np.where(n > 0, n, np.nan))
