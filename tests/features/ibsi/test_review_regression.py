"""Faults that a review found, each with what showed it."""

import struct

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import InputError, RecipeError
from radiotype.features import FeatureSettings, PyradiomicsSettings, describe
from radiotype.features.ibsi import Bins, IbsiSettings
from radiotype.features.ibsi.local_intensity import ball_of
from radiotype.features.pyradiomics.prepare import stored_values
from radiotype.io import read_scan
from radiotype.run.memory import needed_to_measure
from radiotype.studies.recipe import check_recipe

OWN_VOXELS = IbsiSettings(spacing_mm=None)


def smooth(shape, seed=0):
    values = np.random.default_rng(seed).random(shape)
    for axis in range(3):
        values = (values + np.roll(values, 1, axis) + np.roll(values, 2, axis)) / 3
    return (values - values.min()) / np.ptp(values)


@pytest.mark.parametrize("fill", [-1e4, -1e7, -1e9, -3.4e38])
def test_the_global_peak_is_right_beside_padding_of_any_value(fill):
    values = smooth((30, 22, 22)).astype(np.float32)
    values[:4] = fill
    inside = np.zeros(values.shape, dtype=bool)
    inside[6:26, 5:17, 5:17] = True
    grid = Grid(values.shape, np.eye(4))
    found = describe(Scan(values, grid, "MR"), Mask(inside, grid), "ibsi", settings=FeatureSettings(ibsi=OWN_VOXELS))
    ball = ball_of((1.0, 1.0, 1.0)).steps
    padded = np.pad(values.astype(np.float64), 7, constant_values=np.nan)
    means = [np.nanmean(padded[tuple((centre + 7 + ball).T)]) for centre in np.argwhere(inside)]
    assert found.values["local_intensity_global_peak"] == pytest.approx(max(means), rel=1e-9)


def test_a_ball_in_a_small_scan_of_tiny_voxels_stays_small():
    assert len(ball_of((0.001, 0.001, 0.001), (10, 10, 10)).steps) == 19**3
    assert len(ball_of((1.0, 1.0, 1.0), (100, 100, 100)).steps) == len(ball_of((1.0, 1.0, 1.0)).steps)


def test_too_many_grey_levels_cost_the_textures_only():
    values = np.random.default_rng(1).integers(0, 65_535, (20, 20, 20)).astype(np.uint16)
    grid = Grid(values.shape, np.eye(4))
    settings = FeatureSettings(ibsi=IbsiSettings(spacing_mm=None, bins=Bins(width=0.5)))
    found = describe(Scan(values, grid, "MR"), Mask(values >= 0, grid), "ibsi", settings=settings)
    assert set(found.reasons.values()) == {"too_many_grey_levels"}
    assert all(name.startswith(("gl", "ng")) for name in found.reasons)
    assert found.values["intensity_maximum"] == values.max()


def test_intensities_whose_squares_overflow_are_refused():
    values = np.random.default_rng(2).normal(size=(8, 8, 8)) * 1e300
    grid = Grid(values.shape, np.eye(4))
    with pytest.raises(InputError, match=r"RT206.*squares"):
        describe(Scan(values, grid, "MR"), Mask(values > -np.inf, grid), "ibsi", settings=FeatureSettings(ibsi=OWN_VOXELS))


def nifti(path, values, slope, intercept):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *values.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 2, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, slope, intercept)
    struct.pack_into("<2h", header, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<4f", header, 280 + 16 * row, *(np.diag([1, 1, 2])[row]), 0)
    header[123] = 2
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + values.tobytes(order="F"))
    return path


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"), [(1.0, 0.0, "int16"), (1.0, -1024.0, "float32"), (0.5, 0.0, "float32")]
)
def test_a_nifti_file_with_a_slope_is_read_as_itk_reads_it(tmp_path, slope, intercept, kind):
    import SimpleITK

    values = np.random.default_rng(3).integers(900, 1200, (9, 8, 7)).astype(np.int16)
    path = nifti(tmp_path / "scan.nii", values, slope, intercept)
    scan = read_scan(path, modality="CT")
    found = stored_values(scan, ((0, 0, 0), scan.grid.shape))
    expected = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).T
    assert found.dtype == expected.dtype == np.dtype(kind)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("family", "settings", "least"),
    [
        # What such a scan and region took at its peak when it was measured.
        ("pyradiomics", FeatureSettings(pyradiomics=PyradiomicsSettings(spacing_mm=(1.0, 1.0, 1.0))), 104e6),
        ("pyradiomics", FeatureSettings(pyradiomics=PyradiomicsSettings(normalise=True)), 185e6),
    ],
)
def test_what_is_done_to_the_whole_scan_is_estimated(family, settings, least):
    grid = Grid((256, 256, 150), np.diag([0.8, 0.8, 2.0, 1.0]))
    scan = Scan(np.zeros(grid.shape, dtype=np.int16), grid, "CT")
    inside = np.zeros(grid.shape, dtype=bool)
    inside[100:110, 100:110, 70:75] = True
    needed = needed_to_measure(scan, [Mask(inside, grid)], (family,), settings)
    assert least <= needed < 2 * least


def test_settings_of_a_family_that_is_not_measured_are_refused():
    content = {"manifest": "m.csv", "features": {"ibsi": {"spacing_mm": 2.0}}}
    with pytest.raises(RecipeError, match="`ibsi` is set, but `families` does not name ibsi"):
        check_recipe(content)
    content["features"]["families"] = ["ibsi"]
    assert check_recipe(content).features.ibsi.spacing_mm == 2.0
