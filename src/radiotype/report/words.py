"""Numbers, names and sentences as a reader wants to see them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from radiotype.core import FeatureRecord

#: What an empty cell of a grouping column is called.
UNKNOWN = "not stated"

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
#: An absolute path up to its last separator; names of folders may hold spaces, and rather too much is cut than too little.
_PATH = re.compile(r"(?:file:/*)?(?<![\w.:<])(?:[A-Za-z]:\\|~?/)(?:[^\n'\",;:()<>\\/]+[\\/])+(?=[^\s'\",;()<>\\/])")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(cell: object) -> str:
    """A cell as one line of printable text, its lines joined by semicolons; empty for a missing value."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return _CONTROL.sub("\ufffd", "; ".join(line.strip() for line in str(cell).strip().split("\n")))


def scrubbed(text: str) -> str:
    """Text whose absolute paths are cut down to the file name.

    Examples
    --------
    >>> scrubbed("cannot read /data/lung/scan.nii.gz, 3 mm/s")
    'cannot read scan.nii.gz, 3 mm/s'
    """
    return _PATH.sub("", text)


def clipped(text: str, length: int) -> str:
    """Text of at most `length` characters, its middle left out when longer.

    Examples
    --------
    >>> clipped("a rather long label", 11)
    'a rat…label'
    """
    if len(text) <= length:
        return text
    head = length // 2
    return text[:head] + "…" + text[len(text) - (length - head - 1) :]


def count(n: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun.

    Examples
    --------
    >>> count(1, "patient"), count(1200, "case")
    ('1 patient', '1,200 cases')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def initial(text: str) -> str:
    """Text with a capital in front, when its first word is in lower case throughout; names in mixed case stay as they are.

    Examples
    --------
    >>> initial("lung cancer"), initial("GBM"), initial("pNET")
    ('Lung cancer', 'GBM', 'pNET')
    """
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.islower() else text


def number_word(n: int) -> str:
    """Small numbers in letters."""
    return _NUMBER_WORDS[n] if 0 <= n < len(_NUMBER_WORDS) else f"{n:,}"


def listed(words: Sequence[str]) -> str:
    """Words joined for a sentence.

    Examples
    --------
    >>> listed(["lung", "breast", "liver"])
    'lung, breast and liver'
    """
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " and " + words[-1]


def number(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, never in powers of ten between 0.001 and a billion.

    Examples
    --------
    >>> number(0.51234), number(12345.6), number(0.0), number(float("nan"))
    ('0.512', '12,346', '0', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e9:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return f"{value:,.{decimals}f}".replace("-", "−")


def p_value(p: float) -> str:
    """A p-value the way journals print it.

    Examples
    --------
    >>> p_value(0.04321), p_value(0.00001), p_value(0.5)
    ('p = 0.043', 'p < 0.001', 'p = 0.50')
    """
    if not math.isfinite(p):
        return "p not available"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def date(iso: str) -> str:
    """The day of an ISO time stamp in words; empty when there is none.

    Examples
    --------
    >>> date("2025-03-09T10:00:00+00:00")
    '9 March 2025'
    """
    found = re.match(r"(\d{4})-(\d{2})-(\d{2})", iso)
    if not found or not 1 <= int(found[2]) <= 12:
        return ""
    return f"{int(found[3])} {_MONTHS[int(found[2]) - 1]} {found[1]}"


def unit(ucum: str) -> str:
    """A UCUM unit as printed beside a number; empty for a pure number.

    Examples
    --------
    >>> unit("mm3"), unit("/mm"), unit("1"), unit("HU")
    ('mm³', 'mm⁻¹', '', 'HU')
    """
    if ucum == "1":
        return ""
    inverse = re.fullmatch(r"1?/([A-Za-z]+)(\d*)", ucum)
    if inverse:
        return inverse[1] + f"-{inverse[2] or 1}".translate(_SUPERSCRIPT)
    return re.sub(r"(?<=[A-Za-z])-?\d+", lambda power: power[0].translate(_SUPERSCRIPT), ucum)


def feature_name(record: FeatureRecord) -> str:
    """The column name in words, without the name of its family and its unit.

    Examples
    --------
    >>> feature_name(FeatureRecord("surface_area_mm2", "morphology", "area of the mesh", "mm2"))
    'Surface area'
    """
    detail = record.detail
    if {"inner", "outer", "distance"} <= set(detail):
        name = f"{detail['inner']} vs {detail['outer']}, {detail['distance']}"
    else:
        name = record.name.removeprefix(record.family).strip("_") or record.name
        name = name.removesuffix("_per_mm").removesuffix(f"_{record.unit.lower()}")
    words = (
        re.sub(r"(?<=\d)mm\b", " mm", plain(name.replace("_", " ")))
        .replace(" 3d ", " 3D ")
        .replace("bhattacharyya", "Bhattacharyya")
    )
    return words[:1].upper() + words[1:]


def feature_title(record: FeatureRecord) -> str:
    """The name in words with its unit."""
    shown = unit(record.unit)
    return feature_name(record) + (f" ({shown})" if shown else "")


def natural(names: Iterable[str]) -> list[str]:
    """Distinct names in reading order: numbers by size, empty last.

    Examples
    --------
    >>> natural(["10", "2", "", "1", "2"])
    ['1', '2', '10', '']
    """

    def key(name: str) -> tuple[bool, list[tuple[int, int, str]], str]:
        parts = [
            (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.split(r"(\d+)", name) if part
        ]
        return (not name, parts, name)

    return sorted(set(names), key=key)


def share(part: int, whole: int) -> str:
    """A part of a whole in percent; empty without a whole."""
    if not whole:
        return ""
    return "< 1 %" if 0 < part < 0.005 * whole else f"{100 * part / whole:.0f} %"


def unbroken(text: str) -> str:
    """Text in which a number stays on one line with its unit, and p with its value."""
    text = re.sub(r"(?<=\d) (?=(?:%|mm|cm³|HU)(?!\w))", "\u00a0", text)
    return re.sub(r"\b(p|K) ([=<]) (?=\d)", "\\1\u00a0\\2\u00a0", text)
