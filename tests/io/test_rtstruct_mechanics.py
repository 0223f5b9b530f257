"""Structure sets: which regions are read, on which grid, and what is refused in which words."""

import time
import warnings

import numpy as np
import pytest
from pydicom import Dataset
from region_files import FRAME_UID, SERIES_UID, in_patient, save, scan_on, square, structure_set, turned

from radiotype.errors import InputError
from radiotype.io import list_regions, read_cohort, read_mask, read_masks
from radiotype.io.rtstruct import list_rois, read_contours, read_rtstruct

GRID = turned((24, 20, 6), angles=(0.1, -0.2, 0.3))
SCAN = scan_on(GRID)


def rois():
    return {
        "GTV-1": [square(3.5, 9.5, k, GRID) for k in (1, 2, 3)],
        "GTV nodes": [square(12.5, 15.5, 2, GRID)],
        "GTV[old]": [square(1.5, 2.5, 4, GRID)],
        "Smith^John Ü": [square(2.5, 8.5, 5, GRID)],
        "isocentre": [("POINT", square(3, 4, 1, GRID)[:1])],
        "empty": [],
    }


@pytest.fixture
def path(tmp_path):
    return save(structure_set(rois()), tmp_path / "structures.dcm")


def test_a_region_is_found_by_exact_name_pattern_or_number(path):
    assert list_rois(path) == tuple(enumerate(rois(), 1))
    assert list_regions(path) == tuple(rois())
    assert [mask.n_voxels for mask in read_rtstruct(path, SCAN, roi="GTV-1")] == [3 * 36]
    assert [mask.label for mask in read_rtstruct(path, SCAN, roi="GTV*")] == ["GTV-1", "GTV-nodes", "GTV-old"]
    assert [mask.label for mask in read_rtstruct(path, SCAN, roi="GTV[old]")] == ["GTV-old"]
    assert [mask.n_voxels for mask in read_rtstruct(path, SCAN, label=2)] == [9]
    assert [mask.n_voxels for mask in read_rtstruct(path, SCAN, label="2", roi="a name of the user's own")] == [9]


def test_without_a_name_every_region_that_encloses_something_is_read(path):
    masks = read_masks(path, like=SCAN)
    assert [mask.label for mask in masks] == ["GTV-1", "GTV-nodes", "GTV-old", "Smith-John-U"]
    assert all(mask.source == "structures.dcm" for mask in masks)
    assert all(mask.grid is GRID for mask in masks)


def test_any_joins_the_regions_that_the_name_leaves(path):
    (mask,) = read_masks(path, label="any", roi="GTV*", like=SCAN)
    assert (mask.label, mask.n_voxels) == ("any", 3 * 36 + 9 + 1)
    assert read_mask(path, label="any", like=SCAN).n_voxels == 3 * 36 + 9 + 1 + 36


def test_two_regions_of_one_name_are_told_apart_by_their_numbers(tmp_path):
    dataset = structure_set(
        {"a": [square(3.5, 9.5, 1, GRID)], "b": [square(3.5, 9.5, 2, GRID)], "c": [square(2.5, 4.5, 2, GRID)]}
    )
    for item, name in zip(dataset.StructureSetROISequence, ("Gtv 1", "GTV/1", "???"), strict=True):
        item.ROIName = name
    assert [mask.label for mask in read_rtstruct(save(dataset, tmp_path / "a.dcm"), SCAN)] == ["Gtv-1-1", "GTV-1-2", "3"]


def test_a_long_name_is_cut(tmp_path):
    path = save(structure_set({"x" * 60: [square(3.5, 9.5, 1, GRID)]}), tmp_path / "a.dcm")
    assert read_mask(path, like=SCAN).label == "x" * 32


def test_several_contour_items_of_one_region_belong_together(tmp_path):
    dataset = structure_set({"a": [square(3.5, 9.5, 1, GRID)], "b": [square(3.5, 9.5, 2, GRID)]})
    dataset.ROIContourSequence[1].ReferencedROINumber = 1
    assert read_mask(save(dataset, tmp_path / "a.dcm"), roi="a", like=SCAN).n_voxels == 72


