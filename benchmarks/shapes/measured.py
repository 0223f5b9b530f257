"""What is measured on one mask; every function takes a case and gives rows of plain values."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import nan
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation
from shapes.masks import Case

from radiotype import Grid, Mask, RadiotypeError
from radiotype.features.spharm import (
    HarmonicShape,
    SphereMap,
    Surface,
    align,
    area_map,
    describe,
    descriptors,
    expand,
    reconstruct,
    reconstruction_error,
)

Row = dict[str, Any]

#: Less detail than this, in mean radii, is the rounding of a symmetric mask: its changes say nothing.
NO_DETAIL = 1e-6

#: Axes that differ by less than this have no direction of their own.
SAME_AXES = 0.02

TURNED_SPACING_MM = 0.5

#: Masks whose turned copies would have a larger box than this are left out of the arbitrary turns.
MAX_TURNED_VOXELS = 8_000_000

N_TURNS = 2
VARIANTS = {"start 1": {"start": 1}, "start 2": {"start": 2}, "other diagonals": {"long_diagonals": True}}
SCALES = (1.5, 2.0, 3.0)


def quality(case: Case) -> list[Row]:
    """Whether a mask has values, and how good its map and reconstruction are."""
    mask = case.read()
    row: Row = {"collection": case.collection, "mask": case.name, "n_voxels": mask.n_voxels, "status": "ok"}
    start = time.process_time()
    try:
        shape = describe(mask, keep=True)
    except RadiotypeError as error:
        return [row | {"status": f"{error.code} {str(error).splitlines()[0]}", "cpu_s": time.process_time() - start}]
    row["cpu_s"] = time.process_time() - start
    steps, flags = shape.steps, shape.flags
    surface, points = steps.surface, steps.sphere_map.points
    radius_mm = shape.descriptors.mean_radius_mm
    voxel_mm = float(np.prod(mask.grid.spacing_mm)) ** (1 / 3)
    row |= {
        "degree": shape.degree,
        "finite": bool(np.isfinite(shape.descriptors.energies).all()),
        "flipped": steps.sphere_map.n_flipped,
        "area_p1": flags["spharm_area_ratio_p1"],
        "area_p99": flags["spharm_area_ratio_p99"],
        "settled": steps.sphere_map.settled,
        "radius_voxels": radius_mm / voxel_mm,
        "hausdorff_voxels": flags["spharm_hausdorff_voxels"],
        "kept": flags["spharm_kept_fraction"],
        "changed": flags["spharm_changed_fraction"],
        "handles": steps.solid.handles,
        "vertices": len(surface.vertices_mm),
        "sweeps": steps.sphere_map.n_iterations,
    }
    row["stairs_p1"], row["stairs_p99"] = np.percentile(ratios_with_stairs(surface, steps.sphere_map), [1, 99])
    for degree in (15, 20, 25):
        rms_mm = rms(points, surface.vertices_mm, shape.degree if degree == 15 else degree)
        row |= {f"rms{degree}_voxels": rms_mm / voxel_mm, f"rms{degree}_of_radius": rms_mm / radius_mm}
    return [row]


def ratios_with_stairs(surface: Surface, sphere_map: SphereMap) -> np.ndarray:
    """Share of the sphere over share of the voxel surface as it is, stairs and all, for every square."""
    corners = sphere_map.points[sphere_map.triangles]
    on_sphere = np.linalg.det(corners).reshape(-1, 2).sum(axis=1)
    sides = surface.vertices_mm[surface.quads[:, [1, 3]]] - surface.vertices_mm[surface.quads[:, :1]]
    areas = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    return on_sphere / on_sphere.sum() / (areas / areas.sum())


def rms(points: np.ndarray, vertices_mm: np.ndarray, degree: int) -> float:
    """Root mean square distance of the surface from its reconstruction, mm; NaN where the map does not determine it."""
    try:
        coefficients = expand(points, vertices_mm, degree)
    except RadiotypeError:
        return nan
    return reconstruction_error(vertices_mm, reconstruct(coefficients, points)).rms_mm


def change(values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Relative change; 0 where both are rounding."""
    both = np.maximum(np.abs(values), np.abs(expected)) < NO_DETAIL
    return np.where(both, 0.0, np.abs(values - expected) / np.maximum(np.abs(expected), NO_DETAIL))


