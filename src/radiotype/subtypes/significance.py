"""SigClust: are two clusters further apart than two halves of one Gaussian cohort?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError
from radiotype.stats._inputs import labels as checked_labels
from radiotype.stats._inputs import read_only, same_rows, whole_number
from radiotype.subtypes.checks import check_choice, finite_table
from radiotype.subtypes.null_covariance import (
    COVARIANCES,
    background_variance,
    covariance_eigenvalues,
    noise_variance,
    null_eigenvalues,
)
from radiotype.subtypes.two_means import TwoMeans, cluster_index

Draw = Callable[[np.random.Generator], float]
Null = Callable[[np.ndarray], Draw]

N_STARTS = 10


@dataclass(frozen=True)
class SigClust:
    """Two clusters against one Gaussian.

    Attributes
    ----------
    p_value : float
        (1 + null cluster indices that are as low) / (1 + simulations), so it never falls below 1 / (1 + simulations).
    p_value_gaussian : float
        From a normal distribution with mean and standard deviation of the null cluster indices; tells small values apart.
    cluster_index : float
        Sum of squares within the clusters over the total, in [0, 1]; low is well apart.
    labels : array of int, shape (n_cases,)
        The two clusters, 0 and 1; 0 is that of the first case.
    eigenvalues : array, shape (n_features,)
        Of the sample covariance, falling.
    background_variance : float
        Variance of the noise.
    null_eigenvalues : array, shape (n_features,)
        Variances of the Gaussian, falling.
    null_cluster_indices : array, shape (n_simulations,)
        Cluster index of the best two clusters of each simulated cohort.
    """

    p_value: float
    p_value_gaussian: float
    cluster_index: float
    labels: np.ndarray
    eigenvalues: np.ndarray
    background_variance: float
    null_eigenvalues: np.ndarray
    null_cluster_indices: np.ndarray


def sigclust(
    X: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    covariance: str = "soft",
    n_simulations: int = 1000,
    n_starts: int = N_STARTS,
    like_r: bool = False,
    seed: int = 0,
) -> SigClust:
    """Probability that a cohort without clusters, one Gaussian, splits into two as well as this one does.

    A small p-value says that the cohort is not one Gaussian, not that it has exactly two clusters, nor that these are useful:
    skewed features give small p-values too. Columns should be on one scale, and none should follow from others: otherwise no
    noise is found, and the test misses groups as "sample" does.

    Parameters
    ----------
    X : array, shape (n_cases, n_features)
        Feature values, at least 3 cases.
    labels : array, shape (n_cases,), optional
        Two clusters found in another way on the same cases. Without them the best two of least squares are tested.
    covariance : {"soft", "hard", "sample"}
        How the variances of the Gaussian are estimated: "sample" as they are found; "hard" with none below the noise; "soft"
        with the large ones lowered in turn. "sample" misses most groups, "hard" may find too many.
    n_simulations : int
        Simulated cohorts.
    n_starts : int
        Random starts of the search for two clusters, in the cohort and in every simulated one.
    like_r : bool
        Follow R's sigclust 1.1.0.1: the noise from single entries, its soft threshold, one start only in simulated cohorts, and
        p-values that may be 0. Where features are correlated or have offsets it finds groups in most cohorts without any.
    seed : int
        Same seed, same bytes. Simulation r depends on the seed and on r alone.

    Returns
    -------
    SigClust

    Raises
    ------
    ComputeError
        RT301 with fewer than 3 cases; RT305 if a value is not finite, all cases are equal, or `labels` are not two groups.
    RecipeError
        RT103 if a setting has a value that is not allowed.

    References
    ----------
    Liu et al., J Am Stat Assoc 103 (2008) 1281-1293. Huang et al., J Comput Graph Stat 24 (2015) 975-993.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> cohort = generator.normal(size=(60, 5))
    >>> bool(sigclust(cohort, n_simulations=99).p_value > 0.05)
    True
    >>> cohort[:30] += 4
    >>> sigclust(cohort, n_simulations=99).p_value
    0.01
    """
    values = cohort_table(X)
    check_choice("covariance", covariance, COVARIANCES)
    simulations = whole_number("n_simulations", n_simulations, 2)
    starts = whole_number("n_starts", n_starts, 1)
    stream = partial(keyed_generator, whole_number("seed", seed, 0))
    n_cases, n_features = values.shape
    if labels is None:
        search = TwoMeans(n_cases, n_features, starts)
        index, groups = search(values, np.ones(n_features), stream(0)), search.labels.astype(np.int64)
    else:
        groups = _two_groups(labels, X)
        index = cluster_index(values, groups)
    null = two_means_null(n_cases, 1 if like_r else starts)
    return compare(values, index, groups, null, covariance=covariance, n_simulations=simulations, stream=stream, like_r=like_r)


def cohort_table(X: ArrayLike) -> np.ndarray:
    """The cases as finite floats whose squares are floats too."""
    values = finite_table(X, least_cases=3)
    with np.errstate(over="ignore"):
        spread = np.ptp(values, axis=0).max()
    if not 1e-100 < spread < 1e100:
        raise ComputeError(
            "RT305", f"the features spread over {spread:g}; their squares are no floats", hint="choose another unit"
        )
    return values


def keyed_generator(seed: int, *key: int) -> np.random.Generator:
    """Random numbers that depend on the seed and the key alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def two_means_null(n_cases: int, n_starts: int = N_STARTS) -> Null:
    """Cluster index of the best two clusters of least squares in a simulated cohort."""

    def of(variances: np.ndarray) -> Draw:
        fit, scale = TwoMeans(n_cases, len(variances), n_starts), np.sqrt(variances)
        return lambda generator: fit(generator.standard_normal((n_cases, len(scale))), scale, generator)

    return of


def compare(
    values: np.ndarray,
    index: float,
    labels: np.ndarray,
    null: Null,
    *,
    covariance: str,
    n_simulations: int,
    stream: Callable[..., np.random.Generator],
    like_r: bool = False,
) -> SigClust:
    """Compare a cluster index with those of simulated cohorts.

    `null` takes variances above zero and returns what simulates and clusters a cohort; `stream` gives the generator of a key.
    """
    from scipy.stats import norm

    eigenvalues = covariance_eigenvalues(values)
    background = background_variance(values) if like_r else noise_variance(values)
    variances = null_eigenvalues(eigenvalues, background, covariance, like_r=like_r)
    draw = null(variances[variances > 0])
    simulated = np.array([draw(stream(1, simulation)) for simulation in range(n_simulations)])
    as_low = int(np.count_nonzero(simulated <= index))
    return SigClust(
        p_value=as_low / n_simulations if like_r else (1 + as_low) / (1 + n_simulations),
        p_value_gaussian=float(norm.cdf(index, simulated.mean(), simulated.std(ddof=1))),
        cluster_index=index,
        labels=read_only(labels if labels[0] == 0 else 1 - labels),
        eigenvalues=read_only(eigenvalues),
        background_variance=background,
        null_eigenvalues=read_only(variances),
        null_cluster_indices=read_only(simulated),
    )


def _two_groups(labels: ArrayLike, X: ArrayLike) -> np.ndarray:
    same_rows({"X": X, "labels": labels})
    codes, levels = checked_labels(labels, "labels")
    if len(levels) != 2:
        raise ComputeError(
            "RT305",
            f"labels hold {len(levels)} groups; expected two",
            hint="test the pairs of a partition with sigclust_pairs",
        )
    return codes.astype(np.int64)
