"""The Kaplan-Meier curve of being censored, which weights the cases that were not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from radiotype.stats._inputs import FloatArray


def uncensored_before(times: FloatArray, events: NDArray[np.bool_]) -> FloatArray:
    """Probability of not being censored before the time of each case, G(T-); at equal times events come first."""
    index = np.unique(times, return_inverse=True)[1]
    leaving = np.bincount(index)
    censored = np.bincount(index, weights=~events)
    at_risk = times.size - np.append(0, np.cumsum(leaving)[:-1]) - (leaving - censored)
    kept = np.append(1.0, np.cumprod(1 - censored / np.maximum(at_risk, 1))[:-1])
    return kept[index]
