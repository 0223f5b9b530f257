"""SigClust at every split: down a dendrogram, and between the subtypes of a partition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import labels as checked_labels
from radiotype.stats._inputs import read_only, same_rows, whole_number
from radiotype.stats.multiple_testing import adjust_p_values
from radiotype.subtypes.checks import check_choice
from radiotype.subtypes.null_covariance import COVARIANCES
from radiotype.subtypes.partition import LINKAGES, by_size, labels_of_dendrogram
from radiotype.subtypes.significance import (
    Draw,
    SigClust,
    cohort_table,
    compare,
    keyed_generator,
    sigclust,
    two_means_null,
)
from radiotype.subtypes.two_means import cluster_index

#: Corrected p-values of pairs must be able to get this low.
LEAST_Q = 0.05


@dataclass(frozen=True)
class Split:
    """One split of a dendrogram that was tested.

    Attributes
    ----------
    left, right : array of int
        The cases on either side; the first case is on the left.
    test : SigClust
        The two sides against one Gaussian.
    level : float
        `test.p_value_gaussian` must be below it.
    significant : bool
        Whether it is; the sides are then tested in their turn.
    """

    left: np.ndarray
    right: np.ndarray
    test: SigClust
    level: float
    significant: bool


@dataclass(frozen=True)
class SplitTests:
    """The splits of a dendrogram that were tested, and the partition they leave.

    Attributes
    ----------
    splits : tuple of Split
        From the top down; below a split that is not significant nothing is tested.
    labels : array of int, shape (n_cases,)
        Clusters that no significant split divides, numbered by falling size.
    """

    splits: tuple[Split, ...]
    labels: np.ndarray


@dataclass(frozen=True)
class PairTests:
    """Every two subtypes of a partition against one Gaussian.

    Attributes
    ----------
    pairs : tuple of pairs of labels
        In the order of the arrays.
    cluster_index, p_value, p_value_gaussian : array, shape (n_pairs,)
        As in `SigClust`.
    q_value : array, shape (n_pairs,)
        `p_value`, corrected for the number of pairs.
    """

    pairs: tuple[tuple[object, object], ...]
    cluster_index: np.ndarray
    p_value: np.ndarray
    p_value_gaussian: np.ndarray
    q_value: np.ndarray


def sigclust_tree(
    X: ArrayLike,
    *,
    linkage: str = "ward",
    dendrogram: np.ndarray | None = None,
    alpha: float = 0.05,
    family_wise: bool = True,
    covariance: str = "soft",
    n_simulations: int = 200,
    min_cases: int = 10,
    seed: int = 0,
) -> SplitTests:
    """How far down a dendrogram the splits are better than those of one Gaussian cohort.

    Each simulated cohort is clustered with the same linkage and cut in two, so a linkage that finds poor splits is not held
    against the cohort, nor one that finds good splits everywhere for it.

    Parameters
    ----------
    X : array, shape (n_cases, n_features)
        Feature values on comparable scales.
    linkage : {"average", "complete", "single", "ward"}
        Linkage of the dendrogram, of Euclidean distances.
    dendrogram : array, shape (n_cases - 1, 2 or more), optional
        Another dendrogram of the same cases, in the form of `scipy.cluster.hierarchy.linkage`, such as that of one minus a
        consensus. Its splits are compared with the best two clusters of least squares, which splits of other measures
        hardly reach: fewer splits are found.
    alpha : float
        Chance of a false split that is accepted.
    family_wise : bool
        Whether that is the chance of any false split (a split of n of the N cases is tested at alpha (n - 1) / (N - 1)), or of
        each.
    covariance : {"soft", "hard", "sample"}
        As in `sigclust`.
    n_simulations : int
        Simulated cohorts per split. The decision uses `p_value_gaussian`, which they estimate below 1 / n_simulations too.
    min_cases : int
        Smaller clusters are not tested; at least 3.
    seed : int
        Same seed, same bytes.

    Returns
    -------
    SplitTests

    Raises
    ------
    ComputeError
        RT301 with fewer than 3 cases; RT305 if a value is not finite, all cases are equal, or `dendrogram` is of others.
    RecipeError
        RT103 if a setting has a value that is not allowed.

    References
    ----------
    Kimes et al., Biometrics 73 (2017) 811-821. Meinshausen, Biometrika 95 (2008) 265-278.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> X = np.repeat([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 9.0, 0.0]], 20, axis=0) + generator.normal(size=(60, 3))
    >>> tests = sigclust_tree(X)
    >>> [(len(split.left), len(split.right), split.significant) for split in tests.splits[:2]]
    [(40, 20, True), (20, 20, True)]
    >>> tests.labels[[0, 20, 40]]
    array([0, 1, 2])
    """
    values = cohort_table(X)
    check_choice("linkage", linkage, LINKAGES)
    check_choice("covariance", covariance, COVARIANCES)
    least = whole_number("min_cases", min_cases, 3)
    simulations = whole_number("n_simulations", n_simulations, 2)
    start = whole_number("seed", seed, 0)
    if isinstance(alpha, bool) or not 0 < alpha < 1:
        raise RecipeError("RT103", f"alpha={alpha!r} is not between 0 and 1")
    merges = _merges(values, linkage) if dendrogram is None else _checked_merges(dendrogram, len(values))
    members = _members(merges)

    splits: list[Split] = []
    clusters = np.zeros(len(values), dtype=np.int64)
    waiting = [len(members) - 1]
    while waiting:
        node = waiting.pop(0)
        children = sorted(merges[node - len(values)], key=lambda child: int(members[child].min()))
        left, right = (members[child] for child in children)
        whole, side = np.concatenate([left, right]), np.repeat([0, 1], [len(left), len(right)])
        if len(whole) < least or np.all(values[whole] == values[whole[0]]):
            continue
        null = partial(_linkage_null, len(whole), linkage) if dendrogram is None else two_means_null(len(whole))
        test = compare(
            values[whole],
            cluster_index(values[whole], side),
            side,
            null,
            covariance=covariance,
            n_simulations=simulations,
            stream=partial(keyed_generator, start, node),
        )
        level = alpha * (len(whole) - 1) / (len(values) - 1) if family_wise else alpha
        significant = test.p_value_gaussian < level
        splits.append(Split(read_only(left), read_only(right), test, level, significant))
        if significant:
            clusters[right] = clusters.max() + 1
            waiting += [child for child in children if len(members[child]) > 1]
    return SplitTests(tuple(splits), read_only(by_size(clusters)))


def sigclust_pairs(
    X: ArrayLike,
    labels: ArrayLike,
    *,
    covariance: str = "soft",
    n_simulations: int = 1000,
    correction: str = "holm",
    seed: int = 0,
) -> PairTests:
    """How far apart every two subtypes of a partition are, beside the two halves of one Gaussian.

    This is no evidence that there are groups: the partition is taken as given, and the null does not know that it was chosen to
    part the cases. Where one Gaussian with a few long directions is cut into three or more pieces by a clustering, some pair is
    nearly always "significant", since outer pieces lie further apart than two halves. Evidence is what `sigclust_tree` gives.

    Parameters
    ----------
    X : array, shape (n_cases, n_features)
        Feature values on comparable scales.
    labels : array, shape (n_cases,)
        Two subtypes or more, together at least 3 cases in each pair.
    covariance, seed
        As in `sigclust`.
    n_simulations : int
        As in `sigclust`; so many that a `q_value` of 0.05 can be reached, with Holm 20 per pair.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        As in `radiotype.stats.adjust_p_values`.

    Returns
    -------
    PairTests

    Raises
    ------
    ComputeError
        As `sigclust`; RT305 if there is one subtype only.
    RecipeError
        RT103 if a setting has a value that is not allowed, or `n_simulations` is too small.

    References
    ----------
    As `sigclust`.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> X = np.repeat([[0.0, 0.0], [9.0, 0.0]], 20, axis=0) + generator.normal(size=(40, 2))
    >>> tests = sigclust_pairs(X, ["A"] * 20 + ["B"] * 10 + ["C"] * 10, n_simulations=99)
    >>> [pair for pair, q in zip(tests.pairs, tests.q_value) if q < 0.05]
    [('A', 'B'), ('A', 'C')]
    """
    values = cohort_table(X)
    same_rows({"X": X, "labels": labels})
    codes, levels = checked_labels(labels, "labels")
    if len(levels) < 2:
        raise ComputeError("RT305", "labels hold one group; expected two or more")
    start = whole_number("seed", seed, 0)
    simulations = whole_number("n_simulations", n_simulations, 2)
    settings: dict[str, Any] = {"covariance": covariance, "n_simulations": simulations}
    numbers = list(combinations(range(len(levels)), 2))
    least = adjust_p_values(np.full(len(numbers), 1 / (simulations + 1)), correction=correction).min()
    if least > LEAST_Q * (1 + 1e-9):
        found = f"with n_simulations={simulations} no q_value of {len(numbers)} pairs can fall below {least:.2g}"
        raise RecipeError("RT103", found, hint=f"give more simulations; with Holm {round(len(numbers) / LEAST_Q) - 1} or more")
    tests = []
    for place, pair in enumerate(numbers):
        both = np.isin(codes, pair)
        own = int(np.random.SeedSequence(start, spawn_key=(place,)).generate_state(1)[0])
        tests.append(sigclust(values[both], labels=codes[both], seed=own, **settings))
    p_value = np.array([test.p_value for test in tests])
    return PairTests(
        tuple((levels[one], levels[other]) for one, other in numbers),
        read_only([test.cluster_index for test in tests]),
        read_only(p_value),
        read_only([test.p_value_gaussian for test in tests]),
        adjust_p_values(p_value, correction=correction),
    )


def _linkage_null(n_cases: int, linkage: str, variances: np.ndarray) -> Draw:
    """Cluster index of the two clusters of a linkage in a simulated cohort."""
    scale = np.sqrt(variances)

    def draw(generator: np.random.Generator) -> float:
        cohort = generator.standard_normal((n_cases, len(scale))) * scale
        return cluster_index(cohort, labels_of_dendrogram(_merges(cohort, linkage), 2))

    return draw


def _merges(values: np.ndarray, linkage: str) -> np.ndarray:
    from scipy.cluster.hierarchy import linkage as scipy_linkage

    return scipy_linkage(values, method=linkage)[:, :2].astype(np.int64)


def _checked_merges(dendrogram: np.ndarray, n_cases: int) -> np.ndarray:
    array = np.asarray(dendrogram)
    if array.ndim == 2 and array.shape[0] == n_cases - 1 and array.shape[1] >= 2 and array.dtype.kind in "iuf":
        merges = array[:, :2]
        each_once = np.array_equal(np.sort(merges, axis=None), np.arange(2 * n_cases - 2))
        if each_once and np.all(merges < n_cases + np.arange(n_cases - 1)[:, None]):
            return merges.astype(np.int64)
    raise ComputeError(
        "RT305",
        f"the dendrogram of shape {array.shape} is none of {n_cases} cases",
        hint="give what scipy.cluster.hierarchy.linkage returned for the same cases",
    )


def _members(merges: np.ndarray) -> list[np.ndarray]:
    """The cases below each node: the cases themselves, then the merges in their order."""
    members = [np.array([case]) for case in range(len(merges) + 1)]
    for one, other in merges:
        members.append(np.sort(np.concatenate([members[one], members[other]])))
    return members
