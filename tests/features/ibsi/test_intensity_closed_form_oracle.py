"""Values equal closed forms, SciPy's, and definitions written out voxel by voxel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist, squareform
from scipy.special import elliprg

from radiotype.core import Grid, Mask, Scan
from radiotype.features.ibsi import Bins, IbsiSettings, Prepared, measure, prepare
from radiotype.features.ibsi.autocorrelation import autocorrelation
from radiotype.features.ibsi.discretise import levels_of_number, levels_of_width
from radiotype.features.ibsi.distribution import statistics
from radiotype.features.ibsi.enclosures import convex_hull, ellipsoid, enclosing_ellipsoid, oriented_box
from radiotype.features.ibsi.local_intensity import ball_of

SPACING_MM = (0.9, 1.7, 2.6)
AS_IT_IS = IbsiSettings(spacing_mm=None)


def prepared(values: np.ndarray, inside: np.ndarray, settings: IbsiSettings = AS_IT_IS, spacing=SPACING_MM) -> Prepared:
    grid = Grid(values.shape, np.diag([*spacing, 1.0]))
    return prepare(Scan(values, grid), Mask(inside, grid), settings)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("n", [3, 7, 1000])
def test_statistics_equal_those_of_numpy_and_scipy(whole: bool, n: int) -> None:
    rng = np.random.default_rng(n)
    sample = rng.gamma(2.0, 9.0, n) - 4
    sample = np.rint(sample) if whole else sample
    p10, p25, median, p75, p90 = np.percentile(sample, [10, 25, 50, 75, 90])
    robust = sample[(sample >= p10) & (sample <= p90)]
    expected = {
        "mean": sample.mean(),
        "variance": sample.var(),
        "skewness": stats.skew(sample),
        "kurtosis": stats.kurtosis(sample),
        "median": median,
        "minimum": sample.min(),
        "percentile_10": p10,
        "percentile_90": p90,
        "maximum": sample.max(),
        "interquartile_range": p75 - p25,
        "range": np.ptp(sample),
        "mean_absolute_deviation": np.abs(sample - sample.mean()).mean(),
        "robust_mean_absolute_deviation": np.abs(robust - robust.mean()).mean(),
        "median_absolute_deviation": np.abs(sample - median).mean(),
        "coefficient_of_variation": sample.std() / sample.mean(),
        "quartile_coefficient_of_dispersion": (p75 - p25) / (p75 + p25),
    }
    found, reasons = statistics(*np.unique(sample, return_counts=True))
    assert reasons == {}
    assert found == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_levels_of_a_number_equal_the_definition() -> None:
    values = np.random.default_rng(1).normal(size=500)
    low, high = values.min(), values.max()
    expected = [32 if x == high else math.floor(32 * (x - low) / (high - low)) + 1 for x in values]
    assert levels_of_number(values, 32).tolist() == expected


def test_levels_of_a_width_equal_the_definition() -> None:
    values = np.random.default_rng(2).integers(-500, 400, 500).astype(float)
    assert levels_of_width(values, 25, origin=-500).tolist() == [math.floor((x + 500) / 25) + 1 for x in values]


def grid_of_levels(values: np.ndarray, low: float, high: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Every level of the intensity-volume histogram, and the fraction of the values at or above each."""
    levels = low + step * np.arange(round((high - low) / step) + 1)
    return levels, np.array([(values >= level - 1e-9).mean() for level in levels])


@pytest.mark.parametrize(
    ("limits", "bins", "step"), [(None, None, 1.0), ((-30.0, 50.0), None, 1.0), ((-30.0, 50.0), Bins(width=2.5), 2.5)]
)
def test_volume_histogram_equals_the_definition(limits, bins, step) -> None:
    values = np.rint(np.random.default_rng(3).normal(8, 14, (9, 8, 7)))
    settings = IbsiSettings(spacing_mm=None, intensity_range=limits, volume_histogram_bins=bins)
    region = prepared(values, np.ones(values.shape, dtype=bool), settings)
    inside = values[region.intensity_mask]
    low, high = limits or (inside.min(), inside.max())
    if bins:
        inside = low + (np.floor((inside - low) / step) + 0.5) * step
        low, high = low + step / 2, low + (math.floor((high - low) / step) + 0.5) * step
    levels, fractions = grid_of_levels(inside, low, high, step)
    gamma = (levels - low) / (high - low)
    v10, v90 = (fractions[gamma >= share].max() for share in (0.1, 0.9))
    i10, i90 = (levels[fractions <= share].min() for share in (0.1, 0.9))
    area = np.trapezoid(fractions, gamma)
    found = measure(region, settings).values
    expected = (v10, v90, i10, i90, v10 - v90, i10 - i90, area)
    names = [name for name in found if name.startswith("intensity_volume_histogram_")]
    assert [found[name] for name in names] == pytest.approx(expected, rel=1e-9)


