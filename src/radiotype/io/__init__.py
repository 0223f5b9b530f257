"""The only layer that opens a foreign file. Names are loaded when first used: reading a scan needs no tables."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radiotype.io.datasets import fetch, find_data
    from radiotype.io.expression import read_expression
    from radiotype.io.gene_sets import read_gene_names, read_gene_sets
    from radiotype.io.masks import list_regions, read_mask, read_masks
    from radiotype.io.nifti_write import write_nifti, write_scan
    from radiotype.io.seg_write import write_seg
    from radiotype.io.tables import read_cohort, read_features, write_features
    from radiotype.io.text_table import read_text_table
    from radiotype.io.volumes import read_scan

_NAMES = {
    "fetch": "datasets",
    "find_data": "datasets",
    "list_regions": "masks",
    "read_cohort": "tables",
    "read_expression": "expression",
    "read_features": "tables",
    "read_gene_names": "gene_sets",
    "read_gene_sets": "gene_sets",
    "read_mask": "masks",
    "read_masks": "masks",
    "read_scan": "volumes",
    "read_text_table": "text_table",
    "write_features": "tables",
    "write_nifti": "nifti_write",
    "write_scan": "nifti_write",
    "write_seg": "seg_write",
}

__all__ = [
    "fetch", "find_data", "list_regions", "read_cohort", "read_expression", "read_features", "read_gene_names",
    "read_gene_sets", "read_mask", "read_masks", "read_scan", "read_text_table", "write_features", "write_nifti", "write_scan",
    "write_seg",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        if "." not in name and find_spec(f"radiotype.io.{name}"):
            return import_module(f"radiotype.io.{name}")
        raise AttributeError(f"module 'radiotype.io' has no attribute {name!r}")
    value = getattr(import_module(f"radiotype.io.{_NAMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
