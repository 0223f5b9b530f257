"""DICOM segmentations: coding, geometry, choice of segments, and what is refused."""

import zlib

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from region_files import in_patient, save, scan_on, segmentation, turned, write_series

from radiotype.core import Grid, Mask, Scan
from radiotype.errors import InputError, RecipeError, StoreError
from radiotype.features import MarginSettings, margin_regions
from radiotype.io import list_regions, read_cohort, read_mask, read_masks, write_seg
from radiotype.io.seg import list_segments, read_seg

GRID = turned((11, 13, 9), (0.7, 0.8, 2.5), (0.1, -0.2, 0.3))
SCAN = scan_on(GRID)
RNG = np.random.default_rng(11)
PIXELS = RNG.random((9, 13, 11)) < 0.4


def expected(slices, grid=GRID):
    """The voxels of `PIXELS` on some slices."""
    data = np.zeros(grid.shape, dtype=bool)
    for k in slices:
        data[:, :, k] = PIXELS[k].T
    return data


@pytest.fixture
def path(tmp_path):
    frames = [(n, k, PIXELS[k]) for n, slices in ((1, (1, 2, 3)), (2, (3, 6)), (4, (5,))) for k in slices]
    dataset = segmentation(frames, GRID, labels=("GTV 1", "GTV^Smith", "empty", "lung"))
    return save(dataset, tmp_path / "regions.seg")


def test_single_bits_that_fill_no_whole_bytes_are_read(path):
    assert PIXELS[0].size % 8 != 0
    masks = read_seg(path, SCAN)
    assert [mask.label for mask in masks] == ["GTV-1", "GTV-Smith", "lung"]
    for mask, slices in zip(masks, ((1, 2, 3), (3, 6), (5,)), strict=True):
        assert (mask.data == expected(slices)).all()
        assert mask.grid is GRID


def test_segments_are_found_by_number_name_or_pattern(path):
    assert list_segments(path) == ((1, "GTV 1"), (2, "GTV^Smith"), (3, "empty"), (4, "lung"))
    assert list_regions(path) == ("GTV 1", "GTV^Smith", "empty", "lung")
    assert [mask.label for mask in read_masks(path, roi="GTV*", like=SCAN)] == ["GTV-1", "GTV-Smith"]
    assert (read_mask(path, label=4, like=SCAN).data == expected((5,))).all()
    assert (read_mask(path, label="4", roi="my name for it", like=SCAN).data == expected((5,))).all()
    assert (read_mask(path, label="any", roi="GTV*", like=SCAN).data == expected((1, 2, 3, 6))).all()


def test_without_a_scan_the_grid_is_that_of_the_frames_with_slices_between(path):
    mask = read_mask(path, label=2)
    assert mask.grid.same_as(GRID.cropped((0, 0, 1), (11, 13, 7)))
    assert (mask.data == expected((3, 6))[:, :, 1:7]).all()


def test_frames_in_any_order_and_a_reversed_stack_are_placed_by_position(tmp_path):
    path = save(segmentation([(1, k, PIXELS[k]) for k in (7, 2, 5, 4)], GRID), tmp_path / "a.dcm")
    assert (read_mask(path, like=SCAN).data == expected((2, 4, 5, 7))).all()
    for axis in range(3):
        affine = GRID.affine.copy()
        affine[:3, 3] += affine[:3, axis] * (GRID.shape[axis] - 1)
        affine[:3, axis] *= -1
        mask = read_mask(path, like=scan_on(Grid(GRID.shape, affine)))
        assert (mask.data == np.flip(expected((2, 4, 5, 7)), axis)).all()


def test_a_scan_stored_along_other_axes_gets_its_voxels_in_its_order(tmp_path):
    path = save(segmentation([(1, k, PIXELS[k]) for k in (2, 5)], GRID), tmp_path / "a.dcm")
    affine = GRID.affine[:, [2, 0, 1, 3]]
    mask = read_mask(path, like=scan_on(Grid((9, 11, 13), affine)))
    assert (mask.data == expected((2, 5)).transpose(2, 0, 1)).all()


