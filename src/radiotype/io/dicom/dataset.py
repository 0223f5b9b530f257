"""A DICOM file up to its pixel data: read within limits, and without a word of it in any message."""

from __future__ import annotations

import io
import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from radiotype.errors import InputError, RadiotypeError
from radiotype.io import guard

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

DEFLATED = "1.2.840.10008.1.2.1.99"

#: Sequences within sequences; real files need six.
MAX_DEPTH = 64

#: Largest single value that is taken into memory, bytes.
MAX_VALUE_BYTES = 64 * 2**20

#: A deflated header is inflated up to here, bytes.
MAX_INFLATED_HEADER = 16 * 2**20

#: Where the pixels stand: integers, float32, float64.
PIXEL_TAGS = {0x7FE00010: "", 0x7FE00008: "f4", 0x7FE00009: "f8"}

UNDEFINED = 0xFFFFFFFF

CUT_SHORT = "the file was cut short; export or copy it again"

_DAMAGED = "open it in a viewer; export it again if it is damaged"


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data stand: byte offset of their value, its length (None: encapsulated), "f4" or "f8" for floats."""

    offset: int
    length: int | None
    float_type: str


@contextmanager
def reading(path: Path, what: str = "the DICOM file") -> Iterator[None]:
    """Turn whatever pydicom raises into RT202; its messages, warnings and log lines may quote the patient, and none leaves."""
    logger = logging.getLogger("pydicom")
    disabled = logger.disabled
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.disabled = True
        try:
            yield
        except RadiotypeError:
            raise
        except RecursionError:
            raise _too_deep(path) from None
        except Exception as error:  # noqa: BLE001 - its text may quote the patient, so it is no cause of ours
            raise InputError("RT202", f"{what} cannot be read ({type(error).__name__})", file=path, hint=_DAMAGED) from None
        finally:
            logger.disabled = disabled


def has_dicom_marker(path: Path) -> bool:
    """Whether the file carries the four letters that a DICOM file has at byte 128."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def read_dataset(path: Path) -> tuple[Dataset, PixelElement | None]:
    """The elements before the pixel data, and where the pixel data stand; call it, and use its result, within `reading`.

    Raises
    ------
    InputError
        RT201 if there is no file; RT202 if it is no DICOM file or damaged; RT209 if it is nested too deep.
    """
    import pydicom

    guard.require_file(path)
    if not has_dicom_marker(path):
        raise InputError("RT202", "this is no DICOM file: its marker is missing", file=path)
    if is_deflated(path):
        return _read_deflated(path)
    with path.open("rb") as file:
        dataset = pydicom.dcmread(file, stop_before_pixels=True, defer_size=MAX_VALUE_BYTES)
        little_endian = dataset.original_encoding[1] is not False
        element = _pixel_element(file, little_endian)
    require_depth(dataset, path)
    _require_whole_values(dataset, path)
    return dataset, element


def is_deflated(path: Path) -> bool:
    """Whether the data set of a DICOM file is deflated; to be called within `reading`."""
    with path.open("rb") as file:
        start = file.read(8192)
    if start[128:132] != b"DICM" or DEFLATED.encode() not in start:
        return False
    from pydicom.filereader import read_file_meta_info

    return str(read_file_meta_info(path).get("TransferSyntaxUID", "")) == DEFLATED


