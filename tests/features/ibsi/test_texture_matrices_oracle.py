"""Every grey-level matrix equals one counted voxel by voxel in plain Python."""

from __future__ import annotations

from collections import Counter, deque
from itertools import product

import numpy as np
import pytest

from radiotype.features.ibsi import texture_matrices as module
from radiotype.features.ibsi.texture_matrices import AGGREGATIONS, LevelMatrices, texture_matrices

ALL_STEPS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
IN_SLICE = [step for step in ALL_STEPS if step[2] == 0]
Voxels = dict[tuple[int, int, int], int]


def voxels_of(levels: np.ndarray) -> Voxels:
    return {tuple(map(int, at)): int(levels[tuple(at)]) for at in np.argwhere(levels)}


def moved(at: tuple[int, int, int], step: tuple[int, int, int], sign: int = 1) -> tuple[int, int, int]:
    return (at[0] + sign * step[0], at[1] + sign * step[1], at[2] + sign * step[2])


def around(at: tuple[int, int, int], planar: bool) -> list[tuple[int, int, int]]:
    return [moved(at, step, sign) for step in (IN_SLICE if planar else ALL_STEPS) for sign in (1, -1)]


def pairs(voxels: Voxels, step: tuple[int, int, int]) -> Counter:
    found: Counter = Counter()
    for at, level in voxels.items():
        for sign in (1, -1):
            if other := voxels.get(moved(at, step, sign)):
                found[level, other] += 1
    return found


def runs(voxels: Voxels, step: tuple[int, int, int]) -> Counter:
    found: Counter = Counter()
    for at, level in voxels.items():
        if voxels.get(moved(at, step, -1)) == level:
            continue
        length, here = 0, at
        while voxels.get(here) == level:
            length, here = length + 1, moved(here, step)
        found[level, length] += 1
    return found


def distances(inside: set[tuple[int, int, int]], planar: bool) -> dict[tuple[int, int, int], int]:
    faces = [step for step in (IN_SLICE if planar else ALL_STEPS) if sum(map(abs, step)) == 1]
    found, ring, n = {}, inside, 0
    while ring:
        n += 1
        border = {at for at in ring if any(moved(at, step, sign) not in ring for step in faces for sign in (1, -1))}
        found |= dict.fromkeys(border, n)
        ring = ring - border
    return found


def zones(voxels: Voxels, planar: bool) -> list[tuple[int, list[tuple[int, int, int]]]]:
    left, found = dict(voxels), []
    while left:
        start, level = left.popitem()
        zone, queue = [start], deque([start])
        while queue:
            for other in around(queue.popleft(), planar):
                if left.get(other) == level:
                    del left[other]
                    zone.append(other)
                    queue.append(other)
        found.append((level, zone))
    return found


def counted(matrices: LevelMatrices, index: int) -> Counter:
    counts = matrices.counts[index]
    return Counter(
        {
            (int(matrices.levels[row]), int(matrices.columns[column])): int(counts[row, column])
            for row, column in np.argwhere(counts)
        }
    )


