"""What a tumour's expression says, and how it goes with its picture. Tables have a row per sample and a column per gene."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.genomics.preranked import Enrichment, RunningSum, gsea, running_sum
    from radiotype.genomics.scoring import SetScores, gene_set_scores, ssgsea
    from radiotype.genomics.spectra import FunctionalSpectra

__all__ = [
    "Enrichment",
    "FunctionalSpectra",
    "RunningSum",
    "SetScores",
    "gene_set_scores",
    "gsea",
    "running_sum",
    "ssgsea",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME: dict[str, str] = {
    "Enrichment": "preranked",
    "FunctionalSpectra": "spectra",
    "RunningSum": "preranked",
    "SetScores": "scoring",
    "gene_set_scores": "scoring",
    "gsea": "preranked",
    "running_sum": "preranked",
    "ssgsea": "scoring",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