def test_frames_larger_and_smaller_than_the_image_are_placed_where_they_lie(tmp_path):
    inside = PIXELS.copy()
    inside[:, [0, -1]] = inside[:, :, [0, -1]] = False
    path = save(segmentation([(1, k, inside[k]) for k in (2, 5)], GRID), tmp_path / "a.dcm")
    small = GRID.cropped((1, 1, 1), (10, 12, 8))
    assert (read_mask(path, like=scan_on(small)).data == inside.transpose(2, 1, 0)[1:10, 1:12, 1:8] * drawn_on((1, 4), 7)).all()
    large = GRID.cropped((-3, -2, 0), (15, 20, 9))
    assert (read_mask(path, like=scan_on(large)).data[3:14, 2:15] == inside.transpose(2, 1, 0) * drawn_on((2, 5), 9)).all()


def drawn_on(slices, n):
    return np.isin(np.arange(n), slices)


def test_fractions_are_inside_from_half_of_the_largest_value(tmp_path):
    values = np.zeros((13, 11), dtype=np.uint8)
    values[0, :6] = (0, 59, 60, 90, 119, 120)
    path = save(segmentation([(1, 2, values)], GRID, kind="FRACTIONAL", largest=120), tmp_path / "a.dcm")
    assert np.flatnonzero(read_seg(path, SCAN)[0].data[:, 0, 2]).tolist() == [2, 3, 4, 5]
    assert np.flatnonzero(read_seg(path, SCAN, threshold=1.0)[0].data[:, 0, 2]).tolist() == [5]
    for wrong in (0, -1, 1.5, float("nan")):
        with pytest.raises(RecipeError, match="RT103"):
            read_seg(path, SCAN, threshold=wrong)


def label_map(**more):
    frames = [(0, k, PIXELS[k].astype(np.uint8) * (1 + k % 2)) for k in (1, 2, 6)]
    dataset = segmentation(frames, GRID, kind="LABELMAP", labels=("even", "odd"), **more)
    background = pydicom.Dataset()
    background.SegmentNumber, background.SegmentLabel = 0, "Background"
    dataset.SegmentSequence.insert(0, background)
    return dataset


def test_a_label_map_gives_one_mask_per_value(tmp_path):
    path = save(label_map(), tmp_path / "a.dcm")
    assert list_segments(path) == ((1, "even"), (2, "odd"))
    even, odd = read_seg(path, SCAN)
    assert (even.data == expected((2, 6))).all()
    assert (odd.data == expected((1,))).all()


def test_padding_of_a_label_map_is_outside_and_other_values_are_refused(tmp_path):
    dataset = label_map()
    pixels = bytearray(dataset.PixelData)
    where = pixels.index(0)
    pixels[where] = 5
    dataset.PixelData = bytes(pixels)
    refused(save(dataset, tmp_path / "a.dcm"), "RT202")
    dataset.add_new("PixelPaddingValue", "US", 5)
    assert len(read_seg(save(dataset, tmp_path / "b.dcm"), SCAN)) == 2


def test_label_maps_of_sixteen_bits_are_read(tmp_path):
    dataset = label_map()
    dataset.PixelData = np.frombuffer(dataset.PixelData, np.uint8, count=3 * 143).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.BitsAllocated = dataset.BitsStored = 16
    assert (read_seg(save(dataset, tmp_path / "a.dcm"), SCAN)[0].data == expected((2, 6))).all()


def test_run_lengths_and_deflated_frames_are_read(tmp_path):
    dataset = label_map()
    dataset.compress(pydicom.uid.RLELossless)
    assert (read_seg(save(dataset, tmp_path / "rle.dcm"), SCAN)[0].data == expected((2, 6))).all()
    dataset = segmentation([(1, k, PIXELS[k]) for k in (2, 6)], GRID)
    frames = []
    for k in (2, 6):
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = np.packbits(PIXELS[k].ravel(), bitorder="little").tobytes()
        frames.append(deflater.compress(packed) + deflater.flush())
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    path = save(dataset, tmp_path / "deflated.dcm")
    # The library that writes does not know this syntax yet.
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.8.1\0"))
    assert (read_mask(path, like=SCAN).data == expected((2, 6))).all()


