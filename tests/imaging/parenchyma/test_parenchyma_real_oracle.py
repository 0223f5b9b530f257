"""Organs found in real scans: what is known of them must hold."""

import numpy as np

from radiotype.core import Mask
from radiotype.imaging.parenchyma import find_parenchyma
from radiotype.io import read_mask, read_scan


def found_in(folder, image, mask, modality, **options):
    scan = read_scan(folder / image)
    scan = type(scan)(scan.voxels, scan.grid, modality, slope=scan.slope, intercept=scan.intercept)
    tumour = read_mask(folder / mask, label="any")
    tumour = Mask(tumour.data, scan.grid)
    return scan, tumour, find_parenchyma(scan, tumour, **options)


def test_lung_around_a_nodule_is_all_dark_and_no_bone(shared):
    scan, tumour, found = found_in(shared / "data/imaging/lidc_idri_0314_ct_4raters", "ct_crop.nii.gz", "mask_r1.nii.gz", "CT")
    values = scan.box((0, 0, 0), scan.grid.shape)
    lung = found.mask.data & ~tumour.data
    assert found.doubts == ()
    assert 200e3 < found.mask.volume_mm3 < 270e3  # of a crop of 524 ml
    assert (values[lung] < -400).mean() > 0.9
    assert (values[lung] > 200).mean() < 1e-3
    assert (values[~found.mask.data] < -500).mean() < 0.05


def test_a_skull_stripped_brain_of_a_patient_is_recognised(shared):
    scan, tumour, found = found_in(shared / "data/imaging/upenn_gbm_00002", "t2.nii.gz", "seg.nii.gz", "MR")
    brain = scan.box((0, 0, 0), scan.grid.shape) != 0
    assert found.method == "background of a skull-stripped scan"
    assert found.doubts == ()
    assert 1.4e6 < found.mask.volume_mm3 < 1.55e6
    assert found.mask.data[brain].mean() > 0.999
    assert np.count_nonzero(found.mask.data) < 1.06 * np.count_nonzero(brain)
    assert found.mask.data[tumour.data].all()


def test_a_brain_within_its_skull_is_told_from_the_scalp(shared):
    folder = shared / "data/imaging/pyradiomics_sdist"
    scan, _, found = found_in(folder, "brain1_image.nrrd", "brain1_label.nrrd", "MR")
    values = scan.box((0, 0, 0), scan.grid.shape)
    assert found.doubts == ()
    assert 1.5e6 < found.mask.volume_mm3 < 2.0e6  # a thick-sliced head; drawn by eye some 1.6 litres
    brain, scalp = found.mask.data, values > 1.8 * np.median(values[found.mask.data])
    assert brain[scalp].mean() < 0.12


def test_gland_of_a_breast_is_brighter_than_its_fat_and_holds_the_tumour(shared):
    folder = shared / "data/imaging/mirp_breast_dce_nact_pilot/UCSF-BR-06"
    scan, tumour, found = found_in(folder, "dce_phase0.nii.gz", "tumour_ftv_mask_DERIVED_pe70.nii.gz", "MR", organ="breast")
    values = scan.box((0, 0, 0), scan.grid.shape)
    assert found.method == "fuzzy c-means (bright gland)"
    assert found.doubts == ()
    assert 50e3 < found.mask.volume_mm3 < 150e3
    rest = found.mask.data & ~tumour.data
    assert np.median(values[rest]) > 1.5 * np.median(values[~found.mask.data & (values > 6)])
    voi = read_mask(folder / "voi_fgt_mask.nii.gz").data & ~tumour.data  # gland, and skin, by another threshold
    assert found.mask.data[voi].mean() > 0.3
