"""What is kept of one DICOM file: geometry, pixel layout, times, and nothing that tells who the patient is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from radiotype.errors import InputError
from radiotype.io.dicom.dataset import (
    PixelElement,
    as_number,
    items_of,
    number_of,
    read_dataset,
    reading,
    text_of,
    texts_of,
    whole_of,
)
from radiotype.io.dicom.frames import Frame, frame_groups, frames_of, macro
from radiotype.io.dicom.moments import moment_of, moment_of_text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True)
class PetTags:
    """What the standardised uptake value needs; None or empty text where the file does not say."""

    units: str = ""
    decay_correction: str = ""
    decay_corrected: str = ""
    corrected_image: tuple[str, ...] = ()
    suv_type: str = ""
    weight_kg: float | None = None
    dose_bq: float | None = None
    half_life_s: float | None = None
    injection: float | None = None
    series_start: float | None = None
    acquisition_start: float | None = None
    ge_scan_start: float | None = None
    decay_reference: float | None = None
    frame_reference_time_s: float | None = None
    frame_duration_s: float | None = None
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file.

    Parameters
    ----------
    path : path
    sop_class_uid, sop_instance_uid, series_uid, study_uid, frame_of_reference_uid : str
        Empty where the file does not say.
    modality : str
        As stored: CT, MR, PT, SEG, RTSTRUCT ...
    series_number, instance_number, acquisition_number : int, optional
    rows, columns, n_frames, samples : int
        0 rows and columns for a file without pixels.
    bits, bits_stored, high_bit : int
    signed : bool
    photometric : str
        MONOCHROME1 and MONOCHROME2 hold grey values; a MONOCHROME1 image is shown inverted, its values are the same.
    rescale_type : str
    transfer_syntax : str
    pixels : PixelElement, optional
        Where the pixel data stand; None for a file without.
    frames : tuple of Frame
        Geometry, scaling and times of each plane; one for a plain file, none where the file does not place its frames.
    pet : PetTags, optional
        For modality PT.
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    modality: str
    series_number: int | None
    instance_number: int | None
    acquisition_number: int | None
    rows: int
    columns: int
    n_frames: int
    samples: int
    bits: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    rescale_type: str
    transfer_syntax: str
    pixels: PixelElement | None
    frames: tuple[Frame, ...]
    pet: PetTags | None = None

    @property
    def position(self) -> tuple[float, ...] | None:
        """Centre of the first pixel of the first frame, mm (LPS)."""
        return self.frames[0].position if self.frames else None

    @property
    def orientation(self) -> tuple[float, ...] | None:
        """Direction of a row and of a column, six cosines."""
        return self.frames[0].orientation if self.frames else None

    @property
    def pixel_spacing(self) -> tuple[float, ...] | None:
        """Distance between rows and between columns, mm."""
        return self.frames[0].spacing if self.frames else None

    @property
    def slice_thickness(self) -> float | None:
        """Thickness of the first frame, mm."""
        return self.frames[0].thickness if self.frames else None

    @property
    def rescale_slope(self) -> float | None:
        """Slope of the first frame."""
        return self.frames[0].slope if self.frames else None

    @property
    def rescale_intercept(self) -> float | None:
        """Intercept of the first frame."""
        return self.frames[0].intercept if self.frames else None

    @property
    def acquisition_time(self) -> float | None:
        """Seconds; counted from the same day for all files that give dates."""
        return self.frames[0].acquisition_time if self.frames else None

    @property
    def content_time(self) -> float | None:
        """Seconds, as `acquisition_time`."""
        return self.frames[0].content_time if self.frames else None

    @property
    def trigger_time_s(self) -> float | None:
        """Seconds from the trigger."""
        return self.frames[0].trigger_time_s if self.frames else None

    @property
    def temporal_position(self) -> int | None:
        """Number of the phase, as stored."""
        return self.frames[0].temporal_position if self.frames else None

    @property
    def has_pixels(self) -> bool:
        """Whether the file claims to hold an image."""
        return self.rows > 0 and self.columns > 0


def read_header(path: str | Path) -> Instance:
    """What one DICOM file says of itself; its pixels are not read.

    Parameters
    ----------
    path : path
        Any DICOM file with a preamble, whatever its suffix.

    Returns
    -------
    Instance

    Raises
    ------
    InputError
        RT201 if there is no file; RT202 if it is no DICOM file or damaged; RT209 if its header contradicts itself.

    Examples
    --------
    >>> read_header("scan/001.dcm").modality  # doctest: +SKIP
    'CT'
    """
    path = Path(path)
    try:
        with reading(path):
            dataset, pixels = read_dataset(path)
            return _instance(path, dataset, pixels)
    except InputError as error:
        error.file = error.file or path
        raise


def _instance(path: Path, dataset: Dataset, pixels: PixelElement | None) -> Instance:
    meta = getattr(dataset, "file_meta", None)
    modality = text_of(dataset, "Modality").upper()
    bits = whole_of(dataset, "BitsAllocated") or 0
    stored = whole_of(dataset, "BitsStored") or bits
    high = whole_of(dataset, "HighBit")
    n_frames = whole_of(dataset, "NumberOfFrames")
    return Instance(
        path=path,
        sop_class_uid=text_of(dataset, "SOPClassUID"),
        sop_instance_uid=text_of(dataset, "SOPInstanceUID"),
        series_uid=text_of(dataset, "SeriesInstanceUID"),
        study_uid=text_of(dataset, "StudyInstanceUID"),
        frame_of_reference_uid=text_of(dataset, "FrameOfReferenceUID"),
        modality=modality,
        series_number=whole_of(dataset, "SeriesNumber"),
        instance_number=whole_of(dataset, "InstanceNumber"),
        acquisition_number=whole_of(dataset, "AcquisitionNumber"),
        rows=max(whole_of(dataset, "Rows") or 0, 0),
        columns=max(whole_of(dataset, "Columns") or 0, 0),
        n_frames=1 if n_frames is None else n_frames,
        samples=whole_of(dataset, "SamplesPerPixel") or 1,
        bits=bits,
        bits_stored=stored,
        high_bit=stored - 1 if high is None else high,
        signed=whole_of(dataset, "PixelRepresentation") == 1,
        photometric=text_of(dataset, "PhotometricInterpretation").upper(),
        rescale_type=_rescale_type(dataset),
        transfer_syntax="" if meta is None else text_of(meta, "TransferSyntaxUID"),
        pixels=pixels,
        frames=frames_of(dataset, 1 if n_frames is None else n_frames),
        pet=_pet_tags(dataset) if modality == "PT" else None,
    )


def _rescale_type(dataset: Dataset) -> str:
    """RescaleType; of an enhanced file that of its frames, several words if they differ."""
    groups = frame_groups(dataset)
    kinds = {text_of(macro(*group, "PixelValueTransformationSequence"), "RescaleType").upper() for group in groups}
    return " ".join(sorted(kinds)) if groups else text_of(dataset, "RescaleType").upper()


def _pet_tags(dataset: Dataset) -> PetTags:
    from pydicom.dataset import Dataset

    injected = items_of(dataset, "RadiopharmaceuticalInformationSequence")
    drug = injected[0] if injected else Dataset()
    corrected = texts_of(dataset, "CorrectedImage")
    reference, duration = number_of(dataset, "FrameReferenceTime"), number_of(dataset, "ActualFrameDuration")
    zone = text_of(dataset, "TimezoneOffsetFromUTC")
    return PetTags(
        units=text_of(dataset, "Units").upper() or _unit_of_real_world_values(dataset),
        decay_correction=text_of(dataset, "DecayCorrection").upper(),
        decay_corrected=text_of(dataset, "DecayCorrected").upper(),
        corrected_image=tuple(one.upper() for one in corrected),
        suv_type=text_of(dataset, "SUVType").upper(),
        weight_kg=number_of(dataset, "PatientWeight"),
        dose_bq=number_of(drug, "RadionuclideTotalDose"),
        half_life_s=number_of(drug, "RadionuclideHalfLife"),
        injection=moment_of(drug, "RadiopharmaceuticalStartDateTime", "", "RadiopharmaceuticalStartTime", zone=zone),
        series_start=moment_of(dataset, "", "SeriesDate", "SeriesTime"),
        acquisition_start=moment_of(dataset, "AcquisitionDateTime", "AcquisitionDate", "AcquisitionTime", zone=zone),
        ge_scan_start=_ge_scan_start(dataset),
        decay_reference=moment_of(dataset, "DecayCorrectionDateTime", "", "", zone=zone),
        frame_reference_time_s=None if reference is None else reference / 1000,
        frame_duration_s=None if duration is None else duration / 1000,
        philips_suv_factor=_philips(dataset, 0x00),
        philips_activity_factor=_philips(dataset, 0x09),
    )


def _unit_of_real_world_values(dataset: Dataset) -> str:
    """Units of an enhanced PET image, in the words of a plain one; empty where they are not those of its rescaled values."""
    found = set()
    for own, common in frame_groups(dataset):
        mappings = items_of(own, "RealWorldValueMappingSequence") or items_of(common, "RealWorldValueMappingSequence")
        scaling = macro(own, common, "PixelValueTransformationSequence")
        pair = number_of(scaling, "RescaleSlope"), number_of(scaling, "RescaleIntercept")
        found.add(next((unit for one in mappings if (unit := _unit_of_mapping(one, pair))), ""))
    return found.pop() if len(found) == 1 else ""


def _unit_of_mapping(mapping: Dataset, pair: tuple[float | None, float | None]) -> str:
    """Its unit, if it scales as the frame does."""
    scaled = (number_of(mapping, "RealWorldValueSlope"), number_of(mapping, "RealWorldValueIntercept"))
    if "RealWorldValueLUTData" in mapping:
        return ""
    for given, own in zip(scaled, pair, strict=True):
        if given is not None and (own is None or not math.isclose(given, own, rel_tol=1e-6, abs_tol=1e-12)):
            return ""
    for code in items_of(mapping, "MeasurementUnitsCodeSequence"):
        unit = {"BQ/ML": "BQML", "{SUVBW}G/ML": "GML", "G/ML{SUVBW}": "GML"}.get(text_of(code, "CodeValue").upper())
        if unit:
            return unit
    return ""


def _private(dataset: Dataset, group: int, creator: str, number: int) -> object:
    """The value of a private element of a named creator, wherever its block lies."""
    try:
        return dataset.private_block(group, creator)[number].value
    except KeyError:
        return None


def _ge_scan_start(dataset: Dataset) -> float | None:
    value = _private(dataset, 0x0009, "GEMS_PETD_01", 0x0D)
    text = value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else str(value)
    return moment_of_text(text)


def _philips(dataset: Dataset, number: int) -> float | None:
    factor = as_number(_private(dataset, 0x7053, "Philips PET Private Group", number))
    return factor if factor is not None and factor > 0 else None
