"""`radiotype maps`: what it writes, and what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

from radiotype import read_mask, read_scan
from radiotype.cli.app import DONE
from radiotype.cli.maps import MapOptions, run_maps
from radiotype.core import Grid, Mask, Scan
from radiotype.errors import InputError, RadiotypeError
from radiotype.features import FeatureSettings, feature_maps
from radiotype.features.ibsi import response_maps
from radiotype.features.maps import known_features
from radiotype.io import write_nifti

RECIPE = """
manifest: there-is-none.csv
features:
  families: [ibsi, pyradiomics]
  ibsi:
    spacing_mm: null
    filters: [{kind: log, sigma_mm: 1.5}]
  pyradiomics:
    images: {Original: true, Square: true}
"""


@pytest.fixture
def case(tmp_path):
    grid = Grid((12, 11, 10), np.diag([1.0, 1.0, 2.0, 1.0]))
    values = (np.indices(grid.shape) * np.array([7, 11, 5])[:, None, None, None]).sum(axis=0) % 90
    inside = np.zeros(grid.shape, dtype=np.uint8)
    inside[3:8, 3:9, 4:7] = 2
    write_nifti(tmp_path / "scan.nii.gz", values.astype(np.int16), grid)
    write_nifti(tmp_path / "mask.nii.gz", inside, grid)
    (tmp_path / "study.yaml").write_text(RECIPE, encoding="utf-8")
    return tmp_path


def maps(folder, *, features="", recipe="study.yaml", mask="mask.nii.gz", output="out", label="2", modality="CT", **more):
    recipe = None if recipe is None else folder / recipe
    given = {"radius_mm": None, "radius_voxels": None, "neighbourhood": "cube", "within_mask": True, "responses": True} | more
    options = MapOptions(features, recipe, **given)
    return run_maps(folder / "scan.nii.gz", folder / mask, folder / output, options, modality=modality, label=label, roi=None)


def read_case(folder) -> tuple[Scan, Mask]:
    scan = read_scan(folder / "scan.nii.gz", modality="CT")
    return scan, read_mask(folder / "mask.nii.gz", label=2, like=scan)


def test_each_map_is_a_file_with_a_line_in_the_table(case, capsys):
    assert maps(case, features="original_glcm_Contrast, log_1.5mm_3d_intensity_m*", radius_mm=2.0) == DONE
    assert "9 maps" in capsys.readouterr().out
    table = pd.read_csv(case / "out" / "maps.csv")
    means = ["mean", "median", "minimum", "maximum", "mean_absolute_deviation", "median_absolute_deviation"]
    of_log = {f"log_1.5mm_3d_intensity_{one}" for one in means}
    assert set(table["map"]) == {"log_1.5mm_3d", "square", "original_glcm_Contrast"} | of_log
    assert set(table.loc[table["shows"] == "response", "map"]) == {"log_1.5mm_3d", "square"}
    assert sorted(table["file"]) == sorted(f"maps/{one.name}" for one in (case / "out" / "maps").iterdir())
    settings = FeatureSettings(
        ibsi={"spacing_mm": None, "filters": [{"kind": "log", "sigma_mm": 1.5}]}, pyradiomics={"images": {"Square": True}}
    )
    scan, mask = read_case(case)
    expected = response_maps(scan, mask, settings.ibsi) | feature_maps(
        scan, mask, settings, features=["original_glcm_Contrast"], radius_mm=2.0
    )
    for name, one in expected.items():
        written = read_scan(case / "out" / "maps" / f"{name}.nii.gz")
        assert written.grid.same_as(one.grid)
        assert np.array_equal(written.data, one.data.astype(np.float32), equal_nan=True)
    stored = json.loads((case / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert stored["settings"]["maps"]["radius_mm"] == 2.0


def test_a_second_run_leaves_no_map_of_the_first(case):
    maps(case, features="original_firstorder_Mean")
    maps(case, features="original_firstorder_Median", responses=False)
    assert [one.name for one in (case / "out" / "maps").iterdir()] == ["original_firstorder_Median.nii.gz"]


def test_what_fails_leaves_no_table(case):
    with pytest.raises(RadiotypeError, match="reaches no other voxel"):
        maps(case, features="original_firstorder_Mean", radius_mm=0.1, responses=False)
    assert not (case / "out" / "maps.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"recipe": None}, "nothing to map"),
        ({"features": "original_glcm_Contast"}, "did you mean 'original_glcm_Contrast'"),
        ({"responses": False}, "nothing to map"),
        ({"modality": "ct"}, "did you mean 'CT'"),
        ({"label": "7"}, "RT205"),
        ({"mask": "none.nii.gz"}, "RT201"),
        ({"recipe": "none.yaml"}, "RT101"),
        ({"output": "."}, "RT402"),
    ],
)
def test_what_cannot_be_is_refused(case, arguments, words):
    with pytest.raises(RadiotypeError, match=words):
        maps(case, **arguments)


def test_a_mask_on_another_grid_is_refused(case):
    write_nifti(case / "other.nii.gz", np.full((12, 11, 10), 2, dtype=np.uint8), Grid((12, 11, 10), np.eye(4)))
    with pytest.raises(InputError, match="RT203"):
        maps(case, mask="other.nii.gz")


def test_names_of_maps_are_names_of_files_where_case_does_not_count():
    filters = [{"kind": "log", "sigma_mm": 1.5}, {"kind": "wavelet", "wavelet": "coif1", "subband": "LLH"}]
    images = {"Original": True, "LoG": {"sigmas_mm": [1.0]}, "Wavelet": {}, "LBP2D": {}, "LBP3D": {}}
    names = list(known_features(FeatureSettings(ibsi={"filters": filters}, pyradiomics={"images": images})))
    assert len({name.lower() for name in names}) == len(names)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") for name in names)
