"""Which covariates a penalised Cox model picks again and again in halves of the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError, RecipeError, counted
from radiotype.stats._inputs import FloatArray, labels, read_only, same_rows, whole_number
from radiotype.stats._lasso_path import fit_path
from radiotype.stats._partial_likelihood import IntArray
from radiotype.stats.coxnet import CoxLasso, checked_data, share
from radiotype.stats.cross_validation import deal_folds


@dataclass(frozen=True, eq=False)
class StabilitySelection:
    """Share of the halves in which each covariate is picked, and bounds of the expected number of false selections.

    `probabilities` has shape (n_covariates,) and the order of `names`; a covariate is selected where it reaches `threshold`.
    `mean_picked` is how many a half picks. `false_bound` holds if the noise covariates are exchangeable and picking is no worse
    than guessing (Meinshausen & Buhlmann). `unimodal_bound` is of the selected covariates that a half picks no more often than
    the average covariate, and holds if the shares over pairs have one mode (Shah & Samworth).
    """

    names: tuple[str, ...]
    n: int
    events: int
    n_pairs: int
    seed: int
    threshold: float
    n_picked: int
    mean_picked: float
    probabilities: FloatArray
    selected: tuple[str, ...]
    false_bound: float
    unimodal_bound: float


def stability_selection(
    model: CoxLasso,
    X: Any,
    time: ArrayLike,
    event: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    n_picked: int = 10,
    threshold: float = 0.75,
    n_pairs: int = 50,
    patient: ArrayLike | None = None,
    seed: int = 0,
) -> StabilitySelection:
    """How often each covariate is among the first to enter the path, over random halves of the patients.

    Halves come in complementary pairs, each with half of the patients that had an event.

    Parameters
    ----------
    model : CoxLasso
        Its settings; `l1_ratio` above 0.
    X, time, event, strata
        As in `CoxLasso.fit`.
    n_picked : int
        Covariates that a half picks: the first to enter its path.
    threshold : float
        Share of the halves from which a covariate is selected, above 0.5.
    n_pairs : int
        Pairs of halves.
    patient : array, shape (n_cases,), optional
        Cases that share a label stay together; by default each case is a patient.
    seed : int
        Of the halves; pair r depends on `seed` and r only.

    Returns
    -------
    StabilitySelection

    Raises
    ------
    ComputeError
        As in `CoxLasso.fit`; RT302 if a half would have fewer than two events.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Meinshausen & Buhlmann, J R Stat Soc B 72 (2010) 417-473, theorem 1. Shah & Samworth, J R Stat Soc B 75 (2013) 55-80,
    theorem 2.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> X = random.normal(size=(100, 30))
    >>> time = random.exponential(np.exp(-X[:, 0] + X[:, 1]))
    >>> found = stability_selection(CoxLasso(), X, time, np.ones(100), n_picked=3, n_pairs=10)
    >>> found.selected, round(found.false_bound, 2)
    (('x1', 'x2'), 0.6)
    """
    n_pairs, seed = whole_number("n_pairs", n_pairs, 1), whole_number("seed", seed, 0)
    threshold = share("threshold", threshold, 0.0, 1.0)
    least = 0.5 + 1 / (2 * n_pairs)
    if not threshold > least:
        raise RecipeError("RT103", f"threshold is {threshold:g}; expected above {least:g} with {n_pairs} pairs")
    if model.l1_ratio == 0:
        raise RecipeError("RT103", "l1_ratio is 0, which keeps every covariate; expected above 0")
    if patient is not None:
        same_rows({"X": X, "patient": patient})
    times, events, matrix, blocks, names = checked_data(X, time, event, strata)
    settings = model.path_settings(len(names))
    n_picked = whole_number("n_picked", n_picked, 1)
    if n_picked >= len(names):
        raise RecipeError("RT103", f"n_picked is {n_picked} of {len(names)} covariates; expected fewer than there are")
    patients = np.arange(times.size) if patient is None else labels(patient, "patient")[0]
    had_event = np.bincount(patients, weights=events) > 0
    if had_event.sum() < 4:
        had = counted(int(had_event.sum()), "patient")
        raise ComputeError("RT302", f"{had} had an event; expected at least 4, two in each half")
    counts = np.zeros(len(names))
    for pair in range(n_pairs):
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(pair,)))
        half = deal_folds(had_event, 2, random)[patients]
        for side in (0, 1):
            rows = half == side
            try:
                path = fit_path(times[rows], events[rows], matrix[rows], blocks[rows], settings, most_nonzero=n_picked)
            except ComputeError as reason:
                raise ComputeError(reason.code, f"pair {pair + 1}: {reason.found}", hint=reason.hint) from reason
            counts[_first(path.coefficients * matrix.std(axis=0), n_picked)] += 1
    probabilities = counts / (2 * n_pairs)
    mean = float(probabilities.sum())
    return StabilitySelection(
        names=names,
        n=times.size,
        events=int(events.sum()),
        n_pairs=n_pairs,
        seed=seed,
        threshold=threshold,
        n_picked=n_picked,
        mean_picked=mean,
        probabilities=read_only(probabilities),
        selected=tuple(name for name, p in zip(names, probabilities, strict=True) if p >= threshold),
        false_bound=mean**2 / ((2 * threshold - 1) * len(names)),
        unimodal_bound=unimodal_factor(threshold, n_pairs, mean / len(names)) * mean**2 / len(names),
    )


def unimodal_factor(threshold: float, n_pairs: int, chance: float) -> float:
    """C of theorem 2 of Shah & Samworth where it holds, else of theorem 1; `chance` is the mean probability of a pick."""
    if threshold > 0.75:
        return 4 * (1 - threshold + 1 / (2 * n_pairs)) / (1 + 1 / n_pairs)
    if threshold > min(0.5 + chance**2, 0.5 + 1 / (2 * n_pairs) + 0.75 * chance**2):
        return 1 / (2 * (2 * threshold - 1 - 1 / (2 * n_pairs)))
    return 1 / (2 * threshold - 1)


def _first(coefficients: FloatArray, n_picked: int) -> IntArray:
    """Columns of the first covariates to enter a path (n_lambdas, n_covariates); of those that enter together, the largest."""
    nonzero = coefficients != 0
    when = np.where(nonzero.any(axis=0), nonzero.argmax(axis=0), len(nonzero))
    size = np.abs(coefficients[np.minimum(when, len(nonzero) - 1), np.arange(when.size)])
    order = np.lexsort((-size, when))[:n_picked]
    return order[when[order] < len(nonzero)]
