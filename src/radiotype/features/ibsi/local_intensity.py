"""Intensity peaks: the mean in a ball of 1 cm3 around a voxel."""

from __future__ import annotations

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

#: Means that a Fourier transform gives this close to the highest, of the largest intensity, are taken again voxel by voxel.
NEAR = 1e-9

#: At most so many are.
MAX_CANDIDATES = 1000


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
    ball = ball_offsets(prepared.spacing_mm)
    means = _means(prepared, ball)
    centres = np.argwhere(prepared.intensity_mask) + np.array(prepared.first)
    intensities = prepared.image[prepared.intensity_mask]
    tops = intensities == intensities.max()
    peaks = (
        _highest(prepared.surroundings, ball, centres[tops], means[tops]),
        _highest(prepared.surroundings, ball, centres, means),
    )
    return Measured({f"local_intensity_{row.name}": peak for row, peak in zip(_ROWS, peaks, strict=True)})


def ball_offsets(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """Voxels whose centres lie within a ball of 1 cm3 around one of them, (n, 3), as steps from there."""
    spacing = np.array(spacing_mm)
    reach = np.floor(PEAK_RADIUS_MM / spacing + 1e-9).astype(np.int64)
    steps = np.moveaxis(np.indices((2 * reach + 1).tolist()), 0, -1).reshape(-1, 3) - reach
    inside: npt.NDArray[np.int64] = steps[np.sqrt(((steps * spacing) ** 2).sum(axis=1)) <= PEAK_RADIUS_MM + 1e-9]
    return inside


def _means(prepared: Prepared, ball: npt.NDArray[np.int64]) -> Floats:
    """Mean in the ball around each voxel of the intensity mask, by a Fourier transform."""
    from scipy import fft

    image = prepared.surroundings
    finite = np.isfinite(image)
    centre = float(prepared.image[prepared.intensity_mask].mean())
    reach = ball.max(axis=0)
    size = [fft.next_fast_len(int(n + r), real=True) for n, r in zip(image.shape, reach, strict=True)]
    kernel = np.zeros(size)
    kernel[tuple((ball % size).T)] = 1.0
    transformed = fft.rfftn(kernel)
    places = tuple((np.argwhere(prepared.intensity_mask) + np.array(prepared.first)).T)

    def summed(array: Floats) -> Floats:
        found: Floats = fft.irfftn(fft.rfftn(array, size) * transformed, size)[places]
        return found

    sums = summed(np.where(finite, image - centre, 0.0))
    means: Floats = sums / np.rint(summed(finite.astype(np.float64))) + centre
    return means


def _highest(image: Floats, ball: npt.NDArray[np.int64], centres: npt.NDArray[np.int64], means: Floats) -> float:
    """The highest mean, taken directly at the voxels where the transformed one comes close to it."""
    largest = float(np.abs(image[np.isfinite(image)]).max())
    candidates = np.flatnonzero(means >= means.max() - NEAR * largest)
    candidates = candidates[np.argsort(-means[candidates], kind="stable")[:MAX_CANDIDATES]]
    return max(_mean(image, ball + centres[candidate]) for candidate in candidates)


def _mean(image: Floats, voxels: npt.NDArray[np.int64]) -> float:
    """Mean of the finite values at those of the voxels that lie in the image; sorted, so that no order changes it."""
    there = voxels[((voxels >= 0) & (voxels < image.shape)).all(axis=1)]
    values = np.sort(image[tuple(there.T)])
    return float(values[np.isfinite(values)].mean())
