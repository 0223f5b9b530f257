"""What was measured once and need not be measured again: one small file per row of the manifest and feature family."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from radiotype.run.store import RunFolder

#: Version of the files; one of another version is not used.
FORMAT_VERSION = 1


def canonical(value: object) -> bytes:
    """JSON that is the same for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()


def entry_key(facts: Mapping[str, object]) -> str:
    """SHA-256 of everything that decides a result, hexadecimal."""
    return hashlib.sha256(canonical(facts)).hexdigest()


class Entries:
    """Results by the key of everything that decides them.

    An entry that is damaged, was moved to the place of another or has another version is taken away and counts as absent.

    Parameters
    ----------
    folder : RunFolder
        Its folder `store/` holds the entries.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def read(self, key: str) -> Any:
        """The stored value, or None."""
        path = self._folder.path / _name(key)
        try:
            header, _, body = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError:  # a disk error counts as damage
            header = body = b""
        if header == _header(key, body):
            return json.loads(body)
        with suppress(OSError):
            path.unlink()
        return None

    def write(self, key: str, value: object) -> None:
        """Store a value; whole or not at all."""
        body = canonical(value)
        self._folder.write(_name(key), lambda file: file.write(_header(key, body) + b"\n" + body))


def _name(key: str) -> str:
    return f"store/{key[:2]}/{key}.entry"


def _header(key: str, body: bytes) -> bytes:
    return canonical({"format_version": FORMAT_VERSION, "key": key, "sha256": hashlib.sha256(body).hexdigest()})
