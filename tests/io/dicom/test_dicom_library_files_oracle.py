"""Pixels of the files that pydicom carries for its own tests, written by scanners and other programs."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from radiotype.errors import InputError
from radiotype.io.dicom import read_header
from radiotype.io.dicom.frames import Frame
from radiotype.io.dicom.pixels import DicomVoxels, require_pixels
from radiotype.io.dicom.stack import Plane

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"


def first_frame(name):
    """The first frame (rows, columns) of a file, whether or not it says where it lies."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"this pydicom does not carry {name}")
    one = read_header(path)
    require_pixels(one)
    return DicomVoxels(((Plane(one, one.frames[0] if one.frames else Frame(0)),),)).read()[..., 0].T


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_padded.dcm",
        "examples_overlay.dcm",
        "image_dfl.dcm",
        "rtdose.dcm",
        "rtdose_expb.dcm",
        "rtdose_rle.dcm",
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "JPEGLSNearLossless_08.dcm",
        "JPEGLSNearLossless_16.dcm",
        "693_J2KI.dcm",
        "JPEG2000.dcm",
        "J2K_pixelrep_mismatch.dcm",
    ],
)
def test_pixels_are_those_that_pydicom_decodes(name):
    data = first_frame(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pydicom.dcmread(FOLDER / name).pixel_array
    assert (data == (expected[0] if expected.ndim == 3 else expected)).all()


@pytest.mark.parametrize("name", ["MR_small_implicit.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm"])
def test_every_encoding_of_one_image_gives_its_numbers(name):
    assert (first_frame(name) == first_frame("MR_small.dcm")).all()


def test_extended_jpeg_of_twelve_bits_gives_the_values_pydicom_publishes():
    data = first_frame("JPEG-lossy.dcm")
    assert data.shape == (1024, 256)
    # pydicom, tests/pixels/pixels_reference.py, JPEG-lossy.dcm
    assert (data[420, 140], data[230, 120]) == (244, 95)
    assert np.abs(data.astype(int) - first_frame("JPGExtended.dcm")).max() == 0


def test_a_truncated_file_and_pictures_are_refused():
    with pytest.raises(InputError, match=r"RT209.*claims 8,192 bytes of voxels, the file holds 8,130"):
        first_frame("MR_truncated.dcm")
    with pytest.raises(InputError, match=r"RT202.*3 samples per pixel"):
        first_frame("SC_rgb_rle.dcm")
    with pytest.raises(InputError, match=r"RT202.*palette"):
        first_frame("examples_palette.dcm")
    with pytest.raises(InputError, match=r"RT209.*ends within its header"):
        read_header(FOLDER / "rtplan_truncated.dcm")
