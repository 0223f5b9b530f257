"""Simulated scans whose organ tissue is known, and how well it was found."""

import numpy as np
from scipy import ndimage

from radiotype.core import Grid, Mask, Scan
from radiotype.simulate.organs import ORGANS
from radiotype.simulate.tumours import draw_phantom, draw_tumour

#: Distance from the middle to each end of a phantom, mm.
HALF_MM = 40.0


def phantom(organ, seed, spacing=(1.33, 1.33, 1.33)):
    """Scan, tumour and true organ tissue."""
    rng = np.random.default_rng(seed)
    axes = tuple(np.arange(-HALF_MM, HALF_MM + 1e-6, step) for step in spacing)
    tumour = draw_tumour(1 + seed % 4, rng)
    drawn = draw_phantom(tumour, next(one for one in ORGANS if one.cancer_type == organ), axes, rng)
    grid = Grid(drawn.values.shape, np.diag([*spacing, 1.0]))
    modality = {"lung": "CT", "brain": "MR", "breast": "SER"}[organ]
    return Scan(drawn.values.astype(np.float32), grid, modality), Mask(drawn.tumour, grid), drawn.parenchyma


def dice(one, other):
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def ring(tumour, mm=10.0):
    """What lies within so many mm of the tumour."""
    distance = ndimage.distance_transform_edt(~tumour.data, sampling=tumour.grid.spacing_mm)
    return (distance > 0) & (distance <= mm)


def turned(scan, tumour, order, flips):
    """The same patient, stored along other axes."""
    affine = scan.grid.affine.copy()
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (scan.grid.shape[axis] - 1)
            affine[:3, axis] *= -1
    affine[:3, :3] = affine[:3, :3][:, order]
    index = tuple(slice(None, None, -1 if flip else 1) for flip in flips)

    def of(array):
        return np.ascontiguousarray(array[index].transpose(order))

    values = of(scan.data)
    grid = Grid(values.shape, affine)
    return Scan(values, grid, scan.modality), Mask(of(tumour.data), grid), of
