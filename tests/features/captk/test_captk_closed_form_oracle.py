"""The features of small regions, worked out by hand, and of a random one, by SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from captk_regions import blob, captk

from radiotype.features.captk.shape import ellipse_diameters_mm, largest_part
from radiotype.features.captk.texture import local_binary_patterns


def padded(values) -> tuple[np.ndarray, np.ndarray]:
    """A box of values in a wider scan, and the mask of the box."""
    values = np.asarray(values, dtype=float)
    return np.pad(values, 1, constant_values=99.0), np.pad(np.ones(values.shape, dtype=bool), 1)


def test_intensities_of_four_voxels() -> None:
    found = captk(*padded([[[0.0], [1.0], [1.0], [16.0]]])).values
    expected = {
        "energy": 258.0,
        "maximum": 16.0,
        "mean": 4.5,
        "mean_absolute_deviation": 5.75,
        "median": 1.0,
        "median_absolute_deviation": 4.0,
        "minimum": 0.0,
        "mode": 1.5,  # the second of sixteen bins of width 1 holds two voxels
        "range": 16.0,
        "root_mean_square": math.sqrt(64.5),
        "sum": 18.0,
        "variance": 64.5 - 4.5**2,
        "coefficient_of_variation": math.sqrt(64.5 - 4.5**2) / 4.5,
        "interquartile_range": 4.0,  # 0.75 and 4.75
        "quartile_coefficient_of_variation": 4 / 5.5,
        "percentile_10": 0.3,
        "percentile_90": 11.5,
    }
    for name, value in expected.items():
        assert found[f"captk_intensity_{name}"] == pytest.approx(value), name


def test_histogram_of_four_voxels() -> None:
    """Levels 1, 2, 2 and 16; bins begin at 0, 1 and 15."""
    found = captk(*padded([[[0.0], [1.0], [1.0], [16.0]]])).values
    expected = {
        "energy": 265.0,
        "entropy": 1.5,
        "uniformity": 0.375,
        "mode": 2.0,
        "median": 2.0,
        "minimum": 1.0,
        "maximum": 16.0,
        "range": 15.0,
        "mean": 5.25,
        "sum": 21.0,
        "root_mean_square": math.sqrt(66.25),
        "percentile_25": 1.75,
        "percentile_75": 5.5,
        "interquartile_range": 3.75,
        "percentile_5": 0.2,  # a fifth of the first bin, of a quarter of the voxels
        "percentile_5_mean": 0.0,
        "percentile_95": 15.8,
        "percentile_95_mean": 16.0,
        "variance": 66.25 - 5.25**2,
    }
    for name, value in expected.items():
        assert found[f"captk_histogram_{name}"] == pytest.approx(value), name


def test_moments_are_scipys() -> None:
    values, inside = blob()
    found, sample = captk(values, inside).values, values[inside]
    assert found["captk_intensity_skewness"] == pytest.approx(scipy.stats.skew(sample))
    assert found["captk_intensity_kurtosis"] == pytest.approx(scipy.stats.kurtosis(sample))
    assert found["captk_intensity_variance"] == pytest.approx(sample.var())
    assert found["captk_intensity_interquartile_range"] == pytest.approx(scipy.stats.iqr(sample))
    levels = np.minimum(np.floor((sample - sample.min()) / np.ptp(sample) * 16), 15) + 1
    assert found["captk_histogram_skewness"] == pytest.approx(scipy.stats.skew(levels))
    assert found["captk_histogram_kurtosis"] == pytest.approx(scipy.stats.kurtosis(levels))
    assert found["captk_histogram_entropy"] == pytest.approx(scipy.stats.entropy(np.bincount(levels.astype(int)), base=2))
    assert found["captk_histogram_percentile_75"] == np.percentile(levels, 75)
    assert found["captk_histogram_percentile_25"] == np.percentile(levels, 25)


def test_means_of_the_tails_hold_the_voxels_beyond_the_percentiles() -> None:
    values, inside = blob()
    found, sample = captk(values, inside).values, values[inside]
    low, high = found["captk_histogram_percentile_5"], found["captk_histogram_percentile_95"]
    assert found["captk_histogram_percentile_5_mean"] == pytest.approx(sample[sample <= low].mean())
    assert found["captk_histogram_percentile_95_mean"] == pytest.approx(sample[sample >= high].mean())
    width = np.ptp(sample) / 16
    assert low == pytest.approx(np.percentile(sample, 5), abs=width)
    assert high == pytest.approx(np.percentile(sample, 95), abs=width)


@pytest.mark.parametrize("sides", [(2, 3, 7), (1, 1, 1), (1, 4, 4), (1, 1, 5)])
def test_shape_of_a_box(sides) -> None:
    """Second moments of a box of voxels are those of the solid box: side^2 / 12."""
    spacing = (1.5, 1.0, 0.5)
    values = np.arange(math.prod(sides), dtype=float).reshape(sides)
    found = captk(*padded(values), spacing=spacing).values
    lengths = sorted(side * step for side, step in zip(sides, spacing, strict=True))
    volume = math.prod(lengths)
    assert found["captk_volumetric_volume"] == found["captk_morphologic_physical_size"] == pytest.approx(volume)
    assert found["captk_morphologic_elongation"] == pytest.approx(lengths[2] / lengths[1])
    assert found["captk_morphologic_flatness"] == pytest.approx(lengths[1] / lengths[0])
    factor = math.cbrt(6 / math.pi)
    for name, length in zip(("least", "minor", "major"), lengths, strict=True):
        assert found[f"captk_morphologic_ellipse_diameter_{name}"] == pytest.approx(length * factor)
    eccentricity = math.sqrt(1 - lengths[0] * lengths[1] / lengths[2] ** 2)
    assert found["captk_morphologic_eccentricity"] == pytest.approx(eccentricity, abs=1e-7)


def test_the_oriented_box_of_a_box_has_its_sides() -> None:
    found = captk(*padded(np.arange(6 * 9 * 14.0).reshape(6, 9, 14)), spacing=(1.0, 2.0, 1.0)).values
    sides = [found[f"captk_morphologic_oriented_box_side_{name}"] for name in ("least", "minor", "major")]
    assert sides == pytest.approx([6, 14, 18])


def test_a_ball_is_round() -> None:
    inside = (np.indices((31, 31, 31)) - 15).__pow__(2).sum(axis=0) <= 12.5**2
    found = captk(np.indices(inside.shape)[0] * 1.0, inside).values
    diameter = 2 * math.cbrt(3 * np.count_nonzero(inside) / (4 * math.pi))
    for name in ("least", "minor", "major"):
        assert found[f"captk_morphologic_ellipse_diameter_{name}"] == pytest.approx(diameter)
    assert found["captk_morphologic_eccentricity"] == pytest.approx(0, abs=1e-6)
    assert 0.9 < found["captk_morphologic_roundness"] < 1


def test_shape_is_that_of_the_largest_part_and_volume_that_of_all() -> None:
    inside = np.zeros((12, 12, 12), dtype=bool)
    inside[1:4, 1:4, 1:4] = inside[9, 9, 9:11] = True
    values = np.arange(inside.size, dtype=float).reshape(inside.shape)
    alone = inside & (np.indices(inside.shape)[0] < 5)
    both, part = captk(values, inside), captk(values, alone)
    assert both.values["captk_volumetric_volume"] == 29
    assert both.values["captk_morphologic_physical_size"] == 27
    for name, value in part.values.items():
        if "morphologic" in name:
            assert both.values[name] == value, name


def test_of_parts_of_one_size_the_most_spread_out_counts() -> None:
    inside = np.zeros((9, 5, 5), dtype=bool)
    inside[0:2, 0:2, 0] = True  # a square
    inside[3, 3, 1:5] = True  # a row
    assert largest_part(inside, (1.0, 1.0, 1.0)).sum() == 4
    assert largest_part(inside, (1.0, 1.0, 1.0))[3, 3, 2]
    assert largest_part(inside, (9.0, 9.0, 0.1))[0, 0, 0]  # in these voxels the square is


def test_corners_touch() -> None:
    inside = np.zeros((3, 3, 3), dtype=bool)
    inside[0, 0, 0] = inside[1, 1, 1] = True
    assert largest_part(inside, (1.0, 1.0, 1.0)).sum() == 2


def test_ellipse_diameters_of_two_voxels_at_an_angle() -> None:
    """Along the diagonal, two points half its length from the middle, and a voxel's own moments in every direction."""
    found = ellipse_diameters_mm(np.array([[[True, False], [False, True]]]), (1.0, 1.0, 1.0))
    along, across = math.sqrt(0.5 + 1 / 12), math.sqrt(1 / 12)
    factor = math.cbrt(6 * 2 / math.pi / (along * across**2))
    assert found == pytest.approx((across * factor, across * factor, along * factor))


