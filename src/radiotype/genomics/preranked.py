"""Gene set enrichment of a ranking (preranked GSEA): score, leading edge and a p-value that may be very small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.genomics._matching import LEAST_MEMBERS, matched_sets
from radiotype.genomics._random_sets import Search, chances, deviations
from radiotype.stats._inputs import FloatArray, numbers, positive, read_only, whole_number
from radiotype.stats.multiple_testing import adjust_p_values

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Enrichment:
    """Enrichment of sets in one ranking; arrays have a value per set.

    Attributes
    ----------
    sets : tuple of str
    n_found, n_listed : {set: int}
        Members that the ranking has, and that the set lists; of all sets, also those left out.
    enrichment : array
        Deviation of the running sum of largest size, -1 to 1: positive where members stand at the top.
    normalised : array
        The same over the mean of random sets of that size and sign; NaN where they hardly have that sign.
    p_values : array
        Share of the random sets of that sign which score as high; never 0. NaN where hardly any has that sign.
    q_values : array
        Corrected by Benjamini and Hochberg for the number of sets.
    log2_error : array
        Standard error of log2 of the p-value, as if the random sets were independent. Measured over seeds it
        is up to half larger where p is tiny.
    at_limit : array of bool
        Whether the p-value is an upper limit: the truth is smaller.
    leading_edge : {set: members}
        Members that make the score, the most extreme first.
    left_out : {set: reason}
        Sets without a score.
    warnings : tuple of str
        What the ranking or the random sets leave uncertain: names twice, equal values, a single sign.
    """

    sets: tuple[str, ...]
    n_found: Mapping[str, int]
    n_listed: Mapping[str, int]
    enrichment: FloatArray
    normalised: FloatArray
    p_values: FloatArray
    q_values: FloatArray
    log2_error: FloatArray
    at_limit: NDArray[np.bool_]
    leading_edge: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]
    warnings: tuple[str, ...]

    def to_frame(self) -> DataFrame:
        """A row per set, by rising p-value; the leading edge is one text."""
        from pandas import DataFrame

        columns = {
            "n_members": [self.n_found[name] for name in self.sets],
            "enrichment": self.enrichment,
            "normalised": self.normalised,
            "p_value": self.p_values,
            "q_value": self.q_values,
            "log2_error": self.log2_error,
            "at_limit": self.at_limit,
            "leading_edge": [" ".join(self.leading_edge[name]) for name in self.sets],
        }
        return DataFrame(columns, index=list(self.sets)).sort_values("p_value", kind="stable")


@dataclass(frozen=True, eq=False)
class RunningSum:
    """The sum that runs down a ranking for one set.

    `names` and `values` are the ranking, falling; `running_sum` has the sum after each place, `places` are those of the
    members, `enrichment` and `leading_edge` as in `Enrichment`.
    """

    names: tuple[str, ...]
    values: FloatArray
    running_sum: FloatArray
    places: NDArray[np.int64]
    enrichment: float
    leading_edge: tuple[str, ...]

    def to_frame(self) -> DataFrame:
        """A row per name from the top down: `position`, `running_sum`, `hit` and `metric`, as the figure takes them."""
        from pandas import DataFrame

        position = np.arange(1, len(self.names) + 1)
        hit = np.isin(position - 1, self.places)
        columns = {"position": position, "running_sum": self.running_sum, "hit": hit, "metric": self.values}
        return DataFrame(columns, index=list(self.names))


TIE = 1e-12
"""Highest and lowest deviation of equal size, but for rounding, say nothing: the score is 0, as in fgsea."""


def gsea(
    ranking: Any,
    gene_sets: Mapping[str, Sequence[Any]],
    *,
    weight: float = 1.0,
    least_members: int = LEAST_MEMBERS,
    n_random: int = 1000,
    n_kept: int = 101,
    least_p: float = 1e-50,
    seed: int = 0,
    n_jobs: int | None = None,
) -> Enrichment:
    """Whether the members of each set stand at the top or the bottom of a ranking.

    Chance means random sets of the same size; genes that go together make real sets look more enriched than that.

    Parameters
    ----------
    ranking : series or mapping, name -> value
        Finite values, such as moderated t; sorted here, falling. Of a name that stands twice the value farthest from 0 counts;
        equal values stay in the order given. `warnings` of the result tell of both.
    gene_sets : {name: members}
        Names in the ranking.
    weight : float
        Exponent of the absolute values by which members count, 0 or more.
    least_members : int
        A set with fewer members in the ranking is left out, with its reason.
    n_random : int
        Random sets of each size that are scored first, at least 100; they also give the normalised score.
    n_kept : int
        Random sets that level splitting keeps, at least 11; the error of log2 p falls with the root of it.
    least_p : float
        Splitting ends there, above 1e-300 and below 1e-2; smaller p-values are `at_limit`.
    seed : int
        Same seed, same bytes. A set's p-value does not depend on which other sets are tested.
    n_jobs : int, optional
        Threads; as many as there are cores when left out. The result is the same.

    Returns
    -------
    Enrichment

    Raises
    ------
    ComputeError
        RT301 for a ranking of fewer than three names; RT305 if a value is missing, no number or all are equal, or no set can be
        scored.
    RecipeError
        RT103 if a setting or the sets are not what is expected.

    References
    ----------
    Subramanian et al., PNAS 102 (2005) 15545-15550; Korotkevich et al., bioRxiv 060012 (2021). Scores and leading edges are
    equal to R package fgsea 1.31; p-values agree within their error.

    Examples
    --------
    >>> ranking = {f"g{i}": 100.0 - i for i in range(201)}
    >>> found = gsea(ranking, {"top": [f"g{i}" for i in range(10)], "spread": [f"g{i}" for i in range(0, 200, 20)]})
    >>> found.enrichment.round(3).tolist(), found.leading_edge["top"][:3]
    ([1.0, 0.281], ('g0', 'g1', 'g2'))
    >>> bool(found.p_values[0] < 1e-9), bool(found.p_values[1] > 0.05)
    (True, True)
    """
    exponent = 0.0 if weight == 0 else positive("weight", weight)
    if not 1e-300 < positive("least_p", least_p) < 1e-2:
        raise RecipeError("RT103", f"least_p is {least_p!r}; expected a number above 1e-300 and below 1e-2")
    search = Search(
        whole_number("n_random", n_random, 100),
        whole_number("n_kept", n_kept, 11),
        float(least_p),
        whole_number("seed", seed, 0),
        n_jobs,
    )
    names, values, warnings = _sorted_ranking(ranking)
    sets = matched_sets(gene_sets, names, least_members=least_members)
    weights = _weights(values, exponent)
    places = [sets.columns(at).astype(np.int64) for at in range(len(sets.names))]
    scored = [_score(weights, own) for own in places]
    enrichment = np.array([score for score, _ in scored])
    found = chances(weights, [(own, bool(score > 0)) for own, (score, _) in zip(places, scored, strict=True)], search)
    p_values = np.where(enrichment == 0, 1.0, [one.p_value for one in found])
    rare = int(np.count_nonzero(np.isnan(p_values)))
    if rare:
        warnings.append(f"{rare} sets have no p-value: random sets hardly ever have a score of their sign")
    return Enrichment(
        sets=sets.names,
        n_found=sets.n_found,
        n_listed=sets.n_listed,
        enrichment=read_only(enrichment),
        normalised=read_only(enrichment / [one.mean for one in found]),
        p_values=read_only(p_values),
        q_values=read_only(p_values if rare == p_values.size else adjust_p_values(p_values)),
        log2_error=read_only([one.log2_error for one in found]),
        at_limit=read_only([one.at_limit for one in found]),
        leading_edge={name: tuple(names[place] for place in edge) for name, (_, edge) in zip(sets.names, scored, strict=True)},
        left_out=sets.left_out,
        warnings=tuple(warnings),
    )


def running_sum(ranking: Any, members: Sequence[Any], *, weight: float = 1.0) -> RunningSum:
    """The sum that runs down a ranking for one set, as it is drawn.

    Parameters
    ----------
    ranking : series or mapping, name -> value
        As in `gsea`.
    members : sequence
        Names in the ranking.
    weight : float
        Exponent of the absolute values by which members count, 0 or more.

    Returns
    -------
    RunningSum

    Raises
    ------
    ComputeError
        RT301 for a ranking of fewer than three names; RT305 if a value is missing, no number or all are equal, or no member or
        every name of the ranking is in the set.
    RecipeError
        RT103 if a setting is not allowed.

    Examples
    --------
    >>> curve = running_sum({"a": 3.0, "b": 1.0, "c": -1.0, "d": -2.0}, ["a", "c"])
    >>> curve.running_sum.tolist(), curve.enrichment, curve.leading_edge
    ([0.75, 0.25, 0.5, 0.0], 0.75, ('a',))
    """
    exponent = 0.0 if weight == 0 else positive("weight", weight)
    names, values, _ = _sorted_ranking(ranking)
    places = matched_sets({"the set": members}, names, least_members=1).members.astype(np.int64)
    weights = _weights(values, exponent)
    score, edge = _score(weights, places)
    own = weights[places] if weights[places].any() else np.ones(places.size)
    steps = np.full(len(names), -1.0 / (len(names) - places.size))
    steps[places] = own / own.sum()
    return RunningSum(
        names, read_only(values), read_only(np.cumsum(steps)), read_only(places), score, tuple(names[place] for place in edge)
    )


def _weights(values: FloatArray, exponent: float) -> FloatArray:
    sizes = np.abs(values)
    return np.asarray((sizes / sizes.max()) ** exponent)


def _score(weights: FloatArray, places: NDArray[np.int64]) -> tuple[float, NDArray[np.int64]]:
    """The deviation of largest size, and the places that make it, the most extreme first; 0 and none if both sides tie."""
    after, before = deviations(weights, places)
    highest, lowest = int(after.argmax()), int(before.argmin())
    if abs(after[highest] + before[lowest]) <= TIE:
        return 0.0, places[:0]
    if after[highest] > -before[lowest]:
        return float(after[highest]), places[: highest + 1]
    return float(before[lowest]), places[lowest:][::-1]


def _sorted_ranking(ranking: Any) -> tuple[tuple[str, ...], FloatArray, list[str]]:
    """Names and values, falling, and what is uncertain in them."""
    if not hasattr(ranking, "items") or np.ndim(ranking) > 1:
        raise ComputeError(
            "RT305", f"ranking is of type {type(ranking).__name__}; expected a series, or a mapping name -> value"
        )
    pairs = list(ranking.items())
    if len(pairs) < 3:
        raise ComputeError("RT301", f"the ranking has {len(pairs)} names; expected three or more")
    values = numbers([value for _, value in pairs], "ranking")
    warnings = []
    best: dict[str, int] = {}
    for at, (name, _) in enumerate(pairs):
        other = best.setdefault(str(name), at)
        if abs(values[at]) > abs(values[other]):
            best[str(name)] = at
    if len(best) < len(pairs):
        dropped = len(pairs) - len(best)
        warnings.append(f"{dropped} values were dropped: their names stand twice, and the value farthest from 0 counts")
    kept = np.array(sorted(best.values()))
    if np.ptp(values[kept]) == 0:
        raise ComputeError("RT305", "all values of the ranking are equal, so it has no order")
    order = kept[np.argsort(-values[kept], kind="stable")]
    values = values[order]
    equal = values[1:] == values[:-1]
    tied = int(np.count_nonzero(np.append(equal, False) | np.append(False, equal)))
    if tied:
        warnings.append(
            f"{tied} of {values.size} values are equal to another; these stay in the order given, which is arbitrary"
        )
    if values[0] <= 0 or values[-1] >= 0:
        warnings.append("no value lies on the other side of 0: one end of the ranking means nothing")
    return tuple(str(pairs[at][0]) for at in order), values, warnings
