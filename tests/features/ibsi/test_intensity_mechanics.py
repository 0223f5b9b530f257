"""Degenerate regions, codes, settings, and what `prepare` hands on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError, InputError
from radiotype.features.ibsi import Bins, IbsiSettings, measure, prepare, records
from radiotype.features.ibsi.settings import AGGREGATIONS

OPTIONS = {"oriented_box": True, "enclosing_ellipsoid": True, "spatial_autocorrelation": True}
SETTINGS = {
    "own voxels": IbsiSettings(spacing_mm=None, **OPTIONS),
    "interpolated": IbsiSettings(**OPTIONS),
    "slices, widths": IbsiSettings(slice_by_slice=True, bins=Bins(width=5.0), volume_histogram_bins=Bins(width=1.0), **OPTIONS),
    "spline, cut": IbsiSettings(
        spacing_mm=2.0,
        interpolation="cubic",
        outlier_sigma=3.0,
        volume_histogram_bins=Bins(number=100),
        aggregations=AGGREGATIONS,
        dependence_alpha=1,
        **OPTIONS,
    ),
}
SHAPE = (14, 12, 10)


def inside(*where) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[where] = True
    return mask


def oblique_row() -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[np.arange(8), np.arange(8), np.arange(8)] = True
    return mask


PART = slice(3, 8)
MASKS = {
    "one voxel": inside(5, 5, 5),
    "a corner voxel": inside(0, 0, 0),
    "two voxels": inside(slice(5, 7), 5, 5),
    "two islands": inside([2, 10], [2, 9], [2, 8]),
    "a row": inside(PART, 5, 5),
    "an oblique row": oblique_row(),
    "a plate": inside(PART, PART, 5),
    "at the border": inside(slice(0, 4), PART, slice(7, 10)),
    "everything": np.ones(SHAPE, dtype=bool),
    "scattered": np.random.default_rng(1).random(SHAPE) < 0.05,
}
NOISE = np.random.default_rng(2).normal(40, 12, SHAPE)
VALUES = {
    "noise": NOISE,
    "constant": np.full(SHAPE, 7.25),
    "zero": np.zeros(SHAPE),
    "two values": np.where(NOISE > 40, 1, -1).astype(np.int16),
    "limits of int16": np.where(NOISE > 40, 32767, -32768).astype(np.int16),
    "large": NOISE * 1e30 - 4e31,
    "small": NOISE * 1e-30,
    "gaps outside": NOISE,
}


def scan_of(name: str, mask: np.ndarray, spacing=(1.5, 1.5, 3.0)) -> Scan:
    values = VALUES[name].copy()
    if name == "gaps outside":
        values[~mask & (NOISE > 50)] = np.inf
        values[~mask & (NOISE < 30)] = np.nan
    return Scan(values, Grid(SHAPE, np.diag([*spacing, 1.0])))


#: Of values that stand at a limit which the IBSI sets.
CARE = "no_tone_difference"


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("mask", MASKS)
def test_a_value_within_its_range_or_a_reason(mask: str, values: str, settings: str) -> None:
    chosen = SETTINGS[settings]
    if chosen.bins.width and values in ("large", "limits of int16"):
        chosen = chosen.model_copy(update={"bins": Bins(width=1e28), "volume_histogram_bins": Bins(width=1e28)})
    scan = scan_of(values, MASKS[mask])
    found = measure(prepare(scan, Mask(MASKS[mask], scan.grid), chosen), chosen)
    listed = records(chosen)
    assert list(found.values) == [record.name for record in listed]
    for record in listed:
        value = found.values[record.name]
        assert type(value) is float
        if math.isnan(value):
            assert found.reasons[record.name], record.name
        else:
            assert found.reasons.get(record.name, CARE) == CARE
            slack = 1e-9 * max(1.0, abs(value))
            assert record.low - slack <= value <= record.high + slack, record.name


def reasons_of(values: str, mask: str, settings: IbsiSettings) -> dict[str, str]:
    scan = scan_of(values, MASKS[mask])
    return dict(measure(prepare(scan, Mask(MASKS[mask], scan.grid), settings), settings).reasons)


def test_codes_of_one_voxel() -> None:
    reasons = reasons_of("noise", "one voxel", SETTINGS["own voxels"])
    morphology = {name: code for name, code in reasons.items() if name.startswith("morphology")}
    axes = ("major_axis_length_mm", "minor_axis_length_mm", "least_axis_length_mm", "elongation", "flatness")
    densities = ("volume_density_approximate_ellipsoid", "area_density_approximate_ellipsoid")
    expected = {f"morphology_{name}": "single_voxel" for name in (*axes, *densities)}
    assert morphology == expected | dict.fromkeys(("morphology_moran_i", "morphology_geary_c"), "constant_intensity")


def test_codes_of_a_constant_plate() -> None:
    reasons = reasons_of("constant", "a plate", SETTINGS["own voxels"])
    flat = {name for name, code in reasons.items() if code == "flat_region"}
    assert flat == {"morphology_volume_density_approximate_ellipsoid"}
    constant = {name for name, code in reasons.items() if code == "constant_intensity"}
    start = "intensity_histogram"
    assert constant == {
        "morphology_moran_i",
        "morphology_geary_c",
        "intensity_skewness",
        "intensity_kurtosis",
        "intensity_volume_histogram_area_under_curve",
        *(f"{start}_{name}" for name in ("skewness", "kurtosis")),
        *(f"{start}_{kind}_gradient{what}" for kind in ("maximum", "minimum") for what in ("", "_level")),
    }
    even = {f"glcm_{name}_3d_merged" for name in ("correlation", "information_correlation_1")}
    assert {name for name, code in reasons.items() if code == "one_grey_level"} == even
    assert set(reasons) == flat | constant | even | {"ngtdm_coarseness_3d"}


def test_codes_of_intensities_that_cancel() -> None:
    reasons = reasons_of("zero", "everything", SETTINGS["own voxels"])
    assert reasons["morphology_centre_of_mass_shift_mm"] == "intensities_cancel"
    assert reasons["intensity_coefficient_of_variation"] == "mean_intensity_zero"
    assert reasons["intensity_quartile_coefficient_of_dispersion"] == "quartiles_cancel"


def test_two_voxels_have_nothing_between_the_percentiles() -> None:
    reasons = reasons_of("noise", "two voxels", SETTINGS["own voxels"])
    assert reasons["intensity_robust_mean_absolute_deviation"] == "few_voxels"


def test_a_region_that_interpolation_loses_has_a_reason_throughout() -> None:
    scan = scan_of("noise", MASKS["one voxel"], (1.0, 1.0, 1.0))
    settings = IbsiSettings(spacing_mm=5.0, **OPTIONS)
    lost = [
        index
        for index in np.argwhere(MASKS["everything"])[::7]
        if measure(prepare(scan, Mask(inside(*index), scan.grid), settings), settings).reasons.get("intensity_mean")
    ]
    assert lost
    found = measure(prepare(scan, Mask(inside(*lost[0]), scan.grid), settings), settings)
    assert set(found.reasons.values()) == {"lost_in_resampling"}
    assert set(found.reasons) == set(found.values)


def test_a_region_outside_the_range_keeps_its_shape() -> None:
    settings = IbsiSettings(spacing_mm=None, intensity_range=(1000.0, None), **OPTIONS)
    mask = MASKS["at the border"]
    scan = scan_of("noise", mask)
    region = prepare(scan, Mask(mask, scan.grid), settings)
    found = measure(region, settings)
    assert (region.n_levels, region.levels.any()) == (0, False)
    of_intensity = {"centre_of_mass_shift_mm", "integrated_intensity", "moran_i", "geary_c"}
    without = {name for name in found.values if not name.startswith("morphology")}
    without |= {f"morphology_{name}" for name in of_intensity}
    assert found.reasons == dict.fromkeys(without, "nothing_left_by_resegmentation")
    assert found.values["morphology_volume_mm3"] == mask.sum() * 1.5 * 1.5 * 3


def test_prepared_arrays_fit_each_other() -> None:
    mask = MASKS["at the border"]
    scan = scan_of("noise", mask)
    settings = IbsiSettings(spacing_mm=1.0, intensity_range=(25.0, 60.0), bins=Bins(width=5.0))
    region = prepare(scan, Mask(mask, scan.grid), settings)
    assert region.image.shape == region.morphological_mask.shape == region.intensity_mask.shape == region.levels.shape
    assert ((region.levels > 0) == region.intensity_mask).all()
    assert (region.intensity_mask <= region.morphological_mask).all()
    values = region.image[region.intensity_mask]
    assert values.min() >= 25
    assert values.max() <= 60
    assert (region.levels[region.intensity_mask] == np.floor((values - 25) / 5) + 1).all()
    assert (region.n_levels, region.bin_width, region.spacing_mm) == (region.levels.max(), 5.0, (1.0, 1.0, 1.0))
    for axis in range(3):  # the box is tight
        assert region.morphological_mask.any(axis=tuple({0, 1, 2} - {axis}))[[0, -1]].all()
    for array in (region.surroundings, region.image, region.morphological_mask, region.intensity_mask, region.levels):
        assert not array.flags.writeable
    assert repr(region).startswith("Prepared(")


def test_bin_width_of_a_number() -> None:
    mask = MASKS["everything"]
    scan = scan_of("noise", mask)
    settings = IbsiSettings(spacing_mm=None, bins=Bins(number=16))
    region = prepare(scan, Mask(mask, scan.grid), settings)
    assert region.n_levels == 16
    assert region.bin_width == pytest.approx(np.ptp(NOISE) / 16)


def test_only_what_surrounds_a_region_is_prepared() -> None:
    grid = Grid((60, 60, 60), np.eye(4))
    mask = np.zeros(grid.shape, dtype=bool)
    mask[28:31, 28:31, 28:31] = True
    region = prepare(Scan(np.zeros(grid.shape), grid), Mask(mask, grid), IbsiSettings(spacing_mm=None))
    assert region.surroundings.shape == (15, 15, 15)  # 6 voxels on each side
    assert region.first == (6, 6, 6)


def test_values_that_are_not_finite_in_the_region_are_refused() -> None:
    mask = MASKS["a plate"]
    values = NOISE.copy()
    values[4, 4, 5] = np.nan
    grid = Grid(SHAPE, np.eye(4))
    with pytest.raises(InputError, match="1 voxels of the region") as caught:
        prepare(Scan(values, grid), Mask(mask, grid), IbsiSettings())
    assert caught.value.code == "RT206"


def test_bins_that_are_far_too_narrow_are_refused() -> None:
    scan = scan_of("large", MASKS["everything"])
    with pytest.raises(ComputeError, match="bins of width 25") as caught:
        prepare(scan, Mask(MASKS["everything"], scan.grid), IbsiSettings(bins=Bins(width=25.0)))
    assert caught.value.code == "RT305"


def test_a_box_that_would_be_too_large_is_refused() -> None:
    scan = scan_of("noise", MASKS["everything"], (1000.0, 1000.0, 1000.0))
    with pytest.raises(ComputeError) as caught:
        prepare(scan, Mask(MASKS["everything"], scan.grid), IbsiSettings())
    assert caught.value.code == "RT306"
    assert "features.ibsi.spacing_mm" in str(caught.value)


def test_a_mask_on_another_grid_is_refused() -> None:
    scan = scan_of("noise", MASKS["everything"])
    with pytest.raises(InputError) as caught:
        prepare(scan, Mask(MASKS["everything"], Grid(SHAPE, np.eye(4))), IbsiSettings())
    assert caught.value.code == "RT203"


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"bins": {}}, "either `width` or `number`"),
        ({"bins": {"width": 25.0, "number": 32}}, "either `width` or `number`"),
        ({"bins": {"number": 1}}, "greater than or equal to 2"),
        ({"intensity_range": (None, None)}, "at least one of the two limits"),
        ({"intensity_range": (400.0, -500.0)}, "the first number must be below"),
        ({"spacing_mm": 0.0}, "greater than or equal to 0.001"),
        ({"interpolation": "nearest"}, "'linear' or 'cubic'"),
        ({"binwidth": 25}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_make_no_sense_are_refused(group: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IbsiSettings(**group)


def test_settings_are_read_as_yaml_gives_them() -> None:
    found = IbsiSettings(intensity_range=[-500, None], bins={"width": 25})  # type: ignore[arg-type]
    assert (found.intensity_range, found.bins.width) == ((-500.0, None), 25.0)


def test_every_record_is_whole() -> None:
    listed = records(SETTINGS["own voxels"])
    assert len({record.name for record in listed}) == len({record.ibsi for record in listed}) == len(listed) == 174
    for record in listed:
        assert len(record.ibsi) == 4
        assert record.meaning and record.unit and record.reference and record.invariances
        assert record.low < record.high
    assert len(records(IbsiSettings())) == 168
