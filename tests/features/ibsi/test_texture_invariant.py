"""What must not change texture features does not, what must scale them does, and every SIMD level gives the same bytes."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.ibsi.texture import records, texture_features
from radiotype.features.ibsi.texture_matrices import AGGREGATIONS

LEVELS = np.random.default_rng(3).integers(0, 5, (7, 6, 5))
LEVELS[2:5, 2:5, 1:3] = 3
IN_SPACE = AGGREGATIONS[4:]

# Features that know grey levels only as equal or unequal.
BLIND_TO_LEVELS = [
    "glcm_joint_maximum",
    "glcm_joint_entropy",
    "glcm_angular_second_moment",
    "glcm_information_correlation_1",
    "glcm_information_correlation_2",
    "glrlm_short_runs_emphasis",
    "glrlm_long_runs_emphasis",
    "glrlm_grey_level_non_uniformity",
    "glrlm_normalised_grey_level_non_uniformity",
    "glrlm_run_length_non_uniformity",
    "glrlm_normalised_run_length_non_uniformity",
    "glrlm_run_percentage",
    "glrlm_run_length_variance",
    "glrlm_run_entropy",
    "glszm_small_zone_emphasis",
    "glszm_large_zone_emphasis",
    "glszm_grey_level_non_uniformity",
    "glszm_normalised_grey_level_non_uniformity",
    "glszm_zone_size_non_uniformity",
    "glszm_normalised_zone_size_non_uniformity",
    "glszm_zone_percentage",
    "glszm_zone_size_variance",
    "glszm_zone_size_entropy",
    "gldzm_small_distance_emphasis",
    "gldzm_large_distance_emphasis",
    "gldzm_grey_level_non_uniformity",
    "gldzm_normalised_grey_level_non_uniformity",
    "gldzm_zone_distance_non_uniformity",
    "gldzm_normalised_zone_distance_non_uniformity",
    "gldzm_zone_percentage",
    "gldzm_zone_distance_variance",
    "gldzm_zone_distance_entropy",
    "ngldm_low_dependence_emphasis",
    "ngldm_high_dependence_emphasis",
    "ngldm_grey_level_non_uniformity",
    "ngldm_normalised_grey_level_non_uniformity",
    "ngldm_dependence_count_non_uniformity",
    "ngldm_normalised_dependence_count_non_uniformity",
    "ngldm_dependence_count_percentage",
    "ngldm_dependence_count_variance",
    "ngldm_dependence_count_entropy",
    "ngldm_dependence_count_energy",
]
# Features that know grey levels only by their differences.
OF_DIFFERENCES = [
    "glcm_joint_variance",
    "glcm_difference_average",
    "glcm_difference_variance",
    "glcm_difference_entropy",
    "glcm_sum_variance",
    "glcm_sum_entropy",
    "glcm_contrast",
    "glcm_dissimilarity",
    "glcm_inverse_difference",
    "glcm_inverse_difference_moment",
    "glcm_inverse_variance",
    "glcm_correlation",
    "glcm_cluster_tendency",
    "glcm_cluster_shade",
    "glcm_cluster_prominence",
    "glrlm_grey_level_variance",
    "glszm_grey_level_variance",
    "gldzm_grey_level_variance",
    "ngldm_grey_level_variance",
    "ngtdm_coarseness",
    "ngtdm_contrast",
    "ngtdm_complexity",
    "ngtdm_strength",
]
# By what power of a factor a feature grows when all levels are multiplied by it.
POWERS = {
    "glcm_joint_average": 1,
    "glcm_joint_variance": 2,
    "glcm_difference_average": 1,
    "glcm_difference_variance": 2,
    "glcm_difference_entropy": 0,
    "glcm_sum_average": 1,
    "glcm_sum_variance": 2,
    "glcm_sum_entropy": 0,
    "glcm_contrast": 2,
    "glcm_dissimilarity": 1,
    "glcm_normalised_inverse_difference": 0,
    "glcm_normalised_inverse_difference_moment": 0,
    "glcm_inverse_variance": -2,
    "glcm_correlation": 0,
    "glcm_autocorrelation": 2,
    "glcm_cluster_tendency": 2,
    "glcm_cluster_shade": 3,
    "glcm_cluster_prominence": 4,
    "ngtdm_coarseness": -1,
    "ngtdm_contrast": 3,
    "ngtdm_busyness": 0,
    "ngtdm_complexity": 2,
    "ngtdm_strength": 1,
} | {
    f"{matrix}_{feature}": power
    for matrix, item, few, many in (
        ("glrlm", "run", "short_run", "long_run"),
        ("glszm", "zone", "small_zone", "large_zone"),
        ("gldzm", "zone", "small_distance", "large_distance"),
        ("ngldm", "count", "low_dependence", "high_dependence"),
    )
    for feature, power in (
        (f"low_grey_level_{item}_emphasis", -2),
        (f"high_grey_level_{item}_emphasis", 2),
        (f"{few}_low_grey_level_emphasis", -2),
        (f"{few}_high_grey_level_emphasis", 2),
        (f"{many}_low_grey_level_emphasis", -2),
        (f"{many}_high_grey_level_emphasis", 2),
        ("grey_level_variance", 2),
    )
}


def feature(name: str) -> str:
    """The name without its aggregation."""
    return next(name.removesuffix(f"_{how}") for how in (*AGGREGATIONS, "2_5d", "2d", "3d") if name.endswith(f"_{how}"))


def assert_same(found: dict[str, float], expected: dict[str, float]) -> None:
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 2, 1), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("mirrored", [(), (0,), (1,), (2,), (0, 1, 2)])
def test_turned_and_mirrored(axes: tuple[int, int, int], mirrored: tuple[int, ...]) -> None:
    # Within slices, only what keeps the slices together is a turn.
    aggregations = AGGREGATIONS if axes[2] == 2 else IN_SPACE
    changed = np.flip(LEVELS.transpose(axes), mirrored)
    assert_same(texture_features(changed, aggregations).values, texture_features(LEVELS, aggregations).values)


def test_textures_within_slices_change_when_slices_run_otherwise() -> None:
    turned = texture_features(LEVELS.transpose(2, 1, 0), ("2_5d_merged",)).values
    assert turned != pytest.approx(texture_features(LEVELS, ("2_5d_merged",)).values, rel=1e-3)


def test_moved_within_a_larger_volume() -> None:
    moved = np.pad(LEVELS, ((3, 1), (0, 40), (2, 2)))
    assert texture_features(moved, AGGREGATIONS).values == texture_features(LEVELS, AGGREGATIONS).values


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.int64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_type_and_order_in_memory(kind: type, order: str) -> None:
    expected = texture_features(LEVELS, AGGREGATIONS).values
    assert texture_features(LEVELS.astype(kind, order=order), AGGREGATIONS).values == expected
    every_other = np.zeros((14, 12, 10), dtype=kind)
    every_other[::2, ::2, ::2] = LEVELS
    assert texture_features(every_other[::2, ::2, ::2], AGGREGATIONS).values == expected


def test_levels_exchanged() -> None:
    exchanged = np.array([0, 3, 1, 4, 2])[LEVELS]
    before, after = (texture_features(levels, AGGREGATIONS).values for levels in (LEVELS, exchanged))
    blind = [name for name in before if feature(name) in BLIND_TO_LEVELS]
    assert len({feature(name) for name in blind}) == len(BLIND_TO_LEVELS)
    assert_same({name: after[name] for name in blind}, {name: before[name] for name in blind})
    assert after["glcm_contrast_3d_merged"] != pytest.approx(before["glcm_contrast_3d_merged"], rel=1e-3)


@pytest.mark.parametrize("shift", [1, 250, 1000])
def test_levels_shifted(shift: int) -> None:
    shifted = np.where(LEVELS > 0, LEVELS + shift, 0)
    before, after = (texture_features(levels, AGGREGATIONS).values for levels in (LEVELS, shifted))
    same = [name for name in before if feature(name) in (*BLIND_TO_LEVELS, *OF_DIFFERENCES)]
    assert len({feature(name) for name in same}) == len(BLIND_TO_LEVELS) + len(OF_DIFFERENCES)
    found, expected = ({name: values[name] for name in same} for values in (after, before))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9)
    for how in ("3d_average", "2d_slice_merged"):
        assert after[f"glcm_joint_average_{how}"] == pytest.approx(before[f"glcm_joint_average_{how}"] + shift, rel=1e-12)
        assert after[f"glcm_sum_average_{how}"] == pytest.approx(before[f"glcm_sum_average_{how}"] + 2 * shift, rel=1e-12)


@pytest.mark.parametrize("factor", [2, 100])
def test_levels_multiplied(factor: int) -> None:
    before, after = (texture_features(levels, AGGREGATIONS).values for levels in (LEVELS, LEVELS * factor))
    powers = POWERS | dict.fromkeys(BLIND_TO_LEVELS, 0)
    known = [name for name in before if feature(name) in powers]
    # The rest, inverse difference and its moment, follow no power.
    assert {feature(name) for name in set(before) - set(known)} == {"glcm_inverse_difference", "glcm_inverse_difference_moment"}
    expected = {name: before[name] * float(factor) ** powers[feature(name)] for name in known}
    assert_same({name: after[name] for name in known}, expected)


def test_values_lie_in_the_range_of_their_records() -> None:
    regions = [LEVELS, LEVELS + (LEVELS > 0) * 500, np.ones((4, 4, 4), dtype=int), np.array([[[1], [2]], [[2], [1]]])]
    for region in regions:
        values = texture_features(region, AGGREGATIONS).values
        for record in records(IbsiSettings(aggregations=AGGREGATIONS)):
            value = values[record.name]
            assert math.isnan(value) or record.low - 1e-12 <= value <= record.high + 1e-12, record.name


PROGRAM = """
import hashlib
import numpy as np
from radiotype import _native
from radiotype.features.ibsi.texture_matrices import texture_matrices
random = np.random.default_rng(1)
digest = hashlib.sha256()
for levels in (random.integers(0, 9, (70, 40, 20)), random.integers(0, 400, (35, 30, 20)), np.ones((300, 5, 4), dtype=int)):
    for aggregation in ("2d_average", "3d_average"):
        for matrices in vars(texture_matrices(levels, aggregation, alpha=1)).values():
            for array in matrices:
                digest.update(np.asarray(array).tobytes())
print(_native.simd_level(), digest.hexdigest())
"""


def level_and_digest(level: str | None = None) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if name != "RADIOTYPE_SIMD"}
    if level:
        environment["RADIOTYPE_SIMD"] = level
    run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_every_simd_level_gives_the_same_bytes() -> None:
    best, expected = level_and_digest()
    assert len(expected) == hashlib.sha256().digest_size * 2
    levels = ["base", "avx2", "avx512"]
    others = levels[: levels.index(best)]
    if not others:
        pytest.skip("this processor has the base level only")
    for level in others:
        assert level_and_digest(level) == [level, expected]
