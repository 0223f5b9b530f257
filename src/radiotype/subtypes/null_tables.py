"""How stable a clustering of no clusters is: tables of Gaussian noise with the mean and covariance of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Above this fraction of the maxima over null tables, a maximum counts.
LEVEL = 0.95


@dataclass(frozen=True)
class KChoice:
    """Which number of clusters is more stable than chance, and what that rests on.

    Attributes
    ----------
    k : int
        The number with the largest standardised stability; 1 if that is no larger than in tables without clusters.
    standardised : {k: float}
        By how many standard deviations fewer pairs are ambiguous than in the null tables.
    threshold : float
        The 95th percentile of the largest standardised stability of a null table: the order statistic that is exceeded with a
        chance of at most 5 % where there are no clusters.
    p_value : float
        Part of the null tables, and of the table itself, whose largest value is at least as large.
    ambiguous : {k: float}
        The table's ambiguous pairs, measured as those of the null tables.
    null_mean, null_sd : {k: float}
        Of the ambiguous pairs of the null tables.
    """

    k: int
    standardised: dict[int, float]
    threshold: float
    p_value: float
    ambiguous: dict[int, float]
    null_mean: dict[int, float]
    null_sd: dict[int, float]


def covariance_root(values: np.ndarray) -> np.ndarray:
    """Rows whose sum of squares and products is the covariance of a table (n, n_features), in no more rows than features.

    Examples
    --------
    >>> values = np.array([[0.0, 0.0], [2.0, 4.0], [4.0, 2.0]])
    >>> root = covariance_root(values)
    >>> np.allclose(root.T @ root, np.cov(values.T, bias=False))
    True
    """
    spread = (values - values.mean(axis=0)) / np.sqrt(len(values) - 1)
    if len(values) > values.shape[1]:
        spread = np.linalg.qr(spread, mode="r")
    return spread


def gaussian_table(
    values: np.ndarray, n_cases: int, generator: np.random.Generator, *, root: np.ndarray | None = None
) -> np.ndarray:
    """Cases from a normal distribution with the mean and covariance of a table (n, n_features); shape (n_cases, n_features).

    Who draws many tables like one gives its `covariance_root`.

    Examples
    --------
    >>> table = gaussian_table(np.array([[0.0, 0.0], [2.0, 4.0]]), 3, np.random.default_rng(0))
    >>> np.allclose(table[:, 1], 2 * table[:, 0])
    True
    """
    spread = covariance_root(values) if root is None else root
    table = generator.standard_normal((n_cases, len(spread))) @ spread
    table += values.mean(axis=0)
    return table


def table_with_margins(
    values: np.ndarray, n_cases: int, generator: np.random.Generator, *, root: np.ndarray | None = None
) -> np.ndarray:
    """The same with the margins of the table: every column holds values of its own column, in the order of the normal cases.

    A Gaussian copula: features depend on each other as normal ones do, and keep their skewness.

    Examples
    --------
    >>> table = table_with_margins(np.array([[1.0, 5.0], [2.0, 7.0], [9.0, 6.0]]), 3, np.random.default_rng(0))
    >>> np.sort(table, axis=0).tolist()
    [[1.0, 5.0], [2.0, 6.0], [9.0, 7.0]]
    """
    ranks = np.argsort(np.argsort(gaussian_table(values, n_cases, generator, root=root), axis=0), axis=0)
    places = np.floor((ranks + 0.5) / n_cases * len(values)).astype(np.int64)
    return np.take_along_axis(np.sort(values, axis=0), places, axis=0)


def choose_k(ambiguous: dict[int, float], null: np.ndarray) -> KChoice:
    """The number of clusters whose stability stands out most from tables without clusters.

    Parameters
    ----------
    ambiguous : {k: float}
        Proportion of ambiguous pairs of the table.
    null : array, shape (n_tables, n_k)
        The same of null tables, k rising.

    Returns
    -------
    KChoice
        The table is standardised by all null tables, a null table by the others. Where no null table differs from the rest
        (all are perfectly stable, say), nothing stands out.

    Examples
    --------
    >>> null = np.random.default_rng(0).normal(0.3, 0.05, (99, 2))
    >>> choose_k({2: 0.28, 3: 0.02}, null).k, choose_k({2: 0.28, 3: 0.33}, null).k
    (3, 1)
    """
    k = sorted(ambiguous)
    observed = np.array([ambiguous[one] for one in k])
    n = len(null)
    mean, sd = null.mean(axis=0), null.std(axis=0, ddof=1)
    away = null - mean  # each table's distance from the others: their mean and squares without its own
    others_mean = mean - away / (n - 1)
    others_square = np.maximum((n - 1) * sd**2 - n / (n - 1) * away**2, 0)
    others_sd = np.sqrt(others_square / (n - 2))
    standardised = _stands_out(mean - observed, sd)
    largest = _stands_out(others_mean - null, others_sd).max(axis=1)
    threshold = float(np.sort(largest)[min(math.ceil(LEVEL * (n + 1)), n) - 1])
    top = float(standardised.max())
    return KChoice(
        k=k[int(standardised.argmax())] if top > threshold else 1,
        standardised=dict(zip(k, standardised.tolist(), strict=True)),
        threshold=threshold,
        p_value=(1 + int(np.count_nonzero(largest >= top))) / (n + 1),
        ambiguous=dict(zip(k, observed.tolist(), strict=True)),
        null_mean=dict(zip(k, mean.tolist(), strict=True)),
        null_sd=dict(zip(k, sd.tolist(), strict=True)),
    )


def _stands_out(difference: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Differences over their standard deviation; 0 where there is none."""
    return np.divide(difference, sd, out=np.zeros_like(difference), where=sd > 1e-12)
