"""Enhanced files: each frame placed, scaled and timed by its functional groups; groups that are missing are refused."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import read_header, series_of

POSITIONS = [(-10, 20, 30 + 3 * k) for k in range(4)]


def write(one, tmp_path):
    path = tmp_path / "enhanced.dcm"
    one.save_as(path)
    return path


def test_frames_lie_where_their_groups_say(enhanced, tmp_path, volume):
    order = [2, 0, 3, 1]
    path = write(enhanced(volume[order], [POSITIONS[k] for k in order]), tmp_path)
    scan = read_scan(path)
    assert scan.grid.spacing_mm == pytest.approx((0.5, 0.8, 3.0))
    assert scan.grid.origin_mm == pytest.approx((-10, 20, 30))
    assert (scan.data == volume.transpose(2, 1, 0)).all()
    assert (scan.modality, scan.unit, scan.intercept) == ("CT", "HU", -1024.0)


def test_a_group_of_a_frame_overrides_the_shared_one(enhanced, tmp_path, volume):
    def edit(group, index):
        scaling = Dataset()
        scaling.RescaleSlope, scaling.RescaleIntercept = index + 1, 10 * index
        group.PixelValueTransformationSequence = [scaling]

    scan = read_scan(write(enhanced(volume, POSITIONS, modality="MR", edit_frame=edit), tmp_path))
    assert scan.data.dtype == np.float32
    expected = np.stack([volume[k] * (k + 1.0) + 10 * k for k in range(4)])
    assert scan.box((0, 0, 0), (5, 6, 4)) == pytest.approx(expected.transpose(2, 1, 0))


@pytest.mark.parametrize("clock", ["offset", "acquisition"])
def test_temporal_positions_with_their_times(enhanced, tmp_path, volume, clock):
    both = np.concatenate([volume, volume + 500])

    def edit(group, index):
        group.FrameContentSequence[0].TemporalPositionIndex = 1 + index // 4
        if clock == "offset":
            time = Dataset()
            time.TemporalPositionTimeOffset = 75.25 * (index // 4)
            group.TemporalPositionSequence = [time]
        else:
            group.FrameContentSequence[0].FrameAcquisitionDateTime = ("20200101235930", "20200102000045.25")[index // 4]

    scan = read_scan(write(enhanced(both, POSITIONS * 2, modality="MR", edit_frame=edit), tmp_path))
    assert scan.times_s == pytest.approx((0, 75.25))
    assert (scan.data[1] == volume.transpose(2, 1, 0) + 500).all()


def test_one_volume_may_be_spread_over_several_files(enhanced, tmp_path, volume):
    for half in (0, 1):
        one = enhanced(volume[2 * half : 2 * half + 2], POSITIONS[2 * half : 2 * half + 2])
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"1.2.{half}"
        one.save_as(tmp_path / f"{half}.dcm")
    assert (read_scan(tmp_path / "1.dcm").data == volume.transpose(2, 1, 0)).all()


def test_orientations_within_a_file_are_split_apart(enhanced, tmp_path, volume):
    def edit(group, index):
        if index == 3:
            plane = Dataset()
            plane.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
            group.PlaneOrientationSequence = [plane]

    path = write(enhanced(volume, POSITIONS, edit_frame=edit), tmp_path)
    assert read_scan(path).grid.shape == (5, 6, 3)
    assert series_of(path).stack.n_left_out == 1


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_missing_groups_are_refused(enhanced, tmp_path, volume, kept):
    one = enhanced(volume, POSITIONS)
    one.PerFrameFunctionalGroupsSequence = one.PerFrameFunctionalGroupsSequence[:kept]
    with pytest.raises(InputError) as caught:
        read_scan(write(one, tmp_path))
    assert caught.value.code == ("RT209" if kept else "RT207")
    assert "4 frames" in caught.value.found


@pytest.mark.parametrize("missing", ["PlanePositionSequence", "FrameContentSequence"])
def test_a_frame_without_a_position_is_refused_and_one_without_a_time_is_not(enhanced, tmp_path, volume, missing):
    def edit(group, index):
        if index == 2:
            delattr(group, missing)

    path = write(enhanced(volume, POSITIONS, edit_frame=edit), tmp_path)
    if missing == "PlanePositionSequence":
        with pytest.raises(InputError, match=r"RT207.*ImagePositionPatient is missing"):
            read_scan(path)
    else:
        assert read_scan(path).grid.shape == (5, 6, 4)


@pytest.mark.parametrize("n_frames", [0, -1, 5, 2**31 - 1])
def test_a_wrong_number_of_frames_is_refused(enhanced, tmp_path, volume, n_frames):
    one = enhanced(volume, POSITIONS)
    one.NumberOfFrames = n_frames
    with pytest.raises(InputError, match="RT209"):
        read_scan(write(one, tmp_path))


def test_frames_missing_at_the_end_of_the_file_are_noticed_before_decoding(enhanced, tmp_path, volume):
    path = write(enhanced(volume, POSITIONS), tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert read_header(path).n_frames == 4
    with pytest.raises(InputError, match=r"RT209.*claims 240 bytes of voxels, the file holds 239"):
        read_scan(path)


def test_frames_without_geometry_are_no_scan(maker, volume):
    one = maker.dataset(volume[0], None)
    one.NumberOfFrames, one.PixelData = 4, volume.tobytes()
    del one.ImageOrientationPatient
    with pytest.raises(InputError, match=r"RT207.*where its 4 frames lie"):
        read_scan(maker.write(one))


def test_the_rescale_type_of_an_enhanced_file_decides_its_unit(enhanced, tmp_path, volume):
    def stored(kind):
        one = enhanced(volume, [(0, 0, 3 * k) for k in range(4)])
        one.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleType = kind
        return read_scan(write(one, tmp_path)).unit

    assert stored("HU") == "HU"
    assert stored("Z_EFF") == "1"
