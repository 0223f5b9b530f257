"""Kernels of the solid and its surface beside plain NumPy and SciPy."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
import radiotype._native as native
from scipy import ndimage

from radiotype.features.spharm.frame import canonical_frame, steps_of
from radiotype.features.spharm.surface import voxel_surface
from radiotype.features.spharm.topology import bordered, simply_connected

FACES, CORNERS = ndimage.generate_binary_structure(3, 1), ndimage.generate_binary_structure(3, 3)


def masks():
    random = np.random.default_rng(3)
    for density in (0.2, 0.5, 0.8, 0.95):
        yield random.random((9, 8, 7)) < density
    yield ndimage.gaussian_filter(random.normal(size=(16, 15, 14)), 1.5) > 0
    yield np.ones((5, 1, 1), dtype=bool)


MASKS = list(masks())


def badly_composed_blocks(voxels):
    """Corners around which two voxels or two gaps touch along an edge or at a corner only."""
    room, found = np.pad(voxels, 1), 0
    for corner in itertools.product(*(range(n - 1) for n in room.shape)):
        block = room[tuple(slice(c, c + 2) for c in corner)]
        squares = [np.take(block, side, axis) for axis in range(3) for side in (0, 1)]
        bad = any(s[0, 0] == s[1, 1] != s[0, 1] == s[1, 0] for s in squares)
        for solid in (block, ~block):
            bad |= solid.sum() == 2 and bool((solid & solid[::-1, ::-1, ::-1]).any())
        found += bad
    return found


def squared_distance(room, spacing_mm):
    found = np.empty(room.shape, dtype=np.float32)
    native.squared_distance(room, np.array(spacing_mm[::-1]), found, np.empty(4 * (max(room.shape) + 1)))
    return found.T


class Growth:
    """The growth as its definition reads, with SciPy's labels."""

    def __init__(self, voxels, spacing_mm, *, outside):
        frame = canonical_frame(voxels, spacing_mm)
        turned = frame.turn(voxels)
        self.depth = squared_distance(bordered(turned) ^ np.uint8(outside), frame.spacing(steps_of(spacing_mm)))
        self.room, self.outside = np.pad(turned, 1) ^ outside, outside
        self.given = list(map(tuple, np.argwhere(self.room).tolist()))
        self.kept = np.zeros_like(self.room)
        if outside:
            self.kept[:] = True
            self.kept[1:-1, 1:-1, 1:-1] = False
        else:
            self.kept[min(self.given, key=self.order)] = True
        self.queue, self.waiting = [], set()
        self.join(in_pairs=False)
        self.join(in_pairs=True)
        self.result = frame.back(self.kept[1:-1, 1:-1, 1:-1] ^ outside)

    def order(self, v):
        return -self.depth[v], int(np.ravel_multi_index(v[::-1], self.room.shape[::-1]))

    def join(self, *, in_pairs):
        for v in self.given:
            self.ask(v)
        while self.queue:
            v = heapq.heappop(self.queue)[-1]
            self.waiting.discard(v)
            if self.kept[v] or not self.may_join(v):
                continue
            if self.fits(v):
                self.take(v)
            elif in_pairs and (w := self.companion(v)):
                self.kept[v] = True
                self.take(w)
                self.take(v)

    def ask(self, v):
        if self.room[v] and not self.kept[v] and v not in self.waiting and (self.kept[around(v)] & FACES).any():
            self.waiting.add(v)
            heapq.heappush(self.queue, (*self.order(v), v))

    def take(self, v):
        self.kept[v] = True
        for w in neighbours(v):
            self.ask(w)

    def may_join(self, v):
        solid, rest = self.kept[around(v)] ^ self.outside, ~self.kept[around(v)] ^ self.outside
        solid[1, 1, 1] = rest[1, 1, 1] = False
        labels, _ = ndimage.label(solid & (np.abs(np.indices((3, 3, 3)) - 1).sum(axis=0) < 3), FACES)
        return len(set(labels[FACES & solid].tolist())) == 1 and ndimage.label(rest, CORNERS)[1] == 1

    def fits(self, *taken):
        before = self.kept.copy()
        for v in taken:
            self.kept[v] = True
        good = not any(badly_composed_blocks_inside(self.kept[around(v)]) for v in taken)
        self.kept = before
        return good

    def companion(self, v):
        """The deepest voxel with which v may join."""
        self.kept[v] = True
        inner = [w for w in neighbours(v) if all(0 < a < n - 1 for a, n in zip(w, self.room.shape, strict=True))]
        found = [w for w in inner if not self.kept[w] and self.may_join(w) and self.fits(w, v)]
        self.kept[v] = False
        return min(found, key=self.order, default=None)


