"""Real structure sets and segmentations against the same masks as NIfTI or NRRD, and against stated volumes."""

import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_mask, read_masks, read_scan
from radiotype.io.dicom.pixels import DicomVoxels


@pytest.fixture(scope="module")
def imaging(shared):
    return shared / "data" / "imaging"


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.mark.parametrize(("roi", "volume_mm3"), [("Tumor_c40", 67_557), ("LN_c40", 6_406)])
def test_lung_structures_are_those_of_the_nifti(imaging, roi, volume_mm3):
    folder = imaging / "4d_lung_113"
    expected = read_mask(folder / f"{roi}_mask.nii.gz")
    mask = read_mask(folder / "rtstruct.dcm", roi=roi, like=read_scan(folder / "ct_crop.nii.gz", modality="CT"))
    assert dice(mask.data, expected.data) >= 0.999
    assert mask.volume_mm3 == pytest.approx(volume_mm3, abs=1)
    assert not mask.remarks


def test_lung_structures_on_their_dicom_slices_fill_the_same_voxels(imaging):
    folder = imaging / "4d_lung_113"
    scan = read_scan(folder / "dicom_tumor_slices")
    nifti = read_mask(folder / "Tumor_c40_mask.nii.gz")
    mask = read_mask(folder / "rtstruct.dcm", roi="Tumor_*", like=scan)
    assert isinstance(scan.voxels, DicomVoxels)
    # Both grids have the same voxel size; the NIfTI is a crop with reversed axes.
    shift = np.linalg.inv(scan.grid.affine) @ nifti.grid.affine
    place = np.argwhere(nifti.data) @ shift[:3, :3].T + shift[:3, 3]
    assert np.abs(place - np.rint(place)).max() < 0.1
    expected = np.zeros(scan.grid.shape, dtype=bool)
    expected[tuple(np.rint(place).astype(int).T)] = True
    assert expected.sum() == nifti.n_voxels
    assert dice(mask.data, expected) >= 0.99


def test_the_ct_phantom_structure_is_its_nifti_voxel_for_voxel(imaging):
    folder = imaging / "ibsi_data_sets" / "ibsi_1_ct_radiomics_phantom"
    structures = folder / "dicom" / "mask" / "DCM_RS_00060.dcm"
    nifti = read_mask(folder / "nifti" / "mask" / "mask.nii.gz")
    mask = read_mask(structures, roi="GTV-1", like=read_scan(folder / "nifti" / "image" / "phantom.nii.gz"))
    assert (mask.data == nifti.data).all()
    from_series = read_mask(structures, like=read_scan(folder / "dicom" / "image"))
    assert dice(from_series.data, nifti.data) >= 0.999


def test_prostate_segments_lie_on_their_oblique_map(imaging):
    folder = imaging / "qin_prostate_repeatability_seg"
    scan = read_scan(folder / "ADC")
    masks = {mask.label: mask for mask in read_masks(folder / "seg" / "1-1.dcm", like=scan)}
    assert masks["Lesion"].volume_mm3 == pytest.approx(175, abs=0.5)
    assert masks["Prostate"].volume_mm3 == pytest.approx(22_700, abs=2)
    assert all(mask.grid.same_as(scan.grid) for mask in masks.values())
    alone = read_mask(folder / "seg" / "1-1.dcm", roi="Lesion")
    assert alone.n_voxels == masks["Lesion"].n_voxels
    lesion = masks["Lesion"].data
    assert not (lesion & ~masks["Prostate"].data).any()


NRRDS = [
    ("24x38x3/seg/label.seg", 1, "24x38x3/nrrd/label.nrrd", 1),
    ("23x38x3/seg/label.seg", 1, "23x38x3/nrrd/label.nrrd", 1),
    ("liver.dcm", 1, "liver_seg.nrrd", 1),
    ("partial_overlaps.dcm", 1, "partial_overlaps-1.nrrd", 1),
    ("partial_overlaps.dcm", 2, "partial_overlaps-2.nrrd", 2),
    ("partial_overlaps.dcm", 3, "partial_overlaps-3.nrrd", 3),
    ("partial_overlaps.dcm", 4, "partial_overlaps-1.nrrd", 4),
    ("partial_overlaps.dcm", 5, "partial_overlaps-1.nrrd", 5),
    ("sparse-labelmap-noppv.dcm", 1, "sparse_labelmap_noppv_seg.nrrd", 1),
    ("sparse-labelmap-ppv5.dcm", 1, "sparse_labelmap_ppv5_seg.nrrd", 1),
]


@pytest.mark.parametrize(("segmentation", "segment", "nrrd", "label"), NRRDS)
def test_segments_are_those_of_the_nrrd_voxel_for_voxel(imaging, segmentation, segment, nrrd, label):
    folder = imaging / "dcmqi_seg_tests"
    expected = read_mask(folder / nrrd, label=label)
    mask = read_mask(folder / segmentation, label=segment)
    assert mask.grid.same_as(expected.grid)
    assert (mask.data == expected.data).all()


def test_segments_lie_on_the_slices_of_their_images(imaging):
    folder = imaging / "dcmqi_seg_tests"
    scan = read_scan(folder / "ct-3slice")
    for number in range(1, 6):
        alone = read_mask(folder / "partial_overlaps.dcm", label=number)
        assert (read_mask(folder / "partial_overlaps.dcm", label=number, like=scan).data == alone.data).all()
    for size in ("23x38x3", "24x38x3"):
        scan = read_scan(folder / size / "image")
        nrrd = read_mask(folder / size / "nrrd" / "label.nrrd")
        assert (read_mask(folder / size / "seg" / "label.seg", like=scan).data == nrrd.data).all()


@pytest.mark.parametrize(
    "name", ["ct_binary", "ct_binary_fractional", "ct_true_fractional", "ct_binary_overlap", "ct_binary_single_frame"]
)
def test_segments_are_those_that_highdicom_reads(imaging, name):
    import highdicom

    path = imaging / "highdicom_test_files" / f"seg_image_{name}.dcm"
    read = highdicom.seg.segread(path)
    for number, mask in zip(read.segment_numbers, read_masks(path), strict=True):
        volume = read.get_volume(segment_numbers=[number], rescale_fractional=False, allow_missing_positions=True)
        array = volume.array[..., 0] if volume.array.ndim == 4 else volume.array
        inside = np.argwhere(array >= (128 if "fractional" in name else 1))
        # highdicom keeps (slice, row, column) and its own affine; both name the same places in the patient.
        places = inside @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        ours = np.argwhere(mask.data) @ mask.grid.affine[:3, :3].T + mask.grid.affine[:3, 3]
        assert mask.n_voxels == len(inside)
        assert np.unique(places.round(2), axis=0) == pytest.approx(np.unique(ours.round(2), axis=0), abs=0.02)


@pytest.mark.parametrize(
    ("name", "code"),
    [("sm_control", "RT211"), ("sm_control_labelmap", "RT211"), ("sm_dots_tiled_full", "RT211"), ("cr_binary", "RT207")],
)
def test_segmentations_without_a_place_in_the_patient_are_refused(imaging, name, code):
    with pytest.raises(InputError) as caught:
        read_masks(imaging / "highdicom_test_files" / f"seg_image_{name}.dcm")
    assert caught.value.code == code