def independence(case: Case) -> list[Row]:
    """Relative change of each energy with another start of the map or another split of the squares."""
    try:
        shape = describe(case.read(), keep=True)
    except RadiotypeError:
        return [_failed(case, variant) for variant in VARIANTS]
    surface, rows = shape.steps.surface, []
    for variant, options in VARIANTS.items():
        try:
            points = area_map(surface.vertices_mm, surface.quads, **options).points
            coefficients = expand(points, surface.vertices_mm, shape.degree)
        except RadiotypeError:
            rows.append(_failed(case, variant))
            continue
        found = descriptors(align(coefficients).coefficients, shape.descriptors.mean_radius_mm)
        changes = change(found.energies, shape.descriptors.energies)
        rows.append(_row(case, variant) | {f"l{degree}": value for degree, value in enumerate(changes.tolist(), 1)})
    return rows


def _row(case: Case, variant: str) -> Row:
    return {"collection": case.collection, "mask": case.name, "variant": variant, "failed": False}


def _failed(case: Case, variant: str) -> Row:
    return _row(case, variant) | {"failed": True}


def exact_turns(case: Case) -> list[Row]:
    """Largest relative change after turns, mirrors, moves and other orders that a mask should not feel."""
    mask = _tight(case.read())
    try:
        expected = describe(mask, keep=True)
    except RadiotypeError:
        return [_failed(case, "any")]
    rows = []
    for variant, other in _same_masks(mask):
        rows.append(_row(case, variant) | _changes(describe(other), expected))
    steps = expected.steps
    order = np.random.default_rng(0).permutation(len(steps.surface.vertices_mm))
    quads = np.argsort(order)[steps.surface.quads][::-1].astype(np.int32)
    points = area_map(steps.surface.vertices_mm[order], quads).points
    coefficients = expand(points, steps.surface.vertices_mm[order], expected.degree)
    found = descriptors(align(coefficients).coefficients, expected.descriptors.mean_radius_mm)
    rows.append(_row(case, "order of the vertices") | _changes_of(found, expected))
    return rows


def _tight(mask: Mask) -> Mask:
    """The box of a mask with a voxel around, its axes along the patient's: what is turned below is small."""
    voxels = np.pad(mask.cropped(*mask.box), 1)
    return Mask(voxels, Grid(voxels.shape, np.diag([*mask.grid.spacing_mm, 1.0])))


def _same_masks(mask: Mask) -> Iterator[tuple[str, Mask]]:
    voxels, spacing_mm = mask.cropped((0, 0, 0), mask.grid.shape), np.array(mask.grid.spacing_mm)
    for axes, name in (((1, 2), "x"), ((2, 0), "y"), ((0, 1), "z")):
        order = np.arange(3)
        order[list(axes)] = axes[::-1]
        yield f"quarter turn about {name}", _moved(np.rot90(voxels, axes=axes), spacing_mm[order])
    yield "mirror", _moved(voxels[:, :, ::-1], spacing_mm)
    yield "translation", _moved(np.pad(voxels, ((5, 0), (0, 3), (2, 1))), spacing_mm, (123.4, -56.7, 890.1))
    yield "order of the voxels", _moved(np.asfortranarray(voxels), spacing_mm)


def _moved(voxels: np.ndarray, spacing_mm: np.ndarray, origin_mm: tuple[float, ...] = (0.0, 0.0, 0.0)) -> Mask:
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = origin_mm
    return Mask(voxels, Grid(voxels.shape, affine))


def _changes(found: HarmonicShape, expected: HarmonicShape) -> Row:
    return _changes_of(found.descriptors, expected)


