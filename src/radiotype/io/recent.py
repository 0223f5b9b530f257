"""Series whose headers were read a moment ago: the rows of one series need not read them again."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from radiotype.io.dicom.series import Series, series_of

#: Series that are kept; of each the headers, no voxels, some kilobytes per slice.
KEPT = 4


def recent_series_of(path: Path) -> Series:
    """As `series_of`; a series whose folder has not changed since is not read again.

    Raises
    ------
    InputError
        As `series_of`.
    """
    return _series(path, _state(path if path.is_dir() else path.parent))


@lru_cache(maxsize=KEPT)
def _series(path: Path, state: str) -> Series:
    return series_of(path)


def _state(folder: Path) -> str:
    """Names, sizes and times of the files of a folder, as one key; empty text when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            files = sorted((entry.name, *_size_and_time(entry)) for entry in entries)
    except OSError:
        return ""
    return hashlib.sha256(repr((str(folder.absolute()), files)).encode("utf-8", "surrogateescape")).hexdigest()


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:
        return (-1, -1)  # a link to nothing
    return (status.st_size, status.st_mtime_ns)
