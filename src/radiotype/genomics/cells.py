"""How much of each cell population a tumour holds, by the mean expression of its marker genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pandas import DataFrame

from radiotype.errors import ComputeError
from radiotype.genomics.gene_set_coverage import Coverage, coverage
from radiotype.genomics.scoring import gene_set_scores
from radiotype.genomics.tidying import looks_logged


@dataclass(frozen=True, eq=False)
class CellPopulations:
    """Scores of cell populations, and what they rest on.

    `scores` has a row per sample and a column per population that could be scored, in the unit of the expression (log2).
    They compare samples within one population; between populations they say nothing, since genes differ in level.
    `coverage` tells which markers were found, and why a population has no score (`coverage.refused`).
    """

    scores: DataFrame
    coverage: Coverage


def cell_populations(
    expression: DataFrame, markers: Mapping[str, Sequence[str]], *, least_coverage: float = 0.0, least_members: int = 1
) -> CellPopulations:
    """Mean log2 expression of the markers of each cell population (MCP-counter's score), for any list of markers.

    Parameters
    ----------
    expression : data frame, shape (n_samples, n_genes)
        Log2 of normalised expression, not centred by gene if scores are to be compared with other cohorts. Genes that mark
        nothing may hold what they like.
    markers : mapping
        Name of each population, and its marker genes in the names of the columns. A gene may mark several populations; one
        that is listed twice counts once.
    least_coverage, least_members : float, int
        A population is scored if the expression has at least this share and this number of its markers.

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 for missing values or text among the markers, names that stand twice, values too large
        for a logarithm, or if no population can be scored.
    RecipeError
        RT103 if `markers` is no mapping of names to genes, or a bound is not allowed.

    References
    ----------
    Becht et al., Genome Biol 17 (2016) 218. Equal to `MCPcounter.estimate` of MCPcounter 1.2.0.

    Examples
    --------
    >>> expression = DataFrame({"CD3D": [5.0, 8.0], "CD28": [3.0, 6.0], "CD8B": [1.0, 4.0]}, index=["p1", "p2"])
    >>> found = cell_populations(expression, {"T cells": ["CD3D", "CD28", "CD5"], "CD8 T cells": ["CD8B"], "NK": ["KIR2DL1"]})
    >>> found.scores
        T cells  CD8 T cells
    p1      4.0          1.0
    p2      7.0          4.0
    >>> found.coverage.missing["T cells"], found.coverage.refused["NK"]
    (('CD5',), '0 of its 1 genes are there, fewer than 1')
    """
    if not isinstance(expression, DataFrame):
        raise ComputeError("RT305", "the expression table has no names; expected a data frame with samples in rows")
    covered = coverage(markers, expression, least_coverage=least_coverage, least_members=least_members)
    kept = covered.require()
    used = {gene for genes in kept.values() for gene in genes}
    table = expression.loc[:, [str(gene) in used for gene in expression.columns]]
    scores = gene_set_scores(table, kept, method="mean", least_members=1).to_frame().set_axis(expression.index)
    if not looks_logged(table.to_numpy(dtype=float)):
        found = f"expression holds values up to {table.to_numpy(dtype=float).max():,.0f}; expected logarithms to the base 2"
        raise ComputeError("RT305", found, hint="take log2 of the values first, after adding 1 to counts")
    return CellPopulations(scores, covered)
