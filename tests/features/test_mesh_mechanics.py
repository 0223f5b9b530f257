"""What the mesh functions refuse, and what their results are like."""

from __future__ import annotations

import numpy as np
import pytest

from radiotype.errors import ComputeError, InputError, RadiotypeError
from radiotype.features.diameters import mesh_diameters
from radiotype.features.marching_cubes import triangle_table
from radiotype.features.mesh import checked_region, mesh, mesh_measures
from radiotype.features.morphology import axis_lengths_mm, morphology

ONE_VOXEL = np.ones((1, 1, 1), dtype=bool)


@pytest.mark.parametrize("function", [checked_region, mesh_measures, mesh, mesh_diameters, axis_lengths_mm, morphology])
@pytest.mark.parametrize(
    ("mask", "spacing_mm", "kind", "code"),
    [
        (np.zeros((3, 3, 3), dtype=bool), (1, 1, 1), InputError, "RT204"),
        (np.zeros((0, 3, 3), dtype=bool), (1, 1, 1), InputError, "RT204"),
        (np.ones((3, 3), dtype=bool), (1, 1, 1), InputError, "RT207"),
        (np.ones((1, 3, 3, 3), dtype=bool), (1, 1, 1), InputError, "RT207"),
        (ONE_VOXEL, (1, 1), InputError, "RT207"),
        (ONE_VOXEL, (1, 1, 0), InputError, "RT207"),
        (ONE_VOXEL, (1, -1, 1), InputError, "RT207"),
        (ONE_VOXEL, (1, np.nan, 1), InputError, "RT207"),
        (ONE_VOXEL, (np.inf, 1, 1), InputError, "RT207"),
        (np.ones((2, 2, 2), dtype=np.uint8), (1, 1, 1), ComputeError, "RT305"),
    ],
)
def test_unusable_input_is_refused(function, mask, spacing_mm, kind: type[RadiotypeError], code: str) -> None:
    with pytest.raises(kind) as caught:
        function(mask, spacing_mm)
    assert caught.value.code == code
    assert "expected" in str(caught.value)
    assert caught.value.hint


def test_memory_layout_does_not_matter() -> None:
    mask = np.random.default_rng(2).random((8, 9, 10)) < 0.4
    expected = morphology(mask, (0.7, 1.3, 2.9))
    assert morphology(np.asfortranarray(mask), (0.7, 1.3, 2.9)) == expected
    spread = np.zeros((16, 9, 30), dtype=bool)
    spread[::2, :, ::3] = mask
    assert morphology(spread[::2, :, ::3], (0.7, 1.3, 2.9)) == expected
    mask.flags.writeable = False
    assert morphology(mask, (0.7, 1.3, 2.9)) == expected


def test_results_cannot_be_changed() -> None:
    built = mesh(ONE_VOXEL, (1, 1, 1))
    table = triangle_table()
    for array in (built.vertices_mm, built.faces, table.pattern, table.edges, table.vertices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        mesh_measures(ONE_VOXEL, (1, 1, 1)).area_mm2 = 0  # type: ignore[misc]


def test_mesh_is_placed_in_the_frame_of_the_whole_mask() -> None:
    mask = np.zeros((5, 6, 7), dtype=bool)
    mask[3, 4, 5] = True
    vertices_mm, _ = mesh(mask, (0.7, 1.3, 2.9))
    np.testing.assert_allclose(vertices_mm.mean(axis=0), (3 * 0.7, 4 * 1.3, 5 * 2.9), rtol=1e-15)
    np.testing.assert_allclose(np.ptp(vertices_mm, axis=0), (0.7, 1.3, 2.9), rtol=1e-14)
