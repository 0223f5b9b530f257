"""Pictures show the patient the right way round, whatever the order of the voxels."""

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.imaging.body import body
from radiotype.imaging.margins import MarginRegions
from radiotype.imaging.planes import three_planes


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, -1), (1, -1, -1)])
def test_left_is_right_anterior_and_head_are_up(order, flips):
    shape_lps, spacing = (40, 44, 36), np.array([1.0, 0.9, 1.5])
    image = np.full(shape_lps, -800, dtype=np.int16)
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
    assert not any("region" in name for name in planes)
    # core to the left, invasive margin to the right, one band in front, one above
    labels = np.where(mask, np.where(np.indices(shape_lps)[0] >= 20, 1, 2), 0).astype(np.uint8)
    labels[18:22, 15:20, 16:20], labels[18:22, 20:24, 20:25] = 3, 4
    turned = np.ascontiguousarray(labels.transpose(order)[take])
    part = MarginRegions(turned, grid, (5.0, 10.0)).on(grid.cropped((2, 2, 2), tuple(n - 2 for n in grid.shape)))
    shown = three_planes(Scan(stored, grid, "CT"), Mask(region, grid), part)
    assert {name: array.tobytes() for name, array in planes.items()}.items() <= {
        n: a.tobytes() for n, a in shown.items()
    }.items()
    assert shown["region_names"].tolist() == ["core", "invasive", "parenchymal_5mm", "parenchymal_10mm"]
    for plane in ("axial", "coronal", "sagittal"):
        found = shown[f"regions_{plane}"]
        assert found.dtype == np.uint8
        assert (((found == 1) | (found == 2)) == shown[f"mask_{plane}"]).all()
    axial = {n: np.argwhere(shown["regions_axial"] == n).mean(axis=0) for n in (1, 2, 3)}
    coronal = {n: np.argwhere(shown["regions_coronal"] == n).mean(axis=0) for n in (1, 4)}
    assert axial[1][1] > axial[2][1]  # the patient's left is on the right
    assert axial[3][0] < axial[1][0]  # anterior is up
    assert coronal[4][0] < coronal[1][0]  # the head is up


def test_skin_and_couch_are_no_lung():
    image = np.full((60, 60, 60), 40, dtype=np.int16)
    image[:, :12], image[:, 12:15] = -1000, -800  # air, and skin that is partly air
    mask = np.zeros(image.shape, dtype=bool)
    mask[25:35, 25:35, 25:35] = True
    grid = Grid(image.shape, np.eye(4))
    assert three_planes(Scan(image, grid, "CT"), Mask(mask, grid))["image_axial"].max() == round(255 * 200 / 400)
    image[:, 12:30] = -800  # lung that the tumour touches
    assert three_planes(Scan(image, grid, "CT"), Mask(mask, grid))["image_axial"].max() == round(255 * 1040 / 1400)


@pytest.mark.parametrize(("around", "window"), [(-850, (-1000, 400)), (-1000, (-160, 240)), (-100, (-160, 240))])
def test_ct_is_seen_in_the_window_of_lung_or_of_soft_tissue(around, window):
    image = np.full((40, 40, 40), around, dtype=np.int16)
    image[15:25, 15:25, 15:25] = 40
    grid = Grid(image.shape, np.eye(4))
    planes = three_planes(Scan(image, grid, "CT"), Mask(image == 40, grid))
    grey = [255 * (np.clip(hu, *window) - window[0]) / (window[1] - window[0]) for hu in (around, 40)]
    assert np.unique(planes["image_axial"]).tolist() == sorted(round(one) for one in grey)


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