def test_what_had_to_be_decided_is_remarked_with_counts(tmp_path):
    contours = [
        square(3.5, 9.5, 1, GRID),
        square(3.5, 9.5, 1, GRID)[::-1],
        square(3.5, 9.5, 3, GRID),
        square(12.25, 12.35, 3, GRID),
        square(20.5, 30.5, 4, GRID),
        square(3.5, 9.5, 9, GRID),
        square(3.5, 9.5, 3.4, GRID),
        square(3, 9, 2, GRID)[:2],
        ("OPEN_PLANAR", square(3, 9, 2, GRID)),
        ("POINT", square(3, 9, 2, GRID)[:1]),
    ]
    path = save(structure_set({"a": contours}), tmp_path / "a.dcm")
    assert read_mask(path, like=SCAN).remarks == (
        "2 open contours or points ignored",
        "1 contours without area ignored",
        "1 contours beyond the first or last slice ignored",
        "1 contours between two slices ignored",
        "1 repeated contours drawn once",
        "1 contours around no voxel centre kept as one voxel",
        "1 contours cut at the border of the image",
        "1 slices without a contour inside the region",
    )
    assert not read_mask(save(structure_set({"a": contours[:1]}), path), like=SCAN).remarks


def test_contours_are_given_as_they_were_drawn(path):
    (roi,) = read_contours(path, roi="GTV nodes")
    assert (roi.number, roi.name, roi.n_open, roi.frame_uid, roi.series_uids) == (2, "GTV nodes", 0, FRAME_UID, (SERIES_UID,))
    assert roi.contours[0] == pytest.approx(square(12.5, 15.5, 2, GRID), abs=1e-8)
    assert read_contours(path, roi="isocentre")[0].n_open == 1


def refused(path, code, like=SCAN, **which):
    with pytest.raises(InputError) as caught:
        read_masks(path, like=like, **which)
    assert caught.value.code == code
    assert caught.value.file == path
    assert "Smith" not in str(caught.value)
    return str(caught.value)


def test_names_and_numbers_that_are_not_there_are_refused_without_quoting_the_names(path):
    assert "6 regions" in refused(path, "RT214", roi="gtv-1")
    assert "1, 2, 3, 4, 5, 6" in refused(path, "RT205", label=7)
    refused(path, "RT205", label="two")


def test_one_mask_of_several_must_be_named_without_quoting_the_names(path):
    with pytest.raises(InputError) as caught:
        read_mask(path, like=SCAN)
    assert caught.value.code == "RT205"
    assert "4 such regions" in str(caught.value)
    assert "Smith" not in str(caught.value)


def test_a_region_without_closed_contours_is_refused(path):
    assert "1 open" in refused(path, "RT204", roi="isocentre")
    refused(path, "RT204", roi="empty")


def test_a_region_without_area_is_refused(tmp_path):
    refused(save(structure_set({"a": [square(3, 9, 2, GRID)[:2]]}), tmp_path / "a.dcm"), "RT204")


def test_a_structure_set_needs_its_scan(path):
    assert "the scan" in refused(path, "RT203", like=None)


def test_a_region_beyond_the_scan_is_refused_with_positions(tmp_path):
    path = save(structure_set({"a": [square(3.5, 9.5, k, GRID) for k in (8, 9)]}), tmp_path / "a.dcm")
    assert "2 of 2 contours on other slices" in refused(path, "RT217")
    path = save(structure_set({"a": [square(300, 310, 2, GRID)]}), tmp_path / "b.dcm")
    assert "1 beside the image" in refused(path, "RT217")


