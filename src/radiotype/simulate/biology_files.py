"""The expression and gene set files of a simulated cohort, as a user would have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.simulate.expression import Collection


class BiologyFiles(NamedTuple):
    """Paths: expression (CSV, genes in rows, patients in columns, log2), pathways and cell populations (GMT)."""

    expression: Path
    gene_sets: Path
    cells: Path


def biology_files(folder: str | Path) -> BiologyFiles:
    """Where a simulated cohort keeps its expression and gene sets.

    Examples
    --------
    >>> [path.name for path in biology_files("cohort")]
    ['expression.csv', 'pathways.gmt', 'cells.gmt']
    """
    folder = Path(folder)
    return BiologyFiles(folder / "expression.csv", folder / "pathways.gmt", folder / "cells.gmt")


def write_biology(folder: Path, collection: Collection, patients: Sequence[str], expression: Sequence[Floats]) -> None:
    """Write the three files.

    Parameters
    ----------
    folder : path
    collection : Collection
    patients : sequence of str
        Ids, as in the manifest.
    expression : sequence of arrays, each of shape (n_genes,), log2
        One per patient.
    """
    files = biology_files(folder)
    rows = np.stack(expression, axis=1)[collection.measured]
    form = ",".join(["%.3f"] * len(patients))
    measured = [gene for gene, here in zip(collection.genes, collection.measured, strict=True) if here]
    lines = [",".join(("gene", *patients))]
    lines += [f"{gene},{form % tuple(row)}" for gene, row in zip(measured, rows.tolist(), strict=True)]
    files.expression.write_bytes(("\n".join(lines) + "\n").encode())
    _write_gmt(files.gene_sets, collection.pathways)
    _write_gmt(files.cells, collection.populations)


def _write_gmt(path: Path, sets: Mapping[str, tuple[str, ...]]) -> None:
    lines = ["\t".join((name, "invented for a simulation", *genes)) for name, genes in sets.items()]
    path.write_bytes(("\n".join(lines) + "\n").encode())
