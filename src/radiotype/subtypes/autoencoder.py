"""Sparse autoencoder: many features in a few codes from which they can be put together again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from radiotype.errors import ComputeError, RecipeError
from radiotype.subtypes.checks import check_between, check_finite, check_whole, checked_table
from radiotype.subtypes.sparse_loss import Penalty, Value, Weights, objective


class SparseAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Codes of a case: the hidden layer of a network that was trained to put the features together again.

    One hidden layer, logistic units in it and at the output, so features must lie between 0 and 1 (`RobustScaler01`).
    Minimised with L-BFGS: mean 1/2 ||h(x) - x||^2 + weight_decay / 2 (sum of squared weights)
    + sparsity_weight (sum over codes of the Kullback-Leibler divergence of `sparsity` and the code's mean).

    Parameters
    ----------
    n_codes : int
        Number of hidden units.
    sparsity : float
        Mean that a code is drawn to, in (0, 1). (rho)
    sparsity_weight : float
        How strongly. (beta)
    weight_decay : float
        Weight of the squared weights. (lambda)
    init_scale : float
        Standard deviation of the first weights. (epsilon)
    max_iterations : int
        Iterations of L-BFGS at most.
    n_restarts : int
        First weights that are tried; the lowest objective counts.
    seed : int
        Same seed, same bytes. Restart r depends on the seed and on r alone.

    Attributes
    ----------
    encode_, decode_ : array, shape (n_codes, n_features) and (n_features, n_codes)
        Weights.
    encode_offset_, decode_offset_ : array, shape (n_codes,) and (n_features,)
    objective_ : array, shape (n_iterations + 1,)
        The objective before the first and after every iteration.
    training_loss_ : array, shape (n_iterations + 1,)
        The reconstruction loss alone: mean of half the squared distance of a case and its reconstruction.
    validation_loss_ : array, shape (n_iterations + 1,) or (0,)
        The same for the validation cases, if `fit` was given any.
    code_correlation_ : array, shape (n_codes, n_codes)
        Pearson correlation of the codes over the training cases; NaN where a code is constant.
    n_iter_ : int
        Iterations of the restart that counts.
    converged_ : bool
        Whether it ended before `max_iterations`.
    n_features_in_ : int
        Number of features.

    References
    ----------
    Ng, Sparse autoencoder, CS294A lecture notes, Stanford (2011). R package autoencoder 1.1.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> X = 1 / (1 + np.exp(-generator.normal(size=(60, 2)) @ generator.normal(size=(2, 8))))
    >>> encoder = SparseAutoencoder(2, max_iterations=200).fit(X[:40], validation=X[40:])
    >>> encoder.transform(X).shape
    (60, 2)
    >>> bool(encoder.validation_loss_[-1] < 0.2 * encoder.validation_loss_[0])
    True
    """

    def __init__(
        self,
        n_codes: int = 10,
        *,
        sparsity: float = 0.1,
        sparsity_weight: float = 0.1,
        weight_decay: float = 1e-4,
        init_scale: float = 0.1,
        max_iterations: int = 400,
        n_restarts: int = 1,
        seed: int = 0,
    ) -> None:
        self.n_codes = n_codes
        self.sparsity = sparsity
        self.sparsity_weight = sparsity_weight
        self.weight_decay = weight_decay
        self.init_scale = init_scale
        self.max_iterations = max_iterations
        self.n_restarts = n_restarts
        self.seed = seed

    def fit(self, X: ArrayLike, y: None = None, *, validation: ArrayLike | None = None) -> SparseAutoencoder:
        """Learn the weights on a discovery cohort.

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Discovery cohort, values from 0 to 1.
        y : None
            Not used.
        validation : array, shape (n_others, n_features), optional
            Cases whose loss is followed; they have no influence on the weights.

        Returns
        -------
        SparseAutoencoder
            Itself, fitted.

        Raises
        ------
        RecipeError
            RT103 if a setting has a value that is not allowed.
        ComputeError
            RT305 if a value is not finite or not from 0 to 1.
        """
        self._check_settings()
        values = checked_table(self, X, reset=True)
        self._check_range(values)
        others = None if validation is None else self._checked(validation)
        fits = [self._descend(values, others, restart) for restart in range(self.n_restarts)]
        best = min(fits, key=lambda fit: fit.curves[-1][0])  # of equal ones the first
        self.encode_, self.decode_, self.encode_offset_, self.decode_offset_ = best.weights
        self.n_iter_ = len(best.curves) - 1
        self.converged_ = best.converged
        self.objective_, self.training_loss_ = np.array([curve[:2] for curve in best.curves]).T
        self.validation_loss_ = np.array([curve[2] for curve in best.curves if len(curve) > 2])
        self.code_correlation_ = _correlation(best.weights.codes(values))
        self._n_features_out = self.n_codes
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Codes of cases, each in (0, 1).

        Parameters
        ----------
        X : array, shape (n_cases, n_features)
            Cases scaled like the discovery cohort.

        Returns
        -------
        array, shape (n_cases, n_codes)

        Raises
        ------
        ComputeError
            RT305 if a value is not finite or not from 0 to 1.
        """
        check_is_fitted(self)
        return self._weights.codes(self._checked(X))

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Features put together again from codes.

        Parameters
        ----------
        X : array, shape (n_cases, n_codes)
            Codes.

        Returns
        -------
        array, shape (n_cases, n_features)
            Values in (0, 1).

        Raises
        ------
        ComputeError
            RT305 if a code is not finite, or their number is not that of this encoder.
        """
        check_is_fitted(self)
        codes = check_array(X, dtype=np.float64, ensure_all_finite=False)
        if codes.shape[1] != len(self.encode_):
            raise ComputeError("RT305", f"the cases have {codes.shape[1]} codes, the encoder makes {len(self.encode_)}")
        check_finite(codes)
        return self._weights.values(codes)

    def reconstruction_loss(self, X: ArrayLike) -> float:
        """Mean over cases of half the squared distance of a case and its reconstruction; Raises as `transform`."""
        check_is_fitted(self)
        return self._weights.loss(self._checked(X))

    @property
    def _weights(self) -> Weights:
        return Weights(self.encode_, self.decode_, self.encode_offset_, self.decode_offset_)

    def _descend(self, values: np.ndarray, others: np.ndarray | None, restart: int) -> _Fit:
        from scipy.optimize import minimize

        n_features, n_codes = values.shape[1], self.n_codes
        penalty = Penalty(self.weight_decay, self.sparsity_weight, self.sparsity)
        curves: list[tuple[float, ...]] = []
        seen: dict[bytes, Value] = {}  # in this iteration, by weights

        def value_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = objective(Weights.of_flat(flat, n_features, n_codes), values, penalty)
            seen[flat.tobytes()] = value
            return value.objective, slope.flat()

        def follow(flat: np.ndarray) -> None:
            value = seen[flat.tobytes()]
            seen.clear()
            of_others = () if others is None else (Weights.of_flat(flat, n_features, n_codes).loss(others),)
            curves.append((*value, *of_others))

        generator = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(restart,)))
        start = Weights(
            generator.normal(scale=self.init_scale, size=(n_codes, n_features)),
            generator.normal(scale=self.init_scale, size=(n_features, n_codes)),
            np.zeros(n_codes),
            np.zeros(n_features),
        ).flat()
        value_and_slope(start)
        follow(start)
        # far more evaluations than iterations are never needed; the limit must not be the reason to stop
        options = {
            "maxiter": self.max_iterations,
            "maxfun": 100 * self.max_iterations,
            "maxcor": 20,
            "ftol": 1e-9,
            "gtol": 1e-6,
        }
        found = minimize(value_and_slope, start, jac=True, method="L-BFGS-B", callback=follow, options=options)
        weights = Weights(*(part.copy() for part in Weights.of_flat(found.x, n_features, n_codes)))
        return _Fit(weights, curves, bool(found.nit < self.max_iterations))

    def _checked(self, X: ArrayLike) -> np.ndarray:
        values = checked_table(self, X, reset=False)
        self._check_range(values)
        return values

    def _check_range(self, values: np.ndarray) -> None:
        outside = (values < 0) | (values > 1)
        if outside.any():
            case, feature = (int(at[0]) for at in np.nonzero(outside))
            names = getattr(self, "feature_names_in_", None)
            raise ComputeError(
                "RT305",
                f"feature {feature if names is None else names[feature]} of case {case} is {values[case, feature]:g}; "
                f"logistic units give values between 0 and 1 ({int(outside.sum())} values lie outside)",
                hint="scale with RobustScaler01, fitted on the discovery cohort",
            )

    def _check_settings(self) -> None:
        check_whole("n_codes", self.n_codes, 1)
        check_whole("max_iterations", self.max_iterations, 1)
        check_whole("n_restarts", self.n_restarts, 1)
        check_whole("seed", self.seed, 0)
        check_between("sparsity", self.sparsity, 0, 1)
        check_between("init_scale", self.init_scale, 0, np.inf)
        for setting in ("sparsity_weight", "weight_decay"):
            value = getattr(self, setting)
            if not 0 <= value < np.inf:
                raise RecipeError("RT103", f"{setting}={value!r} is not a number from 0 on")


class _Fit(NamedTuple):
    """One descent: its weights; per iteration objective, training loss and perhaps validation loss; whether it came to rest."""

    weights: Weights
    curves: list[tuple[float, ...]]
    converged: bool


def _correlation(codes: np.ndarray) -> np.ndarray:
    centred = codes - codes.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    unit = np.divide(centred, norm, out=np.full_like(centred, np.nan), where=norm > 1e-13 * np.abs(codes).sum(axis=0))
    return np.clip(unit.T @ unit, -1, 1)
