"""Where frames of a segmentation fall on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import GRID_TOLERANCE_VOXELS, Grid
from radiotype.io.seg_frames import Frames

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Place:
    """Frames laid on the slices of a grid, whichever way its axes run.

    Parameters
    ----------
    order : tuple of int
        The axes of the grid as (slices, rows, columns) of the frames.
    shape : tuple of int
        Shape of the grid in that order.
    start : array, shape (n_frames, 3), int
        Index of the first pixel of each frame, in that order.
    step : tuple of int
        1 or -1: the way in which rows and columns run along the axes of the grid.
    on_grid : array, shape (n_frames,), bool
        Whether every pixel of a frame lies within a tenth of a voxel of a voxel centre of one slice.
    """

    order: tuple[int, int, int]
    shape: tuple[int, int, int]
    start: npt.NDArray[np.int64]
    step: tuple[int, int]
    on_grid: Bools

    @staticmethod
    def of(frames: Frames, grid: Grid) -> Place:
        """Find it from the positions of the frames."""
        inverse = np.linalg.inv(grid.affine[:3, :3])
        first = (frames.position - grid.affine[:3, 3]) @ inverse.T
        down, across = inverse @ frames.down, inverse @ frames.across
        row_axis, column_axis = int(np.abs(down).argmax()), int(np.abs(across).argmax())
        if row_axis == column_axis:
            none = np.zeros(len(first), dtype=bool)
            return Place((0, 1, 2), grid.shape, np.zeros((len(first), 3), dtype=np.int64), (1, 1), none)
        order = (3 - row_axis - column_axis, row_axis, column_axis)
        step = (int(np.sign(down[row_axis])), int(np.sign(across[column_axis])))
        down[row_axis] -= step[0]
        across[column_axis] -= step[1]
        start = np.rint(first)
        error = np.zeros(len(first))
        for row in (0, frames.rows - 1):
            for column in (0, frames.columns - 1):
                error = np.maximum(error, np.abs(first - start + row * down + column * across).max(axis=1))
        slices = start[:, order[0]]
        on_grid = (error <= GRID_TOLERANCE_VOXELS) & (slices >= 0) & (slices < grid.shape[order[0]])
        shape = (grid.shape[order[0]], grid.shape[order[1]], grid.shape[order[2]])
        return Place(order, shape, start[:, order].astype(np.int64), step, on_grid)

    def cut(self, n: int, frame: Bools) -> tuple[tuple[Any, ...], Bools]:
        """Where in the grid, its axes in `order`, a frame lies, and the part of it that lies there."""
        where, within = self._window(n, frame.shape)
        return where, frame[:: self.step[0], :: self.step[1]][within]

    def pull(self, n: int, data: Bools, shape: tuple[int, int]) -> Bools:
        """The frame that shows an array on the grid; outside the grid it is False."""
        frame = np.zeros(shape, dtype=bool)
        where, within = self._window(n, shape)
        frame[:: self.step[0], :: self.step[1]][within] = data.transpose(self.order)[where]
        return frame

    def _window(self, n: int, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], tuple[slice, slice]]:
        where: list[Any] = [int(self.start[n, 0])]
        within = []
        for axis in (0, 1):
            start, size, limit = int(self.start[n, axis + 1]), shape[axis], self.shape[axis + 1]
            if self.step[axis] < 0:
                start -= size - 1
            low, high = max(start, 0), min(start + size, limit)
            low, high = (low, high) if low < high else (0, 0)
            where.append(slice(low, high))
            within.append(slice(low - start, high - start) if low < high else slice(0, 0))
        return tuple(where), (within[0], within[1])