def test_volume_histogram_of_intensities_without_steps() -> None:
    values = np.array([0.0, 0.25, 0.5, 1.0, 1.75, 2.0, 2.25, 3.5, 3.75, 4.0])[:, None, None]
    found = measure(prepared(values, values >= 0), AS_IT_IS).values
    start = "intensity_volume_histogram_"
    assert found[start + "volume_at_10_percent_intensity"] == 0.8  # 0.4 and more
    assert found[start + "volume_at_90_percent_intensity"] == 0.2  # 3.6 and more
    assert found[start + "intensity_at_10_percent_volume"] == 4.0
    assert found[start + "intensity_at_90_percent_volume"] == 0.25
    heights = np.linspace(1, 0.1, 10)
    assert found[start + "area_under_curve"] == pytest.approx(np.trapezoid(heights, values.ravel()) / 4)


def test_histogram_equals_the_definition() -> None:
    levels = np.array([1, 1, 1, 3, 3, 3, 4, 6, 6, 9])[:, None, None]
    settings = IbsiSettings(spacing_mm=None, bins=Bins(width=1.0))
    found = measure(prepared(levels, levels > 0, settings), settings).values
    start = "intensity_histogram_"
    assert found[start + "mode"] == 3  # 1 is as frequent and further from the mean, 3.7
    shares = np.array([0.3, 0.3, 0.1, 0.2, 0.1])
    assert found[start + "entropy"] == pytest.approx(-(shares * np.log2(shares)).sum())
    assert found[start + "uniformity"] == pytest.approx((shares**2).sum())
    # 3 0 3 1 0 2 0 0 1: rises of -3 0 0.5 -1.5 0.5 0 -1 0.5 1
    assert (found[start + "maximum_gradient"], found[start + "maximum_gradient_level"]) == (1, 9)
    assert (found[start + "minimum_gradient"], found[start + "minimum_gradient_level"]) == (-3, 1)


def peaks(values: np.ndarray, inside: np.ndarray, spacing) -> tuple[float, float]:
    """Local and global peak, voxel by voxel."""
    place = np.argwhere(np.isfinite(values)) * spacing
    known = values[np.isfinite(values)]
    radius = 10 * (3 / 4 / math.pi) ** (1 / 3)
    centres = np.argwhere(inside)
    means = np.array([known[np.linalg.norm(place - centre * spacing, axis=1) <= radius].mean() for centre in centres])
    own = values[inside]
    return means[own == own.max()].max(), means.max()


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("spacing", [(0.9, 1.7, 2.6), (3.0, 3.0, 7.0)])
def test_peaks_equal_means_taken_voxel_by_voxel(spacing, gaps: bool) -> None:
    rng = np.random.default_rng(5)
    values = np.rint(rng.normal(40, 12, (19, 12, 9)))
    inside = rng.random(values.shape) < 0.2
    inside[:9] = False  # the balls leave the region's box on one side and the scan on others
    values[inside] = np.minimum(values[inside], 55)
    if gaps:
        values[~inside & (rng.random(values.shape) < 0.1)] = np.nan
    found = measure(prepared(values, inside, spacing=spacing), AS_IT_IS).values
    expected = peaks(values, inside, spacing)
    assert np.count_nonzero(values[inside] == 55) > 1
    assert (found["local_intensity_local_peak"], found["local_intensity_global_peak"]) == pytest.approx(expected, rel=1e-13)


def test_the_ball_holds_one_cubic_centimetre() -> None:
    fine = (0.25, 0.25, 0.25)
    assert len(ball_of(fine).steps) * 0.25**3 == pytest.approx(1000, rel=2e-3)
    assert ball_of((6.3, 6.3, 6.3)).steps.tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("shape", [(7, 6, 5), (1, 9, 2), (11, 1, 1)])
def test_autocorrelation_equals_the_sum_over_pairs(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(8)
    values, inside = rng.normal(1000, 3, shape), rng.random(shape) < 0.7
    image = np.where(inside, values, np.nan)
    distances = squareform(pdist(np.argwhere(inside) * SPACING_MM))
    weights = np.divide(1.0, distances, out=np.zeros_like(distances), where=distances > 0)
    own = values[inside]
    away = own - own.mean()
    n, total, variance = own.size, weights.sum(), (away**2).sum()
    moran = n / total * (weights * np.outer(away, away)).sum() / variance
    geary = (n - 1) / (2 * total) * (weights * (own[:, None] - own) ** 2).sum() / variance
    assert autocorrelation(image, inside, SPACING_MM) == pytest.approx((moran, geary), rel=1e-10)


def turned(points: np.ndarray) -> np.ndarray:
    turn, _ = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))
    return points @ turn + [4.0, -9.0, 30.0]


CUBE = np.array([[i, j, k] for i in (0.0, 1.0) for j in (0.0, 1.0) for k in (0.0, 1.0)])


def test_boxes_and_hulls_of_a_turned_cuboid() -> None:
    corners = turned(CUBE * [3.0, 4.0, 5.0])
    for enclosure in (oriented_box(corners), convex_hull(corners)):
        assert enclosure == pytest.approx((60, 94), rel=1e-10)