def test_lossless_jpeg_is_decoded_in_a_child_process(tmp_path):
    dataset = label_map()
    dataset.compress(pydicom.uid.JPEGLSLossless)
    assert (read_seg(save(dataset, tmp_path / "jpegls.dcm"), SCAN)[0].data == expected((2, 6))).all()


def refused(path, code, like=SCAN, **which):
    with pytest.raises(InputError) as caught:
        read_masks(path, like=like, **which)
    assert caught.value.code == code, caught.value
    assert caught.value.file == path
    assert "Smith" not in str(caught.value)
    return str(caught.value)


def test_names_and_numbers_that_are_not_there_are_refused_without_quoting_the_names(path):
    refused(path, "RT214", roi="GTV")
    assert "1, 2, 3, 4" in refused(path, "RT205", label=5)
    refused(path, "RT204", label=3)


def test_frames_on_no_slice_of_the_scan_are_refused_unless_resampling_is_allowed(path, tmp_path):
    affine = GRID.affine.copy()
    affine[:3, 3] += 0.5 * affine[:3, 2]
    shifted = scan_on(Grid(GRID.shape, affine))
    assert "3 frames" in refused(path, "RT203", like=shifted, label=1)
    refused(path, "RT203", like=scan_on(GRID.cropped((0, 0, 0), (11, 13, 3))), label=1)
    refused(path, "RT203", like=scan_on(turned((11, 13, 9), (0.7, 0.8, 2.5), (0.1, -0.2, 0.4))), label=1)
    assert "pixels beside" in refused(path, "RT203", like=scan_on(GRID.cropped((2, 0, 0), (11, 13, 9))), label=1)
    (tmp_path / "manifest.csv").write_text("case_id,image,mask,label\na,ct.nii.gz,regions.seg,1\n")
    nearest = read_cohort(tmp_path / "manifest.csv", resample_masks="nearest").cases[0].regions[0].masks
    (moved,) = nearest(shifted)
    assert moved.grid is shifted.grid
    assert moved.n_voxels == expected((1, 2, 3)).sum()
    assert (nearest(SCAN)[0].data == expected((1, 2, 3))).all()


def test_a_frame_off_the_scan_without_a_pixel_inside_does_no_harm(tmp_path):
    frames = [(1, 3, PIXELS[3]), (1, 20, np.zeros((13, 11), dtype=bool))]
    assert (read_mask(save(segmentation(frames, GRID), tmp_path / "a.dcm"), like=SCAN).data == expected((3,))).all()


def test_another_frame_of_reference_is_refused_unless_the_series_is_named(path):
    refused(path, "RT217", like=scan_on(GRID, frame_uid="1.9", series_uid="1.9.9"))
    assert read_masks(path, like=scan_on(GRID, frame_uid="1.9"))
    assert read_masks(path, like=scan_on(GRID, frame_uid="", series_uid=""))


def shared_group(dataset, name):
    return getattr(dataset.SharedFunctionalGroupsSequence[0], name)[0]


def without(keyword, n=None):
    """Drop an attribute of the data set, or of its nth frame."""

    def change(dataset):
        delattr(dataset if n is None else dataset.PerFrameFunctionalGroupsSequence[n], keyword)

    return change


def with_(**values):
    """Set attributes of the data set."""

    def change(dataset):
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return change


def move_a_frame_onto_another(dataset):
    first, second = dataset.PerFrameFunctionalGroupsSequence[:2]
    second.PlanePositionSequence = first.PlanePositionSequence


def turn_a_frame(dataset):
    orientation = pydicom.Dataset()
    orientation.ImageOrientationPatient = [0, 1, 0, 0, 0, 1]
    dataset.PerFrameFunctionalGroupsSequence[0].PlaneOrientationSequence = [orientation]


def belong_to_a_strange_segment(dataset):
    dataset.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0].ReferencedSegmentNumber = 9


