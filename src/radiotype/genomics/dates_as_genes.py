"""Genes that a spreadsheet took for dates: which gene a date was, where that can be known.

Ziemann M, Eren Y, El-Osta A (2016) Gene name errors are widespread in the scientific literature. Genome Biology 17:177.
Bruford EA et al. (2020) Guidelines for human gene nomenclature. Nature Genetics 52:754-758 (MARCHF, SEPTIN, DELEC1, MTARC).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_NUMBER_OF = {month[:3]: i + 1 for i, month in enumerate(_MONTHS)}
_MONTH = f"(?P<month>{'|'.join([*_MONTHS, 'sept', *_NUMBER_OF])})"
_FORMS = (
    re.compile(rf"(?P<day>\d{{1,2}})[-/ ]{_MONTH}([-/ ](?P<year>\d{{2,4}}))?", re.IGNORECASE),
    re.compile(rf"{_MONTH}[-/ ](?P<day>\d{{1,2}})", re.IGNORECASE),
    re.compile(r"(?P<year>\d{4})[-/](?P<number>\d{1,2})[-/](?P<day>\d{1,2})([ T]00:00(:00(\.0+)?)?)?"),
)
_NUMBERS_ONLY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")

#: Month, day: today's symbol and the one before 2020.
_GENES = {(9, day): (f"SEPTIN{day}", f"SEPT{day}") for day in (*range(1, 13), 14)}
_GENES |= {(3, day): (f"MARCHF{day}", f"MARCH{day}") for day in range(3, 12)}
_GENES[(9, 15)] = ("SELENOF", "SEP15")

#: Month, day: why the gene cannot be known.
_UNCLEAR = {
    (3, 1): "it may be MARCHF1 (MARCH1) or MTARC1 (MARC1)",
    (3, 2): "it may be MARCHF2 (MARCH2) or MTARC2 (MARC2)",
    (12, 1): "it may be DELEC1 (DEC1) or an alias of BHLHE40",
    (12, 2): "it may be an alias of BHLHE41 (DEC2)",
    (10, 4): "it may be an alias of POU5F1 (OCT4)",
}


@dataclass(frozen=True)
class DateGene:
    """The gene that a date was, or why it is not known."""

    current: str = ""
    former: str = ""
    reason: str = ""


def gene_of_date(name: str) -> DateGene | None:
    """What a gene that is written as a date was called; None if the name is no date.

    A date with a named month (`2-Sep`, `Sep-02`, `02-Sep-21`) or year first (`2021-09-02`) in September is SEPTIN of that day
    (1 to 12, 14; 15 is SELENOF), in March from the 3rd to the 11th MARCHF. Unclear, and never restored, are the 1st and 2nd of
    March and of December, the 4th of October, dates of figures only (`9/1/2021`: day or month first), the first of a month in
    years that may stand for a day (`2009-09-01` and `1-Sep-09` may have been Sep-09), and every other date.

    Examples
    --------
    >>> gene_of_date("2-Sep").current, gene_of_date("Mar-04").former, gene_of_date("TP53")
    ('SEPTIN2', 'MARCH4', None)
    >>> gene_of_date("1-Mar").reason
    'it may be MARCHF1 (MARCH1) or MTARC1 (MARC1)'
    """
    if _NUMBERS_ONLY.fullmatch(name):
        return DateGene(reason="its order of day and month is not known")
    found = next(filter(None, (form.fullmatch(name) for form in _FORMS)), None)
    if found is None:
        return None
    parts = found.groupdict()
    month = int(parts["number"]) if parts.get("number") else _NUMBER_OF[parts["month"][:3].lower()]
    day = int(parts["day"])
    if not 1 <= month <= 12 or day > 31:
        return None
    if day == 1 and 1 <= int(parts.get("year") or 0) % 2000 <= 15:
        return DateGene(reason="its year may stand for a day")
    if (month, day) in _GENES:
        current, former = _GENES[month, day]
        return DateGene(current, former)
    return DateGene(reason=_UNCLEAR.get((month, day), "no gene is known that becomes this date"))