def test_border_of_the_scan() -> None:
    """A box of 2 x 3 x 4 voxels in a corner: faces of 1 x 2, 1 x 4 and 2 x 2 mm2 per voxel side."""
    values = np.arange(6 * 6 * 6, dtype=float).reshape(6, 6, 6)
    inside = np.zeros(values.shape, dtype=bool)
    inside[:2, 3:, 1:5] = True
    spacing = (1.0, 2.0, 0.5)
    found = captk(values, inside, spacing=spacing).values
    assert found["captk_morphologic_pixels_on_border"] == 3 * 4 + 4  # the first slab, and the last row of the second
    assert found["captk_morphologic_perimeter_on_border"] == 12 * 2.0 * 0.5 + 8 * 1.0 * 0.5
    outer = 2 * (12 * 2.0 * 0.5 + 8 * 1.0 * 0.5 + 6 * 1.0 * 2.0)
    assert found["captk_morphologic_perimeter_on_border_ratio"] == pytest.approx(16 / outer)
    inner = captk(np.pad(values, 1), np.pad(inside, 1), spacing=spacing).values
    assert {name: inner[name] for name in inner if "on_border" in name and inner[name] != 0} == {}


def test_textures_of_three_voxels() -> None:
    """Levels 1, 1, 16 in a row: one direction has pairs (1, 1) and (1, 16), twelve have none."""
    found = captk(*padded([[[0.0]], [[0.0]], [[1.0]]])).values
    assert found["captk_glcm_contrast"] == 225 / 2
    assert found["captk_glcm_energy"] == pytest.approx(0.5**2 + 2 * 0.25**2)
    assert found["captk_glcm_entropy"] == pytest.approx(1.5)
    assert found["captk_glcm_homogeneity"] == pytest.approx(0.5 + 0.5 / 226)
    assert found["captk_glcm_autocorrelation"] == pytest.approx(0.5 + 0.5 * 16)
    assert found["captk_glcm_correlation"] == pytest.approx(-1 / 3)
    # runs: one of two and one of one voxel along the row, three of one in each of twelve other directions
    assert found["captk_glrlm_short_run_emphasis"] == pytest.approx(((1 / 4 + 1) / 2 + 12) / 13)
    assert found["captk_glrlm_long_run_emphasis"] == pytest.approx(((4 + 1) / 2 + 12) / 13)
    assert found["captk_glszm_zone_percentage"] == pytest.approx(2 / 3)
    assert found["captk_glszm_grey_level_mean"] == pytest.approx(8.5)
    assert found["captk_glszm_large_zone_emphasis"] == pytest.approx(2.5)
    assert found["captk_glszm_zone_size_entropy"] == pytest.approx(1.0)
    # neighbours: the first differs by 0, the second by 7.5, the third by 15
    assert found["captk_ngtdm_coarseness"] == pytest.approx(1 / (2 / 3 * 7.5 + 1 / 3 * 15))


