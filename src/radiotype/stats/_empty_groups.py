"""Features that have no values in some group, or too few: which comparisons that costs, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray


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
