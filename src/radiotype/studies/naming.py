"""How subtypes are numbered, so that the numbers of two runs can be compared."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from radiotype.core.feature import volume_feature

#: What tells two margins apart: the first that was measured counts.
_MARGINS = ("margin_core_vs_invasive_bhattacharyya", "margin_core_vs_invasive_chi_square")
_FINE_DETAIL = re.compile(r"spharm_energy_l([2-9]|\d\d)")


def subtype_names(labels: np.ndarray, values: pd.DataFrame, discovery: np.ndarray) -> pd.Series:
    """Subtypes "1" to "K" from labels in any order.

    By the median volume of the discovery tumours, smallest first; of equal medians by the median contrast of core and invasive
    margin (Bhattacharyya distance), then by the median irregularity (detail of degree 2 and finer, else 1 - sphericity), then
    the larger subtype first. Where no volume was measured, the larger subtype first.

    Parameters
    ----------
    labels : array of int, shape (n_patients,)
    values : data frame, shape (n_patients, n_features)
        Features in their own units.
    discovery : array of bool, shape (n_patients,)
        The patients that are looked at; every label stands there.
    """
    own = labels[discovery]
    size = volume_feature(values.columns)
    ranks = pd.DataFrame(index=np.unique(own))
    if size is not None:
        for name, one in (("size", values[size]), ("margin", _margin(values)), ("irregularity", _irregularity(values))):
            if one is not None:
                ranks[name] = one[discovery].groupby(own).median()
    ranks["smaller"] = -np.bincount(own)[ranks.index]
    ordered = ranks.sort_values(list(ranks.columns), kind="stable").index
    rank = {int(label): str(place + 1) for place, label in enumerate(ordered)}
    return pd.Series([rank[int(label)] for label in labels], name="subtype")


def _margin(values: pd.DataFrame) -> pd.Series | None:
    return next((values[name] for name in _MARGINS if name in values.columns), None)


def _irregularity(values: pd.DataFrame) -> pd.Series | None:
    fine = [name for name in values.columns if _FINE_DETAIL.fullmatch(name)]
    if fine:
        return values[fine].sum(axis=1, min_count=1)
    return -values["sphericity"] if "sphericity" in values.columns else None
