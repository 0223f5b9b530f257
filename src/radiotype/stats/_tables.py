"""Feature tables as the estimators of the package take them: finite numbers, and a record of the cases of a fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from radiotype.errors import ComputeError
from radiotype.stats._row_digests import row_digests


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
    """The table as finite floats, (n_cases, n_features), after scikit-learn's checks of its form.

    With `reset`, in a fit, the digests of the cases stay in `fitted_on_`, for `require_unseen`.
    """
    # one order in memory, for sums over rows and sums over columns may round differently
    values: np.ndarray = validate_data(estimator, X, dtype=np.float64, order="C", ensure_all_finite=False, reset=reset)
    check_finite(values, getattr(estimator, "feature_names_in_", None))
    if reset:
        estimator.fitted_on_ = row_digests(values)
    return values
