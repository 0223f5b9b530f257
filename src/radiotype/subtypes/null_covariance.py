"""Variances of the single Gaussian that SigClust compares a cohort with: estimates of the eigenvalues of its covariance."""

from __future__ import annotations

import numpy as np

from radiotype.subtypes.checks import check_choice

COVARIANCES = ("soft", "hard", "sample")

# Makes the median absolute deviation of Gaussian values their standard deviation (as R's `mad`).
MAD_TO_SD = 1.4826


def covariance_eigenvalues(values: np.ndarray) -> np.ndarray:
    """Eigenvalues of the sample covariance of the features, falling, shape (n_features,); none is negative."""
    n_cases, n_features = values.shape
    eigenvalues = np.zeros(n_features)
    singular = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
    eigenvalues[: len(singular)] = singular**2 / (n_cases - 1)
    return eigenvalues


def background_variance(values: np.ndarray) -> float:
    """Variance of the noise that most entries consist of, from their median absolute deviation.

    Correlated features have no such entries: each holds a part of every signal, and the estimate is far too large.
    """
    return float((MAD_TO_SD * np.median(np.abs(values - np.median(values)))) ** 2)


def noise_variance(values: np.ndarray) -> float:
    """Variance of the noise in every direction, whatever the axes: the least of two estimates.

    One is `background_variance` of the principal components, where signals fill few columns (of all directions in
    proportion, where there are fewer cases than features). The other is what leaves noise alone a smallest eigenvalue as
    small as that of the covariance: (1 - sqrt(n_features / (n_cases - 1)))^2 of its variance.

    References
    ----------
    Marchenko & Pastur, Mathematics of the USSR-Sbornik 1 (1967) 457-483 (the smallest eigenvalue).
    """
    n_cases, n_features = values.shape
    left, singular, _ = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    n_directions = min(n_cases - 1, n_features)
    noise = background_variance((left * singular)[:, :n_directions]) * n_directions / n_features
    if n_features < n_cases - 1:
        edge = (1 - np.sqrt(n_features / (n_cases - 1))) ** 2
        noise = min(noise, float(singular[-1] ** 2 / (n_cases - 1) / edge))
    return noise


def null_eigenvalues(eigenvalues: np.ndarray, background: float, covariance: str, *, like_r: bool = False) -> np.ndarray:
    """Estimate of the true eigenvalues.

    Parameters
    ----------
    eigenvalues : array, shape (n_features,)
        Of the sample covariance, falling.
    background : float
        Variance of the noise.
    covariance : {"soft", "hard", "sample"}
        "hard": no eigenvalue is below `background`. "soft": all are lowered by one threshold before that, the one that
        gives the first eigenvalue the largest share, up to that which leaves the total variance as it is. "sample": as
        they are.
    like_r : bool
        Threshold of R's sigclust 1.1.0.1 with icovest = 1: a hundredth of the largest is its step, and where even the first
        eigenvalue may fall to `background`, each eigenvalue gets a threshold of its own by a slip of the program.

    Returns
    -------
    array, shape (n_features,)

    References
    ----------
    Liu et al., J Am Stat Assoc 103 (2008) 1281-1293 (hard). Huang et al., J Comput Graph Stat 24 (2015) 975-993 (soft).
    """
    check_choice("covariance", covariance, COVARIANCES)
    if covariance == "sample":
        return eigenvalues.copy()
    n_above = int(np.count_nonzero(eigenvalues > background))
    if covariance == "hard" or n_above == 0:
        return np.maximum(eigenvalues, background)
    thresholds = _r_thresholds(eigenvalues, background) if like_r else _thresholds(eigenvalues, background)
    lowered = np.maximum(eigenvalues - thresholds, background)
    return lowered[np.argmax(lowered[:, 0] / lowered.sum(axis=1))]


def _thresholds(eigenvalues: np.ndarray, background: float) -> np.ndarray:
    """Where the share of the first eigenvalue can be largest, ascending, shape (n, 1): between these it is monotone."""
    excess = _excess(eigenvalues, background)
    most = float(np.interp(_lifted(eigenvalues, background), [0.0, *_removed(excess)[::-1]], [0.0, *excess[::-1]]))
    return np.unique([0.0, most, *excess[excess < most]])[:, None]


def _r_thresholds(eigenvalues: np.ndarray, background: float) -> np.ndarray:
    """The thresholds that R tries, ascending, shape (100, n_features)."""
    excess = _excess(eigenvalues, background)
    removed, lifted = _removed(excess), _lifted(eigenvalues, background)
    if removed[0] < lifted:
        most = np.resize(lifted / removed * excess[0], len(eigenvalues))
    else:
        most = np.full(len(eigenvalues), np.interp(lifted, [0.0, *removed[::-1]], [0.0, *excess[::-1]]))
    return np.arange(100)[:, None] * (most / 100)


def _excess(eigenvalues: np.ndarray, background: float) -> np.ndarray:
    return eigenvalues[eigenvalues > background] - background


def _lifted(eigenvalues: np.ndarray, background: float) -> float:
    """Variance that is added by lifting small eigenvalues to the background."""
    return float(np.sum(np.maximum(background - eigenvalues, 0.0)))


def _removed(excess: np.ndarray) -> np.ndarray:
    """Variance that a threshold equal to each excess takes away; both fall."""
    return np.arange(len(excess)) * excess + np.cumsum(excess[::-1])[::-1]
