"""How much of each gene set a table measures, and which sets it measures too little of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from radiotype.core.gene_names import kind_of_ids
from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._matching import listed_sets
from radiotype.stats._inputs import whole_number


@dataclass(frozen=True, eq=False)
class Coverage:
    """Genes of each set that a table has.

    Parameters
    ----------
    table : data frame, one row per set
        `size` (genes of the set), `found`, `share` (found / size; 0 for an empty set), `refused` (the reason, or empty).
    kept : mapping of set name to genes
        Sets that are covered well enough, with those of their genes that were found, in the set's order.
    refused : mapping of set name to reason
    missing : mapping of set name to genes
        Genes of each set that were not found.
    hint : str
        Why many genes were not found, if that can be told: a turned table, or ids of another kind. Else empty.
    """

    table: pd.DataFrame
    kept: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str]
    missing: Mapping[str, tuple[str, ...]]
    hint: str

    def require(self) -> Mapping[str, tuple[str, ...]]:
        """The kept sets.

        Raises
        ------
        ComputeError
            RT305 if none is left.
        """
        if not self.kept:
            name, reason = next(iter(self.refused.items()))
            found = f"no gene set is covered well enough; {name!r}: {reason}"
            hint = self.hint or "use gene sets of this platform, or allow less with least_coverage=..."
            raise ComputeError("RT305", found, hint=hint)
        return self.kept


def coverage(
    gene_sets: Mapping[str, Sequence[str]], genes: Any, *, least_coverage: float = 0.3, least_members: int = 1
) -> Coverage:
    """How many genes of each set a table has; sets that it covers too little are refused by name.

    Parameters
    ----------
    gene_sets : mapping of set name to genes
    genes : data frame with samples in rows and genes in columns, or names of genes
    least_coverage : float
        Smallest share of a set's genes that must be there, 0 to 1. The default is a mere convention.
    least_members : int
        Smallest number of a set's genes that must be there, 1 or more.

    Returns
    -------
    Coverage

    Raises
    ------
    RecipeError
        RT103 if a bound is not allowed, or the sets are no mapping from names to lists of genes.

    Examples
    --------
    >>> found = coverage({"CYCLE": ["MKI67", "AURKA"], "LIVER": ["ALB", "AFP", "TTR", "APOB"]}, ["MKI67", "AURKA", "ALB"])
    >>> found.table[["size", "found", "share"]]
           size  found  share
    CYCLE     2      2   1.00
    LIVER     4      1   0.25
    >>> found.refused
    {'LIVER': '1 of its 4 genes are there, under 30 %'}
    >>> found.kept, found.missing["LIVER"]
    ({'CYCLE': ('MKI67', 'AURKA')}, ('AFP', 'TTR', 'APOB'))
    """
    if isinstance(least_coverage, bool | str) or not 0 <= least_coverage <= 1:
        raise RecipeError("RT103", f"least_coverage is {least_coverage!r}; expected a share from 0 to 1")
    whole_number("least_members", least_members, 1)
    listed_genes = listed_sets(gene_sets)
    names, samples = (genes.columns, genes.index) if hasattr(genes, "columns") else (genes, ())
    there = dict.fromkeys(map(str, names))
    rows, kept, refused, missing = [], {}, {}, {}
    for name, members in listed_genes.items():
        found = tuple(gene for gene in members if gene in there)
        missing[name] = tuple(gene for gene in members if gene not in there)
        reason = _reason(len(found), len(members), least_coverage, least_members)
        rows.append((len(members), len(found), len(found) / max(len(members), 1), reason))
        if reason:
            refused[name] = reason
        else:
            kept[name] = found
    table = pd.DataFrame(rows, index=pd.Index(list(listed_genes), dtype=object), columns=["size", "found", "share", "refused"])
    return Coverage(table, kept, refused, missing, _hint(listed_genes, there, missing, samples))


def _reason(n_found: int, n_genes: int, least_coverage: float, least_members: int) -> str:
    if not n_genes:
        return "it has no genes"
    if n_found < least_members:
        return f"{n_found} of its {n_genes} genes are there, fewer than {least_members}"
    if n_found < least_coverage * n_genes - 1e-9:
        return f"{n_found} of its {n_genes} genes are there, under {least_coverage:.0%}".replace("%", " %")
    return ""


def _hint(
    gene_sets: Mapping[str, Sequence[str]],
    there: Mapping[str, Any],
    missing: Mapping[str, tuple[str, ...]],
    samples: Iterable[Any],
) -> str:
    """Why most genes of the sets are not there, if the names tell."""
    wanted = {str(gene) for listed in gene_sets.values() for gene in listed}
    lost = {gene for listed in missing.values() for gene in listed}
    if not there or 2 * len(lost) <= len(wanted):
        return ""
    n_found = len(wanted) - len(lost)
    if sum(str(name) in wanted for name in samples) > n_found:
        return "the table seems to be turned: genes belong in columns, samples in rows"
    of_sets, of_table = kind_of_ids(sorted(wanted)), kind_of_ids(there)
    if of_sets != of_table and "mixed names" not in (of_sets, of_table):
        return f"the sets name {of_sets}, the table {of_table}: give tidy_expression an annotation, or use other sets"
    without = {name.partition(".")[0] for name in there}
    if of_sets == "Ensembl ids" and len(wanted & without) > n_found:
        return "ids of the table have versions: tidy_expression cuts them off"
    folded = {name.casefold() for name in there}
    if sum(gene.casefold() in folded for gene in wanted) > max(2 * n_found, len(wanted) // 2):
        return "names differ in upper and lower case: are the sets or the table those of another species?"
    return ""