def test_oriented_box_of_a_tetrahedron() -> None:
    # Its box with a face on one of its own: the height is sqrt(2 / 3) of an edge, the base a triangle of height sqrt(3) / 2.
    corners = turned(np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / math.sqrt(8))
    assert oriented_box(corners).volume_mm3 == pytest.approx(math.sqrt(2 / 3) * math.sqrt(3) / 2, rel=1e-10)


def test_oriented_box_is_no_larger_than_any_of_many() -> None:
    rng = np.random.default_rng(9)
    points = rng.normal(size=(60, 3)) * [1, 2, 3]
    least = oriented_box(points).volume_mm3
    turns = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(2000)]
    assert least <= min(np.ptp(points @ turn, axis=0).prod() for turn in turns)


def test_ellipsoid_around_a_turned_cuboid() -> None:
    # That of a cube is the ball through its corners; stretching keeps it the smallest.
    half = np.array([3.0, 4.0, 5.0]) * math.sqrt(3) / 2
    expected = ellipsoid(half)
    assert enclosing_ellipsoid(turned(CUBE * [3.0, 4.0, 5.0])) == pytest.approx(expected, rel=1e-6)


def test_ellipsoid_around_points_is_no_larger_than_any_of_many() -> None:
    rng = np.random.default_rng(10)
    points = rng.normal(size=(200, 3)) * [1, 2, 7]
    least = enclosing_ellipsoid(points).volume_mm3
    assert least > convex_hull(points).volume_mm3
    for _ in range(2000):
        shape = np.cov(points.T) * np.exp(rng.normal(0, 0.2, (3, 3)).cumsum(axis=0)[0])
        shape = (shape + shape.T) / 2 + np.eye(3)
        away = points - points.mean(axis=0) - rng.normal(0, 0.1, 3)
        reach = np.einsum("ni,ij,nj->n", away, np.linalg.inv(shape), away).max()
        assert least <= 4 / 3 * math.pi * math.sqrt(np.linalg.det(shape) * reach**3)


def test_the_area_of_the_ibsi_is_that_of_an_ellipsoid_for_a_ball_only() -> None:
    assert ellipsoid(np.array([2.0, 2.0, 2.0])) == pytest.approx((4 / 3 * math.pi * 8, 16 * math.pi), rel=1e-14)
    a, b, c = 5.7, 4.655, 4.27  # about those of the digital phantom, whose area density is 1.36 with a surface of 388 mm2
    area = ellipsoid(np.array([b, c, a])).area_mm2
    true_area = 4 * math.pi * elliprg((a * b) ** 2, (a * c) ** 2, (b * c) ** 2)
    assert area == pytest.approx(true_area * 0.9626, rel=1e-4)
    assert 388 / area == pytest.approx(1.36, abs=0.01)
    assert 388 / true_area < 1.31


def test_centre_of_mass_shift_of_two_plates() -> None:
    values = np.zeros((4, 3, 3))
    values[2:] = 6.0
    values[:2] = 2.0
    found = measure(prepared(values, values > 0), AS_IT_IS).values
    # Centres at 0.5 and 2.5 with weights of 1 and 3: 2.0 instead of 1.5 voxels of 0.9 mm.
    assert found["morphology_centre_of_mass_shift_mm"] == pytest.approx(0.45)
    mesh = found["morphology_mesh_volume_mm3"]
    assert found["morphology_integrated_intensity"] == pytest.approx(4 * mesh)


def test_forms_of_a_ball_approach_those_of_a_sphere() -> None:
    ball = np.square(np.indices((43, 43, 43)) - 21).sum(axis=0) <= 19.5**2
    settings = IbsiSettings(spacing_mm=None, oriented_box=True, enclosing_ellipsoid=True)
    found = measure(prepared(np.arange(ball.size).reshape(ball.shape), ball, settings, (1, 1, 1)), settings).values
    sphericity = found["morphology_sphericity"]
    assert found["morphology_spherical_disproportion"] == pytest.approx(1 / sphericity)
    assert found["morphology_asphericity"] == pytest.approx(1 / sphericity - 1)
    assert found["morphology_compactness_2"] == pytest.approx(sphericity**3)
    assert found["morphology_compactness_1"] == pytest.approx(sphericity**1.5 / (6 * math.pi))
    assert found["morphology_volume_density_axis_aligned_box"] == pytest.approx(math.pi / 6, rel=0.05)
    assert found["morphology_volume_density_oriented_box"] == pytest.approx(math.pi / 6, rel=0.05)
    # No vertex of the mesh lies further out than half a voxel beyond the ball.
    least = found["morphology_mesh_volume_mm3"] / (4 / 3 * math.pi * 20**3)
    for name in ("enclosing_ellipsoid", "convex_hull"):
        assert least < found[f"morphology_volume_density_{name}"] < 1, name
    # Two standard deviations of a ball's voxels along an axis are 2 / sqrt(5) of its radius.
    assert found["morphology_volume_density_approximate_ellipsoid"] == pytest.approx(5**1.5 / 8, rel=0.01)
    assert found["morphology_area_density_approximate_ellipsoid"] == pytest.approx(5 / 4 / sphericity, rel=0.01)
