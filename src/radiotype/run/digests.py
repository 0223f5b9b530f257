"""Which bytes lie behind an input: digests of files, remembered while a file keeps its size and time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from radiotype.core.case import Source
from radiotype.run.entries import canonical
from radiotype.run.store import RunFolder

NAME = "store/digests.jsonl"


class FileDigest(NamedTuple):
    """SHA-256 of a file and the state it had. `place` is the SHA-256 of its path: names of files may name a patient."""

    place: str
    size: int
    mtime_ns: int
    sha256: str


class Digests:
    """Digests of files that earlier runs into the same folder have read.

    Parameters
    ----------
    folder : RunFolder or None
        Where they are remembered; None: nowhere.
    trust : bool
        Whether a digest of an earlier run counts for a file whose size and time have not changed.
    """

    def __init__(self, folder: RunFolder | None = None, *, trust: bool = True) -> None:
        self._folder = folder
        self._known: dict[str, FileDigest] = {}
        if folder is not None and trust:
            self._known = {one.place: one for one in _read_lines(folder)}

    def add(self, found: Iterable[FileDigest]) -> None:
        """Remember."""
        new = [one for one in found if self._known.get(one.place) != one]
        self._known |= {one.place: one for one in new}
        if self._folder is not None and new:
            self._folder.append(NAME, b"".join(b"\n" + _line(one) for one in new))

    def of(self, source: Source) -> str | None:
        """Digest of everything that reading a source may open; None if a file is absent or has changed since."""
        return _combined(source, self._remembered)

    def hashed(self, source: Source) -> str | None:
        """As `of`, but what is not known is read now and remembered; None if a file is absent."""
        return _combined(source, self._hashed)

    def known(self) -> tuple[FileDigest, ...]:
        """Everything that is remembered."""
        return tuple(self._known.values())

    def _remembered(self, path: Path) -> str | None:
        place, size, mtime_ns = _state(path)
        known = self._known.get(place)
        return known.sha256 if known is not None and (known.size, known.mtime_ns) == (size, mtime_ns) else None

    def _hashed(self, path: Path) -> str | None:
        found = self._remembered(path)
        if found is None:
            place, size, mtime_ns = _state(path)
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            self.add([FileDigest(place, size, mtime_ns, found)])
        return found


def _combined(source: Source, digest: object) -> str | None:
    """One digest of the named file and of all the files that lie behind it."""
    try:
        files = source.files()
        found = [digest(path) for path in files]  # type: ignore[operator]
        named = digest(source.path) if source.path in files else ""  # type: ignore[operator]
    except OSError:
        return None
    if not files or None in found:
        return None
    suffixes = "".join(source.path.suffixes[-2:]).lower()
    return hashlib.sha256(canonical([named, suffixes, sorted(found)])).hexdigest()


def _state(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    place = hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()
    return place, status.st_size, status.st_mtime_ns


def _line(one: FileDigest) -> bytes:
    body = canonical(one)
    return canonical([*one, hashlib.sha256(body).hexdigest()[:16]])


def _read_lines(folder: RunFolder) -> Iterable[FileDigest]:
    """What can be read of the remembered digests; a line that is damaged or was cut short is passed over."""
    if not folder.has(NAME):
        return
    for line in (folder.path / NAME).read_bytes().splitlines():
        try:
            one = FileDigest(*json.loads(line)[:4])
            if _line(one) == line:
                yield one
        except (ValueError, TypeError):
            continue
