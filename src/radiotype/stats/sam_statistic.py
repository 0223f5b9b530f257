"""Significance analysis of microarrays: differences judged by permutations, with a floor under their errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._feature_values import feature_values, why_not_testable
from radiotype.stats._inputs import FloatArray, choice, labels, numbers, read_only, same_rows, whole_number

if TYPE_CHECKING:
    from pandas import DataFrame

KINDS = ("two-class", "one-class", "quantitative")
LEAST_FEATURES = 500
"""With fewer features, the floor of the errors is a quantile of them instead of being chosen."""
BATCH = 4_000_000
"""Permuted statistics held at a time."""


@dataclass(frozen=True, eq=False)
class Sam:
    """SAM of many features; arrays have shape (n_features,), and a row of NaN has its reason in `reasons`.

    `d` is `effects` over `errors` + `s0`. `expected` is the mean over permutations of the order statistic of the same rank
    as `d`. `p_values` count permuted statistics of all features that are as far from 0: they hold on the average over
    features, too cautious for small errors and too bold for large ones. `q_values` are the estimated share
    of false findings among all features at least as far from 0, of which a share `null_share` is thought to have no
    effect. `levels` are the two groups: the second is compared to the first. `exact` tells that all orders were counted.
    """

    features: tuple[str, ...]
    kind: str
    levels: tuple[Any, ...]
    n: int
    n_tests: int
    reasons: Mapping[str, str]
    effects: FloatArray
    errors: FloatArray
    s0: float
    d: FloatArray
    expected: FloatArray
    p_values: FloatArray
    q_values: FloatArray
    null_share: float
    n_permutations: int
    exact: bool
    seed: int

    def to_frame(self) -> DataFrame:
        """One row per feature, in their order: effect, error, d, expected d, p, q, and `reason` ("" for none)."""
        from pandas import DataFrame

        table = {"effect": self.effects, "error": self.errors, "d": self.d, "expected": self.expected}
        reasons = [self.reasons.get(feature, "") for feature in self.features]
        tests = {"p_value": self.p_values, "q_value": self.q_values, "reason": reasons}
        return DataFrame(table | tests, index=list(self.features))

    def directions(self, *, delta: float) -> NDArray[np.int8]:
        """1 (up), -1 (down) or 0 for each feature by SAM's rule, shape (n_features,).

        From the middle outwards, the first feature whose `d` is more than `delta` beyond `expected` is called on each side,
        and with it all features beyond it.
        """
        up = self.d - self.expected > delta
        down = self.expected - self.d > delta
        above = np.min(self.d[up & (self.expected > 0)], initial=np.inf)
        below = np.max(self.d[down & (self.expected < 0)], initial=-np.inf)
        return ((self.d >= above).astype(np.int8) - (self.d <= below)).astype(np.int8)


def sam(
    values: Any,
    groups: Any,
    *,
    kind: str = "two-class",
    s0: float | None = None,
    n_permutations: int = 1000,
    seed: int = 0,
) -> Sam:
    """Which features differ, by a t statistic with a floor under its error, against permutations of the cases.

    Parameters
    ----------
    values : data frame or array, shape (n_cases, n_features)
        One column per feature. A feature with missing values is not tested.
    groups : array, shape (n_cases,), or None
        Two labels, of which the second (sorted; a pandas category keeps its order) is compared to the first; a number for
        "quantitative"; None for "one-class".
    kind : {"two-class", "one-class", "quantitative"}
        Difference of two means; a mean that is not 0, as of the differences of pairs; slope on a number.
    s0 : float, optional
        Floor that is added to every error, in the unit of `values`. Default: the quantile of the errors that makes the
        spread of d depend least on the error (below 500 features: their 0.05 quantile).
    n_permutations : int
        Random orders (signs for "one-class"), at least 20. All of them are taken instead where there are no more.
    seed : int
        Seed of the random orders.

    Returns
    -------
    Sam
        A feature that is constant or has missing values is NaN with a reason, and is not counted.

    Raises
    ------
    ComputeError
        RT301 for fewer than 4 cases or a group of one; RT305 unless there are two groups, for different lengths, constant
        or missing groups, infinite or textual values, or if no feature can be tested.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Tusher, Tibshirani & Chu, Proc Natl Acad Sci 98 (2001) 5116-5121; Storey, J R Stat Soc B 64 (2002) 479-498.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> values = random.normal(size=(20, 100))
    >>> values[10:, 0] += 3
    >>> found = sam(values, np.repeat(["A", "B"], 10), n_permutations=200)
    >>> found.features[int(np.argmax(found.d))], bool(found.q_values[0] < 0.05), found.levels
    ('f1', True, ('A', 'B'))
    """
    choice("kind", kind, KINDS)
    whole_number("n_permutations", n_permutations, 20)
    whole_number("seed", seed, 0)
    if s0 is not None and (isinstance(s0, str) or not 0 <= s0 < np.inf):
        raise RecipeError("RT103", f"s0 is {s0!r}; expected a number from 0 on, or None")
    if (groups is None) != (kind == "one-class"):
        raise RecipeError(
            "RT103", f"groups are {'' if groups is None else 'not '}None for kind {kind!r}; one class has no groups"
        )
    n = same_rows({"values": values} | ({} if groups is None else {"groups": groups}))
    y, features = feature_values(values)
    if n < 4:
        raise ComputeError("RT301", f"there are {n} cases; expected at least 4")
    direction, levels = _direction(groups, kind, n)
    reasons = {features[place]: "RT305: it has missing values" for place in np.flatnonzero(np.isnan(y).any(axis=0))}
    reasons = why_not_testable(y, features, 1) | reasons
    tested = np.array([feature not in reasons for feature in features])
    if not tested.any():
        raise ComputeError("RT305", f"no feature can be tested; the first is: {next(iter(reasons.values()))}")
    y = y[:, tested] if kind == "one-class" else y[:, tested] - y[:, tested].mean(axis=0)
    test = _Slopes(y, direction, df=n - 1 if kind == "one-class" else n - 2)
    effects, errors = test.of(direction[None])
    floor = _chosen_floor(effects[0], errors[0]) if s0 is None else float(s0)
    if not np.all(errors + floor > 0):
        raise ComputeError("RT305", "a feature has no error and s0 is 0", hint="give s0 a value above 0")
    d = effects[0] / (errors[0] + floor)

    orders, exact = _orders(direction, kind, n_permutations, seed)
    size = np.sort(np.abs(d))
    expected, beyond, middle = np.zeros(d.size), np.zeros(d.size), []
    rows = max(1, BATCH // d.size)
    for first in range(0, len(orders), rows):
        numerator, denominator = test.of(orders[first : first + rows])
        permuted = np.sort(numerator / (denominator + floor), axis=1)
        expected += permuted.sum(axis=0)
        for one in permuted:
            far = np.sort(np.abs(one))
            beyond += d.size - np.searchsorted(far, size * (1 - 1e-9), side="left")
        middle.append(np.quantile(permuted, [0.25, 0.75], axis=1))
    low, high = np.concatenate(middle, axis=1).mean(axis=1)
    null_share = min(1.0, float(np.mean((d > low) & (d < high))) / 0.5)
    n_orders = len(orders)
    rank = np.searchsorted(size, np.abs(d), side="left")
    own = 0 if exact else 1  # the order that was observed is one of all orders, but not of the random ones
    p_values = ((beyond + own * (d.size - np.searchsorted(size, size, side="left"))) / ((n_orders + own) * d.size))[rank]
    called = d.size - np.searchsorted(size, size, side="left")
    rates = np.minimum(null_share * beyond / n_orders / called, 1.0)
    q_values = np.minimum.accumulate(rates)[rank]
    ranked = np.empty(d.size)
    ranked[np.argsort(d, kind="stable")] = expected / n_orders

    def of_all(array: FloatArray) -> FloatArray:
        full = np.full(len(features), np.nan)
        full[tested] = array
        return read_only(full)

    return Sam(
        features=features,
        kind=kind,
        levels=levels,
        n=n,
        n_tests=int(tested.sum()),
        reasons=reasons,
        effects=of_all(effects[0]),
        errors=of_all(errors[0]),
        s0=floor,
        d=of_all(d),
        expected=of_all(ranked),
        p_values=of_all(p_values),
        q_values=of_all(q_values),
        null_share=null_share,
        n_permutations=n_orders,
        exact=exact,
        seed=seed,
    )


class _Slopes:
    """Slopes of features on a direction, and their standard errors.

    A difference of two means is the slope on an indicator of the second group; a mean is the slope on ones.
    """

    def __init__(self, values: FloatArray, direction: FloatArray, df: int) -> None:
        self.values, self.df = values, df
        self.length = float(direction @ direction)
        self.squares = np.einsum("ij,ij->j", values, values)

    def of(self, directions: FloatArray) -> tuple[FloatArray, FloatArray]:
        slopes = directions @ self.values / self.length
        residual = np.maximum(self.squares - slopes**2 * self.length, 0.0)
        return slopes, np.sqrt(residual / (self.df * self.length))


def _direction(groups: Any, kind: str, n: int) -> tuple[FloatArray, tuple[Any, ...]]:
    if kind == "one-class":
        return np.ones(n), ()
    if kind == "quantitative":
        score = numbers(groups, "groups")
        if np.ptp(score) == 0:
            raise ComputeError("RT305", "groups are constant; expected different values")
        return score - score.mean(), ()
    codes, levels = labels(groups, "groups")
    if len(levels) != 2:
        raise ComputeError("RT305", f"groups hold {len(levels)} labels; expected two")
    counts = np.bincount(codes)
    if counts.min() < 2:
        raise ComputeError("RT301", f"the groups have {counts[0]} and {counts[1]} cases; expected at least 2 in each")
    return codes - codes.mean(), levels


def _orders(direction: FloatArray, kind: str, n_permutations: int, seed: int) -> tuple[FloatArray, bool]:
    """Permuted directions, one per row, and whether they are all there are."""
    found = _all_orders(direction, kind, n_permutations)
    if found is not None:
        return found, True
    random = np.random.default_rng(np.random.SeedSequence(seed))
    if kind == "one-class":
        return direction * random.choice([-1.0, 1.0], size=(n_permutations, direction.size)), False
    return random.permuted(np.tile(direction, (n_permutations, 1)), axis=1), False


def _all_orders(direction: FloatArray, kind: str, most: int) -> FloatArray | None:
    from itertools import combinations, permutations, product
    from math import comb, factorial

    n = direction.size
    rows: Iterator[tuple[float, ...]]
    if kind == "one-class":
        if 2**n > most:
            return None
        rows = product((1.0, -1.0), repeat=n)
    elif kind == "two-class":
        high = direction.max()
        n_high = int(np.sum(direction == high))
        if comb(n, n_high) > most:
            return None
        found = np.full((comb(n, n_high), n), direction.min())
        for row, places in enumerate(combinations(range(n), n_high)):
            found[row, list(places)] = high
        return found
    else:
        if factorial(n) > most:
            return None
        rows = permutations(direction.tolist())
    return np.array(list(rows))


def _chosen_floor(effects: FloatArray, errors: FloatArray) -> float:
    """The quantile of the errors (0, 0.05, ... 1) at which the spread of d varies least between hundredths of the errors."""
    if errors.size < LEAST_FEATURES:
        return float(np.quantile(errors, 0.05))
    order = np.argsort(errors, kind="stable")
    parts = np.array_split(order, 100)
    candidates = np.quantile(errors, np.linspace(0, 1, 21))
    variation = []
    for floor in candidates:
        with np.errstate(divide="ignore", invalid="ignore"):
            d = np.nan_to_num(effects / (errors + floor))
        spreads = np.array([np.median(np.abs(d[part] - np.median(d[part]))) for part in parts])
        variation.append(spreads.std(ddof=1) / spreads.mean() if spreads.mean() > 0 else np.inf)
    return float(candidates[int(np.argmin(variation))])
