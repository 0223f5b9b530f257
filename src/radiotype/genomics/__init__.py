"""What a tumour's expression says, and how it goes with its picture. Tables have a row per sample and a column per gene."""

from __future__ import annotations

from importlib import import_module

__all__ = [
    "CellPopulations",
    "CentroidSignature",
    "Coverage",
    "Signature",
    "SignatureScores",
    "TidyExpression",
    "TidyReport",
    "cell_populations",
    "coverage",
    "gene_of_date",
    "looks_logged",
    "signature_names",
    "tidy_expression",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME = {
    "CellPopulations": "cells",
    "CentroidSignature": "centroid_signature",
    "Coverage": "gene_set_coverage",
    "Signature": "signature",
    "SignatureScores": "signature",
    "TidyExpression": "tidying",
    "TidyReport": "tidying",
    "cell_populations": "cells",
    "coverage": "gene_set_coverage",
    "gene_of_date": "dates_as_genes",
    "looks_logged": "tidying",
    "signature_names": "signature",
    "tidy_expression": "tidying",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
