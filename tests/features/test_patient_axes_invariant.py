"""The order in which a file stores its axes changes no feature of the same anatomy."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features import FeatureSettings, MarginSettings, describe

SPACING = np.array([0.9, 1.1, 2.5])
ORDERS = {"axial": (0, 1, 2), "sagittal": (1, 2, 0), "coronal": (0, 2, 1), "swapped": (1, 0, 2), "cyclic": (2, 0, 1)}


def anatomy(order, flips):
    """One irregular tumour, stored with the patient's axes in `order` and reversed where a flip is -1."""
    rng = np.random.default_rng(3)
    shape = (40, 36, 20)
    x, y, z = (np.indices(shape) - (np.array(shape)[:, None, None, None] - 1) / 2) * SPACING[:, None, None, None]
    tumour = (x / 11) ** 2 + (y / 6 + z / 20) ** 2 + (z / 16) ** 2 + 0.2 * np.sin(x) < 1
    image = (np.where(tumour, 40, -800) + rng.normal(0, 60, shape)).astype(np.int16)
    affine = np.eye(4)
    affine[:3, :3] = 0
    for own, patient in enumerate(order):
        affine[patient, own] = SPACING[patient] * flips[own]
    take = tuple(slice(None, None, flip) for flip in flips)
    image, tumour = (np.ascontiguousarray(array.transpose(order)[take]) for array in (image, tumour))
    grid = Grid(image.shape, affine)
    return Scan(image, grid, "CT"), Mask(tumour, grid), Mask(np.ones(grid.shape, dtype=bool), grid)


def measured(order, flips):
    scan, mask, parenchyma = anatomy(order, flips)
    settings = FeatureSettings(margin=MarginSettings(definition="authors_code"))
    return describe(scan, mask, parenchyma=parenchyma, settings=settings)


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1)])
@pytest.mark.parametrize("order", list(ORDERS.values()), ids=list(ORDERS))
def test_a_series_stored_along_other_axes_gives_the_same_values(order, flips):
    axial = measured((0, 1, 2), (1, 1, 1))
    other = measured(order, flips)
    assert dict(other.values) == pytest.approx(dict(axial.values), rel=1e-9, abs=1e-12)
    assert dict(other.flags) == pytest.approx(dict(axial.flags), rel=1e-9, abs=1e-12)


def test_the_axial_diameter_of_a_rod_along_the_body_is_its_width():
    grid = Grid((5, 5, 20), np.array([[0, 0, 1.0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]))  # k to the left
    rod = np.zeros(grid.shape, dtype=bool)
    rod[2, 2, :] = True  # left to right: it lies within an axial plane
    scan = Scan(np.zeros(grid.shape), grid, "CT")
    assert describe(scan, Mask(rod, grid), ["morphology"]).values["maximum_axial_diameter_mm"] == 20
    upright = np.zeros(grid.shape, dtype=bool)
    upright[:, 2, 2] = True
    assert describe(scan, Mask(upright, grid), ["morphology"]).values["maximum_axial_diameter_mm"] == 1


def test_each_axis_has_its_own_spacing():
    grid = Grid((9, 9, 9), np.diag([0.5, 1.0, 3.0, 1.0]))
    box = np.zeros(grid.shape, dtype=bool)
    box[1:7, 2:6, 3:5] = True
    values = describe(Scan(np.zeros(grid.shape), grid, "CT"), Mask(box, grid), ["morphology"]).values
    # vertices stand half a voxel outside along one axis: 3 by 3 mm along I, 2.5 by 4 mm along J
    assert values["maximum_axial_diameter_mm"] == pytest.approx(max(np.hypot(3.0, 3.0), np.hypot(2.5, 4.0)))
    # the variance of 0 ... n-1 is (n^2 - 1) / 12; 48 / 47 turns it into the estimate with n - 1
    lengths = [4 * step * np.sqrt((n * n - 1) / 12 * 48 / 47) for n, step in ((6, 0.5), (4, 1.0), (2, 3.0))]
    names = ("major_axis_length_mm", "minor_axis_length_mm", "least_axis_length_mm")
    assert [values[name] for name in names] == pytest.approx(sorted(lengths, reverse=True))
