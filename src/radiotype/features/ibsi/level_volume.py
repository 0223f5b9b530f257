"""Grey levels of a region, laid out for the texture kernels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

import radiotype._native as native
from radiotype.errors import ComputeError, InputError

HIGHEST_LEVEL = 65_535


@dataclass(frozen=True)
class LevelVolume:
    """A region as slices of rows with one empty voxel on every side.

    Parameters
    ----------
    ranks : array of uint8 or uint16, shape (n_slices + 2, n_rows + 2, n_columns + 2)
        Which of the levels that occur, counted from 1; 0 outside. Rows and columns of the matrices are ranks.
    values : array, as `ranks`
        The grey levels themselves; the same array when every level occurs.
    lines : array of int32, shape (n_lines, 4)
        Slice, row, first and end column of every row of voxels that has some inside.
    inside, inside_lines : arrays
        The same for the region whose border counts for distances.
    levels : array of int64, shape (n_levels,)
        The grey levels that occur.
    n_grey_levels : int
        Number of grey levels of the discretisation, whether they occur or not.
    n_voxels : int
    """

    ranks: NDArray[np.unsignedinteger]
    values: NDArray[np.unsignedinteger]
    lines: NDArray[np.int32]
    inside: NDArray[np.unsignedinteger]
    inside_lines: NDArray[np.int32]
    levels: NDArray[np.int64]
    n_grey_levels: int
    n_voxels: int

    @property
    def n_slices(self) -> int:
        """Slices from the first to the last that has voxels."""
        return int(self.lines[-1, 0] - self.lines[0, 0]) + 1

    def in_slices(self, n: int) -> Iterator[LevelVolume]:
        """The same region in parts of at most `n` slices."""
        first = self.lines[0, 0]
        for start in range(first, first + self.n_slices, n):
            lines, inside_lines = (
                table[slice(*np.searchsorted(table[:, 0], (start, start + n)))] for table in (self.lines, self.inside_lines)
            )
            if len(lines):
                yield replace(self, lines=lines, inside_lines=inside_lines)


def level_volume(levels: ArrayLike, *, mask: ArrayLike | None = None, n_grey_levels: int | None = None) -> LevelVolume:
    """Lay out the grey levels of a region for the texture kernels.

    Parameters
    ----------
    levels : array of integers, shape (I, J, K)
        Grey levels from 1, 0 outside the region; K runs across the slices. At most 65,535.
    mask : array of bool, shape (I, J, K), optional
        The region whose border counts for distances (the IBSI's morphological mask), where intensities out of range have been
        left out of the levels; the voxels with levels when left out.
    n_grey_levels : int, optional
        Number of grey levels of the discretisation; the highest level when left out.

    Returns
    -------
    LevelVolume

    Raises
    ------
    InputError
        RT204 if no voxel is inside, RT207 if the array is not three-dimensional or the mask has another shape.
    ComputeError
        RT305 if the levels are no integers from 0 to 65,535, `n_grey_levels` is below the highest, or a voxel outside the mask
        has a level.

    Examples
    --------
    >>> volume = level_volume(np.array([[[0, 2], [5, 5]]]))
    >>> volume.levels, volume.n_grey_levels, volume.n_voxels, volume.ranks.shape
    (array([2, 5]), 5, 3, (4, 4, 3))
    """
    source, highest = _checked(levels)
    counts, box = np.zeros(highest + 1, dtype=np.int64), np.zeros(6, dtype=np.int64)
    native.texture_scan(source, counts, box)
    present = np.flatnonzero(counts[1:]) + 1
    if n_grey_levels is not None and n_grey_levels < highest:
        raise ComputeError("RT305", f"there is a grey level {highest}, expected at most {n_grey_levels}")
    border = None if mask is None else _border(mask, source, int(counts[present].sum()), box)
    i, j, k = (slice(int(low), int(high)) for low, high in box.reshape(3, 2))
    slices = source[i, j, k].transpose(2, 1, 0)

    kind = np.uint8 if max(highest, *slices.shape) < 256 else np.uint16  # runs are counted in the same type
    ranks = None
    if present.size < highest:
        ranks = np.zeros(highest + 1, dtype=np.uint16)
        ranks[present] = np.arange(1, present.size + 1)
    packed, lines = _packed(slices, kind, ranks)
    inside, inside_lines = (packed, lines) if border is None else _packed(border[i, j, k].transpose(2, 1, 0), kind)
    return LevelVolume(
        ranks=packed,
        values=packed if ranks is None else _packed(slices, kind)[0],
        lines=lines,
        inside=inside,
        inside_lines=inside_lines,
        levels=present,
        n_grey_levels=highest if n_grey_levels is None else n_grey_levels,
        n_voxels=int(counts[present].sum()),
    )


def _checked(levels: ArrayLike) -> tuple[NDArray[np.uint16], int]:
    """The levels in the type that the kernels read, and the highest."""
    found = np.asarray(levels)
    if found.ndim != 3:
        raise InputError("RT207", f"the levels have {found.ndim} dimensions, expected 3 (I, J, K)", hint="pass one volume")
    if not np.issubdtype(found.dtype, np.integer):
        raise ComputeError("RT305", f"the levels are {found.dtype}, expected integers", hint="discretise the intensities first")
    low = int(found.min(initial=0)) if np.issubdtype(found.dtype, np.signedinteger) else 0
    high = int(found.max(initial=0))
    if low < 0 or high > HIGHEST_LEVEL:
        raise ComputeError(
            "RT305",
            f"the grey levels run from {low} to {high}, expected 0 (outside) to {HIGHEST_LEVEL}",
            hint="choose wider bins, or a fixed number of them",
        )
    if high == 0:
        raise InputError("RT204", "no voxel has a grey level, expected at least one", hint="check the mask and the range")
    return found.astype(np.uint16, copy=False), high


def _border(mask: ArrayLike, levels: NDArray[np.uint16], n_voxels: int, box: NDArray[np.int64]) -> NDArray[np.uint16] | None:
    """The mask as levels of 0 and 1, whose box takes the place of that of the levels; None if every voxel has a level."""
    found = np.asarray(mask)
    if found.dtype != np.bool_ or found.shape != levels.shape:
        raise InputError(
            "RT207",
            f"the mask is {found.dtype} {found.shape}, expected bool {levels.shape}",
            hint="pass the mask of these levels",
        )
    if (levels.astype(np.bool_) & ~found).any():
        raise ComputeError("RT305", "a voxel outside the mask has a grey level", hint="pass the mask of these levels")
    if np.count_nonzero(found) == n_voxels:
        return None
    inside = found.astype(np.uint16)
    native.texture_scan(inside, np.zeros(2, dtype=np.int64), box)
    return inside


def _packed(
    slices: NDArray[np.uint16], kind: type[np.unsignedinteger], level_map: NDArray[np.uint16] | None = None
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.int32]]:
    shape = tuple(size + 2 for size in slices.shape)
    n = shape[0] * shape[1] * shape[2]
    buffer = np.zeros(n + 64, dtype=kind)  # the kernels read past the end of the last row
    lines = np.empty((slices.shape[0] * slices.shape[1], 4), dtype=np.int32)
    n_lines = native.texture_pack(slices, level_map, buffer, lines)
    return buffer[:n].reshape(shape), lines[:n_lines]
