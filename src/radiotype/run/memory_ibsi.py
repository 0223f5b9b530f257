"""How much memory the features of the IBSI take in the box around a region."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from radiotype.core.volume import Mask, Scan
from radiotype.features.ibsi.filtered import bytes_for
from radiotype.features.ibsi.preprocess import PEAK_RADIUS_MM, seen_by
from radiotype.features.ibsi.settings import IbsiSettings
from radiotype.features.threads import threads_for
from radiotype.imaging.axes import patient_axes
from radiotype.imaging.resample import SPLINE_REACH

#: Bytes per voxel, at the peaks of the steps: of the scan's own box, doubled while it is brought into the patient's axes; of
#: the box with the surroundings of the region, in which peaks are sought; of the region's own box with its masks and levels.
OWN = 17
SURROUNDINGS = 8
PEAKS = (4, 9)
HELD = 4
#: Textures take so much for a voxel of the box and for one inside.
TEXTURES = (4, 20)
#: Statistics of intensities that are hardly ever the same twice, for a voxel inside.
DISTINCT = 64
#: What was resampled is freed before that, but the allocator keeps it, by voxel of the scan's own box.
RETAINED = 9
#: A spline is made in an array that reaches so many voxels further on every side, of which there are several.
PADDING, SPLINE = 12, 24
#: Spectra of a box of twice the size.
AUTOCORRELATION = 30 * 8


def needed_for_ibsi(scan: Scan, mask: Mask, options: IbsiSettings) -> int:
    """Memory that the family `ibsi` takes at its peak, bytes."""
    spacing = np.array(scan.grid.spacing_mm)
    low, high = (np.array(corner) for corner in mask.box)
    step = np.full(3, options.spacing_mm or 0.0)
    if options.slice_by_slice:
        step[int(np.argmax(np.abs(scan.grid.direction[2])))] = 0.0
    step = np.where((step == 0) | np.isclose(step, spacing, rtol=1e-6, atol=0), spacing, step)
    same = bool((step == spacing).all())
    reach = 0 if same else SPLINE_REACH if options.interpolation == "cubic" else 1
    margin = np.ceil(PEAK_RADIUS_MM / spacing).astype(int) + np.where(step == spacing, 0, reach)
    size = np.minimum(high + margin, scan.grid.shape) - np.maximum(low - margin, 0)
    own = nearby = math.prod(size.tolist())
    finer = float(np.prod(spacing / step))
    around, filtering = _filtered(scan, mask, options, step)
    own = max(own, around)
    surroundings, box, inside = nearby * finer, float(np.prod(high - low)) * finer, mask.n_voxels * finer
    held = SURROUNDINGS * surroundings + HELD * box
    steps = [
        OWN * own,
        held + PEAKS[0] * surroundings + PEAKS[1] * box,
        held + TEXTURES[0] * box + TEXTURES[1] * inside,
    ]
    if not same:
        steps.append(9 * own + 2 * SURROUNDINGS * surroundings)
        if reach == SPLINE_REACH:
            steps.append(9 * own + SPLINE * math.prod((size + 2 * PADDING).tolist()))
    whole = options.whole_hu and scan.unit == "HU" if not same else np.dtype(scan.voxels.dtype).kind in "iub"
    if not whole:
        steps.append(held + DISTINCT * inside + (0 if same else RETAINED * own))
    if options.filters:
        seen = SURROUNDINGS * around * finer
        steps = [seen + one for one in (*steps, held + filtering)]
    if options.spatial_autocorrelation:
        steps.append(held + AUTOCORRELATION * box)
    return int(max(steps))


def _filtered(scan: Scan, mask: Mask, options: IbsiSettings, step: npt.NDArray[np.float64]) -> tuple[int, int]:
    """Voxels of the scan that the filters see, and what they take at a time, bytes."""
    if not options.filters:
        return 0, 0
    order = list(patient_axes(scan.grid.direction).order)
    old = np.array(scan.grid.spacing_mm)
    i, j, k = step[order].tolist()
    shape = np.maximum(1, np.round(np.array(scan.grid.shape) * old / step)).astype(np.int64)[order]
    low, high = (np.array(corner) * old / step for corner in mask.box)
    low = np.minimum(np.floor(low).astype(np.int64)[order], shape - 1)
    box = low, np.clip(np.ceil(high).astype(np.int64)[order], low + 1, shape)
    inside = int(mask.n_voxels * np.prod(old / step))
    most = 1
    for one in options.filters:
        first, last = seen_by((one,), (i, j, k), box, box, tuple(shape.tolist()))
        keep = list(zip((box[0] - first).tolist(), (box[1] - first).tolist(), strict=True))
        most = max(most, bytes_for(one, (last - first).tolist(), keep, (i, j, k), inside))
    first, last = seen_by(options.filters, (i, j, k), box, box, tuple(shape.tolist()))
    seen = int(np.prod(last - first) * np.prod(step / old))
    return seen, most * threads_for(len(options.filters), most)
