"""Several responses, such as those of a filter in all directions, made one."""

from __future__ import annotations

from typing import Literal

import numpy as np

from radiotype.core.geometry import Floats

#: The largest response of each voxel, their mean, or the smallest.
Pooling = Literal["max", "mean", "min"]


class Pool:
    """Responses pooled one after the other, so that only one more of them is held at a time.

    Examples
    --------
    >>> pool = Pool("max")
    >>> pool.add(np.array([1.0, -3.0]), opposite=1)
    >>> pool.result().tolist()
    [1.0, 3.0]
    """

    def __init__(self, pooling: Pooling) -> None:
        self.pooling = pooling
        self._pooled: Floats | None = None
        self._n = 0

    def add(self, response: Floats, *, alike: int = 1, opposite: int = 0) -> None:
        """Take in a response that occurs `alike` times, and `opposite` times with the other sign."""
        self._n += alike + opposite
        if self.pooling == "mean":
            value = response * float(alike - opposite)
        elif alike and opposite:
            value = np.abs(response) if self.pooling == "max" else -np.abs(response)
        else:
            value = response if alike else -response
        if self._pooled is None:
            self._pooled = value
        elif self.pooling == "mean":
            self._pooled = self._pooled + value
        else:
            self._pooled = (np.maximum if self.pooling == "max" else np.minimum)(self._pooled, value)

    def result(self) -> Floats:
        """What they were pooled to."""
        if self._pooled is None:
            raise ValueError("nothing was pooled")
        return self._pooled / self._n if self.pooling == "mean" else self._pooled
