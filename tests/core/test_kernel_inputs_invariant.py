"""Every function of the compiled module gives the same bytes at every SIMD level, and refuses what would lead out of an array.

`make soak SUITE=kernels` is the campaign, with sanitizers; this is its quick guard.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from radiotype import _native

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import fuzzers
from fuzzers.trial import call_of, trial

SEEDS = 4
NAMES = sorted(fuzzers.FUZZERS)


def digest() -> str:
    """Of what all functions but one give, the one that tells the level; the scratch held something else at every level."""
    found = hashlib.sha256()
    for name, seed in itertools.product(NAMES, range(SEEDS)):
        if name != "simd_level":
            leftovers = len(_native.simd_level())
            found.update(call_of(_native, name, seed, leftovers).digest(_native))
    return found.hexdigest()


def without_fuzzer(native: object) -> set[str]:
    return fuzzers.entry_points(native) ^ set(fuzzers.FUZZERS)


def test_every_function_has_a_fuzzer():
    assert without_fuzzer(_native) == set()


def test_a_function_without_a_fuzzer_is_noticed():
    more = {name: getattr(_native, name) for name in fuzzers.FUZZERS} | {"another": len}
    assert without_fuzzer(SimpleNamespace(**more)) == {"another"}


def test_same_bytes_at_every_level(same_bytes_at_every_level):
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_kernel_inputs_invariant as t; "
    same_bytes_at_every_level(program + "from radiotype import _native as n; print(n.simd_level(), t.digest())")


@pytest.mark.parametrize("name", NAMES)
def test_wrong_arguments_are_refused_and_threads_change_nothing(name):
    assert trial(_native, name, iter(range(SEEDS))).findings == []


class Careless:
    """Takes anything, and gives another answer every time."""

    def __init__(self) -> None:
        self._answers = itertools.count()

    def __getattr__(self, name: str):
        return (lambda **arguments: next(self._answers)) if name == "cocluster" else getattr(_native, name)


def test_findings_are_noticed():
    findings = " ".join(trial(Careless(), "cocluster", iter(range(60))).findings)
    assert "took an argument of a wrong type" in findings
    assert "other bytes from a thread" in findings


def spoil(name: str, **changes: object) -> None:
    """Call a function with some arguments changed: what each of these was before."""
    call = call_of(_native, name, 1)
    for key, change in changes.items():
        call.arguments[key] = change(call.arguments[key])
    call.on(_native)


@pytest.mark.parametrize(
    ("name", "argument", "change"),
    [
        ("cocluster", "counts", lambda counts: counts[:-1].copy()),
        ("pam", "items", lambda items: items + 1000),
        ("two_means", "starts", lambda starts: starts + 1000),
        ("ssgsea", "members", lambda members: members + 10_000),
        ("texture_pairs", "lines", lambda lines: lines + np.int32(100)),
        ("sphere_map", "quads", lambda quads: quads + np.int32(1_000_000)),
        ("random_enrichment", "state", np.zeros_like),
        ("concordant_pairs", "rank", lambda rank: rank + 1000),
        ("correlate", "axis", lambda axis: 3),
        ("pam_workspace", "n_items", lambda n: -1),
    ],
)
def test_places_that_do_not_exist_are_refused(name, argument, change):
    with pytest.raises(ValueError, match=r"\w"):
        spoil(name, **{argument: change})


def test_an_array_to_fill_of_another_type_or_layout_is_refused():
    row, labels = np.empty(4, dtype=np.uint8), np.zeros((1, 4), dtype=np.uint8)
    for counts in (np.zeros((4, 4)), np.zeros((4, 8), dtype=np.int32)[:, ::2]):
        with pytest.raises(TypeError):
            _native.cocluster(labels, row, counts)


def test_an_empty_image_has_no_range():
    found = _native.intensity_range(np.zeros((2, 0, 5)), None, -np.inf, np.inf)
    assert found == (np.inf, -np.inf, 0, 0, True)
