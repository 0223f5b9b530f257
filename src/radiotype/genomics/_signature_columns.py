"""Which column of an expression table stands for which gene of a signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.genomics._signature_file import plain_id
from radiotype.stats._feature_values import feature_values
from radiotype.stats._inputs import FloatArray


def checked_table(expression: Any) -> tuple[list[str], list[str]]:
    """Names of samples and columns of a table of expression.

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 if it is no data frame, or a sample stands twice.
    """
    if not hasattr(expression, "columns") or not hasattr(expression, "iloc"):
        raise ComputeError("RT305", "the expression has no names of genes", hint="give a data frame, samples in rows")
    if not len(expression):
        raise ComputeError("RT301", "the expression table has no samples")
    samples = [str(name) for name in expression.index]
    twice = [name for name, times in Counter(samples).items() if times > 1]
    if twice:
        raise ComputeError("RT305", f"sample {twice[0]!r} stands twice", hint="keep one row per sample")
    return samples, [str(name) for name in expression.columns]


def candidates(
    columns: Sequence[str], names: Any, identifier: str, ids: pd.DataFrame, aliases: Mapping[str, Sequence[str]]
) -> tuple[str, dict[str, list[int]]]:
    """The kind of id under which most genes are found, and the places of the columns of each gene found.

    Where a kind gives two genes one id, the first gene has it. An alias counts where the name itself is not in the table.

    Parameters
    ----------
    columns : names of the columns of the expression
    names : mapping or None
        What each column is called in the signature; columns that are not in it are left aside.
    identifier : str
        Kind of the genes themselves.
    ids : data frame, (n_genes, n_kinds)
        Other ids of the genes; the index are the genes.
    aliases : mapping
        Gene: other names of the same kind.
    """
    places: dict[str, list[int]] = {}
    told = None if names is None else _told(names)
    for place, column in enumerate(columns):
        called = plain_id(column) if told is None else told.get(column)
        if called is not None:
            places.setdefault(called, []).append(place)
    best: tuple[str, dict[str, list[int]]] = (identifier, {})
    for kind in (None, *ids.columns):
        gene_of: dict[str, str] = {}
        for gene, called in zip(ids.index, ids.index if kind is None else ids[kind], strict=True):
            if plain_id(called) is not None:
                gene_of.setdefault(str(called), str(gene))
        if kind is None:
            for gene, others in aliases.items():
                for alias in others:
                    gene_of.setdefault(alias, gene)
        found: dict[str, list[int]] = {}
        for called, gene in gene_of.items():
            if called in places:
                found.setdefault(gene, places[called])
        if len(found) > len(best[1]):
            best = (identifier if kind is None else str(kind), found)
    return best


def chosen_columns(expression: Any, found: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """One column per gene: of several the one with the largest standard deviation, less where values are missing.

    The deviation is multiplied by log((n + 1) / (missing + 1)) + 1, as genefu does; of equal ones the first counts.

    Raises
    ------
    ComputeError
        RT301 if there are several columns of a gene and fewer than three samples to choose by; RT305 if they are no numbers.
    """
    chosen = {}
    for gene, places in found.items():
        chosen[gene] = places[0]
        if len(places) > 1:
            if len(expression) < 3:
                raise ComputeError(
                    "RT301",
                    f"{gene} has {len(places)} columns, and {len(expression)} samples cannot tell which of them varies most",
                    hint="freeze the signature on the discovery cohort, and score new patients with what freeze returns",
                )
            values = values_of(expression, list(places))
            missing = np.isnan(values).sum(axis=0)
            there = len(values) - missing
            means = np.nansum(values, axis=0) / np.maximum(there, 1)
            spread = np.sqrt(np.nansum((values - means) ** 2, axis=0) / np.maximum(there - 1, 1))
            chosen[gene] = places[int(np.argmax(spread * (np.log((len(values) + 1) / (missing + 1)) + 1)))]
    return chosen


def values_of(expression: Any, places: list[int]) -> FloatArray:
    """Values of some columns, (n_samples, n_places), missing ones NaN; raises ComputeError RT305 if one is no number."""
    if not places:
        return np.empty((len(expression), 0))
    return np.ascontiguousarray(feature_values(expression.iloc[:, places])[0])


def _told(names: Any) -> dict[str, str]:
    pairs = names.items() if hasattr(names, "items") else None
    if pairs is None:
        raise ComputeError("RT305", "names is no mapping", hint="give column: gene, as a dict or a series")
    called = {str(column): plain_id(gene) for column, gene in pairs}
    return {column: gene for column, gene in called.items() if gene is not None}