def be_compressed(dataset):
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    dataset.PixelData = encapsulate([b"12"] * 6)
    dataset["PixelData"].is_undefined_length = True


DEFECTS = {
    "groups missing": ("RT202", without("PerFrameFunctionalGroupsSequence")),
    "a group too few": ("RT202", lambda dataset: dataset.PerFrameFunctionalGroupsSequence.pop()),
    "no position": ("RT207", without("PlanePositionSequence", 1)),
    "no orientation": ("RT207", without("SharedFunctionalGroupsSequence")),
    "no segment": ("RT202", without("SegmentIdentificationSequence", 0)),
    "strange segment": ("RT202", belong_to_a_strange_segment),
    "segment listed twice": ("RT202", lambda dataset: setattr(dataset.SegmentSequence[1], "SegmentNumber", 1)),
    "segment without number": ("RT202", lambda dataset: delattr(dataset.SegmentSequence[0], "SegmentNumber")),
    "no list": ("RT202", without("SegmentSequence")),
    "frame twice": ("RT213", move_a_frame_onto_another),
    "cut": ("RT209", lambda dataset: setattr(dataset, "PixelData", dataset.PixelData[:40])),
    "no pixels": ("RT202", without("PixelData")),
    "too many rows": ("RT209", with_(Rows=60000)),
    "no rows": ("RT202", with_(Rows=0)),
    "three samples": ("RT202", with_(SamplesPerPixel=3)),
    "four bits": ("RT202", with_(BitsAllocated=4)),
    "unknown type": ("RT202", with_(SegmentationType="OTHER")),
    "no largest fraction": ("RT202", with_(SegmentationType="FRACTIONAL")),
    "tiles": ("RT211", with_(DimensionOrganizationType="TILED_FULL")),
    "compressed": ("RT215", be_compressed),
    "turned frame": ("RT207", turn_a_frame),
    "no spacing": ("RT207", lambda dataset: setattr(shared_group(dataset, "PixelMeasuresSequence"), "PixelSpacing", [0, 0])),
    "long orientation": (
        "RT207",
        lambda dataset: setattr(
            shared_group(dataset, "PlaneOrientationSequence"), "ImageOrientationPatient", [2, 0, 0, 0, 1, 0]
        ),
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_damaged_segmentation_is_refused(path, tmp_path, name):
    code, change = DEFECTS[name]
    dataset = pydicom.dcmread(path)
    change(dataset)
    out = tmp_path / "damaged.dcm"
    dataset.save_as(out, implicit_vr=False, little_endian=True)
    refused(out, code)


def test_frames_on_uneven_slices_have_no_grid_of_their_own_but_fit_a_scan(tmp_path):
    dataset = segmentation([(1, k, PIXELS[k]) for k in (0, 2, 3, 5)], GRID)
    one = dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0]
    one.ImagePositionPatient = [f"{x:.10g}" for x in in_patient([(0, 0, 1.6)], GRID)[0]]
    refused(save(dataset, tmp_path / "a.dcm"), "RT207", like=None)
    one.ImagePositionPatient = [f"{x:.10g}" for x in in_patient([(0.5, 0, 2)], GRID)[0]]
    refused(save(dataset, tmp_path / "b.dcm"), "RT207", like=None)


def test_one_frame_without_thickness_has_no_grid_of_its_own_but_fits_a_scan(tmp_path):
    dataset = segmentation([(1, 4, PIXELS[4])], GRID)
    measures = shared_group(dataset, "PixelMeasuresSequence")
    del measures.SliceThickness
    del measures.SpacingBetweenSlices
    path = save(dataset, tmp_path / "a.dcm")
    refused(path, "RT207", like=None)
    assert (read_mask(path, like=SCAN).data == expected((4,))).all()


def test_positions_miles_apart_are_refused(tmp_path, monkeypatch):
    dataset = segmentation([(1, k, PIXELS[k]) for k in (0, 1)], GRID)
    far = dataset.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0]
    far.ImagePositionPatient = [f"{x:.10g}" for x in in_patient([(0, 0, 100_000)], GRID)[0]]
    refused(save(dataset, tmp_path / "a.dcm"), "RT207", like=None)
    far.ImagePositionPatient = [f"{x:.10g}" for x in in_patient([(0, 0, 8000)], GRID)[0]]
    assert read_mask(save(dataset, tmp_path / "b.dcm")).grid.shape == (11, 13, 8001)
    monkeypatch.setenv("RADIOTYPE_MAX_VOLUME_GB", "0.001")
    refused(tmp_path / "b.dcm", "RT209", like=None)


