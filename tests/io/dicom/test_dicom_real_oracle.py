"""Real series against their NIfTI, or against another reader."""

import numpy as np
import pytest
import SimpleITK

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import series_of


@pytest.fixture(scope="module")
def imaging(shared):
    return shared / "data" / "imaging"


def by_simpleitk(folder):
    """Voxels (I, J, K), affine (LPS) of a series as SimpleITK reads it."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), affine


def whole(scan):
    return scan.box((0, 0, 0), scan.grid.shape)


def test_the_ct_phantom_equals_its_nifti_voxel_for_voxel(imaging):
    folder = imaging / "ibsi_data_sets" / "ibsi_1_ct_radiomics_phantom"
    scan = read_scan(folder / "dicom" / "image")
    nifti = read_scan(folder / "nifti" / "image" / "phantom.nii.gz", modality="CT")
    assert scan.grid.same_as(nifti.grid)
    assert scan.grid.affine == pytest.approx(nifti.grid.affine, abs=1e-4)
    assert (whole(scan) == whole(nifti)).all()


@pytest.mark.parametrize(
    "series", ["4d_lung_113/dicom_tumor_slices", "qin_prostate_repeatability_seg/ADC", "dcmqi_seg_tests/ct-3slice"]
)
def test_a_series_equals_what_simpleitk_reads(imaging, series):
    scan = read_scan(imaging / series)
    data, affine = by_simpleitk(imaging / series)
    assert scan.grid.affine == pytest.approx(affine, abs=1e-3)
    assert (whole(scan) == data).all()


def test_lung_slices_of_a_phase_are_a_ct_in_hounsfield_units(imaging):
    scan = read_scan(imaging / "4d_lung_113" / "dicom_tumor_slices" / "1-40.dcm")
    assert scan.grid.shape == (512, 512, 34)
    assert scan.grid.spacing_mm == pytest.approx((0.9766, 0.9766, 3.0))
    assert (scan.modality, scan.unit, scan.data.dtype) == ("CT", "HU", np.uint16)
    assert whole(scan).min() == -1000


def test_the_prostate_map_is_oblique(imaging):
    scan = read_scan(imaging / "qin_prostate_repeatability_seg" / "ADC")
    assert (scan.modality, scan.unit) == ("MR", "1")
    assert scan.grid.direction[0, 1] == pytest.approx(-0.0540488, abs=1e-6)
    assert np.linalg.det(scan.grid.direction) == pytest.approx(1)


@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
def test_a_legacy_converted_multiframe_file_equals_its_single_frames(imaging, name):
    one = read_scan(imaging / "dcmqi_seg_tests" / name / "multiframe" / "mf.dcm")
    many = read_scan(imaging / "dcmqi_seg_tests" / name / "image")
    assert one.grid.same_as(many.grid)
    assert (one.data == many.data).all()


def test_one_file_of_a_mixed_folder_is_one_series(imaging):
    folder = imaging / "highdicom_test_files"
    scan = read_scan(folder / "ct_image.dcm")
    assert scan.grid.shape == (128, 128, 1)
    assert scan.grid.spacing_mm == pytest.approx((0.661468, 0.661468, 5.0))
    assert (
        scan.data[64, 64, 0] == SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "ct_image.dcm")))[0, 64, 64] + 1024
    )
    with pytest.raises(InputError, match=r"RT202.*the folder holds \d+ series"):
        read_scan(folder)


def test_what_is_no_volume_is_refused(imaging):
    folder = imaging / "highdicom_test_files"
    for name in ("sm_image.dcm", "dx_image.dcm", "seg_image_ct_binary.dcm", "sr_document.dcm"):
        with pytest.raises(InputError):
            series_of(folder / name).scan()
