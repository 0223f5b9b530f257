"""Names, degenerate masks and reasons of the morphological features."""

from __future__ import annotations

import math

import numpy as np
import pytest

from radiotype.errors import RecipeError
from radiotype.features.morphology import axis_lengths_mm, morphology

NAMES = [
    "volume_mm3",
    "mesh_volume_mm3",
    "surface_area_mm2",
    "surface_to_volume_ratio_per_mm",
    "sphericity",
    "major_axis_length_mm",
    "minor_axis_length_mm",
    "least_axis_length_mm",
    "elongation",
    "flatness",
    "maximum_3d_diameter_mm",
    "maximum_axial_diameter_mm",
]


@pytest.mark.parametrize("convention", ["ibsi", "pyradiomics"])
def test_names_and_order(convention: str) -> None:
    found = morphology(np.ones((2, 2, 2), dtype=bool), (1, 1, 1), convention=convention)
    assert list(found.values) == NAMES
    assert found.reasons == {}
    assert all(type(value) is float for value in found.values.values())


def test_unknown_convention_is_refused() -> None:
    with pytest.raises(RecipeError) as caught:
        morphology(np.ones((2, 2, 2), dtype=bool), (1, 1, 1), convention="mine")  # type: ignore[arg-type]
    assert caught.value.code == "RT103"


def test_single_voxel_has_no_axes_after_the_ibsi() -> None:
    found = morphology(np.ones((1, 1, 1), dtype=bool), (1, 1, 1))
    missing = NAMES[5:10]
    assert found.reasons == dict.fromkeys(missing, "single_voxel")
    assert [name for name, value in found.values.items() if math.isnan(value)] == missing
    assert found.values["maximum_3d_diameter_mm"] == 1
    assert found.values["maximum_axial_diameter_mm"] == 1


def test_single_voxel_has_axes_of_length_zero_after_pyradiomics() -> None:
    found = morphology(np.ones((1, 1, 1), dtype=bool), (1, 1, 1), convention="pyradiomics")
    assert [found.values[name] for name in NAMES[5:8]] == [0, 0, 0]
    assert found.reasons == dict.fromkeys(NAMES[8:10], "single_voxel")


def test_row_and_plane_have_axes_of_exactly_zero() -> None:
    index = np.arange(7)
    oblique_row = np.zeros((7, 7, 7), dtype=bool)
    oblique_row[index, index, index] = True
    _, minor, least = axis_lengths_mm(oblique_row, (0.7, 1.3, 2.9))
    assert (minor, least) == (0, 0)
    oblique_plane = np.zeros((7, 7, 7), dtype=bool)
    oblique_plane[index, index, :] = True
    major, minor, least = axis_lengths_mm(oblique_plane, (0.7, 1.3, 2.9))
    assert major > minor > 0
    assert least == 0
    found = morphology(oblique_row, (0.7, 1.3, 2.9))
    assert (found.values["elongation"], found.values["flatness"], found.reasons) == (0, 0, {})


def test_cracks_can_leave_no_volume() -> None:
    # Four voxels that touch along an edge or not at all; the cracks of the halved table cancel their volume exactly.
    mask = np.zeros((4, 5, 3), dtype=bool)
    mask[[0, 1, 1, 3], [4, 0, 4, 2], [2, 1, 1, 1]] = True
    found = morphology(mask, (1, 1, 1), convention="pyradiomics")
    assert found.values["mesh_volume_mm3"] == 0
    assert found.reasons == dict.fromkeys(NAMES[3:5], "mesh_volume_not_positive")
    closed = morphology(mask, (1, 1, 1))
    assert closed.values["mesh_volume_mm3"] == pytest.approx(4 / 6, rel=1e-15)
    assert closed.reasons == {}
