"""Phases of one series: told apart by every element that may tell them, with their times; uneven phases are refused."""

import numpy as np
import pytest

from radiotype.errors import InputError
from radiotype.io import read_scan
from radiotype.io.dicom import series_of


def write_phases(maker, volume, edit, n_phases=3, slice_first=False, drop=()):
    """Phase p holds volume + 1000 p; files are written phase by phase, or slice by slice."""
    order = [(p, k) for p in range(n_phases) for k in range(len(volume))]
    if slice_first:
        order.sort(key=lambda pair: pair[::-1])
    for p, k in order:
        if (p, k) in drop:
            continue
        one = maker.dataset(volume[k] + np.int16(1000 * p), (-10, 20, 30 + 3 * k), modality="MR")
        edit(one, p, k)
        maker.write(one)


def require_phases(maker, volume, split_by, times_s):
    series = series_of(maker.folder)
    scan = series.scan()
    assert series.stack.phases.split_by == split_by
    assert scan.n_phases == 3
    assert scan.times_s == (None if times_s is None else pytest.approx(times_s))
    for p in range(3):
        assert (scan.data[p] == volume.transpose(2, 1, 0) + 1000 * p).all()
        one = read_scan(maker.folder, phase=p)
        assert one.data.shape == (5, 6, 4)
        assert (one.data == scan.data[p]).all()
        assert one.times_s is None


def test_temporal_position_comes_first_and_trigger_time_gives_the_times(maker, volume):
    def edit(one, p, k):
        one.TemporalPositionIdentifier, one.AcquisitionNumber, one.TriggerTime = p + 1, 1, 60000.0 * p

    write_phases(maker, volume, edit)
    require_phases(maker, volume, "TemporalPositionIdentifier", (0, 60, 120))


def test_acquisition_number_with_acquisition_times(maker, volume):
    def edit(one, p, k):
        one.AcquisitionNumber, one.AcquisitionTime = p + 1, f"0959{50 + k:02d}.5" if p == 0 else f"10{p:02d}{30 + k}.5"

    write_phases(maker, volume, edit)
    # The first phase starts at 09:59:50.5, the others at 10:01:30.5 and 10:02:30.5.
    require_phases(maker, volume, "AcquisitionNumber", (0, 100, 160))


def test_trigger_time_alone(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "TriggerTime", 1500.0 + 90500.0 * p))
    require_phases(maker, volume, "TriggerTime", (0, 90.5, 181))


def test_acquisition_time_that_differs_between_slices_counts_by_its_order(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "AcquisitionTime", f"10{p:02d}{10 + 3 * k}"))
    require_phases(maker, volume, "AcquisitionTime", (0, 60, 120))


def test_content_time_alone(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "ContentTime", f"10{p:02d}00"))
    require_phases(maker, volume, "ContentTime", (0, 60, 120))


@pytest.mark.parametrize("slice_first", [False, True])
def test_instance_numbers_alone_in_blocks_or_slice_by_slice(maker, volume, slice_first):
    write_phases(maker, volume, lambda one, p, k: None, slice_first=slice_first)
    require_phases(maker, volume, "InstanceNumber", None)


def test_midnight_between_phases(maker, volume):
    def dated(one, p, k):
        one.AcquisitionNumber = p
        one.AcquisitionDate, one.AcquisitionTime = ("20200101", "235930") if p == 0 else ("20200102", f"000{p}00")

    write_phases(maker, volume, dated)
    require_phases(maker, volume, "AcquisitionNumber", (0, 90, 150))


def test_midnight_without_dates(maker, volume):
    def undated(one, p, k):
        one.AcquisitionNumber, one.AcquisitionTime = p, "235930" if p == 0 else f"000{p}00"

    write_phases(maker, volume, undated)
    require_phases(maker, volume, "AcquisitionNumber", (0, 90, 150))


def test_times_that_do_not_run_forward_are_not_given(maker, volume):
    def edit(one, p, k):
        one.AcquisitionNumber, one.AcquisitionTime = p, f"10{(0, 5, 2)[p]:02d}00"

    write_phases(maker, volume, edit)
    require_phases(maker, volume, "AcquisitionNumber", None)


