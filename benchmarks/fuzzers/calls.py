"""A call of an entry point, what it gave, and calls that are wrong in one argument."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Generator = np.random.Generator
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, -5e-324, 2.3e-308, 1e-150, 1e150, 1e300, -1e300, 2.0**53, -(2.0**52)])
NOT_FINITE = np.array([np.nan, np.inf, -np.inf])


@dataclass(frozen=True)
class Call:
    """Arguments by name. Arrays that may not be written to are read-only: what only reads must take them.

    `scratch`: arrays whose content before the call must not matter and after it does not. `trusted`: arguments that the caller
    guarantees (native/README.md), which `spoiled` leaves alone.
    """

    name: str
    arguments: dict[str, Any]
    scratch: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()

    def on(self, native: Any) -> object:
        return getattr(native, self.name)(**self.arguments)

    def digest(self, native: Any) -> bytes:
        """Of the result and of all arrays after the call."""
        result = self.on(native)
        found = hashlib.blake2b(digest_size=8)
        for part in result if isinstance(result, tuple) else (result,):
            found.update(repr(part).encode())
        for name, value in self.arguments.items():
            if isinstance(value, np.ndarray) and name not in self.scratch:
                found.update(_bytes(value))
        return found.digest()

    def with_scratch_of(self, rng: Generator) -> Call:
        """The same call with other leftovers in its scratch."""
        arguments = dict(self.arguments)
        for name in self.scratch:
            array = arguments[name]
            arguments[name] = np.frombuffer(bytearray(rng.bytes(array.nbytes)), dtype=array.dtype).reshape(array.shape).copy()
        return Call(self.name, arguments, self.scratch, self.trusted)


def _bytes(array: np.ndarray) -> bytes:
    """One NaN is as good as another: its sign is that of whichever operand the processor took it from."""
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.nan, array)
    return np.ascontiguousarray(array).tobytes()


def inputs(**arrays: np.ndarray) -> dict[str, np.ndarray]:
    """The same arrays, read-only."""
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def one_of(rng: Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def size(rng: Generator, least: int, most: int) -> int:
    """A size, often one at the edge of a register or of a block."""
    edge = [n for n in SIZES if least <= n <= most]
    return int(rng.choice(edge)) if edge and rng.random() < 0.6 else int(rng.integers(least, most + 1))


def floats(rng: Generator, shape: int | tuple[int, ...], *, finite: bool = False, tame: bool = False) -> np.ndarray:
    """Ordinary numbers, ties, constants; unless `tame` also huge and tiny ones; unless `finite` NaN and infinities."""
    kinds: list[Callable[[], np.ndarray]] = [
        lambda: rng.standard_normal(shape),
        lambda: rng.integers(-3, 4, shape).astype(float),
        lambda: np.full(shape, rng.standard_normal()),
        lambda: np.zeros(shape),
        lambda: rng.standard_normal(shape) * 1e6,
    ]
    if not tame:
        kinds += [lambda: rng.choice(SPECIAL, shape), lambda: rng.standard_normal(shape) * 10.0 ** rng.integers(-300, 300)]
    if not (tame or finite):
        kinds.append(lambda: np.where(rng.random(shape) < 0.2, rng.choice(NOT_FINITE, shape), rng.standard_normal(shape)))
    return np.asarray(kinds[int(rng.integers(len(kinds)))](), dtype=np.float64)


def mask(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A region: none, all, one voxel, a plane, noise, a ball that may touch the border."""
    region = np.zeros(shape, dtype=np.uint8)
    if not region.size:
        return region
    kind = int(rng.integers(6))
    if kind == 1:
        region[...] = 1
    elif kind == 2:
        region[tuple(int(rng.integers(n)) for n in shape)] = 1
    elif kind == 3:
        axis = int(rng.integers(len(shape)))
        np.moveaxis(region, axis, 0)[int(rng.integers(shape[axis]))] = 1
    elif kind == 4:
        region[...] = rng.random(shape) < rng.random()
    elif kind == 5:
        away = sum(
            ((np.arange(n) - rng.random() * n) ** 2).reshape([-1 if a == axis else 1 for a in range(len(shape))])
            for axis, n in enumerate(shape)
        )
        region[...] = away <= (rng.random() * max(shape)) ** 2
    return region


def strided(rng: Generator, array: np.ndarray, *, last: bool) -> np.ndarray:
    """The same values with gaps between them in memory; along the last axis too if `last`."""
    if rng.random() < 0.5:
        return array
    wide = np.zeros([n + int(rng.integers(3)) for n in array.shape], dtype=array.dtype)
    if last and rng.random() < 0.5:
        wide = np.zeros([2 * n for n in array.shape], dtype=array.dtype)[::2, ::2, ::2]
    view = wide[tuple(slice(0, n) for n in array.shape)]
    view[...] = array
    return view


def spoiled(rng: Generator, call: Call) -> tuple[Call, bool]:
    """The call with one argument that does not fit, and whether it is of a wrong type; if not, it may do no harm."""
    arguments = dict(call.arguments)
    names = [name for name in arguments if name not in call.trusted and not isinstance(arguments[name], bool)]
    if not names:
        return call, False
    name = str(rng.choice(names))
    value = arguments[name]
    if not isinstance(value, np.ndarray):
        arguments[name], must = _spoiled_scalar(rng, value), False
    else:
        arguments[name], must = _spoiled_array(rng, value)
    return Call(call.name, arguments, call.scratch, call.trusted), must


def _spoiled_scalar(rng: Generator, value: object) -> object:
    if isinstance(value, tuple):
        return one_of(rng, (), value[:-1], (None, *value[1:]), (*value, 1.0))
    if isinstance(value, int):
        return one_of(rng, -1, 0, value + 1, value - 1, 3, 1 << 20, -(1 << 40), (1 << 62), 1 << 80, 0.5, None, "1")
    return one_of(rng, float("nan"), float("inf"), -1.0, 0.0, 1e300, "1", [])


def _spoiled_array(rng: Generator, array: np.ndarray) -> tuple[object, bool]:
    kind = int(rng.integers(8))
    written = array.flags.writeable
    if kind == 0:
        return one_of(rng, "text", 3.0, [1], object()), True
    if kind == 1:
        return array.reshape(array.shape + (1,) * 2), False
    if kind == 2:
        return array.astype(one_of(rng, *(t for t in (np.int16, np.float32, np.complex128) if t != array.dtype))), written
    if kind == 3:
        gaps = np.zeros([2 * n for n in array.shape], dtype=array.dtype)[tuple(slice(None, None, 2) for _ in array.shape)]
        gaps[...] = array
        gaps.flags.writeable = written
        return gaps, written and not gaps.flags.c_contiguous
    if kind == 4 and written:
        copy = array.copy()
        copy.flags.writeable = False
        return copy, True
    if kind == 5:
        return np.zeros([0] * array.ndim, dtype=array.dtype), False
    axis = int(rng.integers(array.ndim))
    if kind == 6:
        return np.concatenate([array, array.take([-1] if array.shape[axis] else [], axis=axis)], axis=axis), False
    return array.take(range(max(0, array.shape[axis] - one_of(rng, 1, 1, 2))), axis=axis), False
