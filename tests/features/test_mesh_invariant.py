"""Area, volume, axes and diameters do not depend on where the mask lies or how its axes are named."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from radiotype.features.diameters import mesh_diameters
from radiotype.features.mesh import mesh_measures
from radiotype.features.morphology import morphology

SPACING_MM = np.array([0.7, 1.3, 2.9])
WITHOUT_AXIAL = slice(0, 11)


def irregular_mask(density: float = 0.5) -> np.ndarray:
    mask = np.zeros((12, 10, 9), dtype=bool)
    mask[2:-1, 1:-2, 1:-1] = np.random.default_rng(11).random((9, 7, 7)) < density
    return mask


@pytest.mark.parametrize("convention", ["ibsi", "pyradiomics"])
def test_translation_and_padding_change_no_bit(convention: str) -> None:
    mask = irregular_mask()
    expected = morphology(mask, SPACING_MM, convention=convention)
    for before, after in (((0, 0, 0), (3, 1, 2)), ((5, 0, 7), (0, 0, 0)), ((1, 40, 1), (1, 1, 300))):
        moved = np.pad(mask, tuple(zip(before, after, strict=True)))
        assert morphology(moved, SPACING_MM, convention=convention) == expected


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_axis_order_and_mirror_images_change_nothing(axes: tuple[int, int, int], density: float) -> None:
    mask = irregular_mask(density)
    expected = list(morphology(mask, SPACING_MM).values.values())
    for flips in itertools.product((1, -1), repeat=3):
        turned = np.transpose(mask[:: flips[0], :: flips[1], :: flips[2]], axes)
        found = list(morphology(turned, SPACING_MM[list(axes)]).values.values())
        assert found[WITHOUT_AXIAL] == pytest.approx(expected[WITHOUT_AXIAL], rel=1e-12)
        if axes[2] == 2:
            assert found[11] == pytest.approx(expected[11], rel=1e-12)


def test_cracks_make_the_mirror_image_differ() -> None:
    # Why "ibsi" uses the closed mesh: with the halved table a mirror image has another area and volume.
    mask = irregular_mask()
    one = mesh_measures(mask, SPACING_MM, closed=False)
    other = mesh_measures(mask[::-1], SPACING_MM, closed=False)
    assert abs(one.area_mm2 / other.area_mm2 - 1) > 1e-4
    assert abs(one.volume_mm3 / other.volume_mm3 - 1) > 1e-3


def test_area_scales_with_the_square_and_volume_with_the_cube() -> None:
    one = mesh_measures(irregular_mask(), SPACING_MM)
    double = mesh_measures(irregular_mask(), 2 * SPACING_MM)
    assert double.area_mm2 == 4 * one.area_mm2
    assert double.volume_mm3 == 8 * one.volume_mm3


def test_diameters_scale_with_the_spacing() -> None:
    one, double = mesh_diameters(irregular_mask(), SPACING_MM), mesh_diameters(irregular_mask(), 2 * SPACING_MM)
    assert double == (2 * one.maximum_3d_mm, 2 * one.maximum_axial_mm)


MEASURE = """
import numpy as np
from radiotype import _native
from radiotype.features.mesh import mesh_measures
print(_native.simd_level())
for density in (0.01, 0.5, 0.99):
    mask = np.random.default_rng(1).random((17, 13, 530)) < density
    counts, sums = np.zeros(256, dtype=np.int64), np.zeros((256, 3), dtype=np.int64)
    _native.cube_patterns(mask.view(np.uint8), counts, sums)
    measured = mesh_measures(mask, (0.7, 1.3, 2.9))
    print(counts.tobytes().hex(), sums.tobytes().hex(), measured.area_mm2.hex(), measured.volume_mm3.hex())
"""


def measure_at(level: str) -> tuple[int, str, str]:
    environment = {**os.environ, "RADIOTYPE_SIMD": level}
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level: str) -> None:
    status, found, message = measure_at(level)
    if status != 0 and "is not a level of this processor" in message:
        pytest.skip(f"this processor has no {level}")
    assert status == 0, message
    base_status, base, base_message = measure_at("base")
    assert base_status == 0, base_message
    assert found.splitlines()[0] == level
    assert base.splitlines()[0] == "base"
    assert found.splitlines()[1:] == base.splitlines()[1:]
