"""The family pyradiomics has the values of pyradiomics under its parameter files, and those of its own tests."""

import csv
import json
import math

import numpy as np
import pyradiomics_cases as cases
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, describe, read_pyradiomics_parameters
from radiotype.features.pyradiomics import PyradiomicsSettings
from radiotype.io import read_mask, read_scan

PRINTED = json.loads(cases.VALUES.read_text(encoding="utf-8"))

# The baseline file, of version 2.0.1, holds another mesh for brain1 than pyradiomics-bhklab 3.1.4 and pyradiomics 3.0.1 give.
BRAIN1 = {
    "original_shape_Sphericity": 0.4798234536231475,
    "original_shape_SurfaceVolumeRatio": 0.3987500788652454,
    "original_shape_MeshVolume": 16147.51180013021,
    "original_shape_SurfaceArea": 6438.821603779402,
}


def features_of(scan, mask, settings=None):
    settings = FeatureSettings(pyradiomics=settings or PyradiomicsSettings())
    return dict(describe(scan, mask, "pyradiomics", settings=settings).values)


def scan_and_mask(name):
    image, region, spacing, origin = cases.scans()[name]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    grid = Grid(image.shape, affine)
    return Scan(image, grid, "OT"), Mask(region, grid)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [*(("whole", one) for one in cases.PARAMETERS), *(("single", one) for one in cases.OF_BOTH)],
)
def test_every_value_is_that_of_pyradiomics(tmp_path, name, parameters):
    path = tmp_path / "Params.yaml"
    path.write_text(f"{cases.PARAMETERS[parameters]}\n{cases.CLASSES}", encoding="utf-8")
    found = features_of(*scan_and_mask(name), read_pyradiomics_parameters(path))
    expected = dict(zip(PRINTED["names"], PRINTED[f"{name}, {parameters}"], strict=True))
    assert len(found) == 107
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["brain1", "brain2", "breast1", "lung1"])
@pytest.mark.parametrize(
    ("features", "variant", "settings"),
    [
        ("shape", "", PyradiomicsSettings(minimum_dimensions=1)),
        ("shape", "_resampling", PyradiomicsSettings(spacing_mm=(2, 2, 2))),
        ("firstorder", "", PyradiomicsSettings(intensity_shift=2000)),
        ("firstorder", "_normalization", PyradiomicsSettings(normalise=True, normalised_scale=100, bin_width=5)),
        ("firstorder", "_resampling", PyradiomicsSettings(spacing_mm=(2, 2, 2))),
        ("firstorder", "_resegmentation", PyradiomicsSettings(intensity_range=(-3, 3), range_in="sigma")),
    ],
)
def test_values_of_pyradiomics_own_tests(shared, name, features, variant, settings):
    folder = shared / "data" / "imaging" / "pyradiomics_sdist"
    with (folder / "baseline" / f"baseline_{features}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = {
        row["featureName"]: float(row[name + variant])
        for row in rows
        if row["featureName"].startswith("original_") and row[name + variant]
    }
    if (name, features, variant) == ("brain1", "shape", ""):
        expected |= BRAIN1
    scan, mask = read_scan(folder / f"{name}_image.nrrd"), read_mask(folder / f"{name}_label.nrrd", label="1")
    found = features_of(scan, mask, settings)
    assert len(expected) >= 14
    assert {key: found[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", cases.degenerate())
def test_a_region_with_hardly_any_texture_has_the_values_of_pyradiomics_or_a_reason(name):
    image, region = cases.degenerate()[name]
    grid = Grid(image.shape, np.diag([*cases.SPACING, 1.0]))
    settings = FeatureSettings(pyradiomics=PyradiomicsSettings(minimum_dimensions=1))
    found = describe(Scan(image, grid, "OT"), Mask(region, grid), "pyradiomics", settings=settings)
    expected = dict(zip(PRINTED["names"], PRINTED[name], strict=True))
    assert dict(found.values) == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
    missing = {one for one, value in expected.items() if math.isnan(value)}
    assert set(found.reasons) == missing
    assert {one.split("_")[1]: code for one, code in found.reasons.items()} == {
        "two voxels": {"firstorder": "few_voxels"},
        "two voxels on no line": {"firstorder": "few_voxels", "glcm": "no_neighbours", "glrlm": "no_runs"},
        "line with gaps": {"glcm": "no_neighbours"},
    }.get(name, {})
