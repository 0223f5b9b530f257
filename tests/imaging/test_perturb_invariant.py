"""What must not change a deformation: the order of the voxels, the place of the patient, the size of the voxels."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask
from radiotype.imaging.perturb import _field, deform

AFFINE = np.array([[0.9, 0, 0, -12], [0, 0.9, 0, 30], [0, 0, 2.0, 50], [0, 0, 0, 1.0]])


@pytest.fixture
def mask():
    x, y, z = (np.indices((30, 28, 16)) - np.array([15, 13, 8])[:, None, None, None]) * AFFINE[[0, 1, 2], [0, 1, 2]][
        :, None, None, None
    ]
    return Mask((x / 8) ** 2 + (y / 6) ** 2 + (z / 7) ** 2 + 0.2 * np.sin(x) < 1, Grid((30, 28, 16), AFFINE))


def moved(mask, seed=5):
    return deform(mask, amount_mm=1.0, seed=seed).data


def test_one_seed_gives_one_mask_and_another_seed_another(mask):
    assert np.array_equal(moved(mask), moved(mask))
    assert np.array_equal(moved(mask), moved(mask, np.random.SeedSequence(5)))
    assert np.count_nonzero(moved(mask) != moved(mask, 6)) > 0.1 * mask.n_voxels


@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_order_and_sense_of_the_axes_do_not_matter(mask, order):
    flip = AFFINE.copy()
    flip[:3, 3] += flip[:3, 0] * (mask.grid.shape[0] - 1)
    flip[:3, 0] *= -1
    turned = flip[:, [*order, 3]]
    data = mask.data[::-1].transpose(order)
    other = Mask(data, Grid(data.shape, turned))
    assert np.array_equal(moved(other), moved(mask)[::-1].transpose(order))


def test_place_does_not_matter(mask):
    far = AFFINE.copy()
    far[:3, 3] += [512.0, -256.0, 128.0]
    assert np.array_equal(moved(Mask(mask.data, Grid(mask.grid.shape, far))), moved(mask))
    wider = Mask(np.pad(mask.data, ((3, 0), (5, 1), (0, 4))), mask.grid.cropped((-3, -5, 0), (30, 29, 20)))
    assert np.array_equal(moved(wider)[3:, 5:-1, :-4], moved(mask))


def test_voxels_of_half_the_size_are_displaced_in_the_same_way(mask):
    fine = AFFINE.copy()
    fine[:3, :3] /= 2
    fine[:3, 3] -= np.diag(fine)[:3] / 2
    data = mask.data.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    fine_mask = Mask(data, Grid(data.shape, fine))
    points = np.random.default_rng(1).uniform([-10, 32, 50], [14, 54, 80], (50, 3))
    here, there = (_field(one, 1.0, 5.0, np.random.default_rng(5)).at(points) for one in (mask, fine_mask))
    assert here == pytest.approx(there, rel=0.02)
    halved = moved(fine_mask)
    assert halved.sum() / 8 == pytest.approx(moved(mask).sum(), rel=0.01)
    share = halved.reshape(30, 2, 28, 2, 16, 2).mean(axis=(1, 3, 5))
    whole = (share == 0) | (share == 1)
    assert np.array_equal(share[whole] == 1, moved(mask)[whole])


def test_no_amount_is_no_change(mask):
    assert deform(mask, amount_mm=0, seed=1) is mask
    assert np.array_equal(deform(mask, amount_mm=1e-9, seed=1).data, mask.data)


def test_a_result_keeps_what_was_known_of_the_mask(mask):
    named = Mask(mask.data, mask.grid, "7", "tumour.nii.gz", ("2 open contours ignored",))
    found = deform(named, amount_mm=1.0, seed=1)
    assert (found.label, found.source, found.remarks) == ("7", "tumour.nii.gz", ("2 open contours ignored",))
    assert found.grid is mask.grid
