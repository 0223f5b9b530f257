"""Which features differ between groups of cases: each group against the rest, and any two groups, by moderated tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError, did_you_mean
from radiotype.stats._feature_values import feature_values
from radiotype.stats._inputs import FloatArray, choice, design_matrix, labels, read_only, same_rows
from radiotype.stats.moderated import ModeratedTests, moderated_tests

if TYPE_CHECKING:
    from pandas import DataFrame

REST = "rest"
"""What all cases outside a group are called."""

WIDEST_SCALE = 1e3
"""Features whose standard deviations differ by more than this are in different units: the smallest would find less."""


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """Moderated tests of several comparisons of groups; an effect is the first group minus the second.

    `comparisons` are named "first v second"; `pairs` holds the two names, the second of which may be "rest". `sizes` counts
    the cases of each of `groups`, and `observed` those with a value, shape (n_features, n_groups). `tests` is what
    `moderated_tests` found, one contrast per comparison; its q-values are corrected within a comparison.
    """

    comparisons: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    observed: NDArray[np.int64]
    tests: ModeratedTests

    def to_frame(self, comparison: str | None = None) -> DataFrame:
        """One row per comparison and feature; with `comparison`, the rows of that one, indexed by feature.

        Columns: `comparison`, `group`, `reference`, `feature`, cases with a value (`n_group`, `n_reference`), `effect` with
        `lower` and `upper`, `standardised` (effect per residual standard deviation), `t`, `p_value`, `q_value`, `reason`.
        """
        from pandas import concat

        if comparison is not None and comparison not in self.comparisons:
            expected = ", ".join(self.comparisons[:8]) + (", ..." if len(self.comparisons) > 8 else "")
            end = did_you_mean(comparison, self.comparisons)
            raise RecipeError("RT103", f"there is no comparison {comparison!r}{end}; expected one of {expected}")
        chosen = self.comparisons if comparison is None else (comparison,)
        table = concat([self._rows(name) for name in chosen], ignore_index=True)
        return table if comparison is None else table.set_index("feature").drop(columns="comparison")

    def _rows(self, comparison: str) -> DataFrame:
        first, second = self.pairs[self.comparisons.index(comparison)]
        own = self.observed[:, self.groups.index(first)]
        other = self.observed.sum(axis=1) - own if second == REST else self.observed[:, self.groups.index(second)]
        table = self.tests.to_frame(comparison).rename_axis("feature").reset_index()
        with np.errstate(invalid="ignore", divide="ignore"):
            table["standardised"] = table["effect"].to_numpy() / np.sqrt(self.tests.variances)
        table = table.assign(comparison=comparison, group=first, reference=second, n_group=own, n_reference=other)
        return table[
            ["comparison", "group", "reference", "feature", "n_group", "n_reference", "effect", "lower", "upper",
             "standardised", "t", "p_value", "q_value", "reason"]
        ]  # fmt: skip


def compare_groups(
    scores: Any,
    groups: ArrayLike,
    pairs: Sequence[tuple[Any, Any]] | str | None = None,
    *,
    against_rest: bool = True,
    rest: str = "cases",
    covariates: Any = None,
    standardise: bool = False,
    trend: bool = False,
    robust: bool = False,
    confidence: float = 0.95,
    correction: str = "bh",
) -> GroupComparison:
    """Which features differ between groups, each group against the rest and any declared pair, by moderated tests.

    Parameters
    ----------
    scores : data frame or array, shape (n_cases, n_features)
        Enrichment scores, cell populations, imaging features: one column per feature. Missing values are left out feature
        by feature, so the cases of the rest are those that have a value.
    groups : array, shape (n_cases,)
        Label of the group of each case, two groups or more.
    pairs : sequence of pairs of groups, or "all", optional
        Further comparisons, first minus second; "all" takes every two groups, the later one minus the earlier.
    against_rest : bool
        Compare each group with all other cases.
    rest : {"cases", "groups"}
        What the mean of the rest is: that of its cases, or that of its groups, each counting the same.
    covariates : data frame or array, shape (n_cases, n_covariates), optional
        Numbers that the groups are adjusted for (age, purity, columns of zeros and ones for sites).
    standardise : bool
        Divide each feature by its standard deviation over all cases first, and give effects in these: for features of
        different units, whose variances have nothing in common.
    trend, robust, confidence, correction
        As in `moderated_tests`; p-values are corrected over the features of one comparison.

    Returns
    -------
    GroupComparison
        All comparisons come from one model with a mean per group, so the residual variance is that within groups.

    Raises
    ------
    ComputeError
        RT301, RT304, RT305 as in `moderated_tests`; RT305 for a single group, missing labels, a group called "rest", or
        features on scales too different to be drawn together.
    RecipeError
        RT103 if a pair names no group or one group twice, if nothing is compared, or a setting is not allowed.

    References
    ----------
    Smyth, Stat Appl Genet Mol Biol 3 (2004) article 3; Benjamini & Hochberg, J R Stat Soc B 57 (1995) 289-300.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> scores = random.normal(size=(60, 16))
    >>> scores[40:, 0] += 2
    >>> found = compare_groups(scores, np.repeat(["1", "2", "3"], 20), pairs=[("3", "2")])
    >>> found.comparisons
    ('1 v rest', '2 v rest', '3 v rest', '3 v 2')
    >>> table = found.to_frame("3 v 2")
    >>> table.index[table["q_value"] < 0.05].tolist()
    ['f1']
    """
    choice("rest", rest, ("cases", "groups"))
    inputs = {"scores": scores, "groups": groups} | ({} if covariates is None else {"covariates": covariates})
    same_rows(inputs)
    values, features = feature_values(scores)
    spreads = _spreads(values, features, standardise)
    codes, levels = labels(groups, "groups")
    names = tuple(str(level) for level in levels)
    if len(names) < 2:
        raise ComputeError("RT305", f"groups holds one label only, {names[0]!r}; expected at least two")
    if len(set(names)) < len(names):
        raise ComputeError("RT305", "two groups have the same name as text")
    if REST in names:
        raise ComputeError("RT305", f"a group is called {REST!r}, the name of all cases outside a group; rename it")
    wanted = [(name, REST) for name in names] if against_rest else []
    wanted += [pair for pair in _declared(pairs, names) if pair not in wanted]
    if not wanted:
        raise RecipeError("RT103", "nothing is compared; expected against_rest or pairs")

    member = codes[:, None] == np.arange(len(names))
    sizes = member.sum(axis=0)
    observed = (~np.isnan(values)).T.astype(np.int64) @ member.astype(np.int64)
    counts = sizes if (observed == sizes).all() else observed
    contrasts: dict[str, dict[str, Any]] = {}
    for first, second in wanted:
        name = f"{first} v {second}"
        if name in contrasts:
            raise RecipeError("RT103", f"two comparisons would both be called {name!r}; rename the groups")
        weights = _weights(names.index(first), names.index(second) if second != REST else None, counts, rest)
        contrasts[name] = {_column(group): weight for group, weight in zip(names, weights.T, strict=True)}
    tests = moderated_tests(
        scores / spreads if standardise else scores,
        _design(member, names, covariates, scores),
        contrasts,
        trend=trend,
        robust=robust,
        confidence=confidence,
        correction=correction,
    )
    return GroupComparison(
        comparisons=tuple(contrasts),
        pairs=tuple(wanted),
        groups=names,
        sizes=tuple(int(size) for size in sizes),
        observed=read_only(observed),
        tests=tests,
    )


def _spreads(values: FloatArray, features: tuple[str, ...], standardise: bool) -> FloatArray:
    """Standard deviation of each feature, 1 where it has none."""
    known = ~np.isnan(values)
    n = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - np.where(known, values, 0.0).sum(axis=0) / n, 0.0)
    spreads = np.sqrt((centred**2).sum(axis=0) / np.maximum(n - 1, 1))
    varying = np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0)  # a constant may have a spread by rounding
    if varying.any() and not standardise:
        low, high = (int(at) for at in np.flatnonzero(varying)[[spreads[varying].argmin(), spreads[varying].argmax()]])
        if spreads[high] > WIDEST_SCALE * spreads[low]:
            found = f"the standard deviation of {features[high]!r} is {spreads[high]:.2g}, that of {features[low]!r} "
            found += f"{spreads[low]:.2g}; expected features on one scale"
            raise ComputeError("RT305", found, hint="set standardise=True, or bring the features to one scale first")
    return np.where(varying, spreads, 1.0)


def _declared(pairs: Any, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The pairs asked for, by name, each once."""
    if pairs is None:
        return []
    if isinstance(pairs, str):
        choice("pairs", pairs, ("all",))
        return [(later, earlier) for earlier, later in combinations(names, 2)]
    found: list[tuple[str, str]] = []
    for pair in pairs:
        if isinstance(pair, str) or np.ndim(pair) != 1 or len(pair) != 2:
            raise RecipeError("RT103", f'pairs holds {pair!r}; expected pairs of groups such as ("B", "A")')
        first, second = (str(name) for name in pair)
        for name in (first, second):
            if name not in names:
                end = did_you_mean(name, names)
                raise RecipeError("RT103", f"pairs names {name!r}, no group{end}; expected two of {', '.join(names)}")
        if first == second:
            raise RecipeError("RT103", f"pairs compares {first!r} with itself")
        if (first, second) not in found:
            found.append((first, second))
    return found