def neighbours(v):
    return [tuple(a + b for a, b in zip(v, step, strict=True)) for step in itertools.product((-1, 0, 1), repeat=3)]


def around(v):
    return tuple(slice(a - 1, a + 2) for a in v)


def badly_composed_blocks_inside(cube):
    """Whether any of the eight blocks of a 3 x 3 x 3 cube is badly composed."""
    for corner in itertools.product((0, 1), repeat=3):
        block = cube[tuple(slice(c, c + 2) for c in corner)]
        for axis, side in itertools.product(range(3), (0, 1)):
            s = np.take(block, side, axis)
            if s[0, 0] == s[1, 1] != s[0, 1] == s[1, 0]:
                return True
        for solid in (block, ~block):
            if solid.sum() == 2 and (solid & solid[::-1, ::-1, ::-1]).any():
                return True
    return False


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 1.9, 5.0), (5.0, 0.5, 0.5)])
def test_distance_is_that_of_scipy(mask, spacing_mm):
    expected = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing_mm) ** 2
    np.testing.assert_allclose(squared_distance(bordered(mask), spacing_mm), expected, rtol=1e-6)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 1.9, 5.0)])
def test_distance_outside_is_that_of_scipy(mask, spacing_mm):
    expected = ndimage.distance_transform_edt(np.pad(~mask, 1, constant_values=True), sampling=spacing_mm) ** 2
    np.testing.assert_allclose(squared_distance(bordered(mask) ^ 1, spacing_mm), expected, rtol=1e-6)


@pytest.mark.parametrize("mask", MASKS)
def test_counts_are_those_of_the_corners(mask):
    room = np.pad(mask, 1).astype(int)
    around = sum(
        room[i : i - 1 or None, j : j - 1 or None, k : k - 1 or None] for i, j, k in itertools.product((0, 1), repeat=3)
    )
    n_squares = sum(np.count_nonzero(np.diff(room, axis=axis)) for axis in range(3))
    expected = (np.count_nonzero((around > 0) & (around < 8)), n_squares, badly_composed_blocks(mask))
    assert native.surface_counts(bordered(mask)) == expected


@pytest.mark.parametrize("mask", MASKS)
def test_surface_is_made_of_the_squares_between_inside_and_outside(mask):
    surface = voxel_surface(mask, (1.0, 1.0, 1.0))
    corners = surface.vertices_mm.astype(int)
    assert np.array_equal(corners, corners[np.lexsort(corners.T)])  # the first axis runs fastest
    assert len(np.unique(corners, axis=0)) == len(corners)
    room, expected = np.pad(mask, 1), []
    for axis in range(3):
        for side in (1, -1):
            for voxel in np.argwhere(room & ~np.roll(room, -side, axis)):
                expected.append((*(2 * (voxel - 1) + 1 + side * np.eye(3, dtype=int)[axis]).tolist(), axis, side))
    quads = corners[surface.quads]
    outward = np.cross(quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0])
    axes = np.abs(outward).argmax(axis=1)
    sides = outward[np.arange(len(quads)), axes]
    middles = quads.sum(axis=1) // 2
    assert np.array_equal(quads[:, 0] + quads[:, 2], quads[:, 1] + quads[:, 3])
    assert sorted(map(tuple, np.column_stack([middles, axes, sides]).tolist())) == sorted(expected)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0)])
@pytest.mark.parametrize("handles", ["cut", "fill"])
def test_growth_is_the_one_of_its_definition(mask, spacing_mm, handles):
    found, n_changed = simply_connected(mask, spacing_mm, handles=handles)
    np.testing.assert_array_equal(found, Growth(mask, spacing_mm, outside=handles == "fill").result)
    assert n_changed == np.count_nonzero(mask != found)
    assert badly_composed_blocks(found) == 0
    assert ndimage.label(found)[1] == 1
    assert ndimage.label(np.pad(~found, 1, constant_values=True))[1] == 1
    assert voxel_surface(found, (1.0, 1.0, 1.0)).genus == 0
