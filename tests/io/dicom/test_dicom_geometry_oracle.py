"""Where the voxels of a series lie: hand-computed positions for every arrangement of slices (geometry suite G1-G12)."""

import numpy as np
import pytest

from radiotype.core import Grid
from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import group_series, read_header, series_of

# PixelSpacing of the maker is [0.8, 0.5]: 0.8 mm between rows, 0.5 mm between columns; slices lie 3 mm apart.
PLAIN = Grid((5, 6, 4), np.array([[0.5, 0, 0, -10], [0, 0.8, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1.0]]))


def voxel_at(scan, point_mm):
    """Value of the voxel whose centre is at a patient position."""
    i, j, k = np.rint(np.linalg.inv(scan.grid.affine) @ [*point_mm, 1])[:3].astype(int)
    return scan.data[i, j, k]


def test_columns_rows_and_slices_lie_where_the_file_says(maker, volume):
    maker.slices(volume)
    scan = read_scan(maker.folder)
    assert scan.grid.shape == (5, 6, 4)
    assert scan.grid.affine == pytest.approx(PLAIN.affine)
    assert (scan.modality, scan.unit, scan.slope, scan.intercept) == ("CT", "HU", 1.0, -1024.0)
    assert scan.data.dtype == np.int16
    assert (scan.data == volume.transpose(2, 1, 0)).all()
    # Column 3, row 2, slice 1: x = -10 + 3 * 0.5, y = 20 + 2 * 0.8, z = 30 + 3.
    assert voxel_at(scan, (-8.5, 21.6, 33.0)) == volume[1, 2, 3]
    assert scan.box((3, 2, 1), (4, 3, 2)).item() == volume[1, 2, 3] - 1024


def test_spacing_comes_from_positions_and_not_from_the_thickness(maker, volume):
    maker.slices(volume, step=(0, 0, 1.25))  # SliceThickness says 7
    assert read_scan(maker.folder).grid.spacing_mm == pytest.approx((0.5, 0.8, 1.25))


def test_a_reversed_stack_gives_the_same_scan(maker, volume):
    maker.slices(volume[::-1], origin=(-10, 20, 39), step=(0, 0, -3.0))
    scan = read_scan(maker.folder)
    assert scan.grid.affine == pytest.approx(PLAIN.affine)
    assert (scan.data == volume.transpose(2, 1, 0)).all()


def test_names_and_numbers_of_the_files_do_not_order_the_slices(maker, volume):
    for k in (2, 0, 3, 1):
        one = maker.dataset(volume[k], (-10, 20, 30 + 3 * k), number=9 - k)
        maker.write(one, f"{'dacb'[k]}.dcm")
    assert (read_scan(maker.folder).data == volume.transpose(2, 1, 0)).all()


@pytest.mark.parametrize(
    ("orientation", "normal"),
    [
        ((0, 1, 0, 0, 0, -1), (-1, 0, 0)),  # sagittal: rows run to posterior, columns to inferior
        ((1, 0, 0, 0, 0, -1), (0, 1, 0)),  # coronal
        ((-1, 0, 0, 0, -1, 0), (0, 0, 1)),  # patient on the other side: both axes flipped
    ],
)
def test_sagittal_coronal_and_flipped_planes(maker, volume, orientation, normal):
    maker.slices(volume, orientation=orientation, step=3.0 * np.array(normal))
    scan = read_scan(maker.folder)
    assert (scan.data == volume.transpose(2, 1, 0)).all()
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    # Column 3, row 2, slice 1.
    assert voxel_at(scan, np.array([-10, 20, 30]) + 1.5 * row + 1.6 * column + 3.0 * np.array(normal)) == volume[1, 2, 3]


def test_an_oblique_stack_keeps_its_angles(maker, volume):
    a, b = np.radians(20), np.radians(35)
    row = np.array([np.cos(a), np.sin(a), 0])
    column = np.array([-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b)])
    normal = np.cross(row, column)
    maker.slices(volume, orientation=[*row, *column], step=2.0 * normal)
    scan = read_scan(maker.folder)
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.8, 2.0))
    assert scan.grid.direction == pytest.approx(np.column_stack([row, column, normal]))
    assert voxel_at(scan, np.array([-10, 20, 30]) + 2.0 * row + 4.0 * column + 6.0 * normal) == volume[3, 5, 4]


def test_a_tilted_gantry_is_refused_and_named(maker, volume):
    maker.slices(volume, step=(0, 3.0 * np.tan(np.radians(15)), 3.0))
    with pytest.raises(InputError, match=r"RT207.*right angles.*tilted gantry") as caught:
        read_scan(maker.folder)
    assert caught.value.hint


def test_slices_that_wander_sideways_are_refused(maker, volume):
    def shift(one, k):
        one.ImagePositionPatient = [-10 + (0.4 if k == 2 else 0), 20, 30 + 3 * k]

    maker.slices(volume, edit=shift)
    with pytest.raises(InputError, match=r"RT207.*sideways.*0\.40 mm"):
        read_scan(maker.folder)


