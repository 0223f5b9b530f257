"""Intensity peaks: the mean in a ball of 1 cm3 around a voxel."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

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

#: Where more means than so many may be the highest by single precision, double precision tells them apart.
MAX_CANDIDATES = 500

Real = type[np.float32] | type[np.float64]


def records(settings: IbsiSettings) -> tuple[FeatureRecord, ...]:
    """The two records."""
    return records_of("local_intensity", _ROWS, settings)


def measure(prepared: Prepared, settings: IbsiSettings) -> Measured:
    """The local and the global intensity peak.

    Centres lie inside the intensity mask; the ball takes every voxel of the scan, inside the region or not, whose centre lies
    within 6.2 mm. Where it leaves the scan, or meets voxels without a value, the mean is that of the voxels there are. Of
    several voxels of highest intensity the one with the highest mean counts. The region has at least one voxel with an
    intensity.

    A Fourier transform in single precision finds where the mean may be the highest; there it is taken voxel by voxel.
    """
    ball = ball_offsets(prepared.spacing_mm)
    inside = prepared.intensity_mask
    tops = inside & (prepared.image == prepared.intensity_counts.values[-1])
    means = _means(prepared, ball, np.float32)
    peaks = (_peak(prepared, ball, means, tops), _peak(prepared, ball, means, inside))
    return Measured({f"local_intensity_{row.name}": peak for row, peak in zip(_ROWS, peaks, strict=True)})


def ball_offsets(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """Voxels whose centres lie within a ball of 1 cm3 around one of them, (n, 3), as steps from there."""
    spacing = np.array(spacing_mm)
    reach = np.floor(PEAK_RADIUS_MM / spacing + 1e-9).astype(np.int64)
    steps = np.moveaxis(np.indices((2 * reach + 1).tolist()), 0, -1).reshape(-1, 3) - reach
    inside: npt.NDArray[np.int64] = steps[np.sqrt(((steps * spacing) ** 2).sum(axis=1)) <= PEAK_RADIUS_MM + 1e-9]
    return inside


class Means(NamedTuple):
    """Means in the region's own box, of intensities shifted and scaled into [-1, 1], and how far they may be off."""

    values: npt.NDArray[np.floating[Any]]
    error: float


def _means(prepared: Prepared, ball: npt.NDArray[np.int64], real: Real) -> Means:
    """Mean in the ball around each voxel of the region's own box, by a Fourier transform."""
    from scipy import fft

    image, first, shape = prepared.surroundings, prepared.first, prepared.levels.shape
    finite = np.isfinite(image)
    whole = bool(finite.all())
    deviations = image - float(prepared.intensity_counts.values.mean())
    if not whole:
        deviations[~finite] = 0.0
    deviations /= max(deviations.max(), -deviations.min()) or 1.0
    deviations = deviations.astype(real, copy=False)

    # A ball that leaves the box on one side comes back on the other, where it must meet nothing.
    reach = ball.max(axis=0).tolist()
    ends = [max(n + max(0, r - a), a + m + r) for n, r, a, m in zip(image.shape, reach, first, shape, strict=True)]
    size = [fft.next_fast_len(end, real=True) for end in ends]
    kernel = np.zeros(size, dtype=real)
    kernel[tuple((ball % size).T)] = 1
    transformed = fft.rfftn(kernel)
    own = tuple(slice(a, a + m) for a, m in zip(first, shape, strict=True))

    def summed(array: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
        spectrum = fft.rfftn(array, size)
        spectrum *= transformed
        found: npt.NDArray[np.floating[Any]] = fft.irfftn(spectrum, size, overwrite_x=True)[own]
        return found

    stays = all(r <= a and a + m + r <= n for n, r, a, m in zip(image.shape, reach, first, shape, strict=True))
    counts = np.full(1, len(ball)) if whole and stays else np.maximum(np.rint(summed(finite.astype(real))), 1)
    norms = math.sqrt(float(np.square(deviations).sum(dtype=np.float64)) * len(ball))
    error = 4 * float(np.finfo(real).eps) * norms / float(counts.min())
    return Means(summed(deviations) / counts.astype(real), error)


def _peak(prepared: Prepared, ball: npt.NDArray[np.int64], means: Means, centres: npt.NDArray[np.bool_]) -> float:
    """The highest mean at any of the centres."""
    candidates = _candidates(means, centres)
    if len(candidates) > MAX_CANDIDATES:
        candidates = _candidates(_means(prepared, ball, np.float64), centres)[:MAX_CANDIDATES]
    return max(_mean(prepared.surroundings, ball + centre) for centre in candidates + np.array(prepared.first))


def _candidates(means: Means, centres: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Where the highest mean may lie, (n, 3)."""
    highest = means.values[centres].max()
    return np.argwhere(centres & (means.values >= highest - 2 * means.error))


def _mean(image: Floats, voxels: npt.NDArray[np.int64]) -> float:
    """Mean of the finite values at those of the voxels that lie in the image; sorted, so that no order changes it."""
    there = voxels[((voxels >= 0) & (voxels < image.shape)).all(axis=1)]
    values = np.sort(image[tuple(there.T)])
    return float(values[np.isfinite(values)].mean())
