"""Where each plane of a DICOM file lies, how its numbers are scaled, and when it was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from radiotype.errors import InputError
from radiotype.io.dicom.dataset import items_of, number_of, numbers_of, whole_of
from radiotype.io.dicom.moments import moment_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane of a file; None where the file does not say.

    `position` is the centre of the first pixel and `orientation` the direction of a row and of a column (LPS); `spacing` is the
    distance between rows, then between columns, mm. Times are seconds.
    """

    index: int
    position: tuple[float, ...] | None = None
    orientation: tuple[float, ...] | None = None
    spacing: tuple[float, ...] | None = None
    thickness: float | None = None
    slope: float | None = None
    intercept: float | None = None
    temporal_position: int | None = None
    acquisition_number: int | None = None
    instance_number: int | None = None
    trigger_time_s: float | None = None
    time_offset_s: float | None = None
    acquisition_time: float | None = None
    content_time: float | None = None


def frames_of(dataset: Dataset, n_frames: int) -> tuple[Frame, ...]:
    """The frames of a file; none for a file of several frames that does not place them.

    Raises
    ------
    InputError
        RT209 if the functional groups do not fit the number of frames, or a number is not one.
    """
    per_frame = items_of(dataset, "PerFrameFunctionalGroupsSequence")
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")
    if n_frames < 1:
        raise InputError("RT209", f"the header claims {n_frames} frames")
    if not per_frame and n_frames == 1:
        return (_frame_of_groups(0, shared[0], None),) if shared else (_plain_frame(dataset),)
    if not per_frame:
        return ()
    if len(per_frame) != n_frames:
        raise InputError(
            "RT209",
            f"the header claims {n_frames} frames and describes {len(per_frame)}",
            hint="the file was cut short or edited; export it again",
        )
    common = shared[0] if shared else None
    return tuple(_frame_of_groups(index, group, common) for index, group in enumerate(per_frame))


def _plain_frame(dataset: Dataset) -> Frame:
    trigger = number_of(dataset, "TriggerTime")
    return Frame(
        index=0,
        position=numbers_of(dataset, "ImagePositionPatient", 3),
        orientation=numbers_of(dataset, "ImageOrientationPatient", 6),
        spacing=numbers_of(dataset, "PixelSpacing", 2),
        thickness=number_of(dataset, "SliceThickness"),
        slope=_one(dataset, "RescaleSlope"),
        intercept=_one(dataset, "RescaleIntercept"),
        temporal_position=whole_of(dataset, "TemporalPositionIdentifier"),
        acquisition_number=whole_of(dataset, "AcquisitionNumber"),
        instance_number=whole_of(dataset, "InstanceNumber"),
        trigger_time_s=None if trigger is None else trigger / 1000,
        acquisition_time=moment_of(dataset, "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime"),
        content_time=moment_of(dataset, "", "ContentDate", "ContentTime"),
    )


def _frame_of_groups(index: int, own: Dataset, common: Dataset | None) -> Frame:
    """A frame of an enhanced file: each macro stands in the frame's own group, or in the group that all frames share."""

    def macro(keyword: str) -> Dataset:
        for group in (own, common):
            found = items_of(group, keyword) if group is not None else []
            if found:
                return found[0]
        return type(own)()

    measures, scaling = macro("PixelMeasuresSequence"), macro("PixelValueTransformationSequence")
    content, cardiac = macro("FrameContentSequence"), macro("CardiacSynchronizationSequence")
    trigger = number_of(cardiac, "NominalCardiacTriggerDelayTime")
    return Frame(
        index=index,
        position=numbers_of(macro("PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation=numbers_of(macro("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        spacing=numbers_of(measures, "PixelSpacing", 2),
        thickness=number_of(measures, "SliceThickness"),
        slope=_one(scaling, "RescaleSlope"),
        intercept=_one(scaling, "RescaleIntercept"),
        temporal_position=whole_of(content, "TemporalPositionIndex"),
        acquisition_number=whole_of(content, "FrameAcquisitionNumber"),
        instance_number=index + 1,
        trigger_time_s=None if trigger is None else trigger / 1000,
        time_offset_s=number_of(macro("TemporalPositionSequence"), "TemporalPositionTimeOffset"),
        acquisition_time=moment_of(content, "FrameAcquisitionDateTime", "", ""),
        content_time=moment_of(content, "FrameReferenceDateTime", "", ""),
    )


def _one(dataset: Dataset, keyword: str) -> float | None:
    found = numbers_of(dataset, keyword, 1)
    return None if found is None else found[0]
