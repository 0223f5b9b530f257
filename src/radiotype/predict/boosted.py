"""Boosted trees that assign new patients to subtypes, with probabilities that can be taken at their word."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from radiotype.errors import ComputeError
from radiotype.predict.folds import patient_folds
from radiotype.predict.grow import LEARNERS, Growth, grow
from radiotype.stats._row_digests import row_digests
from radiotype.subtypes.checks import check_between, check_choice, check_finite, check_none_missing, check_whole, checked_table


class SubtypeClassifier(ClassifierMixin, BaseEstimator):
    """Subtype of a new patient from the features themselves, by boosted trees.

    Every case is also predicted by trees that never saw its patient (`n_folds` folds). These predictions give the accuracy
    to expect and one temperature, by which all scores are divided so that the probabilities fit the outcomes best; the
    subtype itself does not depend on it.

    Parameters
    ----------
    learner : {"scikit-learn", "xgboost"}
        What grows the trees; "xgboost" needs the extra `boosted`, but only here: predicting never needs it.
    n_rounds : int
        Trees per subtype.
    learning_rate : float
        Share of each tree, in (0, 1].
    max_depth : int
        Questions from root to leaf.
    min_cases : int
        Fewest cases in a leaf (xgboost: their weight, which is a quarter of it at the start).
    n_folds : int
        Folds of the cross-validation, each with whole patients and all subtypes.
    seed : int
        Who falls into which fold. Same seed, same bytes.

    Attributes
    ----------
    classes_ : array, shape (n_subtypes,)
        The labels, sorted.
    trees_ : Trees
        Grown on all cases.
    temperature_ : float
        Above 1 where the trees were too sure of themselves.
    out_of_fold_ : array, shape (n_cases, n_subtypes)
        Probabilities of the training cases by trees that did not see their patients.
    accuracy_ : float
        Fraction of the training cases that these assign to their subtype.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Chen & Guestrin, KDD (2016) 785-794. Guo et al., On calibration of modern neural networks, ICML (2017).

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> subtype = np.repeat([0, 1, 2], 30)
    >>> X = subtype[:, None] + 0.3 * generator.normal(size=(90, 2))
    >>> model = SubtypeClassifier(n_rounds=20).fit(X, subtype)
    >>> model.predict([[0.0, 0.0], [2.0, 2.0]]), model.accuracy_ > 0.9
    (array([0, 2]), True)
    """

    def __init__(
        self,
        learner: str = "scikit-learn",
        *,
        n_rounds: int = 100,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        min_cases: int = 5,
        n_folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.learner = learner
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_cases = min_cases
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None) -> SubtypeClassifier:
        """Learn to tell the subtypes of a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort, features as they are.
        y : array, shape (n_cases,)
            Its subtypes.
        groups : array, shape (n_cases,), optional
            Patient of each case; each case is a patient of its own when left out.

        Returns
        -------
        SubtypeClassifier
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed, or xgboost is asked for and not installed.
        ComputeError
            RT301 if there is one subtype only, or one with fewer patients than folds; RT305 if a value is not finite, or a
            subtype or a patient is missing.
        """
        self._check_settings()
        check_none_missing(y, "y")
        values, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=False)
        check_classification_targets(labels)
        check_finite(values, getattr(self, "feature_names_in_", None))
        self.fitted_on_ = row_digests(values)
        self.classes_, subtype = np.unique(labels, return_inverse=True)
        n_subtypes = len(self.classes_)
        if n_subtypes < 2:
            raise ComputeError("RT301", "all cases have the same class, so there is nothing to tell apart")
        growth = Growth(self.n_rounds, self.learning_rate, self.max_depth, self.min_cases)
        scores = np.empty((len(values), n_subtypes))
        names = [f"class {name}" for name in self.classes_]
        for rest, fold in patient_folds(subtype, groups, self.n_folds, self.seed, names=names):
            scores[fold] = grow(self.learner, values[rest], subtype[rest], n_subtypes, growth).scores(values[fold])
        self.temperature_ = best_temperature(scores, subtype)
        self.out_of_fold_ = softmax(scores / self.temperature_)
        self.accuracy_ = float(np.mean(np.argmax(scores, axis=1) == subtype))
        self.trees_ = grow(self.learner, values, subtype, n_subtypes, growth)
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Probability of each subtype for new cases.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)

        Returns
        -------
        array, shape (n_cases, n_subtypes)
            In the order of `classes_`; rows sum to 1.

        Raises
        ------
        ComputeError
            RT305 if a value is not finite.
        """
        check_is_fitted(self)
        return softmax(self.trees_.scores(checked_table(self, X, reset=False)) / self.temperature_)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """The most probable subtype of each case, labels out of `classes_`; of equal ones the first. Raises as above."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]

    def _check_settings(self) -> None:
        check_choice("learner", self.learner, LEARNERS)
        for setting in ("n_rounds", "max_depth", "min_cases"):
            check_whole(setting, getattr(self, setting), 1)
        check_whole("n_folds", self.n_folds, 2)
        check_whole("seed", self.seed, 0)
        check_between("learning_rate", self.learning_rate, 0, np.nextafter(1, 2))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities (n_cases, n_subtypes) of scores; rows sum to 1.

    Examples
    --------
    >>> softmax(np.log([[1.0, 3.0]]))
    array([[0.25, 0.75]])
    """
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    return likelihood / likelihood.sum(axis=1, keepdims=True)


def best_temperature(scores: np.ndarray, subtype: np.ndarray) -> float:
    """The number to divide scores by that makes the subtypes most likely, from 0.05 to 20.

    Parameters
    ----------
    scores : array, shape (n_cases, n_subtypes)
        Scores of cases that the scores were not learnt from.
    subtype : array of int, shape (n_cases,)
        Position of each case's subtype.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    own = scores[np.arange(len(scores)), subtype]

    def surprise(sharpness: float) -> float:  # convex in one over the temperature
        return float(np.mean(logsumexp(scores * sharpness, axis=1) - own * sharpness))

    found = minimize_scalar(surprise, bounds=(0.05, 20.0), method="bounded", options={"xatol": 1e-8})
    return 1.0 / float(found.x)
