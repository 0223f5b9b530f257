"""Intensity peaks: the mean in a ball of 1 cm3 around a voxel."""

from __future__ import annotations

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

#: Means from running sums that come this close to the highest, of the largest intensity, are taken again voxel by voxel, so
#: that no order of adding shows; so many of them at most, since more belong to a flat scan, where it does not matter which.
NEAR, MAX_CANDIDATES = 1e-9, 100


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
    inside = prepared.intensity_mask
    tops = inside & (prepared.image == prepared.intensity_counts.values[-1])
    means = ball_means(prepared, ball)
    peaks = (_peak(prepared, ball, means, tops), _peak(prepared, ball, means, inside))
    return Measured({f"local_intensity_{row.name}": peak for row, peak in zip(_ROWS, peaks, strict=True)})


def ball_offsets(spacing_mm: tuple[float, float, float]) -> npt.NDArray[np.int64]:
    """Voxels whose centres lie within a ball of 1 cm3 around one of them, (n, 3), as steps from there."""
    spacing = np.array(spacing_mm)
    reach = np.floor(PEAK_RADIUS_MM / spacing + 1e-9).astype(np.int64)
    steps = np.moveaxis(np.indices((2 * reach + 1).tolist()), 0, -1).reshape(-1, 3) - reach
    inside: npt.NDArray[np.int64] = steps[np.sqrt(((steps * spacing) ** 2).sum(axis=1)) <= PEAK_RADIUS_MM + 1e-9]
    return inside


def ball_means(prepared: Prepared, ball: npt.NDArray[np.int64]) -> Floats:
    """Mean of the finite values in the ball around each voxel of the intensity mask; elsewhere any number.

    Parameters
    ----------
    prepared : Prepared
    ball : array, shape (n, 3)
        From `ball_offsets`.

    Returns
    -------
    array, shape (I, J, K)
        In the region's own box.
    """
    image, first = prepared.surroundings, np.array(prepared.first)
    columns, lengths = np.unique(ball[:, :2], axis=0, return_counts=True)
    columns = np.column_stack([columns, lengths // 2])
    columns = np.ascontiguousarray(columns[np.argsort(columns[:, 2], kind="stable")])
    reach = int(columns[-1, 2])
    mask = np.ascontiguousarray(prepared.intensity_mask).view(np.uint8)
    scratch = np.empty((image.shape[0] * image.shape[1] + 2) * (image.shape[2] + 2 * reach + 1))

    def summed(values: Floats) -> Floats:
        sums = np.zeros(mask.shape)
        native.ball_sums(values, columns, reach, first, mask, scratch, sums)
        return sums

    finite = np.isfinite(image)
    whole = bool(finite.all())
    middle = float(prepared.intensity_counts.values.mean())
    deviations = image - middle
    if not whole:
        deviations[~finite] = 0.0
    margin = ball.max(axis=0)
    if whole and (margin <= first).all() and (first + mask.shape + margin <= image.shape).all():
        return summed(deviations) / len(ball) + middle
    return summed(deviations) / np.maximum(summed(finite.astype(np.float64)), 1) + middle


def _peak(prepared: Prepared, ball: npt.NDArray[np.int64], means: Floats, centres: npt.NDArray[np.bool_]) -> float:
    """The highest mean at any of the centres."""
    values = prepared.intensity_counts.values
    near = NEAR * max(abs(float(values[0])), abs(float(values[-1])))
    candidates = np.argwhere(centres & (means >= means[centres].max() - near))[:MAX_CANDIDATES]
    return max(_mean(prepared.surroundings, ball + centre) for centre in candidates + np.array(prepared.first))


def _mean(image: Floats, voxels: npt.NDArray[np.int64]) -> float:
    """Mean of the finite values at those of the voxels that lie in the image; sorted, so that no order changes it."""
    there = voxels[((voxels >= 0) & (voxels < image.shape)).all(axis=1)]
    values = np.sort(image[tuple(there.T)])
    return float(values[np.isfinite(values)].mean())
