"""The compiled passes over intensities and rows against NumPy, and against themselves at every SIMD level."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import radiotype._native as native

INF = math.inf
LENGTHS = (1, 2, 7, 8, 9, 15, 16, 17, 40)
KINDS = ("whole", "fractions", "broken", "large", "constant")


def values_of(kind: str, n: int, *, strided: bool = False) -> np.ndarray:
    """Five by four rows of n values; strided: a view in which rows do not follow each other."""
    rng = np.random.default_rng([n, *kind.encode()])
    values = rng.normal(-300, 90, (5, 8 if strided else 4, n + strided))
    if kind in ("whole", "broken"):
        values = np.rint(values)
    if kind == "large":
        values = np.rint(rng.uniform(-1, 1, values.shape) * 2.0 ** rng.integers(0, 51, values.shape))
    if kind == "constant":
        values[:] = 41.5
    if kind == "broken":
        values[rng.random(values.shape) < 0.3] = rng.choice([np.nan, np.inf, -np.inf])
    return values[:, ::2, :n] if strided else values


def region_of(n: int, fraction: float = 0.4) -> np.ndarray:
    region = np.random.default_rng(n).random((5, 4, n)) < fraction
    region[1] = False
    return region


CASES = [(kind, n, strided) for kind in KINDS for n in LENGTHS for strided in (False, True)]


@pytest.mark.parametrize(("kind", "n", "strided"), CASES)
@pytest.mark.parametrize(("lower", "upper"), [(-INF, INF), (-350.0, -250.0), (-300.0, INF), (1e9, -1e9)])
def test_the_range_of_a_region(kind: str, n: int, strided: bool, lower: float, upper: float) -> None:
    values, region = values_of(kind, n, strided=strided), region_of(n)
    for inside in (region, None, np.zeros_like(region), np.ones_like(region)):
        flags = None if inside is None else inside.view(np.uint8)
        least, most, count, n_broken, whole = native.intensity_range(values, flags, lower, upper)
        chosen = values.ravel() if inside is None else values[inside]
        kept = chosen[np.isfinite(chosen)]
        kept = kept[(kept >= lower) & (kept <= upper)]
        assert (count, n_broken) == (kept.size, np.count_nonzero(~np.isfinite(chosen)))
        assert (least, most) == (kept.min(initial=INF), kept.max(initial=-INF))
        assert whole == bool((kept == np.rint(kept)).all())


@pytest.mark.parametrize("fraction", [0.5, 2.0**-20, 1e-9])
@pytest.mark.parametrize("place", range(17))
def test_one_fraction_is_seen_wherever_it_stands(place: int, fraction: float) -> None:
    values, region = np.zeros((1, 1, 17)), np.ones((1, 1, 17), dtype=np.uint8)
    values[0, 0, place] = fraction
    assert not native.intensity_range(values, region, -INF, INF)[4]
    region[0, 0, place] = 0
    assert native.intensity_range(values, region, -INF, INF)[4]


@pytest.mark.parametrize(("kind", "n", "strided"), CASES)
@pytest.mark.parametrize(
    ("rule", "limits"),
    [
        ((-700.0, 25.0, 1.0, 60_000.0), (-700.0, INF)),
        ((-500.0, 0.7, 1.0, 30.0), (-500.0, -200.0)),
        ((-350.0, 100.0, 32.0, 31.0), (-350.0, -250.0)),
        ((41.5, 1.0, 1.0, 0.0), (41.5, 41.5)),
    ],
)
def test_grey_levels(kind: str, n: int, strided: bool, rule, limits) -> None:
    values, region = values_of(kind, n, strided=strided), region_of(n)
    inside, levels = np.full(region.shape, 9, dtype=np.uint8), np.full(region.shape, 9, dtype=np.uint16)
    native.intensity_levels(values, region.view(np.uint8), *limits, rule, inside, levels)
    origin, width, number, last = rule
    expected = region & np.isfinite(values) & (values >= limits[0]) & (values <= limits[1])
    assert (inside == expected).all()
    assert (levels[~expected] == 0).all()
    steps = np.minimum((values[expected] - origin) / width * number, last)
    assert (levels[expected] == np.floor(steps) + 1).all()


@pytest.mark.parametrize("tables", [1, 2, 4])
@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize("n", LENGTHS)
def test_counts_of_whole_numbers(n: int, strided: bool, tables: int) -> None:
    values, region = values_of("whole", n, strided=strided), region_of(n)
    least = values.min()
    counts = np.zeros((tables, int(values.max() - least) + 1), dtype=np.int64)
    native.intensity_counts(values, region.view(np.uint8), least, counts)
    expected = np.bincount((values[region] - least).astype(int), minlength=counts.shape[1])
    assert (counts.sum(axis=0) == expected).all()


@pytest.mark.parametrize("fraction", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("n", [*LENGTHS, 300])
def test_moments_and_ends_of_rows(n: int, fraction: float) -> None:
    region = region_of(n, fraction)
    moments, ends = np.full((5, 4, 3), 9, dtype=np.int64), np.full((5, 4, 2), 9, dtype=np.int32)
    native.row_moments(region.view(np.uint8), moments, ends)
    place = np.arange(n)
    for power in range(3):
        assert (moments[..., power] == (region * place**power).sum(axis=2)).all()
    for row in np.ndindex(5, 4):
        filled = np.flatnonzero(region[row])
        assert ends[row].tolist() == ([filled[0], filled[-1]] if filled.size else [-1, -1])


@pytest.mark.parametrize(("kind", "n", "strided"), [case for case in CASES if case[0] != "broken"])
def test_sums_of_rows(kind: str, n: int, strided: bool) -> None:
    values, region = values_of(kind, n, strided=strided), region_of(n)
    sums = np.full((5, 4, 2), 9.0)
    native.row_sums(values, region.view(np.uint8), sums)
    for row in np.ndindex(5, 4):
        place = np.flatnonzero(region[row])
        chosen = values[row][place]
        for found, terms in zip(sums[row], (chosen, chosen * place), strict=True):
            assert abs(found - math.fsum(terms)) <= 1e-15 * n * np.abs(terms).sum()
            if kind == "whole":
                assert found == terms.sum()


def test_values_outside_a_region_do_not_enter_its_sums() -> None:
    values, region = np.full((1, 1, 20), np.nan), np.zeros((1, 1, 20), dtype=np.uint8)
    values[0, 0, 5::3], region[0, 0, 5::3] = 2.0, 1
    sums = np.empty((1, 1, 2))
    native.row_sums(values, region, sums)
    assert sums.ravel().tolist() == [10.0, 2.0 * sum(range(5, 20, 3))]


def test_rows_of_another_order_are_refused() -> None:
    with pytest.raises(ValueError, match="last axis"):
        native.intensity_range(np.zeros((3, 4, 5)).T, None, -INF, INF)


def digest() -> str:
    """Of all that the passes give."""
    total = hashlib.sha256()
    for kind, n, strided in CASES:
        values, region = values_of(kind, n, strided=strided), region_of(n).view(np.uint8)
        found = native.intensity_range(values, region, -350.0, INF)
        inside, levels = np.empty(region.shape, dtype=np.uint8), np.empty(region.shape, dtype=np.uint16)
        native.intensity_levels(values, region, -700.0, -200.0, (-700.0, 0.7, 1.0, 5000.0), inside, levels)
        sums, moments, ends = np.empty((5, 4, 2)), np.empty((5, 4, 3), dtype=np.int64), np.empty((5, 4, 2), dtype=np.int32)
        native.row_moments(region, moments, ends)
        arrays = [np.array(found[:4]), inside, levels, moments, ends]
        if kind != "broken":
            native.row_sums(values, region, sums)
            arrays.append(sums)
        if kind == "whole":
            arrays.append(np.zeros((4, 2000), dtype=np.int64))
            native.intensity_counts(values, region, -1000.0, arrays[-1])
        for array in arrays:
            total.update(array.tobytes())
    return total.hexdigest()


def digest_at(level: str) -> subprocess.CompletedProcess[str]:
    program = "import test_intensity_kernels_oracle as t; from radiotype import _native as n; print(n.simd_level(), t.digest())"
    environment = {**os.environ, "RADIOTYPE_SIMD": level, "PYTHONPATH": str(Path(__file__).parent)}
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("level", ["avx2", "avx512"])
def test_every_simd_level_gives_the_same_bytes(level: str) -> None:
    done = digest_at(level)
    if done.returncode != 0 and "is not a level of this processor" in done.stderr:
        pytest.skip(f"this processor has no {level}")
    base = digest_at("base")
    assert (done.returncode, base.returncode) == (0, 0), done.stderr + base.stderr
    assert done.stdout.split()[0] == level
    assert done.stdout.split()[1] == base.stdout.split()[1]
