"""Our NRRD and MetaImage reader against SimpleITK, and against headers written by hand."""

import gzip
import os

import numpy as np
import pytest
import SimpleITK

from radiotype.errors import InputError
from radiotype.io import read_scan

AFFINE = np.array([[0.0, -0.9, 0, 11], [0.8, 0, 0, -7], [0, 0, -2.5, 40], [0, 0, 0, 1]])


def through_simpleitk(path):
    image = SimpleITK.ReadImage(os.fspath(path))
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), affine


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_every_type_and_compression_reads_as_simpleitk_reads_it(tmp_path, suffix, compress, dtype):
    voxels = np.random.default_rng(1).integers(0, 100, (7, 6, 5)).astype(dtype)
    image = SimpleITK.GetImageFromArray(voxels.transpose(2, 1, 0))
    spacing = np.linalg.norm(AFFINE[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(AFFINE[:3, 3].tolist())
    image.SetDirection((AFFINE[:3, :3] / spacing).ravel().tolist())
    path = tmp_path / f"a{suffix}"
    SimpleITK.WriteImage(image, str(path), useCompression=compress)
    scan = read_scan(path)
    assert scan.data.dtype == dtype
    assert (scan.data == voxels).all()
    assert scan.grid.affine == pytest.approx(through_simpleitk(path)[1], abs=1e-12)


def nrrd(*lines, voxels=None, head="type: short\nencoding: raw\nendian: little\n"):
    data = (np.arange(24, dtype="<i2") if voxels is None else voxels).tobytes(order="F")
    return b"NRRD0005\n" + (head + "\n".join(lines)).encode() + b"\n\n" + data


@pytest.mark.parametrize(
    "lines",
    [
        ("dimension: 3", "sizes: 2 3 4"),
        ("dimension: 3", "sizes: 2 3 4", "spacings: 0.5 0.6 2", "axis mins: 1 2 3"),
        ("dimension: 3", "sizes: 2 3 4", "spacings: 0.5 0.6 2", "axis mins: 1 2 3", "centers: node node node"),
        ("dimension: 3", "sizes: 2 3 4", "space: right-anterior-superior", "space directions: (1,0,0) (0,2,0) (0,0,3)"),
        ("dimension: 3", "sizes: 2 3 4", "space: LAS", "space directions: (0,1,0) (-2,0,0) (0,0,3)", "space origin: (4,-5,6)"),
        ("dimension: 3", "sizes: 2 3 4", "space dimension: 3", "space directions: (1,0,0) (0,1,0) (0,0,1)"),
        ("# by hand", "name:=Someone", "dimension: 3", "sizes: 2 3 4", "kinds: domain domain domain"),
    ],
)
def test_headers_written_by_hand_are_placed_as_simpleitk_places_them(tmp_path, lines):
    path = tmp_path / "a.nrrd"
    path.write_bytes(nrrd(*lines))
    voxels, affine = through_simpleitk(path)
    scan = read_scan(path)
    assert (scan.data == voxels).all()
    assert scan.grid.affine == pytest.approx(affine, abs=1e-12)


def test_windows_line_ends_big_endian_and_gzip_are_read(tmp_path):
    numbers = np.arange(24, dtype=">i2")
    head = "NRRD0004\ntype: int16\ndimension: 3\nsizes: 2 3 4\nendian: big\nencoding: gzip\n\n".replace("\n", "\r\n")
    (tmp_path / "a.nrrd").write_bytes(head.encode() + gzip.compress(numbers.tobytes()))
    assert (read_scan(tmp_path / "a.nrrd").data == numbers.reshape((2, 3, 4), order="F")).all()


def test_a_list_axis_counts_the_phases_wherever_it_stands(tmp_path):
    first = np.arange(48, dtype="<i2").reshape((2, 2, 3, 4), order="F")
    vectors = "(1,0,0) (0,1,0) (0,0,2)"
    cases = {
        "first": (first, f"space directions: none {vectors}", "kinds: list domain domain domain", "sizes: 2 2 3 4"),
        "last": (
            np.moveaxis(first, 0, 3),
            f"space directions: {vectors} none",
            "kinds: domain domain domain list",
            "sizes: 2 3 4 2",
        ),
    }
    for name, (voxels, *lines) in cases.items():
        path = tmp_path / f"{name}.nrrd"
        path.write_bytes(nrrd("dimension: 4", "space: LPS", *lines, voxels=voxels))
        scan = read_scan(path)
        assert scan.n_phases == 2
        assert (scan.data == first).all()
        assert scan.grid.spacing_mm == (1, 1, 2)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("dimension: 3", "sizes: 3 2 4", "kinds: RGB-color domain domain", "space directions: none (1,0,0) (0,1,0)"), "RT207"),
        (("dimension: 4", "sizes: 3 2 2 2", "kinds: vector domain domain domain"), "RT207"),
        (("dimension: 3", "sizes: 2 3 4", "line skip: 1"), "RT211"),
        (("dimension: 2", "sizes: 2 3 4"), "RT209"),
        (("dimension: 3", "sizes: 2 3 -4"), "RT209"),
        (("dimension: 3", "sizes: 2 3 4", "sizes: 2 3 4"), "RT209"),
        (("dimension: 3", "sizes: 2 3 4", "spacings: 1 nan 1"), "RT207"),
        (("dimension: 3", "sizes: 2 3 4", "spacings: 1 1"), "RT207"),
        (("dimension: 3", "sizes: 2 3 4", "space: elsewhere", "space directions: (1,0,0) (0,1,0) (0,0,1)"), "RT211"),
        (("dimension: 3", "sizes: 2 3 4", "space: LPS", "space directions: (1,0,0) (0,x,0) (0,0,1)"), "RT207"),
        (("dimension: 3", "sizes: 2 3 4", 'space units: "cm" "cm" "cm"'), "RT207"),
        (("dimension: 3", "sizes: 20 30 40"), "RT209"),
    ],
)
def test_headers_that_cannot_be_placed_are_refused(tmp_path, lines, code):
    (tmp_path / "a.nrrd").write_bytes(nrrd(*lines))
    with pytest.raises(InputError) as caught:
        read_scan(tmp_path / "a.nrrd")
    assert caught.value.code == code
    assert caught.value.file == tmp_path / "a.nrrd"