def test_another_frame_of_reference_is_refused_unless_the_series_is_named(path):
    other = scan_on(GRID, frame_uid="1.9", series_uid="1.9.9")
    refused(path, "RT217", like=other, roi="GTV-1")
    assert read_masks(path, like=scan_on(GRID, frame_uid="1.9"), roi="GTV-1")
    assert read_masks(path, like=scan_on(GRID, series_uid="1.9.9"), roi="GTV-1")
    assert read_masks(path, like=scan_on(GRID, frame_uid="", series_uid=""), roi="GTV-1")


def test_contours_across_the_slices_are_refused(tmp_path):
    contour = in_patient([(3, 3, 0), (9, 3, 0), (9, 3, 4), (3, 3, 4)], GRID)
    assert "region number 1" in refused(save(structure_set({"Smith": [contour]}), tmp_path / "a.dcm"), "RT207")


@pytest.mark.parametrize("value", ["nan", "1e30", "-inf"])
def test_points_that_are_no_places_are_refused(tmp_path, value):
    dataset = structure_set({"a": [square(3.5, 9.5, 2, GRID)]})
    data = b"\\".join([b"1"] * 11 + [value.encode()])
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    path = save_raw(dataset, contour, data, tmp_path)
    refused(path, "RT207")


def save_raw(dataset, contour, data, tmp_path):
    """Save with the stored text of the contour's points replaced; pydicom would refuse to write it as numbers."""
    mark = ["7"] * len(data)
    contour.ContourData = mark
    old = "\\".join(mark).encode()
    old += b" " * (len(old) % 2)
    path = save(dataset, tmp_path / "raw.dcm")
    raw = path.read_bytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, data.ljust(len(old))))
    return path


@pytest.mark.parametrize("data", [b"1\\2\\x", b"1,5\\2\\3", b"1\\\\2", b"1 2 3", b"\xff\xfe"])
def test_points_that_are_no_numbers_are_refused(tmp_path, data):
    dataset = structure_set({"a": [square(3.5, 9.5, 2, GRID)]})
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    del contour.NumberOfContourPoints
    refused(save_raw(dataset, contour, data, tmp_path), "RT202")


def change(dataset, what):
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    match what:
        case "points missing":
            contour.ContourData = contour.ContourData[:-3]
        case "coordinate missing":
            contour.ContourData = contour.ContourData[:-1]
        case "no type":
            del contour.ContourGeometricType
        case "unknown type":
            contour.ContourGeometricType = "CLOSED"
        case "offset":
            contour.ContourOffsetVector = [0, 0, 5]
        case "no region list":
            del dataset.StructureSetROISequence
        case "same number twice":
            dataset.StructureSetROISequence[1].ROINumber = 1
        case "no number":
            del dataset.StructureSetROISequence[0].ROINumber
        case "no reference":
            del dataset.ROIContourSequence[0].ReferencedROINumber
        case "no contours":
            del dataset.ROIContourSequence


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("points missing", "RT202"),
        ("coordinate missing", "RT202"),
        ("no type", "RT202"),
        ("unknown type", "RT202"),
        ("offset", "RT207"),
        ("no region list", "RT202"),
        ("same number twice", "RT202"),
        ("no number", "RT202"),
        ("no reference", "RT202"),
        ("no contours", "RT204"),
    ],
)
def test_a_damaged_structure_set_is_refused(tmp_path, what, code):
    dataset = structure_set(rois())
    change(dataset, what)
    refused(save(dataset, tmp_path / "a.dcm"), code, roi="GTV-1")


def test_other_files_are_refused(tmp_path):
    dataset = structure_set(rois())
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    refused(save(dataset, tmp_path / "image.dcm"), "RT211")
    (tmp_path / "text.dcm").write_text("not DICOM")
    refused(tmp_path / "text.dcm", "RT211")
    refused(tmp_path / "absent.dcm", "RT201")
    (tmp_path / "empty.dcm").write_bytes(b"")
    refused(tmp_path / "empty.dcm", "RT202")


