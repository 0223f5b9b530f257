"""Intensity peaks: the mean in a ball of 1 cm3 around a voxel."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import radiotype._native as native
from radiotype.core.feature import FeatureRecord
from radiotype.core.geometry import Floats
from radiotype.features.ibsi.preprocess import PEAK_RADIUS_MM, Prepared
from radiotype.features.ibsi.records import INTENSITY, Row
from radiotype.features.ibsi.records import records as records_of
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.registry import Measured

_ROWS = (
    Row("local_peak", "VJGA", "mean in a ball of 1 cm3 around the voxel of highest intensity", INTENSITY),
    Row("global_peak", "0F91", "highest mean in a ball of 1 cm3 around any voxel", INTENSITY),
)

#: Balls whose sum comes close enough to the highest are taken again, voxel by voxel; so many of them at most, since more belong
#: to a flat scan, where it does not matter which.
MAX_CANDIDATES = 100

#: Values around a region that span so many times its own, padding for example, take the precision of sums for themselves.
OUTSHONE = 1e4

#: Largest sum in a ball; one number of 32 bits is kept for voxels outside.
HIGHEST_SUM = 2**31 - 2


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The two records."""
    return records_of("local_intensity", _ROWS, settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """The local and the global intensity peak.

    Centres lie inside the intensity mask; the ball takes every voxel of the scan, inside the region or not, whose centre lies
    within 6.2 mm. Where it leaves the scan, or meets voxels without a value, the mean is that of the voxels there are. Of
    several voxels of highest intensity the one with the highest mean counts. The region has at least one voxel with an
    intensity.
    """
    ball = ball_of(prepared.spacing_mm, prepared.surroundings.shape)
    ranking = ranked_balls(prepared, ball)
    brightest = np.flatnonzero(prepared.n_levels == prepared.levels.T)  # among these are all of highest intensity
    values = prepared.image.T[np.unravel_index(brightest, ranking.scores.shape)]
    places = brightest[values == prepared.extent.most], ranking.best()
    peaks = (_peak(prepared, ball.steps, ranking, chosen) for chosen in places)
    return Measured({f"local_intensity_{row.name}": peak for row, peak in zip(_ROWS, peaks, strict=True)})


class Ball(NamedTuple):
    """Steps (n, 3) from a voxel to those in the ball around it; and, for the kernel, its columns, axes reversed.

    `columns` (m, 2): steps to the columns that do not lie before its middle; `groups`: first column, end column, voxels above
    and below the middle, of columns of one length.
    """

    steps: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]


def ball_of(spacing_mm: tuple[float, float, float], shape: tuple[int, ...] | None = None) -> Ball:
    """Voxels whose centres lie within a ball of 1 cm3 around one of them; read-only.

    In a box of that shape no step leads further than from its one end to the other.
    """
    reach = np.floor(PEAK_RADIUS_MM / np.array(spacing_mm) + 1e-9)
    if shape is not None:
        reach = np.minimum(reach, np.array(shape) - 1)
    return _ball(spacing_mm, tuple(reach.astype(np.int64).tolist()))


@lru_cache(maxsize=16)  # the same for most regions of a cohort
def _ball(spacing_mm: tuple[float, float, float], reach: tuple[int, ...]) -> Ball:
    steps = np.moveaxis(np.indices([2 * far + 1 for far in reach]), 0, -1).reshape(-1, 3) - np.array(reach)
    steps = steps[np.sqrt(((steps * np.array(spacing_mm)) ** 2).sum(axis=1)) <= PEAK_RADIUS_MM + 1e-9]
    ball = Ball(steps, *_columns(steps[:, ::-1]))
    for table in ball:
        table.setflags(write=False)
    return ball


class Ranking(NamedTuple):
    """Which ball has the higher mean.

    `scores` (K, J, I), in the region's own box with its axes in reverse: higher where the mean in the ball around a voxel of
    the intensity mask is higher, the lowest number of their type elsewhere. `slack`: of scores that differ by no more, either
    may be the higher mean.
    """

    scores: npt.NDArray[np.int32] | Floats
    slack: int

    def best(self) -> npt.NDArray[np.int64]:
        """Where the highest may be, counted through `scores`; only planes that come close to it are looked through."""
        planes = self.scores.reshape(len(self.scores), -1)
        highest = planes.max(axis=1)
        close = np.flatnonzero(highest >= highest.max() - self.slack)
        plane, place = np.nonzero(planes[close] >= highest.max() - self.slack)
        return np.asarray(close[plane] * planes.shape[1] + place)


