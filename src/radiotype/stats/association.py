"""How strongly two quantities go together: categories, groups, ranks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._fisher import freeman_halton
from radiotype.stats._inputs import FloatArray, choice, confidence_level, labels, numbers, same_rows
from radiotype.stats._rank_sum import areas, rank_sum_test
from radiotype.stats.findings import Finding

EXACT_ORDERS = 9
"""Up to this many cases, the p-value of a rank correlation counts all orders (as R does without ties)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Association(Finding):
    """Strength of an association; `method` says how the p-value was made.

    `levels` are the groups that were compared (rows of the table for two categories) and `level_sizes` their cases; both
    are empty for a correlation. `statistic` is chi-square, H, U of the second group, or the correlation;
    `degrees_of_freedom` is 0 where the method has none.
    """

    method: str
    statistic: float
    degrees_of_freedom: int
    levels: tuple[Any, ...] = ()
    level_sizes: tuple[int, ...] = ()


def cramers_v(one: ArrayLike, other: ArrayLike, *, method: str = "chi-square", confidence: float = 0.95) -> Association:
    """Strength of association of two categories (Cramer's V): 0 none, 1 one tells the other.

    Parameters
    ----------
    one, other : array, shape (n_cases,)
        Labels, at least two different ones in each.
    method : {"chi-square", "yates", "fisher"}
        Test of independence: Pearson's chi-square, the same with Yates' correction (it acts on 2 x 2 tables only), or
        Fisher's exact test (of tables that are not too large). V is always that of the uncorrected chi-square.
    confidence : float
        Level of the interval, which comes from the noncentral chi-square distribution and is approximate.

    Returns
    -------
    Association
        `effect` is V; `statistic` the chi-square of `method`, or for "fisher" the odds ratio (NaN beyond 2 x 2).

    Raises
    ------
    ComputeError
        RT301 without cases; RT305 for a single label, missing labels, different lengths, or a table too large for Fisher.
    RecipeError
        RT103 if `method` or `confidence` is not allowed.

    References
    ----------
    Cramer, Mathematical Methods of Statistics (1946). Equal to `assocstats` of R vcd, `chisq.test` and `fisher.test`.

    Examples
    --------
    >>> found = cramers_v(list("aaaabbbb"), list("xxxyyyyy"))
    >>> round(found.effect, 3), round(found.p_value, 4), found.level_sizes
    (0.775, 0.0285, (4, 4))
    """
    from scipy.stats import chi2_contingency, fisher_exact

    choice("method", method, ("chi-square", "yates", "fisher"))
    level = confidence_level(confidence)
    n = same_rows({"one": one, "other": other})
    rows, row_levels = _groups(one, "one")
    columns, column_levels = _groups(other, "other")
    shape = len(row_levels), len(column_levels)
    table = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)
    chi_square, p_value, degrees, _ = chi2_contingency(table, correction=False)
    scale = n * (min(shape) - 1)
    lower, upper = _noncentral_limits(float(chi_square), int(degrees), level)
    statistic = chi_square
    if method == "yates":
        statistic, p_value, *_ = chi2_contingency(table, correction=True)
    elif method == "fisher":
        statistic, p_value = fisher_exact(table) if shape == (2, 2) else (float("nan"), freeman_halton(table))
    return Association(
        measure="Cramer's V",
        n=n,
        effect=float(np.sqrt(chi_square / scale)),
        lower=min(float(np.sqrt(lower / scale)), 1.0),
        upper=min(float(np.sqrt(upper / scale)), 1.0),
        confidence=level,
        p_value=float(p_value),
        q_value=float(p_value),
        method=method,
        statistic=float(statistic),
        degrees_of_freedom=0 if method == "fisher" else int(degrees),
        levels=row_levels,
        level_sizes=tuple(int(size) for size in table.sum(axis=1)),
    )


