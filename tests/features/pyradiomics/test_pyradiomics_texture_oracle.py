"""The pyradiomics profile of the texture features has the values, names and corner cases of pyradiomics."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import ComputeError
from radiotype.features.ibsi.texture import texture_features
from radiotype.features.pyradiomics import texture
from radiotype.features.pyradiomics.family import measure
from radiotype.features.pyradiomics.texture import NAMES, pyradiomics_texture
from radiotype.features.settings import FeatureSettings

MATRICES = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")


def image_and_mask(folder: Path, case: str) -> tuple[np.ndarray, np.ndarray]:
    sitk = pytest.importorskip("SimpleITK")
    image, label = (
        sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{case}_{kind}.nrrd"))).T for kind in ("image", "label")
    )
    return image.astype(np.float64), label == 1


def fixed_width(intensities: np.ndarray, width: float) -> np.ndarray:
    return np.floor((intensities - np.floor(intensities.min() / width) * width) / width).astype(np.int64) + 1


def fixed_number(intensities: np.ndarray, number: int) -> np.ndarray:
    edges = np.histogram(intensities, number)[1]
    edges[-1] += 1
    return np.digitize(intensities, edges)


def published(folder: Path) -> dict[tuple[str, str], float]:
    """Values of pyradiomics' own tests by variant and feature."""
    found = {}
    for matrix in MATRICES:
        with (folder / "baseline" / f"baseline_{matrix}.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        for name, *values in rows:
            if name.startswith("original_"):
                found |= {
                    (variant, name.removeprefix("original_")): float(value)
                    for variant, value in zip(header[1:], values, strict=True)
                    if value
                }
    return found


@pytest.mark.parametrize("case", ["brain1", "brain2", "breast1", "lung1"])
@pytest.mark.parametrize("variant", ["", "_2d", "_FBN", "_combined", "_flatRegion"])
def test_values_of_pyradiomics_own_tests(shared: Path, case: str, variant: str) -> None:
    folder = shared / "data" / "imaging" / "pyradiomics_sdist"
    image, mask = image_and_mask(folder, case)
    if variant == "_flatRegion":
        mask &= image >= 0  # `resegmentRange: [0]`
    levels = np.zeros(image.shape, dtype=np.int64)
    width = 5000 if variant == "_flatRegion" else 25
    levels[mask] = fixed_number(image[mask], 64) if variant == "_FBN" else fixed_width(image[mask], width)
    found = pyradiomics_texture(
        levels, force_2d=variant == "_2d", direction_weights="equal" if variant == "_combined" else "average"
    ).values
    expected = {name: value for (of, name), value in published(folder).items() if of == case + variant}
    assert len(expected) == (24 + 16 if variant == "_combined" else 75)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_names_are_those_of_pyradiomics() -> None:
    values = pyradiomics_texture(np.array([[[1, 2], [2, 2]]])).values
    assert [len(names) for _, names in NAMES.values()] == [24, 16, 16, 14, 5]
    assert len(values) == 75
    for family, names in NAMES.values():
        assert set(names.values()) <= {row.name for row in family.rows} | {""}


def test_same_as_ibsi_away_from_the_corners() -> None:
    levels = np.random.default_rng(4).integers(1, 9, (6, 5, 4))
    ours, ibsi = pyradiomics_texture(levels, alpha=1).values, texture_features(levels, ("3d_average",), alpha=1).values
    for matrix, (family, names) in NAMES.items():
        how = "3d_average" if family.directional else "3d"
        for name, of_ibsi in names.items():
            if of_ibsi:
                assert ours[f"{matrix}_{name}"] == pytest.approx(ibsi[f"{family.name}_{of_ibsi}_{how}"], rel=1e-9)


def test_maximal_correlation_of_levels_that_determine_one_another() -> None:
    chessboard = np.indices((6, 1, 1)).sum(axis=0) % 2 + 1
    assert pyradiomics_texture(chessboard).values["glcm_MCC"] == pytest.approx(1, rel=1e-9)
    # Q of the pairs 11 (2), 12, 21 and 22 (2): eigenvalues 1 and (2/3 - 1/3)^2.
    assert pyradiomics_texture(np.array([[[1]], [[1]], [[2]], [[2]]])).values["glcm_MCC"] == pytest.approx(1 / 3, rel=1e-9)


def test_maximal_correlation_is_left_out_where_nobody_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.random.default_rng(4).integers(1, 9, (6, 5, 4))
    with_it = pyradiomics_texture(levels).values
    del with_it["glcm_MCC"]
    monkeypatch.setattr(texture, "_second_eigenvalue", None)
    assert pyradiomics_texture(levels, maximal_correlation=False).values == with_it
    for names in (["Contrast"], ["MCC"]):
        settings = FeatureSettings(pyradiomics={"features": {"glcm": names}})
        grid = Grid(levels.shape, np.eye(4))
        case = Scan(levels * 100, grid, "MR"), Mask(levels > 0, grid)
        if names == ["MCC"]:
            with pytest.raises(TypeError):
                measure(*case, None, settings)
        else:
            assert set(measure(*case, None, settings).values) == {"original_glcm_Contrast"}


def test_what_is_computed_from_the_matrices_counts_as_memory() -> None:
    levels = np.arange(1, 1001).reshape(10, 10, 10)
    tables = 13 * (12 * 1001**2 + 72 * 2000)
    computed = 2 * 13 * 4 * 1000**2 + 8 * 8 * 1000**2
    pyradiomics_texture(levels, maximal_correlation=False, memory_limit_bytes=computed)
    assert tables < computed - 1
    with pytest.raises(ComputeError, match="RT306"):
        pyradiomics_texture(levels, maximal_correlation=False, memory_limit_bytes=computed - 1)


def test_runs_across_a_single_slice_are_left_out() -> None:
    levels = np.random.default_rng(2).integers(1, 3, (6, 5, 1))
    ours, ibsi = pyradiomics_texture(levels).values, texture_features(levels, ("2_5d_direction_merged", "3d_average")).values
    assert ours["glrlm_RunPercentage"] == pytest.approx(ibsi["glrlm_run_percentage_2_5d_direction_merged"], rel=1e-12)
    assert ours["glrlm_RunPercentage"] < ibsi["glrlm_run_percentage_3d_average"]


def test_runs_of_voxels_apart_on_one_line_are_not_left_out() -> None:
    # A line along k crosses two voxels with a gap; every other direction crosses one. Both runs have length 1.
    values = pyradiomics_texture(np.array([[[1, 0, 2]]])).values
    assert values["glrlm_RunPercentage"] == values["glrlm_ShortRunEmphasis"] == 1
    assert values["glrlm_GrayLevelNonUniformity"] == 1


def test_one_voxel_and_one_level() -> None:
    one = pyradiomics_texture(np.array([[[3]]]))
    assert {name for name, value in one.values.items() if math.isnan(value)} == set(one.reasons)
    assert {name for name, code in one.reasons.items() if code == "no_neighbours"} == {
        f"glcm_{name}" for name in NAMES["glcm"][1]
    }
    assert {name for name, code in one.reasons.items() if code == "no_runs"} == {f"glrlm_{name}" for name in NAMES["glrlm"][1]}
    assert one.values["ngtdm_Coarseness"] == 1e6
    even = pyradiomics_texture(np.full((3, 3, 3), 2))
    assert not even.reasons
    assert (even.values["glcm_Correlation"], even.values["glcm_MCC"], even.values["glcm_Imc1"]) == (1, 1, 0)


def test_voxels_without_neighbours_count_for_tone_differences() -> None:
    levels = np.zeros((6, 1, 1), dtype=int)
    levels[[0, 1, 3, 5], 0, 0] = 1, 3, 3, 1
    # n = 2 of each level, s = |1 - 3| and |3 - 1|: coarseness 1 / (0.5 x 2 + 0.5 x 2).
    assert pyradiomics_texture(levels).values["ngtdm_Coarseness"] == 0.5
    assert pyradiomics_texture(levels).values["ngtdm_Contrast"] == pytest.approx(2 * 0.25 * 4 / 2 * 4 / 4, rel=1e-12)
    # level times probability is the same for both
    equal = np.zeros((9, 1, 1), dtype=int)
    equal[[0, 1, 3], 0, 0] = 1, 2, 1
    assert pyradiomics_texture(equal).values["ngtdm_Busyness"] == 0
