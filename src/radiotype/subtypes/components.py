"""Principal components whose sign does not depend on the machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.checks import check_whole, checked_table


def oriented(components: np.ndarray) -> np.ndarray:
    """Components (n_components, n_features), each turned so that its loadings sum to a positive number.

    Where the sum is nothing but rounding, the loading of largest magnitude becomes positive (of equal ones the first).

    Examples
    --------
    >>> oriented(np.array([[0.6, -0.8], [-0.5, 0.5]]))
    array([[-0.6,  0.8],
           [ 0.5, -0.5]])
    """
    total = components.sum(axis=1)
    size = np.abs(components)
    # equal magnitudes differ by rounding: the first that comes within a hair of the largest
    largest = np.argmax(size >= (1 - 1e-9) * size.max(axis=1, keepdims=True), axis=1)
    leading = components[np.arange(len(components)), largest]
    decisive = np.where(np.abs(total) > 1e-12 * size.sum(axis=1), total, leading)
    return components * np.where(decisive < 0, -1.0, 1.0)[:, None]


class PrincipalComponents(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal components of the discovery cohort, each pointing where most of its features rise.

    scikit-learn's exact `PCA`; only the sign is this package's (`oriented`).

    Parameters
    ----------
    n_components : int or float
        How many; or, in (0, 1), the share of the variance that they exceed together.

    Attributes
    ----------
    mean_ : array, shape (n_features,)
        Mean of the discovery cohort.
    components_ : array, shape (n_components, n_features)
        Loadings; rows have length 1.
    explained_ : array, shape (n_components,)
        Share of the variance of each, in [0, 1].
    n_features_in_ : int
        Number of features.

    Examples
    --------
    >>> PrincipalComponents(1).fit([[0.0, 0.0], [-1.0, -1.0], [3.0, 3.0]]).components_.round(3)
    array([[0.707, 0.707]])
    """

    def __init__(self, n_components: int | float = 10) -> None:
        self.n_components = n_components

    def fit(self, X: ArrayLike, y: None = None) -> PrincipalComponents:
        """Learn the components of a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort, on comparable scales.
        y : None
            Not used.

        Returns
        -------
        PrincipalComponents
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 unless `n_components` is a positive whole number or lies in (0, 1).
        ComputeError
            RT301 if there are fewer cases or features than components; RT305 if a value is not finite or nothing varies.
        """
        from sklearn.decomposition import PCA

        if not isinstance(self.n_components, float | np.floating):
            check_whole("n_components", self.n_components, 1)
        elif not 0 < self.n_components < 1:
            raise RecipeError("RT103", f"n_components={self.n_components!r} is neither a whole number nor in (0, 1)")
        values = checked_table(self, X, reset=True)
        if len(values) < 2 or self.n_components > min(values.shape):
            found = f"{values.shape[0]} cases with {values.shape[1]} features do not have {self.n_components} components"
            raise ComputeError("RT301", found, hint="ask for fewer components")
        if (values == values[0]).all():
            raise ComputeError("RT305", f"all {len(values)} cases are alike, so they have no principal component")
        found = PCA(self.n_components, svd_solver="full").fit(values)
        self.mean_, self.components_ = found.mean_, oriented(found.components_)
        self.explained_ = found.explained_variance_ratio_
        self._n_features_out = len(self.components_)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Scores of cases on the components, (n_cases, n_components).

        Raises
        ------
        ComputeError
            RT305 if a value is not finite.
        """
        check_is_fitted(self)
        return (checked_table(self, X, reset=False) - self.mean_) @ self.components_.T
