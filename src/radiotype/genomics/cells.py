"""How much of each cell population a tumour holds, by the mean expression of its marker genes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._expression import checked_expression

if TYPE_CHECKING:
    from pandas import DataFrame

LARGEST_LOGARITHM = 50.0
"""No measured expression has a larger log2; larger values were not log-transformed."""


@dataclass(frozen=True, eq=False)
class CellPopulations:
    """Scores of cell populations, and what they rest on.

    `scores` has a row per sample and a column per population that could be scored, in the unit of the expression (log2).
    They compare samples within one population; between populations they say nothing, since genes differ in level.
    `found` are the markers used of each population and `absent` those that the expression lacks, for every population of
    the list; `reasons` tells why a population has no score.
    """

    scores: DataFrame
    found: Mapping[str, tuple[str, ...]]
    absent: Mapping[str, tuple[str, ...]]
    reasons: Mapping[str, str]

    def coverage(self) -> DataFrame:
        """One row per population: markers `listed` and `found`, their `share`, those `absent`, and `reason` ("" if scored)."""
        from pandas import DataFrame

        rows = {}
        for name, found in self.found.items():
            absent = self.absent[name]
            listed = len(found) + len(absent)
            row = {"listed": listed, "found": len(found), "share": len(found) / listed, "absent": ", ".join(absent)}
            rows[name] = row | {"reason": self.reasons.get(name, "")}
        return DataFrame.from_dict(rows, orient="index")


def cell_populations(expression: Any, markers: Mapping[str, Sequence[str]], *, min_share: float = 0.0) -> CellPopulations:
    """Mean log2 expression of the markers of each cell population (MCP-counter's score), for any list of markers.

    Parameters
    ----------
    expression : data frame or array, shape (n_samples, n_genes)
        Log2 of normalised expression, not centred by gene if scores are to be compared with other cohorts.
    markers : mapping
        Name of each population, and its marker genes in the names of the columns. A gene may mark several populations; one
        that is listed twice counts once.
    min_share : float
        A population is scored if the expression has more than none and at least this share of its markers, 0 to 1.

    Returns
    -------
    CellPopulations
        A population below `min_share` has its reason in `reasons` and no column in `scores`.

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 for missing values or text among the markers, names that stand twice, values too large
        for a logarithm, or if no population can be scored.
    RecipeError
        RT103 if `markers` is no mapping of names to genes, or `min_share` is not allowed.

    References
    ----------
    Becht et al., Genome Biol 17 (2016) 218. Equal to `MCPcounter.estimate` of MCPcounter 1.2.0.

    Examples
    --------
    >>> import pandas as pd
    >>> expression = pd.DataFrame({"CD3D": [5.0, 8.0], "CD28": [3.0, 6.0], "CD8B": [1.0, 4.0]}, index=["p1", "p2"])
    >>> found = cell_populations(expression, {"T cells": ["CD3D", "CD28", "CD5"], "CD8 T cells": ["CD8B"], "NK": ["KIR2DL1"]})
    >>> found.scores
        T cells  CD8 T cells
    p1      4.0          1.0
    p2      7.0          4.0
    >>> found.absent["T cells"], found.reasons["NK"]
    (('CD5',), 'RT305: none of its 1 markers is in the expression')
    """
    from pandas import DataFrame

    lists = _checked_markers(markers)
    if isinstance(min_share, (bool, str)) or not 0 <= min_share <= 1:
        raise RecipeError("RT103", f"min_share is {min_share!r}; expected a number from 0 to 1")
    table = _of_markers(expression, lists)
    place = {gene: i for i, gene in enumerate(table.columns)}
    found = {name: tuple(gene for gene in genes if gene in place) for name, genes in lists.items()}
    absent = {name: tuple(gene for gene in genes if gene not in place) for name, genes in lists.items()}
    reasons = {}
    for name, genes in lists.items():
        have = len(found[name])
        if not have:
            reasons[name] = f"RT305: none of its {len(genes)} markers is in the expression"
        elif have < min_share * len(genes):
            reasons[name] = f"RT305: {have} of its {len(genes)} markers are in the expression, fewer than min_share asks for"
    scored = [name for name in lists if name not in reasons]
    if not scored:
        first, why = next(iter(reasons.items()))
        hint = "compare the names of the genes: symbols, Entrez numbers, Ensembl identifiers"
        raise ComputeError("RT305", f"no population can be scored; {first!r}: {why.removeprefix('RT305: ')}", hint=hint)
    values = table.to_numpy()
    means = {name: values[:, [place[gene] for gene in found[name]]].mean(axis=1) for name in scored}
    return CellPopulations(DataFrame(means, index=table.index), found, absent, reasons)


def _of_markers(expression: Any, lists: Mapping[str, tuple[str, ...]]) -> DataFrame:
    """The columns of the markers, checked; other genes may hold what they like."""
    from pandas import DataFrame

    named = hasattr(expression, "columns")
    if named:
        marked = {gene for genes in lists.values() for gene in genes}
        kept = [i for i, gene in enumerate(expression.columns) if str(gene) in marked]
        index = expression.index
        if not kept:
            return DataFrame(index=index)
        expression = expression.iloc[:, kept]
    checked = checked_expression(expression)
    largest = float(checked.values.max())
    if largest > LARGEST_LOGARITHM:
        found = f"expression holds values up to {largest:,.0f}; expected logarithms to the base 2"
        raise ComputeError("RT305", found, hint="take log2 of the values first, after adding 1 to counts")
    return DataFrame(checked.values, index=index if named else list(checked.samples), columns=list(checked.genes))


def _checked_markers(markers: Any) -> dict[str, tuple[str, ...]]:
    """Genes of each population, each once, in their order."""
    if not isinstance(markers, Mapping) or not markers:
        raise RecipeError("RT103", 'markers is not understood; expected a mapping such as {"T cells": ["CD3D", "CD28"]}')
    lists = {}
    for name, genes in markers.items():
        if isinstance(genes, str) or not np.iterable(genes):
            raise RecipeError("RT103", f"markers of {name!r} are {genes!r}; expected a list of genes")
        lists[str(name)] = tuple(dict.fromkeys(str(gene) for gene in genes))
        if not lists[str(name)]:
            raise RecipeError("RT103", f"the list of markers of {name!r} is empty")
    return lists
