"""Public data sets in a data directory. `fetch` is the only function of the package that uses the network."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from radiotype.errors import InputError, StoreError, did_you_mean, unwritable

#: Seconds without an answer after which a download is given up.
TIMEOUT_S = 30.0

#: Largest file that is fetched, bytes, whatever the catalogue says.
MAX_DOWNLOAD_BYTES = 2**28

_CHUNK = 2**16

OpenUrl = Callable[[str], IO[bytes]]


@dataclass(frozen=True)
class DataFile:
    """One file: what it is called, where it comes from, and its exact contents."""

    name: str
    url: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class DataSet:
    """A public data set; without files it is got by hand."""

    name: str
    what: str
    licence: str
    source: str
    files: tuple[DataFile, ...]
    by_hand: str


def catalogue() -> dict[str, DataSet]:
    """Every data set that is known, by name."""
    text = files("radiotype.io").joinpath("datasets.json").read_text(encoding="utf-8")
    return {
        name: DataSet(name, plain["what"], plain["licence"], plain["source"], tuple(DataFile(**one) for one in plain["files"]),
                      plain["by_hand"])
        for name, plain in json.loads(text).items()
    }  # fmt: skip


def data_directory() -> Path:
    """Where data sets lie: the environment variable RADIOTYPE_DATA, or else the folder for caches of this system."""
    told = os.environ.get("RADIOTYPE_DATA", "").strip()
    if told:
        return Path(told).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "radiotype" / "data"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "radiotype" / "data"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "radiotype" / "data"


def find_data(name: str, file: str | None = None, *, directory: str | Path | None = None) -> Path:
    """The folder of a data set, or one of its files, in the data directory.

    Parameters
    ----------
    name : str
        Folder NAME, tabular/NAME, data/NAME or data/tabular/NAME of the data directory; the first that is there.
    file : str, optional
        A file in it; without ending (`pam50_centroids`) whichever of .csv, .tsv, .txt, .gmt, .json and .parquet is there.
    directory : path, optional
        Instead of `RADIOTYPE_DATA`.

    Raises
    ------
    InputError
        RT220 if it is not there, with what to do next.

    Examples
    --------
    >>> gene_sets = find_data("genesets_msigdb_pathways", "h.all.v7.0.symbols.gmt")  # doctest: +SKIP
    """
    root = Path(directory) if directory is not None else data_directory()
    for part in (name, name if file is None else file):
        if not isinstance(part, str) or part in ("", ".", "..") or any(sign in part for sign in "/\\\0:"):
            raise InputError("RT220", "a data set or file is called by a plain name, without folders")
    folders = [folder for folder in _folders(root, name) if os.path.isdir(folder)]  # noqa: PTH112 Path raises if it is too long
    if file is None:
        if folders:
            return folders[0]
        raise _absent(name, None, root)
    endings = ("", ".csv", ".tsv", ".txt", ".gmt", ".json", ".parquet")
    for folder in folders:
        for ending in endings:
            if os.path.isfile(folder / f"{file}{ending}"):  # noqa: PTH113
                return folder / f"{file}{ending}"
    raise _absent(name, file, root)


def fetch(name: str, *, directory: str | Path | None = None, open_url: OpenUrl | None = None) -> tuple[Path, ...]:
    """Download the files of a data set into the data directory. Nothing else in this package uses the network.

    Only https, no more bytes than the catalogue says, and a file gets its name after its SHA-256 was found right: what is there
    is whole. A file that is there already is kept, and not downloaded again.

    Parameters
    ----------
    name : str
        A name of the catalogue (`radiotype data list`).
    directory : path, optional
        Instead of `RADIOTYPE_DATA`.
    open_url : callable, optional
        What opens an address, instead of the standard library.

    Returns
    -------
    paths of the files

    Raises
    ------
    InputError
        RT220 if the catalogue has no such set, or only says how to get it by hand; RT221 if the download failed or its contents
        are not those of the catalogue, or another file is in its place.
    StoreError
        RT401, RT405 if it cannot be written.
    """
    known = catalogue()
    if name not in known:
        hint = "see `radiotype data list`"
        raise InputError("RT220", f"there is no data set {name!r} to fetch{did_you_mean(name, known)}", hint=hint)
    one = known[name]
    if not one.files:
        raise InputError(
            "RT220",
            f"{name} cannot be fetched: {one.what}; its files are made from {one.source}",
            hint=f"{one.by_hand}; put them into {_folder_to_fill(name, directory)}",
        )
    return tuple(_fetched(one, file, directory, open_url or _open_https) for file in one.files)


def _fetched(one: DataSet, file: DataFile, directory: str | Path | None, open_url: OpenUrl) -> Path:
    root = Path(directory) if directory is not None else data_directory()
    for folder in _folders(root, one.name):
        there = folder / file.name
        if there.is_file():
            if _sha256(there) == file.sha256:
                return there
            raise InputError(
                "RT221",
                "another file is in the place of the one to download",
                file=there,
                hint="move it away, then fetch again",
            )
    if not file.url.startswith("https://") or file.n_bytes > MAX_DOWNLOAD_BYTES:
        raise InputError("RT221", f"{file.name} is not fetched: its address is not https, or it is too large")
    target = _folder_to_fill(one.name, directory) / file.name
    by_hand = f"is there a network? else get {file.url} by hand, and put it where it says above"
    with _written(target) as part:
        n_bytes, digest = 0, hashlib.sha256()
        for piece in _pieces(file, open_url, target, by_hand):
            n_bytes += len(piece)
            if n_bytes > file.n_bytes:
                break
            digest.update(piece)
            part.write(piece)
        if n_bytes != file.n_bytes or digest.hexdigest() != file.sha256:
            size = f"more than {file.n_bytes:,}" if n_bytes > file.n_bytes else f"{n_bytes:,}"
            raise InputError(
                "RT221",
                f"the download ({size} bytes) is not what the catalogue expects: {file.n_bytes:,} bytes, SHA-256 {file.sha256}",
                file=target,
                hint="try again; if it stays so, the source has changed: nothing was kept",
            )
    return target


def _pieces(file: DataFile, open_url: OpenUrl, target: Path, by_hand: str) -> Iterator[bytes]:
    """What the source sends; whatever goes wrong there is one error."""
    from http.client import HTTPException

    try:
        with open_url(file.url) as answer:
            while piece := answer.read(_CHUNK):
                yield piece
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        raise InputError("RT221", f"{file.url} could not be read ({reason})", file=target, hint=by_hand) from error


def _open_https(url: str) -> IO[bytes]:
    """Open an address, and follow it to other https addresses only."""
    from urllib.request import HTTPRedirectHandler, build_opener

    class HttpsOnly(HTTPRedirectHandler):
        def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if not newurl.lower().startswith("https://"):
                raise OSError(0, "it leads to an address that is not https")
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    answer: IO[bytes] = build_opener(HttpsOnly).open(url, timeout=TIMEOUT_S)
    return answer


@contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when the block ends well, and leaves nothing otherwise."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = tempfile.NamedTemporaryFile(dir=target.parent, prefix=".fetching-", delete=False)  # noqa: SIM115
    except OSError as error:
        raise _unwritable(error, target) from error
    unfinished = Path(part.name)
    try:
        with part:
            yield part
            part.flush()
            os.fsync(part.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except OSError as error:
        raise _unwritable(error, target) from error
    finally:
        unfinished.unlink(missing_ok=True)
        with suppress(OSError):
            target.parent.rmdir()  # only if nothing is in it


def _unwritable(error: OSError, target: Path) -> StoreError:
    found = unwritable(error, target)
    found.hint = "set RADIOTYPE_DATA to a folder that can be written, with space"
    return found


def _folders(root: Path, name: str) -> tuple[Path, ...]:
    return root / name, root / "tabular" / name, root / "data" / name, root / "data" / "tabular" / name


def _folder_to_fill(name: str, directory: str | Path | None) -> Path:
    return (Path(directory) if directory is not None else data_directory()) / name


def _absent(name: str, file: str | None, root: Path) -> InputError:
    known = catalogue()
    one = known.get(name)
    what = f"the file {file!r} of the data set {name!r}" if file else f"the data set {name!r}"
    if one is None:
        hint = f"put it into {root / name}, or set RADIOTYPE_DATA to the folder that has it{did_you_mean(name, known)}"
    elif one.files and (file is None or any(each.name.startswith(file) for each in one.files)):
        hint = f"run `radiotype data fetch {name}`, or set RADIOTYPE_DATA to the folder that has it"
    else:
        hint = f"get it from {one.source}, put it into {root / name}; `radiotype data fetch {name}` tells more"
    return InputError("RT220", f"{what} is not there", file=root, hint=hint)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError("RT202", f"the file cannot be read ({error.strerror})", file=path) from error
