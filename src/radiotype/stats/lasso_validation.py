"""Choice of lambda: cross-validation of the penalised Cox model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from radiotype.errors import ComputeError, counted
from radiotype.stats._inputs import FloatArray, choice, labels, read_only, same_rows, whole_number
from radiotype.stats._lasso_path import fit_path, saturated_value, value_at
from radiotype.stats._partial_likelihood import IntArray, RiskSets, risk_sets
from radiotype.stats.concordance import count_pairs
from radiotype.stats.coxnet import CoxLasso, checked_data
from radiotype.stats.cross_validation import deal_folds
from radiotype.stats.risk_score import DECIMALS

MEASURES = ("deviance", "deviance_ungrouped", "concordance")

LEAST_EVENTS_OF_A_FOLD = 2


@dataclass(frozen=True, eq=False)
class LassoValidation:
    """How well each lambda of a path does for cases left out; arrays have shape (n_lambdas,).

    `mean` and `standard_error` are over the folds: of the deviance per event, weighted by events, or of Harrell's C, weighted
    by cases. `lambda_min` is the best lambda, `lambda_1se` the largest within one standard error of it. `model` is fitted on
    all cases.
    """

    measure: str
    n: int
    events: int
    n_folds: int
    lambdas: FloatArray
    mean: FloatArray
    standard_error: FloatArray
    n_nonzero: NDArray[np.intp]
    lambda_min: float
    lambda_1se: float
    folds: NDArray[np.intp]  # (n_cases,) from 0
    model: CoxLasso


def cross_validated_lasso(
    model: CoxLasso,
    X: Any,
    time: ArrayLike,
    event: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    measure: str = "deviance",
    n_folds: int = 10,
    patient: ArrayLike | None = None,
    folds: ArrayLike | None = None,
    seed: int = 0,
) -> LassoValidation:
    """Cross-validated deviance or C for each lambda of a penalised Cox model, as `cv.glmnet` computes it.

    Each fold is left out of a path of its own, whose coefficients are interpolated at the lambdas of the path of all cases.

    Parameters
    ----------
    model : CoxLasso
        Its settings; it is not changed.
    X, time, event, strata
        As in `CoxLasso.fit`.
    measure : str
        "deviance": that of all cases less that of those in the fit (Verweij & Van Houwelingen), so small folds will do;
        "deviance_ungrouped": that of the cases left out; "concordance": Harrell's C of the cases left out.
    n_folds : int
        The patients are dealt into folds with about equal numbers of events.
    patient : array, shape (n_cases,), optional
        Cases that share a label are never split; by default each case is a patient.
    folds : array, shape (n_cases,), optional
        The fold of each case, instead of dealing.
    seed : int
        Of the dealing.

    Returns
    -------
    LassoValidation
        `lambda_min`, `lambda_1se`, the curve, and the model fitted on all cases.

    Raises
    ------
    ComputeError
        RT301 with fewer patients than folds; RT302 if a fold has fewer than two events, or no pair to compare; RT305 if `folds`
        splits a patient; as in `CoxLasso.fit`.
    RecipeError
        RT103 if a setting is not allowed.

    References
    ----------
    Verweij & Van Houwelingen, Stat Med 12 (1993) 2305-2314. Van Houwelingen et al., Stat Med 25 (2006) 3201-3216. Simon et
    al., J Stat Softw 39(5) (2011).

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> X = random.normal(size=(100, 30))
    >>> time = random.exponential(np.exp(-X[:, 0] + X[:, 1]))
    >>> found = cross_validated_lasso(CoxLasso(), X, time, np.ones(100), n_folds=5)
    >>> found.lambda_min < found.lambda_1se
    True
    >>> np.flatnonzero(found.model.coefficients_at(found.lambda_1se)).tolist()
    [0, 1]
    """
    choice("measure", measure, MEASURES)
    inputs = {"X": X, "patient": patient, "folds": folds}
    n = same_rows({name: values for name, values in inputs.items() if values is not None})
    times, events, matrix, blocks, _ = checked_data(X, time, event, strata)
    fold_of = _folds(events, n, patient, folds, n_folds, seed)
    fitted: CoxLasso = clone(model).fit(X, time, event, strata=strata)
    settings, lambdas = model.path_settings(matrix.shape[1]), fitted.lambdas_
    n_found = int(fold_of.max()) + 1
    had, scores = np.bincount(fold_of, weights=events, minlength=n_found), np.empty((n_found, lambdas.size))
    everybody = risk_sets(times, events, blocks, settings.ties)
    for fold in range(n_found):
        test = fold_of == fold
        train = ~test
        try:
            path = fit_path(times[train], events[train], matrix[train], blocks[train], settings)
        except ComputeError as reason:
            raise ComputeError(reason.code, f"fold {fold + 1}: {reason.found}", hint=reason.hint) from reason
        predictors = path.at(lambdas) @ matrix.T
        if measure == "concordance":
            scores[fold] = [_index(times[test], events[test], one[test], blocks[test], fold) for one in predictors]
        elif measure == "deviance":
            part = risk_sets(times[train], events[train], blocks[train], settings.ties)
            scores[fold] = (_deviance(everybody, predictors) - _deviance(part, predictors[:, train])) / had[fold]
        else:
            part = risk_sets(times[test], events[test], blocks[test], settings.ties)
            scores[fold] = _deviance(part, predictors[:, test]) / had[fold]
    weight = np.bincount(fold_of) if measure == "concordance" else had
    mean = np.average(scores, axis=0, weights=weight)
    error = np.sqrt(np.average((scores - mean) ** 2, axis=0, weights=weight) / (n_found - 1))
    loss = -mean if measure == "concordance" else mean
    best = int(np.argmin(loss))  # of equal ones the largest lambda
    within = loss <= loss[best] + error[best]
    return LassoValidation(
        measure=measure,
        n=n,
        events=int(events.sum()),
        n_folds=n_found,
        lambdas=read_only(lambdas),
        mean=read_only(mean),
        standard_error=read_only(error),
        n_nonzero=read_only((fitted.coefficients_ != 0).sum(axis=1)),
        lambda_min=float(lambdas[best]),
        lambda_1se=float(lambdas[np.argmax(within)]),
        folds=read_only(fold_of),
        model=fitted,
    )


def _folds(
    events: NDArray[np.bool_], n: int, patient: ArrayLike | None, folds: ArrayLike | None, n_folds: int, seed: int
) -> IntArray:
    """Fold of each case, from 0."""
    patients = np.arange(n) if patient is None else labels(patient, "patient")[0]
    n_patients = int(patients.max()) + 1
    if folds is None:
        n_folds, seed = whole_number("n_folds", n_folds, 2), whole_number("seed", seed, 0)
        if n_patients < n_folds:
            raise ComputeError(
                "RT301", f"there are {n_patients} patients for {n_folds} folds; expected at least as many patients"
            )
        had_event = np.bincount(patients, weights=events, minlength=n_patients) > 0
        found = deal_folds(had_event, n_folds, np.random.default_rng(np.random.SeedSequence(seed)))[patients]
    else:
        found = labels(folds, "folds")[0]
        if found.max() == 0:
            raise ComputeError("RT305", "folds has one label only; expected two or more")
        split = np.unique(np.column_stack([patients, found]), axis=0).shape[0] - n_patients
        if split:
            raise ComputeError("RT305", f"folds splits {split} patients", hint="give all cases of a patient the same fold")
    had = np.bincount(found, weights=events)
    if had.min() < LEAST_EVENTS_OF_A_FOLD:
        least = counted(int(had.min()), "event")
        where = f"fold {int(had.argmin()) + 1} has {least}; expected at least {LEAST_EVENTS_OF_A_FOLD} in each"
        raise ComputeError("RT302", where, hint="use fewer folds")
    return np.asarray(found, dtype=np.intp)


def _deviance(sets: RiskSets, predictors: FloatArray) -> FloatArray:
    """Twice what the log-likelihood of each predictor (n_lambdas, n_cases) lacks of the saturated one."""
    full = saturated_value(sets)
    return np.array([2 * (full - value_at(sets, one[sets.order])) for one in predictors])


def _index(times: FloatArray, events: NDArray[np.bool_], risk: FloatArray, blocks: IntArray, fold: int) -> float:
    pairs = count_pairs(times, events, risk.round(DECIMALS), blocks)
    if not pairs.total:
        raise ComputeError("RT302", f"fold {fold + 1}: no two cases can be compared", hint="use fewer folds")
    return pairs.index
