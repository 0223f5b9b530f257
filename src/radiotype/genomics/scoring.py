"""One number per sample and set of columns: single-sample enrichment, mean and z-scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._expression import Expression, checked_expression
from radiotype.genomics._matching import LEAST_MEMBERS, MatchedSets, matched_sets
from radiotype.genomics._threads import blocks, in_threads
from radiotype.stats._inputs import FloatArray, choice, positive, read_only

if TYPE_CHECKING:
    from pandas import DataFrame

METHODS = ("mean", "zscore")
CONSTANT = 1e-10
"""A column with a smaller standard deviation is constant, as in GSVA."""

LARGEST_LOGARITHM = 600.0
"""Powers of ranks with a larger natural logarithm overflow when they are summed."""


@dataclass(frozen=True, eq=False)
class SetScores:
    """Scores of sets in samples, and what they rest on.

    Attributes
    ----------
    method : str
        "ssgsea", "mean" or "zscore".
    samples, sets : tuple of str
        Rows and columns of `values`.
    values : array, shape (n_samples, n_sets)
    n_found, n_listed : {set: int}
        Members that the table has, and that the set lists; of all sets, also those left out.
    left_out : {set: reason}
        Sets without a score.
    range_ : (float, float) or None
        Lowest and highest raw score by which normalised scores were scaled; for raw scores their own. None but for ssGSEA.
    normalised : bool
        Whether `values` were divided by the width of `range_`.
    """

    method: str
    samples: tuple[str, ...]
    sets: tuple[str, ...]
    values: FloatArray
    n_found: Mapping[str, int]
    n_listed: Mapping[str, int]
    left_out: Mapping[str, str]
    range_: tuple[float, float] | None = None
    normalised: bool = False

    def to_frame(self) -> DataFrame:
        """A row per sample and a column per set."""
        from pandas import DataFrame

        return DataFrame(self.values, index=list(self.samples), columns=list(self.sets))


def ssgsea(
    expression: Any,
    gene_sets: Mapping[str, Sequence[Any]],
    *,
    normalise: bool = False,
    range_: tuple[float, float] | None = None,
    weight: float = 0.25,
    least_members: int = LEAST_MEMBERS,
    n_jobs: int | None = None,
) -> SetScores:
    """How far the members of a set stand above the other columns in each sample (single-sample GSEA).

    Only the order of the values within a sample counts. A raw score depends on that sample alone: a new patient scores the
    same alone and in a cohort, if the columns are the same. Columns may be genes, or features of images that are measured on
    one scale.

    Parameters
    ----------
    expression : data frame or array, shape (n_samples, n_columns)
        Finite values.
    gene_sets : {name: members}
        Names of columns; of an array they are f1, f2 ...
    normalise : bool
        Divide by the width of the range of all scores, over samples and sets. One more sample or set changes all scores,
        unless `range_` is given.
    range_ : (float, float), optional
        Lowest and highest raw score of a reference, `SetScores.range_` of a discovery cohort with the same columns and sets,
        which puts new patients on its scale.
    weight : float
        Exponent of the ranks, 0 or more (tau of GSVA).
    least_members : int
        A set with fewer members in the table is left out, with its reason.
    n_jobs : int, optional
        Threads; as many as there are cores when left out. The result is the same.

    Returns
    -------
    SetScores

    Raises
    ------
    ComputeError
        RT301 without samples; RT305 if a value is missing or no number, no set can be scored, or the range has no width.
    RecipeError
        RT103 if a setting or the sets are not what is expected.

    References
    ----------
    Barbie et al., Nature 462 (2009) 108-112; Haenzelmann et al., BMC Bioinformatics 14 (2013) 7. Equal to `method="ssgsea"` of
    R package GSVA 1.46 with a `min.sz` of `least_members`: equal values share the whole part of the mean of their ranks, and
    stand in the order of their columns.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([[9.0, 8.0, 1.0, 2.0], [1.0, 2.0, 9.0, 8.0]], index=["p1", "p2"], columns=list("ABCD"))
    >>> scores = ssgsea(table, {"first": ["A", "B"], "absent": ["X"]}, least_members=2)
    >>> scores.to_frame().round(3)["first"].tolist()
    [2.018, -1.957]
    >>> scores.left_out["absent"]
    'RT301: 0 of its 1 members are in the table; 2 are needed'
    """
    from radiotype import _native

    exponent = 0.0 if weight == 0 else positive("weight", weight)
    if range_ is not None and not normalise:
        raise RecipeError("RT103", "range_ is given, but normalise is False; raw scores have no reference")
    table = checked_expression(expression)
    sets = matched_sets(gene_sets, table.genes, least_members=least_members, rows=table.samples)
    values = np.ascontiguousarray(table.values)
    n_samples, n_columns = values.shape
    scores = np.empty((n_samples, len(sets.names)))
    if exponent * np.log(n_columns) > LARGEST_LOGARITHM:
        raise RecipeError("RT103", f"weight is {weight!r}; {n_columns} to that power is more than a number can hold")
    weight_of_rank = np.arange(n_columns + 1, dtype=np.float64) ** exponent

    def score(rows: slice) -> None:
        scratch = np.empty(_native.ranked_sets_scratch(n_columns, len(sets.names)), dtype=np.uint64)
        _native.ssgsea(values[rows], sets.members, sets.bounds, weight_of_rank, scores[rows], scratch)

    in_threads(score, blocks(n_samples, n_jobs), n_jobs)
    limits = (float(scores.min()), float(scores.max()))
    if normalise:
        limits = limits if range_ is None else _checked_range(range_)
        if not limits[1] > limits[0]:
            raise ComputeError(
                "RT305", "all scores are equal, so their range has no width", hint="give the range_ of a reference cohort"
            )
        scores /= limits[1] - limits[0]
    return _scores("ssgsea", table, sets, scores, range_=limits, normalised=normalise)


def gene_set_scores(
    expression: Any,
    gene_sets: Mapping[str, Sequence[Any]],
    *,
    method: str = "mean",
    reference: Any = None,
    least_members: int = LEAST_MEMBERS,
) -> SetScores:
    """The mean of the members of a set in each sample, or the sum of their z-scores over the root of their number.

    Parameters
    ----------
    expression : data frame or array, shape (n_samples, n_columns)
        Finite values.
    gene_sets : {name: members}
        Names of columns.
    method : {"mean", "zscore"}
        "mean": of the values, so columns must be on one scale; a sample scores the same alone and in a cohort. "zscore": every
        column is standardised over the samples of `reference` first.
    reference : data frame or array, shape (n_reference, n_columns), optional
        For "zscore": the samples whose means and standard deviations are used, such as the discovery cohort of new patients,
        with the same columns. The table itself when left out.
    least_members : int
        A set with fewer members in the table is left out, with its reason.

    Returns
    -------
    SetScores
        For "zscore" columns that are constant in the reference are no members.

    Raises
    ------
    ComputeError
        RT301 without samples, or with one sample of reference; RT305 if a value is missing or no number, no set can be scored,
        or the reference has other columns.
    RecipeError
        RT103 if a setting or the sets are not what is expected.

    References
    ----------
    Lee et al., PLoS Comput Biol 4 (2008) e1000217. "zscore" is equal to `method="zscore"` of R package GSVA 1.46.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([[9.0, 8.0, 1.0], [1.0, 2.0, 9.0]], index=["p1", "p2"], columns=list("ABC"))
    >>> gene_set_scores(table, {"first": ["A", "B"]}, least_members=2).to_frame()["first"].tolist()
    [8.5, 1.5]
    """
    choice("method", method, METHODS)
    if reference is not None and method != "zscore":
        raise RecipeError("RT103", f'reference is given, but method is {method!r}; only "zscore" has one')
    table = checked_expression(expression)
    if method == "mean":
        sets = matched_sets(gene_sets, table.genes, least_members=least_members, rows=table.samples, may_be_all=True)
        scores = np.column_stack([_rows(table.values, sets.columns(at)).mean(axis=1) for at in range(len(sets.names))])
        return _scores(method, table, sets, scores)
    base = table if reference is None else checked_expression(reference)
    if base.genes != table.genes:
        raise ComputeError("RT305", "the reference has other columns than the table, or in another order")
    if len(base.values) < 2:
        hint = "give the discovery cohort as reference"
        raise ComputeError("RT301", "z-scores need two samples or more to be standardised over", hint=hint)
    mean, deviation = base.values.mean(axis=0), base.values.std(axis=0, ddof=1)
    varies = np.flatnonzero(deviation >= CONSTANT)
    kept = [table.genes[at] for at in varies]
    sets = matched_sets(gene_sets, kept, least_members=least_members, rows=table.samples)
    standard = (table.values[:, varies] - mean[varies]) / deviation[varies]
    sums = [_rows(standard, sets.columns(at)).sum(axis=1) / np.sqrt(sets.sizes[at]) for at in range(len(sets.names))]
    return _scores(method, table, sets, np.column_stack(sums))


def _rows(values: FloatArray, columns: NDArray[np.int32]) -> FloatArray:
    """Some columns, row after row, so that a row sums to the same bytes alone and among others."""
    return np.ascontiguousarray(values[:, columns])


def _checked_range(range_: tuple[float, float]) -> tuple[float, float]:
    limits = np.asarray(range_, dtype=np.float64)
    if limits.shape != (2,) or not np.isfinite(limits).all() or not limits[1] > limits[0]:
        raise RecipeError("RT103", f"range_ is {range_!r}; expected the lowest and the highest score of a reference")
    return float(limits[0]), float(limits[1])


def _scores(method: str, table: Expression, sets: MatchedSets, values: FloatArray, **rest: Any) -> SetScores:
    return SetScores(method, table.samples, sets.names, read_only(values), sets.n_found, sets.n_listed, sets.left_out, **rest)
