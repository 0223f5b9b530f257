"""Which bytes lie behind an input: digests, remembered while the files keep size and times."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from radiotype.core.case import Region, Source
from radiotype.run.entries import canonical
from radiotype.run.store import RunFolder

NAME = "store/digests.jsonl"

#: The clock of a file system may stand still this long: a file so young can change without a new time, nanoseconds.
YOUNG_NS = 2 * 10**9


class SourceDigest(NamedTuple):
    """SHA-256 of everything that reading a source may open, and the state in which its files were.

    `place` is the SHA-256 of their paths, for names of files may name a patient; `state` that of their sizes and times.
    """

    place: str
    state: str
    sha256: str


class Digests:
    """Digests of sources that this process, or earlier runs into the same folder, have read.

    Parameters
    ----------
    folder : RunFolder or None
        Where they are remembered; None: nowhere.
    trust : bool
        Whether a digest of an earlier run counts for files whose size and times have not changed.
    """

    def __init__(self, folder: RunFolder | None = None, *, trust: bool = True) -> None:
        self._folder = folder
        self._known: dict[str, SourceDigest] = {}
        if folder is not None and trust:
            self._known = {one.place: one for one in _read_lines(folder)}

    def add(self, found: Iterable[SourceDigest]) -> None:
        """Remember."""
        new = [one for one in dict.fromkeys(found) if self._known.get(one.place) != one]
        self._known |= {one.place: one for one in new}
        if self._folder is not None and new:
            self._folder.append_lines(NAME, [_line(one) for one in new])

    def of(self, source: Source) -> SourceDigest | None:
        """The digest of a source; None if a file is absent or is not as it was."""
        try:
            place, state, _ = _state(source)
        except OSError:
            return None
        known = self._known.get(place)
        return known if known is not None and known.state == state else None

    def hashed(self, source: Source) -> tuple[SourceDigest, bool] | None:
        """The digest of a source, read now unless known, and whether it may be remembered; None if a file is absent.

        One that was written a moment ago may not: a change in the same moment would not be seen.
        """
        known = self.of(source)
        if known is not None:
            return known, True
        try:
            place, state, newest_ns = _state(source)
            found = SourceDigest(place, state, _read(source))
            lasting = time.time_ns() - newest_ns > YOUNG_NS
        except OSError:
            return None
        self._known[place] = found
        return found, lasting


def sources_of(region: Region) -> list[Source]:
    """What is read for a row: image, mask and, where there is one, parenchyma."""
    return [one for one in (region.image, region.masks, region.parenchyma) if one is not None]


def unchanged(region: Region, inputs: Iterable[SourceDigest]) -> bool:
    """Whether the files of a row are as they were when their digests were taken."""
    try:
        return all(_state(one)[1] == known.state for one, known in zip(sources_of(region), inputs, strict=True))
    except OSError:
        return False


def _read(source: Source) -> str:
    """One digest of the named file and of all the files that lie behind it."""
    digests = {path: file_sha256(path) for path in source.files()}
    suffixes = "".join(source.path.suffixes[-2:]).lower()
    facts = [digests.get(source.path, ""), suffixes, sorted(digests.values())]
    return hashlib.sha256(canonical(facts)).hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _state(source: Source) -> tuple[str, str, int]:
    """Place and state of the files of a source, and the newest of their times.

    Raises
    ------
    OSError
        If there is none, or one is absent.
    """
    paths = source.files()
    if not paths:
        raise FileNotFoundError(source.path)
    found = [path.stat() for path in paths]
    place = "\0".join(map(str, (source.path.absolute(), *(path.name for path in paths))))
    state = [(status.st_size, *_times_ns(status)) for status in found]
    return (
        hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest(),
        hashlib.sha256(canonical(state)).hexdigest()[:32],
        max(max(_times_ns(status)) for status in found),
    )


def _times_ns(status: os.stat_result) -> tuple[int, int]:
    """When the content was written, and when the file came to this name: moved files keep the first."""
    return status.st_mtime_ns, status.st_ctime_ns


def _line(one: SourceDigest) -> bytes:
    return canonical([*one, hashlib.sha256(canonical(one)).hexdigest()[:16]])


def _read_lines(folder: RunFolder) -> Iterable[SourceDigest]:
    """What can be read of the remembered digests; a line that is damaged or was cut short is passed over."""
    if not folder.has(NAME):
        return
    with (folder.path / NAME).open("rb") as file:
        for line in map(bytes.rstrip, file):
            try:
                one = SourceDigest(*json.loads(line)[:3])
                if _line(one) == line:
                    yield one
            except (ValueError, TypeError):
                continue