@pytest.fixture
def series(tmp_path):
    return write_series(tmp_path / "series", GRID)


def masks():
    first, second = expected((1, 2, 3)), expected((3, 6))
    second[2:5, 2:5, 3] = first[2:5, 2:5, 3] = True
    return [Mask(first, GRID, "core"), Mask(second, GRID, "rim")]


def test_masks_written_as_a_segmentation_come_back_the_same(series, tmp_path):
    path = tmp_path / "out.dcm"
    write_seg(path, masks(), series)
    for like in (SCAN, None):
        for mask, written in zip(read_masks(path, like=like), masks(), strict=True):
            assert mask.label == written.label
            place = np.rint(np.linalg.inv(GRID.affine) @ mask.grid.affine[:, 3])[:3].astype(int)
            assert place[2] == (0 if like else 1)
            high = place + mask.grid.shape
            assert (mask.data == written.data[:, :, place[2] : high[2]]).all()
            assert mask.n_voxels == written.n_voxels


def test_a_written_segmentation_refers_to_the_images_it_belongs_to(series, tmp_path):
    path = tmp_path / "out.dcm"
    write_seg(path, masks(), str(series), algorithm="a network")
    dataset = pydicom.dcmread(path)
    images = {pydicom.dcmread(one).SOPInstanceUID for one in series.iterdir()}
    (referenced,) = dataset.ReferencedSeriesSequence
    assert {one.ReferencedSOPInstanceUID for one in referenced.ReferencedInstanceSequence} <= images
    assert len(referenced.ReferencedInstanceSequence) == 6
    assert dataset.SegmentationType == "BINARY"
    assert dataset.NumberOfFrames == 5
    assert [one.SegmentAlgorithmType for one in dataset.SegmentSequence] == ["AUTOMATIC"] * 2
    assert [one.SegmentAlgorithmName for one in dataset.SegmentSequence] == ["a network"] * 2
    frame = dataset.PerFrameFunctionalGroupsSequence[0]
    assert frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID in images


def test_a_mask_on_turned_axes_or_a_smaller_grid_is_written_where_it_lies(series, tmp_path):
    path = tmp_path / "out.dcm"
    whole = masks()[0]
    low, high = (0, 1, 1), (11, 13, 4)
    part = Mask(np.flip(whole.cropped(low, high), 1), flipped(GRID.cropped(low, high), 1), "part")
    write_seg(path, [part], sorted(series.iterdir()))
    inside = np.zeros(GRID.shape, dtype=bool)
    inside[:, 1:, 1:4] = whole.data[:, 1:, 1:4]
    assert (read_mask(path, like=SCAN).data == inside).all()


def flipped(grid, axis):
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (grid.shape[axis] - 1)
    affine[:3, axis] *= -1
    return Grid(grid.shape, affine)


