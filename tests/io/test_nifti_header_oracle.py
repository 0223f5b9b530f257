"""NIfTI headers read by ourselves: all that nibabel says of any header, and refused where nibabel refuses."""

import gzip
import io

import nibabel
import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.nifti_header import read_nifti_header

TYPES = ["u1", "i2", "i4", "f4", "f8", "i1", "u2", "u4", "i8", "u8"]
MM = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}


def header(kind, rng):
    """A header of random placement, type, scaling, unit and byte order."""
    head = kind(endianness=rng.choice(["<", ">"]))
    shape = tuple(rng.integers(1, 90, rng.integers(1, 6)).tolist())
    head.set_data_shape(shape)
    head.set_data_dtype(rng.choice(TYPES))
    head["pixdim"][1:4] = rng.choice([0.7, 1, 2.5, 0, -3], 3)
    head["pixdim"][0] = rng.choice([-1, 1, 0, 3])
    head["qform_code"], head["sform_code"] = rng.integers(0, 8, 2) * rng.integers(0, 2, 2)
    for name, place in zip("bcd", rng.normal(size=3) * rng.choice([0, 0.3, 0.7]), strict=True):
        head[f"quatern_{name}"] = place
    if rng.random() < 0.3:  # half a turn: the fourth number is zero but for rounding
        half = rng.normal(size=3)
        head["quatern_b"], head["quatern_c"], head["quatern_d"] = half / np.linalg.norm(half)
    for name in ("qoffset_x", "qoffset_y", "qoffset_z"):
        head[name] = rng.normal() * 100
    for name in ("srow_x", "srow_y", "srow_z"):
        head[name] = rng.normal(size=4)
    head["scl_slope"], head["scl_inter"] = rng.choice([0, 1, 2.5, np.nan, np.inf]), rng.choice([0, -1024, 7.25, np.nan])
    head["vox_offset"] = rng.choice([0, 1, 1, 2]) * 16 + head.single_vox_offset
    head.set_xyzt_units(rng.choice(list(MM)), "sec")
    return head


@pytest.mark.parametrize("kind", [nibabel.Nifti1Header, nibabel.Nifti2Header])
@pytest.mark.parametrize("compressed", [False, True])
def test_it_says_what_nibabel_says(kind, compressed, tmp_path):
    rng = np.random.default_rng(5)
    path, refused = tmp_path / ("a.nii.gz" if compressed else "a.nii"), 0
    for _ in range(400):
        raw = header(kind, rng).binaryblock
        path.write_bytes(gzip.compress(raw) if compressed else raw)
        try:
            expected = kind(raw)
            affine, (slope, intercept) = expected.get_best_affine(), expected.get_slope_inter()
        except (nibabel.spatialimages.HeaderDataError, ValueError):
            refused += 1
            with pytest.raises(InputError, match=r"RT209.*scaling|RT207.*quaternion"):
                read_nifti_header(path, compressed=compressed)
            continue
        found = read_nifti_header(path, compressed=compressed)
        assert found.shape == expected.get_data_shape()
        assert found.dtype == expected.get_data_dtype()
        assert found.dtype.str == expected.get_data_dtype().newbyteorder(expected.endianness).str
        assert found.offset == expected.get_data_offset()
        assert (found.slope, found.intercept) == (slope or 1.0, intercept or 0.0)
        assert found.mm_per_unit == MM[expected.get_xyzt_units()[0]]
        np.testing.assert_array_equal(found.affine, affine)
        codes = int(expected["qform_code"]), int(expected["sform_code"])
        assert (found.sform is None) == (codes[1] == 0)
        if codes[0] and found.qform is not None:
            np.testing.assert_array_equal(found.qform, expected.get_qform())
    assert 10 < refused < 200


def changed(kind=nibabel.Nifti1Header, cut=None, **fields):
    head = kind()
    head.set_data_shape((4, 4, 4))
    head["vox_offset"] = head.single_vox_offset
    raw = head.structarr.copy()
    for name, value in fields.items():
        raw[name] = value
    return raw.tobytes()[:cut]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (changed(cut=347), r"RT202.*does not begin"),
        (changed(sizeof_hdr=349), r"RT202.*does not begin"),
        (changed(nibabel.Nifti2Header, cut=400), r"RT202.*does not begin"),
        (changed(magic=b"ni1"), r"RT210"),
        (changed(nibabel.Nifti2Header, magic=b"n+1"), r"RT210"),
        (changed(nibabel.Nifti2Header, eol_check=(10, 26, 10, 10)), r"RT202.*transfer as text"),
        (changed(dim=(0, 4, 4, 4, 1, 1, 1, 1)), r"RT209.*0 axes"),
        (changed(dim=(8, 4, 4, 4, 1, 1, 1, 1)), r"RT209.*8 axes"),
        (changed(dim=(3, 4, -4, 4, 1, 1, 1, 1)), r"RT209"),
        (changed(datatype=128), r"RT202.*RGB"),
        (changed(datatype=77), r"RT202.*type 77"),
        (changed(xyzt_units=5), r"RT207.*unit"),
        (changed(vox_offset=348), r"RT209.*begin where they cannot"),
        (changed(vox_offset=-16), r"RT209.*begin where they cannot"),
        (changed(vox_offset=np.nan), r"RT209.*begin where they cannot"),
        (changed(vox_offset=2.0**30), r"RT209.*begin where they cannot"),
        (changed(qform_code=1, quatern_b=0.9, quatern_c=0.9), r"RT207.*quaternion"),
        (changed(scl_slope=1, scl_inter=np.inf), r"RT209.*scaling"),
        (changed(sform_code=1, srow_x=np.inf), r"RT207"),
    ],
)
def test_numbers_that_cannot_be_are_refused(raw, reason, tmp_path):
    (tmp_path / "a.nii").write_bytes(raw + bytes(1000 if len(raw) in (348, 540) else 0))
    with pytest.raises(InputError, match=reason) as caught:
        read_scan(tmp_path / "a.nii")
    assert caught.value.file == tmp_path / "a.nii"


def test_voxels_follow_the_header_where_it_does_not_say_where_they_begin(tmp_path):
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    file = io.BytesIO(nibabel.Nifti1Image(voxels, np.eye(4)).to_bytes())
    raw = bytearray(file.getvalue())
    raw[108:112] = bytes(4)
    (tmp_path / "a.nii").write_bytes(raw)
    assert (read_scan(tmp_path / "a.nii").data == voxels).all()
