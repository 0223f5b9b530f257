"""The compiled sums in a ball against their definition, voxel by voxel, and against themselves at every SIMD level."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from radiotype.core import Grid, Mask, Scan
from radiotype.features.ibsi import IbsiSettings, Prepared, local_intensity, prepare
from radiotype.features.ibsi.local_intensity import ball_of, ranked_balls


def prepared(shape, spacing, *, gaps: bool = False, corner=(0, 0, 0), whole: bool = False) -> Prepared:
    """A scattered region, from a corner on, in a scan of noise."""
    rng = np.random.default_rng(12)
    values = rng.normal(-300, 90, shape)
    if whole:
        values = np.rint(values)
    inside = rng.random(shape) < 0.3
    inside[: corner[0]] = inside[:, : corner[1]] = inside[:, :, : corner[2]] = False
    if gaps:
        values[~inside & (rng.random(shape) < 0.2)] = np.nan
    grid = Grid(shape, np.diag([*spacing, 1.0]))
    return prepare(Scan(values, grid), Mask(inside, grid), IbsiSettings(spacing_mm=None))


def means(region: Prepared) -> np.ndarray:
    """Around every voxel of the intensity mask, one by one."""
    ball, image = ball_of(region.spacing_mm).steps, region.surroundings
    found = []
    for centre in np.argwhere(region.intensity_mask) + region.first:
        place = ball + centre
        found.append(np.nanmean(image[tuple(place[((place >= 0) & (place < image.shape)).all(axis=1)].T)]))
    return np.array(found)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(
    ("shape", "spacing", "corner"),
    [
        ((9, 8, 7), (2.0, 2.0, 2.0), (0, 0, 0)),
        ((3, 2, 40), (1.0, 5.0, 0.7), (0, 0, 0)),
        ((24, 20, 22), (1.3, 1.7, 1.6), (10, 3, 12)),
        ((4, 5, 6), (9.0, 9.0, 1.1), (0, 0, 0)),
    ],
)
def test_balls_are_ranked_as_their_means_taken_one_by_one(shape, spacing, corner, gaps) -> None:
    region = prepared(shape, spacing, gaps=gaps, corner=corner)
    ranking = ranked_balls(region, ball_of(region.spacing_mm))
    scores, expected = ranking.scores.T[region.intensity_mask].astype(float), means(region)
    assert ranking.slack > 0
    order = np.argsort(expected)
    for near in range(1, len(order)):
        assert (scores[order[near:]] >= scores[order[:-near]] - ranking.slack).all()
    per_score = np.ptp(expected) / np.ptp(scores) if len(expected) > 1 else 0.0
    assert expected - expected[0] == pytest.approx(
        (scores - scores[0]) * per_score, abs=2 * ranking.slack * per_score, rel=1e-5
    )
    peak = local_intensity.measure(region, IbsiSettings()).values["local_intensity_global_peak"]
    assert peak == pytest.approx(expected.max(), rel=1e-12)


@pytest.mark.parametrize(("shape", "spacing"), [((9, 8, 30), (2.0, 2.0, 0.9)), ((24, 20, 22), (1.3, 1.7, 1.6))])
def test_sums_of_whole_numbers_are_exact(shape, spacing) -> None:
    region = prepared(shape, spacing, whole=True)
    ranking = ranked_balls(region, ball_of(region.spacing_mm))
    scores, expected = ranking.scores.T[region.intensity_mask].astype(float), means(region)
    assert ranking.slack == 0
    top, least = expected.argmax(), expected.argmin()
    per_score = (expected[top] - expected[least]) / (scores[top] - scores[least])
    assert expected - expected[least] == pytest.approx((scores - scores[least]) * per_score, rel=1e-10, abs=1e-10)


def digest() -> str:
    """Of the means of some regions."""
    total = hashlib.sha256()
    for spacing in ((0.5, 0.9, 0.8), (2.0, 2.0, 2.0), (1.0, 4.0, 0.6)):
        region = prepared((18, 17, 61), spacing, gaps=True)
        total.update(ranked_balls(region, ball_of(region.spacing_mm)).scores.tobytes())
    return total.hexdigest()


def digest_at(level: str) -> subprocess.CompletedProcess[str]:
    program = "import test_ball_kernel_oracle as t; from radiotype import _native as n; print(n.simd_level(), t.digest())"
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
