"""Features of filtered scans: names, records, what is refused, and that only what surrounds the region matters."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.core.reasons import MISSING
from radiotype.errors import ComputeError, InputError
from radiotype.features import FeatureSettings, describe
from radiotype.features.filters import frequencies
from radiotype.features.filters.unfit import UnfitError
from radiotype.features.ibsi import IbsiSettings, filtered, prepare, records, response_maps
from radiotype.imaging import resample

SHAPE = (40, 36, 30)
EVERY_KIND = (
    {"kind": "mean", "size": 5},
    {"kind": "log", "sigma_mm": 1.5},
    {"kind": "log", "sigma_mm": 1.5, "dimensions": 2, "boundary": "nearest"},
    {"kind": "laws", "kernels": "L5E5E5"},
    {"kind": "laws", "kernels": "S5W5", "rotation_invariant": False, "energy_distance": None, "boundary": -3.5},
    {"kind": "gabor", "sigma_mm": 3.0, "wavelength_mm": 4.0, "aspect_ratio": 1.5},
    {
        "kind": "gabor",
        "sigma_mm": 2.0,
        "wavelength_mm": 3.0,
        "step_degrees": None,
        "orientation_degrees": 30.0,
        "dimensions": 2,
    },
    {"kind": "wavelet", "wavelet": "coif1", "subband": "LLH", "level": 2},
    {"kind": "wavelet", "wavelet": "db3", "subband": "LH", "boundary": "periodic"},
    {"kind": "simoncelli", "level": 1},
    {"kind": "simoncelli", "level": 2, "reach": 12, "dimensions": 2},
    {"kind": "riesz", "order": [1, 0, 0], "of": "log", "sigma_mm": 1.5},
    {"kind": "riesz", "order": [0, 2], "of": "simoncelli", "level": 1},
)
NAMES = (
    "mean_5_3d",
    "log_1.5mm_3d",
    "log_1.5mm_2d_nearest",
    "laws_l5e5e5_max_energy_7",
    "laws_s5w5_-3.5",
    "gabor_3mm_4mm_1.5_every_22.5_mean_3d",
    "gabor_2mm_3mm_1_at_30_2d",
    "wavelet_coif1_llh_level_2_mean",
    "wavelet_db3_lh_level_1_mean_periodic",
    "simoncelli_level_1_3d",
    "simoncelli_level_2_reach_12_2d",
    "riesz_1_0_0_log_1.5mm",
    "riesz_0_2_simoncelli_level_1",
)


def settings(*filters, **others) -> IbsiSettings:
    return IbsiSettings(**{"spacing_mm": None, "filters": filters} | others)


def scan_and_mask(shift=(0, 0, 0), spacing=(1.0, 1.0, 1.0)):
    """A lump in noise, and where it may lie."""
    rng = np.random.default_rng(5)
    values = np.zeros(SHAPE)
    values[8:32, 8:28, 6:24] = np.rint(rng.normal(50, 30, (24, 20, 18)))
    away = ((np.moveaxis(np.indices(SHAPE), 0, -1) - [20, 18, 15]) ** 2 / [9, 6, 4]).sum(axis=-1)
    grid = Grid(SHAPE, np.diag([*spacing, 1.0]))
    return Scan(np.roll(values, shift, (0, 1, 2)), grid, "MR"), Mask(np.roll(away < 9, shift, (0, 1, 2)), grid)


def test_every_filter_has_a_stable_name_and_says_what_it_is() -> None:
    chosen = settings(*EVERY_KIND)
    assert tuple(one.name for one in chosen.filters) == NAMES
    own = [record for record in records(chosen) if "filter" in record.detail]
    assert len(own) == 18 * len(NAMES)
    record = next(one for one in own if one.name == "log_1.5mm_3d_intensity_skewness")
    assert (record.ibsi, record.detail["filter"], record.detail["filter_ibsi"]) == ("KE2A", "log_1.5mm_3d", "L6PA")
    assert record.invariances == ("translation", "intensity_scale")
    assert len({one.name for one in records(chosen)}) == len(records(chosen))


def test_a_laplacian_of_voxels_that_are_no_cubes_changes_with_turns() -> None:
    """Its unit is a squared voxel of the first axis."""
    scan, mask = scan_and_mask(spacing=(1.0, 1.0, 2.0))
    name, turn = "log_2.5mm_3d_intensity_mean", np.array([[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1.0]])
    grid = Grid(SHAPE, turn @ scan.grid.affine)
    for spacing_mm, slice_by_slice, ratio in ((None, False, 4.0), (1.0, True, None), (1.0, False, 1.0)):
        chosen = settings({"kind": "log", "sigma_mm": 2.5}, spacing_mm=spacing_mm, slice_by_slice=slice_by_slice)
        found = describe(scan, mask, "ibsi", settings=FeatureSettings(ibsi=chosen))
        turned = describe(Scan(scan.data, grid, "MR"), Mask(mask.data, grid), "ibsi", settings=FeatureSettings(ibsi=chosen))
        record = next(one for one in found.records if one.name == name)
        assert ("rotation90" in record.invariances) == (ratio == 1)
        if ratio is not None:
            assert turned.values[name] == pytest.approx(ratio * found.values[name], rel=1e-6)


def test_the_features_of_the_scan_itself_stay() -> None:
    scan, mask = scan_and_mask()
    without = describe(scan, mask, "ibsi", settings=FeatureSettings(ibsi=settings()))
    found = describe(scan, mask, "ibsi", settings=FeatureSettings(ibsi=settings(*EVERY_KIND)))
    assert {name: found.values[name] for name in without.values} == dict(without.values)


def test_any_number_of_threads_gives_the_same_bytes() -> None:
    scan, mask = scan_and_mask()
    chosen = settings(*EVERY_KIND, filtered_features=("intensity", "texture"))
    prepared = prepare(scan, mask, chosen)
    one, three = (filtered.measure(prepared, chosen, n_threads=n) for n in (1, 3))
    assert list(one.values.items()) == list(three.values.items())
    assert one.reasons == three.reasons


@pytest.mark.parametrize("kind", [one for one in EVERY_KIND if "reach" not in one])
def test_only_what_surrounds_the_region_is_filtered(kind) -> None:
    """The response in the box equals that of the whole scan, wherever the region lies."""
    for shift in ((0, 0, 0), (8, -7, 5), (-11, 9, -8)):
        scan, mask = scan_and_mask(shift, (1.0, 1.0, 1.25))
        chosen = settings(kind, {"kind": "mean", "size": 25})
        prepared, one = prepare(scan, mask, chosen), chosen.filters[0]
        whole = one.response(scan.data.astype(float), prepared.spacing_mm, [(0, n) for n in SHAPE])
        place = tuple(slice(*own) for own in zip(*mask.box, strict=True))
        assert np.abs(filtered.response(prepared, one) - whole[place]).max() <= 1e-9 * np.ptp(whole)


def test_a_reach_leaves_out_little_of_what_is_far() -> None:
    grid = Grid((64, 64, 64), np.eye(4))
    scan = Scan(np.random.default_rng(2).normal(50, 30, grid.shape), grid, "MR")
    mask = Mask(((np.indices(grid.shape) - 32) ** 2).sum(axis=0) < 30, grid)
    for kind in ({"kind": "simoncelli", "level": 1}, {"kind": "riesz", "order": (1, 0, 0), "of": "log", "sigma_mm": 1.5}):
        chosen = settings(kind, kind | {"reach": 8})
        prepared = prepare(scan, mask, chosen)
        far, near = (filtered.response(prepared, one) for one in chosen.filters)
        difference = np.abs(far - near).max() / np.ptp(far)
        assert 1e-6 < difference < 0.05


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_values_change_as_the_records_say(kind) -> None:
    scan, mask = scan_and_mask()
    chosen = FeatureSettings(ibsi=settings(kind, filtered_features=("intensity", "intensity_histogram", "texture")))
    found = describe(scan, mask, "ibsi", settings=chosen)
    moved = describe(*scan_and_mask((3, -2, 1)), "ibsi", settings=chosen)
    turned = describe(
        Scan(scan.data.transpose(1, 0, 2)[::-1], Grid((36, 40, 30), np.eye(4)), "MR"),
        Mask(mask.data.transpose(1, 0, 2)[::-1], Grid((36, 40, 30), np.eye(4))),
        "ibsi",
        settings=chosen,
    )
    scaled = describe(Scan(scan.data * 4.0, scan.grid, "MR"), mask, "ibsi", settings=chosen)
    for record in found.records:
        if "filter" not in record.detail:
            continue
        for change, other in (("translation", moved), ("rotation90", turned), ("intensity_scale", scaled)):
            if change in record.invariances:
                limit = pytest.approx(found.values[record.name], rel=1e-6, abs=1e-8, nan_ok=True)
                assert other.values[record.name] == limit, (record.name, change)


def test_a_scan_that_is_not_finite_everywhere_is_filtered_by_its_nearest_values() -> None:
    scan, mask = scan_and_mask()
    values = scan.data.copy()
    values[:8] = np.nan
    chosen = settings({"kind": "log", "sigma_mm": 3.0})
    seen = prepare(Scan(values, scan.grid, "MR"), mask, chosen)
    values[:8] = values[8]
    filled = prepare(Scan(values, scan.grid, "MR"), mask, chosen)
    np.testing.assert_array_equal(filtered.response(seen, chosen.filters[0]), filtered.response(filled, chosen.filters[0]))


@pytest.mark.parametrize("kind", [EVERY_KIND[1], EVERY_KIND[3], EVERY_KIND[7], EVERY_KIND[10]])
def test_values_do_not_depend_on_which_other_filters_there_are(kind) -> None:
    """Not even where much of the scan holds no value, and a wider filter sees beyond."""
    scan, mask = scan_and_mask((6, 0, 0))
    values = scan.data.copy()
    values[10:18] = np.nan
    values[2, 2, 2] = 1e9
    found = []
    for others in ((), ({"kind": "mean", "size": 51},)):
        chosen = settings(kind, *others)
        found.append(filtered.response(prepare(Scan(values, scan.grid, "MR"), mask, chosen), chosen.filters[0]))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "log"},
        {"kind": "log", "sigma_mm": -1.0},
        {"kind": "log", "sigma_mm": 1e-120},
        {"kind": "log", "sigma_mm": 5.0, "boundary": 1e300},
        {"kind": "gabor", "sigma_mm": 1.0, "wavelength_mm": 1e-308},
        {"kind": "log", "sigma_mm": 1.0, "sigma": 1.0},
        {"kind": "mean", "size": 4},
        {"kind": "laws", "kernels": "L5"},
        {"kind": "gabor", "sigma_mm": 1.0, "wavelength_mm": 2.0, "step_degrees": 7.0},
        {"kind": "wavelet", "wavelet": "db0", "subband": "LL"},
        {"kind": "wavelet", "wavelet": "db2", "subband": "lh"},
        {"kind": "wavelet", "wavelet": "db2", "subband": "LH", "boundary": "reflect"},
        {"kind": "simoncelli", "level": 6},
        {"kind": "riesz", "order": [1, 0, 0], "of": "log", "level": 1},
        {"kind": "riesz", "order": [1, 0, 0], "of": "log", "sigma_mm": 1.0, "reach": 2},
        {"kind": "riesz", "order": [0, 0, 0], "of": "simoncelli", "level": 1},
        {"kind": "sobel"},
    ],
)
def test_a_filter_that_cannot_be_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"filters"):
        settings(wrong)


def test_the_same_filter_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="more than once"):
        settings({"kind": "log", "sigma_mm": 2.0}, {"kind": "log", "sigma_mm": 2.0})


UNFIT = {
    "simoncelli too large": ("filter_too_large", "RT306", {"kind": "simoncelli", "level": 1}),
    "riesz too large": ("filter_too_large", "RT306", {"kind": "riesz", "order": [1, 0, 0], "of": "log", "sigma_mm": 1.5}),
    "gabor too large": ("filter_too_large", "RT306", {"kind": "gabor", "sigma_mm": 3.0, "wavelength_mm": 4.0}),
    "log too fine": ("filter_too_fine", "RT305", {"kind": "log", "sigma_mm": 0.5}),
    "log much too fine": ("filter_too_fine", "RT305", {"kind": "log", "sigma_mm": 0.001}),
    "riesz too fine": ("filter_too_fine", "RT305", {"kind": "riesz", "order": [1, 0, 0], "of": "log", "sigma_mm": 0.5}),
    "gabor too fine": ("filter_too_fine", "RT305", {"kind": "gabor", "sigma_mm": 3.0, "wavelength_mm": 1.9}),
    "simoncelli holds the mean": ("filter_passes_mean", "RT305", {"kind": "simoncelli", "level": 5}),
    "riesz holds the mean": (
        "filter_passes_mean",
        "RT305",
        {"kind": "riesz", "order": [0, 2, 0], "of": "simoncelli", "level": 5, "boundary": "periodic"},
    ),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_filter_that_does_not_fit_has_no_value_and_leaves_the_others_theirs(name: str, monkeypatch) -> None:
    """Alone it is refused: what is said of it stands in an error."""
    if name.endswith("large"):
        monkeypatch.setattr(frequencies, "MAX_VOXELS", 1000)
    reason, code, kind = UNFIT[name]
    scan, mask = scan_and_mask()
    chosen = settings({"kind": "mean", "size": 3}, kind)
    found = describe(scan, mask, "ibsi", settings=FeatureSettings(ibsi=chosen))
    for record in found.records:
        unfit = record.detail.get("filter") == chosen.filters[1].name
        assert np.isnan(found.values[record.name]) or not unfit
        assert (found.reasons.get(record.name) == reason) == unfit
    assert reason in MISSING
    with pytest.raises(UnfitError) as caught:
        response_maps(scan, mask, settings(kind))
    assert (caught.value.code, caught.value.reason) == (code, reason)
    assert caught.value.hint


def test_bands_that_hold_no_mean_are_filtered() -> None:
    """What the references are: an even number of voxels and a band well above the lowest frequency; or an odd one."""
    scan, mask = scan_and_mask()
    for kind in ({"level": 2}, {"level": 3, "boundary": "mirror"}, {"level": 5, "reach": 12, "boundary": "mirror"}):
        chosen = settings({"kind": "simoncelli", **kind})
        response = filtered.response(prepare(scan, mask, chosen), chosen.filters[0])
        lifted = filtered.response(prepare(Scan(scan.data + 1000, scan.grid, "MR"), mask, chosen), chosen.filters[0])
        assert np.abs(lifted - response).max() < 1e-6


def test_values_that_cannot_be_squared_are_refused_around_the_region_too() -> None:
    scan, mask = scan_and_mask()
    values = scan.data.copy()
    values[10, 18, 15] = 1e300
    assert not mask.data[10, 18, 15]
    with pytest.raises(InputError, match=r"RT206.*surrounds"):
        prepare(Scan(values, scan.grid, "MR"), mask, settings({"kind": "log", "sigma_mm": 2.0}))
    prepare(Scan(values, scan.grid, "MR"), mask, settings())


def test_close_numbers_have_names_of_their_own() -> None:
    chosen = settings({"kind": "log", "sigma_mm": 1.5}, {"kind": "log", "sigma_mm": 1.5000001})
    assert [one.name for one in chosen.filters] == ["log_1.5mm_3d", "log_1.5000001mm_3d"]


def test_a_scan_too_large_to_be_seen_as_a_whole_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resample, "MAX_VOXELS", 20_000)
    chosen = settings({"kind": "simoncelli", "level": 1})
    with pytest.raises(ComputeError, match="RT306") as caught:
        prepare(*scan_and_mask(), chosen)
    assert "`reach`" in caught.value.hint
    prepare(*scan_and_mask(), settings())


def test_a_region_prepared_without_filters_has_no_response() -> None:
    prepared = prepare(*scan_and_mask(), settings())
    with pytest.raises(ValueError, match="without filters"):
        filtered.response(prepared, settings({"kind": "mean", "size": 3}).filters[0])