def _weights(first: int, second: int | None, counts: NDArray[np.integer], rest: str) -> FloatArray:
    """Weights of the means of the groups in one comparison, shape (..., n_groups); without `second`, against the rest.

    `counts` of the cases of each group have shape (n_groups,), or (n_features, n_groups) where values are missing.
    """
    if second is None and rest == "cases":
        share = counts.astype(float)
        share[..., first] = 0.0
        weights = -share / np.maximum(share.sum(axis=-1, keepdims=True), 1.0)
    elif second is None:
        weights = np.full(counts.shape[-1], -1.0 / (counts.shape[-1] - 1))
    else:
        weights = np.zeros(counts.shape[-1])
        weights[second] = -1.0
    weights[..., first] = 1.0
    return weights


def _column(name: str) -> str:
    """Column of a group in the design; the prefix keeps it apart from covariates."""
    return f"group {name}"


def _design(member: NDArray[np.bool_], names: tuple[str, ...], covariates: Any, scores: Any) -> DataFrame:
    from pandas import DataFrame

    table = DataFrame(member.astype(float), columns=[_column(name) for name in names])
    if covariates is not None:
        values, own = design_matrix(covariates, None)
        clash = [name for name in own if name in table.columns]
        if clash:
            raise ComputeError("RT305", f"a covariate is called {clash[0]!r}, as the column of a group is; rename it")
        table = table.join(DataFrame(values, columns=list(own)))
    return table.set_index(scores.index) if hasattr(scores, "iloc") else table
