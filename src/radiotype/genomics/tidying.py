"""Columns of an expression table given the names of genes, one column per gene, with an account of what was done."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from radiotype.core.gene_names import kind_of_ids
from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics.dates_as_genes import gene_of_date
from radiotype.stats._inputs import FloatArray, choice
from radiotype.stats._number_tables import number_table

Collapse = Literal["max_mean", "max_variance", "mean", "median", "refuse"]
Dates = Literal["current", "former", "refuse"]

_COLLAPSES = ("max_mean", "max_variance", "mean", "median", "refuse")
_DATES = ("current", "former", "refuse")
_ENSEMBL_VERSION = re.compile(r"(ENS[A-Z]{0,4}[GTP]\d{11})\.\d+(_PAR_Y)?")
_WHOLE_NUMBER = re.compile(r"([1-9]\d{0,8})\.0")
#: What annotations write where a probe has no gene.
_NO_GENE = frozenset(("", "-", "--", "---", "nan", "NaN"))
_SEVERAL = re.compile(r"\s*(?:///|//|\||;|,)\s*")


@dataclass(frozen=True, eq=False)
class TidyReport:
    """What `tidy_expression` did to the names of genes.

    Parameters
    ----------
    n_columns : int
        Columns of the table that came in.
    renamed : mapping of old name to new
        Version of an Ensembl id cut off, or the `.0` behind an Entrez id.
    restored : mapping of date to symbol
        Genes that a spreadsheet had made dates.
    unclear : mapping of date to reason
        Dates whose gene cannot be known; they were kept as they are, but for those that several columns had.
    mapped : int
        Columns whose id was found in the annotation.
    dropped : mapping of name to reason
        Columns that were left out.
    collapsed : mapping of gene to names of columns
        Genes that had several columns, with these columns in their order.
    sources : mapping of gene to places of columns
        The columns of the incoming table, counted from 0, that each gene's values were taken from; of several the mean, or the
        median, was taken.
    collapse : str
        The rule for genes with several columns.
    kind : str
        What most names are now: symbols, Entrez ids, Ensembl ids, ...
    names : tuple of str
        Names of the columns that came in.
    """

    n_columns: int
    renamed: Mapping[str, str]
    restored: Mapping[str, str]
    unclear: Mapping[str, str]
    mapped: int
    dropped: Mapping[str, str]
    collapsed: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, tuple[int, ...]]
    collapse: Collapse
    kind: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.n_columns:,} columns became {len(self.sources):,} genes ({self.kind})"]
        if self.mapped:
            lines.append(f"{self.mapped:,} ids were found in the annotation")
        for what, listed in (
            ("renamed", self.renamed), ("restored from dates", self.restored), ("dates kept, their gene is not clear",
            self.unclear), ("left out", self.dropped), (f"collapsed by {self.collapse}", self.collapsed),
        ):  # fmt: skip
            if listed:
                shown = ", ".join(
                    f"{name}: {' + '.join(value) if isinstance(value, tuple) else value}"
                    for name, value in list(listed.items())[:5]
                )
                lines.append(f"{len(listed):,} {what} ({shown}{', ...' if len(listed) > 5 else ''})")
        return "\n".join(lines)

    def apply(self, expression: pd.DataFrame) -> pd.DataFrame:
        """The same columns of another table, taken in the same way: new patients, one alone too.

        Raises
        ------
        ComputeError
            RT305 if the table lacks a column that is needed, or has other columns of the same names.
        """
        names, values, samples = _checked(expression)
        if names == self.names:
            return _table(values, samples, self.sources, self.collapse)
        if len(set(self.names)) < len(self.names):
            raise ComputeError("RT305", "names stand twice, so the columns must be those of the first table, in its order")
        places = {name: j for j, name in enumerate(names)}
        repeated = {name for name, times in Counter(names).items() if times > 1}
        needed = [self.names[j] for taken in self.sources.values() for j in taken]
        lacking = [name for name in needed if name not in places or name in repeated]
        if lacking:
            found = f"{len(lacking)} of the {len(needed)} columns that are needed are not there once, the first {lacking[0]!r}"
            raise ComputeError("RT305", found, hint="give a table of the same platform, before its names were tidied")
        sources = {gene: tuple(places[self.names[j]] for j in taken) for gene, taken in self.sources.items()}
        return _table(values, samples, sources, self.collapse)


@dataclass(frozen=True, eq=False)
class TidyExpression:
    """A table with one column per gene, shape (n_samples, n_genes), and what was done to get it."""

    expression: pd.DataFrame
    report: TidyReport


def tidy_expression(
    expression: pd.DataFrame,
    *,
    annotation: Mapping[str, str] | None = None,
    dates: Dates = "current",
    collapse: Collapse = "max_mean",
) -> TidyExpression:
    """Give the columns of an expression table the names of genes, and every gene one column.

    In this order: (1) ids are looked up in the annotation, as they are or else without version; columns that it does not know,
    or knows no gene or several genes of, are left out; (2) versions of Ensembl ids and the `.0` of Entrez ids are cut off; (3)
    dates are restored to the gene that they were where only one gene becomes that date (see `radiotype.genomics.gene_of_date`),
    unless the table has that gene already; other dates stay as they are and are named in the report, or are left out where
    several columns have one, as they may be different genes; (4) a gene with several columns keeps one, or their mean. A gene
    called `NA` stays, and no name is ever made upper case or exchanged for an alias.

    Parameters
    ----------
    expression : data frame, shape (n_samples, n_columns)
        As `radiotype.io.read_expression` gives it; names may stand twice. NaN where missing.
    annotation : mapping of id to gene name, optional
        As `radiotype.io.read_gene_names` gives it.
    dates : "current", "former" or "refuse"
        Which symbols dates become: those of today (SEPTIN2, MARCHF3), those from before 2020 (SEPT2, MARCH3; older gene sets
        have them), or none: a date is an error.
    collapse : "max_mean", "max_variance", "mean", "median" or "refuse"
        What a gene with several columns gets: the column with the largest mean (the default; of several probes it is mostly the
        one that hybridises), or variance, over the samples; the mean or median of the columns in each sample; or an error.
        Missing values are passed over; of equal columns the first is taken. The choice is learnt from these samples:
        `report.apply` takes the same columns for others.

    Returns
    -------
    TidyExpression
        With `expression` and `report`.

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 if names are missing, a sample stands twice, values are no finite numbers, no column is
        left, or what is to be refused was found.
    RecipeError
        RT103 for another value of `dates` or `collapse`, or an annotation that is no mapping.

    References
    ----------
    Miller JA et al. (2011) Strategies for aggregating gene expression data: the collapseRows R function. BMC Bioinformatics
    12:322 (max_mean is its MaxMean).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([[1.0, 5, 2, 3], [2, 6, 1, 0]], columns=["ENSG00000141510.17", "ESR1", "ESR1", "2-Sep"])
    >>> tidy = tidy_expression(table)
    >>> list(tidy.expression.columns), tidy.expression["ESR1"].tolist()
    (['ENSG00000141510', 'ESR1', 'SEPTIN2'], [5.0, 6.0])
    >>> print(tidy.report)
    4 columns became 3 genes (symbols)
    1 renamed (ENSG00000141510.17: ENSG00000141510)
    1 restored from dates (2-Sep: SEPTIN2)
    1 collapsed by max_mean (ESR1: ESR1 + ESR1)
    """
    choice("collapse", collapse, _COLLAPSES)
    choice("dates", dates, _DATES)
    if annotation is not None and not isinstance(annotation, Mapping):
        found = f"annotation is a {type(annotation).__name__}; expected a mapping of id to gene name"
        raise RecipeError("RT103", found, hint="read it with radiotype.io.read_gene_names")
    names, values, samples = _checked(expression)
    genes, dropped = _looked_up(names, annotation)
    mapped = sum(gene is not None for gene in genes) if annotation is not None else 0
    renamed = {gene: _plain(gene) for gene in genes if gene is not None and _plain(gene) != gene}
    genes = [gene if gene is None else renamed.get(gene, gene) for gene in genes]
    restored, unclear = _from_dates(genes, dates)
    genes = [gene if gene is None else restored.get(gene, gene) for gene in genes]
    columns: dict[str, list[int]] = {}
    for j, gene in enumerate(genes):
        if gene is not None:
            columns.setdefault(gene, []).append(j)
    for gene in [gene for gene in unclear if len(columns[gene]) > 1]:
        places = columns.pop(gene)
        dropped |= {names[j]: f"{unclear[gene]}, and {len(places)} columns are called so" for j in places}
    if not columns:
        shown = next(iter(dropped), "")
        raise ComputeError(
            "RT305", f"no column is left; {shown!r} and the others are not in the annotation", hint="check its ids"
        )
    collapsed = {gene: tuple(names[j] for j in places) for gene, places in columns.items() if len(places) > 1}
    if collapsed and collapse == "refuse":
        first, shown_names = next(iter(collapsed.items()))
        raise ComputeError(
            "RT305", f"{len(collapsed)} genes have several columns, the first {first!r}: {', '.join(shown_names)}"
        )
    sources = {gene: _taken(values, places, collapse) for gene, places in columns.items()}
    report = TidyReport(
        n_columns=len(names), renamed=renamed, restored=restored, unclear=unclear, mapped=mapped, dropped=dropped,
        collapsed=collapsed, sources=sources, collapse=collapse, kind=kind_of_ids(columns), names=names,
    )  # fmt: skip
    return TidyExpression(_table(values, samples, sources, collapse), report)


def looks_logged(expression: Any) -> bool:
    """Whether values seem to be logarithms, or centred: some are negative, or none is above 50.

    A logarithm to base 2 above 50 would be a count of 10^15, so a larger value is linear for sure. The other answer is a guess:
    a small panel of genes that are hardly expressed is linear and below 50 as well. Deconvolution needs linear values.

    Raises
    ------
    ComputeError
        RT305 if there is no value, or something else than numbers.

    References
    ----------
    Newman AM et al. (2015) Nature Methods 12:453-457 (CIBERSORT takes tables with a maximum below 50 for logarithms).

    Examples
    --------
    >>> looks_logged([[0.5, 12.1], [7.2, 3.3]]), looks_logged([[0.5, 1210.0], [7.2, 33.0]])
    (True, False)
    """
    values = _numbers(expression)
    known = values[np.isfinite(values)]
    if not known.size:
        raise ComputeError("RT305", "there is no value to judge by")
    return bool(known.min() < 0 or known.max() <= 50)


def _checked(expression: pd.DataFrame) -> tuple[tuple[str, ...], FloatArray, pd.Index]:
    """Names of the columns, values and samples."""
    if not isinstance(expression, pd.DataFrame):
        raise ComputeError("RT305", "the expression table has no names; expected a data frame with samples in rows")
    if not len(expression):
        raise ComputeError("RT301", "the expression table has no samples")
    twice = [name for name, times in Counter(map(str, expression.index)).items() if times > 1]
    if twice:
        raise ComputeError("RT305", f"sample {twice[0]!r} stands twice", hint="keep one row per sample")
    for name in expression.columns:
        if isinstance(name, (int, np.integer)) and not isinstance(name, bool):
            continue
        if not isinstance(name, str) or not name:
            found = "a gene has no name" if name != name or name is None else f"a gene is called {name!r}, which is no text"
            raise ComputeError(
                "RT305", found, hint="read the table with radiotype.io.read_expression, which keeps names as text"
            )
    names = tuple(str(name) for name in expression.columns)
    values = number_table(expression, names)
    if np.isinf(values).any():
        raise ComputeError("RT305", f"{int(np.isinf(values).sum())} values are infinite")
    return names, values, expression.index


def _numbers(expression: Any) -> FloatArray:
    try:
        if isinstance(expression, (pd.DataFrame, pd.Series)):
            return expression.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.asarray(expression, dtype=np.float64)
    except (TypeError, ValueError):
        raise ComputeError("RT305", "values hold something else than numbers; expected numbers, NaN where missing") from None


def _looked_up(names: tuple[str, ...], annotation: Mapping[str, str] | None) -> tuple[list[str | None], dict[str, str]]:
    """The gene of each column, None where it is left out, and why."""
    if annotation is None:
        return list(names), {}
    genes: list[str | None] = []
    dropped: dict[str, str] = {}
    for name in names:
        told = annotation.get(name, annotation.get(_plain(name)))
        parts = [] if told is None or told != told else _SEVERAL.split(str(told).strip())
        several = list(dict.fromkeys(part for part in parts if part not in _NO_GENE))
        if len(several) == 1:
            genes.append(several[0])
            continue
        genes.append(None)
        dropped[name] = (
            "the annotation does not know it" if told is None
            else "the annotation names several genes" if several else "the annotation names no gene"
        )  # fmt: skip
    return genes, dropped


def _plain(name: str) -> str:
    """An Ensembl id without version, an Entrez id without `.0`; any other name as it is."""
    ensembl = _ENSEMBL_VERSION.fullmatch(name)
    if ensembl:
        return ensembl[1] + (ensembl[2] or "")
    number = _WHOLE_NUMBER.fullmatch(name)
    return number[1] if number else name


def _from_dates(genes: list[str | None], dates: Dates) -> tuple[dict[str, str], dict[str, str]]:
    """Symbols of dates, and dates that stay with the reason."""
    restored: dict[str, str] = {}
    unclear: dict[str, str] = {}
    there = {gene for gene in genes if gene is not None}
    for name in sorted(there):
        found = gene_of_date(name)
        if found is None:
            continue
        if dates == "refuse":
            hint = "repair the table, or restore what can be known with dates='current'"
            raise ComputeError("RT305", f"the gene {name!r} is a date", hint=hint)
        symbols = {found.current, found.former} - {""}
        if found.reason:
            unclear[name] = found.reason
        elif symbols & there:
            unclear[name] = f"the table has {min(symbols & there)} already"
        else:
            restored[name] = found.current if dates == "current" else found.former
    return restored, unclear


def _taken(values: FloatArray, places: list[int], collapse: Collapse) -> tuple[int, ...]:
    """The columns that a gene's values come from."""
    if len(places) == 1 or collapse in ("mean", "median"):
        return tuple(places)
    columns = values[:, places]
    known = ~np.isnan(columns)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, columns, 0.0).sum(axis=0) / n
    score = mean
    if collapse == "max_variance":
        score = np.where(known, (columns - mean) ** 2, 0.0).sum(axis=0) / np.maximum(n - 1, 1)
    score = np.where(known.any(axis=0), score, -np.inf)
    return (places[int(np.argmax(score))],)


def _table(values: FloatArray, samples: pd.Index, sources: Mapping[str, tuple[int, ...]], collapse: Collapse) -> pd.DataFrame:
    taken = np.empty((len(values), len(sources)))
    for j, places in enumerate(sources.values()):
        column = values[:, list(places)]
        if len(places) == 1:
            taken[:, j] = column[:, 0]
            continue
        known = ~np.isnan(column)
        taken[:, j] = np.nan
        some = known.any(axis=1)
        average = np.nanmean if collapse == "mean" else np.nanmedian
        taken[some, j] = average(column[some], axis=1)
    return pd.DataFrame(taken, index=samples, columns=pd.Index(list(sources), dtype=object))