def kruskal_wallis(values: ArrayLike, group: ArrayLike, *, confidence: float = 0.95) -> Association:
    """Whether a number differs between groups, by its ranks (epsilon squared: 0 not at all, 1 groups do not overlap).

    Parameters
    ----------
    values : array, shape (n_cases,)
        Any numbers; only their order counts.
    group : array, shape (n_cases,)
        Label of the group of each case, at least two groups.
    confidence : float
        Level of the interval, which comes from the noncentral chi-square distribution: too wide for strong effects.

    Returns
    -------
    Association
        `effect` is epsilon squared, H / (n - 1), the share of the variance of the ranks; `statistic` is H.

    Raises
    ------
    ComputeError
        RT301 without cases; RT305 for one group, constant or missing values, or different lengths.
    RecipeError
        RT103 if `confidence` is not allowed.

    References
    ----------
    Kruskal & Wallis, J Am Stat Assoc 47 (1952) 583-621. Equal to `kruskal.test` of R 4.2.2.

    Examples
    --------
    >>> found = kruskal_wallis([1, 2, 3, 4, 5, 6], list("aabbcc"))
    >>> round(found.statistic, 4), round(found.effect, 4), round(found.p_value, 4)
    (4.5714, 0.9143, 0.1017)
    """
    from scipy.stats import kruskal

    level = confidence_level(confidence)
    n = same_rows({"values": values, "group": group})
    numeric = _varying(values, "values")
    codes, levels = _groups(group, "group")
    parts = [numeric[codes == code] for code in range(len(levels))]
    statistic, p_value = (float(value) for value in kruskal(*parts))
    lower, upper = _noncentral_limits(statistic, len(levels) - 1, level)
    return Association(
        measure="epsilon squared",
        n=n,
        effect=statistic / (n - 1),
        lower=min(lower / (n - 1), 1.0),
        upper=min(upper / (n - 1), 1.0),
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        method="chi-square",
        statistic=statistic,
        degrees_of_freedom=len(levels) - 1,
        levels=levels,
        level_sizes=tuple(part.size for part in parts),
    )


def wilcoxon(values: ArrayLike, group: ArrayLike, *, confidence: float = 0.95) -> Association:
    """Whether a number is higher in one of two groups (Wilcoxon rank sum, also called Mann-Whitney).

    Parameters
    ----------
    values : array, shape (n_cases,)
        Any numbers; only their order counts.
    group : array, shape (n_cases,)
        Labels, exactly two; they are sorted (a pandas category keeps its order), and the second is compared to the first.
    confidence : float
        Level of the interval (DeLong); NaN where the groups do not overlap or a group has one case.

    Returns
    -------
    Association
        `effect` is the probability that a case of the second group has the higher value, ties counted half: 0.5 is no
        difference. `statistic` is U of the second group. `method` is "exact" (no ties and fewer than 50 cases in each
        group) or "normal" (with correction for ties and continuity).

    Raises
    ------
    ComputeError
        RT301 without cases; RT305 unless there are two groups, for constant or missing values, or different lengths.
    RecipeError
        RT103 if `confidence` is not allowed.

    References
    ----------
    Mann & Whitney, Ann Math Stat 18 (1947) 50-60. Equal to `wilcox.test` of R 4.2.2, whose W is that of its first group.

    Examples
    --------
    >>> found = wilcoxon([1, 2, 4, 3, 5, 6], list("aaabbb"))
    >>> found.statistic, round(found.effect, 3), found.p_value, found.method
    (8.0, 0.889, 0.2, 'exact')
    """
    level = confidence_level(confidence)
    n = same_rows({"values": values, "group": group})
    numeric = _varying(values, "values")
    codes, levels = _groups(group, "group")
    if len(levels) != 2:
        raise ComputeError("RT305", f"group holds {len(levels)} labels; expected two", hint="use kruskal_wallis for more")
    first, second = numeric[codes == 0], numeric[codes == 1]
    statistic, p_value, method = rank_sum_test(first, second)
    area = areas(second[None], first[None])
    lower, upper = area.limits(level)
    return Association(
        measure="probability of superiority",
        n=n,
        effect=float(area.values[0]),
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        method=method,
        statistic=statistic,
        degrees_of_freedom=0,
        levels=levels,
        level_sizes=(first.size, second.size),
    )


