"""Rank correlation of every column of one table with every column of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.errors import ComputeError
from radiotype.stats._feature_values import feature_values
from radiotype.stats._inputs import DROP_HINT, FloatArray, choice, read_only, same_rows
from radiotype.stats.association import EXACT_ORDERS, spearman
from radiotype.stats.multiple_testing import CORRECTIONS, adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class RankCorrelations:
    """Spearman's rho of every pair of columns; arrays have shape (n_one, n_other), NaN where there is none.

    `one` and `other` are the names of the columns. `q_values` are corrected by `correction` for `n_tests`, all pairs that could
    be tested. `reasons` tells, by table and name, which columns are constant.
    """

    one: tuple[str, ...]
    other: tuple[str, ...]
    rho: FloatArray
    p_values: FloatArray
    q_values: FloatArray
    correction: str
    n: int
    n_tests: int
    reasons: Mapping[tuple[str, str], str]

    def to_frame(self) -> DataFrame:
        """A row per pair that could be tested, by rising p-value: one, other, rho, p_value, q_value."""
        from pandas import DataFrame

        rows, columns = np.nonzero(~np.isnan(self.rho))
        table = DataFrame(
            {
                "one": np.array(self.one, dtype=object)[rows],
                "other": np.array(self.other, dtype=object)[columns],
                "rho": self.rho[rows, columns],
                "p_value": self.p_values[rows, columns],
                "q_value": self.q_values[rows, columns],
            }
        )
        return table.sort_values("p_value", kind="stable", ignore_index=True)


def rank_correlations(one: Any, other: Any, *, correction: str = "bh") -> RankCorrelations:
    """How far the columns of two tables rise together, pair by pair, by their ranks (Spearman's rho).

    Parameters
    ----------
    one, other : data frame or array, shape (n_cases, n_columns)
        Finite values of the same cases in the same order, such as imaging features and pathway scores.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        As in `adjust_p_values`, over all pairs together.

    Returns
    -------
    RankCorrelations

    Raises
    ------
    ComputeError
        RT301 for fewer than 4 cases; RT305 for missing values, different cases, or tables without a column that varies.
    RecipeError
        RT103 if `correction` is not allowed.

    References
    ----------
    Every pair is equal to `spearman`, so to `cor.test(..., exact = FALSE)` of R 4.2.2 from 10 cases on.

    Examples
    --------
    >>> features = {"volume": [1, 2, 3, 5, 4, 7], "margin": [3, 1, 2, 5, 4, 0]}
    >>> import pandas as pd
    >>> found = rank_correlations(pd.DataFrame(features), pd.DataFrame({"hypoxia": [2, 4, 6, 8, 10, 12]}))
    >>> found.rho.round(2).tolist(), found.n_tests
    ([[0.94], [-0.09]], 2)
    """
    from scipy.special import stdtr

    choice("correction", correction, CORRECTIONS)
    n = same_rows({"one": one, "other": other})
    if n < 4:
        raise ComputeError("RT301", f"there are {n} cases; a rank correlation needs 4 or more")
    tables, names = [], []
    reasons: dict[tuple[str, str], str] = {}
    for which, table in (("one", one), ("other", other)):
        values, columns = feature_values(table)
        missing = np.isnan(values).any(axis=0)
        if missing.any():
            first = columns[int(np.argmax(missing))]
            found = f"{int(missing.sum())} columns of {which} have missing values, the first {first!r}"
            raise ComputeError("RT305", found, hint=DROP_HINT)
        constant = np.ptp(values, axis=0) == 0
        if constant.all():
            raise ComputeError("RT305", f"every column of {which} is constant")
        reasons |= {(which, columns[at]): "RT305: it is constant; expected different values" for at in np.flatnonzero(constant)}
        tables.append(values)
        names.append(columns)

    if n <= EXACT_ORDERS:
        rho, p_values = _pair_by_pair(*tables)
    else:
        ours, theirs = (_centred_ranks(table) for table in tables)  # halves: products and sums of squares are exact
        scale = np.sqrt(np.multiply.outer((ours**2).sum(axis=0), (theirs**2).sum(axis=0)))
        rho = np.clip((ours.T @ theirs) / np.where(scale > 0, scale, np.nan), -1.0, 1.0)
        with np.errstate(divide="ignore"):
            p_values = 2 * stdtr(n - 2, -np.abs(rho) * np.sqrt((n - 2) / ((1 - rho) * (1 + rho))))
    tested = ~np.isnan(rho)
    q_values = np.full(rho.shape, np.nan)
    q_values[tested] = adjust_p_values(p_values[tested], correction=correction)
    return RankCorrelations(
        one=names[0],
        other=names[1],
        rho=read_only(rho),
        p_values=read_only(p_values),
        q_values=read_only(q_values),
        correction=correction,
        n=n,
        n_tests=int(np.count_nonzero(tested)),
        reasons=reasons,
    )


def _centred_ranks(values: FloatArray) -> FloatArray:
    """Ranks with mean 0 in every column."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, axis=0) - (len(values) + 1) / 2)


def _pair_by_pair(one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """All orders of so few cases are counted, once for every pattern of ties."""
    rho, p_values = (np.full((one.shape[1], other.shape[1]), np.nan) for _ in range(2))
    for i, j in np.ndindex(rho.shape):
        if np.ptp(one[:, i]) and np.ptp(other[:, j]):
            found = spearman(one[:, i], other[:, j])
            rho[i, j], p_values[i, j] = found.effect, found.p_value
    return rho, p_values
