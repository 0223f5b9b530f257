"""DICOM files that hold regions, not images: told apart, opened with limits, tied to the scan they were drawn on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from radiotype.core.volume import Scan
from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.dicom import dataset as dicom
from radiotype.io.dicom.pixels import DicomVoxels

if TYPE_CHECKING:
    from pydicom import Dataset

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """As `dicom.dataset.reading`; errors of our own get the file if they lack one."""
    try:
        with dicom.reading(path, what):
            yield
    except InputError as error:
        error.file = error.file or path
        raise


def sop_class(path: str | Path) -> str:
    """The kind of a DICOM file as its SOP class UID; empty text for any other file. Reads the first group only.

    Raises
    ------
    InputError
        RT202 if that group is damaged.
    """
    path = Path(path)
    if not path.is_file() or not dicom.has_dicom_marker(path):
        return ""
    from pydicom.filereader import read_file_meta_info

    with reading(path, "the DICOM header"):
        return str(read_file_meta_info(path).get("MediaStorageSOPClassUID", ""))


def open_object(path: Path, kinds: Collection[str], what: str) -> Dataset:
    """The elements before any pixels of a DICOM file of one of some kinds; to be used within `reading`.

    Raises
    ------
    InputError
        RT201, RT202, RT209, or RT211 for another kind of object.
    """
    size = guard.require_file(path)
    if size > guard.max_volume_bytes():
        raise InputError("RT209", f"the file has {size / 2**30:.1f} GB", file=path)
    found = sop_class(path)
    if found not in kinds:
        kind = "a DICOM object of another kind" if found else "no DICOM file"
        raise InputError("RT211", f"{what} was expected, this is {kind}", file=path)
    dataset, _ = dicom.read_dataset(path)
    return dataset


def require_same_frame(like: Scan, frame_uid: str, series_uids: Collection[str], what: str) -> None:
    """Refuse regions drawn in another frame of reference than that of the scan, unless they refer to its very series.

    Scans that do not know their frame of reference (NIfTI, NRRD, MHA) are not compared.

    Raises
    ------
    InputError
        RT217.
    """
    if not isinstance(like.voxels, DicomVoxels):
        return
    instance = like.voxels.volumes[0][0].instance
    frame, series = instance.frame_of_reference_uid, instance.series_uid
    if not frame or not frame_uid or frame == frame_uid or series in series_uids:
        return
    raise InputError(
        "RT217",
        f"{what} was drawn in another frame of reference than that of the scan, and does not refer to its series",
        hint="name the series it was drawn on in the column `image` of the manifest",
    )
