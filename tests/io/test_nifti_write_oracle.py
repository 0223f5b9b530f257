"""NIfTI files that we write are read by nibabel and SimpleITK as what was written."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
import SimpleITK
from scipy.spatial.transform import Rotation

from radiotype.core import Grid
from radiotype.errors import ComputeError, StoreError
from radiotype.io import read_scan
from radiotype.io.nifti_write import LPS_TO_RAS, nifti_bytes, write_nifti

RANDOM = np.random.default_rng(7)


def oblique(mirrored):
    axes = Rotation.from_euler("xyz", RANDOM.uniform(-180, 180, 3), degrees=True).as_matrix()
    affine = np.eye(4)
    affine[:3, :3] = axes * RANDOM.uniform(0.4, 5, 3) * ([1, 1, -1] if mirrored else [1, 1, 1])
    affine[:3, 3] = RANDOM.uniform(-300, 300, 3)
    return Grid((5, 4, 3), affine)


def by_nibabel(stored, grid, step):
    affine = LPS_TO_RAS @ grid.affine
    image = nibabel.Nifti1Image(stored, affine)
    image.header.set_data_dtype(stored.dtype)
    image.header.set_slope_inter(step, 0.0)
    image.header.set_xyzt_units("mm", "sec")
    image.set_qform(affine, code=1)
    image.set_sform(affine, code=1)
    return image


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_nibabel_writes_the_same_header_and_voxels(dtype, mirrored):
    for step in (1.0, 0.25):
        grid, stored = oblique(mirrored), RANDOM.integers(0, 100, (5, 4, 3)).astype(dtype)
        ours, theirs = nifti_bytes(stored, grid, step=step), by_nibabel(stored, grid, step).to_bytes()
        assert len(ours) == len(theirs) and ours[352:] == theirs[352:]
        quaternion = slice(256, 268)
        assert ours[:256] == theirs[:256] and ours[268:352] == theirs[268:352]
        found, expected = (np.frombuffer(content[quaternion], "<f4") for content in (ours, theirs))
        np.testing.assert_allclose(found, expected, atol=3e-7)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_every_reader_gets_what_was_written_and_bytes_do_not_change(tmp_path, ending):
    grid, stored = oblique(mirrored=False), RANDOM.integers(-900, 900, (5, 4, 3)).astype(np.int16)
    first, second = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    for path in (first, second):
        write_nifti(path, stored, grid, step=0.5)
    assert first.read_bytes() == second.read_bytes()
    scan, image = read_scan(first), nibabel.load(first)
    np.testing.assert_array_equal(scan.box((0, 0, 0), grid.shape), stored * 0.5)
    np.testing.assert_allclose(scan.grid.affine, grid.affine, rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(image.get_fdata(), stored * 0.5)
    np.testing.assert_allclose(image.get_qform(), LPS_TO_RAS @ grid.affine, rtol=1e-5, atol=1e-4)
    itk = SimpleITK.ReadImage(first)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(itk).T, stored * 0.5)
    np.testing.assert_allclose(itk.GetOrigin(), grid.affine[:3, 3], atol=1e-4)


@pytest.mark.parametrize("stored", [np.zeros((2, 1, 1), np.int64), np.zeros((1, 1, 2), np.uint8)])
def test_voxels_that_the_file_cannot_hold_are_refused(tmp_path, stored):
    with pytest.raises(ComputeError, match=r"RT305: the voxels have .* expected \(2, 1, 1\) and one of uint8"):
        write_nifti(tmp_path / "a.nii", stored, Grid((2, 1, 1), np.eye(4)))
    assert not any(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match="RT401"):
        write_nifti(tmp_path / "none" / "a.nii", np.zeros((1, 1, 1), np.uint8), Grid((1, 1, 1), np.eye(4)))
