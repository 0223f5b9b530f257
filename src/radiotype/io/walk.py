"""Every file below a folder, in one order, without leaving it."""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from radiotype.errors import RecipeError

#: Folders and files that no person means: hidden ones, and what archives of a Mac carry.
_UNMEANT = ("__MACOSX",)


@dataclass(frozen=True, order=True)
class Note:
    """Something that was found but not used, or used with a doubt; `path` is relative to the folder walked."""

    path: str
    why: str


@dataclass(frozen=True)
class Walk:
    """Regular files, ordered by path, and what was passed by."""

    root: Path
    files: tuple[Path, ...]
    notes: tuple[Note, ...]


def walk(folder: str | Path) -> Walk:
    """Every regular file below a folder. Links to folders are not followed, links to files only within the folder.

    Raises
    ------
    RecipeError
        RT110 if it is no folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise RecipeError("RT110", "this is not a folder", file=root, hint="name the folder that holds the scans")
    files: list[Path] = []
    notes: list[Note] = []

    def note(path: Path, why: str) -> None:
        notes.append(Note(_as_text(path.relative_to(root).as_posix()), why))

    def unreadable(error: OSError) -> None:
        note(Path(error.filename), "the folder may not be read")

    for here, folders, names in os.walk(root, onerror=unreadable):
        place = Path(here)
        folders.sort()
        for name in list(folders):
            if why := _unmeant(name):
                folders.remove(name)
                note(place / name, why)
            elif (place / name).is_symlink():
                note(place / name, "a link to a folder is not followed")
        for name in sorted(names):
            path = place / name
            why = _unmeant(name) or _refused(path, root)
            if why:
                note(path, why)
            else:
                files.append(path)
    return Walk(root, *_without_twins(root, files, notes))


def _unmeant(name: str) -> str:
    """Why a name alone lets a file or folder be passed by; empty when it does not."""
    if name.startswith(".") or name in _UNMEANT:
        return "hidden"
    return "" if _as_text(name) == name else "its name is not plain text, so no manifest can hold it: rename it"


def _as_text(name: str) -> str:
    """A name of a file as it can be written; line ends and bytes that are no text become a backslash and a number."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(f"\\x{ord(letter):02x}" if unicodedata.category(letter) == "Cc" else letter for letter in text)


def _refused(path: Path, root: Path) -> str:
    """Why a file is passed by; empty when it is not."""
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(root.resolve()):
            return "a link that leaves the folder is not followed"
        status = path.stat()
    except (OSError, RuntimeError):
        return "a link to nothing" if path.is_symlink() else "the file may not be read"
    if not stat.S_ISREG(status.st_mode):
        return "no regular file"
    if not status.st_size:
        return "the file is empty (0 bytes)"
    return "" if os.access(path, os.R_OK) else "the file may not be read"


def _without_twins(root: Path, files: list[Path], notes: list[Note]) -> tuple[tuple[Path, ...], tuple[Note, ...]]:
    """One path per file: where a link and its target are both there, the target."""
    own = {path.resolve() for path in files if not path.is_symlink()}
    kept = []
    for path in sorted(files):
        if path.is_symlink():
            if path.resolve() in own:
                notes.append(Note(path.relative_to(root).as_posix(), "a link to a file that is there anyway"))
                continue
            own.add(path.resolve())
        kept.append(path)
    return tuple(kept), tuple(sorted(notes))