def ranked_balls(prepared: Prepared, ball: Ball) -> Ranking:
    """Rank the balls around the voxels of the intensity mask by the mean of their finite values.

    Values are made whole numbers, as fine as sums of 32 bits allow: exact where they were whole, and to a two-millionth of
    their range with balls of a thousand voxels.

    Parameters
    ----------
    prepared : Prepared
    ball : Ball
        From `ball_of`.
    """
    image, first = prepared.surroundings.T, np.array(prepared.first[::-1])
    mask = np.ascontiguousarray(prepared.intensity_mask.T).view(np.uint8)
    least, most, _, n_broken, whole = native.intensity_range(image, None, -math.inf, math.inf)
    middle = float(np.rint(least / 2 + most / 2)) if whole else least / 2 + most / 2
    n, margin = len(ball.steps), ball.steps.max(axis=0)[::-1]
    reach_i, _, reach = margin.tolist()
    room = (HIGHEST_SUM / n - 1) / max(most - middle, middle - least, math.ulp(0))
    scale = 2.0 ** math.floor(math.log2(min(room, 1e300)))
    scratch = np.empty(native.ball_scratch(*image.shape[1:], reach, reach_i), dtype=np.uint32)
    lines = np.empty(len(ball.columns), dtype=np.uint64)

    def summed(*, ones: bool) -> npt.NDArray[np.int32]:
        sums = np.empty(mask.shape, dtype=np.int32)
        shape = (ball.columns, ball.groups, reach, reach_i)
        native.ball_sums(np.ascontiguousarray(image), *shape, first, mask, middle, scale, ones, scratch, lines, sums)
        return sums

    sums, exact = summed(ones=False), whole and scale >= 1
    if not n_broken and (margin <= first).all() and (first + mask.shape + margin <= image.shape).all():
        return Ranking(sums, 0 if exact else n)
    return Ranking(np.where(mask, sums / np.maximum(summed(ones=True), 1), -np.inf), 0 if exact else 1)


def _columns(ball: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The columns of a ball along its last axis that do not lie before its middle, and which of them have one length.

    Returns the steps to each, (n, 2), and (m, 3): first column, end column, voxels above and below the middle of these.
    """
    deep, width, reach = (2 * ball.max(axis=0) + 1).tolist()
    places = (ball[:, 0] + deep // 2) * width + ball[:, 1] + width // 2
    lengths = np.bincount(places, minlength=deep * width).reshape(deep, width)
    steps = np.argwhere(lengths) - np.array(lengths.shape) // 2
    halves = lengths[lengths > 0] // 2
    order = np.flatnonzero(steps[:, 0] >= 0)
    order = order[np.argsort(halves[order], kind="stable")]
    ends = np.cumsum(np.bincount(halves[order], minlength=reach // 2 + 1))
    groups = np.column_stack([np.concatenate([[0], ends[:-1]]), ends, np.arange(len(ends))])
    return np.ascontiguousarray(steps[order]), np.ascontiguousarray(groups[groups[:, 0] < groups[:, 1]])


def _peak(prepared: Prepared, ball: npt.NDArray[np.int64], ranking: Ranking, places: npt.NDArray[np.int64]) -> float:
    """The highest mean at any of the places, those of voxels outside the intensity mask left out."""
    inside = np.ascontiguousarray(prepared.intensity_mask.T).ravel()[places]
    scores = ranking.scores.ravel()[places].astype(np.float64)
    places = places[inside & (scores >= scores[inside].max() - ranking.slack)]
    centres = np.stack(np.unravel_index(places, ranking.scores.shape)[::-1], axis=1) + np.array(prepared.first)
    if len(centres) > MAX_CANDIDATES and ranking.slack and _outshone(prepared):
        centres = _best(prepared.surroundings, ball, centres)
    return max(_mean(prepared.surroundings, ball + centre) for centre in centres[:MAX_CANDIDATES])


def _outshone(prepared: Prepared) -> bool:
    """Whether values around the region reach so much further than its own that whole numbers tell few of these apart."""
    own = prepared.intensity_counts.values
    around = prepared.surroundings[np.isfinite(prepared.surroundings)]
    return bool(np.ptp(around) > OUTSHONE * np.ptp(own))


def _best(image: Floats, ball: npt.NDArray[np.int64], centres: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Centres by falling mean in double precision, for scans whose range is too wide for whole numbers."""
    sums, counts = np.zeros(len(centres)), np.zeros(len(centres))
    for step in ball:
        places = centres + step
        there = ((places >= 0) & (places < image.shape)).all(axis=1)
        values = image[tuple(np.where(there[:, None], places, 0).T)]
        there &= np.isfinite(values)
        sums += np.where(there, values, 0.0)
        counts += there
    return centres[np.argsort(-sums / counts, kind="stable")]


def _mean(image: Floats, voxels: npt.NDArray[np.int64]) -> float:
    """Mean of the finite values at those of the voxels that lie in the image; sorted, so that no order changes it."""
    there = voxels[((voxels >= 0) & (voxels < image.shape)).all(axis=1)]
    values = np.sort(image[tuple(there.T)])
    return float(values[np.isfinite(values)].mean())
