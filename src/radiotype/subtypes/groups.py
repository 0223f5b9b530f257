"""Groups of features that rise and fall together, and the principal components of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.checks import check_between, check_choice, check_whole, checked_table
from radiotype.subtypes.components import PrincipalComponents
from radiotype.subtypes.distances import case_distances
from radiotype.subtypes.partition import LINKAGES, hierarchical_labels

if TYPE_CHECKING:
    import pandas as pd

# A feature whose spread is at most this fraction of its mean is nothing but rounding.
CONSTANT_BELOW = 1e-13


class FeatureGroups(TransformerMixin, BaseEstimator):
    """Scores of a case on the principal components of groups of correlated features.

    Features are standardised with the discovery cohort's mean and standard deviation (n - 1), grouped by hierarchical
    clustering of one minus their Pearson correlation, and each group is reduced to the first components that hold more than
    `variance` of it. The number of groups is that of a consensus clustering of the features (`ConsensusClustering` with its
    rule "area", which always finds groups).

    Parameters
    ----------
    k : int, or sequence of int
        Numbers of groups to try, 2 to 254; those that the number of features does not allow are left out. A single number is
        taken as it is; 1 alone keeps all features together.
    variance : float
        Share of a group's variance that its components exceed, in (0, 1).
    linkage : {"average", "complete", "single", "ward"}
        Linkage of the features.
    n_resamples : int
        Subsets of 80 % of the features behind the number of groups.
    seed : int
        Same seed, same bytes.

    Attributes
    ----------
    groups_ : array of int, shape (n_features,)
        Group of each feature, 0 to k_ - 1 by decreasing size (equal sizes: the one with the first feature comes first).
    k_ : int
        Number of groups.
    mean_, scale_ : array, shape (n_features,)
        The discovery cohort's mean and standard deviation, in the unit of each feature.
    components_ : array, shape (n_components, n_features)
        Loadings on the standardised features, 0 outside the component's group; the loadings of each component sum to a
        positive number, so that a high score says that most of its features are high.
    explained_ : array, shape (n_components,)
        Share of its group's variance that the component holds.
    group_of_component_ : array of int, shape (n_components,)
    n_features_in_ : int
        Number of features.

    References
    ----------
    Chitalia et al., Communications Medicine 3 (2023) 48.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> signal = generator.normal(size=(50, 3))
    >>> X = np.repeat(signal, [8, 7, 6], axis=1) + 0.3 * generator.normal(size=(50, 21))
    >>> groups = FeatureGroups(range(2, 6), n_resamples=100).fit(X)
    >>> groups.k_, groups.groups_[[0, 8, 15]], groups.transform(X).shape
    (3, array([0, 1, 2]), (50, 3))
    """

    def __init__(
        self,
        k: int | Sequence[int] = range(2, 11),
        *,
        variance: float = 0.85,
        linkage: str = "average",
        n_resamples: int = 1000,
        seed: int = 0,
    ) -> None:
        self.k = k
        self.variance = variance
        self.linkage = linkage
        self.n_resamples = n_resamples
        self.seed = seed

    def fit(self, X: ArrayLike, y: None = None) -> FeatureGroups:
        """Group the features of a discovery cohort and learn the components of each group.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort.
        y : None
            Not used.

        Returns
        -------
        FeatureGroups
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed, or if some pair of features was never drawn together.
        ComputeError
            RT301 if there are fewer than three cases, or too few features for any `k`; RT305 if a value is not finite or a
            feature is constant; RT306 if there are too many features for the memory.
        """
        check_between("variance", self.variance, 0, 1)
        check_choice("linkage", self.linkage, LINKAGES)
        check_whole("n_resamples", self.n_resamples, 1)
        check_whole("seed", self.seed, 0)
        all_k = [self.k] if isinstance(self.k, int | np.integer) else list(self.k)
        for k in all_k:
            check_whole("k", k, 1)
        if 1 in all_k and len(all_k) > 1:
            raise RecipeError(
                "RT103", f"k={self.k!r} holds 1 among others, which is never chosen", hint="try 2 and more, or k=1"
            )
        values = checked_table(self, X, reset=True)
        if len(values) < 3:
            raise ComputeError("RT301", f"{len(values)} cases do not tell which features correlate", hint="give three or more")
        self.mean_, self.scale_ = values.mean(axis=0), values.std(axis=0, ddof=1)
        self._refuse_constants()
        standard = self._standard(values)
        self.k_ = self._number(standard, all_k)
        self.groups_ = np.zeros(standard.shape[1], dtype=np.int64)
        if self.k_ > 1:
            self.groups_ = hierarchical_labels(case_distances(standard.T), self.k_, self.linkage)
        self._reduce(standard)
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Scores of cases on the components, with the mean and standard deviation of the discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)

        Returns
        -------
        array, shape (n_cases, n_components)

        Raises
        ------
        ComputeError
            RT305 if a value is not finite.
        """
        check_is_fitted(self)
        return self._standard(checked_table(self, X, reset=False)) @ self.components_.T

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Names of the components: "group1_pc1" and so on, groups and components from 1."""
        check_is_fitted(self)
        group = self.group_of_component_
        rank = [int(np.count_nonzero(group[:at] == group[at])) + 1 for at in range(len(group))]
        names = [f"group{of + 1}_pc{number}" for of, number in zip(group, rank, strict=True)]
        return np.array(names, dtype=object)

    def loadings(self, top: int | None = None) -> pd.DataFrame:
        """What each component is made of: component, group, feature, loading; largest magnitude first.

        Parameters
        ----------
        top : int, optional
            Features per component; all when left out.

        Returns
        -------
        data frame
        """
        import pandas as pd

        check_is_fitted(self)
        if top is not None:
            check_whole("top", top, 1)
        features = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        rows = []
        for name, group, loading in zip(self.get_feature_names_out(), self.group_of_component_, self.components_, strict=True):
            members = np.flatnonzero(self.groups_ == group)
            order = members[np.argsort(-np.abs(loading[members]), kind="stable")][:top]
            rows += [(name, int(group), features[at], float(loading[at])) for at in order]
        return pd.DataFrame(rows, columns=["component", "group", "feature", "loading"])

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def _standard(self, values: np.ndarray) -> np.ndarray:
        return (values - self.mean_) / self.scale_

    def _number(self, standard: np.ndarray, all_k: list[int]) -> int:
        from radiotype.subtypes.consensus import ConsensusClustering

        n_features = standard.shape[1]
        possible = sorted({int(k) for k in all_k if k < int(0.8 * n_features)})
        if len(all_k) == 1 and all_k[0] <= n_features:
            return int(all_k[0])
        if not possible:
            found = f"{n_features} features cannot form k={sorted(all_k)} groups"
            raise ComputeError("RT301", found, hint="lower k, or keep more features")
        if len(possible) == 1:
            return possible[0]
        consensus = ConsensusClustering(possible, n_resamples=self.n_resamples, choose="area", seed=self.seed)
        try:
            return consensus.fit(standard.T).k_
        except ComputeError as error:
            if error.code != "RT306":
                raise
            found = f"grouping {n_features} features at {len(possible)} numbers of groups takes more memory than is allowed"
            raise ComputeError("RT306", found, hint="drop features, or give one k, which needs no choice") from error

    def _reduce(self, standard: np.ndarray) -> None:
        components, explained, of = [], [], []
        for group in range(self.k_):
            members = np.flatnonzero(self.groups_ == group)
            found = PrincipalComponents(float(self.variance)).fit(standard[:, members])
            spread = np.zeros((len(found.components_), standard.shape[1]))
            spread[:, members] = found.components_
            components.append(spread)
            explained.append(found.explained_)
            of += [group] * len(spread)
        self.components_ = np.concatenate(components)
        self.explained_ = np.concatenate(explained)
        self.group_of_component_ = np.array(of)

    def _refuse_constants(self) -> None:
        constant = np.flatnonzero(self.scale_ <= CONSTANT_BELOW * np.abs(self.mean_))
        if constant.size:
            names = getattr(self, "feature_names_in_", None)
            first = constant[0] if names is None else names[constant[0]]
            raise ComputeError(
                "RT305",
                f"feature {first} is the same in all cases and correlates with nothing ({constant.size} such features in all)",
                hint="drop the feature",
            )
