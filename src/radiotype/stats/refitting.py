"""Predictions of cases that no step of the model has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from radiotype.errors import ComputeError, RadiotypeError, RecipeError
from radiotype.stats._inputs import choice, labels, read_only, same_rows, whole_number
from radiotype.stats.combat import ComBat
from radiotype.stats.cross_validation import deal_folds
from radiotype.stats.leakage import check_split

METHODS = ("predict", "predict_proba", "decision_function")


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """What a model says of each case when neither it nor any step before it has seen the case's patient.

    Attributes
    ----------
    predictions : array, shape (n_cases, ...)
        As `method` of the estimator gives them.
    folds : array of int, shape (n_cases,)
        The fold in which each case was left out.
    n_patients, n_folds, seed : int
        Of the split.
    """

    predictions: NDArray[Any]
    folds: NDArray[np.intp]
    n_patients: int
    n_folds: int
    seed: int


def cross_validate(
    estimator: Any,
    X: Any,
    outcome: ArrayLike,
    *,
    patient: ArrayLike | None = None,
    method: str = "predict",
    harmoniser: ComBat | None = None,
    batch: ArrayLike | None = None,
    covariates: Any = None,
    n_folds: int = 5,
    seed: int = 0,
) -> CrossValidation:
    """Predict each case by a model that was fitted, with every step, to the cases of other patients.

    Parameters
    ----------
    estimator : estimator or Pipeline
        Copied and fitted again in each fold. Put scaling and the choice of features into it, not before it.
    X : array or data frame, shape (n_cases, n_features)
        Raw features: no scaling, harmonising or choice that saw these cases.
    outcome : array, shape (n_cases,)
        What is predicted. The folds hold about equal numbers of each class.
    patient : array, shape (n_cases,), optional
        Cases that share a label are never split; by default each case is a patient.
    method : {"predict", "predict_proba", "decision_function"}
        What the model is asked for.
    harmoniser : ComBat, optional
        Copied and fitted to the training cases of each fold, before the estimator; needs `batch`. Batches that are confounded
        with the outcome in a fold are refused.
    batch, covariates
        As in `ComBat.fit`. A covariate that tells the outcome is refused, since it would have to be known of new cases.
    n_folds : int
        Folds.
    seed : int
        Of the split.

    Returns
    -------
    CrossValidation
        Compare its `predictions` with the outcome: `roc_area(outcome, found.predictions[:, 1])`.

    Raises
    ------
    ComputeError
        RT301 with fewer patients than folds, or if a fold learns from other classes than the others; RT309 if the same case
        stands in the table under two patients, or the table was scaled before (see `check_split`); RT304 and RT305 as in
        `ComBat`, with the fold named.
    RecipeError
        RT103 if a setting is not allowed, or one of `harmoniser` and `batch` is missing.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> random = np.random.default_rng(0)
    >>> grade = np.arange(60) % 2
    >>> table = random.normal(size=(60, 4)) + grade[:, None]
    >>> found = cross_validate(make_pipeline(StandardScaler(), LogisticRegression()), table, grade)
    >>> bool(np.mean(found.predictions == grade) > 0.7)
    True
    """
    choice("method", method, METHODS)
    n_folds, seed = whole_number("n_folds", n_folds, 2), whole_number("seed", seed, 0)
    if (harmoniser is None) != (batch is None):
        raise RecipeError("RT103", "harmoniser and batch belong together; one of them is missing")
    if harmoniser is None and covariates is not None:
        raise RecipeError("RT103", "covariates are those of the harmoniser; there is none")
    given = {"X": X, "outcome": outcome, "patient": patient, "batch": batch, "covariates": covariates}
    n = same_rows({name: values for name, values in given.items() if values is not None})
    target, sites = np.asarray(outcome), None if batch is None else np.asarray(batch)
    kind = np.zeros(n, dtype=np.intp) if target.dtype.kind == "f" else labels(outcome, "outcome")[0]
    patients = np.arange(n) if patient is None else labels(patient, "patient")[0]
    n_patients = int(patients.max()) + 1
    if n_patients < n_folds:
        raise ComputeError("RT301", f"there are {n_patients} patients for {n_folds} folds; expected at least as many patients")
    kind_of_patient = np.zeros(n_patients, dtype=np.intp)
    np.maximum.at(kind_of_patient, patients, kind)
    folds = deal_folds(kind_of_patient, n_folds, np.random.default_rng(np.random.SeedSequence(seed)))[patients]

    predictions: NDArray[Any] = np.empty(0)
    classes: Any = np.empty(0)
    for fold in range(n_folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        try:
            check_split(patients, train, test, X=X)
            learn, ask = _rows(X, train), _rows(X, test)
            if harmoniser is not None and sites is not None:
                _refuse_outcome(covariates, kind)
                part = None if covariates is None else _rows(covariates, train)
                model = clone(harmoniser).fit(learn, sites[train], covariates=part, outcome=target[train])
                learn = model.transform(learn, sites[train], part)
                ask = model.transform(ask, sites[test], None if covariates is None else _rows(covariates, test))
        except RadiotypeError as reason:
            raise type(reason)(reason.code, f"fold {fold + 1}: {reason.found}", hint=reason.hint) from reason
        fitted = clone(estimator).fit(learn, target[train])
        answer = np.asarray(getattr(fitted, method)(ask))
        known: Any = getattr(fitted, "classes_", None)
        if fold == 0:
            predictions, classes = np.empty((n, *answer.shape[1:]), dtype=answer.dtype), known
        if not np.array_equal(known, classes):
            raise ComputeError("RT301", f"fold {fold + 1} learns from other classes than fold 1", hint="lower n_folds")
        predictions[test] = answer
    return CrossValidation(read_only(predictions), read_only(folds), n_patients, n_folds, seed)


def _rows(table: Any, at: NDArray[np.intp]) -> Any:
    return table.iloc[at] if hasattr(table, "iloc") else np.asarray(table)[at]


def _refuse_outcome(covariates: Any, kind: NDArray[np.intp]) -> None:
    """Refuse a covariate whose values each have one class of the outcome, unless nearly every case has a value of its own."""
    if covariates is None or not kind.any():
        return
    columns = covariates.items() if hasattr(covariates, "items") else enumerate(np.asarray(covariates).T)
    for name, column in columns:
        codes, levels = labels(column, f"covariate {name!r}")
        pairs = np.unique(np.stack([codes, kind]), axis=1).shape[1]
        if pairs == len(levels) <= kind.size // 2:
            hint = "leave it out: the outcome of a new case is not known when it is harmonised"
            raise ComputeError("RT304", f"covariate {name!r} tells the outcome", hint=hint)
