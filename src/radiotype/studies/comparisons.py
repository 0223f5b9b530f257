"""Moderated tests between subtypes, with a mean per stratum: what biology and features are compared by."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.stats import compare_groups
from radiotype.stats.group_comparison import REST
from radiotype.studies.biology_settings import Sides

#: A comparison with fewer patients on one side is not shown.
LEAST_PATIENTS = 5


def compared(
    scores: pd.DataFrame,
    subtype: pd.Series,
    strata: pd.Series,
    comparisons: list[Sides],
    *,
    standardise: bool = False,
    variances: str = "equal",
) -> pd.DataFrame:
    """One row per comparison and score, the effect also in standard deviations within subtypes.

    Parameters
    ----------
    scores : data frame, shape (n_patients, n_scores)
    subtype : series, length n_patients
        "1" .. "K".
    strata : series, length n_patients
        Each stratum (cancer type, platform) gets a mean of its own.
    comparisons : list of (names, names)
        First and second side; a second side without names stands for all other patients.
    standardise, variances
        As in `radiotype.stats.compare_groups`.

    Returns
    -------
    data frame
        As `GroupComparison.to_frame`, with `standardised_lower` and `standardised_upper`.

    Raises
    ------
    ComputeError
        RT304 if subtypes and strata cannot be told apart; else as `radiotype.stats.compare_groups`.
    """
    levels = sorted(strata.unique())
    adjust = pd.DataFrame({f"stratum {i}": (strata == level).astype(float) for i, level in enumerate(levels)}).iloc[:, 1:]
    groups = subtype.astype(pd.CategoricalDtype(sorted(subtype.unique(), key=int)))
    pairs = [(list(first), list(second)) for first, second in comparisons if second]
    covariates = adjust if len(levels) > 1 else None
    _require_shared_strata(subtype, strata)
    found = compare_groups(scores, groups, pairs, covariates=covariates, standardise=standardise, variances=variances)
    table = found.to_frame()
    deviation = table["feature"].map(dict(zip(found.tests.features, np.sqrt(found.tests.variances), strict=True)))
    place = list(table.columns).index("standardised") + 1
    for limit in ("upper", "lower"):
        table.insert(place, f"standardised_{limit}", table[limit] / deviation)
    wanted = {(frozenset(first), frozenset(second or (REST,))) for first, second in comparisons}
    sides = zip(found.comparisons, found.pairs, strict=True)
    kept = [name for name, pair in sides if tuple(frozenset(found.merged.get(side, (side,))) for side in pair) in wanted]
    return table[table["comparison"].isin(kept)].reset_index(drop=True)


def _require_shared_strata(subtype: pd.Series, strata: pd.Series) -> None:
    """Refuse subtypes that no stratum joins with the others: a mean per stratum would be a mean per subtype."""
    from scipy.sparse.csgraph import connected_components

    present = pd.crosstab(subtype, strata).to_numpy() > 0
    share = (present.astype(int) @ present.T.astype(int)) > 0
    n, part = connected_components(share, directed=False)
    if n > 1:
        names = np.sort(subtype.unique())
        alone = names[part == np.bincount(part).argmin()]
        raise ComputeError(
            "RT304",
            f"no stratum (cancer type, platform) holds both subtype {', '.join(alone)} and another: they cannot be told apart",
            hint="compare within one stratum",
        )
