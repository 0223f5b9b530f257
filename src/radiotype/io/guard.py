"""Checks that stand between a foreign file and the memory of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from radiotype.errors import InputError, RadiotypeError

#: Largest volume that is read, bytes once decompressed. The environment variable RADIOTYPE_MAX_VOLUME_GB changes it.
MAX_VOLUME_BYTES = 8 * 2**30

#: Deflate cannot do better than this; a header that needs more lies.
MAX_GZIP_RATIO = 1032


@contextmanager
def foreign(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a reading library raises into an `InputError` that names the file. Nothing else leaves `io`."""
    try:
        yield
    except RadiotypeError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).replace(str(path), "the file").replace(path.name, "the file")[:200]
        raise InputError(
            "RT202",
            f"{what} cannot be read ({type(error).__name__}: {reason})",
            file=path,
            hint="open it in a viewer; export it again if it is damaged",
        ) from error


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
    """The limit in force, bytes."""
    text = os.environ.get("RADIOTYPE_MAX_VOLUME_GB", "")
    try:
        return int(float(text) * 2**30) if text else MAX_VOLUME_BYTES
    except ValueError:
        return MAX_VOLUME_BYTES


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
    if claimed > stored * (MAX_GZIP_RATIO if compressed else 1):
        raise InputError(
            "RT209",
            f"the header claims {claimed:,} bytes of voxels, the file holds {stored:,}{' compressed' if compressed else ''}",
            file=path,
            hint="the file was cut short; export or copy it again",
        )
