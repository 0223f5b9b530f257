"""The objective of a sparse autoencoder with one hidden layer of logistic units, and its gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Weights(NamedTuple):
    """Weights and offsets of both layers.

    `encode` (n_codes, n_features), `decode` (n_features, n_codes), `encode_offset` (n_codes,), `decode_offset` (n_features,).
    """

    encode: np.ndarray
    decode: np.ndarray
    encode_offset: np.ndarray
    decode_offset: np.ndarray

    def flat(self) -> np.ndarray:
        """All numbers in one row, in this order."""
        return np.concatenate([part.ravel() for part in self])

    @classmethod
    def of_flat(cls, flat: np.ndarray, n_features: int, n_codes: int) -> Weights:
        """What `flat` gave."""
        at = n_features * n_codes
        return cls(
            flat[:at].reshape(n_codes, n_features),
            flat[at : 2 * at].reshape(n_features, n_codes),
            flat[2 * at : 2 * at + n_codes],
            flat[2 * at + n_codes :],
        )

    def codes(self, values: np.ndarray) -> np.ndarray:
        """Activations of the hidden units, (n_cases, n_codes)."""
        return _logistic(values @ self.encode.T + self.encode_offset)

    def values(self, codes: np.ndarray) -> np.ndarray:
        """Features put together again from their codes, (n_cases, n_features)."""
        return _logistic(codes @ self.decode.T + self.decode_offset)

    def loss(self, values: np.ndarray) -> float:
        """Reconstruction loss: mean over cases of half the squared distance of a case and its reconstruction."""
        return _half_squares(self.values(self.codes(values)) - values)


class Value(NamedTuple):
    """The objective and the part of it that is the reconstruction loss."""

    objective: float
    loss: float


class Penalty(NamedTuple):
    """What is added to the reconstruction loss: `weight_decay` (lambda), `sparsity_weight` (beta), `sparsity` (rho)."""

    weight_decay: float
    sparsity_weight: float
    sparsity: float


def objective(weights: Weights, values: np.ndarray, penalty: Penalty) -> tuple[Value, Weights]:
    """Objective of the autoencoder, and its derivative with respect to each weight.

    J = mean 1/2 ||h(x) - x||^2 + lambda / 2 (||encode||^2 + ||decode||^2) + beta sum_j KL(rho || mean activation of unit j)

    Parameters
    ----------
    weights : Weights
    values : array, shape (n_cases, n_features)
    penalty : Penalty

    Returns
    -------
    Value, Weights
    """
    decay, strength, rho = penalty
    n_cases = len(values)
    codes = weights.codes(values)
    output = weights.values(codes)
    error = output - values
    # a unit that is always off or always on would make the divergence infinite
    active = np.clip(codes.mean(axis=0), 1e-300, 1 - 1e-16)
    divergence = rho * np.log(rho / active) + (1 - rho) * np.log((1 - rho) / (1 - active))
    squares = sum(float(np.vdot(part, part)) for part in weights[:2])
    loss = _half_squares(error)
    value = Value(loss + decay / 2 * squares + strength * float(divergence.sum()), loss)

    at_output = error  # in place: these are the large arrays
    at_output *= output
    at_output *= np.subtract(1, output, out=output)
    at_output /= n_cases
    pull = strength / n_cases * ((1 - rho) / (1 - active) - rho / active)
    at_codes = (at_output @ weights.decode + pull) * codes * (1 - codes)
    slope = Weights(
        at_codes.T @ values + decay * weights.encode,
        at_output.T @ codes + decay * weights.decode,
        at_codes.sum(axis=0),
        at_output.sum(axis=0),
    )
    return value, slope


def _half_squares(error: np.ndarray) -> float:
    return 0.5 * float(np.vdot(error, error)) / len(error)


def _logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), in place; exp would overflow beyond 700."""
    np.negative(x, out=x)
    np.minimum(x, 700, out=x)
    np.exp(x, out=x)
    x += 1
    return np.reciprocal(x, out=x)