def spearman(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Association:
    """How far two numbers rise together, by their ranks (Spearman's rho): -1 opposite, 0 not, 1 the same order.

    Parameters
    ----------
    x, y : array, shape (n_cases,)
        Any numbers; only their order counts.
    confidence : float
        Level of the interval (Fisher's z with the standard error of Bonett and Wright); NaN where rho is -1 or 1.

    Returns
    -------
    Association
        `effect` is rho; `method` is "exact" (all orders counted, up to 9 cases, ties included) or "t".

    Raises
    ------
    ComputeError
        RT301 for fewer than 4 cases; RT305 for constant or missing values, or different lengths.
    RecipeError
        RT103 if `confidence` is not allowed.

    References
    ----------
    Bonett & Wright, Psychometrika 65 (2000) 23-28. From 10 cases on equal to `cor.test(..., exact = FALSE)` of R 4.2.2,
    below that to `cor.test` when there are no ties.

    Examples
    --------
    >>> found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(found.effect, 3), round(found.p_value, 4)
    (0.8, 0.1333)
    """
    from scipy.special import ndtri, stdtr
    from scipy.stats import rankdata

    level = confidence_level(confidence)
    n = same_rows({"x": x, "y": y})
    ranks = [rankdata(_varying(values, name)) for values, name in ((x, "x"), (y, "y"))]
    if n < 4:
        raise ComputeError("RT301", f"there are {n} cases; a rank correlation needs 4 or more")
    first, second = (one - one.mean() for one in ranks)
    scale = float(np.sqrt((first @ first) * (second @ second)))
    rho = min(max(float(first @ second) / scale, -1.0), 1.0)
    if n <= EXACT_ORDERS:
        sizes, shares = _sizes_of_orders(tuple(np.sort(first).tolist()), tuple(np.sort(second).tolist()))
        p_value = float(shares[np.searchsorted(sizes, abs(float(first @ second)))])
    else:
        left = (1 - rho) * (1 + rho)  # share of the variance of the ranks that rho leaves over
        p_value = float(2 * stdtr(n - 2, -abs(rho) * np.sqrt((n - 2) / left))) if left > 0 else 0.0
    lower = upper = float("nan")
    if 1 - abs(rho) > 1e-12:
        half = float(ndtri((1 + level) / 2)) * np.sqrt((1 + rho**2 / 2) / (n - 3))
        lower, upper = (float(np.tanh(np.arctanh(rho) + side * half)) for side in (-1, 1))
    return Association(
        measure="Spearman's rho",
        n=n,
        effect=rho,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        method="exact" if n <= EXACT_ORDERS else "t",
        statistic=rho,
        degrees_of_freedom=0 if n <= EXACT_ORDERS else n - 2,
    )


def _groups(values: Any, name: str) -> tuple[NDArray[np.intp], tuple[Any, ...]]:
    """Codes and levels of at least two labels."""
    codes, levels = labels(values, name)
    if len(levels) < 2:
        raise ComputeError("RT305", f"{name} holds one label only, {levels[0]!r}; expected at least two")
    return codes, levels


def _varying(values: Any, name: str) -> FloatArray:
    numeric = numbers(values, name)
    if np.ptp(numeric) == 0:
        raise ComputeError(
            "RT305", f"{name} is constant; expected different values", hint="leave it out; it can show no association"
        )
    return numeric


@lru_cache(maxsize=1024)
def _sizes_of_orders(first: tuple[float, ...], second: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    """Rising sizes of the sum of products of two columns of centred ranks over all orders, and the share of orders as large.

    Ranks are halves, so that equal sums are equal to the last bit.
    """
    sizes, times = np.unique(np.abs(np.array(first) @ np.array(second)[_orders(len(first))].T), return_counts=True)
    return sizes, np.cumsum(times[::-1])[::-1] / times.sum()


@lru_cache(maxsize=2)
def _orders(n: int) -> NDArray[np.int8]:
    return np.array(list(permutations(range(n))), dtype=np.int8)


def _noncentral_limits(chi_square: float, degrees: int, level: float) -> tuple[float, float]:
    """Noncentralities between which `chi_square` is no surprise.

    A chi-square below its mean under independence counts as that mean in the upper limit, which is never below the
    estimate; plain inversion would give an empty interval there.
    """
    from scipy.special import chdtr, chndtrinc

    lower = float(chndtrinc(chi_square, degrees, (1 + level) / 2)) if chdtr(degrees, chi_square) > (1 + level) / 2 else 0.0
    return lower, max(float(chndtrinc(max(chi_square, float(degrees)), degrees, (1 - level) / 2)), chi_square)