def by_hand(levels) -> list[int]:
    """Patterns of a volume, voxel by voxel."""
    codes = []
    around = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    for i, j, k in np.argwhere(levels > 0):
        places = [(i + di, j + dj) for di, dj in around]
        if any(not (0 <= a < levels.shape[0] and 0 <= b < levels.shape[1] and levels[a, b, k]) for a, b in places):
            continue
        bits = [levels[a, b, k] >= levels[i, j, k] for a, b in places]
        changes = sum(bits[n] != bits[n - 1] for n in range(8))
        codes.append(sum(bits) if changes <= 2 else 9)
    return codes


def test_local_binary_patterns_voxel_by_voxel() -> None:
    rng = np.random.default_rng(3)
    levels = rng.integers(1, 9, (9, 8, 5)) * (rng.random((9, 8, 5)) > 0.02)
    expected = by_hand(levels)
    assert sorted(local_binary_patterns(levels).tolist()) == sorted(expected)
    assert len(set(expected)) > 6


def test_local_binary_patterns_of_plain_textures() -> None:
    i, j, _ = np.indices((10, 10, 3))
    everywhere = np.ones(i.shape, dtype=bool)
    chessboard, ramp = (i + j) % 2 * 1.0, i * 1.0
    assert set(local_binary_patterns((chessboard + 1).astype(int)).tolist()) == {8, 9}
    assert captk(chessboard, everywhere).values["captk_lbp_entropy"] == pytest.approx(1.0)
    assert set(local_binary_patterns((ramp + 1).astype(int)).tolist()) == {5}
    assert captk(ramp, everywhere).values["captk_lbp_entropy"] == 0
