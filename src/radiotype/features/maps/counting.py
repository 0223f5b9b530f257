"""Grey-level matrices of many small regions at once, as the entries that are not 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import radiotype._native as native
from radiotype.features.ibsi.entries import Entries, sums
from radiotype.features.ibsi.texture_matrices import STEPS

Ranks = NDArray[np.unsignedinteger]


#: Keys are counted in a table of all that may occur if it holds no more than so many for each that does; else they are sorted.
SPARSE = 32


class Tones(NamedTuple):
    """By region and level that it holds: which these are, voxels, those with neighbours, and the sum of their differences."""

    region: NDArray[np.int64]
    level: NDArray[np.int64]
    n_voxels: NDArray[np.int64]
    n_with_neighbours: NDArray[np.int64]
    differences: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Counting:
    """What is counted in many small regions of one shape.

    Parameters
    ----------
    ranks : array, shape (n, slices, rows, columns)
        Which of the `levels` a voxel has, counted from 1; 0 outside its region.
    inside : array of bool, same shape
        The region whose border counts for distances.
    levels : array, shape (n_levels,)
        Rising.
    planar : bool
        Whether neighbours are those within a slice only.
    """

    ranks: Ranks
    inside: NDArray[np.bool_]
    levels: NDArray[np.int64]
    planar: bool

    @property
    def steps(self) -> tuple[tuple[int, int, int], ...]:
        """To half of the neighbours."""
        return STEPS[:4] if self.planar else STEPS

    @cached_property
    def n_voxels(self) -> NDArray[np.int64]:
        """Voxels of each region."""
        return np.count_nonzero(self.ranks, axis=(1, 2, 3)).astype(np.int64)

    def pairs(self, weights: NDArray[np.float64] | None = None) -> Entries:
        """Pairs of neighbours by their levels, from both sides: a matrix for each region and direction.

        With weights of the directions, these are added up to one matrix for each region.
        """
        n, width = len(self.ranks), self.levels.size + 1
        n_matrices = n if weights is not None else n * len(self.steps)
        keys, factors = [], []
        for number, step in enumerate(self.steps):
            first, second = (self.ranks[part] for part in _shifted(step, self.ranks.shape[1:]))
            there = (first > 0) & (second > 0)
            a, b = first[there].astype(np.int64), second[there].astype(np.int64)
            matrix = np.repeat(np.arange(n), np.count_nonzero(there, axis=(1, 2, 3)))
            if weights is None:
                matrix = matrix * len(self.steps) + number
            keys.append((matrix * width + np.minimum(a, b)) * width + np.maximum(a, b))
            if weights is not None:
                factors.append(np.full(len(a), weights[number]))
        all_keys, found = _tally(np.concatenate(keys), n_matrices * width * width, np.concatenate(factors) if factors else None)
        rest, high = np.divmod(all_keys, width)
        matrix, low = np.divmod(rest, width)
        apart = low != high
        return Entries(
            np.concatenate([matrix, matrix[apart]]),
            np.concatenate([low, high[apart]]) - 1,
            np.concatenate([high, low[apart]]) - 1,
            np.concatenate([np.where(apart, found, 2 * found), found[apart]]),
            n_matrices,
        )

    def runs(
        self, weights: NDArray[np.float64] | None = None, *, crossed_only: bool = False
    ) -> tuple[Entries, NDArray[np.bool_]]:
        """Runs of one level by level and length (column 0: 1), matrices as those of `pairs`.

        Also whether a line of the direction crosses two voxels of the region, neighbours or not: (n, n_directions). With
        `crossed_only`, other directions have no weight.
        """
        n, width, longest = len(self.ranks), self.levels.size + 1, max(self.ranks.shape[1:]) + 1
        n_matrices = n if weights is not None else n * len(self.steps)
        crossed = np.zeros((n, len(self.steps)), dtype=np.bool_)
        keys, factors = [], []
        for number, step in enumerate(self.steps):
            lengths, starts, on_line = _along(self.ranks, step)
            crossed[:, number] = on_line.max(axis=(1, 2, 3)) > 1
            region = np.repeat(np.arange(n), np.count_nonzero(starts, axis=(1, 2, 3)))
            matrix = region * len(self.steps) + number if weights is None else region
            keys.append((matrix * width + self.ranks[starts]) * longest + lengths[starts])
            if weights is not None:
                factors.append(np.where(crossed[region, number] | (not crossed_only), weights[number], 0.0))
        all_keys, found = _tally(
            np.concatenate(keys), n_matrices * width * longest, np.concatenate(factors) if factors else None
        )
        all_keys, found = all_keys[found > 0], found[found > 0]
        rest, length = np.divmod(all_keys, longest)
        matrix, level = np.divmod(rest, width)
        return Entries(matrix, level - 1, length - 1, found, n_matrices), crossed

    @cached_property
    def _zones(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The region of every zone, and its rank, size and distance to the border."""
        stacked, lines = _stack(self.ranks)
        border, border_lines = _stack(self.inside.astype(self.ranks.dtype))
        thick = self.ranks.shape[1] + 1
        n = int((lines[:, 3] - lines[:, 2]).sum())
        zones, parent = np.empty((n, 3), dtype=np.int32), np.empty(n, dtype=np.uint32)
        labels = np.empty(2 * stacked[0].size, dtype=np.uint32)
        bounds = np.zeros(int(lines[-1, 0] - lines[0, 0]) + 2, dtype=np.int64)
        distance = np.zeros(stacked.size, dtype=np.uint16)
        native.texture_distances(border, border_lines, self.planar, distance)
        how = stacked, stacked, lines, self.levels.size, self.planar, True
        n_zones = native.texture_zones(*how, distance, labels, parent, zones, bounds)
        of_slice = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)) + int(lines[0, 0]) - 1
        return of_slice // thick, zones[:n_zones]

    def zones(self, quantity: int) -> tuple[Entries, NDArray[np.int64]]:
        """Zones of one level by level and size (1) or distance (2), and what the columns stand for."""
        regions, zones = self._zones
        width, columns = self.levels.size + 1, np.arange(1, int(zones[:, quantity].max()) + 1)
        size = len(self.ranks) * width * (columns.size + 1)
        keys, found = _tally((regions * width + zones[:, 0]) * (columns.size + 1) + zones[:, quantity], size)
        rest, column = np.divmod(keys, columns.size + 1)
        matrix, level = np.divmod(rest, width)
        return Entries(matrix, level - 1, column - 1, found, len(self.ranks)), columns

    def neighbours(self, alpha: int) -> tuple[Entries, Tones]:
        """Voxels by level and number of those that depend on them (column 0: themselves alone); and tone differences."""
        highest = 2 * len(self.steps) * int(self.levels[-1])
        kind: type[np.signedinteger] = np.int16 if highest <= np.iinfo(np.int16).max else np.int32
        values = np.concatenate([[0], self.levels]).astype(kind)[self.ranks]
        padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (1, 1)))
        total = np.zeros(values.shape, dtype=kind)
        number, alike = (np.zeros(values.shape, dtype=np.uint8) for _ in range(2))
        for step in (*self.steps, *((-a, -b, -c) for a, b, c in self.steps)):
            part = tuple(slice(1 + one, 1 + one + size) for one, size in zip(step, values.shape[1:], strict=True))
            other = padded[(slice(None), *part)]
            there = other > 0
            number += there
            total += other
            alike += there & (np.abs(other - values) <= alpha) if alpha else other == values
        inside = self.ranks > 0
        region = np.repeat(np.arange(len(values)), np.count_nonzero(inside, axis=(1, 2, 3)))
        neighbours = number[inside].astype(np.int64)
        apart = np.abs(values[inside] - total[inside] / np.maximum(neighbours, 1))
        width, columns = self.levels.size + 1, 2 * len(self.steps) + 1
        level = self.ranks[inside].astype(np.int64)
        keys, found = _tally((region * width + level) * columns + alike[inside], len(values) * width * columns)
        rest, column = np.divmod(keys, columns)
        matrix, of_level = np.divmod(rest, width)
        return (
            Entries(matrix, of_level - 1, column, found, len(values)),
            _tones(region * width + level, len(values), width, neighbours, apart),
        )


