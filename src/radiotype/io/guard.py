"""Checks that stand between a foreign file and the memory of this machine."""

from __future__ import annotations

import gzip
import logging
import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn, TypeGuard

from radiotype.errors import InputError, RadiotypeError, RecipeError
from radiotype.io.unpack import inflated

#: Largest volume that is read, bytes once decompressed. The environment variable RADIOTYPE_MAX_VOLUME_GB changes it.
MAX_VOLUME_BYTES = 8 * 2**30

#: Deflate cannot do better than this; a header that needs more lies.
MAX_GZIP_RATIO = 1032

#: A compressed volume above `SWELLS_FROM_BYTES` that swells more than this is taken for a bomb, bytes per byte. Real scans
#: swell 2 to 5 times; masks up to `MAX_GZIP_RATIO`, but a mask of one byte per voxel stays below a gigabyte.
MAX_SWELLING = 300
SWELLS_FROM_BYTES = 2**30


@contextmanager
def foreign(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a reading library raises into an `InputError` that names the file. Nothing else leaves `io`.

    The library's own words are not repeated: they quote the file, and with it the patient. They stay on the chained exception.
    Its warnings and log lines are silenced for the same reason.
    """
    try:
        with warnings.catch_warnings(), _quiet():
            warnings.simplefilter("ignore")
            yield
    except RadiotypeError:
        raise
    except Exception as error:
        reason = _REASONS.get(type(error), "") or (os.strerror(error.errno or 0) if _from_the_system(error) else "")
        raise InputError(
            "RT202",
            f"{what} cannot be read ({type(error).__name__}{': ' + reason if reason else ''})",
            file=path,
            hint="open it in a viewer; export it again if it is damaged",
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines of the reading library; without a handler Python prints them."""
    logger = logging.getLogger("pydicom")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


#: What the exceptions of reading libraries mean, where their type says it.
_REASONS: dict[type[Exception], str] = {
    EOFError: "the file ends too early",
    MemoryError: "it needs more memory than there is",
    RecursionError: "it is nested too deeply",
    gzip.BadGzipFile: "it is not compressed as its name says",
    zlib.error: "the compressed data are damaged",
}


def _from_the_system(error: Exception) -> TypeGuard[OSError]:
    return isinstance(error, OSError) and isinstance(error.errno, int)


def require_file(path: Path) -> int:
    """Size of a regular file in bytes.

    Raises
    ------
    InputError
        RT201 if there is none; RT202 if it is empty, a folder or not readable.
    """
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise InputError("RT201", "the file does not exist", file=path, hint="check the path in the manifest") from error
    if not path.is_file():
        raise InputError("RT202", "a file was expected, this is a folder or a device", file=path)
    if size == 0:
        raise InputError("RT202", "the file is empty (0 bytes)", file=path, hint="export it again")
    if not os.access(path, os.R_OK):
        raise InputError("RT202", "the file may not be read by this user", file=path, hint="change its permissions")
    return size


def max_volume_bytes() -> int:
    """The limit in force, bytes.

    Raises
    ------
    RecipeError
        RT103 if the environment variable holds no positive number.
    """
    text = os.environ.get("RADIOTYPE_MAX_VOLUME_GB", "")
    if not text:
        return MAX_VOLUME_BYTES
    try:
        return int(float(text) * 2**30) if float(text) > 0 else _refuse_limit()
    except (ValueError, OverflowError):
        return _refuse_limit()


def _refuse_limit() -> NoReturn:
    raise RecipeError(
        "RT103",
        "the environment variable RADIOTYPE_MAX_VOLUME_GB is no positive number",
        hint="give a number of gigabytes, such as 16, or unset it",
    )


def require_size(shape: tuple[int, ...], itemsize: int, *, path: Path, stored: int, compressed: bool) -> None:
    """Refuse a header that claims more than its file can hold or than this machine should read.

    Parameters
    ----------
    shape : tuple of int
        As the header claims.
    itemsize : int
        Bytes per voxel.
    stored : int
        Bytes of voxel data in the file.
    compressed : bool
        Whether the file is deflated.

    Raises
    ------
    InputError
        RT209.
    """
    claimed = itemsize
    for n in shape:
        claimed *= int(n)
    if min(shape, default=0) < 1:
        raise InputError("RT209", f"the header claims a volume of shape {shape}", file=path)
    if claimed > max_volume_bytes():
        raise InputError(
            "RT209",
            f"the header claims {' x '.join(map(str, shape))} voxels, {claimed / 2**30:.1f} GB; "
            f"the limit is {max_volume_bytes() / 2**30:.1f} GB",
            file=path,
            hint="raise RADIOTYPE_MAX_VOLUME_GB if the volume is really that large",
        )
    if compressed and claimed > max(SWELLS_FROM_BYTES, stored * MAX_SWELLING) and not os.environ.get("RADIOTYPE_MAX_VOLUME_GB"):
        raise InputError(
            "RT209",
            f"{stored:,} compressed bytes would swell to {claimed / 2**30:.1f} GB",
            file=path,
            hint="save masks with one byte per voxel; set RADIOTYPE_MAX_VOLUME_GB if the volume is really that large",
        )
    if claimed > stored * (MAX_GZIP_RATIO if compressed else 1):
        raise InputError(
            "RT209",
            f"the header claims {claimed:,} bytes of voxels, the file holds {stored:,}{' compressed' if compressed else ''}",
            file=path,
            hint="the file was cut short; export or copy it again",
        )


def require_whole_gzip(path: Path, needed: int, *, offset: int = 0) -> None:
    """Refuse a gzip stream that was cut short, without unpacking it where its last four bytes tell its length.

    Parameters
    ----------
    path : path
    needed : int
        Bytes that must come out of it.
    offset : int
        Where the stream begins, bytes.

    Raises
    ------
    InputError
        RT209 if fewer bytes come out; RT202 if it is no gzip stream.
    """
    with foreign(path, "the compressed volume"), path.open("rb") as file:
        file.seek(offset)
        if file.read(2) != b"\x1f\x8b":
            raise InputError("RT202", "the file is not compressed as its name or header says", file=path)
        file.seek(-4, os.SEEK_END)
        if int.from_bytes(file.read(4), "little") == needed % 2**32:
            return
        file.seek(offset)
        found = _unpacked(file, needed)
    if found < needed:
        raise InputError(
            "RT209",
            f"the header claims {needed:,} bytes, {found:,} could be unpacked",
            file=path,
            hint="the file was cut short; export or copy it again",
        )


def _unpacked(file: IO[bytes], enough: int) -> int:
    """Number of bytes that come out of a gzip stream before a fault, counted up to `enough`."""
    found = 0
    try:
        for part in inflated(file, enough):
            found += len(part)
    except (EOFError, OSError, zlib.error):
        return found
    return found
