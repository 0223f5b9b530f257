"""Regions that pyradiomics refuses have no values and say why; what cannot be measured is an error; settings select."""

import math

import numpy as np
import pytest
import SimpleITK

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError, InputError
from radiotype.features import FeatureSettings, PyradiomicsSettings, describe, family
from radiotype.features.pyradiomics.prepare import prepare
from radiotype.features.pyradiomics.resample import _direction
from radiotype.io import read_mask

GRID = Grid((9, 8, 7), np.diag([1.0, 1.5, 2.0, 1.0]))
IMAGE = np.random.default_rng(3).integers(0, 256, GRID.shape).astype(np.int16)


def region(*places):
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[places] = True
    return Mask(inside, GRID)


def measured(mask, image=IMAGE, **settings):
    settings = FeatureSettings(pyradiomics=PyradiomicsSettings(**settings))
    return describe(Scan(image, GRID, "OT"), mask, "pyradiomics", settings=settings)


CUBE = region(slice(2, 6), slice(2, 6), slice(2, 5))


@pytest.mark.parametrize(
    ("mask", "settings", "code"),
    [
        (region(4, 4, 4), {"minimum_dimensions": 1}, "single_voxel"),
        (region(slice(2, 6), 4, 4), {}, "too_few_dimensions"),
        (region(slice(2, 6), slice(2, 6), 4), {"minimum_dimensions": 3}, "too_few_dimensions"),
        (CUBE, {"minimum_voxels": 48}, "too_few_voxels"),
        (CUBE, {"intensity_range": (1000.0,)}, "nothing_left_by_resegmentation"),
        (CUBE, {"intensity_range": (float(np.sort(IMAGE[CUBE.data])[-1]),)}, "single_voxel"),
        (region(slice(0, 5, 4), slice(0, 5, 4), slice(0, 5, 4)), {"spacing_mm": (3.0, 3.0, 3.0)}, "lost_in_resampling"),
    ],
)
def test_a_region_that_pyradiomics_refuses_has_no_values_and_says_why(mask, settings, code):
    found = measured(mask, **settings)
    assert len(found.values) == 107
    assert all(math.isnan(value) for value in found.values.values())
    assert set(found.reasons.values()) == {code}
    assert len(found.reasons) == 107


def test_a_region_that_is_just_large_enough_is_measured():
    assert not measured(CUBE, minimum_voxels=47, minimum_dimensions=3).reasons


def test_only_selected_features_are_measured_in_one_order():
    settings = FeatureSettings(
        pyradiomics=PyradiomicsSettings(features={"glcm": ("Idn", "Contrast"), "shape": ("Flatness",), "firstorder": None})
    )
    found = describe(Scan(IMAGE, GRID, "OT"), CUBE, "pyradiomics", settings=settings)
    names = [one.name for one in family("pyradiomics").records(settings)]
    assert list(found.values) == names
    assert [names[0], *names[-2:]] == ["original_shape_Flatness", "original_glcm_Contrast", "original_glcm_Idn"]
    assert len(names) == 1 + 18 + 2
    whole = measured(CUBE).values
    assert {name: whole[name] for name in names} == dict(found.values)
    assert len(measured(CUBE, features={"shape": None}).values) == 14


def test_the_range_cuts_shape_by_its_box_or_as_a_whole():
    image = np.where(np.indices(GRID.shape)[0] < 4, IMAGE, -50).astype(np.int16)
    image[2, 2, 2] = -50
    mask = region(slice(2, 6), slice(2, 6), slice(2, 5))
    by_box, whole = (
        measured(mask, image, intensity_range=(0.0,), range_changes_shape=changes).values for changes in (False, True)
    )
    assert by_box["original_shape_VoxelVolume"] == 2 * 4 * 3 * 3.0  # pyradiomics crops it to what the range leaves
    assert whole["original_shape_VoxelVolume"] == by_box["original_shape_VoxelVolume"] - 3.0