def test_masks_that_do_not_fit_the_series_are_not_written(series, tmp_path):
    path = tmp_path / "out.dcm"

    def fails(code, some, images=series, kind=InputError):
        with pytest.raises(kind) as caught:
            write_seg(path, some, images)
        assert caught.value.code == code, caught.value
        assert not path.exists()
        assert not list(tmp_path.glob("*.part"))

    fails("RT204", [])
    fails("RT203", [*masks(), Mask(np.ones((2, 2, 2)), turned((2, 2, 2)))])
    fails("RT203", [Mask(np.ones((11, 13, 12)), GRID.cropped((0, 0, 0), (11, 13, 12)))])
    fails("RT203", [Mask(np.ones((12, 13, 9)), GRID.cropped((-1, 0, 0), (11, 13, 9)))])
    fails("RT203", [Mask(np.ones((11, 13, 9)), turned((11, 13, 9), (0.7, 0.8, 2.4), (0.1, -0.2, 0.3)))])
    fails("RT201", masks(), tmp_path / "absent")
    fails("RT201", masks(), [tmp_path / "absent.dcm"])
    (tmp_path / "empty").mkdir()
    fails("RT202", masks(), tmp_path / "empty")
    fails("RT202", masks(), [])
    write_series(tmp_path / "other", turned((5, 4, 2)), series_uid="1.2.99")
    fails("RT211", masks(), [*series.iterdir(), *(tmp_path / "other").iterdir()])
    for one in (tmp_path / "other").iterdir():
        image = pydicom.dcmread(one)
        image.SeriesInstanceUID = "1.2.3.4.6"
        image.save_as(one)
    fails("RT207", masks(), [*series.iterdir(), *(tmp_path / "other").iterdir()])
    path = tmp_path / "no folder" / "out.dcm"
    fails("RT401", masks(), kind=StoreError)


def test_a_series_that_lacks_what_must_be_repeated_is_refused(series, tmp_path):
    for one in series.iterdir():
        image = pydicom.dcmread(one)
        del image.PatientID
        image.save_as(one)
    with pytest.raises(InputError, match="RT202"):
        write_seg(tmp_path / "out.dcm", masks(), series)


def test_multi_frame_images_are_refused(series, tmp_path):
    for one in series.iterdir():
        image = pydicom.dcmread(one)
        image.NumberOfFrames = 4
        image.save_as(one)
    with pytest.raises(InputError, match="RT211"):
        write_seg(tmp_path / "out.dcm", masks(), series)


def test_the_threshold_of_fractions_is_remarked(tmp_path):
    values = np.zeros((GRID.shape[1], GRID.shape[0]), dtype=np.uint8)
    values[2:4, 2:4], values[5, 5] = 200, 40
    path = save(segmentation([(1, 2, values)], GRID, kind="FRACTIONAL", largest=200), tmp_path / "a.dcm")
    (mask,) = read_seg(path, SCAN, threshold=0.25)
    assert mask.n_voxels == 4
    assert mask.remarks == ("fractions from 0.25 on were taken as inside",)
    values[5, 5] = 0
    path = save(segmentation([(1, 2, values)], GRID, kind="FRACTIONAL", largest=200), tmp_path / "b.dcm")
    assert not read_seg(path, SCAN)[0].remarks


def test_a_segment_beyond_the_scan_costs_only_itself_unless_it_is_asked_for(tmp_path):
    inside = np.ones((GRID.shape[1], GRID.shape[0]), dtype=bool)
    dataset = segmentation([(1, 2, inside), (2, GRID.shape[2] + 3, inside)], GRID, labels=("one", "two"))
    path = save(dataset, tmp_path / "a.dcm")
    (mask,) = read_masks(path, like=SCAN)
    assert (mask.label, mask.n_voxels) == ("one", inside.size)
    assert mask.remarks == ("1 other regions of the file left out (RT203)",)
    refused(path, "RT203", label=2)
    refused(path, "RT203", label="any")


def test_highdicom_reads_what_was_written(series, tmp_path):
    highdicom = pytest.importorskip("highdicom")
    write_seg(tmp_path / "out.dcm", masks(), series)
    volume = highdicom.seg.segread(tmp_path / "out.dcm").get_volume()
    assert volume.array.shape[3] == 2
    for n, mask in enumerate(masks()):
        inside = np.argwhere(volume.array[..., n])
        places = inside @ volume.affine[:3, :3].T + volume.affine[:3, 3]
        index = np.rint((places - GRID.affine[:3, 3]) @ np.linalg.inv(GRID.affine[:3, :3]).T).astype(int)
        assert {tuple(one) for one in index.tolist()} == {tuple(one) for one in np.argwhere(mask.data).tolist()}


