"""A mask brought to another grid: what was changed on the way stands in its remarks."""

import numpy as np
import pytest
from region_files import turned

from radiotype.core import Mask
from radiotype.errors import InputError
from radiotype.io.regrid import mask_to_grid

FINE = turned((12, 10, 8), (1.0, 1.0, 1.0))


def block(low, high, grid=FINE, **more):
    data = np.zeros(grid.shape, dtype=bool)
    data[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = True
    return Mask(data, grid, **more)


def test_the_same_grid_gives_the_same_mask():
    mask = block((2, 2, 2), (6, 6, 6))
    assert mask_to_grid(mask, FINE) is mask


def test_resampling_is_remarked_and_earlier_remarks_stay():
    mask = block((2, 2, 2), (6, 6, 6), remarks=("2 open contours or points ignored",))
    moved = mask_to_grid(mask, turned((24, 20, 16), (0.5, 0.5, 0.5), origin=(-10.25, 4.75, 29.75)))
    assert moved.n_voxels == 8 * 64
    assert moved.remarks == (
        "2 open contours or points ignored",
        "resampled to the grid of the scan by nearest neighbour: 64.0 to 64.0 mm3",
    )


def test_a_mask_half_outside_the_scan_says_so():
    mask = block((2, 2, 2), (6, 6, 6))
    moved = mask_to_grid(mask, FINE.cropped((4, 0, 0), (12, 10, 8)))
    assert moved.n_voxels == 32
    assert moved.remarks == (
        "resampled to the grid of the scan by nearest neighbour: 64.0 to 32.0 mm3",
        "32 of 64 voxels cut at the border of the scan",
    )


def test_a_mask_that_leaves_a_turned_scan_is_counted_by_voxel_centres():
    mask = block((0, 0, 0), (12, 10, 8))
    grid = turned((6, 6, 4), (1.5, 1.5, 1.5), (0.0, 0.0, np.pi / 2), origin=(-2.0, 8.0, 31.0))
    centres = np.argwhere(mask.data) @ FINE.affine[:3, :3].T + FINE.affine[:3, 3]
    index = (centres - grid.affine[:3, 3]) @ np.linalg.inv(grid.affine[:3, :3]).T
    outside = ((index < -0.5) | (index >= np.array(grid.shape) - 0.5)).any(axis=1).sum()
    assert 0 < outside < 960
    assert mask_to_grid(mask, grid).remarks[-1] == f"{outside} of 960 voxels cut at the border of the scan"


def test_a_mask_beyond_the_scan_is_refused():
    with pytest.raises(InputError, match="RT204"):
        mask_to_grid(block((0, 0, 0), (2, 2, 2)), FINE.cropped((4, 4, 4), (12, 10, 8)))
