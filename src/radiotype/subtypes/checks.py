"""Checks that several estimators of this package share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from radiotype.errors import ComputeError, RecipeError


def check_finite(values: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Refuse a table (n_cases, n_features) with a value that is not finite; name its case and feature."""
    bad = ~np.isfinite(values)
    if bad.any():
        case, feature = (int(at[0]) for at in np.nonzero(bad))
        name = f"feature {feature}" if names is None else f"feature {feature} ({names[feature]})"
        raise ComputeError(
            "RT305",
            f"{name} of case {case} is {values[case, feature]}; NaN and inf are refused ({int(bad.sum())} in all)",
            hint="drop the feature or the case, or fill the gap in a step that is fitted on the discovery cohort",
        )


def checked_table(estimator: BaseEstimator, X: ArrayLike, *, reset: bool) -> np.ndarray:
    """The table as finite floats, (n_cases, n_features), after scikit-learn's checks of its form."""
    values: np.ndarray = validate_data(estimator, X, dtype=np.float64, ensure_all_finite=False, reset=reset)
    check_finite(values, getattr(estimator, "feature_names_in_", None))
    return values


def check_choice(setting: str, value: object, allowed: Sequence[str | None]) -> None:
    """Refuse a setting that is not one of the words that exist."""
    if value not in allowed:
        raise RecipeError("RT103", f"{setting}={value!r} does not exist", hint=f"use one of: {', '.join(map(str, allowed))}")
