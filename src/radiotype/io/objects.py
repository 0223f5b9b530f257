"""DICOM files that hold regions, not images: told apart, opened with limits, tied to the scan they were drawn on."""

from __future__ import annotations

import io
import logging
import warnings
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from radiotype.core.volume import Scan
from radiotype.errors import InputError, RadiotypeError
from radiotype.io import guard

if TYPE_CHECKING:
    from pydicom import Dataset

RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"

DEFLATED = "1.2.840.10008.1.2.1.99"

#: A deflated data set larger than this is refused: a small file can claim any size.
MAX_INFLATED_BYTES = 128 * 2**20


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn whatever the reading library raises into an `InputError`, and drop its warnings and log lines.

    Its texts may quote the file, a patient's name included: only the kind of the exception is kept.
    """
    logger = logging.getLogger("pydicom")
    before = logger.disabled
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError as error:
        error.file = error.file or path
        raise
    except RadiotypeError:
        raise
    except Exception as error:  # noqa: BLE001 - no exception of another library leaves this layer
        lacking = f": it lacks {error.name}" if isinstance(error, AttributeError) and error.name else ""
        raise InputError(
            "RT202",
            f"{what} cannot be read ({type(error).__name__}{lacking})",
            file=path,
            hint="open it in a viewer; export it again if it is damaged",
        ) from None
    finally:
        logger.disabled = before


def sop_class(path: str | Path) -> str:
    """The kind of a DICOM file as its SOP class UID; empty text for any other file. Reads the first group only."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            if file.read(132)[128:] != b"DICM":
                return ""
    except (OSError, ValueError):
        return ""
    from pydicom.filereader import read_file_meta_info

    with reading(path, "the DICOM header"):
        return str(read_file_meta_info(path).get("MediaStorageSOPClassUID", ""))


def open_object(path: Path, kinds: Collection[str], what: str) -> Dataset:
    """A DICOM data set of one of some SOP classes. To be used within `reading`: values are converted when they are used.

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
    from pydicom import dcmread
    from pydicom.filereader import read_file_meta_info

    if str(read_file_meta_info(path).get("TransferSyntaxUID", "")) == DEFLATED:
        return _inflated(path)
    return dcmread(path)


def _inflated(path: Path) -> Dataset:
    from pydicom.filereader import _read_file_meta_info, read_dataset, read_preamble

    with path.open("rb") as file:
        read_preamble(file, force=False)
        meta = _read_file_meta_info(file)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        data = inflater.decompress(file.read(), MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise InputError(
            "RT209",
            f"the deflated data set holds more than {MAX_INFLATED_BYTES // 2**20} MB",
            file=path,
            hint="save it without compression",
        )
    dataset = read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)
    dataset.file_meta = meta
    return dataset


def require_same_frame(like: Scan, frame_uid: str, series_uids: Collection[str], what: str) -> None:
    """Refuse regions drawn in another frame of reference than that of the scan, unless they refer to its very series.

    Scans that do not know their frame of reference (NIfTI, NRRD, MHA) are not compared.

    Raises
    ------
    InputError
        RT217.
    """
    frame = str(getattr(like.voxels, "frame_of_reference_uid", "") or "")
    series = str(getattr(like.voxels, "series_uid", "") or "")
    if not frame or not frame_uid or frame == frame_uid or (series and series in series_uids):
        return
    raise InputError(
        "RT217",
        f"{what} was drawn in another frame of reference than that of the scan, and does not refer to its series",
        hint="name the series it was drawn on in the column `image` of the manifest",
    )
