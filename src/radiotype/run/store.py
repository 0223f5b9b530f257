"""The folder of one run: every stored result is written whole or not at all."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.errors import StoreError

#: The file that makes a folder one of ours.
MARK = "run.json"
FORMAT_VERSION = 1

#: What a run stores beside its mark. A new run into the folder of an earlier one takes these away first.
STORED = (
    "*.parquet", "features.json", "provenance.json", "report.html",
    "results/*", "overlays/*", "figures/*.csv",
)  # fmt: skip


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

    @classmethod
    def create(cls, path: str | Path) -> RunFolder:
        """A new run folder, or an earlier one to write into again.

        Raises
        ------
        StoreError
            RT402 if the folder holds something that is not a run; RT401 if it cannot be written.
        """
        folder = cls(path)
        if folder.path.exists() and (not folder.path.is_dir() or (any(folder.path.iterdir()) and not folder.has(MARK))):
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

    def clear(self) -> None:
        """Take away what an earlier run stored here, so that no old table stands beside new ones; other files stay.

        Raises
        ------
        StoreError
            RT401 if a file cannot be removed.
        """
        for path in (one for pattern in STORED for one in self.path.glob(pattern) if one.is_file()):
            try:
                path.unlink()
            except OSError as error:
                raise StoreError(
                    "RT401",
                    f"a file of the earlier run cannot be removed ({error.strerror})",
                    file=path,
                    hint="name a new folder",
                ) from error

    def has(self, name: str) -> bool:
        """Whether `name` was stored."""
        return (self.path / name).is_file()

    def write(self, name: str, fill: Callable[[IO[bytes]], object]) -> Path:
        """Write one file through `fill`, visible only once complete.

        Raises
        ------
        StoreError
            RT401 if it cannot be written; nothing half-written stays.
        """
        target = self.path / name
        temporary: Path | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".writing-", delete=False) as file:
                temporary = Path(file.name)
                fill(file)
            temporary.chmod(0o644)
            temporary.replace(target)
        except OSError as error:
            raise StoreError(
                "RT401",
                f"the file cannot be written ({error.strerror})",
                file=target,
                hint="free some space or choose another folder",
            ) from error
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        return target

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
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **{key: arrays[key] for key in sorted(arrays)})  # type: ignore[arg-type]
        return self.write(name, lambda file: file.write(buffer.getvalue()))

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
            return load(path)
        except Exception as error:
            raise StoreError(
                "RT403",
                f"a stored result cannot be read ({type(error).__name__})",
                file=path,
                hint="run the same command again",
            ) from error


def _defused(cell: object) -> object:
    return "'" + cell if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
