"""What a tumour's expression says, and how it goes with its picture. Tables have a row per sample and a column per gene."""

from __future__ import annotations

from importlib import import_module

__all__ = [
    "ConvexMixture",
    "Deconvolution",
    "MixtureSolution",
    "deconvolve",
    "marker_fold_changes",
    "proportions_from_markers",
]

# No module is named like a function: importing it would put the module in the function's place.
_HOME: dict[str, str] = {
    "ConvexMixture": "mixtures",
    "Deconvolution": "deconvolution",
    "MixtureSolution": "_mixture_solution",
    "deconvolve": "deconvolution",
    "marker_fold_changes": "deconvolution",
    "proportions_from_markers": "deconvolution",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