def _tones(keys: NDArray[np.int64], n: int, width: int, neighbours: NDArray[np.int64], apart: NDArray[np.float64]) -> Tones:
    """Of voxels whose regions and levels are given as keys, with how far they are from the mean of their neighbours."""
    with_any = neighbours > 0
    groups, n_voxels = _tally(keys, n * width)
    place = np.searchsorted(groups, keys)
    n_with = np.bincount(place, with_any, groups.size).astype(np.int64)
    differences = sums(place, np.where(with_any, apart, 0.0), groups.size)
    region, rank = np.divmod(groups, width)
    return Tones(region, rank - 1, n_voxels.astype(np.int64), n_with, differences)


def _tally(
    keys: NDArray[np.int64], size: int, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The different keys, rising and below `size`, and how often each occurs, or the sum of its weights."""
    if size <= SPARSE * keys.size:
        counts = np.bincount(keys, weights, size)
        different = np.flatnonzero(counts)
        return different, counts[different].astype(np.float64)
    if weights is None:
        different, n = np.unique(keys, return_counts=True)
        return different, n.astype(np.float64)
    different, where = np.unique(keys, return_inverse=True)
    return different, sums(where, weights, different.size)


def _shifted(step: tuple[int, int, int], shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where the first and the second voxels of all pairs stand."""
    first = tuple(slice(max(0, -one), size - max(0, one)) for one, size in zip(step, shape, strict=True))
    second = tuple(slice(max(0, one), size - max(0, -one)) for one, size in zip(step, shape, strict=True))
    return (slice(None), *first), (slice(None), *second)


def _along(
    ranks: Ranks, step: tuple[int, int, int]
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.bool_], NDArray[np.unsignedinteger]]:
    """For every voxel: the length of the run from it on, whether a run starts there, and voxels of its line from it on."""
    axis = 1 + next(number for number, one in enumerate(step) if one)  # the first step of a direction is 1
    size = ranks.shape[axis]
    inside = ranks > 0
    starts = inside.copy()
    kind: type[np.unsignedinteger] = np.uint8 if max(ranks.shape[1:]) < 256 else np.uint16
    lengths: NDArray[np.unsignedinteger] = inside.astype(kind)
    on_line: NDArray[np.unsignedinteger] = inside.astype(kind)
    for place in range(size - 2, -1, -1):
        here, there = (list(part) for part in _shifted(step, ranks.shape[1:]))
        here[axis], there[axis] = slice(place, place + 1), slice(place + 1, place + 2)
        one, next_one = tuple(here), tuple(there)
        goes_on = (ranks[one] == ranks[next_one]) & inside[one]
        lengths[one] += lengths[next_one] * goes_on
        on_line[one] += on_line[next_one]
        starts[next_one] &= ~goes_on
    return lengths, starts, on_line


def _stack(ranks: Ranks) -> tuple[Ranks, NDArray[np.int32]]:
    """The regions one above the other with an empty slice between, as the kernels read them, and their lines."""
    n, slices, rows, columns = ranks.shape
    shape = (n * (slices + 1) + 1, rows + 2, columns + 2)
    buffer = np.zeros(shape[0] * shape[1] * shape[2] + 64, dtype=ranks.dtype)  # the kernels read past the end
    volume = buffer[:-64].reshape(shape)
    volume[1:].reshape(n, slices + 1, rows + 2, columns + 2)[:, :slices, 1:-1, 1:-1] = ranks
    inside = volume > 0
    where = np.argwhere(inside.any(axis=2))
    rows_inside = inside[where[:, 0], where[:, 1]]
    first = rows_inside.argmax(axis=1)
    end = shape[2] - rows_inside[:, ::-1].argmax(axis=1)
    return volume, np.column_stack([where, first, end]).astype(np.int32)
