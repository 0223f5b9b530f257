"""Distances are those of scipy, to the byte."""

import numpy as np
import pytest
from scipy import ndimage

from radiotype.imaging.distances import distances_inside


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0), (2.5, 0.31, 1.1)])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_distances_are_those_of_scipy(spacing_mm, share):
    where = np.random.default_rng(0).random((14, 23, 9)) < share
    where[3, 4, 5] = False
    expected = ndimage.distance_transform_edt(where, sampling=spacing_mm)
    assert distances_inside(where, spacing_mm).tobytes() == expected.tobytes()
