"""Regions too small or too even for a feature get a reason, never a warning; bad input is refused before it costs memory."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from radiotype.core.feature import Features
from radiotype.errors import ComputeError, InputError, RadiotypeError, RecipeError
from radiotype.features.ibsi.level_volume import level_volume
from radiotype.features.ibsi.settings import Bins, IbsiSettings
from radiotype.features.ibsi.texture import Texture, records, texture_features
from radiotype.features.ibsi.texture_matrices import AGGREGATIONS, texture_matrices

EVERY = AGGREGATIONS


def checked(levels: np.ndarray) -> Texture:
    """The features, after `Features` has looked for a NaN without a reason."""
    texture = texture_features(levels, EVERY)
    Features(texture.values, texture.reasons, records(IbsiSettings(aggregations=EVERY)))
    return texture


def test_one_voxel_has_no_neighbours() -> None:
    texture = checked(np.array([[[4]]]))
    missing = {name for name, value in texture.values.items() if math.isnan(value)}
    assert missing == {name for name in texture.values if name.startswith(("glcm", "ngtdm"))}
    assert {texture.reasons[name] for name in missing} == {"no_neighbours"}
    assert texture.values["glrlm_run_percentage_3d_average"] == 1
    assert texture.values["glszm_large_zone_high_grey_level_emphasis_3d"] == 16
    assert texture.values["ngldm_dependence_count_entropy_2d"] == 0


def test_two_voxels_apart_have_no_neighbours() -> None:
    texture = checked(np.array([[[1], [0], [2]]]))
    assert texture.reasons["glcm_contrast_3d_merged"] == texture.reasons["ngtdm_busyness_3d"] == "no_neighbours"
    assert texture.values["glszm_zone_percentage_3d"] == 1


def test_two_voxels_of_one_level() -> None:
    texture = checked(np.array([[[1], [1]]]))
    assert texture.values["glcm_joint_maximum_3d_average"] == 1
    assert texture.values["glcm_information_correlation_2_3d_average"] == 0
    assert texture.reasons["glcm_correlation_3d_average"] == "one_grey_level"
    assert texture.reasons["glcm_information_correlation_1_2_5d_merged"] == "one_grey_level"
    assert texture.values["ngtdm_coarseness_3d"] == 1e6
    assert texture.reasons["ngtdm_coarseness_3d"] == "no_tone_difference"
    assert [texture.values[f"ngtdm_{name}_3d"] for name in ("contrast", "busyness", "complexity", "strength")] == [0, 0, 0, 0]


def test_two_voxels_in_two_slices_have_neighbours_in_space_only() -> None:
    texture = checked(np.array([[[1, 2]]]))
    for name in ("glcm_contrast_2d_average", "glcm_contrast_2_5d_merged", "ngtdm_contrast_2d"):
        assert texture.reasons[name] == "no_neighbours"
    assert texture.values["glcm_contrast_3d_average"] == 1
    assert texture.values["ngtdm_coarseness_3d"] == 1


def test_even_region() -> None:
    texture = checked(np.full((4, 3, 3), 2))
    assert set(texture.reasons.values()) == {"one_grey_level", "no_tone_difference"}
    assert texture.values["glcm_joint_average_3d_merged"] == 2
    assert texture.values["glszm_zone_percentage_3d"] == pytest.approx(1 / 36)
    assert texture.values["gldzm_small_distance_emphasis_3d"] == 1


def test_levels_far_apart_that_are_even_within() -> None:
    levels = np.zeros((5, 1, 1), dtype=int)
    levels[:2], levels[3:] = 1, 2
    texture = checked(levels)
    assert texture.reasons["ngtdm_coarseness_3d"] == "no_tone_difference"
    assert texture.values["ngtdm_strength_3d"] == 0
    assert texture.values["glcm_correlation_3d_merged"] == 1


def test_no_busyness_where_level_times_probability_is_the_same_for_all() -> None:
    texture = checked(np.array([[[1], [2], [1]]]))
    assert math.isnan(texture.values["ngtdm_busyness_3d"])
    assert texture.reasons == {f"ngtdm_busyness_{how}": "equal_level_weights" for how in ("2d", "2_5d", "3d")}


def test_slice_without_the_feature_takes_no_part_in_the_average() -> None:
    levels = np.array([[1, 2], [2, 1]])[:, :, None].repeat(3, axis=2)
    levels[:, :, 1] = 0
    levels[0, 0, 1] = 1  # one voxel: no pairs
    levels[:, :, 2] = 1  # one level: no correlation
    texture = texture_features(levels, ("2d_slice_merged",))
    alone = texture_features(levels[:, :, :1], ("2d_slice_merged",)).values
    name = "glcm_correlation_2d_slice_merged"
    assert texture.values[name] == alone[name]
    assert texture.values["glcm_contrast_2d_slice_merged"] == alone["glcm_contrast_2d_slice_merged"] / 2
    assert texture.reasons == {"ngtdm_coarseness_2d": "no_tone_difference"}
    busyness = "ngtdm_busyness_2d"
    assert texture.values[busyness] == alone[busyness] / 2


def test_one_slice_is_the_same_in_every_dimension_where_directions_agree() -> None:
    levels = np.random.default_rng(2).integers(0, 4, (6, 5, 1))
    values = checked(levels).values
    for name in ("glszm_zone_size_entropy", "ngtdm_complexity", "ngldm_low_dependence_emphasis"):
        assert values[f"{name}_2d"] == values[f"{name}_2_5d"] == values[f"{name}_3d"]
    assert values["glcm_contrast_2_5d_merged"] == values["glcm_contrast_3d_merged"]
    assert values["glcm_contrast_2d_average"] == values["glcm_contrast_3d_average"]
    # Runs across slices are one voxel long, and count.
    assert values["glrlm_run_percentage_3d_merged"] > values["glrlm_run_percentage_2_5d_merged"]
    # A slice has no voxel that is not at the border.
    assert values["gldzm_large_distance_emphasis_3d"] == 1


def test_records_say_how() -> None:
    both = ("2d_average", "3d_merged")
    found = records(IbsiSettings(spacing_mm=None, aggregations=both, bins=Bins(width=2.0)))
    assert [record.name for record in found] == list(texture_features(np.ones((2, 2, 2), int), both).values)
    by_name = {record.name: record for record in found}
    in_slices, in_space = by_name["glrlm_run_entropy_2d_average"], by_name["gldzm_zone_distance_entropy_3d"]
    assert (in_slices.ibsi, in_slices.unit, in_slices.detail["aggregation_ibsi"]) == ("HJ9O", "bit", "BTW3")
    assert in_slices.invariances == ("translation", "mirror", "scale", "intensity_shift")
    assert in_space.invariances == ("translation", "rotation90", "mirror", "scale", "intensity_shift")
    assert in_space.detail["matrix_ibsi"] == "VMDZ"


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        (np.zeros((2, 2, 2), dtype=int), "RT204"),
        (np.zeros((0, 2, 2), dtype=int), "RT204"),
        (np.ones((2, 2), dtype=int), "RT207"),
        (np.ones((2, 2, 2)), "RT305"),
        (np.ones((2, 2, 2), dtype=bool), "RT305"),
        (np.full((2, 2, 2), -1), "RT305"),
        (np.full((2, 2, 2), 65_536), "RT305"),
    ],
)
def test_levels_that_are_none(levels: np.ndarray, code: str) -> None:
    with pytest.raises(RadiotypeError) as caught:
        texture_features(levels)
    assert caught.value.code == code


def test_settings_that_do_not_fit() -> None:
    levels = np.array([[[1, 2]]])
    with pytest.raises(RecipeError, match="did you mean '3d_merged'") as caught:
        texture_features(levels, ("3d_merge",))  # type: ignore[arg-type]
    assert caught.value.code == "RT103"
    with pytest.raises(RecipeError, match="alpha is -1"):
        texture_matrices(levels, alpha=-1)
    with pytest.raises(ComputeError, match="a grey level 2, expected at most 1"):
        level_volume(levels, n_grey_levels=1)


def test_mask_that_does_not_fit() -> None:
    levels = np.array([[[1, 2, 0]]])
    with pytest.raises(InputError, match="expected bool"):
        texture_features(levels, mask=levels)
    with pytest.raises(InputError, match="expected bool"):
        texture_features(levels, mask=levels[:, :, :2] > 0)
    with pytest.raises(ComputeError, match="outside the mask"):
        texture_features(levels, mask=levels > 1)
    texture_features(levels, mask=levels >= 0)


def test_tables_beyond_memory_are_refused_before_they_are_made() -> None:
    levels = np.arange(1, 65_001, dtype=np.int32).reshape(65, 50, 20)
    with pytest.raises(ComputeError, match="the matrices of 65000 grey levels take") as caught:
        texture_features(levels)
    assert caught.value.code == "RT306"
    with pytest.raises(ComputeError, match="the matrices of 8 grey levels"):
        texture_features(np.arange(1, 9).reshape(2, 2, 2), memory_limit_bytes=1000)


def test_a_gap_between_levels_costs_no_memory() -> None:
    levels = np.array([[[1], [65_535], [1]]])
    values = texture_features(levels, memory_limit_bytes=200_000).values
    assert values["glcm_contrast_3d_merged"] == 65_534.0**2
    assert values["glcm_normalised_inverse_difference_3d_merged"] == 1 / (1 + 65_534 / 65_535)


def test_threads_share_the_kernels() -> None:
    regions = [np.random.default_rng(seed).integers(0, 6, (20, 20, 20)) for seed in range(4)]
    expected = [texture_features(region).values for region in regions]
    found: dict[int, dict[str, float]] = {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.update({seed: texture_features(regions[seed]).values}))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[seed] for seed in range(4)] == expected
