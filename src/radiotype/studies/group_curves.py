"""Kaplan-Meier curves and the log-rank test of groups among the patients of a model."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.stats import logrank
from radiotype.studies.contrasts import LEAST_PATIENTS
from radiotype.studies.modelled import Modelled
from radiotype.studies.outcome import Evidence, add_curves


def group_curves(
    patients: Modelled, group: np.ndarray, names: Iterable[str], *, stratum: str, split: str = "all"
) -> tuple[list[pd.DataFrame], dict[str, int]]:
    """The curve of each group of at least `LEAST_PATIENTS` patients, and how many patients each of the others has.

    Parameters
    ----------
    patients : Modelled
    group : array of str, shape (n_patients,)
    names : str
        Groups to draw; those without any patient are among the others.
    stratum, split : str
        What the columns of these names hold.

    Returns
    -------
    list of data frames
        As in `outcome.add_curves`; the group stands in the column `subtype`.
    dict
        Patients of each group that has no curve.
    """
    sizes = {name: int((group == name).sum()) for name in names}
    few = {name: n for name, n in sizes.items() if n < LEAST_PATIENTS}
    rows = pd.DataFrame({"time_days": patients.time, "event": patients.event, "subtype": group})
    rows = rows[rows["subtype"].isin([name for name in sizes if name not in few])]
    drawn = Evidence()
    if len(rows):
        add_curves(drawn, stratum, split, rows)
    return drawn.kaplan_meier, few


def not_drawn(few: dict[str, int]) -> list[dict[str, object]]:
    """A row for each group without a curve: how many patients it has, and how many it would need."""
    return [{"group": name, "n": n, "needed": LEAST_PATIENTS} for name, n in few.items()]


def logrank_row(patients: Modelled, group: np.ndarray) -> dict[str, object] | None:
    """The log-rank test between the groups, stratified by cancer type where there are several; None where there is none."""
    try:
        test = logrank(patients.time, patients.event, group, strata=patients.strata)
    except ComputeError:
        return None
    return {
        "test": "log-rank",
        "n": len(patients.at),
        "events": int(patients.event.sum()),
        "statistic": test.chi_square,
        "degrees_of_freedom": test.degrees_of_freedom,
        "p_value": test.p_value,
    }