def test_a_mask_on_one_slice_of_a_series_keeps_its_thickness(series, tmp_path):
    write_seg(tmp_path / "out.dcm", [Mask(expected((3,)), GRID)], series)
    dataset = pydicom.dcmread(tmp_path / "out.dcm")
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.SpacingBetweenSlices == pytest.approx(2.5)
    measures.SpacingBetweenSlices = 1.0  # as written for a single plane when it is not given
    for path in (tmp_path / "out.dcm", save(dataset, tmp_path / "other.dcm")):
        assert read_mask(path).grid.spacing_mm == pytest.approx((0.7, 0.8, 2.5))


def test_one_image_without_a_thickness_gets_that_of_the_mask(tmp_path):
    grid = turned((11, 13, 1), (0.7, 0.8, 2.4))
    folder = write_series(tmp_path / "one", grid)
    (only,) = folder.iterdir()
    image = pydicom.dcmread(only)
    del image.SliceThickness
    image.save_as(only)
    write_seg(tmp_path / "out.dcm", [Mask(np.ones(grid.shape), grid, "")], folder)
    (mask,) = read_masks(tmp_path / "out.dcm")
    assert mask.grid.spacing_mm == pytest.approx((0.7, 0.8, 2.4))


def test_an_empty_thickness_of_one_image_is_not_made_up(tmp_path):
    grid = turned((11, 13, 1), (0.7, 0.8, 2.4))
    folder = write_series(tmp_path / "one", grid)
    (only,) = folder.iterdir()
    image = pydicom.dcmread(only)
    image.SliceThickness = None
    image.save_as(only)
    write_seg(tmp_path / "out.dcm", [Mask(np.ones(grid.shape), grid)], folder)
    (mask,) = read_masks(tmp_path / "out.dcm")
    assert mask.grid.spacing_mm == pytest.approx((0.7, 0.8, 2.4))


def test_segments_that_may_be_resampled_are_cut_and_not_left_out(tmp_path):
    from radiotype.io.masks import read_masks_nearest

    frames = [(1, 2, PIXELS[2]), (2, 8, PIXELS[8]), (2, 9, PIXELS[8])]
    path = save(segmentation(frames, GRID, labels=("within", "beyond")), tmp_path / "a.dcm")
    assert [mask.label for mask in read_masks(path, like=SCAN)] == ["within"]
    first, second = read_masks_nearest(path, SCAN)
    assert (first.data == expected((2,))).all()
    assert (second.data == expected((8,))).all()
    inside = int(PIXELS[8].sum())
    assert second.remarks[-1] == f"{inside} of {2 * inside} voxels cut at the border of the scan"


def test_segments_on_different_slices_share_no_finer_grid_full_of_gaps(tmp_path):
    frames = [(1, 2, PIXELS[2]), (1, 3, PIXELS[3]), (2, 2.5, PIXELS[2]), (2, 3.5, PIXELS[3])]
    path = save(segmentation(frames, GRID, labels=("on", "between")), tmp_path / "a.dcm")
    assert "different slices" in refused(path, "RT207", like=None)


def test_the_regions_of_a_margin_come_back_from_a_segmentation(tmp_path):
    grid = Grid((32, 30, 14), np.array([[0.8, 0, 0, 5], [0, 0.8, 0, -7], [0, 0, 2.0, 11], [0, 0, 0, 1]]))
    x = (np.indices(grid.shape) - np.array([15, 14, 7])[:, None, None, None]) * np.array([0.8, 0.8, 2.0])[:, None, None, None]
    scan, ball = Scan(np.zeros(grid.shape), grid, "CT"), Mask((x**2).sum(axis=0) < 36, grid)
    regions = margin_regions(scan, ball, settings=MarginSettings(distances_mm=(2.0, 4.0)), parenchyma=Mask(x[0] < 4, grid))
    written = regions.on(grid).masks()
    write_seg(tmp_path / "out.dcm", list(written.values()), write_series(tmp_path / "series", grid))
    found = read_masks(tmp_path / "out.dcm", like=scan)
    assert [mask.label for mask in found] == list(written) == ["core", "invasive", "parenchymal_2mm", "parenchymal_4mm"]
    assert all((mask.data == written[mask.label].data).all() for mask in found)
