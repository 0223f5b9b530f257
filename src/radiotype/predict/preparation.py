"""What happens to features before any model sees them: gaps are filled, sizes go by their logarithm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from radiotype.errors import ComputeError, RecipeError

#: Sizes below this, in their own unit, count as this much, so that an empty one has a logarithm.
LEAST_SIZE = 1e-6


class FeaturePreparation(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Gaps take the median of the discovery cohort; sizes are replaced by their natural logarithm.

    With the logarithm a doubling counts the same at any size.

    Parameters
    ----------
    sizes : sequence of int
        Columns that hold lengths, areas or volumes, counted from 0.

    Attributes
    ----------
    median_ : array, shape (n_features,)
        Median of the discovery cases that have a value, in the unit of each feature.
    sizes_ : array of int, shape (n_features,)
        1 for a size, else 0.
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> step = FeaturePreparation([0]).fit([[1.0, 5.0], [np.e, np.nan], [np.e, 7.0]])
    >>> step.transform([[np.e ** 2, np.nan]])
    array([[2., 6.]])
    """

    def __init__(self, sizes: Sequence[int] = ()) -> None:
        self.sizes = sizes

    def fit(self, X: ArrayLike, y: None = None) -> FeaturePreparation:
        """Learn the medians.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort; NaN where a value is missing.
        y : None
            Not used.

        Returns
        -------
        FeaturePreparation
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if `sizes` names a column that is not there.
        ComputeError
            RT305 if a value is infinite, or a feature has none at all.
        """
        values = self._checked(X, reset=True)
        empty = np.isnan(values).all(axis=0)
        if empty.any():
            raise ComputeError("RT305", f"column {int(np.flatnonzero(empty)[0])} has no value in any case")
        if any(not 0 <= at < values.shape[1] for at in self.sizes):
            raise RecipeError("RT103", f"sizes={list(self.sizes)!r} names a column that is not there")
        self.median_ = np.nanmedian(values, axis=0)
        self.sizes_ = np.zeros(values.shape[1], dtype=np.int64)
        self.sizes_[list(self.sizes)] = 1
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Cases without gaps, sizes by their logarithm, shape (n_cases, n_features).

        Raises
        ------
        ComputeError
            RT305 if a value is infinite.
        """
        check_is_fitted(self)
        values = self._checked(X, reset=False)
        filled = np.where(np.isnan(values), self.median_, values)
        return np.where(self.sizes_ == 1, np.log(np.maximum(filled, LEAST_SIZE)), filled)

    def _checked(self, X: ArrayLike, *, reset: bool) -> np.ndarray:
        values: np.ndarray = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        if np.isinf(values).any():
            raise ComputeError("RT305", "a value is infinite", hint="leave out the case, or the feature")
        return values
