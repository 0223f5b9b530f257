"""What the tests of the family share: a way to measure an array."""

from __future__ import annotations

import numpy as np

from radiotype.core import Features, Grid, Mask, Scan
from radiotype.features import CaptkSettings, FeatureSettings, describe

AS_STORED = CaptkSettings(spacing_mm=None)


def captk(values, inside, *, spacing=(1.0, 1.0, 1.0), affine=None, settings=AS_STORED) -> Features:
    """The features of one region, on the voxels as they are unless settings say otherwise; names as in `Features`."""
    values, inside = np.asarray(values), np.asarray(inside, dtype=bool)
    grid = Grid(values.shape, np.diag([*spacing, 1.0]) if affine is None else affine)
    return describe(Scan(values, grid, "MR"), Mask(inside, grid), "captk", settings=FeatureSettings(captk=settings))


def blob(*, at_border: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Integer values, and an irregular region with a hole and an island, away from all borders or cut by two."""
    rng = np.random.default_rng(11)
    shape = (26, 24, 22)
    index = np.indices(shape)
    values = np.rint(30 + 20 * np.sin(index[0] / 3) + 9 * rng.normal(size=shape))
    middle = (3, 12, 2) if at_border else (13, 12, 11)
    place = np.moveaxis(index, 0, -1) - np.array(middle)
    inside = (place**2 / [36.0, 30.0, 20.0]).sum(axis=-1) + 0.2 * np.sin(index[1]) < 1
    inside[middle] = False
    inside[20, 20, 18] = inside[20, 19, 18] = True
    return values, inside
