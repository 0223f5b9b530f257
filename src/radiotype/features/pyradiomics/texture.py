"""The texture features of pyradiomics, under its names and equal in value, from the same matrices as those of the IBSI."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.features.ibsi.glcm import glcm_features
from radiotype.features.ibsi.level_statistics import level_statistics
from radiotype.features.ibsi.level_volume import LevelVolume, level_volume
from radiotype.features.ibsi.ngtdm import ngtdm_features
from radiotype.features.ibsi.texture import Texture
from radiotype.features.ibsi.texture_matrices import MEMORY_LIMIT_BYTES, STEPS, LevelMatrices, Tables, check_settings
from radiotype.features.ibsi.texture_table import GLCM, GLRLM, GLSZM, NGLDM, NGTDM, TextureFamily

#: Names by family, with that of the IBSI where it is the same feature.
NAMES: dict[str, tuple[TextureFamily, dict[str, str]]] = {
    "glcm": (
        GLCM,
        {
            "Autocorrelation": "autocorrelation",
            "JointAverage": "joint_average",
            "ClusterProminence": "cluster_prominence",
            "ClusterShade": "cluster_shade",
            "ClusterTendency": "cluster_tendency",
            "Contrast": "contrast",
            "Correlation": "correlation",
            "DifferenceAverage": "difference_average",
            "DifferenceEntropy": "difference_entropy",
            "DifferenceVariance": "difference_variance",
            "JointEnergy": "angular_second_moment",
            "JointEntropy": "joint_entropy",
            "Imc1": "information_correlation_1",
            "Imc2": "information_correlation_2",
            "Idm": "inverse_difference_moment",
            "MCC": "",
            "Idmn": "normalised_inverse_difference_moment",
            "Id": "inverse_difference",
            "Idn": "normalised_inverse_difference",
            "InverseVariance": "inverse_variance",
            "MaximumProbability": "joint_maximum",
            "SumAverage": "sum_average",
            "SumEntropy": "sum_entropy",
            "SumSquares": "joint_variance",
        },
    ),
    "glrlm": (
        GLRLM,
        {
            "ShortRunEmphasis": "short_runs_emphasis",
            "LongRunEmphasis": "long_runs_emphasis",
            "GrayLevelNonUniformity": "grey_level_non_uniformity",
            "GrayLevelNonUniformityNormalized": "normalised_grey_level_non_uniformity",
            "RunLengthNonUniformity": "run_length_non_uniformity",
            "RunLengthNonUniformityNormalized": "normalised_run_length_non_uniformity",
            "RunPercentage": "run_percentage",
            "GrayLevelVariance": "grey_level_variance",
            "RunVariance": "run_length_variance",
            "RunEntropy": "run_entropy",
            "LowGrayLevelRunEmphasis": "low_grey_level_run_emphasis",
            "HighGrayLevelRunEmphasis": "high_grey_level_run_emphasis",
            "ShortRunLowGrayLevelEmphasis": "short_run_low_grey_level_emphasis",
            "ShortRunHighGrayLevelEmphasis": "short_run_high_grey_level_emphasis",
            "LongRunLowGrayLevelEmphasis": "long_run_low_grey_level_emphasis",
            "LongRunHighGrayLevelEmphasis": "long_run_high_grey_level_emphasis",
        },
    ),
    "glszm": (
        GLSZM,
        {
            "SmallAreaEmphasis": "small_zone_emphasis",
            "LargeAreaEmphasis": "large_zone_emphasis",
            "GrayLevelNonUniformity": "grey_level_non_uniformity",
            "GrayLevelNonUniformityNormalized": "normalised_grey_level_non_uniformity",
            "SizeZoneNonUniformity": "zone_size_non_uniformity",
            "SizeZoneNonUniformityNormalized": "normalised_zone_size_non_uniformity",
            "ZonePercentage": "zone_percentage",
            "GrayLevelVariance": "grey_level_variance",
            "ZoneVariance": "zone_size_variance",
            "ZoneEntropy": "zone_size_entropy",
            "LowGrayLevelZoneEmphasis": "low_grey_level_zone_emphasis",
            "HighGrayLevelZoneEmphasis": "high_grey_level_zone_emphasis",
            "SmallAreaLowGrayLevelEmphasis": "small_zone_low_grey_level_emphasis",
            "SmallAreaHighGrayLevelEmphasis": "small_zone_high_grey_level_emphasis",
            "LargeAreaLowGrayLevelEmphasis": "large_zone_low_grey_level_emphasis",
            "LargeAreaHighGrayLevelEmphasis": "large_zone_high_grey_level_emphasis",
        },
    ),
    "gldm": (
        NGLDM,
        {
            "SmallDependenceEmphasis": "low_dependence_emphasis",
            "LargeDependenceEmphasis": "high_dependence_emphasis",
            "GrayLevelNonUniformity": "grey_level_non_uniformity",
            "DependenceNonUniformity": "dependence_count_non_uniformity",
            "DependenceNonUniformityNormalized": "normalised_dependence_count_non_uniformity",
            "GrayLevelVariance": "grey_level_variance",
            "DependenceVariance": "dependence_count_variance",
            "DependenceEntropy": "dependence_count_entropy",
            "LowGrayLevelEmphasis": "low_grey_level_count_emphasis",
            "HighGrayLevelEmphasis": "high_grey_level_count_emphasis",
            "SmallDependenceLowGrayLevelEmphasis": "low_dependence_low_grey_level_emphasis",
            "SmallDependenceHighGrayLevelEmphasis": "low_dependence_high_grey_level_emphasis",
            "LargeDependenceLowGrayLevelEmphasis": "high_dependence_low_grey_level_emphasis",
            "LargeDependenceHighGrayLevelEmphasis": "high_dependence_high_grey_level_emphasis",
        },
    ),
    "ngtdm": (NGTDM, {row.name.capitalize(): row.name for row in NGTDM.rows}),
}
_EPSILON = np.spacing(1)
#: Tables of floating-point numbers that `_own` holds at a time, at most.
_OWN_TABLES = 8

DirectionWeights = Literal["average", "equal", "euclidean", "manhattan", "infinity"]


def pyradiomics_texture(
    levels: ArrayLike,
    *,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    force_2d: bool = False,
    direction_weights: DirectionWeights = "average",
    alpha: int = 0,
    maximal_correlation: bool = True,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> Texture:
    """The 75 texture features of pyradiomics; 74 without `maximal_correlation`.

    They are those of the IBSI at "3d_average" (with `force_2d`, "2_5d_direction_merged") but for the corners: directions in
    which no line crosses two voxels of the region have no runs; `Correlation`, `MCC` and `Imc1` of one grey level are 1, 1 and
    0; voxels without neighbours count for the tone differences; `Busyness` is 0 where the IBSI's does not exist.

    Parameters
    ----------
    levels : array of integers, shape (I, J, K)
        Grey levels from 1, 0 outside the region; K runs across the slices.
    spacing_mm : tuple of float
        Distance between voxel centres along I, J and K; only weights that are distances need it.
    force_2d : bool
        Neighbours within the slice only (`force2D`).
    direction_weights : str
        "average": the mean over the directions of each feature. Otherwise the matrices of all directions are added up, each
        with a weight (`weightingNorm`): "equal" (`no_weighting`), or by the distance d of two neighbours in that norm,
        exp(-d^2) for co-occurrence and d for run length.
    alpha : int
        Neighbours whose level differs by no more count as dependent (`gldm_a`).
    maximal_correlation : bool
        Whether to compute MCC, an eigenvalue problem of all grey levels for every direction.
    memory_limit_bytes : int
        Refuse tables that would take more.

    Returns
    -------
    Texture
        Names as in `glcm_JointEntropy`, without the name of the image. Reasons: `no_neighbours` (no voxel touches another),
        `no_runs` (no line in any direction crosses two voxels).

    Raises
    ------
    InputError, ComputeError, RecipeError
        As `texture_matrices`; RT306 also counts what is computed from the matrices.

    References
    ----------
    van Griethuysen et al., Cancer Research 77 (2017) e104-e107.

    Examples
    --------
    >>> texture = pyradiomics_texture(np.array([[[1], [1], [2]]]))
    >>> len(texture.values), texture.values["glcm_Contrast"], texture.values["gldm_DependenceEntropy"]
    (75, 0.5, 0.9182958340544896)
    """
    check_settings((), alpha)
    tables = Tables(level_volume(levels), "2_5d" if force_2d else "3d", alpha, memory_limit_bytes)
    pairs, runs = tables.cooccurrence(False), tables.run_length(False)
    # The tables, their sums from both sides, and what `_own` makes of one direction at a time.
    tables.check(2 * pairs.counts.nbytes + _OWN_TABLES * 8 * pairs.levels.size**2)
    crossed = _crossed(tables.volume, pairs)
    if direction_weights != "average":
        distances = direction_distances(direction_weights, spacing_mm)[: len(crossed)]
        equal = direction_weights == "equal"
        pairs = _added_up(pairs, np.ones_like(distances) if equal else np.exp(-np.square(distances)))
        runs = _added_up(runs, distances * crossed)
    else:
        runs = runs._replace(counts=runs.counts[crossed], n_voxels=runs.n_voxels[crossed])
    differences = tables.tone_difference._replace(n_voxels=tables.dependence.counts.sum(axis=2, dtype=np.int64))
    measured = {
        "glcm": glcm_features(pairs),
        "glrlm": level_statistics(runs) if crossed.any() else np.empty((0, len(GLRLM.rows))),
        "glszm": level_statistics(tables.size_zone),
        "gldm": level_statistics(tables.dependence),
        "ngtdm": np.nan_to_num(ngtdm_features(differences), nan=0.0),
    }
    own = _own(pairs, maximal_correlation)
    result = Texture({}, {})
    for matrix, (family, names) in NAMES.items():
        column = {row.name: index for index, row in enumerate(family.rows)}
        for name, ibsi in names.items():
            if not ibsi and name not in own:
                continue
            values = own[name] if matrix == "glcm" and name in own else measured[matrix][:, column[ibsi]]
            there = values[~np.isnan(values)]
            result.values[f"{matrix}_{name}"] = float(there.mean()) if there.size else float("nan")
            if not there.size:
                result.reasons[f"{matrix}_{name}"] = "no_runs" if matrix == "glrlm" else "no_neighbours"
    return result


def direction_distances(norm: DirectionWeights, spacing_mm: tuple[float, float, float]) -> NDArray[np.float64]:
    """How far apart neighbours are in each direction, in a norm; 1 for "equal"."""
    steps_mm = np.abs(STEPS) * np.array(spacing_mm)[::-1]
    if norm == "equal":
        return np.ones(len(steps_mm))
    orders = {"euclidean": 2.0, "manhattan": 1.0, "infinity": np.inf}
    return np.asarray(np.linalg.norm(steps_mm, ord=orders[norm], axis=1))


def _added_up(matrices: LevelMatrices, weights: NDArray[np.float64]) -> LevelMatrices:
    """One matrix from those of all directions; weighted counts are no integers any more."""
    counts, n_voxels = (np.einsum("d...,d->...", array, weights)[None] for array in (matrices.counts, matrices.n_voxels))
    return matrices._replace(counts=counts, n_voxels=n_voxels)


def _crossed(volume: LevelVolume, pairs: LevelMatrices) -> NDArray[np.bool_]:
    """Directions in which some line crosses two voxels of the region, neighbours or not."""
    crossed: NDArray[np.bool_] = np.asarray(pairs.counts.any(axis=(1, 2)))
    if not crossed.all():
        places = np.argwhere(volume.ranks)
        for direction in np.flatnonzero(~crossed):
            step = STEPS[direction]
            along = int(np.flatnonzero(step)[0])
            starts = places - np.outer(places[:, along] * step[along], step)
            crossed[direction] = len(np.unique(starts, axis=0)) < len(starts)
    return crossed


def _own(pairs: LevelMatrices, maximal_correlation: bool) -> dict[str, NDArray[np.float64]]:
    """Features that add a tiny number to what could be 0; it shows in the digits where levels are rare."""
    levels = pairs.levels.astype(np.float64)
    each = [_of_one(counts, levels, maximal_correlation) for counts in pairs.counts]
    return {name: np.array([one[name] for one in each]) for name in each[0]}


def _of_one(counts: NDArray[np.integer], levels: NDArray[np.float64], maximal_correlation: bool) -> dict[str, float]:
    total = counts.sum(dtype=np.float64)
    if not total > 0:
        names = ("Correlation", "Imc1", "Imc2", *(["MCC"] if maximal_correlation else []))
        return dict.fromkeys(names, math.nan)
    p = counts / total
    marginal = p.sum(axis=1)
    product = np.outer(marginal, marginal)
    logarithm = np.log2(product + _EPSILON)
    single = -(marginal * np.log2(marginal + _EPSILON)).sum()
    joint = -(p * np.log2(p + _EPSILON)).sum()
    shared = joint + (p * logarithm).sum()
    independent = -(product * logarithm).sum()
    away = levels - marginal @ levels
    variance = (marginal * np.square(away)).sum()
    values = {
        "Correlation": away @ p @ away / (variance + _EPSILON) if variance > 0 else 1.0,
        "Imc1": shared / single if single > 1e-12 else 0.0,
        "Imc2": np.sqrt(max(1 - np.exp(-2 * (independent - joint)), 0)),
    }
    if maximal_correlation:
        values["MCC"] = _second_eigenvalue(p, product)
    return {name: float(value) for name, value in values.items()}


def _second_eigenvalue(p: NDArray[np.float64], product: NDArray[np.float64]) -> float:
    """Square root of the second largest eigenvalue of Q, Q(i, j) the sum over k of p(i, k) p(j, k) / (p(i) p(k))."""
    if len(p) < 2:
        return 1.0
    eigenvalues = np.sort(np.linalg.eigvals((p / (product + _EPSILON)) @ p.T))
    return float(np.sqrt(eigenvalues[-2].astype(np.complex128)).real)
