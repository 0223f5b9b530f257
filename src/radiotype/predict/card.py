"""What a model was made from, in counts; never who."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import FailFast

from radiotype.features.strict import Listed, Strict


class ModelCard(Strict):
    """What a reader of a model has to know about its origin.

    Parameters
    ----------
    n_cases : int
        Cases it was made from.
    n_per_subtype : mapping of str to int
        How many of them were of each subtype.
    purpose : str
        What it is for.
    notes : tuple of str
        Cohorts, limits, what it must not be used for.

    Examples
    --------
    >>> ModelCard.of([0, 1, 1], purpose="subtypes of lung tumours on CT").n_per_subtype
    {'0': 1, '1': 2}
    """

    n_cases: int
    n_per_subtype: dict[str, int]
    purpose: str = ""
    notes: Annotated[tuple[str, ...], FailFast(), Listed] = ()

    @classmethod
    def of(cls, labels: ArrayLike, *, purpose: str = "", notes: tuple[str, ...] = ()) -> ModelCard:
        """The card of a model that was made from cases with these subtypes."""
        names, counts = np.unique(np.asarray(labels), return_counts=True)
        per = {str(name): int(count) for name, count in zip(names, counts, strict=True)}
        return cls(n_cases=int(counts.sum()), n_per_subtype=per, purpose=purpose, notes=notes)
