"""Pictures show the patient the right way round, whatever the order of the voxels."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.imaging.body import body
from radiotype.imaging.planes import three_planes


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, -1)])
def test_left_is_right_anterior_and_head_are_up(order, flips):
    shape_lps, spacing = (40, 44, 36), np.array([1.0, 0.9, 1.5])
    image = np.zeros(shape_lps, dtype=np.int16)
    mask = np.zeros(shape_lps, dtype=bool)
    mask[18:22, 20:24, 16:20] = True
    image[30:, 20:24, 16:20] = 400  # towards the patient's left
    image[18:22, :10, 16:20] = 300  # towards anterior
    image[18:22, 20:24, 28:] = 200  # towards the head
    affine = np.eye(4)
    for own, patient in enumerate(order):
        affine[:3, own] = 0
        affine[patient, own] = spacing[patient] * flips[own]
    take = tuple(slice(None, None, flip) for flip in flips)
    stored, region = (np.ascontiguousarray(a.transpose(order)[take]) for a in (image, mask))
    grid = Grid(stored.shape, affine)
    planes = three_planes(Scan(stored, grid, "CT"), Mask(region, grid))
    axial, coronal, sagittal = (planes[f"image_{name}"].astype(int) for name in ("axial", "coronal", "sagittal"))
    bright = [value.max() for value in (axial[:, -8:], axial[:8], coronal[:6], sagittal[:, :8])]
    grey = [round((hu + 1000) / 1400 * 255) for hu in (400, 300, 200, 300)]
    assert bright == grey
    assert planes["spacing_axial"] == pytest.approx([0.9, 1.0])
    assert planes["spacing_coronal"] == pytest.approx([1.5, 1.0])
    assert planes["spacing_sagittal"] == pytest.approx([1.5, 0.9])
    assert planes["mask_axial"].sum() == 16


def test_large_regions_are_thinned_to_the_largest_picture():
    grid = Grid((400, 400, 3), np.eye(4))
    region = np.ones(grid.shape, dtype=bool)
    planes = three_planes(Scan(np.zeros(grid.shape, dtype=np.int16), grid, "CT"), Mask(region, grid))
    assert max(planes["image_axial"].shape) <= 160
    assert planes["spacing_axial"] == pytest.approx([3.0, 3.0])


def test_body_is_lung_and_tissue_but_not_air():
    values = np.full((20, 20, 20), -1000.0)
    values[:, 6:] = -850.0
    values[:, 12:] = 40.0
    tumour = np.zeros(values.shape, dtype=bool)
    tumour[10, 14, 10] = True
    found = body(values, tumour, "CT")
    assert not found[:, :5].any()
    assert found[:, 7:].all()
    values[0, 15, 0] = np.nan
    assert not body(values, tumour, "CT")[0, 15, 0]


@pytest.mark.parametrize(("modality", "tissue", "air"), [("PT", 0.5, 0.01), ("SER", 0.5, 0.0), ("MR", 60.0, 20.0)])
def test_body_of_other_modalities(modality, tissue, air):
    values = np.full((12, 12, 12), air)
    values[6:] = tissue
    tumour = np.zeros(values.shape, dtype=bool)
    tumour[9, 6, 6] = True
    values[9, 6, 6] = 300.0 if modality == "MR" else tissue
    found = body(values, tumour, modality)
    assert found[8:].all()
    assert not found[:5].any()


@pytest.mark.parametrize(("modality", "threshold"), [("CT", -950.0), ("PT", 0.05), ("SER", 0.02)])
def test_body_begins_at_the_threshold_of_its_modality(modality, threshold):
    values = np.repeat(threshold + np.linspace(-0.01, 0.01, 21), 3)[:, None, None] * np.ones((1, 4, 4))
    tumour = np.zeros(values.shape, dtype=bool)
    tumour[62, 0, 0] = True
    assert np.flatnonzero(body(values, tumour, modality)[1::3, 2, 2]).tolist() in (list(range(10, 21)), list(range(11, 21)))


@pytest.mark.parametrize("median", [0.0, -0.4])
def test_without_a_positive_median_everything_finite_is_body(median):
    values = np.full((9, 9, 9), -2.0)
    tumour = np.zeros(values.shape, dtype=bool)
    tumour[4, 4, 4] = True
    values[4, 4, 4], values[0, 0, 0] = median, np.nan
    expected = np.isfinite(values)
    assert (body(values, tumour, "MR") == expected).all()
