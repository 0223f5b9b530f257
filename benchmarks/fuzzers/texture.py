"""Inputs for the kernels of grey-level matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, Generator, inputs, mask, one_of, size, strided

Volume = dict[str, Any]
TRUSTED = ("levels", "values", "lines", "n_levels")


def _levels(rng: Generator, least: int = 0, most: int = 12) -> np.ndarray:
    """Grey levels of a region: few or many, close together or far apart, in any order in memory."""
    shape = size(rng, least, most), size(rng, least, most), size(rng, least, one_of(rng, most, 4 * most, 24 * most))
    highest = int(one_of(rng, 1, 2, 5, 32, 255, 256, 1000, 65535))
    levels = (rng.integers(1, highest + 1, shape) * mask(rng, shape)).astype(np.uint16)
    if rng.random() < 0.3:
        levels = np.minimum(levels, 1 + (rng.random() < 0.5))
    turned = levels.transpose(rng.permutation(3)) if rng.random() < 0.5 else levels
    return strided(rng, turned, last=True)


def texture_scan(native: Any, rng: Generator) -> Call:
    levels = _levels(rng)
    counts = np.zeros(int(levels.max(initial=0)) + 1, dtype=np.int64)
    arguments = {**inputs(levels=levels), "counts": counts, "box": np.empty(6, dtype=np.int64)}
    return Call("texture_scan", arguments, trusted=("counts",))


def _pack(levels: np.ndarray, level_map: np.ndarray, kind: type) -> Call:
    n = int(np.prod([n + 2 for n in levels.shape]))
    lines = np.zeros((levels.shape[0] * levels.shape[1], 4), dtype=np.int32)
    buffer = np.zeros(n + 64, dtype=kind)
    return Call("texture_pack", {**inputs(levels=levels, map=level_map), "out": buffer, "lines": lines}, trusted=("map",))


def texture_pack(native: Any, rng: Generator) -> Call:
    levels = _levels(rng)
    level_map = rng.integers(0, 256, int(levels.max(initial=0)) + 1).astype(np.uint16)
    return _pack(levels, level_map, one_of(rng, np.uint8, np.uint16))


def _volume(native: Any, rng: Generator) -> Volume:
    levels = _levels(rng, least=1)
    if not levels.any():
        levels = np.ones_like(levels)
    return _packed(native, rng, levels, one_of(rng, np.uint8, np.uint16))


def _packed(native: Any, rng: Generator, levels: np.ndarray, kind: type) -> Volume:
    present = np.unique(levels[levels > 0])
    if max(levels.max(), *levels.shape) >= 256:
        kind = np.uint16
    ranks = np.zeros(int(levels.max()) + 1, dtype=np.uint16)
    ranks[present] = np.arange(1, present.size + 1)
    identity = np.arange(ranks.size, dtype=np.uint16)
    packed, shape = [], tuple(n + 2 for n in levels.shape)
    for level_map in (ranks, identity):
        call = _pack(levels, level_map, kind)
        n_lines = call.on(native)
        out = call.arguments["out"]
        # what lies behind the volume is read; nothing may come of it
        out[int(np.prod(shape)) :] = rng.integers(0, 256, 64)
        packed.append(out[: int(np.prod(shape))].reshape(shape))
        lines = call.arguments["lines"][: int(n_lines)]
    arrays = inputs(levels=packed[0], values=packed[1], lines=lines)
    flags = {"planar": bool(rng.random() < 0.5)}
    flags["by_slice"] = flags["planar"] and bool(rng.random() < 0.5)
    return {**arrays, "n_levels": int(present.size), **flags}


def _sizes(volume: Volume) -> tuple[int, int]:
    """Sets of tables, and directions in each."""
    lines = volume["lines"]
    return (int(lines[-1, 0] - lines[0, 0]) + 1 if volume["by_slice"] else 1), 4 if volume["planar"] else 13


def texture_pairs(native: Any, rng: Generator) -> Call:
    volume = _volume(native, rng)
    while volume["n_levels"] > 300:
        volume = _volume(native, rng)
    groups, directions = _sizes(volume)
    tables = np.zeros((groups, directions, (volume["n_levels"] + 1) ** 2 + int(rng.integers(3))), dtype=np.uint32)
    return Call("texture_pairs", {**volume, "tables": tables}, trusted=TRUSTED)


def texture_runs(native: Any, rng: Generator) -> Call:
    volume = _volume(native, rng)
    groups, directions = _sizes(volume)
    shape = volume["levels"].shape
    longest = max(max(shape[1:] if volume["planar"] else shape) - 2, 2)
    tables = np.zeros((groups, directions, longest + 1, volume["n_levels"] + 1), dtype=np.uint32)
    scratch = np.zeros(26 * (shape[1] * shape[2] + 64) + 64, dtype=volume["levels"].dtype)
    return Call("texture_runs", {**volume, "tables": tables, "scratch": scratch}, scratch=("scratch",), trusted=TRUSTED)


def texture_neighbours(native: Any, rng: Generator) -> Call:
    volume = _volume(native, rng)
    groups, directions = _sizes(volume)
    shape = (groups, volume["n_levels"] + 1, 2 * directions + 1)
    arrays = {"differences": np.zeros(shape, dtype=np.uint64), "dependences": np.zeros(shape, dtype=np.uint32)}
    alpha = one_of(rng, 0, 1, 2, int(volume["values"].max()))
    return Call("texture_neighbours", {**volume, "alpha": min(alpha, int(volume["values"].max())), **arrays}, trusted=TRUSTED)


def texture_distances(native: Any, rng: Generator) -> Call:
    volume = _volume(native, rng)
    out = np.zeros(volume["levels"].size, dtype=np.uint16)
    arguments = {"inside": volume["values"], "lines": volume["lines"], "planar": volume["planar"], "out": out}
    return Call("texture_distances", arguments, trusted=("inside", "lines"))


def texture_zones(native: Any, rng: Generator) -> Call:
    volume = _volume(native, rng)
    lines, levels = volume["lines"], volume["levels"]
    distance = np.zeros(levels.size, dtype=np.uint16)
    native.texture_distances(volume["values"], lines, volume["planar"], distance)
    n = int((lines[:, 3] - lines[:, 2]).sum())
    arguments = {
        **volume,
        **inputs(distance=distance),
        "labels": np.empty(2 * levels[0].size, dtype=np.uint32),
        "parent": np.empty(n, dtype=np.uint32),
        "zones": np.zeros((n, 3), dtype=np.int32),
        "bounds": np.zeros(_sizes(volume)[0] + 1, dtype=np.int64),
    }
    # entries of `zones` behind those that are found are left over from the search
    return Call("texture_zones", arguments, scratch=("labels", "parent"), trusted=TRUSTED)


FUZZERS = {
    function.__name__: function
    for function in (
        texture_scan,
        texture_pack,
        texture_pairs,
        texture_runs,
        texture_neighbours,
        texture_distances,
        texture_zones,
    )
}
