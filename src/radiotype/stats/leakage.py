"""Guards of the border between the cases a model learns from and those it is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from radiotype.errors import ComputeError
from radiotype.stats._inputs import FloatArray, design_matrix, labels
from radiotype.stats._row_digests import TELLING, digest_each, telling

NEAR, SINGLE = 1e-5, 2e-7
"""Two rows are one case if no feature differs by more: in standard deviations of the training cases, and for the rounding to
single precision, in the largest value."""

SCALED_SHARE = 0.9
"""Share of the features that must bear the mark of a scaling."""

EXACT = 1e-6
"""How close a mean is to 0, or a standard deviation to 1, after a scaling."""

SAME = 1e-6
"""Largest difference, relative to the largest value, of two fits to the same cases."""


def check_split(patient: ArrayLike, train: ArrayLike, test: ArrayLike, *, X: Any = None) -> None:
    """Refuse a split into training and test cases that lets a model see its test.

    Parameters
    ----------
    patient : array, shape (n_cases,)
        Patient of each case.
    train, test : array
        Positions of the cases, or flags, shape (n_cases,).
    X : array or data frame, shape (n_cases, n_features), optional
        The table that is split; finite numbers. With it, two more marks are looked for: the same case under two names (all
        features equal to 1e-5 standard deviations, or to single precision), and a scaling of all cases together (in nine
        features of ten the mean is 0 and the deviation 1, or the least value 0 and the largest 1, in all cases but not in the
        training cases). Whole-number features are left out, for they may agree by chance; fewer than three others tell nothing.

    Raises
    ------
    ComputeError
        RT309 if a case, a patient, or nearly the same row is on both sides, or the table was scaled before the split; RT301 if
        a side is empty; RT305 for positions that do not exist, or values that are missing or not finite.

    Notes
    -----
    A table alone does not tell whether ComBat, a filter by percentiles or a choice of features saw the test cases. The fitted
    estimator does: `require_unseen`. Best of all, let `cross_validate` fit everything inside each fold.

    Examples
    --------
    >>> check_split(["a", "a", "b", "c"], train=[0, 1, 2], test=[3])
    >>> check_split(["a", "a", "b", "c"], train=[0, 2], test=[1, 3])
    Traceback (most recent call last):
    radiotype.errors.ComputeError: RT309: 1 patient is in training and test: 'a'
      next  split by patient, so that all cases of a patient stay together
    """
    codes, patients = labels(patient, "patient")
    learnt, tested = _positions(train, "train", codes.size), _positions(test, "test", codes.size)
    if both := np.intersect1d(learnt, tested).tolist():
        raise ComputeError(
            "RT309", f"{_count(both, 'case')} in training and test: {_some(both)}", hint="each case has one side"
        )
    if both := [patients[at] for at in np.intersect1d(codes[learnt], codes[tested])]:
        hint = "split by patient, so that all cases of a patient stay together"
        raise ComputeError("RT309", f"{_count(both, 'patient')} in training and test: {_some(both)}", hint=hint)
    if X is None:
        return
    values = design_matrix(X, None)[0]
    if len(values) != codes.size:
        raise ComputeError("RT305", f"X has {len(values)} cases and patient has {codes.size}; expected as many")
    fractions = values[:, (values != np.rint(values)).any(axis=0)]
    if fractions.shape[1] < TELLING:
        return
    if pairs := _near_pairs(fractions, learnt, tested):
        found = f"{_count(pairs, 'pair')} of a training and a test case with the same features: {_some(pairs)}"
        raise ComputeError("RT309", found, hint="one patient may have two names: keep one of the cases, or give both one name")
    everybody = np.concatenate([learnt, tested])
    for mark in ("standard scores", "least and largest value"):
        if _bears(mark, fractions[everybody]) and not _bears(mark, fractions[learnt]):
            raise ComputeError(
                "RT309",
                f"the features were scaled ({mark}) over training and test cases together",
                hint="split first, fit the scaler on the training cases, and transform the test cases with it",
            )


def require_unseen(estimator: Any, X: Any, *, X_train: Any = None, y_train: Any = None) -> None:
    """Refuse an estimator that was fitted on cases it is to be tested on.

    The estimators of this package keep a digest of each case they were fitted on (`fitted_on_`). Others keep nothing: they are
    fitted again to the training cases, and must then say the same of the test cases.

    Parameters
    ----------
    estimator : estimator or Pipeline
        Fitted; each step of a pipeline is looked at.
    X : array or data frame, shape (n_cases, n_features)
        Test cases as they are given to the estimator, before any of its steps.
    X_train : array or data frame, shape (n_train, n_features), optional
        Training cases, likewise; needed by steps that keep no record.
    y_train : array, shape (n_train,), optional
        Their outcome, if a step learns from it.

    Raises
    ------
    ComputeError
        RT309 if a test case was seen in a fit, or a fit does not follow from the training cases; RT305 if a step keeps no
        record and the training cases are missing, or its fit is random (give it a `random_state`).

    Notes
    -----
    Rows are equal if their features agree to seven digits; a row with fewer than three values that are not whole numbers tells
    nothing and passes. Give the cases in the scale in which the estimator was fitted: a scaled row is another row.

    Examples
    --------
    >>> from radiotype.stats import ComBat
    >>> table, site = np.random.default_rng(0).normal(size=(40, 5)), np.arange(40) % 2
    >>> require_unseen(ComBat().fit(table[:30], site[:30]), table[30:])
    >>> require_unseen(ComBat().fit(table, site), table[30:])
    Traceback (most recent call last):
    radiotype.errors.ComputeError: RT309: ComBat was fitted on 10 of the 10 test cases
      next  fit it on the training cases only, inside each fold
    """
    for step, last in _steps(estimator):
        name = type(step).__name__
        if hasattr(step, "fitted_on_"):
            values = np.asarray(X, dtype=np.float64)
            seen = int(np.count_nonzero(np.isin(digest_each(values), step.fitted_on_) & telling(values)))
            if seen:
                hint = "fit it on the training cases only, inside each fold"
                raise ComputeError("RT309", f"{name} was fitted on {seen} of the {len(values)} test cases", hint=hint)
        elif not hasattr(step, "fit"):
            raise ComputeError("RT305", f"{name} keeps no record of the cases it was fitted on, and cannot be fitted again")
        elif step.__sklearn_tags__().requires_fit:
            _require_same_fit(step, name, X, X_train, y_train)
        if not last:
            X = step.transform(X)
            X_train = None if X_train is None else step.transform(X_train)


def _steps(estimator: Any) -> Iterator[tuple[Any, bool]]:
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    steps = [step for step in steps if step is not None and step != "passthrough"]
    for at, step in enumerate(steps, 1):
        yield step, at == len(steps)


def _require_same_fit(step: Any, name: str, X: Any, X_train: Any, y_train: Any) -> None:
    from sklearn.base import clone

    if X_train is None:
        hint = "give X_train (and y_train), or use cross_validate, which fits everything inside each fold"
        raise ComputeError("RT305", f"{name} keeps no record of the cases it was fitted on", hint=hint)
    once, twice = (_outputs(clone(step).fit(X_train, y_train), X) for _ in range(2))
    if not _same(once, twice):
        raise ComputeError("RT305", f"two fits of {name} to the same cases differ", hint="give it a random_state")
    if not _same(once, _outputs(step, X)):
        raise ComputeError(
            "RT309",
            f"{name}, fitted to the training cases, says something else of the test cases: it was fitted on other cases",
            hint="fit it on the training cases only, inside each fold",
        )


def _outputs(step: Any, X: Any) -> NDArray[Any]:
    for method in ("transform", "predict_proba", "decision_function", "predict"):
        if hasattr(step, method):
            return np.asarray(getattr(step, method)(X))
    raise ComputeError("RT305", f"{type(step).__name__} has neither transform nor predict")


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.shape != other.shape or one.dtype.kind not in "biuf":
        return bool(np.array_equal(one, other))
    return bool(np.allclose(one, other, rtol=SAME, atol=SAME * float(np.abs(one).max(initial=0)), equal_nan=True))


def _positions(side: ArrayLike, name: str, n: int) -> NDArray[np.intp]:
    array = np.asarray(side)
    if array.dtype.kind == "b" and array.shape == (n,):
        array = np.flatnonzero(array)
    if array.size == 0:
        raise ComputeError("RT301", f"{name} has no cases")
    if array.ndim != 1 or array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= n:
        raise ComputeError("RT305", f"{name} does not hold positions from 0 to {n - 1}, nor one flag for each of {n} cases")
    return array.astype(np.intp)


def _near_pairs(values: FloatArray, train: NDArray[np.intp], test: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Positions of a training and a test case that agree in all features."""
    spread = values[train].std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    standard = (values - values[train].mean(axis=0)) / spread
    near = NEAR + SINGLE * np.abs(values).max(axis=0) / spread
    # equal rows have equal means, so only neighbours in the order of the means are compared
    mean = standard.mean(axis=1)
    order = train[np.argsort(mean[train], kind="stable")]
    first = np.searchsorted(mean[order], mean[test] - near.mean())
    last = np.searchsorted(mean[order], mean[test] + near.mean(), side="right")
    return [
        (int(case), int(at))
        for at, low, high in zip(test, first, last, strict=True)
        for case in order[low:high]
        if (np.abs(standard[case] - standard[at]) <= near).all()
    ]


def _bears(mark: str, values: FloatArray) -> bool:
    if mark == "standard scores":
        spread = np.stack([values.std(axis=0), values.std(axis=0, ddof=1) if len(values) > 1 else values.std(axis=0)])
        borne = (np.abs(values.mean(axis=0)) < EXACT) & (np.abs(spread - 1) < EXACT).any(axis=0)
    else:
        borne = (np.abs(values.min(axis=0)) < EXACT) & (np.abs(values.max(axis=0) - 1) < EXACT)
    return bool(borne.mean() >= SCALED_SHARE)


def _count(things: list[Any], name: str) -> str:
    return f"{len(things)} {name} is" if len(things) == 1 else f"{len(things)} {name}s are"


def _some(things: list[Any]) -> str:
    return ", ".join(map(repr, things[:5])) + (", ..." if len(things) > 5 else "")
