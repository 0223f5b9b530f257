"""Grey-level matrices of a region: co-occurrence, run length, size zone, distance zone, tone difference and dependence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

import radiotype._native as native
from radiotype.errors import ComputeError, RecipeError, did_you_mean
from radiotype.features.ibsi.level_volume import LevelVolume, level_volume
from radiotype.features.ibsi.settings import AGGREGATIONS, Aggregation

#: Tables beyond this many bytes are refused, unless a caller allows more.
MEMORY_LIMIT_BYTES = 4 * 2**30
_PART_BYTES = 2**26
#: Steps (slice, row, column) of the directions, in the order of the matrices; within slices, there are the first four.
STEPS = (
    (0, 0, 1), (0, 1, -1), (0, 1, 0), (0, 1, 1), (1, -1, -1), (1, -1, 0), (1, -1, 1),
    (1, 0, -1), (1, 0, 0), (1, 0, 1), (1, 1, -1), (1, 1, 0), (1, 1, 1),
)  # fmt: skip


class LevelMatrices(NamedTuple):
    """Matrices that count something by grey level (rows) and by a second quantity (columns).

    `counts` (n_matrices, n_levels, n_columns); `levels` (n_levels,) the grey levels that occur, those of the rows; `columns`
    (n_columns,) what the columns stand for: grey levels, run lengths, zone sizes, distances, numbers of voxels; `n_voxels`
    (n_matrices,) voxels behind each matrix, once for every direction merged in it; `n_grey_levels` of the discretisation.
    """

    counts: NDArray[np.integer]
    levels: NDArray[np.int64]
    columns: NDArray[np.int64]
    n_voxels: NDArray[np.int64]
    n_grey_levels: int


class ToneDifferences(NamedTuple):
    """`n_voxels` and `differences`, (n_matrices, n_levels): voxels of a level with neighbours, sum of |level - their mean|."""

    n_voxels: NDArray[np.int64]
    differences: NDArray[np.float64]
    levels: NDArray[np.int64]


@dataclass(frozen=True)
class TextureMatrices:
    """Every grey-level matrix of a region at one aggregation; an average is to be taken over the features of the matrices."""

    cooccurrence: LevelMatrices
    run_length: LevelMatrices
    size_zone: LevelMatrices
    distance_zone: LevelMatrices
    tone_difference: ToneDifferences
    dependence: LevelMatrices


def texture_matrices(
    levels: ArrayLike,
    aggregation: Aggregation = "3d_merged",
    *,
    mask: ArrayLike | None = None,
    n_grey_levels: int | None = None,
    alpha: int = 0,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
) -> TextureMatrices:
    """Every grey-level matrix of a region.

    Parameters
    ----------
    levels : array of integers, shape (I, J, K)
        Grey levels from 1, 0 outside the region; K runs across the slices.
    aggregation : str
        "2d_average": one matrix per slice (and direction); "2d_slice_merged": one per slice; "2_5d_direction_merged": one (per
        direction) over all slices; "2_5d_merged": one over all slices; "3d_average": one (per direction); "3d_merged": one.
        Only co-occurrence and run-length matrices have directions: 13, or 4 within slices.
    mask : array of bool, shape (I, J, K), optional
        The region whose border counts for distances (the IBSI's morphological mask); the voxels with levels when left out.
    n_grey_levels : int, optional
        Number of grey levels of the discretisation; the highest level when left out.
    alpha : int
        Neighbours whose level differs by no more count as dependent.
    memory_limit_bytes : int
        Refuse tables that would take more.

    Returns
    -------
    TextureMatrices

    Raises
    ------
    InputError, ComputeError
        As `level_volume`; RT306 if the tables would take more than `memory_limit_bytes`.
    RecipeError
        RT103 for another aggregation or a negative alpha.

    References
    ----------
    Zwanenburg et al., Radiology 295 (2020) 328-338; IBSI reference manual, section 3.6 to 3.11.

    Examples
    --------
    >>> matrices = texture_matrices(np.array([[[1], [1], [2]]]))
    >>> matrices.cooccurrence.counts[0]
    array([[2, 1],
           [1, 0]])
    >>> matrices.size_zone.columns, matrices.size_zone.counts[0]
    (array([1, 2]), array([[0, 1],
           [1, 0]]))
    """
    check_settings((aggregation,), alpha)
    volume = level_volume(levels, mask=mask, n_grey_levels=n_grey_levels)
    tables = Tables(volume, dimension_of(aggregation), alpha, memory_limit_bytes)
    merged = merges_directions(aggregation)
    return TextureMatrices(
        tables.cooccurrence(merged),
        tables.run_length(merged),
        tables.size_zone,
        tables.distance_zone,
        tables.tone_difference,
        tables.dependence,
    )


def check_settings(aggregations: tuple[str, ...], alpha: int) -> None:
    """Raise RecipeError RT103 for an aggregation that does not exist or a negative alpha."""
    for name in aggregations:
        if name not in AGGREGATIONS:
            raise RecipeError(
                "RT103",
                f"there is no aggregation {name!r}{did_you_mean(name, AGGREGATIONS)}",
                hint=f"aggregations: {', '.join(AGGREGATIONS)}",
            )
    if not 0 <= alpha <= 65_535:
        raise RecipeError(
            "RT103", f"alpha is {alpha}, expected 0 to 65535", hint="choose the largest difference that still counts"
        )


def dimension_of(aggregation: str) -> str:
    """ "2d", "2_5d" or "3d"."""
    return aggregation[: aggregation.index("d") + 1]


def merges_directions(aggregation: str) -> bool:
    """Whether the matrices of the directions are added up before anything is computed from them."""
    return aggregation in ("2d_slice_merged", "2_5d_merged", "3d_merged")


@dataclass(frozen=True)
class Tables:
    """What the kernels counted in one volume: `dimension` is "2d" (a set of tables per slice), "2_5d" or "3d"."""

    volume: LevelVolume
    dimension: str
    alpha: int = 0
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES

    @property
    def _planar(self) -> bool:
        return self.dimension != "3d"

    @property
    def _n_directions(self) -> int:
        return 4 if self._planar else 13

    @property
    def _n_groups(self) -> int:
        return self.volume.n_slices if self.dimension == "2d" else 1

    @property
    def _arguments(self) -> tuple[object, ...]:
        volume = self.volume
        return volume.ranks, volume.values, volume.lines, volume.levels.size, self._planar, self.dimension == "2d"

    def slices_at_a_time(self) -> int:
        """How many slices to count in one go, so that their tables stay small."""
        return max(1, _PART_BYTES // (self._pair_bytes() // self._n_groups))

    def _pair_bytes(self) -> int:
        # tables, their sums with the transpose, and what is computed for each of their entries that is not 0
        n_levels = self.volume.levels.size
        n_entries = min(self._n_groups * n_levels**2, 2 * self.volume.n_voxels)
        return self._n_directions * (12 * self._n_groups * (n_levels + 1) ** 2 + 72 * n_entries)

    def check(self, n_bytes: int) -> None:
        """Raise ComputeError RT306 for more bytes than the limit."""
        if n_bytes > self.memory_limit_bytes:
            raise ComputeError(
                "RT306",
                f"the matrices of {self.volume.levels.size} grey levels take {n_bytes / 2**30:.1f} GiB, "
                f"expected at most {self.memory_limit_bytes / 2**30:.1f}",
                hint="choose wider bins, or a fixed number of them",
            )

    @cached_property
    def _level_voxels(self) -> NDArray[np.int64]:
        """Voxels of each level, (n_groups, n_levels): every voxel has one entry in the dependence matrix."""
        return self._neighbours[1].sum(axis=-1, dtype=np.int64)

    @cached_property
    def _filled(self) -> NDArray[np.bool_]:
        """The groups that have voxels at all: a slice between others may have none."""
        return np.asarray(self._level_voxels.any(axis=-1))

    @cached_property
    def _group_voxels(self) -> NDArray[np.int64]:
        return self._level_voxels.sum(axis=-1)[self._filled]

    @cached_property
    def _pairs(self) -> NDArray[np.uint32]:
        """Pairs counted from one side, (n_groups, n_directions, n_levels, n_levels)."""
        self.check(self._pair_bytes())
        width = self.volume.levels.size + 1
        # Tables that start 320 bytes further within 4096 than the one before do not hinder one another in the first cache.
        length = width * width + (80 - width * width) % 1024
        tables = np.zeros((self._n_groups, self._n_directions, length), dtype=np.uint32)
        native.texture_pairs(*self._arguments, tables)
        return tables[..., : width * width].reshape(*tables.shape[:2], width, width)[..., 1:, 1:]

    @cached_property
    def _runs(self) -> NDArray[np.int64]:
        """Runs, (n_groups, n_directions, n_lengths, n_levels), lengths from 1."""
        diagonal = np.diagonal(self._pairs, axis1=-2, axis2=-1).astype(np.int64)
        shape = self.volume.ranks.shape
        longest, width = max(shape if not self._planar else shape[1:]) - 2, self.volume.levels.size + 1
        longest = max(longest, 2)
        self.check(24 * self._n_groups * self._n_directions * (longest + 1) * width)
        tables = np.zeros((self._n_groups, self._n_directions, longest + 1, width), dtype=np.uint32)
        positions = np.zeros(26 * (shape[1] * shape[2] + 64) + 64, dtype=self.volume.ranks.dtype)
        native.texture_runs(*self._arguments, tables, positions)
        # Row l holds the voxels that are l-th in a run, that is the runs of at least l; rows 1 and 2 follow from the others.
        used = np.flatnonzero(tables[:, :, 3:, 1:].any(axis=(0, 1, 3)))
        at_least = np.zeros(
            (self._n_groups, self._n_directions, (used[-1] + 3 if used.size else 2) + 1, width - 1), dtype=np.int64
        )
        at_least[:, :, 2:-1] = tables[:, :, 3 : at_least.shape[2], 1:]
        at_least[:, :, 0] = self._level_voxels[:, None] - diagonal
        at_least[:, :, 1] = diagonal - at_least[:, :, 2:].sum(axis=2)
        return at_least[:, :, :-1] - at_least[:, :, 1:]

    @cached_property
    def _neighbours(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        shape = (self._n_groups, self.volume.levels.size + 1, 2 * self._n_directions + 1)
        self.check(32 * shape[0] * shape[1] * shape[2])
        differences, dependences = np.zeros(shape, dtype=np.uint64), np.zeros(shape, dtype=np.uint32)
        alpha = min(self.alpha, int(self.volume.levels[-1]))
        native.texture_neighbours(*self._arguments, alpha, differences, dependences)
        return differences[:, 1:], dependences[:, 1:]

    @cached_property
    def _zones(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rank, size and distance of every zone, (3, n_zones), and the group of each."""
        volume = self.volume
        n = int((volume.lines[:, 3] - volume.lines[:, 2]).sum())
        self.check(16 * n + 2 * volume.ranks.size + 8 * volume.ranks[0].size)
        zones, parent = np.empty((n, 3), dtype=np.int32), np.empty(n, dtype=np.uint32)
        labels = np.empty(2 * volume.ranks[0].size, dtype=np.uint32)
        bounds = np.zeros(self._n_groups + 1, dtype=np.int64)
        distance = np.zeros(volume.ranks.size, dtype=np.uint16)
        native.texture_distances(volume.inside, volume.inside_lines, self._planar, distance)
        n_zones = native.texture_zones(*self._arguments, distance, labels, parent, zones, bounds)
        return zones[:n_zones].T.astype(np.int64), np.repeat(np.arange(self._n_groups), np.diff(bounds))

    def _stack(self, counts: NDArray[np.integer], columns: NDArray[np.int64], n_voxels: NDArray[np.int64]) -> LevelMatrices:
        return LevelMatrices(counts, self.volume.levels, columns, n_voxels, self.volume.n_grey_levels)

    def cooccurrence(self, merged: bool) -> LevelMatrices:
        """Pairs of neighbours by their two levels, from both sides."""
        pairs = self._pairs if self._filled.all() else self._pairs[self._filled]
        pairs = pairs.sum(axis=1, dtype=np.int64) if merged else pairs.reshape(-1, *pairs.shape[2:])
        voxels = self._group_voxels * self._n_directions if merged else np.repeat(self._group_voxels, self._n_directions)
        return self._stack(pairs + pairs.swapaxes(-1, -2), self.volume.levels, voxels)

    def run_length(self, merged: bool) -> LevelMatrices:
        """Runs of voxels of one level by level and length."""
        runs = self._runs[self._filled]
        runs = runs.sum(axis=1) if merged else runs.reshape(-1, *runs.shape[2:])
        voxels = self._group_voxels * self._n_directions if merged else np.repeat(self._group_voxels, self._n_directions)
        return self._stack(runs.swapaxes(-1, -2), np.arange(1, runs.shape[-2] + 1), voxels)

    def _zone_matrix(self, quantity: int) -> LevelMatrices:
        zones, groups = self._zones
        ranks, values = zones[0], zones[quantity]
        occurs = np.bincount(values)
        columns = np.flatnonzero(occurs)
        column_of = np.cumsum(occurs > 0) - 1
        shape = (self._n_groups, self.volume.levels.size, columns.size)
        self.check(16 * shape[0] * shape[1] * shape[2])
        keys = (ranks - 1) * shape[2] + column_of[values]
        if self._n_groups > 1:
            keys += groups * (shape[1] * shape[2])
        counts = np.bincount(keys, minlength=shape[0] * shape[1] * shape[2]).reshape(shape)
        return self._stack(counts[self._filled], columns, self._group_voxels)

    @cached_property
    def size_zone(self) -> LevelMatrices:
        """Zones of connected voxels of one level by level and number of voxels."""
        return self._zone_matrix(1)

    @cached_property
    def distance_zone(self) -> LevelMatrices:
        """The same zones by level and distance to the border of the region."""
        return self._zone_matrix(2)

    @cached_property
    def tone_difference(self) -> ToneDifferences:
        """Voxels with neighbours and their differences from the mean of these, by level."""
        differences, dependences = (table[self._filled] for table in self._neighbours)
        alone = differences[..., 0].astype(np.int64)
        n_neighbours = np.arange(1, differences.shape[-1])
        return ToneDifferences(
            dependences.sum(axis=-1, dtype=np.int64) - alone,
            (differences[..., 1:] / n_neighbours).sum(axis=-1),
            self.volume.levels,
        )

    @cached_property
    def dependence(self) -> LevelMatrices:
        """Voxels by level and number of dependent voxels among the neighbours and itself."""
        counts = self._neighbours[1][self._filled]
        return self._stack(counts, np.arange(1, counts.shape[-1] + 1), self._group_voxels)
