"""Features that have no values in some group, or too few: which comparisons that costs, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray, read_only
from radiotype.stats.moderated import ModeratedTests
from radiotype.stats.multiple_testing import adjust_p_values


def lost_comparisons(needed: Mapping[str, FloatArray], observed: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a comparison needs a group without any value of the feature, shape (n_features, n_comparisons)."""
    empty = observed == 0
    return np.column_stack([((np.atleast_2d(weights) != 0) & empty).any(axis=1) for weights in needed.values()])


def with_groups_filled(
    values: FloatArray, needed: Mapping[str, FloatArray], member: NDArray[np.bool_], observed: NDArray[np.int64]
) -> FloatArray:
    """Values in which a group without any has one, the mean of the feature, so that one design serves all features.

    A group of one value is fitted exactly: it adds one case and takes one coefficient, and moves neither the residuals nor
    their degrees of freedom. The comparisons that need that group mean nothing. Features that would keep too few of them are
    left as they are.
    """
    if not (observed == 0).any():
        return values
    stacked = np.stack(list(needed.values()), axis=-1)
    most = np.linalg.matrix_rank(stacked).max()
    lost = lost_comparisons(needed, observed)
    filled = values.copy()
    for place in np.flatnonzero((observed == 0).any(axis=1) & (observed > 0).any(axis=1) & ~lost.all(axis=1)):
        if stacked.ndim == 3 and np.linalg.matrix_rank(stacked[place]) < most:
            continue
        own = filled[:, place]
        own[member[:, observed[place] == 0].argmax(axis=0)] = np.nanmean(own)
    return filled


def without_lost(tests: ModeratedTests, lost: NDArray[np.bool_]) -> ModeratedTests:
    """The tests without the comparisons that were lost, and without F of the features that lost one."""
    if not lost.any():
        return tests
    names = ("effects", "standard_errors", "lower", "upper", "t", "p_values", "log_odds")
    arrays = {name: np.where(lost, np.nan, getattr(tests, name)) for name in names}
    arrays |= {name: np.where(lost.any(axis=1), np.nan, getattr(tests, name)) for name in ("f", "f_p_values")}
    q_values = [_corrected(column, tests.correction) for column in arrays["p_values"].T]
    arrays |= {"q_values": np.column_stack(q_values), "f_q_values": _corrected(arrays["f_p_values"], tests.correction)}
    read: dict[str, Any] = {name: read_only(array) for name, array in arrays.items()}
    return replace(tests, **read)


def _corrected(p_values: FloatArray, correction: str) -> FloatArray:
    q_values = np.full(p_values.shape, np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        q_values[known] = adjust_p_values(p_values[known], correction=correction)
    return q_values


def why_not_compared(
    missing: NDArray[np.bool_],
    needed: Mapping[str, FloatArray],
    observed: NDArray[np.int64],
    group_df: FloatArray,
    *,
    features: Sequence[str],
    groups: Sequence[str],
) -> dict[tuple[str, str], str]:
    """Why a comparison of a feature is `missing`, by their names.

    Parameters
    ----------
    missing : array of bool, shape (n_features, n_comparisons)
    needed : {comparison: array}, shape (n_groups,) or (n_features, n_groups)
        Weights of the groups.
    observed, group_df : array, shape (n_features, n_groups)
        Values of each group, and what its variance rests on.
    """
    reasons = {}
    for at, (comparison, weights) in enumerate(needed.items()):
        for place in np.flatnonzero(missing[:, at]).tolist():
            taking_part = np.flatnonzero(weights if weights.ndim == 1 else weights[place]).tolist()
            empty = [groups[group] for group in taking_part if observed[place, group] == 0]
            bare = [group for group in taking_part if np.isnan(group_df[place, group])]
            if empty:
                reason = f"RT301: it has no value in group{'s' if len(empty) > 1 else ''} {', '.join(map(repr, empty))}"
            elif bare:
                n = int(observed[place, bare[0]])
                reason = f"RT301: group {groups[bare[0]]!r} has {n} value{'s' if n > 1 else ''}; its variance needs more"
            else:
                reason = "RT305: it is constant within the groups that are compared"
            reasons[comparison, features[place]] = reason
    return reasons
