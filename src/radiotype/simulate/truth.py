"""What was planted in a cohort, to be written beside it where no study looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from radiotype.simulate.clinic import MARKERS, MOLECULAR_CRAMERS_V, molecular_probabilities
from radiotype.simulate.expression import planted_shifts
from radiotype.simulate.outcomes import Hazards

#: What a cohort lacks: nothing; any relation between the images and everything else; any groups among the tumours.
Null = Literal["none", "outcomes", "shapes"]
NULLS: tuple[Null, ...] = ("none", "outcomes", "shapes")


@dataclass(frozen=True, eq=False)
class Planted:
    """The truth about the imaging subtypes of a cohort.

    Parameters
    ----------
    n_subtypes : int
    hazard_ratios : mapping of int to float
        Of each subtype against subtype 1.
    treatment : mapping of int to float
        Hazard ratio of radiotherapy against surgery in each subtype.
    cramers_v : float
        Of the molecular with the imaging subtypes.
    gene_sets, cells : data frames, one row per set, one column per subtype
        Shift of the activity, in standard deviations between patients of one subtype, cancer type and centre.
    unrelated : tuple of str
        Clinical columns that have to do neither with the subtypes nor with survival.
    """

    n_subtypes: int
    hazard_ratios: Mapping[int, float]
    treatment: Mapping[int, float]
    cramers_v: float
    gene_sets: pd.DataFrame
    cells: pd.DataFrame
    unrelated: tuple[str, ...] = field(
        default_factory=lambda: ("sex", *(name for markers in MARKERS.values() for name in markers))
    )

    @property
    def interaction(self) -> float:
        """How many times the hazard ratio of radiotherapy in subtype 4 is that in subtype 3."""
        return self.treatment[4] / self.treatment[3]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for truth.json; gene sets and populations without a shift are left out."""
        return {
            "n_subtypes": self.n_subtypes,
            "hazard_ratios": {str(subtype): ratio for subtype, ratio in self.hazard_ratios.items()},
            "radiotherapy_against_surgery": {str(subtype): ratio for subtype, ratio in self.treatment.items()},
            "interaction_of_subtype_4_against_3": self.interaction,
            "molecular_subtype": {
                "cramers_v": self.cramers_v,
                "probability": {str(subtype): shares for subtype, shares in molecular_probabilities(self.cramers_v).items()},
            },
            "gene_sets": _shifted(self.gene_sets),
            "cells": _shifted(self.cells),
            "unrelated": list(self.unrelated),
        }


def planted(null: Null, hazards: Hazards) -> Planted:
    """What a cohort with this null holds.

    Examples
    --------
    >>> planted("none", Hazards()).to_dict()["cells"]["SIMULATED_CELLS_03"]
    {'4': -0.9}
    >>> planted("outcomes", Hazards()).to_dict()["gene_sets"]
    {}
    """
    pathways, populations = planted_shifts(none=null != "none")
    if null == "none":
        return Planted(len(hazards.subtype), hazards.subtype, hazards.treatment, MOLECULAR_CRAMERS_V, pathways, populations)
    ones = MappingProxyType(dict.fromkeys(hazards.subtype, 1.0))
    return Planted(1 if null == "shapes" else len(hazards.subtype), ones, ones, 0.0, pathways, populations)


def _shifted(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
    return {
        str(name): {str(subtype): float(shift) for subtype, shift in row.items() if shift != 0}
        for name, row in frame.iterrows()
        if row.any()
    }
