"""Cases that are unlike any case a model was made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError
from radiotype.predict.folds import patient_folds
from radiotype.subtypes.checks import check_between, check_whole, checked_table

LEAST_CASES = 10

#: A feature reaches as far from its median as this fraction of the discovery cases, and at least so many spreads.
REACH_QUANTILE, LEAST_REACH = 0.99, 3.0
#: A single feature counts as foreign from so many times the reach that cases have when they are left out.
REACH_FACTOR = 2.0


class OutOfDistribution(BaseEstimator):
    """Whether a case lies farther from the discovery cohort than its own cases do when they are left out.

    The distance is Mahalanobis' over the features themselves, not over the codes: scaling clips what lies beyond the
    discovery's limits, and an encoder passes on only what it was made for, so a foreign case can have ordinary codes.
    Features are centred on their median, divided by their spread (interquartile range / 1.349) and clipped to
    +-`clip` spreads, so that an outlier in the discovery cohort does not blunt the others; their covariance is shrunk (Ledoit
    and Wolf). The limit is a quantile of distances that the discovery's cases have when neither centre, spread nor covariance
    saw their patients.

    Beside it every feature is looked at alone, and not clipped: how far it lies from its median, in units of the distance that
    99 % of the discovery cases keep (at least three spreads). A case is outside as well when a single feature lies twice as
    far as the same quantile of left-out cases goes with its farthest feature. It keeps no value of any single case.

    Parameters
    ----------
    quantile : float
        Fraction of the discovery cohort that lies within the limit, in (0, 1).
    clip : float
        Most spreads that count.
    n_folds : int
        Folds behind the limit, each with whole patients.
    seed : int
        Who falls into which fold.

    Attributes
    ----------
    centre_, spread_ : array, shape (n_features,)
        Median and spread, in the unit of each feature; where half the cases or more are alike the spread is the standard
        deviation, and a feature that is the same in all cases has spread 0 and is not looked at.
    precision_ : array, shape (n_features, n_features)
        Inverse covariance of the features counted in spreads.
    limit_ : float
        The largest ordinary distance.
    reach_ : array, shape (n_features,)
        Distance from the median that 99 % of the discovery cases keep, in spreads.
    reach_limit_ : float
        How many times its reach a single feature may lie from its median.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Ledoit & Wolf, Journal of Multivariate Analysis 88 (2004) 365-411.

    Examples
    --------
    >>> X = np.random.default_rng(1).normal(size=(200, 3))
    >>> OutOfDistribution().fit(X).is_outside([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
    array([False,  True])
    """

    def __init__(self, quantile: float = 0.99, *, clip: float = 5.0, n_folds: int = 5, seed: int = 0) -> None:
        self.quantile = quantile
        self.clip = clip
        self.n_folds = n_folds
        self.seed = seed

    def fit(self, X: ArrayLike, y: None = None, *, groups: ArrayLike | None = None) -> OutOfDistribution:
        """Learn what is ordinary from a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort, features as they are.
        y : None
            Not used.
        groups : array, shape (n_cases,), optional
            Patient of each case; each case is a patient of its own when left out.

        Returns
        -------
        OutOfDistribution
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed.
        ComputeError
            RT301 with fewer than ten cases or fewer patients than folds; RT305 if a value is not finite or nothing varies.
        """
        check_between("quantile", self.quantile, 0, 1)
        check_between("clip", self.clip, 0, np.inf)
        check_whole("n_folds", self.n_folds, 2)
        check_whole("seed", self.seed, 0)
        values = checked_table(self, X, reset=True)
        if len(values) < LEAST_CASES:
            found = f"{len(values)} cases do not show what is ordinary"
            raise ComputeError("RT301", found, hint=f"give {LEAST_CASES} or more")
        left_out, farthest = np.empty(len(values)), np.empty(len(values))
        for rest, fold in patient_folds(np.zeros(len(values), dtype=np.int64), groups, self.n_folds, self.seed):
            centre, spread, precision = self._ordinary(values[rest])
            left_out[fold] = self._from(values[fold], centre, spread, precision)
            reach = _reach(_in_spreads(values[rest], centre, spread))
            farthest[fold] = (np.abs(_in_spreads(values[fold], centre, spread)) / reach).max(axis=1)
        self.limit_ = float(np.quantile(left_out, self.quantile))
        self.reach_limit_ = REACH_FACTOR * max(float(np.quantile(farthest, self.quantile)), 1.0)
        self.centre_, self.spread_, self.precision_ = self._ordinary(values)
        self.reach_ = _reach(_in_spreads(values, self.centre_, self.spread_))
        return self

    def distances(self, X: ArrayLike) -> np.ndarray:
        """How far each case is from the discovery cohort, shape (n_cases,); at most `limit_` is ordinary.

        The distance of all features together, or `limit_` times the farthest single one where that is larger.

        Raises
        ------
        ComputeError
            RT305 if a value is not finite.
        """
        together = self._from(checked_table(self, X, reset=False), self.centre_, self.spread_, self.precision_)
        return np.maximum(together, self.limit_ * self.single_features(X).max(axis=1))

    def single_features(self, X: ArrayLike) -> np.ndarray:
        """How far each feature of each case lies from its median, 1 = its limit, shape (n_cases, n_features).

        Raises
        ------
        ComputeError
            RT305 if a value is not finite.
        """
        check_is_fitted(self)
        deviations = np.abs(_in_spreads(checked_table(self, X, reset=False), self.centre_, self.spread_))
        return deviations / (self.reach_ * self.reach_limit_)

    def is_outside(self, X: ArrayLike) -> np.ndarray:
        """Whether each case is farther than `limit_`, array of bool, shape (n_cases,); Raises as `distances`."""
        return self.distances(X) > self.limit_

    def _ordinary(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        from sklearn.covariance import ledoit_wolf

        low, centre, high = np.percentile(values, [25, 50, 75], axis=0)
        spread = (high - low) / 1.349
        spread = np.where(spread > 1e-13 * np.abs(centre), spread, values.std(axis=0))
        spread[np.ptp(values, axis=0) <= 1e-13 * np.abs(centre)] = 0.0
        used = spread > 0
        if not used.any():
            raise ComputeError("RT305", "all cases are alike, so nothing can be unlike them")
        covariance, _ = ledoit_wolf(self._counted(values, centre, spread)[:, used], assume_centered=True)
        precision = np.zeros((len(used), len(used)))
        precision[np.ix_(used, used)] = np.linalg.inv(covariance)
        return centre, spread, (precision + precision.T) / 2

    def _from(self, values: np.ndarray, centre: np.ndarray, spread: np.ndarray, precision: np.ndarray) -> np.ndarray:
        counted = self._counted(values, centre, spread)
        squares = np.einsum("ij,ij->i", counted @ precision, counted)
        return np.sqrt(np.maximum(squares, 0.0))

    def _counted(self, values: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Deviations from the centre in spreads, clipped; 0 where there is no spread."""
        return np.clip(_in_spreads(values, centre, spread), -self.clip, self.clip)


def _in_spreads(values: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Deviations from the centre in spreads; 0 where there is no spread."""
    return np.divide(values - centre, spread, out=np.zeros_like(values), where=spread > 0)


def _reach(deviations: np.ndarray) -> np.ndarray:
    """How far the features of most cases go."""
    return np.maximum(np.quantile(np.abs(deviations), REACH_QUANTILE, axis=0), LEAST_REACH)
