"""Titles of a column of names, by which a file says what stands in its rows."""

from __future__ import annotations

from typing import Literal

Side = Literal["rows", "columns"]

#: Without blanks, points, dashes and underscores.
_GENE_TITLES = frozenset(
    """
    gene genes genename geneid genesymbol symbol hugosymbol hgncsymbol probe probeid probeset probesetid idref ensembl ensemblid
    ensemblgeneid entrez entrezid entrezgeneid
    """.split()  # noqa: SIM905
)
_SAMPLE_TITLES = frozenset(
    ("sample", "samples", "sampleid", "samplename", "patient", "patientid", "case", "caseid", "subject", "subjectid")
)
_EITHER = frozenset(("id", "ids", "name", "names", "index", "rowname", "rownames"))


def samples_by_title(title: str) -> Side | None:
    """Where the samples stand in a table whose column of names has this title; None where it does not tell."""
    plain = _plain(title)
    return "columns" if plain in _GENE_TITLES else "rows" if plain in _SAMPLE_TITLES else None


def titles_names(title: str) -> bool:
    """Whether only a column of names has this title: no sample and no gene is called so."""
    return samples_by_title(title) is not None or _plain(title) in _EITHER


def _plain(title: str) -> str:
    return "".join(letter for letter in title.lower() if letter.isalnum())
