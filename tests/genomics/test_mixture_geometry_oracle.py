"""Spatial medians, hulls and projections against optima, closed forms and SciPy's qhull."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.spatial import ConvexHull

from radiotype.errors import ComputeError
from radiotype.genomics._mixture_geometry import (
    GeneSpace,
    corners_of_hull,
    fewer_corners,
    middling_norm,
    not_isolated,
    spatial_median,
)


def distances(points, centre):
    return np.sqrt(((points - centre) ** 2).sum(axis=1))


@pytest.mark.parametrize(("n", "d"), [(3, 2), (20, 1), (21, 1), (40, 9), (30, 60), (500, 3)])
def test_no_point_has_a_smaller_sum_of_distances_than_the_spatial_median(n, d):
    points = np.random.default_rng(n + d).gamma(0.5, size=(n, d))
    centre = spatial_median(points)
    found = minimize(lambda c: distances(points, c).sum(), points.mean(axis=0), options={"gtol": 1e-9})
    assert distances(points, centre).sum() <= found.fun * (1 + 1e-12)
    away = distances(points, centre)
    if away.min() > 1e-9:  # the unit vectors to all points cancel
        assert np.linalg.norm(((points - centre) / away[:, None]).sum(axis=0)) < 1e-9 * n


def test_spatial_medians_of_closed_form():
    square = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    np.testing.assert_allclose(spatial_median(square), [1.0, 1.0], atol=1e-12)
    angle = 2 * np.pi / 3 * np.arange(3)  # the point of Fermat: it sees the sides under 120 degrees
    spread = np.column_stack([np.cos(angle), np.sin(angle)]) * [[1.0], [5.0], [0.3]] + 7
    np.testing.assert_allclose(spatial_median(spread), [7.0, 7.0], atol=1e-9)


def test_the_median_may_be_one_of_the_points():
    heavy = np.array([[5.0, 5.0]] * 6 + [[0.0, 0.0], [9.0, 1.0], [1.0, 8.0]])
    np.testing.assert_allclose(spatial_median(heavy), [5.0, 5.0], atol=1e-9)
    wide = np.array([[0.0, 0.0], [1.0, 0.1], [-1.0, 0.1]])  # an angle above 120 degrees
    np.testing.assert_allclose(spatial_median(wide), [0.0, 0.0], atol=1e-6)
    np.testing.assert_array_equal(spatial_median(np.full((4, 3), 2.0)), [2.0, 2.0, 2.0])


@pytest.mark.parametrize(("n", "d"), [(12, 2), (30, 3), (40, 5)])
def test_corners_of_the_hull_are_those_of_qhull(n, d):
    points = np.random.default_rng(d).normal(size=(n, d))
    np.testing.assert_array_equal(corners_of_hull(points), np.sort(ConvexHull(points).vertices))


def test_flat_points_have_corners_too():
    line = np.outer([0.0, 1.0, 2.0, 5.0, -3.0], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(corners_of_hull(line), [3, 4])


def test_fewer_corners_are_those_that_matter():
    triangle = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    blunt = np.array([[5.01, 5.01], [-0.01, 4.0], [4.0, -0.01]])
    np.testing.assert_array_equal(fewer_corners(np.vstack([blunt, triangle]), 3), [3, 4, 5])


def test_axes_are_those_of_what_varies_beyond_the_mean():
    random = np.random.default_rng(2)
    genes = random.gamma(1.0, size=(200, 6)) + random.normal(size=(200, 1)) ** 2 * [1, 5, 1, 0, 2, 3]
    space = GeneSpace.of(genes, 4)
    np.testing.assert_allclose(space.axes @ space.axes.T, np.eye(4), atol=1e-12)
    centred = genes - genes.mean(axis=0)
    centred -= centred.mean(axis=1, keepdims=True)
    _, _, vectors = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(space.axes[1:] * vectors[:3], axis=1)), 1.0, rtol=1e-9)
    # a line from 0 through a gene meets the plane where it has the same direction
    back = space.axes[:1] + space.perspective(genes)[:3] @ space.axes[1:]
    onto = genes[:3] @ space.axes.T @ space.axes
    np.testing.assert_allclose(back / np.linalg.norm(back, axis=1)[:, None], onto / np.linalg.norm(onto, axis=1)[:, None])


def test_samples_that_are_all_alike_have_no_space():
    genes = np.outer(np.arange(1.0, 30.0), np.ones(4))
    with pytest.raises(ComputeError, match="all samples have the same expression"):
        GeneSpace.of(genes, 3)


def test_weak_strong_silent_and_lonely_genes_take_no_part():
    lengths = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 100.0])
    genes = lengths[:, None] * np.array([[0.6, 0.8]])
    np.testing.assert_array_equal(middling_norm(genes, (0.0, 1.0)), lengths > 0)
    np.testing.assert_array_equal(middling_norm(genes, (0.2, 0.8)), [False, True, True, True, True, False])
    points = np.vstack([np.random.default_rng(4).normal(size=(99, 2)), [[30.0, 30.0]]])
    np.testing.assert_array_equal(np.flatnonzero(~not_isolated(points, 0.01)), [99])
    assert not_isolated(points, 0.0).all()
