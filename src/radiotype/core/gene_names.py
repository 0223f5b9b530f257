"""What kind of id names a gene, told from the name alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

#: Kinds of ids that have a form of their own, tried in this order.
_FORMS = {
    "Ensembl ids": re.compile(r"ENS[A-Z]{0,4}[GTP]\d{11}(\.\d+)?(_PAR_Y)?"),
    "RefSeq ids": re.compile(r"[NX][MRP]_\d{4,}(\.\d+)?"),
    "Affymetrix probes": re.compile(r"\S+_(at|st)"),
    "Illumina probes": re.compile(r"ILMN_\d+"),
    "Entrez ids": re.compile(r"[1-9]\d{0,8}"),
    "symbols": re.compile(r"[A-Za-z][A-Za-z0-9]*([-.@/][A-Za-z0-9]+)*"),
}

#: Genes of nearly every table, panels included. None of them is what people call a patient.
WELL_KNOWN = frozenset(
    """
    ACTB ALB AURKA B2M BCL2 BIRC5 BRCA1 BRCA2 CCND1 CCNB1 CD19 CD274 CD3D CD3E CD4 CD68 CD8A CD8B CDH1 CDK4 CDKN2A COL1A1
    CTLA4 CTNNB1 EGFR EPCAM ERBB2 ESR1 FN1 FOXA1 FOXP3 GAPDH GATA3 GFAP GUSB GZMB HPRT1 IDH1 KRAS KRT18 KRT5 MGMT MKI67
    MMP9 MS4A1 MYC NCAM1 NF1 NKX2-1 PAX5 PDCD1 PGR PIK3CA PTEN PTPRC RB1 RPLP0 SOX2 STAT1 TFRC TOP2A TP53 TYMS VEGFA VIM
    VWF
    """.split()  # noqa: SIM905
)


def kind_of_id(name: str) -> str:
    """The kind of one id: Ensembl ids, RefSeq ids, Affymetrix probes, Illumina probes, Entrez ids, symbols, or other names.

    Examples
    --------
    >>> kind_of_id("ENSG00000141510.17"), kind_of_id("7157"), kind_of_id("TP53"), kind_of_id("NKX2-1")
    ('Ensembl ids', 'Entrez ids', 'symbols', 'symbols')
    """
    return next((kind for kind, form in _FORMS.items() if form.fullmatch(name)), "other names")


def kind_of_ids(names: Iterable[str]) -> str:
    """The kind that more than half of the ids have; `mixed names` where no kind has."""
    kinds = Counter(map(kind_of_id, names))
    kind, times = max(kinds.items(), key=lambda item: item[1], default=("mixed names", 0))
    return kind if 2 * times > kinds.total() else "mixed names"


def surely_genes(names: Iterable[str]) -> int:
    """How many of the names are what only a gene is called: a well-known symbol, or an Ensembl, RefSeq or probe id.

    Entrez ids are whole numbers, as ids of patients are, so they say nothing.

    Examples
    --------
    >>> surely_genes(["TP53", "MARCHF3", "7157"]), surely_genes(["patient 1", "007"])
    (1, 0)
    """
    return sum(name in WELL_KNOWN or kind_of_id(name) not in ("Entrez ids", "symbols", "other names") for name in names)
