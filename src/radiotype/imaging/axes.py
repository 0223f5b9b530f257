"""Array axes in the order and sense of the patient's."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Floats, Grid
from radiotype.core.volume import Box

Indices = npt.NDArray[np.int64]
Value = TypeVar("Value", bound=np.generic)


class PatientAxes(NamedTuple):
    """How to turn arrays of one grid so that their axes run to the patient's left, back and head as nearly as it allows.

    `order`: the own axis that becomes each patient axis; `flips`: an index that reverses the axes that run the other way.
    """

    order: tuple[int, int, int]
    flips: tuple[slice, slice, slice]

    def turned(self, array: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """The array with its axes along the patient's; a view."""
        return array.transpose(self.order)[self.flips]

    def back(self, array: npt.NDArray[Value]) -> npt.NDArray[Value]:
        """What `turned` was given; a view."""
        return array[self.flips].transpose(np.argsort(self.order))

    def box(self, box: Box, shape: tuple[int, ...]) -> Box:
        """Where a box (low, high) of an array of that shape lies in the turned array."""
        low, high = np.array(box)[:, self.order]
        return _box(*self._flipped(low, high, np.array(shape)[list(self.order)]))

    def box_back(self, box: Box, shape: tuple[int, ...]) -> Box:
        """Where a box (low, high) of the turned array, which has that shape, lies in the array before it."""
        low, high = np.array(box)
        low, high = self._flipped(low, high, np.array(shape))
        place = np.argsort(self.order)
        return _box(low[place], high[place])

    def _flipped(self, low: Indices, high: Indices, shape: Indices) -> tuple[Indices, Indices]:
        flipped = np.array([flip.step == -1 for flip in self.flips])
        return np.where(flipped, shape - high, low), np.where(flipped, shape - low, high)

    def grid(self, grid: Grid) -> Grid:
        """Where the voxels of a turned array lie."""
        affine, turned = grid.affine, grid.affine.copy()
        for patient, (own, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            turned[:3, patient] = -affine[:3, own] if flip.step == -1 else affine[:3, own]
            if flip.step == -1:
                turned[:3, 3] += affine[:3, own] * (grid.shape[own] - 1)
        i, j, k = (grid.shape[own] for own in self.order)
        return Grid((i, j, k), turned)

    def spacing(self, spacing_mm: tuple[float, float, float]) -> tuple[float, float, float]:
        """The spacing along the patient's axes, mm."""
        i, j, k = self.order
        return spacing_mm[i], spacing_mm[j], spacing_mm[k]


def _box(low: Indices, high: Indices) -> Box:
    (a, b, c), (i, j, k) = low.tolist(), high.tolist()
    return (a, b, c), (i, j, k)


def patient_axes(direction: Floats) -> PatientAxes:
    """The axes nearest to the patient's.

    Parameters
    ----------
    direction : array, shape (3, 3)
        `Grid.direction`: one unit vector per index axis, as columns.

    Examples
    --------
    >>> import numpy as np
    >>> sagittal = np.array([[0, 0, 1.0], [1, 0, 0], [0, -1, 0]])  # i to the back, j to the feet, k to the left
    >>> patient_axes(sagittal).order
    (2, 0, 1)
    """
    size = np.abs(direction)
    order = max(permutations(range(3)), key=lambda own: size[0, own[0]] + size[1, own[1]] + size[2, own[2]])
    x, y, z = (slice(None, None, -1 if direction[patient, own] < 0 else 1) for patient, own in enumerate(order))
    return PatientAxes((order[0], order[1], order[2]), (x, y, z))
