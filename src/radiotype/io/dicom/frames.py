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
    groups = frame_groups(dataset)
    if n_frames < 1:
        raise InputError("RT209", f"the header claims {n_frames} frames")
    if not items_of(dataset, "PerFrameFunctionalGroupsSequence") and n_frames > 1:
        return ()
    if not groups:
        return (_plain_frame(dataset),)
    if len(groups) != n_frames:
        raise InputError(
            "RT209",
            f"the header claims {n_frames} frames and describes {len(groups)}",
            hint="the file was cut short or edited; export it again",
        )
    return tuple(_frame_of_groups(index, *group) for index, group in enumerate(groups))


def frame_groups(dataset: Dataset) -> list[tuple[Dataset, Dataset]]:
    """Functional groups of each frame: its own, and those that all frames share; none in a plain file."""
    from pydicom.dataset import Dataset

    per_frame = items_of(dataset, "PerFrameFunctionalGroupsSequence")
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")
    common = shared[0] if shared else Dataset()
    return [(own, common) for own in per_frame or shared[:1]]


def macro(own: Dataset, common: Dataset, keyword: str) -> Dataset:
    """A functional group of a frame: it stands among its own, or among those that all frames share; empty if in neither."""
    from pydicom.dataset import Dataset

    found = items_of(own, keyword) or items_of(common, keyword)
    return found[0] if found else Dataset()


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


def _frame_of_groups(index: int, own: Dataset, common: Dataset) -> Frame:
    """A frame of an enhanced file."""

    def group(keyword: str) -> Dataset:
        return macro(own, common, keyword)

    measures, scaling = group("PixelMeasuresSequence"), group("PixelValueTransformationSequence")
    content, cardiac = group("FrameContentSequence"), group("CardiacSynchronizationSequence")
    trigger = number_of(cardiac, "NominalCardiacTriggerDelayTime")
    return Frame(
        index=index,
        position=numbers_of(group("PlanePositionSequence"), "ImagePositionPatient", 3),
        orientation=numbers_of(group("PlaneOrientationSequence"), "ImageOrientationPatient", 6),
        spacing=numbers_of(measures, "PixelSpacing", 2),
        thickness=number_of(measures, "SliceThickness"),
        slope=_one(scaling, "RescaleSlope"),
        intercept=_one(scaling, "RescaleIntercept"),
        temporal_position=whole_of(content, "TemporalPositionIndex"),
        acquisition_number=whole_of(content, "FrameAcquisitionNumber"),
        instance_number=index + 1,
        trigger_time_s=None if trigger is None else trigger / 1000,
        time_offset_s=number_of(group("TemporalPositionSequence"), "TemporalPositionTimeOffset"),
        acquisition_time=moment_of(content, "FrameAcquisitionDateTime", "", ""),
        content_time=moment_of(content, "FrameReferenceDateTime", "", ""),
    )


def _one(dataset: Dataset, keyword: str) -> float | None:
    found = numbers_of(dataset, keyword, 1)
    return None if found is None else found[0]
