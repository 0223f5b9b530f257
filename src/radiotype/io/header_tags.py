"""The few DICOM tags that link one object to another, or warn of what its pixels may show. Nothing of them is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radiotype.io import guard
from radiotype.io.dicom import dataset as dicom

#: Sequences that lead to the series an RTSTRUCT or SEG was drawn on.
_LINKS = ("ReferencedFrameOfReferenceSequence", "ReferencedSeriesSequence", "StructureSetROISequence", "FrameOfReferenceUID")

#: Objects whose pixels are pictures of a screen.
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

#: Nested sequences deeper than this are not looked into.
_MAX_DEPTH = 8


@dataclass(frozen=True)
class Links:
    """Series and frames of reference that an RTSTRUCT or SEG points at, and the patient as an opaque key."""

    series: frozenset[str]
    frames: frozenset[str]
    patient: str


@dataclass(frozen=True)
class Risks:
    """What may identify the patient in a DICOM image beyond its header.

    `burned_in` is YES, NO or empty when not said; `recognisable` whether a face may be seen; `screen` whether it is a picture
    of a screen; `identity` holds opaque keys of the patient's id and name, to compare with ids of a manifest.
    """

    burned_in: str
    recognisable: bool
    screen: bool
    identity: frozenset[str]


def opaque(text: str) -> str:
    """A key that tells whether two texts are the same without saying what they are."""
    return hashlib.sha256(" ".join(text.lower().split()).encode("utf-8", "replace")).hexdigest()


def read_links(path: Path) -> Links:
    """What an RTSTRUCT or SEG points at.

    Raises
    ------
    InputError
        RT202 if it cannot be read.
    """
    dataset = _read(path, ("PatientID", *_LINKS))
    with guard.foreign(path, "the DICOM header"):
        uids: dict[str, set[str]] = {"SeriesInstanceUID": set(), "FrameOfReferenceUID": set()}
        for keyword, value in _texts(dataset, 0):
            if keyword == "ReferencedFrameOfReferenceUID":
                keyword = "FrameOfReferenceUID"
            if keyword in uids and value:
                uids[keyword].add(value)
        patient = opaque(str(dataset.get("PatientID", "")))
    return Links(frozenset(uids["SeriesInstanceUID"]), frozenset(uids["FrameOfReferenceUID"]), patient)


def read_patient_id(path: Path) -> str:
    """The PatientID of a DICOM file, for the one purpose of naming cases by it when a user asks for that.

    Raises
    ------
    InputError
        RT202 if it cannot be read.
    """
    dataset = _read(path, ("PatientID",))
    with guard.foreign(path, "the DICOM header"):
        return str(dataset.get("PatientID", "") or "").strip()


def read_risks(path: Path) -> Risks:
    """What in a DICOM image may identify the patient.

    Raises
    ------
    InputError
        RT202 if it cannot be read.
    """
    names = ("PatientID", "PatientName", "BurnedInAnnotation", "RecognizableVisualFeatures", "ImageType", "SOPClassUID")
    dataset = _read(path, names)
    with guard.foreign(path, "the DICOM header"):
        kinds = dataset.get("ImageType", ()) or ()
        words = {str(kind).upper() for kind in ([kinds] if isinstance(kinds, str) else kinds)}
        name = str(dataset.get("PatientName", "") or "")
        people = {
            str(dataset.get("PatientID", "") or ""),
            name,
            name.replace("^", " "),
            name.replace("^", "_"),
            name.replace("^", ""),
        }
        return Risks(
            burned_in=str(dataset.get("BurnedInAnnotation", "") or "").strip().upper(),
            recognisable=str(dataset.get("RecognizableVisualFeatures", "") or "").strip().upper() == "YES",
            screen=str(dataset.get("SOPClassUID", "")).startswith(_SECONDARY_CAPTURE) or "SCREEN SAVE" in words,
            identity=frozenset(opaque(one) for one in people if len(one.strip()) > 2),
        )


def _read(path: Path, names: Iterable[str]) -> Any:
    import pydicom

    with guard.foreign(path, "the DICOM header"):
        if dicom.is_deflated(path):  # inflated to a limit, where the library would inflate all of it
            return dicom.read_dataset(path)[0]
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(names), force=True)


def _texts(dataset: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Keyword and text of every element, those of nested sequences included."""
    for element in dataset:
        if element.VR != "SQ":
            yield element.keyword, str(element.value or "")
        elif depth < _MAX_DEPTH:
            for item in element.value:
                yield from _texts(item, depth + 1)