def test_positions_that_differ_by_rounding_between_phases_are_one(maker, volume):
    def edit(one, p, k):
        one.AcquisitionNumber, one.ImagePositionPatient = p, [-10, 20, 30 + 3 * k + 0.01 * p]

    write_phases(maker, volume, edit)
    require_phases(maker, volume, "AcquisitionNumber", None)


def test_phases_apart_by_a_part_of_a_voxel_are_refused(maker, volume):
    def edit(one, p, k):
        one.AcquisitionNumber, one.ImagePositionPatient = p, [-10 + 0.2 * p, 20, 30 + 3 * k]

    write_phases(maker, volume, edit)
    with pytest.raises(InputError, match=r"RT213.*phases lie up to 0\.20 mm apart"):
        read_scan(maker.folder)


def test_a_slice_missing_in_one_phase_is_refused(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "AcquisitionNumber", p), drop={(1, 2)})
    with pytest.raises(InputError, match=r"RT213.*most positions have 3 images, but there are 2 at 36\.00 mm"):
        read_scan(maker.folder)


def test_a_series_that_was_sent_twice_is_one_phase(maker, volume):
    maker.slices(volume)
    maker.slices(volume)  # other instance UIDs and numbers, the same pixels
    series = series_of(maker.folder)
    assert series.n_phases == 1
    assert series.stack.phases.n_dropped == 4


def test_images_that_nothing_tells_apart_are_refused(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "InstanceNumber", 1))
    with pytest.raises(InputError, match=r"RT213.*3 different images stand at each position"):
        read_scan(maker.folder)


def test_a_phase_that_does_not_exist_is_refused(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "AcquisitionNumber", p))
    for phase in (3, -1):
        with pytest.raises(InputError, match=r"RT212.*the scan has 3"):
            read_scan(maker.folder, phase=phase)
    with pytest.raises(InputError, match=r"RT212.*has 3 phases where one volume is needed"):
        read_scan(maker.folder).box((0, 0, 0), (1, 1, 1))


def test_one_phase_is_read_without_the_files_of_the_others(maker, volume):
    write_phases(maker, volume, lambda one, p, k: setattr(one, "AcquisitionNumber", p))
    scan = read_scan(maker.folder, phase=1)
    for path in sorted(maker.folder.iterdir()):
        if not 4 < int(path.stem) <= 8:
            path.unlink()
    assert (scan.data == volume.transpose(2, 1, 0) + 1000).all()


def test_a_clock_of_absurd_numbers_ends_in_bounded_time(maker, volume):
    def edit(one, p, k):
        one.AcquisitionNumber, one.TriggerTime = p, (1e300, 0.0, -1e300)[p]

    write_phases(maker, volume, edit)
    require_phases(maker, volume, "AcquisitionNumber", None)


@pytest.mark.parametrize("per_slice", [0, 1])
def test_acquisition_times_across_midnight_keep_their_order_without_dates(maker, volume, per_slice):
    def undated(one, p, k):
        one.InstanceNumber = 1
        one.AcquisitionTime = ("235930", "000030", "000130")[p][:5] + str(per_slice * k)

    write_phases(maker, volume, undated)
    require_phases(maker, volume, "AcquisitionTime", (0, 60, 120))


def test_blank_slices_of_several_phases_are_no_copies(maker, volume):
    volume[-1] = 0

    for p in range(3):
        for k in range(len(volume)):
            blank = k == len(volume) - 1
            maker.write(maker.dataset(volume[k] + np.int16(0 if blank else 1000 * p), (-10, 20, 30 + 3 * k), modality="MR"))
    series = series_of(maker.folder)
    assert (series.n_phases, series.stack.phases.split_by, series.stack.phases.n_dropped) == (3, "InstanceNumber", 0)
    assert (series.scan(phase=2).data[:, :, -1] == 0).all()


def test_equal_numbers_of_another_slope_are_no_copy(maker, volume):
    for p in range(2):
        maker.slices(volume, edit=lambda one, k, p=p: setattr(one, "RescaleSlope", 1 + p), modality="CT")
    series = series_of(maker.folder)
    assert series.n_phases == 2
    assert (series.scan(phase=1).data != series.scan(phase=0).data).any() or series.scan(phase=1).slope == 2