def inflate(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a deflated data set."""
    raw = path.read_bytes()
    if len(raw) < 144 or raw[132:140] != b"\x02\x00\x00\x00UL\x04\x00":
        raise InputError("RT202", "the deflated file does not say where its data begin", file=path, hint=_DAMAGED)
    (length,) = struct.unpack_from("<L", raw, 140)
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[144 + length :], limit)


def require_depth(dataset: Dataset, path: Path) -> None:
    """Refuse sequences nested deeper than `MAX_DEPTH`; looks only at those that are already parsed."""
    level = [dataset]
    for _ in range(MAX_DEPTH):
        below: list[Dataset] = []
        for one in level:
            for element in one.values():
                if not isinstance(element, tuple) and element.VR == "SQ":  # what is not parsed yet is a tuple
                    below += list(element.value)
        if not below:
            return
        level = below
    raise _too_deep(path)


def _require_whole_values(dataset: Dataset, path: Path) -> None:
    """Refuse a header whose last value is cut off: a part of a UID is the UID of something else."""
    for element in dataset.values():
        if isinstance(element, tuple) and element.value is not None and len(element.value) < element.length != UNDEFINED:
            raise InputError("RT209", "the file ends within its header", file=path, hint=CUT_SHORT)


def _too_deep(path: Path) -> InputError:
    return InputError("RT209", f"the file nests sequences deeper than {MAX_DEPTH}", file=path, hint=_DAMAGED)


def _read_deflated(path: Path) -> tuple[Dataset, PixelElement | None]:
    from pydicom.dataset import FileDataset
    from pydicom.filereader import read_dataset as read_elements
    from pydicom.filereader import read_file_meta_info

    stream = io.BytesIO(inflate(path, MAX_INFLATED_HEADER))
    elements = read_elements(stream, False, True, stop_when=lambda tag, vr, length: int(tag) in PIXEL_TAGS)
    require_depth(elements, path)
    _require_whole_values(elements, path)
    element = _pixel_element(stream, True)
    dataset = FileDataset(str(path), elements, file_meta=read_file_meta_info(path))
    if element is None and stream.getbuffer().nbytes >= MAX_INFLATED_HEADER:
        raise InputError("RT209", "the deflated header is larger than 16 MB", file=path, hint=_DAMAGED)
    return dataset, element


def _pixel_element(file: BinaryIO | io.BytesIO, little_endian: bool) -> PixelElement | None:
    """The pixel element that begins where the reader stopped, if there is one."""
    start = file.tell()
    head = file.read(12)
    order = "<" if little_endian else ">"
    if len(head) < 12:
        return None
    group, number = struct.unpack_from(order + "HH", head)
    tag = group << 16 | number
    if tag not in PIXEL_TAGS:
        return None
    explicit = head[4:6] in (b"OB", b"OW", b"OF", b"OD", b"UN")
    (length,) = struct.unpack_from(order + "L", head, 8 if explicit else 4)
    return PixelElement(start + (12 if explicit else 8), None if length == UNDEFINED else length, PIXEL_TAGS[tag])


# Values of single elements. What is missing, empty or not of its kind is None (or empty text); required numbers are refused.

_NOT_OF_ITS_KIND = (ValueError, TypeError, OverflowError, NotImplementedError, AttributeError, struct.error)


def value_of(dataset: Dataset, keyword: str) -> Any:
    """The value of an element, or None if it is missing, empty or cannot be converted."""
    try:
        found = dataset.get(keyword)
        return None if found is None or (hasattr(found, "__len__") and len(found) == 0) else found
    except _NOT_OF_ITS_KIND:
        return None


def text_of(dataset: Dataset, keyword: str) -> str:
    """The value as text without padding."""
    found = value_of(dataset, keyword)
    return "" if found is None else str(found).strip(" \0")


def texts_of(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Each of several values as text."""
    found = value_of(dataset, keyword)
    if found is None:
        return ()
    return (found.strip(),) if isinstance(found, str) else tuple(str(one).strip() for one in _each(found))


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """One finite number; the first of several."""
    return as_number(value_of(dataset, keyword))


def as_number(found: Any) -> float | None:
    """One finite number from whatever an element holds: number, text, bytes, or several of them."""
    if isinstance(found, bytes):
        found = found.decode("latin-1").strip(" \0").split("\\")[0]
    elif found is not None and not isinstance(found, str | int | float):
        found = next(iter(_each(found)), None)
    try:
        number = float(found)
    except _NOT_OF_ITS_KIND:
        return None
    return number if math.isfinite(number) else None


def whole_of(dataset: Dataset, keyword: str) -> int | None:
    """One whole number."""
    number = number_of(dataset, keyword)
    return None if number is None or number != int(number) else int(number)


def numbers_of(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers; None if the element is missing or empty.

    Raises
    ------
    InputError
        RT209 naming the keyword, if it holds anything else.
    """
    try:
        found = dataset.get(keyword)
    except _NOT_OF_ITS_KIND:
        found = ("broken",)
    if found is None or (hasattr(found, "__len__") and len(found) == 0):
        return None
    numbers = tuple(as_number(one) for one in _each(found))
    finite = tuple(one for one in numbers if one is not None)
    if not len(finite) == len(numbers) == count:
        raise InputError("RT209", f"{keyword} does not hold {count} finite numbers", hint=_DAMAGED)
    return finite


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none if it is missing or not a sequence."""
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    found = value_of(dataset, keyword)
    return [one for one in found if isinstance(one, Dataset)] if isinstance(found, Sequence) else []


def _each(found: Any) -> list[Any]:
    if isinstance(found, str | bytes | int | float):
        return [found]
    try:
        return list(found)
    except TypeError:
        return []
