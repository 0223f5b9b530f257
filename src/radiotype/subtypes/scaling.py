"""Scaling of features to (0, 1) with limits that outliers do not move."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import RecipeError
from radiotype.subtypes.checks import checked_table


class RobustScaler01(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Where a value lies between the discovery cohort's low and high percentile of its feature, from 0 to 1.

    Values beyond the limits become 0 or 1. A feature whose two limits are equal carries no information and becomes 0.5
    everywhere.

    Parameters
    ----------
    low_percentile, high_percentile : float
        Percentiles that become 0 and 1 (linear interpolation between cases).

    Attributes
    ----------
    low_, high_ : array, shape (n_features,)
        The limits, in the unit of each feature.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> scaler = RobustScaler01(0, 100).fit([[0.0, 7.0], [10.0, 7.0]])
    >>> scaler.transform([[2.5, 7.0], [99.0, 8.0]])
    array([[0.25, 0.5 ],
           [1.  , 0.5 ]])
    """

    def __init__(self, low_percentile: float = 2.0, high_percentile: float = 98.0) -> None:
        self.low_percentile = low_percentile
        self.high_percentile = high_percentile

    def fit(self, X: ArrayLike, y: None = None) -> RobustScaler01:
        """Learn the limits of each feature.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort.
        y : None
            Not used.

        Returns
        -------
        RobustScaler01
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 unless 0 <= low_percentile < high_percentile <= 100.
        ComputeError
            RT305 if a value is not finite; the message names the feature.
        """
        if not 0 <= self.low_percentile < self.high_percentile <= 100:
            raise RecipeError(
                "RT103",
                f"low_percentile={self.low_percentile!r} and high_percentile={self.high_percentile!r} "
                "are no ascending percentiles from 0 to 100",
            )
        values = checked_table(self, X, reset=True)
        self.low_, self.high_ = np.percentile(values, [self.low_percentile, self.high_percentile], axis=0)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Scale cases with the limits of the discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Cases with the features of the discovery cohort.

        Returns
        -------
        array, shape (n_cases, n_features)
            Values from 0 to 1.

        Raises
        ------
        ComputeError
            RT305 if a value is not finite; the message names the feature.
        """
        check_is_fitted(self)
        values = checked_table(self, X, reset=False)
        width = self.high_ - self.low_
        inside = np.clip(values, self.low_, self.high_) - self.low_
        return np.where(width > 0, inside / np.where(width > 0, width, 1.0), 0.5)
