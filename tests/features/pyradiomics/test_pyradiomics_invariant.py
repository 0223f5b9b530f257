"""What a record says leaves a feature as it is, does."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, PyradiomicsSettings, describe, family
from radiotype.features.pyradiomics.image_types import Images

SPACING = (1.0, 1.5, 2.0)
IMAGES = Images(
    LoG={"sigmas_mm": (1.5, 3.0)},
    Wavelet={},
    Square=True,
    SquareRoot=True,
    Logarithm=True,
    Exponential=True,
    Gradient={},
    LBP2D={},
    LBP3D={},
)
FINE = {"LBP2D": {"bin_width": 1.0}, "LBP3D": {"bin_width": 0.1}}
SETTINGS = {
    "images": PyradiomicsSettings(images=IMAGES, bin_width=3.0),
    "images, bin count": PyradiomicsSettings(images=IMAGES, bin_count=12),
    "images, slices": PyradiomicsSettings(
        images=IMAGES, slice_by_slice=True, intensity_range=(0.3,), range_in="relative", for_images=FINE
    ),
    "images, normalised": PyradiomicsSettings(images=IMAGES, normalise=True, bin_width=0.1),
    "images, resampled": PyradiomicsSettings(images=IMAGES, spacing_mm=(1.3, 1.3, 1.3), for_images=FINE),
    "gradient of voxels": PyradiomicsSettings(images=Images(Gradient={"per_mm": False})),
    "default": PyradiomicsSettings(),
    "bin count": PyradiomicsSettings(bin_count=12, intensity_shift=100),
    "normalised": PyradiomicsSettings(normalise=True, bin_width=0.1),
    "slices": PyradiomicsSettings(slice_by_slice=True),
    "euclidean": PyradiomicsSettings(direction_weights="euclidean"),
    "range": PyradiomicsSettings(intensity_range=(50.0, 150.0), bin_count=9),
    "relative": PyradiomicsSettings(intensity_range=(0.3,), range_in="relative", bin_count=9),
    "sigma": PyradiomicsSettings(intensity_range=(-1.0, 1.5), range_in="sigma", bin_count=9),
    "resampled": PyradiomicsSettings(spacing_mm=(1.3, 1.3, 1.3), interpolation="linear"),
}


def scan_and_region():
    random = np.random.default_rng(8)
    image = random.integers(0, 200, (14, 13, 12)).astype(np.float64)
    away = ((np.indices(image.shape).T - [6, 6, 5]) / [4, 4.5, 3.2]).T
    return image, (away**2).sum(axis=0) + 0.3 * random.random(image.shape) < 1


CHANGES = {
    "translation": lambda image, region, spacing: (np.roll(image, 2, (0, 1, 2)), np.roll(region, 2, (0, 1, 2)), spacing),
    "rotation90": lambda image, region, spacing: (
        np.rot90(image, axes=(0, 2)),
        np.rot90(region, axes=(0, 2)),
        (spacing[2], spacing[1], spacing[0]),
    ),
    "mirror": lambda image, region, spacing: (image[:, ::-1], region[:, ::-1], spacing),
    "scale": lambda image, region, spacing: (image, region, tuple(2 * one for one in spacing)),
    "intensity_shift": lambda image, region, spacing: (image + 64, region, spacing),
    "intensity_scale": lambda image, region, spacing: (image * 2, region, spacing),
}


def measured(image, region, spacing, settings):
    grid = Grid(image.shape, np.diag([*spacing, 1.0]))
    scan, mask = Scan(np.ascontiguousarray(image), grid, "OT"), Mask(np.ascontiguousarray(region), grid)
    return describe(scan, mask, "pyradiomics", settings=settings)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", SETTINGS)
def test_what_a_record_says_leaves_a_feature_as_it_is(name, change):
    settings = FeatureSettings(pyradiomics=SETTINGS[name])
    before = measured(*scan_and_region(), SPACING, settings)
    after = measured(*CHANGES[change](*scan_and_region(), SPACING), settings)
    for record in family("pyradiomics").records(settings):
        if change in record.invariances:
            assert after.values[record.name] == pytest.approx(before.values[record.name], rel=1e-9, abs=1e-9), record.name
        assert record.low <= after.values[record.name] <= record.high


def test_a_change_that_no_record_claims_to_survive_shows():
    settings = FeatureSettings(pyradiomics=PyradiomicsSettings())
    before = measured(*scan_and_region(), SPACING, settings).values
    for change, changed in (("intensity_shift", "original_firstorder_Mean"), ("scale", "original_shape_MeshVolume")):
        after = measured(*CHANGES[change](*scan_and_region(), SPACING), settings).values
        assert after[changed] != pytest.approx(before[changed], rel=1e-3)
    records = {one.name: one for one in family("pyradiomics").records(settings)}
    assert "intensity_shift" not in records["original_glcm_Contrast"].invariances
    assert set(records["original_shape_Flatness"].invariances) == set(CHANGES)
