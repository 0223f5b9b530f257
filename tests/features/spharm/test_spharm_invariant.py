"""What must not change a shape: place, quarter turns, mirrors, scale, SIMD level and the threads of the linear algebra."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from radiotype.core import Grid, Mask
from radiotype.features.spharm import describe

SPACING_MM = np.array([0.7, 0.7, 1.25])


def blob(seed=4):
    place = np.moveaxis(np.indices((30, 28, 24)), 0, -1) - [14.0, 13.0, 11.0]
    rough = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=place.shape[:3]), 1.5) * 4
    return ((place / [13, 9, 8]) ** 2).sum(axis=-1) + rough < 0.8


def shape(mask, spacing_mm=SPACING_MM, origin=(0.0, 0.0, 0.0)):
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = origin
    return describe(Mask(mask, Grid(mask.shape, affine)))


def values(found):
    of = found.descriptors
    return np.concatenate([of.energies, of.entropies, of.axis_scales, of.magnitudes_mm / of.mean_radius_mm])


@pytest.fixture(scope="module")
def expected():
    return shape(blob())


def test_the_blob_has_three_axes_and_handles(expected):
    # Otherwise the tests below would say little.
    assert not expected.axes_degenerate
    assert 0 < expected.flags["spharm_changed_fraction"] < 0.2


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_quarter_turns_and_mirrors_change_nothing(expected, axes, flips):
    x, y, z = (slice(None, None, flip) for flip in flips)
    found = shape(np.ascontiguousarray(blob().transpose(axes)[x, y, z]), SPACING_MM[list(axes)])
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-7)
    assert found.volume_mm3 == pytest.approx(expected.volume_mm3, rel=1e-12)


def test_place_changes_nothing(expected):
    moved = np.pad(blob(), ((7, 0), (0, 3), (11, 2)))
    np.testing.assert_allclose(values(shape(moved, origin=(350.0, -1200.0, 88.8))), values(expected), rtol=1e-7)


def test_scale_changes_sizes_only(expected):
    found = shape(blob(), 3 * SPACING_MM)
    np.testing.assert_allclose(values(found), values(expected), rtol=1e-7)
    assert found.descriptors.mean_radius_mm == pytest.approx(3 * expected.descriptors.mean_radius_mm, rel=1e-12)
    assert found.volume_mm3 == pytest.approx(27 * expected.volume_mm3, rel=1e-12)


MEASURE = """
import numpy as np
from scipy import ndimage
from radiotype import _native
from radiotype.core import Grid, Mask
from radiotype.features.spharm import describe
print(_native.simd_level())
random = np.random.default_rng(4)
place = np.moveaxis(np.indices((30, 28, 24)), 0, -1) - [14.0, 13.0, 11.0]
mask = ((place / [13, 9, 8]) ** 2).sum(axis=-1) + 4 * ndimage.gaussian_filter(random.normal(size=(30, 28, 24)), 1.5) < 0.8
shape = describe(Mask(mask, Grid(mask.shape, np.diag([0.7, 0.7, 1.25, 1.0]))), keep=True)
steps = shape.steps
for array in (steps.solid.voxels, steps.surface.quads, steps.coefficients, steps.alignment.coefficients):
    print(hash(array.tobytes()))
print(shape.descriptors.energies.tobytes().hex(), sorted(shape.flags.items()))
"""


def measured(**environment):
    known = {name: value for name, value in os.environ.items() if name != "RADIOTYPE_SIMD"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env=known | {"PYTHONHASHSEED": "0"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if "is not a level of this processor" in done.stderr:
        pytest.skip(f"this processor has no {environment['RADIOTYPE_SIMD']}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level):
    found, base = measured(RADIOTYPE_SIMD=level), measured(RADIOTYPE_SIMD="base")
    assert (found[0], base[0]) == (level, "base")
    assert found[1:] == base[1:]


def test_threads_of_the_linear_algebra_change_no_byte():
    one, many = (measured(OPENBLAS_NUM_THREADS=n, OMP_NUM_THREADS=n) for n in ("1", "4"))
    assert one == many
