"""One input after the other for one function: what it must give, what it must refuse, and what threads may not change."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import FUZZERS, Call, spoiled

N_THREADS = 4
REFUSALS = (TypeError, ValueError, OverflowError)


def call_of(native: Any, name: str, seed: int, leftovers: int = 0) -> Call:
    """The call of a seed; `leftovers` chooses what its scratch holds before."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    with np.errstate(all="ignore"):
        return FUZZERS[name](native, rng).with_scratch_of(np.random.default_rng([leftovers, seed]))


@dataclass
class Trial:
    """What came of the inputs of one function."""

    name: str
    digests: list[bytes] = field(default_factory=list)
    n_refused: int = 0
    n_taken: int = 0
    findings: list[str] = field(default_factory=list)


def trial(
    native: Any,
    name: str,
    seeds: Iterator[int],
    *,
    leftovers: int = 0,
    before: Callable[[int, str], None] = lambda seed, what: None,
) -> Trial:
    """Run a function on the inputs of some seeds; `before` is told what comes next, for the case that it does not come back."""
    result = Trial(name)
    with ThreadPoolExecutor(N_THREADS) as pool:
        for seed in seeds:
            before(seed, "a legal call")
            result.digests.append(call_of(native, name, seed, leftovers).digest(native))
            before(seed, "a wrong call")
            _wrong(native, name, seed, result)
            if seed % 8 == 0:
                before(seed, f"{N_THREADS} calls at once")
                calls = [call_of(native, name, seed, leftovers + thread) for thread in range(N_THREADS)]
                if {*pool.map(lambda call: call.digest(native), calls)} != {result.digests[-1]}:
                    result.findings.append(f"seed {seed}: other bytes from a thread")
    return result


def _wrong(native: Any, name: str, seed: int, result: Trial) -> None:
    with np.errstate(all="ignore"):
        call, must = spoiled(np.random.default_rng([7, seed]), call_of(native, name, seed))
    try:
        call.on(native)
    except REFUSALS:
        result.n_refused += 1
    else:
        result.n_taken += 1
        if must:
            result.findings.append(f"seed {seed}: took an argument of a wrong type")