def test_a_missing_slice_is_refused_with_its_place(maker, volume):
    paths = maker.slices(volume)
    paths[2].unlink()
    with pytest.raises(InputError) as caught:
        read_scan(maker.folder)
    assert caught.value.code == "RT213"
    assert caught.value.found == (
        "1 slice is missing: the usual gap is 3.00 mm, but it is 6.00 mm between 33.00 mm (image 2) and 39.00 mm (image 4)"
    )


def test_one_missing_slice_among_many_is_counted(maker):
    paths = maker.slices(np.zeros((12, 3, 3), dtype=np.int16))
    paths[5].unlink()
    paths[6].unlink()
    with pytest.raises(InputError, match=r"2 slices are missing: the usual gap is 3\.00 mm, but it is 9\.00 mm between"):
        read_scan(maker.folder)


@pytest.mark.parametrize(("gap", "refused"), [(3.02, False), (3.04, True)])
def test_gaps_may_differ_by_one_percent(maker, volume, gap, refused):
    def move(one, k):
        one.ImagePositionPatient = [-10, 20, (30, 33, 36, 36 + gap)[k]]

    maker.slices(volume, edit=move)
    if refused:
        with pytest.raises(InputError, match="RT213"):
            read_scan(maker.folder)
    else:
        assert read_scan(maker.folder).grid.spacing_mm[2] == pytest.approx((6 + gap) / 3)


def test_positions_rounded_to_hundredths_are_even(maker):
    maker.slices(
        np.zeros((40, 3, 3), dtype=np.int16),
        edit=lambda one, k: setattr(one, "ImagePositionPatient", [0, 0, round(0.625 * k, 2)]),
    )
    assert read_scan(maker.folder).grid.spacing_mm[2] == pytest.approx(0.625, abs=3e-4)


def test_gaps_that_creep_are_refused(maker):
    heights = np.concatenate([[0], np.cumsum(np.linspace(1.0, 1.015, 120))])
    maker.slices(
        np.zeros((121, 2, 2), dtype=np.int16),
        edit=lambda one, k: setattr(one, "ImagePositionPatient", [0, 0, round(heights[k], 4)]),
    )
    with pytest.raises(InputError, match=r"RT213.*change along the stack"):
        read_scan(maker.folder)


def test_mixed_spacing_within_a_series_is_refused(maker, volume):
    maker.slices(volume, edit=lambda one, k: setattr(one, "PixelSpacing", [0.8, 0.5] if k < 2 else [0.9, 0.5]))
    with pytest.raises(InputError, match=r"RT207.*mixes 2 sizes or directions \(2 \+ 2 images\)"):
        read_scan(maker.folder)


def test_planes_in_two_frames_of_reference_are_refused(maker, volume):
    maker.slices(volume, edit=lambda one, k: setattr(one, "FrameOfReferenceUID", f"1.2.{k // 2}"))
    with pytest.raises(InputError, match="RT217") as caught:
        read_scan(maker.folder)
    assert "1.2.1" not in str(caught.value).replace(str(caught.value.file), "")


def test_a_copy_of_a_slice_is_dropped_and_reported(maker, volume):
    paths = maker.slices(volume)
    (maker.folder / "copy.dcm").write_bytes(paths[1].read_bytes())  # the same instance
    maker.write(maker.dataset(volume[2], (-10, 20, 36)))  # the same pixels under another instance UID
    series = series_of(maker.folder)
    assert (series.scan().data == volume.transpose(2, 1, 0)).all()
    assert series.stack.phases.n_dropped == 2
    assert series.scan().remarks == ("2 images stood twice with the same pixels and were taken once",)


def test_a_second_slice_of_other_content_is_refused(maker, volume):
    maker.slices(volume)
    maker.write(maker.dataset(volume[2] + 1, (-10, 20, 36)))
    with pytest.raises(InputError, match=r"RT213.*most positions have 1 image, but there are 2 at 36\.00 mm"):
        read_scan(maker.folder)


def test_an_edited_file_that_claims_to_be_the_same_image_is_refused(maker, volume):
    maker.slices(volume)
    one = maker.dataset(volume[1] + 1, (-10, 20, 33))
    one.SOPInstanceUID = read_header(maker.folder / "0002.dcm").sop_instance_uid
    maker.write(one)
    with pytest.raises(InputError, match=r"RT213.*same instance UID"):
        read_scan(maker.folder)


def test_localizers_within_a_series_are_split_apart(maker, volume):
    maker.slices(volume)
    scout = maker.dataset(volume[0], (0, 0, 0), orientation=(0, 1, 0, 0, 0, -1))
    path = maker.write(scout)
    series = series_of(maker.folder)
    assert series.grid.same_as(PLAIN)
    assert series.stack.n_left_out == 1
    assert read_scan(maker.folder).remarks == ("1 images of another size or direction were left out",)
    assert series_of(path).grid.same_as(PLAIN)  # a single scout is not meant by its name


