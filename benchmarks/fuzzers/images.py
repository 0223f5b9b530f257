"""Inputs for the kernels of images and regions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .calls import Call, Generator, floats, inputs, mask, one_of, size, strided


def shape_of(rng: Generator, most: int = 20, least: int = 0) -> tuple[int, int, int]:
    return size(rng, least, most), size(rng, least, most), size(rng, least, 3 * most)


def image(rng: Generator, shape: tuple[int, ...], **kinds: bool) -> np.ndarray:
    return strided(rng, floats(rng, shape, **kinds), last=False)


def limits(rng: Generator) -> tuple[float, float]:
    return one_of(rng, (-math.inf, math.inf), (0.0, 1.0), (-1.0, -1.0), (1.0, 0.0), (-math.inf, 0.25), (math.nan, 1.0))


def correlate(native: Any, rng: Generator) -> Call:
    shape, axis, n = shape_of(rng, least=1), int(rng.integers(3)), size(rng, 1, 9)
    wide = list(shape)
    wide[axis] += n - 1
    arrays = inputs(values=image(rng, tuple(wide)), weights=floats(rng, n))
    return Call("correlate", {"axis": axis, "out": np.empty(shape), **arrays}, scratch=())


def ball_scratch(native: Any, rng: Generator) -> Call:
    return Call("ball_scratch", {name: size(rng, 0, 1000) for name in ("n_i", "n_j", "n_k", "reach", "reach_i")})


def _ball(rng: Generator, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Columns of an ellipsoid with a first step not below 0, and which of them have one length."""
    stretch = rng.uniform(0.5, 2.0, 3)
    reach = np.floor(radius / stretch).astype(int)
    steps = np.moveaxis(np.indices((2 * reach + 1).tolist()), 0, -1).reshape(-1, 3) - reach
    ball = steps[((steps * stretch) ** 2).sum(axis=1) <= radius**2]
    halves: dict[tuple[int, int], int] = {}
    for i, j, k in ball.tolist():
        if i >= 0:
            halves[i, j] = max(k, halves.get((i, j), 0))
    order = sorted(halves, key=lambda at: (halves[at], at))
    lengths = [halves[at] for at in order]
    groups = [[lengths.index(h), lengths.index(h) + lengths.count(h), h] for h in sorted(set(lengths))]
    return np.array(order, dtype=np.int64).reshape(-1, 2), np.array(groups, dtype=np.int64)


def ball_sums(native: Any, rng: Generator) -> Call:
    shape = shape_of(rng, 12, 1)
    columns, groups = _ball(rng, rng.uniform(0.1, 4.0))
    own = tuple(int(rng.integers(1, n + 1)) for n in shape)
    first = np.array([rng.integers(0, n - o + 1) for n, o in zip(shape, own, strict=True)], dtype=np.int64)
    values = np.ascontiguousarray(floats(rng, shape, tame=True))
    if rng.random() < 0.3:
        values[rng.random(shape) < 0.3] = rng.choice([np.nan, np.inf, -np.inf])
    ordinary = values[np.isfinite(values)]
    least, most = (ordinary.min(), ordinary.max()) if ordinary.size else (0.0, 0.0)
    middle = float((least + most) / 2)
    n_ball = int((2 * groups[:, 2] + 1).max() * 4 * len(columns))
    scale = 2.0 ** math.floor(math.log2(min((2**30 / n_ball - 1) / max(most - middle, 5e-324), 1e300)))
    reach, reach_i = int(groups[:, 2].max()), int(columns[:, 0].max())
    n_scratch = native.ball_scratch(*shape, reach, reach_i)
    arguments = {
        **inputs(values=values, columns=columns, groups=groups, first=first, mask=mask(rng, own)),
        **{"reach": reach, "reach_i": reach_i, "middle": middle, "scale": scale, "ones": bool(rng.random() < 0.3)},
        "scratch": np.empty(n_scratch, dtype=np.uint32),
        "lines": np.empty(len(columns), dtype=np.uint64),
        "sums": np.empty(own, dtype=np.int32),
    }
    return Call("ball_sums", arguments, scratch=("scratch", "lines"), trusted=("middle", "scale"))


def intensity_range(native: Any, rng: Generator) -> Call:
    shape, (lower, upper) = shape_of(rng), limits(rng)
    region = {"region": None} if rng.random() < 0.2 else inputs(region=mask(rng, shape))
    return Call("intensity_range", {**inputs(values=image(rng, shape)), **region, "lower": lower, "upper": upper})