def test_stored_numbers_with_a_slope_are_the_values_they_stand_for():
    shifted = Scan((IMAGE + 24).astype(np.uint16), GRID, "CT", intercept=-24.0)
    plain = Scan(IMAGE, GRID, "CT")
    scaled = Scan((IMAGE * 2).astype(np.int32), GRID, "CT", slope=0.5)
    for settings in (PyradiomicsSettings(), PyradiomicsSettings(spacing_mm=(1.3, 1.3, 0))):
        settings = FeatureSettings(pyradiomics=settings)
        of_plain, of_shifted, of_scaled = (
            dict(describe(scan, CUBE, "pyradiomics", settings=settings).values) for scan in (plain, shifted, scaled)
        )
        assert of_shifted == pytest.approx(of_plain, rel=1e-12)
        if settings.pyradiomics.spacing_mm is None:  # whole numbers stay whole when resampled, others do not
            assert of_scaled == pytest.approx(of_plain, rel=1e-12)


def test_the_type_of_whole_numbers_makes_no_difference():
    # pyradiomics with NumPy 2 adds twice the bin width to the largest intensity in 8 bits, which overflows.
    assert measured(CUBE, IMAGE.astype(np.uint8)).values == measured(CUBE, IMAGE).values
    assert measured(CUBE, IMAGE.astype(">i2")).values == measured(CUBE, IMAGE).values


def test_what_cannot_be_measured_is_an_error():
    broken = IMAGE.astype(np.float32)
    broken[3, 3, 3] = np.nan
    with pytest.raises(InputError, match="RT206"):
        measured(CUBE, broken)
    with pytest.raises(InputError, match="RT206"):
        measured(CUBE, broken, normalise=True)
    with pytest.raises(InputError, match="RT206"):
        measured(CUBE, np.full_like(IMAGE, 5), normalise=True)
    with pytest.raises(ComputeError, match="RT305"):
        measured(CUBE, bin_width=1e-9)
    with pytest.raises(ComputeError, match="RT306"):
        measured(CUBE, spacing_mm=(0.001, 0.001, 0.001))
    phases = Scan(np.stack([IMAGE, IMAGE]), GRID, "OT")
    for settings in (PyradiomicsSettings(), PyradiomicsSettings(normalise=True)):
        with pytest.raises(InputError, match="RT212"):
            prepare(phases, CUBE, settings)
    with pytest.raises(InputError, match="RT203"):
        prepare(Scan(IMAGE[:-1], Grid((8, 8, 7), GRID.affine), "OT"), CUBE, PyradiomicsSettings())


def test_the_limit_of_normalised_intensities_holds():
    values = measured(CUBE, normalise=True, normalised_limit=0.5, normalised_scale=10.0).values
    assert (values["original_firstorder_Minimum"], values["original_firstorder_Maximum"]) == (-5, 5)


@pytest.mark.parametrize(("suffix", "turned"), [("nrrd", True), ("nrrd", False), ("mha", False), ("nii.gz", False)])
def test_axes_have_the_directions_that_the_reader_of_pyradiomics_finds_to_the_last_bit(tmp_path, suffix, turned):
    random = np.random.default_rng(1)
    for _ in range(10):
        image = SimpleITK.GetImageFromArray(np.ones((3, 3, 3), dtype=np.uint8))
        image.SetSpacing(random.uniform(0.3, 4, 3).round(2).tolist())
        if turned:
            axes = np.linalg.qr(random.standard_normal((3, 3)))[0]
            image.SetDirection((axes * np.sign(np.linalg.det(axes))).ravel().tolist())
        path = tmp_path / f"region.{suffix}"
        SimpleITK.WriteImage(image, str(path))
        mask = read_mask(path, label="1")
        assert tuple(_direction(mask.grid, mask.source).ravel()) == SimpleITK.ReadImage(str(path)).GetDirection()