@pytest.mark.parametrize("name", ["absent.dcm", "empty.dcm", "text.dcm"])
def test_a_file_asked_for_as_a_structure_set_must_be_one(tmp_path, name):
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "text.dcm").write_text("not DICOM")
    with pytest.raises(InputError, match=r"RT201|RT202|RT211"):
        list_regions(tmp_path / name)


def test_a_deflated_structure_set_is_read_and_a_bomb_is_not(tmp_path, monkeypatch):
    dataset = structure_set(rois())
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    path = tmp_path / "deflated.dcm"
    dataset.save_as(path, enforce_file_format=True)
    assert read_mask(path, roi="GTV-1", like=SCAN).n_voxels == 108
    monkeypatch.setattr("radiotype.io.dicom.dataset.MAX_INFLATED_HEADER", 1000)
    refused(path, "RT209", roi="GTV-1")


def test_ten_thousand_nested_sequences_are_refused_quickly(tmp_path):
    dataset = structure_set(rois())
    path = save(dataset, tmp_path / "a.dcm")
    nested = b"\x06\x30\x10\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path.write_bytes(path.read_bytes() + nested * 10_000)
    start = time.perf_counter()
    with pytest.raises(InputError):
        read_masks(path, like=SCAN)
    assert time.perf_counter() - start < 2


def test_warnings_of_the_reading_library_stay_inside(path, tmp_path):
    raw = path.read_bytes().replace(FRAME_UID.encode(), b"1.x.3.y.5")
    (tmp_path / "odd.dcm").write_bytes(raw)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_masks(tmp_path / "odd.dcm", like=scan_on(GRID, frame_uid=""), roi="GTV-1")
    assert not caught


def test_a_million_points_are_drawn_in_bounded_time():
    from radiotype.io.rasterise import rasterise

    grid = turned((512, 512, 2), spacing=(1.0, 1.0, 3.0))
    angle = np.linspace(0, 40 * np.pi, 1_000_000, endpoint=False)
    radius = 100 + 60 * np.sin(angle * 33)
    star = in_patient(np.column_stack([256 + radius * np.cos(angle), 256 + radius * np.sin(angle), np.ones(len(angle))]), grid)
    start = time.perf_counter()
    rasterise([star], grid)
    assert time.perf_counter() - start < 10


def test_manifest_names_reach_the_file(path, tmp_path):
    (tmp_path / "manifest.csv").write_text(
        "case_id,image,mask,roi,label\na,ct.nii.gz,structures.dcm,GTV-1,\nb,ct.nii.gz,structures.dcm,,\nc,ct.nii.gz,structures.dcm,,any\n"
    )
    one, all_, joined = (case.regions[0].masks for case in read_cohort(tmp_path / "manifest.csv").cases)
    assert [mask.n_voxels for mask in one(SCAN)] == [108]
    assert len(all_(SCAN)) == 4
    assert [mask.label for mask in joined(SCAN)] == ["any"]
    nearest = read_cohort(tmp_path / "manifest.csv", resample_masks="nearest").cases[0].regions[0].masks
    assert (nearest(SCAN)[0].data == one(SCAN)[0].data).all()


def test_an_empty_data_set_is_refused(tmp_path):
    empty = Dataset()
    empty.file_meta = structure_set({}).file_meta
    refused(save(empty, tmp_path / "a.dcm"), "RT202")


def test_a_region_in_a_second_frame_of_reference_is_not_excused_by_the_series_of_the_first(tmp_path):
    dataset = structure_set({"a": [square(3.5, 9.5, 2, GRID)], "b": [square(3.5, 9.5, 2, GRID)]})
    second = Dataset()
    second.FrameOfReferenceUID = "1.9"
    dataset.ReferencedFrameOfReferenceSequence.append(second)
    dataset.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = "1.9"
    path = save(dataset, tmp_path / "a.dcm")
    assert read_mask(path, roi="a", like=SCAN).n_voxels == 36
    assert "another frame of reference" in refused(path, "RT217", roi="b")


