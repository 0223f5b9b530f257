"""The region that maps are tested on, without random numbers."""

import numpy as np

from radiotype.core import Grid, Mask, Scan

SPACING_MM = (1.0, 1.5, 2.0)
SHAPE = (9, 8, 7)


def image() -> np.ndarray:
    i, j, k = np.indices(SHAPE)
    return ((7 * i * i + 11 * j + 13 * k + 3 * i * j + 5 * j * k * k) % 97 * 2 + 10).astype(np.int16)


def inside() -> np.ndarray:
    i, j, k = np.indices(SHAPE)
    return (i - 4) ** 2 + (j - 3.5) ** 2 + (k - 3) ** 2 < 10


def case() -> tuple[Scan, Mask]:
    grid = Grid(SHAPE, np.diag([*SPACING_MM, 1.0]))
    return Scan(image(), grid), Mask(inside(), grid)
