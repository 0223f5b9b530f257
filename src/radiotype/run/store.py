"""The folder of one run: every stored result is written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.errors import StoreError, unwritable

#: The file that makes a folder one of ours, and the one that says who is writing.
MARK = "run.json"
LOCK = ".lock"
FORMAT_VERSION = 1

#: SHA-256 of every stored result, written when a run has ended.
CHECKSUMS = "checksums.json"

#: What a run stores beside its mark. A new run into the folder of an earlier one takes these away first; `store/` and the
#: pictures, which say themselves what they belong to, stay.
STORED = (
    CHECKSUMS, "*.parquet", "findings.csv", "features.json", "provenance.json", "recipe.resolved.yaml", "report.html",
    "results/*", "overlays/*.parquet", "figures/*.csv", "maps/*.nii.gz", "maps.csv", "model.radiotype",
    "model.tumours", "predictions.csv",
)  # fmt: skip

#: Files whose name begins so are not complete.
_WRITING = ".writing-"

#: Files that carry their own checksum, or hold times or the date: `checksums.json` is the same for runs with the same results.
_CHECKED_OTHERWISE = (CHECKSUMS, "store/", MARK, "log.jsonl", "timings.parquet", "report.html")
#: Pictures are named by their own checksum.
PICTURES = "overlays/"


class RunFolder:
    """Named tables, JSON documents and arrays below one folder.

    Parameters
    ----------
    path : path
        The folder; `create` makes it, `open` needs it to be there.

    Examples
    --------
    >>> folder = RunFolder.create("my-run")  # doctest: +SKIP
    >>> folder.write_json("results/notes.json", ["all well"])  # doctest: +SKIP
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._checksums: dict[str, str] | None = None

    @classmethod
    def create(cls, path: str | Path) -> RunFolder:
        """A new run folder, or an earlier one to write into again.

        Raises
        ------
        StoreError
            RT402 if the folder holds something that is not a run; RT401 if it cannot be written.
        """
        folder = cls(path)
        folder._checksums = {}  # those of an earlier run say nothing of what this one will write
        if folder.path.exists() and (not folder.path.is_dir() or not (folder.has(MARK) or folder._is_bare())):
            raise StoreError(
                "RT402", "the output folder is not empty and is not a run", file=folder.path, hint="name a new folder with -o"
            )
        try:
            folder.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError("RT401", f"the output folder cannot be made ({error.strerror})", file=folder.path) from error
        return folder

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """An existing run folder.

        Raises
        ------
        StoreError
            RT403 if the folder is no run.
        """
        folder = cls(path)
        if not folder.has(MARK):
            raise StoreError("RT403", "this is not the folder of a run", file=folder.path, hint="name the folder given with -o")
        return folder

    def _is_bare(self) -> bool:
        """Whether nothing lies here but what a run killed at its very beginning leaves."""
        return all(one.name == LOCK or one.name.startswith(_WRITING) for one in self.path.iterdir())

    def sweep(self) -> None:
        """Take away files that a killed process left half-written."""
        for path in self.path.rglob(_WRITING + "*"):
            self.remove(path)

    def clear(self) -> None:
        """Take away what an earlier run stored here, so that no old table stands beside new ones; other files stay.

        Raises
        ------
        StoreError
            RT401 if a file cannot be removed.
        """
        for path in (one for pattern in STORED for one in self.path.glob(pattern) if one.is_file()):
            self._sums().pop(path.relative_to(self.path).as_posix(), None)
            self.remove(path)

    def keep_only(self, part: str, names: set[str]) -> None:
        """Take away the files of one sub-folder that have other names."""
        for path in self.path.glob(f"{part}*"):
            if path.is_file() and path.name not in names:
                self.remove(path)

    def remove(self, path: Path) -> None:
        """Take away a file of an earlier run.

        Raises
        ------
        StoreError
            RT401 if it cannot be removed.
        """
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            words = f"a file of an earlier run cannot be removed ({error.strerror})"
            raise StoreError("RT401", words, file=path, hint="name a new folder with -o") from error

    def has(self, name: str) -> bool:
        """Whether `name` was stored."""
        return (self.path / name).is_file()

    def has_unchanged(self, name: str) -> bool:
        """Whether `name` was stored and is as it was stored."""
        try:
            self._require_unchanged(name)
        except (OSError, ValueError):
            return False
        return self.has(name)

    def write(self, name: str, fill: Callable[[IO[bytes]], object]) -> Path:
        """Write one file through `fill`, visible only once complete.

        Raises
        ------
        StoreError
            RT405 if no space is left, RT401 if it cannot be written for another reason; nothing half-written stays.
        """
        target = self.path / name
        temporary: Path | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=_WRITING, delete=False) as file:
                temporary = Path(file.name)
                fill(file)
            temporary.chmod(0o644)
            checksum = _sha256(temporary)
            temporary.replace(target)
            if not name.startswith(_CHECKED_OTHERWISE) and not _is_picture(name):
                self._sums()[name] = checksum
        except OSError as error:
            raise unwritable(error, target) from error
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        return target

    def append_lines(self, name: str, lines: Sequence[bytes]) -> None:
        """Add lines to the end of a file. What a killed process left of its last line stays a line of its own.

        Raises
        ------
        StoreError
            RT405 if no space is left, RT401 if it cannot be written for another reason.
        """
        target = self.path / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab+") as file:
                if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                    lines = [b"", *lines]
                file.write(b"".join(line + b"\n" for line in lines))
        except OSError as error:
            raise unwritable(error, target) from error

    def seal(self) -> None:
        """Store the checksum of everything that was written; from now on what was changed is refused."""
        sums = {name: value for name, value in self._sums().items() if self.has(name)}
        self.write_json(CHECKSUMS, sums)

    def _require_unchanged(self, name: str) -> None:
        expected = Path(name).stem if _is_picture(name) else self._sums().get(name, "")
        if expected and not _sha256(self.path / name).startswith(expected):
            raise ValueError("its checksum is another")

    def _sums(self) -> dict[str, str]:
        """Checksums of stored results by name; those of the last seal when nothing was written yet."""
        if self._checksums is None:
            found = json.loads((self.path / CHECKSUMS).read_bytes()) if self.has(CHECKSUMS) else {}
            self._checksums = {str(name): str(value) for name, value in found.items()}
        return self._checksums

    def write_text(self, name: str, text: str) -> Path:
        """Store text as UTF-8."""
        return self.write(name, lambda file: file.write(text.encode("utf-8")))

    def write_json(self, name: str, value: object) -> Path:
        """Store plain values as JSON, keys sorted."""
        return self.write_text(name, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n")

    def write_table(self, name: str, table: pd.DataFrame) -> Path:
        """Store a data frame as Parquet."""
        return self.write(name, lambda file: table.to_parquet(file, index=False))

    def write_csv(self, name: str, table: pd.DataFrame) -> Path:
        """Export a data frame as CSV; text that a spreadsheet would take for a formula is quoted with an apostrophe."""
        text = table.copy()
        for column in text.columns[[dtype.kind not in "iufb" for dtype in text.dtypes]]:
            text[column] = text[column].map(_defused)
        return self.write_text(name, text.to_csv(index=False, lineterminator="\n"))

    def write_arrays(self, name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Path:
        """Store arrays as one compressed NPZ."""
        data = npz(arrays)
        return self.write(name, lambda file: file.write(data))

    def read_text(self, name: str) -> str:
        """Stored text."""
        return self._read(name, lambda path: path.read_text(encoding="utf-8"))

    def read_json(self, name: str) -> Any:
        """Stored JSON."""
        return self._read(name, lambda path: json.loads(path.read_text(encoding="utf-8")))

    def read_table(self, name: str) -> pd.DataFrame:
        """A stored data frame."""
        return self._read(name, pd.read_parquet)

    def read_arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Stored arrays; pickled objects are refused."""

        def load(path: Path) -> dict[str, npt.NDArray[Any]]:
            with np.load(path, allow_pickle=False) as arrays:
                return {key: arrays[key] for key in arrays.files}

        return self._read(name, load)

    def _read(self, name: str, load: Callable[[Path], Any]) -> Any:
        path = self.path / name
        try:
            self._require_unchanged(name)
            return load(path)
        except Exception as error:
            raise StoreError(
                "RT403",
                f"a stored result cannot be read ({type(error).__name__})",
                file=path,
                hint="run the same command again",
            ) from error


def npz(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Arrays as one compressed NPZ, the same bytes for the same arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{key: arrays[key] for key in sorted(arrays)})  # type: ignore[arg-type]
    return buffer.getvalue()


def picture_name(data: bytes) -> str:
    """Name of a stored picture: the beginning of its checksum. Says nothing about the patient."""
    return hashlib.sha256(data).hexdigest()[:32] + ".npz"


def _is_picture(name: str) -> bool:
    return name.startswith(PICTURES) and name.endswith(".npz")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _defused(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
