"""radiotype: imaging subtypes, risk groups and their biology from tumour scans.

    import radiotype

    scan = radiotype.read_scan("scan.nii.gz", modality="CT")
    mask = radiotype.read_mask("mask.nii.gz", like=scan)
    features = radiotype.describe(scan, mask)

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

#: Public names and the module each comes from.
_NAMES = {
    "Case": "radiotype.core",
    "Cohort": "radiotype.core",
    "FeatureRecord": "radiotype.core",
    "FeatureTable": "radiotype.core",
    "Features": "radiotype.core",
    "Grid": "radiotype.core",
    "Mask": "radiotype.core",
    "RowKey": "radiotype.core",
    "Scan": "radiotype.core",
    "ComputeError": "radiotype.errors",
    "InputError": "radiotype.errors",
    "ModelError": "radiotype.errors",
    "RadiotypeError": "radiotype.errors",
    "RecipeError": "radiotype.errors",
    "StoreError": "radiotype.errors",
    "describe": "radiotype.features",
    "extract": "radiotype.features",
    "read_mask": "radiotype.io",
    "read_scan": "radiotype.io",
}

_PACKAGES = ("features", "genomics", "imaging", "io", "predict", "report", "run", "simulate", "stats", "studies", "subtypes")

__all__ = ["__version__", *sorted(_NAMES), *_PACKAGES]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return import_module(f"radiotype.{name}")
    if name not in _NAMES:
        raise AttributeError(f"module 'radiotype' has no attribute {name!r}")
    value = getattr(import_module(_NAMES[name]), name)
    if name == "Cohort":
        value.read = staticmethod(import_module("radiotype.io").read_cohort)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
