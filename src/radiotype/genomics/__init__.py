"""What a tumour's expression says, and how it goes with its picture. Tables have a row per sample and a column per gene."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from radiotype.genomics._mixture_solution import MixtureSolution
    from radiotype.genomics.cells import CellPopulations, cell_populations
    from radiotype.genomics.centroid_signature import CentroidSignature
    from radiotype.genomics.dates_as_genes import gene_of_date
    from radiotype.genomics.deconvolution import Deconvolution, deconvolve, marker_fold_changes, proportions_from_markers
    from radiotype.genomics.gene_set_coverage import Coverage, coverage
    from radiotype.genomics.mixtures import ConvexMixture
    from radiotype.genomics.preranked import Enrichment, RunningSum, gsea, running_sum
    from radiotype.genomics.scoring import SetScores, gene_set_scores, ssgsea
    from radiotype.genomics.signature import Signature, SignatureScores, signature_names
    from radiotype.genomics.spectra import FunctionalSpectra
    from radiotype.genomics.tidying import TidyExpression, TidyReport, looks_logged, tidy_expression

__all__ = [
    "CellPopulations",
    "CentroidSignature",
    "ConvexMixture",
    "Coverage",
    "Deconvolution",
    "Enrichment",
    "FunctionalSpectra",
    "MixtureSolution",
    "RunningSum",
    "SetScores",
    "Signature",
    "SignatureScores",
    "TidyExpression",
    "TidyReport",
    "cell_populations",
    "coverage",
    "deconvolve",
    "gene_of_date",
    "gene_set_scores",
    "gsea",
    "looks_logged",
    "marker_fold_changes",
    "proportions_from_markers",
    "running_sum",
    "signature_names",
    "ssgsea",
    "tidy_expression",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME = {
    "CellPopulations": "cells",
    "CentroidSignature": "centroid_signature",
    "ConvexMixture": "mixtures",
    "Coverage": "gene_set_coverage",
    "Deconvolution": "deconvolution",
    "Enrichment": "preranked",
    "FunctionalSpectra": "spectra",
    "MixtureSolution": "_mixture_solution",
    "RunningSum": "preranked",
    "SetScores": "scoring",
    "Signature": "signature",
    "SignatureScores": "signature",
    "TidyExpression": "tidying",
    "TidyReport": "tidying",
    "cell_populations": "cells",
    "coverage": "gene_set_coverage",
    "deconvolve": "deconvolution",
    "gene_of_date": "dates_as_genes",
    "gene_set_scores": "scoring",
    "gsea": "preranked",
    "looks_logged": "tidying",
    "marker_fold_changes": "deconvolution",
    "proportions_from_markers": "deconvolution",
    "running_sum": "preranked",
    "signature_names": "signature",
    "ssgsea": "scoring",
    "tidy_expression": "tidying",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
