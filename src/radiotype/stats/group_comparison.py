"""Which features differ between groups of cases: each group against the rest, and any two groups, by moderated tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError, RecipeError, did_you_mean
from radiotype.stats._empty_groups import lost_comparisons, why_not_compared, with_groups_filled, without_lost
from radiotype.stats._feature_values import feature_values
from radiotype.stats._inputs import FloatArray, choice, confidence_level, design_matrix, labels, read_only, same_rows
from radiotype.stats._linear_models import check_rank
from radiotype.stats._unequal_variances import unequal_variance_tests
from radiotype.stats._within_groups import fit_within_groups
from radiotype.stats.moderated import ModeratedTests, moderated_tests
from radiotype.stats.multiple_testing import CORRECTIONS

if TYPE_CHECKING:
    from pandas import DataFrame

REST = "rest"
"""What all cases outside a group are called."""

VARIANCES = ("equal", "unequal")

WIDEST_SCALE = 1e3
"""Features whose standard deviations differ by more than this are in different units: the smallest would find less."""


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """Moderated tests of several comparisons of groups; an effect is the first group minus the second.

    `comparisons` are named "first v second"; `pairs` holds the two names, the second of which may be "rest"; merged groups
    are joined by "+", and `merged` tells which groups such a name stands for. `sizes` counts the cases of each of `groups`,
    and `observed` those with a value, shape (n_features, n_groups). `tests` is what `moderated_tests` found, one contrast per
    comparison; its q-values are corrected within a comparison. `deviations`, shape (n_features, n_groups), are the standard
    deviations within each group (of what the covariates leave), NaN for fewer than two values. `reasons` tells, by comparison
    and feature, why one comparison was not made where others were.

    With `variances` "unequal" the same fields of `tests` hold Welch's tests: `total_df` then has one number per feature and
    comparison, nothing is drawn together (`prior_df` 0), and log odds and F are NaN.
    """

    comparisons: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    observed: NDArray[np.int64]
    tests: ModeratedTests
    deviations: FloatArray
    variances: str = "equal"
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def to_frame(self, comparison: str | None = None) -> DataFrame:
        """One row per comparison and feature; with `comparison`, the rows of that one, indexed by feature.

        Columns: `comparison`, `group`, `reference`, `feature`, cases with a value (`n_group`, `n_reference`), `effect` with
        `lower` and `upper`, `standardised` (effect per residual standard deviation), standard deviations within the groups of
        each side (`deviation_group`, `deviation_reference`), `t`, `p_value`, `q_value`, `reason`.
        """
        from pandas import DataFrame

        if comparison is not None and comparison not in self.comparisons:
            expected = ", ".join(self.comparisons[:8]) + (", ..." if len(self.comparisons) > 8 else "")
            end = did_you_mean(comparison, self.comparisons)
            raise RecipeError("RT103", f"there is no comparison {comparison!r}{end}; expected one of {expected}")
        chosen = self.comparisons if comparison is None else (comparison,)
        parts = [self._columns(name) for name in chosen]
        table = DataFrame({column: np.concatenate([part[column] for part in parts]) for column in parts[0]})
        return table if comparison is None else table.set_index("feature").drop(columns="comparison")

    def _columns(self, comparison: str) -> dict[str, NDArray[Any]]:
        """The columns of `to_frame` for one comparison, shape (n_features,) each."""
        first, second = self.pairs[self.comparisons.index(comparison)]
        own = self._observed_in(first)
        inside, outside = self._members(first), self._members(second)
        if second == REST:
            outside = [name for name in self.groups if name not in inside]
        place, tests = self.tests.contrasts.index(comparison), self.tests
        with np.errstate(invalid="ignore", divide="ignore"):
            standardised = tests.effects[:, place] / np.sqrt(tests.variances)
        texts = {"comparison": comparison, "group": first, "reference": second}
        named = {name: np.full(len(tests.features), text, dtype=object) for name, text in texts.items()}
        reasons = [self.reasons.get((comparison, one), tests.reasons.get(one, "")) for one in tests.features]
        return named | {
            "feature": np.array(tests.features, dtype=object),
            "n_group": own,
            "n_reference": self.observed.sum(axis=1) - own if second == REST else self._observed_in(second),
            "effect": tests.effects[:, place],
            "lower": tests.lower[:, place],
            "upper": tests.upper[:, place],
            "standardised": standardised,
            "deviation_group": self._deviation(inside),
            "deviation_reference": self._deviation(outside),
            "t": tests.t[:, place],
            "p_value": tests.p_values[:, place],
            "q_value": tests.q_values[:, place],
            "reason": np.array(reasons, dtype=object),
        }

    def _members(self, name: str) -> Sequence[str]:
        return self.merged.get(name, (name,))

    def _deviation(self, members: Sequence[str]) -> FloatArray:
        """Standard deviation within some groups together, shape (n_features,); NaN where none of them has one."""
        places = [self.groups.index(name) for name in members]
        own = self.deviations[:, places]
        df = np.where(np.isnan(own), 0.0, self.observed[:, places] - 1.0)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt((df * np.where(np.isnan(own), 0.0, own) ** 2).sum(axis=1) / df.sum(axis=1)))

    def _observed_in(self, name: str) -> NDArray[np.int64]:
        """Cases with a value in a group, or in merged groups, shape (n_features,)."""
        counts: NDArray[np.int64] = self.observed[:, [self.groups.index(one) for one in self._members(name)]].sum(axis=1)
        return counts


def compare_groups(
    scores: Any,
    groups: ArrayLike,
    pairs: Sequence[tuple[Any, Any]] | str | None = None,
    *,
    against_rest: bool = True,
    rest: str = "cases",
    covariates: Any = None,
    variances: str = "equal",
    standardise: bool = False,
    trend: bool = False,
    robust: bool = False,
    confidence: float = 0.95,
    correction: str = "bh",
) -> GroupComparison:
    """Which features differ between groups, each group against the rest and any declared pair, by moderated tests.

    By default all groups are taken to have one variance per feature. Where a small group varies more than the others, far too
    much is found in it, and where it varies less, too little: compare `deviation_group` with `deviation_reference` in the
    table, and choose `variances="unequal"` where they are unlike.

    Parameters
    ----------
    scores : data frame or array, shape (n_cases, n_features)
        Enrichment scores, cell populations, imaging features: one column per feature. Missing values are left out feature
        by feature, so the cases of the rest are those that have a value. A feature without values in a group lacks the
        comparisons that need this group, and no others.
    groups : array, shape (n_cases,)
        Label of the group of each case, two groups or more.
    pairs : sequence of pairs of groups, or "all", optional
        Further comparisons, first minus second; "all" takes every two groups, the later one minus the earlier. A list of
        groups in the place of one merges them: `(["1", "2"], "4")` is called "1+2 v 4".
    against_rest : bool
        Compare each group with all other cases.
    rest : {"cases", "groups"}
        What the mean of the rest is, and of merged groups: that of their cases, or that of the groups, each counting the same.
    covariates : data frame or array, shape (n_cases, n_covariates), optional
        Numbers that the groups are adjusted for (age, purity, columns of zeros and ones for sites).
    variances : {"equal", "unequal"}
        "equal": one variance per feature, that within all groups together, drawn towards those of the other features.
        "unequal": each group has its own, and nothing is borrowed (Welch's test, with Satterthwaite's degrees of freedom where
        more than two groups, or covariates, take part): it holds its level for any variances of scores
        that are roughly symmetric, and finds less with few cases.
    standardise : bool
        Divide each feature by its standard deviation over all cases first, and give effects in these: for features of
        different units, whose variances have nothing in common.
    trend, robust, confidence, correction
        As in `moderated_tests`; p-values are corrected over the features of one comparison. `trend` and `robust` are for
        equal variances.

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
    Smyth, Stat Appl Genet Mol Biol 3 (2004) article 3; Welch, Biometrika 34 (1947) 28-35; Benjamini & Hochberg, J R Stat Soc
    B 57 (1995) 289-300.

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
    choice("variances", variances, VARIANCES)
    choice("correction", correction, CORRECTIONS)
    level = confidence_level(confidence)
    if variances == "unequal" and (trend or robust):
        raise RecipeError("RT103", "trend and robust shape what the variances are drawn towards; unequal ones are not drawn")
    from pandas import DataFrame

    inputs = {"scores": scores, "groups": groups} | ({} if covariates is None else {"covariates": covariates})
    same_rows(inputs)
    values, features = feature_values(scores)
    spreads = _spreads(values, features, standardise or variances == "unequal")
    values = values / spreads if standardise else values
    codes, levels = labels(groups, "groups")
    names = tuple(str(level) for level in levels)
    if len(names) < 2:
        raise ComputeError("RT305", f"groups holds one label only, {names[0]!r}; expected at least two")
    if len(set(names)) < len(names):
        raise ComputeError("RT305", "two groups have the same name as text")
    if REST in names:
        raise ComputeError("RT305", f"a group is called {REST!r}, the name of all cases outside a group; rename it")
    wanted: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((name,), (REST,)) for name in names] if against_rest else []
    wanted += [pair for pair in _declared(pairs, names) if pair not in wanted]
    if not wanted:
        raise RecipeError("RT103", "nothing is compared; expected against_rest or pairs")

    member = codes[:, None] == np.arange(len(names))
    sizes = member.sum(axis=0)
    observed = (~np.isnan(values)).T.astype(np.int64) @ member.astype(np.int64)
    counts = sizes if (observed == sizes).all() else observed
    contrasts: dict[str, FloatArray] = {}
    for first, second in wanted:
        name = f"{_joined(first)} v {_joined(second)}"
        if name in contrasts:
            raise RecipeError("RT103", f"two comparisons would both be called {name!r}; rename the groups")
        others = [other for other in names if other not in first] if second == (REST,) else second
        contrasts[name] = _weights([names.index(one) for one in first], [names.index(one) for one in others], counts, rest)
    design = _design(member, names, covariates)
    fits = fit_within_groups(values, design.to_numpy(), np.stack(list(contrasts.values()), axis=-1), len(names))
    lost = lost_comparisons(contrasts, observed)
    if variances == "equal":
        filled = with_groups_filled(values, contrasts, member, observed)
        by_name = {
            name: {_column(group): weight for group, weight in zip(names, weights.T, strict=True)}
            for name, weights in contrasts.items()
        }
        tests = moderated_tests(
            DataFrame(filled, columns=list(features)), design, by_name,
            trend=trend, robust=robust, confidence=level, correction=correction,
        )  # fmt: skip
        tests = without_lost(tests, lost)
    else:
        check_rank(design.to_numpy(), tuple(design.columns))
        tests = unequal_variance_tests(values, features, tuple(contrasts), fits, confidence=level, correction=correction)
    named = np.array([feature in tests.reasons for feature in features])
    missing = np.isnan(tests.p_values) & (~named[:, None] | (lost & (observed > 0).any(axis=1)[:, None]))
    return GroupComparison(
        comparisons=tuple(contrasts),
        pairs=tuple((_joined(first), _joined(second)) for first, second in wanted),
        groups=names,
        sizes=tuple(int(size) for size in sizes),
        observed=read_only(observed),
        tests=tests,
        deviations=read_only(fits.deviations),
        variances=variances,
        reasons=why_not_compared(missing, contrasts, observed, fits.group_df, features=features, groups=names),
        merged={_joined(side): side for pair in wanted for side in pair if len(side) > 1},
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


def _joined(side: tuple[str, ...]) -> str:
    """The name of a group, or of merged groups."""
    return "+".join(side)


def _declared(pairs: Any, names: tuple[str, ...]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The pairs asked for, by the names of the groups on each side, each once."""
    if pairs is None:
        return []
    if isinstance(pairs, str):
        choice("pairs", pairs, ("all",))
        return [((later,), (earlier,)) for earlier, later in combinations(names, 2)]
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for pair in pairs:
        if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
            raise RecipeError("RT103", f'pairs holds {pair!r}; expected pairs of groups such as ("B", "A")')
        first, second = (_side(one, names) for one in pair)
        both = [name for name in first if name in second]
        if both:
            raise RecipeError("RT103", f"pairs compares {both[0]!r} with itself")
        if (first, second) not in found:
            found.append((first, second))
    return found


def _side(side: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """One side of a pair: a group, or groups that are merged, in the order of the groups."""
    given = [str(one) for one in side] if isinstance(side, list | tuple | set | frozenset) else [str(side)]
    for name in given:
        if name not in names:
            end = did_you_mean(name, names)
            raise RecipeError("RT103", f"pairs names {name!r}, no group{end}; expected two of {', '.join(names)}")
    if not given:
        raise RecipeError("RT103", "pairs holds a side without groups; expected one or more on each side")
    return tuple(name for name in names if name in given)


def _weights(first: Sequence[int], second: Sequence[int], counts: NDArray[np.integer], rest: str) -> FloatArray:
    """Weights of the means of the groups in one comparison of the groups `first` with `second`, shape (..., n_groups).

    `counts` of the cases of each group have shape (n_groups,), or (n_features, n_groups) where values are missing.
    """
    weights = _shares(first, counts, rest) - _shares(second, counts, rest)
    return weights[0] if counts.ndim == 1 else weights


def _shares(side: Sequence[int], counts: NDArray[np.integer], rest: str) -> FloatArray:
    """What each group contributes to the mean of one side, shape (1 or n_features, n_groups)."""
    share = np.zeros((1 if counts.ndim == 1 else len(counts), counts.shape[-1]))
    share[:, side] = counts[..., side] if rest == "cases" and len(side) > 1 else 1.0
    share[np.ix_(~share.any(axis=1), np.asarray(side))] = (
        1.0  # nothing observed: such a mean cannot be estimated, and is refused as such
    )
    return share / share.sum(axis=1, keepdims=True)


def _column(name: str) -> str:
    """Column of a group in the design; the prefix keeps it apart from covariates."""
    return f"group {name}"


def _design(member: NDArray[np.bool_], names: tuple[str, ...], covariates: Any) -> DataFrame:
    from pandas import DataFrame

    table = DataFrame(member.astype(float), columns=[_column(name) for name in names])
    if covariates is not None:
        values, own = design_matrix(covariates, None)
        clash = [name for name in own if name in table.columns]
        if clash:
            raise ComputeError("RT305", f"a covariate is called {clash[0]!r}, as the column of a group is; rename it")
        table = table.join(DataFrame(values, columns=list(own)))
    return table
