"""How often random sets are as enriched as observed ones, however rare that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from radiotype.genomics._threads import in_threads
from radiotype.stats._inputs import FloatArray

UNIT = 2.0**50
"""Weights become whole numbers of about this sum, so that sums of them are exact in any order."""

FEW = 10
"""Of fewer random sets the mean score is not given."""


@dataclass(frozen=True)
class Chance:
    """What random sets of the same size say about one observed score."""

    p_value: float  # NaN if random sets hardly ever have a score of its sign
    log2_error: float
    at_limit: bool  # p_value is an upper limit
    mean: float  # of the scores of this sign, without the sign; NaN if there are few


@dataclass(frozen=True)
class Search:
    """How random sets are looked at: so many at first, so many kept in the levels, down to which p-value."""

    n_random: int
    n_kept: int
    least_p: float
    seed: int
    n_jobs: int | None

    def state(self, *key: int) -> NDArray[np.uint64]:
        """Where the random numbers begin for one size and purpose; independent of every other set."""
        return np.asarray(np.random.SeedSequence(self.seed, spawn_key=key).generate_state(4, np.uint64), dtype=np.uint64)


def deviations(weights: FloatArray, places: NDArray[np.integer]) -> tuple[FloatArray, FloatArray]:
    """The running sum with each member and just before it; `places` of the members in the ranking, ascending.

    Members without any weight count alike.
    """
    own = weights[places]
    own = own if own.any() else np.ones_like(own)
    with_it = np.cumsum(own)
    total = with_it[-1]
    fall = total / (len(weights) - len(places)) * (places - np.arange(len(places)))
    return (with_it - fall) / total, (np.concatenate([[0.0], with_it[:-1]]) - fall) / total


def chances(weights: FloatArray, observed: Sequence[tuple[NDArray[np.integer], bool]], search: Search) -> list[Chance]:
    """The chance of each observed set: its places in the ranking, ascending, and whether its score is positive.

    Of the random sets with a score of that sign, the share that scores as high: counted where it is common, and found by level
    splitting where that has the smaller error.
    """
    forward = np.maximum(np.rint(weights / weights.sum() * UNIT), 1.0)
    ranked = {True: forward, False: np.ascontiguousarray(forward[::-1])}
    scores = []
    for places, positive in observed:
        own = places if positive else len(weights) - 1 - places[::-1]
        scores.append(float(deviations(ranked[positive], own)[0].max()))

    sizes = sorted({len(places) for places, _ in observed})
    plain = in_threads(lambda size: _plain(forward, size, search), sizes, search.n_jobs)
    null = {(size, side): sign * of for size, of in zip(sizes, plain, strict=True) for side, sign in ((True, 1), (False, -1))}
    groups = [(len(places), positive) for places, positive in observed]
    found = [_counted(score, null[group]) for score, group in zip(scores, groups, strict=True)]
    rare: dict[tuple[int, bool], list[int]] = {}
    for at, chance in enumerate(found):
        if not chance.log2_error <= _level_error(chance.p_value, search.n_kept):
            rare.setdefault(groups[at], []).append(at)

    def split(group: tuple[int, bool]) -> list[tuple[int, Chance]]:
        members = sorted(rare[group], key=lambda at: scores[at])
        targets = np.array([scores[at] for at in members])
        return list(zip(members, _split(ranked[group[1]], group, targets, found[members[0]].mean, search), strict=True))

    for better in in_threads(split, list(rare), search.n_jobs):
        for at, chance in better:
            found[at] = chance
    return found


def _plain(weights: FloatArray, size: int, search: Search) -> FloatArray:
    """Scores of random sets of one size."""
    from radiotype import _native

    scores = np.empty(search.n_random)
    scratch = np.empty(_native.random_sets_scratch(weights.size, size, 0), dtype=np.uint64)
    _native.random_enrichment(weights, size, search.state(size, 0), scores, scratch)
    return scores


def _counted(score: float, null: FloatArray) -> Chance:
    same_sign = null[null > 0]
    if not same_sign.size:
        return Chance(float("nan"), float("nan"), False, float("nan"))
    beyond = int(np.count_nonzero(same_sign >= score))
    p_value, variance = (beyond + 1) / (same_sign.size + 1), _log_variance(beyond + 1, same_sign.size)
    mean = float(same_sign.mean()) if same_sign.size >= FEW else float("nan")
    return Chance(p_value, float(np.sqrt(variance) / np.log(2)), False, mean)


def _split(weights: FloatArray, group: tuple[int, bool], targets: FloatArray, mean: float, search: Search) -> list[Chance]:
    """The chances of ascending scores of sets of one size and sign, which is positive in this ranking."""
    from scipy.special import psi

    from radiotype import _native

    size, positive = group
    n = search.n_kept
    survivors = np.empty(int(np.ceil(-np.log2(search.least_p))), dtype=np.int64)
    reached = np.empty((targets.size, 2), dtype=np.int64)
    scratch = np.empty(_native.random_sets_scratch(weights.size, size, n), dtype=np.uint64)
    state = search.state(size, 1 if positive else 2)
    n_levels = _native.enrichment_levels(weights, size, state, targets, n, survivors, reached, scratch)
    if n_levels < 0:
        return [Chance(float("nan"), float("nan"), False, mean)] * targets.size
    survivors = survivors[:n_levels]
    log_p = np.append(0.0, np.cumsum(psi(survivors) - psi(n + 1)))
    variance = np.append(0.0, np.cumsum([_log_variance(int(count), n) for count in survivors]))
    chances = []
    for level, count in reached:
        # beyond the last level: its own probability is the limit
        share = psi(count + 1) - psi(n + 1) if count >= 0 else 0.0
        more = _log_variance(int(count) + 1, n) if count >= 0 else 0.0
        error = float(np.sqrt(variance[level] + more) / np.log(2))
        chances.append(Chance(float(np.exp(log_p[level] + share)), error, bool(count < 0), mean))
    return chances


def _log_variance(count: int, n: int) -> float:
    """Variance of the logarithm of a share, estimated from `count` of `n`."""
    from scipy.special import polygamma

    return float(polygamma(1, count) - polygamma(1, n + 1))


def _level_error(p_value: float, n: int) -> float:
    """Error of log2 p that level splitting would have; that of NaN is infinite."""
    if np.isnan(p_value):
        return float("inf")
    return float(np.sqrt(np.floor(1 - np.log2(p_value)) * _log_variance((n + 1) // 2, n)) / np.log(2))
