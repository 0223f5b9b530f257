"""Every mask becomes one simply connected solid; what had to be changed is counted."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from scipy import ndimage

from radiotype.errors import ComputeError, RadiotypeError
from radiotype.features.spharm import solid, voxel_surface
from radiotype.features.spharm.frame import canonical_frame
from radiotype.features.spharm.topology import MIN_VERTICES, simply_connected

X = np.indices((40, 40, 40)) - 19.5
RADIUS = np.sqrt((X**2).sum(axis=0))
NOISE = np.random.default_rng(0).random((40, 40, 40))


def helix():
    mask = np.zeros((60, 60, 60), dtype=bool)
    for angle in np.linspace(0, 8 * np.pi, 4000):
        mask[int(30 + 20 * np.cos(angle)), int(30 + 20 * np.sin(angle)), int(3 + 2 * angle)] = True
    return ndimage.binary_dilation(mask)


def spikes():
    mask = RADIUS < 8
    for direction in np.random.default_rng(1).normal(size=(14, 3)):
        along = np.linspace(0, 19, 80)[:, None] * direction / np.linalg.norm(direction)
        mask[tuple(np.round(19.5 + along).astype(int).T)] = True
    return mask


def dumbbell(neck):
    balls = np.minimum(*(np.sqrt((X[0] - s) ** 2 + X[1] ** 2 + X[2] ** 2) for s in (11, -11))) < 7.7
    across = np.maximum(np.abs(X[1] + 0.5), np.abs(X[2] + 0.5))
    return balls | ((across < neck / 2) & (np.abs(X[0]) < 12))


SHAPES = {
    "one voxel": np.ones((1, 1, 1), dtype=bool),
    "eight voxels": np.ones((2, 2, 2), dtype=bool),
    "plate": np.ones((30, 30, 1), dtype=bool),
    "line": np.ones((1, 1, 200), dtype=bool),
    "ball": RADIUS < 15,
    "ring": (np.hypot(X[0], X[1]) - 12) ** 2 + X[2] ** 2 < 16,
    "thin neck": dumbbell(1),
    "neck": dumbbell(3),
    "spikes": spikes(),
    "helix": helix(),
    "sparse": NOISE < 0.3,
    "half": NOISE < 0.5,
    "porous": NOISE < 0.7,
    "pitted": NOISE < 0.95,
    "checkerboard": np.indices((20, 20, 20)).sum(axis=0) % 2 == 0,
    "many handles": (ndimage.gaussian_filter(NOISE, 2) > 0.5) & (RADIUS < 18),
    "edge contact": np.kron(np.eye(2, dtype=bool)[:, :, None], np.ones((6, 6, 6), dtype=bool)),
}


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0, 1.0), (0.7, 0.7, 7.0)])
@pytest.mark.parametrize("name", SHAPES)
def test_every_mask_becomes_one_sphere(name, spacing_mm):
    made = solid(SHAPES[name], spacing_mm)
    surface = voxel_surface(made.voxels, made.spacing_mm)
    assert surface.genus == 0
    edges = np.concatenate([surface.quads[:, [a, (a + 1) % 4]] for a in range(4)])
    turned_round = edges[:, ::-1]
    assert len(np.unique(edges, axis=0)) == len(edges)  # each edge once in each direction: a closed manifold
    assert np.array_equal(np.unique(edges, axis=0), np.unique(turned_round, axis=0))
    if made.n_changed == 0:
        assert len(surface.vertices_mm) >= MIN_VERTICES
        assert made.volume_mm3 == pytest.approx((made.n_component + made.n_filled) * np.prod(spacing_mm), rel=1e-12)


@pytest.mark.parametrize("name", ["one voxel", "eight voxels", "plate", "line", "ball", "neck", "thin neck"])
def test_a_sound_mask_is_not_changed(name):
    made = solid(SHAPES[name], (1, 1, 1))
    assert (made.kept_fraction, made.changed_fraction) == (1.0, 0.0)


def test_a_handle_is_cut_or_filled_whichever_changes_far_less():
    ring = SHAPES["ring"]
    bored = np.ones((20, 20, 8), dtype=bool)
    bored[10, 10] = False  # a thin hole through a thick plate
    for mask, expected in ((ring, "cut"), (bored, "fill")):
        made = solid(mask, (1, 1, 1))
        both = {how: simply_connected(fine_of(mask, made), made.spacing_mm, handles=how)[1] for how in ("cut", "fill")}
        assert made.handles == expected == min(both, key=both.get)
        assert made.n_changed == both[expected] > 0


def fine_of(mask, made):
    part = mask[tuple(slice(a, a + n // 2**made.halvings) for a, n in zip(made.first, made.voxels.shape, strict=True))]
    return np.kron(part, np.ones((2**made.halvings,) * 3, dtype=bool))


def test_filling_is_enough_where_it_changes_hardly_any_voxel():
    mask = np.ones((40, 40, 40), dtype=bool)
    mask[20, 20] = False
    made = solid(mask, (1, 1, 1))
    assert (made.handles, made.n_changed) == ("fill", 4**made.halvings)  # one layer of the hole, in halved voxels


def lobe_on_a_stalk():
    """A slab with a block and a thin stalk on it that touch along an edge; the stalk carries a lobe."""
    mask = np.zeros((24, 24, 24), dtype=bool)
    mask[:, :, :8] = mask[9:12, 9:12, 8:11] = mask[8, 8, 8:14] = mask[5:12, 5:12, 14:20] = True
    return mask


@pytest.mark.parametrize(("handles", "mask"), [("cut", lobe_on_a_stalk()), ("fill", ~lobe_on_a_stalk())])
def test_a_lobe_behind_a_stalk_that_touches_an_edge_is_kept(handles, mask):
    found, n_changed = simply_connected(mask, (1.0, 1.0, 1.0), handles=handles)
    assert n_changed == 3  # one voxel along each voxel of the contact
    assert found[8, 8, 17] == (handles == "cut")


def test_filling_may_change_twice_as_many_voxels_as_cutting():
    """A slit through the body is harder to follow for any surface than a plug in a hole."""
    for width, expected in ((4, "fill"), (6, "cut")):
        mask = np.ones((40, 40, 5), dtype=bool)
        mask[2 : 2 + width, 15 : 15 + width] = False  # a hole beside an edge of 2 x 5 voxels
        made = solid(mask, (1, 1, 1))
        both = {how: simply_connected(fine_of(mask, made), made.spacing_mm, handles=how)[1] for how in ("cut", "fill")}
        assert both["cut"] < both["fill"]
        assert (made.handles, made.n_changed) == (expected, both[expected])


def test_handles_in_a_very_large_box_are_cut(monkeypatch):
    monkeypatch.setattr("radiotype.features.spharm.topology.MAX_FILLED_BOX_VOXELS", 1000)
    mask = np.ones((40, 40, 40), dtype=bool)
    mask[20, 20] = False
    assert solid(mask, (1, 1, 1)).handles == "cut"


def test_parts_that_touch_along_an_edge_are_two():
    made = solid(SHAPES["edge contact"], (1, 1, 1))
    assert (made.kept_fraction, made.handles) == (0.5, "none")


def test_cavities_are_filled_and_counted():
    mask = (RADIUS < 15) & (RADIUS > 6)
    made = solid(mask, (1, 1, 1))
    n_cavity = np.count_nonzero(RADIUS <= 6)
    assert made.n_filled == n_cavity
    assert made.changed_fraction == n_cavity / np.count_nonzero(mask)
    assert made.n_changed == 0


def test_the_largest_part_is_described_and_the_rest_counted():
    mask = np.zeros((30, 12, 12), dtype=bool)
    mask[:4, :4, :4], mask[10:20, 2:10, 1:9], mask[25:, :3, :3] = True, True, True
    made = solid(mask, (1, 1, 1))
    assert made.first == (10, 2, 1)
    assert made.kept_fraction == pytest.approx(640 / (640 + 64 + 45))
    assert made.n_surface == 640 - 8 * 6 * 6


@pytest.mark.parametrize("name", ["ring", "many handles", "pitted", "spikes", "helix", "half"])
def test_turned_and_mirrored_masks_become_the_same_solid(name):
    mask, spacing_mm = SHAPES[name], np.array([0.8, 1.0, 1.0])
    arrays = set()
    for axes in itertools.permutations(range(3)):
        for flips in ((1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, -1)):
            x, y, z = (slice(None, None, flip) for flip in flips)
            made = solid(mask.transpose(axes)[x, y, z], spacing_mm[list(axes)])
            arrays.add(canonical_frame(made.voxels, made.spacing_mm).turn(made.voxels).tobytes())
    assert len(arrays) == 1


def test_frames_of_a_symmetric_mask_may_differ_but_not_its_arrays():
    cube = np.ones((4, 4, 4), dtype=bool)
    cube[1:3, 1:3, 3] = False
    arrays = set()
    for axes in itertools.permutations(range(3)):
        other = cube.transpose(axes)[::-1]
        arrays.add(canonical_frame(other, (1.0, 1.0, 1.0)).turn(other).tobytes())
    assert len(arrays) == 1


def test_a_region_too_large_for_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("radiotype.features.spharm.topology.MAX_BOX_VOXELS", 1000)
    with pytest.raises(ComputeError) as caught:
        solid(np.ones((4, 4, 4), dtype=bool), (1, 1, 1))
    assert caught.value.code == "RT306"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("mask", "spacing_mm", "code"),
    [
        (np.zeros((3, 3, 3), dtype=bool), (1, 1, 1), "RT204"),
        (np.ones((3, 3), dtype=bool), (1, 1, 1), "RT207"),
        (np.ones((3, 3, 3), dtype=bool), (1, 0, 1), "RT207"),
        (np.ones((3, 3, 3)), (1, 1, 1), "RT305"),
    ],
)
def test_unusable_input_is_refused(mask, spacing_mm, code):
    with pytest.raises(RadiotypeError) as caught:
        solid(mask, spacing_mm)
    assert caught.value.code == code


def test_two_million_voxels_with_pits_take_seconds():
    grid = np.indices((180, 160, 150))
    inside = sum(((g - n / 2) / (n / 2)) ** 2 for g, n in zip(grid, (180, 160, 150), strict=True)) < 0.98
    mask = inside & (np.random.default_rng(0).random(inside.shape) < 0.97)
    start = time.process_time()
    made = solid(mask, (0.7, 0.7, 1.0))
    seconds = time.process_time() - start
    assert made.n_mask > 2e6
    assert voxel_surface(made.voxels, made.spacing_mm).genus == 0
    assert seconds < 5  # 0.7 s measured


def test_results_cannot_be_changed():
    voxels, _ = simply_connected(SHAPES["ring"], (1.0, 1.0, 1.0))
    surface = voxel_surface(voxels, (1.0, 1.0, 1.0))
    for array in (voxels, solid(SHAPES["ball"], (1, 1, 1)).voxels, surface.vertices_mm, surface.quads):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