def test_a_region_that_cannot_be_drawn_costs_only_itself_unless_it_is_asked_for(tmp_path):
    upright = in_patient([(3, 3, 0), (9, 3, 0), (9, 3, 4), (3, 3, 4)], GRID)
    drawn = {"a": [square(3.5, 9.5, 2, GRID)], "couch": [square(3.5, 9.5, 9, GRID)], "line": [square(3, 9, 2, GRID)[:2]]}
    path = save(structure_set(drawn | {"upright": [upright]}), tmp_path / "a.dcm")
    (mask,) = read_masks(path, like=SCAN)
    assert (mask.label, mask.n_voxels) == ("a", 36)
    assert mask.remarks == ("3 other regions of the file left out (RT204, RT207, RT217)",)
    refused(path, "RT217", roi="couch")
    refused(path, "RT204", label=3)
    refused(path, "RT217", label="any")


def test_contours_between_slices_are_remarked_when_they_move_to_the_next_slice(tmp_path):
    path = save(structure_set({"a": [square(3.5, 9.5, k + 0.3, GRID) for k in (1, 2)]}), tmp_path / "a.dcm")
    assert read_mask(path, like=SCAN).remarks == ("2 contours moved to the nearest slice, by up to 0.30 of a slice",)
    path = save(structure_set({"a": [square(3.5, 9.5, k + 0.04, GRID) for k in (1, 2)]}), tmp_path / "b.dcm")
    assert not read_mask(path, like=SCAN).remarks


@pytest.mark.parametrize("apart", [1.5, 2, 3])
def test_contours_of_thicker_slices_leave_gaps_and_are_refused(tmp_path, apart):
    grid = turned((24, 20, 12))
    path = save(structure_set({"a": [square(3.5, 9.5, 1 + apart * n, grid) for n in range(3)]}), tmp_path / "a.dcm")
    assert f"every {apart:.1f} slices" in refused(path, "RT207", like=scan_on(grid))
    two = save(structure_set({"a": [square(3.5, 9.5, 1 + apart * n, grid) for n in range(2)]}), tmp_path / "b.dcm")
    assert read_masks(two, like=scan_on(grid))


def test_the_voxels_of_a_mask_are_held_once(tmp_path):
    import tracemalloc

    grid = turned((256, 256, 40))
    path = save(structure_set({"a": [square(3.5, 9.5, k, grid) for k in (1, 2)]}), tmp_path / "a.dcm")
    scan = scan_on(grid)
    tracemalloc.start()
    try:
        mask = read_mask(path, like=scan)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.6 * mask.data.nbytes


def test_contours_that_overlap_in_part_are_remarked_and_nested_ones_are_not(tmp_path):
    overlapping = [square(2.5, 8.5, 2, GRID), square(5.5, 11.5, 2, GRID), square(12.5, 15.5, 2, GRID)]
    mask = read_mask(save(structure_set({"a": overlapping}), tmp_path / "a.dcm"), like=SCAN)
    assert mask.n_voxels == 36 + 36 - 2 * 9 + 9
    assert mask.remarks == ("1 pairs of contours overlap in part, and what both enclose is outside",)
    nested = [square(2.5, 12.5, 2, GRID), square(4.5, 10.5, 2, GRID), square(6.5, 8.5, 2, GRID), square(12.5, 14.5, 2, GRID)]
    mask = read_mask(save(structure_set({"a": nested}), tmp_path / "b.dcm"), like=SCAN)
    assert (mask.n_voxels, mask.remarks) == (100 - 36 + 4 + 4, ())


def test_a_region_that_does_not_name_its_frame_of_reference_has_the_only_one_of_its_file(tmp_path):
    dataset = structure_set({"a": [square(3.5, 9.5, 2, GRID)]})
    del dataset.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    path = save(dataset, tmp_path / "a.dcm")
    assert read_mask(path, like=SCAN).n_voxels == 36
    refused(path, "RT217", like=scan_on(GRID, frame_uid="1.9", series_uid="1.9.9"))
