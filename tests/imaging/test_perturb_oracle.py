"""A deformed mask is displaced by what was asked for, as smoothly as was asked for, and is the one a plain program makes."""

import numpy as np
import pytest
from scipy import ndimage

from radiotype.core import Grid, Mask
from radiotype.imaging.perturb import MAX_AMOUNT, _faces, _field, deform

OBLIQUE = np.linalg.qr(np.array([[2.0, 0.3, -0.2], [0.1, 2.0, 0.5], [0.4, -0.6, 2.0]]))[0]


def ball(radius_mm, spacing_mm, margin_mm=6.0):
    """A ball in the middle of its grid."""
    steps = np.array(spacing_mm)
    n = 2 * np.ceil((radius_mm + margin_mm) / steps).astype(int) + 1
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(n - 1) / 2 * steps
    grid = Grid(tuple(n), affine)
    x = np.moveaxis(np.indices(grid.shape), 0, -1) * steps + affine[:3, 3]
    return Mask(np.sum(x**2, axis=-1) < radius_mm**2, grid)


def directions(n):
    """Points spread evenly over the unit sphere."""
    z = 1 - (2 * np.arange(n) + 1) / n
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(n)
    return np.column_stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z])


def radii_mm(mask, towards, longest_mm):
    """How far the region reaches from the centre in each direction, mm."""
    steps = np.arange(0, longest_mm, 0.05) + 0.025
    points = (towards[:, None] * steps[:, None]).reshape(-1, 3)
    index = np.rint((points - mask.grid.origin_mm) / mask.grid.spacing_mm).astype(int)
    return mask.data[tuple(index.T)].reshape(len(towards), -1).sum(axis=1) * 0.05


@pytest.mark.parametrize(
    ("spacing_mm", "amount_mm", "smoothness_mm"), [((0.5, 0.5, 0.5), 1.0, 5.0), ((0.5, 0.5, 1.0), 1.6, 8.0)]
)
def test_the_surface_moves_along_its_normal_by_the_amount(spacing_mm, amount_mm, smoothness_mm):
    mask, towards = ball(14, spacing_mm), directions(600)
    before = radii_mm(mask, towards, 19)
    squares = []
    for seed in range(20):
        moved = deform(mask, amount_mm=amount_mm, smoothness_mm=smoothness_mm, seed=seed)
        squares.append(np.mean((radii_mm(moved, towards, 19) - before) ** 2))
    # 1 of 20 fields: some 30 independent patches, so the root of 20 means lies within 5 % of the expected
    assert np.sqrt(np.mean(squares)) == pytest.approx(amount_mm, rel=0.1)


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0)])
def test_the_root_mean_square_over_the_surface_is_exact(spacing_mm):
    mask = ball(9, spacing_mm)
    field = _field(mask, 0.8, 5.0, np.random.default_rng(3))
    faces, areas = _faces(mask)
    cubic = np.sum(areas[:, None] * field.at(faces) ** 2) / (3 * areas.sum())
    assert np.sqrt(cubic) == pytest.approx(0.8, rel=1e-12)
    shadows = [2 * np.count_nonzero(mask.data.any(axis=axis)) * np.prod(spacing_mm) / spacing_mm[axis] for axis in range(3)]
    assert areas.sum() == pytest.approx(sum(shadows))  # a ball of voxels has the surface of its six shadows


def determinants(mask, amount_mm, smoothness_mm, seed):
    """By what `deform` scales volumes, at every face of the surface; not above 0 where the surface folds."""
    field = _field(mask, amount_mm, smoothness_mm, np.random.default_rng(seed))
    sines = np.sin((_faces(mask)[0] - field.origin_mm) @ field.waves.T + field.phases)
    gradient = -np.einsum("pn,ni,nj->pij", sines, field.amplitudes, field.waves, optimize=True)
    return np.linalg.det(np.eye(3) - gradient)


@pytest.mark.parametrize("radius_mm", [8, 14])
def test_the_surface_hardly_ever_folds_at_the_largest_amount_and_does_beyond(radius_mm):
    mask = ball(radius_mm, (1.0, 1.0, 1.0))
    at, beyond = (
        sum(determinants(mask, share * 5, 5.0, seed).min() <= 0 for seed in range(100)) for share in (MAX_AMOUNT, 0.25)
    )
    assert at <= 2 < beyond


@pytest.mark.parametrize("apart_mm", [0.0, 2.0, 5.0, 10.0])
def test_displacements_agree_as_stated(apart_mm):
    mask = ball(12, (2.0, 2.0, 2.0))
    points = np.array([[1.0, 2.0, 3.0], [1.0, 2.0 + apart_mm, 3.0]])
    products = []
    for seed in range(1000):
        here, there = _field(mask, 1.0, 5.0, np.random.default_rng(seed)).at(points)
        products.append(here @ there / 3)
    assert np.mean(products) == pytest.approx(np.exp(-(apart_mm**2) / 50), abs=0.08)


def test_a_plain_program_makes_the_same_mask():
    affine = np.eye(4)
    affine[:3, :3] = OBLIQUE * np.array([0.8, 1.1, 2.5])
    affine[:3, 3] = [-30.0, 12.0, 400.0]
    random = np.random.default_rng(8)
    blob = ndimage.gaussian_filter(random.normal(size=(40, 36, 24)), 2.0) > 0.03
    blob[:8], blob[-8:], blob[:, :8], blob[:, -8:], blob[:, :, :5], blob[:, :, -5:] = (False,) * 6
    mask = Mask(blob, Grid(blob.shape, affine))
    field = _field(mask, 0.7, 4.0, np.random.default_rng(11))

    at = np.argwhere(np.ones(blob.shape, dtype=bool))
    place = at @ affine[:3, :3].T + affine[:3, 3]
    waves = [np.cos((place - field.origin_mm) @ wave + phase) for wave, phase in zip(field.waves, field.phases, strict=True)]
    back = np.linalg.solve(affine[:3, :3], (place - np.array(waves).T @ field.amplitudes - affine[:3, 3]).T).T
    below = np.floor(back).astype(int)
    fraction = np.zeros(len(at))
    for corner in np.ndindex(2, 2, 2):
        index = below + corner
        inside = np.all((index >= 0) & (index < blob.shape), axis=1)
        weight = np.prod(1 - np.abs(back - index), axis=1)
        fraction[inside] += weight[inside] * blob[tuple(index[inside].T)]
    expected = np.zeros(blob.size, dtype=bool)
    expected[np.argsort(-fraction)[: round(fraction.sum())]] = True

    found = deform(mask, amount_mm=0.7, smoothness_mm=4.0, seed=11)
    assert np.count_nonzero(found.data.ravel() != expected) <= 2  # single precision may exchange two voxels at the threshold
    assert np.count_nonzero(found.data != blob) > 0.2 * mask.n_voxels


@pytest.mark.parametrize(("radius_mm", "spacing_mm"), [(1.2, (1.0, 1.0, 1.0)), (3.0, (1.0, 1.0, 1.0)), (3.0, (0.7, 0.7, 2.5))])
def test_volume_stays_the_same_on_average(radius_mm, spacing_mm):
    mask = ball(radius_mm, spacing_mm, 8.0)
    volumes = np.array([deform(mask, amount_mm=0.6, seed=seed).n_voxels for seed in range(300)])
    error = volumes.std() / np.sqrt(len(volumes))
    assert error < 0.02 * mask.n_voxels
    assert abs(volumes.mean() - mask.n_voxels) < 3 * error