@pytest.mark.parametrize("name", ["data file", "DATA FILE", "datafile"])
@pytest.mark.parametrize("target", ["secret.raw", "/etc/hostname", "../secret.raw", "LIST\nsecret.raw", "link.raw", "LOCAL"])
def test_voxels_in_another_file_are_refused_whatever_its_name(tmp_path, name, target):
    (tmp_path / "case").mkdir()
    for folder in (tmp_path, tmp_path / "case"):
        (folder / "secret.raw").write_bytes(b"SECRETXX")
    (tmp_path / "case" / "link.raw").symlink_to(tmp_path / "secret.raw")
    path = tmp_path / "case" / "a.nrrd"
    path.write_bytes(nrrd("dimension: 3", "sizes: 2 2 2", f"{name}: {target}", head="type: uint8\nencoding: raw\n"))
    with pytest.raises(InputError, match="RT210"):
        read_scan(path)
    head = "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile"
    for sign in "=:":
        path.with_suffix(".mha").write_text(f"{head} {sign} {target}\n12345678")
        if target == "LOCAL":
            assert read_scan(path.with_suffix(".mha")).data.tobytes(order="F") == b"12345678"
        else:
            with pytest.raises(InputError, match="RT210"):
                read_scan(path.with_suffix(".mha"))


def test_pairs_of_header_and_data_are_refused_with_what_to_do(tmp_path):
    for name in ("a.hdr", "a.img", "a.mhd", "a.nhdr"):
        (tmp_path / name).write_bytes(b"x" * 400)
        with pytest.raises(InputError, match=r"RT211[\s\S]*must become one file"):
            read_scan(tmp_path / name)