def test_an_image_too_small_for_a_filter_has_no_values_and_says_so_alone():
    images = {"LoG": {"sigmas_mm": (1, 20.0)}}
    found = measured(CUBE, images=images, features={"firstorder": ("Mean",), "glcm": ("Contrast",)})
    assert found.reasons == dict.fromkeys(
        ("log-sigma-20-0-mm-3D_firstorder_Mean", "log-sigma-20-0-mm-3D_glcm_Contrast"), "filter_too_wide"
    )
    flat = Scan(IMAGE[:, :, :3], Grid((9, 8, 3), np.diag([1.0, 1.5, 2.0, 1.0])), "OT")
    settings = FeatureSettings(pyradiomics=PyradiomicsSettings(images=images, features={"firstorder": ("Mean",)}))
    inside = Mask(CUBE.data[:, :, :3], flat.grid)
    assert set(describe(flat, inside, "pyradiomics", settings=settings).reasons) == {
        "log-sigma-1-mm-3D_firstorder_Mean",
        "log-sigma-20-0-mm-3D_firstorder_Mean",
    }


def test_a_filtered_image_without_values_says_so_alone():
    image = IMAGE.astype(np.float64)
    image[0, 0, 0] = np.nan  # the scale of a square is that of the scan
    images = {"Square": True, "Gradient": {}}
    found = measured(CUBE, image, images=images, features={"firstorder": ("Mean",)})
    assert dict(found.reasons) == {"square_firstorder_Mean": "filtered_not_finite"}
    found = measured(CUBE, np.zeros(GRID.shape), images={"Exponential": True}, features={"firstorder": ("Mean",)})
    assert dict(found.reasons) == {"exponential_firstorder_Mean": "filtered_not_finite"}


def test_filters_see_the_scan_or_the_padding():
    image = IMAGE.copy()
    image[0, 0, 0] = 5000
    images = {"SquareRoot": True, "Gradient": {}}
    features = {"firstorder": ("Mean",)}
    whole, padded, none = (
        measured(CUBE, image, images=images, features=features, **how).values
        for how in ({}, {"filters_see": "padding", "padding_voxels": 1}, {"filters_see": "padding", "padding_voxels": 0})
    )
    assert whole["squareroot_firstorder_Mean"] > 2 * padded["squareroot_firstorder_Mean"]
    assert whole["gradient_firstorder_Mean"] == padded["gradient_firstorder_Mean"] != none["gradient_firstorder_Mean"]
    assert len({one["original_firstorder_Mean"] for one in (whole, padded, none)}) == 1


def test_a_range_cuts_filtered_images_to_its_own_box():
    image = np.where(np.indices(GRID.shape)[0] < 4, IMAGE, -50).astype(np.int16)
    settings = {"images": {"Square": True}, "features": {"firstorder": ("Energy",)}}
    found = measured(CUBE, image, intensity_range=(0.0,), **settings).values["square_firstorder_Energy"]
    left = image[CUBE.data & (image >= 0)].astype(float)
    assert found == pytest.approx((left**4).sum() / float(np.abs(image).max()) ** 2, rel=1e-12)


def test_shape_is_of_no_image():
    found = measured(CUBE, images={"Original": False, "Square": True}, features={"shape": None, "firstorder": ("Mean",)})
    assert [name.split("_")[0] for name in found.values] == ["original"] * 14 + ["square"]


def test_too_many_levels_name_the_image():
    with pytest.raises(ComputeError, match="in the image squareroot would number"):
        measured(CUBE, IMAGE * 100, images={"Original": False, "SquareRoot": True}, bin_width=1e-5)


def test_filtered_images_have_records_of_their_own():
    images = {"LoG": {"sigmas_mm": (2,)}, "Gradient": {}, "LBP2D": {}}
    records = {
        one.name: one for one in family("pyradiomics").records(FeatureSettings(pyradiomics=PyradiomicsSettings(images=images)))
    }
    assert len(records) == 107 + 3 * 93
    energy = [f"{image}_firstorder_TotalEnergy" for image in ("original", "log-sigma-2-mm-3D", "gradient", "lbp-2D")]
    assert [records[name].unit for name in energy] == ["{intensity}2.mm3", "{intensity}2.mm3", "{intensity}2.mm", "mm3"]
    assert records["original_glcm_Contrast"].ibsi
    assert not records["gradient_glcm_Contrast"].ibsi
    assert records["gradient_glcm_Contrast"].detail["image"] == "gradient"
    assert "translation" not in records["log-sigma-2-mm-3D_glcm_Contrast"].invariances
