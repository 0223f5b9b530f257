"""Names, records, settings, and regions that leave nothing to measure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from captk_regions import AS_STORED, blob, captk
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

from radiotype.errors import InputError
from radiotype.features import CaptkSettings, FeatureSettings
from radiotype.features.captk.table import LEFT_OUT, entries
from radiotype.features.registry import family

COUNTS = {
    "intensity": 19, "histogram": 28, "volumetric": 1, "morphologic": 15,
    "glcm": 8, "glrlm": 10, "glszm": 17, "ngtdm": 5, "lbp": 1,
}  # fmt: skip

#: What measures how far levels or patterns spread, not how finely they are mixed.
SPREAD = (
    "captk_intensity_",
    "captk_histogram_",
    "captk_glcm_cluster_prominence",
    "captk_glszm_grey_level_variance",
    "captk_glszm_normalised_grey_level_non_uniformity",
    "captk_glszm_zone_size_entropy",
    "captk_lbp_entropy",
)


def test_there_are_104_names() -> None:
    names = [record.name for record in family("captk").records(FeatureSettings())]
    assert len(names) == len(set(names)) == 104
    for group, count in COUNTS.items():
        assert sum(name.startswith(f"captk_{group}_") for name in names) == count, group
    assert all(name == name.lower() and name.isidentifier() for name in names)


def test_left_out_columns_stand_for_columns_that_are_measured() -> None:
    measured = {entry.column for entry in entries()}
    assert set(LEFT_OUT.values()) <= measured
    assert not measured & set(LEFT_OUT)


def test_left_out_features_follow_from_what_stands_for_them() -> None:
    """Each of the eight, recomputed from the one feature that stands for it, on a region of one part."""
    values, inside = blob()
    inside[20, 19:21, 18] = False
    found, n = captk(values, inside).values, np.count_nonzero(inside)
    assert math.sqrt(found["captk_intensity_variance"]) == pytest.approx(values[inside].std())
    assert found["captk_volumetric_volume"] == found["captk_morphologic_physical_size"] == n
    radius = math.cbrt(3 * found["captk_morphologic_physical_size"] / (4 * math.pi))
    assert 4 / 3 * math.pi * radius**3 == pytest.approx(n)
    zones = found["captk_glszm_zone_percentage"] * n
    assert zones == pytest.approx(round(zones))


def test_records_tell_all() -> None:
    records = family("captk").records(FeatureSettings())
    for record in records:
        assert record.family == "captk"
        assert record.meaning
        assert record.unit
        assert record.low < record.high
        assert record.detail["heterogeneity"] in (-1, 0, 1)
        assert record.detail["dimension"] in ("2d", "3d")
        assert not record.meaning.startswith("the same")
    assert [record.name for record in records if record.detail["dimension"] == "2d"] == ["captk_lbp_entropy"]
    assert len({record.meaning for record in records if record.name.startswith("captk_glszm")}) == COUNTS["glszm"]


def test_bins_are_named_in_the_column() -> None:
    records = family("captk").records(FeatureSettings(captk=CaptkSettings(n_bins=20)))
    columns = {record.name: record.detail["captk"] for record in records}
    assert columns["captk_glcm_contrast"] == "GLCM_Bins-20_Radius-1_Contrast"
    assert columns["captk_histogram_mean"] == "Histogram_Bins-20_Bins-20_Mean"
    assert columns["captk_lbp_entropy"] == "LBP_Radius-1_Bins-20_LBP"
    assert columns["captk_intensity_mean"] == "Intensity_Mean"


def test_values_lie_within_the_ranges_of_their_records() -> None:
    for at_border in (False, True):
        found = captk(*blob(at_border=at_border))
        assert not found.reasons
        for record in found.records:
            assert record.low <= found.values[record.name] <= record.high, record.name


def test_signs_of_texture_are_those_of_voxels_that_change_places() -> None:
    """A smooth region, and the same voxels in any order: textures rise or fall as the records say, statistics stay."""
    rng = np.random.default_rng(1)
    smooth = gaussian_filter(rng.normal(size=(18, 18, 18)), 2.0) * 100
    mixed = rng.permutation(smooth.ravel()).reshape(smooth.shape)
    inside = np.ones(smooth.shape, dtype=bool)
    before, after = captk(smooth, inside).values, captk(mixed, inside).values
    for record in family("captk").records(FeatureSettings(captk=AS_STORED)):
        sign = int(record.detail["heterogeneity"])
        if record.name.startswith(("captk_intensity_", "captk_histogram_")):
            assert after[record.name] == pytest.approx(before[record.name], rel=1e-12)
        elif sign and not record.name.startswith(SPREAD) and "morphologic" not in record.name:
            assert sign * (after[record.name] - before[record.name]) > 0, record.name


def test_signs_of_spread_are_those_of_a_wider_distribution() -> None:
    """One texture with all contrasts, and with a third of them; the extremes stay."""
    texture = gaussian_filter(np.random.default_rng(2).normal(size=(18, 18, 18)), 1.0)
    inside = np.ones(texture.shape, dtype=bool)
    found = []
    for contrast in (20 / 3, 20):
        values = np.clip(100 + texture / texture.std() * contrast, 40, 160)
        values[0, 0, 0], values[-1, -1, -1] = 40, 160
        found.append(captk(values, inside).values)
    for record in family("captk").records(FeatureSettings(captk=AS_STORED)):
        sign = int(record.detail["heterogeneity"])
        if sign and record.name.startswith(SPREAD) and record.name not in ("captk_intensity_range", "captk_histogram_range"):
            assert sign * (found[1][record.name] - found[0][record.name]) > 0, record.name


def test_signs_of_shape_are_those_of_a_body_that_is_drawn_out() -> None:
    values = np.arange(20.0**3).reshape(20, 20, 20)
    place = np.indices(values.shape) - 9.5
    ball, egg = (place**2).sum(axis=0) < 25, (place**2 / np.array([81, 25, 9]).reshape(3, 1, 1, 1)).sum(axis=0) < 1
    round_, drawn = captk(values, ball).values, captk(values, egg).values
    for record in family("captk").records(FeatureSettings(captk=AS_STORED)):
        sign = int(record.detail["heterogeneity"])
        if sign and "morphologic" in record.name:
            assert sign * (drawn[record.name] - round_[record.name]) > 0, record.name


def boxes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(8)
    shapes = {"one voxel": (1, 1, 1), "a row": (1, 6, 1), "a plane": (5, 5, 1), "an upright plane": (1, 5, 5)}
    found = {}
    for name, shape in shapes.items():
        inside = np.zeros((9, 9, 9), dtype=bool)
        inside[tuple(slice(2, 2 + side) for side in shape)] = True
        found[name] = rng.integers(-50, 50, inside.shape).astype(float), inside
    inside = np.zeros((9, 9, 9), dtype=bool)
    inside[2:6, 2:6, 2:6] = True
    found["constant"] = np.full(inside.shape, 7.0), inside
    found["all zero"] = np.zeros(inside.shape), inside
    found["two values"] = np.where(np.indices(inside.shape)[0] < 4, 0.0, 1.0), inside
    apart = np.zeros_like(inside)
    apart[::4, ::4, ::4] = True
    found["voxels apart"] = rng.normal(size=inside.shape), apart
    found["the whole scan"] = rng.normal(size=inside.shape), np.ones_like(inside)
    found["huge values"] = rng.normal(size=inside.shape) * 1e30, inside
    found["tiny values"] = rng.normal(size=inside.shape) * 1e-30, inside
    return found


BOXES = boxes()


@pytest.mark.parametrize("settings", [AS_STORED, CaptkSettings(), CaptkSettings(spacing_mm=3.0)], ids=["1", "2", "3"])
@pytest.mark.parametrize("name", BOXES)
def test_every_region_ends_with_values_or_reasons(name: str, settings: CaptkSettings) -> None:
    values, inside = BOXES[name]
    found = captk(values, inside, settings=settings)
    assert len(found.values) == 104
    for record in found.records:
        value = found.values[record.name]
        assert math.isfinite(value) or found.reasons[record.name], record.name
        if math.isfinite(value):
            slack = 1e-12 * max(1.0, abs(value))
            assert record.low - slack <= value <= record.high + slack, record.name


def test_one_voxel_has_these_codes() -> None:
    found = captk(*BOXES["one voxel"])
    codes = {name.removeprefix("captk_"): code for name, code in found.reasons.items()}
    assert codes["intensity_skewness"] == codes["histogram_kurtosis"] == "constant_intensity"
    assert codes["glcm_contrast"] == codes["ngtdm_coarseness"] == "no_neighbours"
    assert codes["lbp_entropy"] == "no_whole_neighbourhood"
    assert not any("morphologic" in name or "glszm" in name or "glrlm" in name for name in codes)
    assert found.values["captk_morphologic_elongation"] == found.values["captk_morphologic_flatness"] == 1


def test_a_constant_region_has_these_codes() -> None:
    found = captk(*BOXES["constant"])
    codes = {name.removeprefix("captk_"): code for name, code in found.reasons.items()}
    assert codes == {
        "intensity_kurtosis": "constant_intensity",
        "intensity_skewness": "constant_intensity",
        "histogram_kurtosis": "constant_intensity",
        "histogram_skewness": "constant_intensity",
        "glcm_correlation": "one_grey_level",
        "ngtdm_coarseness": "no_tone_difference",
    }
    for name in ("mode", "mean", "median"):
        assert found.values[f"captk_intensity_{name}"] == 7
    for name in ("percentile_5", "percentile_95", "percentile_5_mean", "percentile_95_mean"):
        assert found.values[f"captk_histogram_{name}"] == 7


def test_a_region_lost_in_interpolation_says_so() -> None:
    found = captk(*BOXES["one voxel"], settings=CaptkSettings(spacing_mm=5.0))
    assert set(found.reasons.values()) == {"lost_in_resampling"}
    assert len(found.reasons) == 104


def test_a_value_that_is_not_finite_is_refused() -> None:
    values, inside = blob()
    values[tuple(np.argwhere(inside)[0])] = np.nan
    with pytest.raises(InputError) as caught:
        captk(values, inside)
    assert caught.value.code == "RT206"


@pytest.mark.parametrize("wrong", [{"n_bins": 1}, {"n_bins": 2000}, {"spacing_mm": 0.0}, {"radius": 1}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CaptkSettings(**wrong)


def test_more_bins_change_textures_and_no_intensities() -> None:
    few, many = (captk(*blob(), settings=CaptkSettings(spacing_mm=None, n_bins=n)).values for n in (8, 16))
    assert few["captk_histogram_maximum"] == 8
    assert few["captk_glcm_contrast"] < many["captk_glcm_contrast"]
    assert few["captk_intensity_variance"] == many["captk_intensity_variance"]
    assert few["captk_morphologic_roundness"] == many["captk_morphologic_roundness"]
