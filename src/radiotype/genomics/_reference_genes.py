"""Which genes of a reference a table has, and how much each of them tells."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.genomics._expression import Expression, checked_expression
from radiotype.stats._inputs import FloatArray


def named_columns(expression: Any, genes: Sequence[str], least: float) -> Expression:
    """Those columns of a data frame that are among the genes, in their order; refuses too small a share of the genes."""
    covered_share({str(name) for name in expression.columns}, genes, least)
    order = {gene: at for at, gene in enumerate(genes)}
    places = [at for at, name in enumerate(expression.columns) if str(name) in order]
    places.sort(key=lambda at: order[str(expression.columns[at])])
    return checked_expression(expression.iloc[:, places])


def covered_share(there: Container[str], genes: Sequence[str], least: float, whose: str = "") -> float:
    """Share of the genes that are there; refuses too small a one."""
    missing = [gene for gene in genes if gene not in there]
    n_found = len(genes) - len(missing)
    share = n_found / len(genes) if len(genes) else 0.0
    if not n_found or share < least:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise ComputeError(
            "RT305",
            f"{n_found} of {len(genes)} genes{whose} are there ({share:.0%}); expected at least {least:.0%}; missing: {shown}",
            hint="check that both tables name genes alike (symbols, Ensembl, Entrez), or lower min_coverage",
        )
    return share


def relative_weights(profiles: FloatArray) -> FloatArray:
    """Weight of each gene of the profiles (n_subclones, n_genes): one over its level, to which the mean level is added."""
    level = profiles.mean(axis=0)
    return 1.0 / (level + level.mean())


def own_coverage(profiles: FloatArray, used: Sequence[int]) -> FloatArray:
    """Share of what each profile expresses above all others that lies in the genes that are used, (n_subclones,).

    Relative to the level of each gene. Of a profile that is nowhere above the others, the share of its genes.
    """
    above = profiles.copy()
    if len(profiles) > 1:
        second, first = np.sort(profiles, axis=0)[-2:]
        above = np.where(profiles == first, first - second, 0.0)
    above *= relative_weights(profiles)
    total = above.sum(axis=1)
    share = len(used) / profiles.shape[1]
    return np.divide(above[:, used].sum(axis=1), total, out=np.full(len(profiles), share), where=total > 0)


def refuse_lost_profiles(profiles: FloatArray, used: Sequence[int], names: Sequence[str], least: float) -> FloatArray:
    """`own_coverage`, after refusing a profile that the genes that are used do not tell from the others."""
    found = own_coverage(profiles, used)
    lost = (found < least) | (found == 0) | ~profiles[:, used].any(axis=1)
    if lost.any():
        first = int(np.argmax(lost))
        raise ComputeError(
            "RT305",
            f"{found[first]:.0%} of what {names[first]!r} expresses above the others is in the genes that are there "
            f"({int(lost.sum())} such profiles); expected at least {least:.0%}",
            hint="its share would be a guess: leave this profile out, find its genes under other names, or lower min_coverage",
        )
    return found
