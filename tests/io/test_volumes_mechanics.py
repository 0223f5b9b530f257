"""Reading volumes: geometry, stored types, and refusals that name the file."""

import gzip

import nibabel
import numpy as np
import pytest
import SimpleITK

from radiotype.core import Grid, Mask
from radiotype.errors import InputError
from radiotype.io import read_mask, read_masks, read_scan
from radiotype.io.regrid import mask_to_grid

AFFINE_LPS = np.array([[0.0, -0.9, 0, 11], [0.8, 0, 0, -7], [0, 0, -2.5, 40], [0, 0, 0, 1]])
VOXELS = np.random.default_rng(3).integers(-1000, 1000, (7, 6, 5)).astype(np.int16)


def write_nifti(path, voxels=VOXELS, affine=AFFINE_LPS, **scaling):
    image = nibabel.Nifti1Image(voxels, np.diag([-1, -1, 1, 1]) @ affine)
    if scaling:
        image.header.set_slope_inter(**scaling)
    nibabel.save(image, path)
    return path


def write_itk(path, voxels=VOXELS, affine=AFFINE_LPS, compress=True):
    image = SimpleITK.GetImageFromArray(voxels.transpose(2, 1, 0))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    SimpleITK.WriteImage(image, str(path), useCompression=compress)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.nrrd", "a.mha"])
def test_every_format_gives_the_same_voxels_in_the_same_place(tmp_path, name):
    path = tmp_path / name
    (write_nifti if "nii" in name else write_itk)(path)
    scan = read_scan(path, modality="CT")
    assert scan.grid.same_as(Grid((7, 6, 5), AFFINE_LPS))
    assert scan.grid.affine == pytest.approx(AFFINE_LPS, abs=1e-5)
    assert scan.data.dtype.kind == "i"
    assert scan.data.dtype.itemsize == 2
    assert (scan.data == VOXELS).all()
    assert scan.unit == "HU"


def test_nifti_scaling_is_applied_to_the_box_and_not_to_the_stored_voxels(tmp_path):
    path = tmp_path / "a.nii.gz"
    image = nibabel.Nifti1Image(VOXELS, np.eye(4))
    image.header.set_slope_inter(0.5, -3.0)
    image.to_filename(path)
    raw = bytearray(gzip.decompress(path.read_bytes()))
    stored = np.frombuffer(raw[352:], dtype=np.int16).reshape(VOXELS.shape, order="F")
    scan = read_scan(path)
    assert (scan.data == stored).all()
    assert scan.box((0, 0, 0), (7, 6, 5)) == pytest.approx(stored * 0.5 - 3.0)


def test_big_endian_and_micrometre_nifti_are_read(tmp_path):
    image = nibabel.Nifti1Image(VOXELS.astype(">i2"), np.diag([500.0, 500.0, 500.0, 1]))
    image.header.set_xyzt_units("micron")
    swapped = image.__class__(image.dataobj, image.affine, image.header.as_byteswapped(">"))
    nibabel.save(swapped, tmp_path / "a.nii")
    scan = read_scan(tmp_path / "a.nii")
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.5, 0.5))
    assert scan.box((0, 0, 0), (7, 6, 5)) == pytest.approx(VOXELS)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd"])
def test_phases_come_first_and_are_asked_for_by_number(tmp_path, name):
    series = np.stack([VOXELS, VOXELS + 1, VOXELS + 2])
    if name == "a.nii.gz":
        write_nifti(tmp_path / name, np.moveaxis(series, 0, 3))
    else:
        image = SimpleITK.JoinSeries([SimpleITK.GetImageFromArray(one.transpose(2, 1, 0)) for one in series])
        SimpleITK.WriteImage(image, str(tmp_path / name))
    assert read_scan(tmp_path / name).n_phases == 3
    assert (read_scan(tmp_path / name, phase=2).data == VOXELS + 2).all()
    with pytest.raises(InputError, match="RT212") as caught:
        read_scan(tmp_path / name, phase=3)
    assert caught.value.file == tmp_path / name


def test_a_missing_file_an_empty_file_a_folder_and_a_strange_suffix_are_refused(tmp_path):
    (tmp_path / "empty.nii").write_bytes(b"")
    (tmp_path / "folder.nii").mkdir()
    (tmp_path / "a.docx").write_bytes(b"x")
    for name, code in (
        ("no.nii", "RT201"),
        ("no_suffix", "RT201"),
        ("empty.nii", "RT202"),
        ("folder.nii", "RT202"),
        ("a.docx", "RT211"),
    ):
        with pytest.raises(InputError) as caught:
            read_scan(tmp_path / name)
        assert caught.value.code == code
        assert caught.value.file == tmp_path / name


def test_a_volume_cut_short_is_refused_before_or_while_its_voxels_are_read(tmp_path):
    whole = write_nifti(tmp_path / "a.nii").read_bytes()
    packed = write_nifti(tmp_path / "b.nii.gz").read_bytes()
    nrrd = write_itk(tmp_path / "c.nrrd").read_bytes()
    (tmp_path / "a.nii").write_bytes(whole[:-10])
    (tmp_path / "b.nii.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "c.nrrd").write_bytes(nrrd[: len(nrrd) // 2])
    with pytest.raises(InputError, match="RT209"):
        read_scan(tmp_path / "a.nii")
    for name in ("b.nii.gz", "c.nrrd"):
        with pytest.raises(InputError) as caught:
            read_scan(tmp_path / name).box((0, 0, 0), (7, 6, 5))
        assert caught.value.file == tmp_path / name
        assert name not in caught.value.found


def test_a_header_that_claims_more_than_its_file_holds_is_refused_before_memory_is_taken(tmp_path):
    image = nibabel.Nifti1Image(VOXELS, np.eye(4))
    nibabel.save(image, tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[42:48] = np.array([32767, 32767, 32767], dtype="<i2").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(raw))
    for name in ("a.nii", "a.nii.gz"):
        with pytest.raises(InputError, match="RT209"):
            read_scan(tmp_path / name)


def test_a_header_that_points_at_another_file_is_refused(tmp_path):
    (tmp_path / "secret.txt").write_bytes(b"x" * 8)
    head = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: secret.txt\n\n"
    (tmp_path / "a.nrrd").write_text(head)
    (tmp_path / "a.mha").write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = secret.txt\n"
    )
    for name in ("a.nrrd", "a.mha"):
        with pytest.raises(InputError, match="RT210"):
            read_scan(tmp_path / name)


