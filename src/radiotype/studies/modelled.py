"""The patients of one Cox model: follow-up, subtypes and covariates without gaps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from radiotype.errors import ComputeError
from radiotype.studies.covariates import covariate_columns, design_matrix
from radiotype.studies.outcome import outcome_of
from radiotype.studies.recipe import Recipe
from radiotype.studies.selection import Sample


@dataclass(frozen=True, eq=False)
class Modelled:
    """Patients with known follow-up, subtype and covariates; all arrays have shape (n_patients,).

    `covariates` has one column per term of the model (none: no column), `strata` the cancer types, None where there is one.
    `at` are the places of the patients in the sample.
    """

    time: np.ndarray
    event: np.ndarray
    subtype: np.ndarray
    covariates: pd.DataFrame
    strata: np.ndarray | None
    at: np.ndarray

    @property
    def adjust(self) -> pd.DataFrame | None:
        """The covariates, None without any."""
        return self.covariates if self.covariates.shape[1] else None

    @property
    def categories(self) -> pd.Series:
        """The subtypes as categories in the order of their numbers."""
        names = sorted(set(self.subtype), key=int)
        return pd.Series(self.subtype, dtype=pd.CategoricalDtype(names))

    def take(self, rows: np.ndarray) -> Modelled:
        """The patients for whom `rows` is True, less the covariates that do not vary among them."""
        covariates = self.covariates[rows].reset_index(drop=True)
        return replace(
            self,
            time=self.time[rows],
            event=self.event[rows],
            subtype=self.subtype[rows],
            covariates=covariates.loc[:, covariates.nunique() > 1],
            strata=None if self.strata is None or len(set(self.strata[rows])) < 2 else self.strata[rows],
            at=self.at[rows],
        )


def modelled(
    sample: Sample, subtype: pd.Series, recipe: Recipe, *, stratum: str = "all", without: tuple[str, ...] = ()
) -> Modelled:
    """The patients of the model of all ("all") or of one cancer type, with its covariates but those named in `without`."""
    outcome = outcome_of(sample.cases, recipe)
    types = sample.cancer_type.to_numpy()
    rows = (outcome["time_days"].notna() & outcome["event"].notna()).to_numpy()
    if stratum != "all":
        rows = rows & (types == stratum)
    columns = covariate_columns(sample, tuple(name for name in recipe.covariates_of(stratum) if name not in without))
    # One subtype for all: design_matrix then gives the covariates alone.
    design, _, complete = design_matrix(pd.Series("1", index=subtype.index), columns, rows)
    at = np.flatnonzero(rows)
    everybody = Modelled(
        time=outcome["time_days"].to_numpy()[at],
        event=outcome["event"].to_numpy()[at],
        subtype=subtype.astype(str).to_numpy()[at],
        covariates=design.reset_index(drop=True).add_prefix("covariate "),
        strata=types[at].astype(str),
        at=at,
    )
    return everybody.take(complete)


def plain_reason(error: ComputeError | str) -> str:
    """Why a model of a part of the patients does not exist, in a sentence a reader understands."""
    code, _, found = (error.code, "", error.found) if isinstance(error, ComputeError) else error.partition(": ")
    if code == "RT303" and "separates" in found:
        return "on one side nobody had the event, or only they had it, so that no finite ratio describes the data"
    words = {
        "RT301": "too few patients",
        "RT302": "too few events",
        "RT304": "one side has no patients, or cannot be told from a covariate",
    }
    return f"{words[code]} ({found})" if code in words else found