def test_of_two_stacks_in_a_series_the_one_of_the_named_file_is_read(maker, volume):
    axial = maker.slices(volume)
    coronal = maker.slices(volume, orientation=(1, 0, 0, 0, 0, -1), step=(0, 3.0, 0))
    with pytest.raises(InputError, match=r"RT207.*\(4 \+ 4 images\)"):
        read_scan(maker.folder)
    assert read_scan(axial[0]).grid.same_as(PLAIN)
    assert read_scan(coronal[0]).grid.direction[:, 1] == pytest.approx([0, 0, -1])


def test_a_folder_of_several_series_needs_a_named_file(maker, volume):
    first = maker.slices(volume, uid="1")
    second = maker.slices(volume[:3] + 1, uid="2", modality="MR", step=(0, 0, 2.0))
    with pytest.raises(InputError, match=r"RT202.*2 series \(CT of 4 files, MR of 3 files\)") as caught:
        read_scan(maker.folder)
    assert "name one file" in caught.value.hint
    assert read_scan(first[3]).grid.shape == (5, 6, 4)
    assert read_scan(second[0]).modality == "MR"
    assert [len(one.instances) for one in group_series(map(read_header, [*first, *second]))] == [4, 3]


def test_one_slice_needs_a_thickness(maker, volume):
    path = maker.slices(volume[:1])[0]
    assert read_scan(path).grid.spacing_mm == pytest.approx((0.5, 0.8, 7.0))
    path.unlink()
    maker.slices(volume[:1], edit=lambda one, k: delattr(one, "SliceThickness"))
    with pytest.raises(InputError, match=r"RT207.*one slice"):
        read_scan(maker.folder)


@pytest.mark.parametrize("keyword", ["ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"])
def test_a_slice_that_does_not_say_where_it_lies_is_refused(maker, volume, keyword):
    maker.slices(volume, edit=lambda one, k: delattr(one, keyword) if k == 3 else None)
    with pytest.raises(InputError, match=f"RT207.*{keyword} is missing") as caught:
        read_scan(maker.folder)
    assert caught.value.file.name == "0004.dcm"


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("ImageOrientationPatient", [0.5, 0, 0, 0, 1, 0]),
        ("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]),
        ("PixelSpacing", [0, 1]),
        ("PixelSpacing", [1.0, -1.0]),
        ("ImagePositionPatient", [1e9, 0, 0]),
        ("ImagePositionPatient", [1, 2]),
    ],
)
def test_impossible_geometry_is_refused(maker, volume, keyword, value):
    maker.slices(volume, edit=lambda one, k: setattr(one, keyword, value))
    with pytest.raises(InputError, match=r"RT207|RT209"):
        read_scan(maker.folder)


def test_a_series_of_all_directions_is_refused(maker):
    for k in range(40):
        angle = np.radians(2 * k)
        maker.write(
            maker.dataset(
                np.zeros((3, 3), dtype=np.int16),
                (0, 0, k),
                orientation=(np.cos(angle), np.sin(angle), 0, -np.sin(angle), np.cos(angle), 0),
            )
        )
    with pytest.raises(InputError, match=r"RT207.*more than 32"):
        read_scan(maker.folder)


def test_pictures_and_reports_in_the_series_are_left_out(maker, volume):
    def report(one):
        one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"  # secondary capture
        del one.ImagePositionPatient
        return one

    maker.slices(volume)
    maker.write(report(maker.dataset(volume[0], (0, 0, 0))))
    (maker.folder / "notes.txt").write_text("nothing")
    assert read_scan(maker.folder).grid.same_as(PLAIN)


def test_the_manifest_may_not_contradict_the_file(maker, volume):
    maker.slices(volume, modality="MR")
    assert read_scan(maker.folder, modality="OT").modality == "MR"
    assert read_scan(maker.folder, modality="SER").modality == "SER"
    with pytest.raises(InputError, match=r"RT208.*manifest says CT, the file says MR"):
        read_scan(maker.folder, modality="CT")


def test_folders_without_images_and_files_without_marker_are_refused(maker, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.dcm").write_text("no DICOM at all" * 20)
    (tmp_path / "zero.dcm").write_bytes(b"")
    for name, code in (("empty", "RT202"), ("text.dcm", "RT202"), ("zero.dcm", "RT202"), ("none.dcm", "RT201")):
        with pytest.raises(InputError) as caught:
            read_scan(tmp_path / name)
        assert caught.value.code == code, name
        assert caught.value.file == tmp_path / name


def test_a_file_without_suffix_is_known_by_its_marker(maker, volume):
    for k, path in enumerate(maker.slices(volume)):
        path.rename(path.with_name(f"1.2.840.{k}"))
    assert read_scan(maker.folder / "1.2.840.2").grid.same_as(PLAIN)


def test_only_headers_are_read_until_voxels_are_asked_for(maker, volume):
    paths = maker.slices(volume)
    scan = read_scan(maker.folder)
    for path in paths:
        path.unlink()
    assert scan.grid.same_as(PLAIN)
    with pytest.raises(InputError, match="RT202"):
        scan.data  # noqa: B018
