"""Random inputs, hostile ones among them, for every function of `radiotype._native`."""

from __future__ import annotations

from typing import Any

from . import genes, images, spheres, tables, texture
from .calls import Call, Generator, spoiled


def simd_level(native: Any, rng: Generator) -> Call:
    return Call("simd_level", {})


#: By the name of the function: a fuzzer takes the module and a generator, and gives a call.
FUZZERS = {"simd_level": simd_level} | images.FUZZERS | texture.FUZZERS | spheres.FUZZERS | tables.FUZZERS | genes.FUZZERS


def entry_points(native: Any) -> set[str]:
    """Names of the functions of the module."""
    return {name for name in dir(native) if callable(getattr(native, name)) and not name.startswith("_")}


__all__ = ["FUZZERS", "Call", "entry_points", "spoiled"]