def compare(levels: np.ndarray, aggregation: str, alpha: int = 0, mask: np.ndarray | None = None) -> None:
    found = texture_matrices(levels, aggregation, alpha=alpha, mask=mask)
    planar, by_slice = not aggregation.startswith("3d"), aggregation.startswith("2d")
    everything = voxels_of(levels)
    inside = {tuple(map(int, at)) for at in np.argwhere(levels > 0 if mask is None else mask)}
    slices = sorted({at[2] for at in everything})
    groups = [{at: level for at, level in everything.items() if at[2] == k} for k in slices] if by_slice else [everything]
    steps = IN_SLICE if planar else ALL_STEPS
    merged = aggregation in ("2d_slice_merged", "2_5d_merged", "3d_merged")
    away = distances(inside, planar)
    per_group = 1 if merged else len(steps)
    assert found.cooccurrence.counts.shape[0] == found.run_length.counts.shape[0] == per_group * len(groups)
    for index, voxels in enumerate(groups):
        for matrices, count in ((found.cooccurrence, pairs), (found.run_length, runs)):
            expected = [count(voxels, step) for step in steps]
            if merged:
                expected = [sum(expected, Counter())]
            ours = [counted(matrices, index * per_group + d) for d in range(per_group)]
            # directions may come in any order
            assert sorted(sorted(one.items()) for one in ours) == sorted(sorted(one.items()) for one in expected)
            at = slice(index * per_group, (index + 1) * per_group)
            assert set(matrices.n_voxels[at].tolist()) == {len(voxels) * (len(steps) if merged else 1)}
        regions = zones(voxels, planar)
        assert counted(found.size_zone, index) == Counter((level, len(zone)) for level, zone in regions)
        assert counted(found.distance_zone, index) == Counter(
            (level, min(map(away.__getitem__, zone))) for level, zone in regions
        )
        alike, n_near, difference = Counter(), Counter(), Counter()
        for at, level in voxels.items():
            near = [voxels[other] for other in around(at, planar) if other in voxels]
            alike[level, 1 + sum(abs(other - level) <= alpha for other in near)] += 1
            if near:
                n_near[level] += 1
                difference[level] += abs(level - sum(near) / len(near))
        assert counted(found.dependence, index) == alike
        for row, level in enumerate(found.tone_difference.levels.tolist()):
            assert found.tone_difference.n_voxels[index, row] == n_near[level]
            assert found.tone_difference.differences[index, row] == pytest.approx(difference[level], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize(
    ("shape", "n_levels", "alpha"),
    [((1, 1, 1), 1, 0), ((2, 3, 2), 2, 0), ((5, 4, 3), 3, 1), ((3, 3, 6), 4, 0), ((9, 7, 4), 2, 0), ((6, 6, 6), 20, 3)],
)
def test_random_region(aggregation: str, shape: tuple[int, int, int], n_levels: int, alpha: int) -> None:
    random = np.random.default_rng(sum(shape) + n_levels)
    for share in (1.0, 0.7, 0.3):
        levels = random.integers(1, n_levels + 1, shape) * (random.random(shape) < share)
        levels[0, 0, 0] = n_levels
        compare(levels, aggregation, alpha)


@pytest.mark.parametrize("aggregation", ["2d_average", "2_5d_merged", "3d_merged"])
def test_rows_longer_than_a_vector_with_zones_that_wind(aggregation: str) -> None:
    # Rows of 31 to 97 voxels end at every position within the vectors of 32; two levels make zones that touch in many places.
    random = np.random.default_rng(5)
    for width in (31, 32, 33, 64, 97):
        compare(random.integers(0, 3, (width, 4, 3)), aggregation)


@pytest.mark.parametrize("aggregation", ["2d_average", "3d_average"])
def test_levels_beyond_a_byte_and_gaps_between_them(aggregation: str) -> None:
    random = np.random.default_rng(6)
    few = np.array([0, 3, 7, 200, 255])
    many = np.array([0, 3, 256, 700, 65_535])
    for choice in (few, many):
        for alpha in (0, 4, 500):
            compare(choice[random.integers(0, 5, (6, 5, 4))], aggregation, alpha)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("level", [1, 300])
def test_run_longer_than_a_byte(axis: int, level: int) -> None:
    shape = [1, 1, 1]
    shape[axis] = 600
    levels = np.full(shape, level)
    np.moveaxis(levels, axis, 0)[550] = 2
    compare(levels, "3d_average")
    compare(levels, "2_5d_direction_merged")


@pytest.mark.parametrize("aggregation", ["2d_average", "2_5d_merged", "3d_average"])
def test_slice_without_voxels_between_others(aggregation: str) -> None:
    levels = np.random.default_rng(7).integers(1, 4, (4, 3, 7))
    levels[:, :, [0, 2, 3, 6]] = 0
    compare(levels, aggregation)
    assert texture_matrices(levels, "2d_slice_merged").size_zone.counts.shape[0] == 3


@pytest.mark.parametrize("aggregation", ["2d_average", "2_5d_merged", "3d_merged"])
def test_distance_counts_to_the_border_of_the_mask(aggregation: str) -> None:
    random = np.random.default_rng(8)
    mask = np.zeros((9, 8, 7), dtype=bool)
    mask[1:8, 1:7, 1:6] = True
    mask[3, 4, 3] = False
    levels = random.integers(0, 7, mask.shape) * mask
    levels[:3] = 0  # the mask reaches further than the levels
    compare(levels, aggregation, mask=mask)
    with_mask, without = (texture_matrices(levels, aggregation, mask=region).distance_zone for region in (mask, None))
    assert with_mask.columns.max() > without.columns.max()


def test_distance_beyond_a_byte() -> None:
    levels = np.ones((601, 601, 1), dtype=np.uint16)
    found = texture_matrices(levels, "2_5d_merged").distance_zone
    assert found.columns.tolist() == [1]
    levels[300, 300, 0] = 2
    assert texture_matrices(levels, "2_5d_merged").distance_zone.columns.tolist() == [1, 301]


def test_slices_in_parts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from radiotype.features.ibsi.texture import texture_features

    levels = np.random.default_rng(9).integers(0, 5, (6, 5, 8))
    levels[:, :, 4] = 0
    whole = texture_features(levels, ("2d_average", "2d_slice_merged"), mask=np.ones(levels.shape, dtype=bool)).values
    for part_bytes in (1, 20_000):
        monkeypatch.setattr(module, "_PART_BYTES", part_bytes)
        parts = texture_features(levels, ("2d_average", "2d_slice_merged"), mask=np.ones(levels.shape, dtype=bool)).values
        assert parts == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("n_levels", [2, 8, 300])
@pytest.mark.parametrize("sigma", [0.0, 0.8, 2.0])
def test_zones_of_a_correlated_texture_are_those_of_scipy(n_levels: int, sigma: float) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    texture = ndimage.gaussian_filter(np.random.default_rng(n_levels).standard_normal((37, 41, 30)), sigma)
    ranks = texture.argsort(axis=None).argsort().reshape(texture.shape)
    levels = ranks * n_levels // texture.size + 1
    levels[np.linalg.norm(np.indices(texture.shape) - 18, axis=0) > 17] = 0
    away = ndimage.distance_transform_cdt(np.pad(levels > 0, 1), metric="taxicab")[1:-1, 1:-1, 1:-1]
    sizes, distances_ = Counter(), Counter()
    for level in np.unique(levels[levels > 0]).tolist():
        zone, n_zones = ndimage.label(levels == level, np.ones((3, 3, 3)))
        index = np.arange(1, n_zones + 1)
        sizes.update((level, int(size)) for size in np.bincount(zone.ravel())[1:])
        distances_.update((level, int(nearest)) for nearest in ndimage.minimum(away, zone, index))
    found = texture_matrices(levels, "3d_merged")
    assert counted(found.size_zone, 0) == sizes
    assert counted(found.distance_zone, 0) == distances_
