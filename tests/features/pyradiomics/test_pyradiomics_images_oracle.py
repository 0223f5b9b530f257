"""Filtered images are those of pyradiomics: whole values it printed, and every voxel where ITK or a formula has it."""

import json
from itertools import pairwise

import numpy as np
import pyradiomics_cases as cases
import pytest
import SimpleITK

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, describe, read_pyradiomics_parameters
from radiotype.features.pyradiomics.filters import Around, gradient_magnitude, laplacian_of_gaussian
from radiotype.features.pyradiomics.image_types import PlanarPatterns
from radiotype.features.pyradiomics.local_patterns import planar_patterns
from radiotype.features.pyradiomics.wavelets import filters_of, wavelet_bands, wavelet_names

PRINTED = json.loads(cases.IMAGES.read_text(encoding="utf-8"))
SPACING = (0.75, 1.0, 2.5)


@pytest.mark.parametrize("name", ["whole", "single"])
@pytest.mark.parametrize("parameters", cases.FILTERED)
def test_every_value_of_a_filtered_image_is_that_of_pyradiomics(tmp_path, name, parameters):
    path = tmp_path / "Params.yaml"
    path.write_text(f"{cases.FILTERED[parameters]}\n{cases.FEW}", encoding="utf-8")
    image, region, spacing, origin = cases.scans()[name]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    grid = Grid(image.shape, affine)
    settings = FeatureSettings(pyradiomics=read_pyradiomics_parameters(path))
    found = describe(Scan(image, grid, "OT"), Mask(region, grid), "pyradiomics", settings=settings)
    assert not found.reasons
    assert dict(found.values) == pytest.approx(PRINTED[f"{name}, {parameters}"], rel=1e-9, abs=1e-12)


def noise(dtype, shape=(70, 20, 12)):
    return np.random.default_rng(5).normal(100, 60, shape).astype(dtype)


def around(image, low, high):
    shape = tuple(b - a for a, b in zip(low, high, strict=True))
    return Around(image, np.ones(shape, dtype=bool), low, SPACING)


def of_itk(filtering, image):
    given = SimpleITK.GetImageFromArray(image.T)
    given.SetSpacing(SPACING)
    return SimpleITK.GetArrayFromImage(filtering.Execute(given)).T


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
@pytest.mark.parametrize("sigma_mm", [0.6, 1.0, 4.0])
def test_a_laplacian_of_the_lines_that_are_needed_has_every_voxel_of_that_of_the_scan(dtype, sigma_mm):
    image = noise(dtype)
    filtering = SimpleITK.LaplacianRecursiveGaussianImageFilter()
    filtering.SetSigma(sigma_mm)
    filtering.SetNormalizeAcrossScale(True)
    whole = of_itk(filtering, image)
    for low, high in (((0, 0, 0), image.shape), ((30, 5, 4), (35, 12, 9)), ((66, 0, 11), (70, 1, 12))):
        found = laplacian_of_gaussian(around(image, low, high), sigma_mm)
        assert found.dtype == whole.dtype
        np.testing.assert_array_equal(found, whole[tuple(map(slice, low, high))])


@pytest.mark.parametrize("per_mm", [True, False])
def test_a_gradient_of_the_box_has_every_voxel_of_that_of_the_scan(per_mm):
    image = noise(np.int16)
    filtering = SimpleITK.GradientMagnitudeImageFilter()
    filtering.SetUseImageSpacing(per_mm)
    whole = of_itk(filtering, image)
    for low, high in (((0, 0, 0), (5, 20, 3)), ((30, 5, 4), (35, 12, 9))):
        found = gradient_magnitude(around(image, low, high), per_mm=per_mm)
        np.testing.assert_array_equal(found, whole[tuple(map(slice, low, high))])


def transformed(image, wavelet, across):
    """One level by circular convolution with both filters, from the definition; an odd axis goes on with its first voxel."""
    filters = filters_of(wavelet)
    bands = [np.pad(image, [(0, n % 2) for n in image.shape], "wrap").astype(float)]
    for axis in range(3):
        if axis != across:
            half = filters.low.size // 2
            bands = [
                sum(tap * np.roll(band, number - half, axis) for number, tap in enumerate(taps))
                for band in bands
                for taps in filters
            ]
    return [band[tuple(map(slice, image.shape))] for band in (*bands[1:], bands[0])]


