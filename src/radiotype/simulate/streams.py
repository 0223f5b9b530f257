"""Random streams: one for each thing that is drawn for a case, so that a new thing changes no other."""

from __future__ import annotations

import numpy as np

_STAGES = {
    "plan": 0, "tumour": 1, "scan": 2, "patient": 3, "survival": 4, "clinic": 5, "expression": 6, "null": 7, "genes": 8,
}  # fmt: skip


def generator(seed: int, stage: str, index: int) -> np.random.Generator:
    """The stream of one stage of one case."""
    return np.random.default_rng(np.random.SeedSequence([seed, _STAGES[stage], index]))