def _changes_of(of: Any, expected: HarmonicShape) -> Row:
    """Largest change of the energies, and of entropies and axis scales where the axes have directions of their own."""
    known = expected.descriptors
    short, middle, long = expected.steps.alignment.half_axes_mm
    own_axes = bool(middle - short > SAME_AXES * middle and long - middle > SAME_AXES * long)
    row = {"energies": float(change(of.energies, known.energies).max()), "own_axes": own_axes, "entropies": nan, "axes": nan}
    if own_axes:
        detailed = known.energies > NO_DETAIL
        row["entropies"] = float(change(of.entropies[detailed], known.entropies[detailed]).max())
        row["axes"] = float(change(of.axis_scales, known.axis_scales).max())
    return row


def arbitrary_turns(case: Case) -> list[Row]:
    """Relative change of each energy between a mask resampled at 0.5 mm as it lies and turned by chance."""
    mask = case.read()
    voxels = np.pad(mask.cropped(*mask.box), 2)
    spacing_mm = np.array(mask.grid.spacing_mm)
    smooth = ndimage.distance_transform_edt(voxels, sampling=spacing_mm) - ndimage.distance_transform_edt(
        ~voxels, sampling=spacing_mm
    )
    turns = [np.eye(3), *(Rotation.random(random_state=seed).as_matrix() for seed in range(N_TURNS))]
    if max(_turned_size(voxels.shape * spacing_mm, turn).prod() for turn in turns) > MAX_TURNED_VOXELS:
        return [_row(case, "too large")]
    try:
        shapes = [describe(_turned(smooth, spacing_mm, turn)) for turn in turns]
    except RadiotypeError:
        return [_failed(case, "turn")]
    expected, n = shapes[0].descriptors.energies, min(shape.degree for shape in shapes)
    rows = []
    for number, shape in enumerate(shapes[1:], 1):
        changes = change(shape.descriptors.energies[:n], expected[:n]).tolist()
        rows.append(_row(case, f"turn {number}") | {f"l{degree}": value for degree, value in enumerate(changes, 1)})
    return rows


def _turned_size(size_mm: np.ndarray, turn: np.ndarray) -> np.ndarray:
    return np.ceil(np.abs(turn) @ size_mm / TURNED_SPACING_MM).astype(int)


def _turned(smooth: np.ndarray, spacing_mm: np.ndarray, turn: np.ndarray) -> Mask:
    """Where the signed distance, linear between its voxels, is positive on a turned grid of 0.5 mm."""
    size_mm = smooth.shape * spacing_mm
    shape = _turned_size(size_mm, turn)
    to_voxels = turn.T / spacing_mm[:, None] * TURNED_SPACING_MM
    offset = size_mm / 2 / spacing_mm - 0.5 - to_voxels @ ((shape - 1) / 2)
    found = ndimage.affine_transform(smooth, to_voxels, offset, output_shape=tuple(shape), order=1, mode="nearest") > 0
    return Mask(found, Grid(found.shape, np.diag([*[TURNED_SPACING_MM] * 3, 1.0])))


def scales(case: Case) -> list[Row]:
    """Largest relative change of any feature without a unit when the voxels grow."""
    mask = _tight(case.read())
    try:
        expected = _unitless(describe(mask))
    except RadiotypeError:
        return [_failed(case, "any")]
    rows = []
    for scale in SCALES:
        larger = _moved(mask.cropped((0, 0, 0), mask.grid.shape), np.array(mask.grid.spacing_mm) * scale)
        rows.append(_row(case, f"{scale:g} times") | {"features": float(change(_unitless(describe(larger)), expected).max())})
    return rows


def _unitless(shape: HarmonicShape) -> np.ndarray:
    of = shape.descriptors
    entropies = of.entropies[of.energies > NO_DETAIL]
    return np.concatenate([of.energies, entropies, of.axis_scales, of.magnitudes_mm / of.mean_radius_mm])