def test_a_filter_far_longer_than_the_image_meets_it_again_and_again():
    image = np.random.default_rng(6).normal(size=(6, 8, 4))
    repeated = np.tile(image, (12, 9, 18))
    for levels in (1, 3):
        found = wavelet_bands(image, (1, 0, 0), (6, 8, 4), wavelet="db8", levels=levels)
        low = (31, 32, 32)  # far from the ends
        expected = wavelet_bands(repeated, low, (36, 40, 36), wavelet="db8", levels=levels)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.abs(other).max())


@pytest.mark.parametrize("wavelet", ["haar", "coif1", "db7", "bior2.4", "dmey"])
@pytest.mark.parametrize("across", [None, 0, 2])
def test_a_wavelet_transform_of_the_box_has_the_voxels_of_that_of_the_scan(wavelet, across):
    image = noise(np.float64, (9, 10, 13))
    expected = transformed(image, wavelet, across)
    for low, high in (((0, 0, 0), image.shape), ((2, 3, 5), (6, 4, 9)), ((7, 8, 11), (9, 10, 13))):
        found = list(wavelet_bands(image, low, high, wavelet=wavelet, across=across))
        assert len(found) == (8 if across is None else 4)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other[tuple(map(slice, low, high))], rtol=1e-12, atol=1e-11)


def test_levels_are_of_the_approximation_of_the_level_before():
    image = noise(np.float64, (8, 10, 12))
    first = list(wavelet_bands(image, (0, 0, 0), image.shape, wavelet="db2"))
    second = list(wavelet_bands(first[-1], (0, 0, 0), image.shape, wavelet="db2"))
    both = list(wavelet_bands(image, (0, 0, 0), image.shape, wavelet="db2", levels=2))
    later = list(wavelet_bands(image, (0, 0, 0), image.shape, wavelet="db2", levels_skipped=1))
    assert (len(both), len(later)) == (15, 8)
    np.testing.assert_array_equal(both, [*first[:-1], *second])
    np.testing.assert_array_equal(later, second)


@pytest.mark.parametrize("wavelet", wavelet_names())
def test_what_the_filters_of_a_wavelet_take_apart_they_put_together(wavelet):
    low, high = filters_of(wavelet)
    tolerance = 3e-3 if wavelet == "dmey" else 1e-7  # it approximates a longer one
    assert low.size % 2 == 0
    assert (low.sum(), high.sum()) == pytest.approx((np.sqrt(2), 0), abs=tolerance)
    # The low pass of reconstruction is the high pass with every other sign changed; together they leave all as it is.
    together = np.convolve(low, np.where(np.arange(high.size) % 2 == 0, -high, high))
    expected = np.zeros(together.size)
    expected[low.size - 1] = 1
    np.testing.assert_allclose(together[1::2], expected[1::2], atol=tolerance)


def test_filters_have_published_coefficients():
    """Daubechies, Ten Lectures on Wavelets (1992), tables 6.1 and 8.1."""
    root = np.sqrt(3)
    np.testing.assert_allclose(filters_of("db2").low[::-1], np.array([1 + root, 3 + root, 3 - root, 1 - root]) / np.sqrt(32))
    root = np.sqrt(7)
    coiflet = np.array([-3 + root, 1 - root, 14 - 2 * root, 14 + 2 * root, 5 + root, 1 - root]) / (16 * np.sqrt(2))
    np.testing.assert_allclose(filters_of("coif1").low, coiflet, atol=2e-9)


@pytest.mark.parametrize("method", ["default", "ror", "uniform"])
@pytest.mark.parametrize("across", [0, 1, 2])
def test_patterns_within_slices_follow_their_definition(method, across):
    image = np.random.default_rng(2).integers(0, 9, (6, 7, 8)).astype(np.int16)
    settings = PlanarPatterns(samples=4, method=method)
    low, high = (0, 2, 3), (6, 7, 6)
    found = planar_patterns(around(image, low, high), settings, across)
    rows, columns = {2: (1, 0), 1: (2, 0), 0: (1, 2)}[across]
    padded = np.pad(image, 1)
    for place in np.ndindex(*found.shape):
        here = np.array(place) + low + 1
        bits = ""
        for down, right in ((0, 1), (-1, 0), (0, -1), (1, 0)):
            there = here.copy()
            there[rows] += down
            there[columns] += right
            bits = str(int(padded[tuple(there)] >= padded[tuple(here)])) + bits
        turned = [int(bits[turn:] + bits[:turn], 2) for turn in range(4)]
        changes = sum(a != b for a, b in pairwise(bits))
        uniform = bits.count("1") if changes <= 2 else 5
        assert found[place] == {"default": int(bits, 2), "ror": min(turned), "uniform": uniform}[method]
