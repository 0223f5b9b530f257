"""Folds that never part a patient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from radiotype.errors import ComputeError, RecipeError
from radiotype.stats._inputs import labels


def patient_folds(
    subtype: np.ndarray, patients: ArrayLike | None, n_folds: int, seed: int, *, names: Sequence[object] = ("the cohort",)
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cases to learn from and cases to test on, fold by fold; each case is tested once.

    Parameters
    ----------
    subtype : array of int, shape (n_cases,)
        0 to n - 1; every fold learns from all of them. All 0 where there are no subtypes.
    patients : array, shape (n_cases,), or None
        None: each case is a patient of its own.
    n_folds : int
    seed : int
    names : sequence
        What to call each subtype in a message.

    Raises
    ------
    ComputeError
        RT301 if a subtype has fewer patients than there are folds; RT305 if a patient is missing.
    RecipeError
        RT103 if there is not one patient per case.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    n_cases = len(subtype)
    patient = np.arange(n_cases) if patients is None else labels(np.asarray(patients, dtype=object), "groups")[0]
    if len(patient) != n_cases:
        raise RecipeError("RT103", f"groups names {len(patient)} patients for {n_cases} cases", hint="give one per case")
    for at, name in enumerate(names):
        n_patients = len(np.unique(patient[subtype == at]))
        if n_patients < n_folds:
            raise ComputeError(
                "RT301",
                f"{name} has {n_patients} patients, too few for {n_folds} folds",
                hint="lower n_folds, or leave out a class that is so small",
            )
    if len(np.unique(patient)) == n_cases:
        folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(subtype, subtype)
    else:
        folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(subtype, subtype, patient)
    for rest, fold in folds:
        if len(np.unique(subtype[rest])) < len(names):
            raise ComputeError("RT301", "all patients of a class fall into one fold", hint="lower n_folds or change the seed")
        yield rest, fold