def test_colour_voxels_are_refused(tmp_path):
    rgb = np.zeros((2, 2, 2), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(rgb, np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(InputError, match="RT202"):
        read_scan(tmp_path / "a.nii")
    SimpleITK.WriteImage(SimpleITK.Image([2, 2, 2], SimpleITK.sitkVectorUInt8, 3), str(tmp_path / "a.nrrd"))
    with pytest.raises(InputError, match="RT207"):
        read_scan(tmp_path / "a.nrrd")


# masks


def labels():
    data = np.zeros((7, 6, 5), dtype=np.uint8)
    data[1:3, 1:3, 1:3] = 1
    data[4:6, 1:3, 1:3] = 2
    return data


def test_labels_are_taken_one_by_one_joined_or_all(tmp_path):
    path = write_nifti(tmp_path / "m.nii.gz", labels())
    assert read_mask(path, label=2).n_voxels == 8
    assert read_mask(path, label="any").n_voxels == 16
    assert [mask.label for mask in read_masks(path)] == ["1", "2"]
    with pytest.raises(InputError, match="RT205"):
        read_mask(path)
    with pytest.raises(InputError, match=r"label 3 is not in the mask; it holds 1, 2"):
        read_mask(path, label=3)
    with pytest.raises(InputError, match="RT205"):
        read_mask(path, label="two")


def test_a_mask_stored_as_floating_point_is_read_when_it_holds_whole_numbers(tmp_path):
    path = write_nifti(tmp_path / "m.nii.gz", (labels() == 1).astype(np.float32))
    assert read_mask(path).n_voxels == 8
    path = write_nifti(tmp_path / "p.nii.gz", labels().astype(np.float32) * 0.3)
    with pytest.raises(InputError, match="not whole numbers"):
        read_mask(path)
    path = write_nifti(tmp_path / "n.nii.gz", np.where(labels() == 1, np.nan, 0).astype(np.float32))
    with pytest.raises(InputError, match="not whole numbers"):
        read_mask(path)


def test_an_empty_mask_an_image_and_a_series_are_no_masks(tmp_path):
    with pytest.raises(InputError, match="RT204"):
        read_mask(write_nifti(tmp_path / "e.nii.gz", labels() * 0))
    with pytest.raises(InputError, match="looks like an image"):
        read_mask(write_nifti(tmp_path / "i.nii.gz", VOXELS))
    with pytest.raises(InputError, match="RT212"):
        read_mask(write_nifti(tmp_path / "s.nii.gz", np.stack([labels(), labels()], axis=3)))


def test_a_mask_on_another_grid_than_its_scan_is_refused_and_names_the_file(tmp_path):
    scan = read_scan(write_nifti(tmp_path / "a.nii.gz"))
    other = AFFINE_LPS.copy()
    other[0, 3] += 5
    path = write_nifti(tmp_path / "m.nii.gz", labels(), other)
    with pytest.raises(InputError, match="RT203") as caught:
        read_mask(path, label=1, like=scan)
    assert caught.value.file == path
    assert "origin (11.00" in str(caught.value)
    assert "origin (16.00" in str(caught.value)


def test_a_ball_brought_to_a_finer_oblique_grid_keeps_its_volume():
    coarse = Grid((40, 40, 40), np.diag([1.0, 1.0, 1.0, 1.0]))
    x = np.indices(coarse.shape) - 20
    ball = Mask((x**2).sum(axis=0) <= 12**2, coarse)
    c, s = np.cos(0.3), np.sin(0.3)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) * 0.5
    affine[:3, 3] = np.array([20, 20, 20]) - affine[:3, :3] @ [30, 30, 30]
    moved = mask_to_grid(ball, Grid((61, 61, 61), affine))
    assert moved.volume_mm3 == pytest.approx(ball.volume_mm3, rel=0.01)
    assert mask_to_grid(ball, coarse) is ball
    away = np.eye(4)
    away[:3, 3] = 500
    with pytest.raises(InputError, match="RT204"):
        mask_to_grid(ball, Grid((10, 10, 10), away))


def test_a_label_that_leaves_the_scan_costs_only_itself_when_masks_are_resampled(tmp_path):
    from radiotype.core import Grid
    from radiotype.core.volume import Scan
    from radiotype.io.masks import read_masks_nearest

    labels = np.zeros((8, 8, 8), dtype=np.uint8)
    labels[1:4, 1:4, 1:4], labels[6:, 6:, 6:] = 1, 2
    path = tmp_path / "labels.nii.gz"
    nibabel.save(nibabel.Nifti1Image(labels, np.diag([-1.0, -1, 1, 1])), path)
    scan = Scan(np.zeros((5, 5, 5), dtype=np.int16), Grid((5, 5, 5), np.eye(4)))
    (mask,) = read_masks_nearest(path, scan)
    assert (mask.label, mask.n_voxels) == ("1", 27)
    assert mask.remarks[-1] == "1 other regions of the file left out (RT204)"
    with pytest.raises(InputError, match="RT204"):
        read_masks_nearest(path, scan, label=2)
