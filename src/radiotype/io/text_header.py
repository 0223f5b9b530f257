"""The text header of NRRD and MetaImage files, read before any library touches the file.

Both formats let a header fetch its voxels from any other file of the machine: that is refused here, and so is whatever readers
take differently (a lone carriage return, odd spelling, a header without an end).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from radiotype.errors import InputError

#: No header of a volume is longer than this, bytes.
MAX_HEADER_BYTES = 2**20


@dataclass(frozen=True)
class TextHeader:
    """Fields of a header, names in lower case, and the number of bytes before the voxels."""

    fields: dict[str, str]
    n_bytes: int


def read_text_header(path: Path, kind: str) -> TextHeader:
    """The header of one file.

    Parameters
    ----------
    path : path
    kind : str
        ".nrrd" or ".mha".

    Raises
    ------
    InputError
        RT202 if it is no such header, RT209 if it contradicts itself, RT210 if it takes its voxels from another file.
    """
    with path.open("rb") as file:
        start = file.read(MAX_HEADER_BYTES)
    try:
        return parse_nrrd(start) if kind == ".nrrd" else parse_metaimage(start)
    except InputError as error:
        error.file = path
        raise


def parse_nrrd(start: bytes) -> TextHeader:
    """The header of a NRRD file from its first bytes; the voxels must follow in the same file.

    Examples
    --------
    >>> parse_nrrd(b"NRRD0004\\ntype: short\\nsizes: 2 3 4\\n\\n").fields["sizes"]
    '2 3 4'
    """
    if not start.startswith(b"NRRD000"):
        raise InputError("RT202", "the file does not begin as a NRRD file does")
    fields: dict[str, str] = {}
    position = 0
    while True:
        line, following = _line(start, position)
        if following is None:
            raise InputError("RT202", f"the header has no end within {len(start):,} bytes")
        if not line:
            return TextHeader(fields, following)
        position = following
        if line.startswith(b"#") or b":" not in line:
            continue
        name, _, value = line.decode("latin-1").partition(":")
        name = " ".join(name.lower().split())
        if name in ("data file", "datafile"):
            raise _elsewhere()
        if value.startswith("="):
            continue  # a remark as key and value
        if name in fields:
            raise InputError("RT209", "the header gives one field twice")
        fields[name] = value.strip()


def parse_metaimage(start: bytes) -> TextHeader:
    """The header of a MetaImage (.mha) file from its first bytes; the voxels must follow in the same file.

    Examples
    --------
    >>> parse_metaimage(b"NDims = 3\\nElementDataFile = LOCAL\\n").n_bytes
    34
    """
    fields: dict[str, str] = {}
    position = 0
    while True:
        line, following = _line(start, position)
        if following is None:
            raise InputError("RT202", f"the header does not say where the voxels are within {len(start):,} bytes")
        position = following
        text = line.decode("latin-1")
        cut = min((text.find(sign) for sign in "=:" if sign in text), default=-1)
        if cut < 0:
            continue
        name, value = text[:cut].strip().lower(), text[cut + 1 :].strip()
        if name == "elementdatafile" and not text.startswith("ElementDataFile"):
            raise InputError("RT202", "the header spells ElementDataFile in a way that readers take differently")
        if name in fields and name != "comment":
            raise InputError("RT209", "the header gives one field twice")
        fields[name] = value
        if name == "elementdatafile":
            if value.upper() != "LOCAL":
                raise _elsewhere()
            return TextHeader(fields, position)


def _line(text: bytes, position: int) -> tuple[bytes, int | None]:
    """The line that begins at `position` and where the next one begins; None when the line has no end."""
    end = text.find(b"\n", position)
    if end < 0:
        return text[position:], None
    line = text[position:end].removesuffix(b"\r")
    if b"\r" in line:
        raise InputError("RT202", "the header holds a carriage return within a line")
    return line, end + 1


def _elsewhere() -> InputError:
    return InputError(
        "RT210",
        "the header takes its voxels from another file",
        hint="save header and voxels in one file (.nrrd, .mha or .nii.gz)",
    )
