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
            if self._pooled is None:
                self._pooled = response * float(alike - opposite)
            else:
                self._pooled += response if alike - opposite == 1 else response * float(alike - opposite)
            return
        if alike and opposite:
            response = np.abs(response) if self.pooling == "max" else -np.abs(response)
        elif opposite:
            response = -response
        if self._pooled is None:
            self._pooled = response.copy(order="K")
        else:
            (np.maximum if self.pooling == "max" else np.minimum)(self._pooled, response, out=self._pooled)

    def result(self) -> Floats:
        """What they were pooled to."""
        if self._pooled is None:
            raise ValueError("nothing was pooled")
        if self.pooling == "mean":
            self._pooled /= self._n
            self._n = 1
        return self._pooled