def intensity_levels(native: Any, rng: Generator) -> Call:
    shape, (lower, upper) = shape_of(rng), limits(rng)
    values, region = image(rng, shape, finite=True), mask(rng, shape)
    inside = values[(region > 0) & (values >= lower) & (values <= upper)]
    origin = float(inside.min()) if inside.size else 0.0
    width = max(float(inside.max()) - origin if inside.size else 1.0, 1e-300)
    number = float(one_of(rng, 1, 2, 32, 255, 65535))
    rule = (origin, width, number, number - 1)
    return Call(
        "intensity_levels",
        {**inputs(values=values, region=region), "lower": lower, "upper": upper, "rule": rule}
        | {"inside": np.empty(shape, dtype=np.uint8), "levels": np.empty(shape, dtype=np.uint16)},
    )


def intensity_counts(native: Any, rng: Generator) -> Call:
    shape, n_values = shape_of(rng), size(rng, 1, 300)
    least = float(one_of(rng, 0, -7, 2**40, -(2**50)))
    region = mask(rng, shape)
    values = rng.integers(0, n_values, shape) + least
    values[region == 0] = rng.choice([np.nan, np.inf, 1e300, 0.5])
    counts = np.zeros((one_of(rng, 1, 2, 4, 8), n_values), dtype=np.int64)
    arrays = inputs(values=strided(rng, values, last=False), region=region)
    return Call("intensity_counts", {**arrays, "least": least, "counts": counts}, trusted=("values", "least", "counts"))


def row_moments(native: Any, rng: Generator) -> Call:
    shape = shape_of(rng)
    moments, ends = np.empty((*shape[:2], 3), dtype=np.int64), np.empty((*shape[:2], 2), dtype=np.int32)
    return Call("row_moments", {**inputs(mask=mask(rng, shape)), "moments": moments, "ends": ends})


def row_sums(native: Any, rng: Generator) -> Call:
    shape = shape_of(rng)
    return Call("row_sums", {**inputs(values=image(rng, shape), region=mask(rng, shape)), "sums": np.empty((*shape[:2], 2))})


def _ends(native: Any, rng: Generator) -> np.ndarray:
    shape = shape_of(rng)
    ends = np.empty((*shape[:2], 2), dtype=np.int32)
    native.row_moments(mask(rng, shape), np.empty((*shape[:2], 3), dtype=np.int64), ends)
    return ends


def _hull_points(native: Any, rng: Generator) -> Call:
    ends = _ends(native, rng)
    arguments = {
        **inputs(ends=ends),
        "bits": np.zeros(2 * ends.size, dtype=np.uint8),
        "stack": np.empty(max(ends.shape[:2]), dtype=np.int32),
        "points": np.zeros((5 * ends.size, 3), dtype=np.int32),
    }
    return Call("hull_points", arguments, scratch=("stack",))


def hull_points(native: Any, rng: Generator) -> Call:
    return _hull_points(native, rng)


def hull_scratch(native: Any, rng: Generator) -> Call:
    return Call("hull_scratch", {"n": size(rng, 0, 100_000)})


def hull_faces(native: Any, rng: Generator) -> Call:
    if rng.random() < 0.5:
        ends = _hull_points(native, rng)
        n = ends.on(native)
        points = np.unique(ends.arguments["points"][:n], axis=0)
    else:  # any points, also in a plane or on a line
        most = one_of(rng, 1, 2, 5, 50, 10_000)
        points = rng.integers(-most, most + 1, (size(rng, 0, 80), 3))
        points[:, : int(rng.integers(3))] = 0
        points = np.unique(points, axis=0)
    points = np.ascontiguousarray(points, dtype=np.int32)
    scratch = np.empty(native.hull_scratch(len(points)), dtype=np.uint8)
    triangles = np.zeros((2 * len(points), 3), dtype=np.int32)
    return Call("hull_faces", {**inputs(points=points), "scratch": scratch, "triangles": triangles}, scratch=("scratch",))


def largest_distance(native: Any, rng: Generator) -> Call:
    return Call("largest_distance", inputs(points=floats(rng, (3, size(rng, 0, 80)))))


def cube_patterns(native: Any, rng: Generator) -> Call:
    shape = shape_of(rng, 10)
    if rng.random() < 0.1:
        shape = (1, 2, int(rng.integers(250, 520)))
    counts, sums = np.empty(256, dtype=np.int64), np.empty((256, 3), dtype=np.int64)
    return Call("cube_patterns", {**inputs(mask=mask(rng, shape)), "counts": counts, "sums": sums})


FUZZERS = {
    function.__name__: function
    for function in (
        correlate,
        ball_scratch,
        ball_sums,
        intensity_range,
        intensity_levels,
        intensity_counts,
        row_moments,
        row_sums,
        hull_points,
        hull_scratch,
        hull_faces,
        largest_distance,
        cube_patterns,
    )
}
