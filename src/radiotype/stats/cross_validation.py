"""How well a Cox model orders cases it has not seen: repeated cross-validation of Harrell's C."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._fit import LEAST_EVENTS, fit_cox
from radiotype.stats._inputs import (
    FloatArray,
    choice,
    confidence_level,
    design_matrix,
    labels,
    read_only,
    same_rows,
    survival_times,
    whole_number,
)
from radiotype.stats.concordance import count_pairs, limits_of_index
from radiotype.stats.cox import TIES
from radiotype.stats.findings import Finding
from radiotype.stats.risk_score import DECIMALS


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossValidatedConcordance(Finding):
    """`effect` is the mean C over the repeats, `repeats` holds each; `apparent` is the C of the model on its own cases.

    The interval has the mean jackknife error of a repeat: how far C would vary from one set of patients to another. That of
    the repeats alone says only how far it depends on the split.
    """

    events: int
    n_patients: int
    n_folds: int
    n_repeats: int
    seed: int
    apparent: float
    repeats: FloatArray
    standard_error: float


def cross_validated_concordance(
    time: ArrayLike,
    event: ArrayLike,
    X: Any,
    *,
    patient: ArrayLike | None = None,
    n_folds: int = 5,
    n_repeats: int = 100,
    seed: int = 0,
    ties: str = "efron",
    least_events: float = LEAST_EVENTS,
    confidence: float = 0.95,
) -> CrossValidatedConcordance:
    """Harrell's C of a Cox model for cases left out of its fit.

    The patients are dealt into folds with about equal numbers of events; each fold is predicted by a model of the others.
    Pairs are compared within a fold only, because two models have two scales.

    Parameters
    ----------
    time, event, X, ties
        As in `cox`. Whatever chose these covariates must not have seen the outcome, or C flatters all the same.
    patient : array, shape (n_cases,), optional
        Cases that share a label are never split; by default each case is a patient.
    n_folds, n_repeats : int
        Folds of each repeat, and repeats with another split.
    seed : int
        Of the splits; repeat r depends on `seed` and r only.
    least_events : float
        Fewest events per covariate in each fit.
    confidence : float
        Level of the interval.

    Returns
    -------
    CrossValidatedConcordance
        Mean C with its interval, and p of one half.

    Raises
    ------
    ComputeError
        RT301 with fewer patients than folds; RT302 if a fold has no pair to compare; as in `cox` if a fit does not exist.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Harrell, Lee & Mark, Stat Med 15 (1996) 361-387.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> size = random.normal(size=(90, 1))
    >>> time = random.exponential(np.exp(-size[:, 0]))
    >>> found = cross_validated_concordance(time, np.ones(90), size, n_repeats=5)
    >>> round(found.effect, 2), found.repeats.size
    (0.75, 5)
    """
    choice("ties", ties, TIES)
    level = confidence_level(confidence)
    n_folds, n_repeats = whole_number("n_folds", n_folds, 2), whole_number("n_repeats", n_repeats, 1)
    seed = whole_number("seed", seed, 0)
    inputs = {"time": time, "event": event, "X": X}
    n = same_rows(inputs if patient is None else {**inputs, "patient": patient})
    times, events = survival_times(time, event)
    matrix, columns = design_matrix(X, None)
    patients = np.arange(n) if patient is None else labels(patient, "patient")[0]
    n_patients = int(patients.max()) + 1
    if n_patients < n_folds:
        raise ComputeError("RT301", f"there are {n_patients} patients for {n_folds} folds; expected at least as many patients")
    had_event = np.bincount(patients, weights=events, minlength=n_patients) > 0

    def scores(train: NDArray[np.bool_], test: NDArray[np.bool_]) -> FloatArray:
        one = np.zeros(int(train.sum()), dtype=np.intp)
        fit = fit_cox(times[train], events[train], matrix[train], one, columns, ties=ties, least_events=least_events)
        predicted: FloatArray = (matrix[test] @ fit.coefficients).round(DECIMALS)
        return predicted

    everybody = np.ones(n, dtype=bool)
    apparent = _index(times, events, scores(everybody, everybody), np.zeros(n, dtype=np.intp))[0]
    found = []
    for repeat in range(n_repeats):
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(repeat,)))
        folds = deal_folds(had_event, n_folds, random)[patients]
        risk = np.empty(n)
        for fold in range(n_folds):
            test = folds == fold
            try:
                risk[test] = scores(~test, test)
            except ComputeError as reason:
                where = f"repeat {repeat + 1}, fold {fold + 1}: {reason.found}"
                raise ComputeError(reason.code, where, hint="use fewer covariates, or more folds") from reason
        found.append(_index(times, events, risk, folds))
    indices, errors = (np.array(column) for column in zip(*found, strict=True))
    c_index, error = float(indices.mean()), float(errors.mean())
    lower, upper, p_value = limits_of_index(c_index, error, level)
    return CrossValidatedConcordance(
        measure="Harrell's C, cross-validated",
        n=n,
        events=int(events.sum()),
        effect=c_index,
        lower=lower,
        upper=upper,
        confidence=level,
        p_value=p_value,
        q_value=p_value,
        n_patients=n_patients,
        n_folds=n_folds,
        n_repeats=n_repeats,
        seed=seed,
        apparent=apparent,
        repeats=read_only(indices),
        standard_error=error,
    )


def deal_folds(kind: NDArray[Any], n_folds: int, random: np.random.Generator) -> NDArray[np.intp]:
    """Fold of each patient: each kind (with an event or without, or a class) is dealt in turn, in random order."""
    order = random.permutation(kind.size)
    order = order[np.argsort(~kind[order], kind="stable")]
    folds = np.empty(kind.size, dtype=np.intp)
    folds[order] = np.arange(kind.size) % n_folds
    return folds


def _index(times: FloatArray, events: NDArray[np.bool_], risk: FloatArray, folds: NDArray[np.intp]) -> tuple[float, float]:
    """C over the pairs within folds, and its error."""
    pairs = count_pairs(times, events, risk, folds)
    if not pairs.total:
        raise ComputeError("RT302", "no two cases of a fold can be compared", hint="use fewer folds")
    return pairs.index, pairs.standard_error()
