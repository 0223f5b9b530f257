"""Fibroglandular tissue of the breast on MR, or on a map of signal enhancement."""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.imaging.bias import without_bias
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.fuzzy import fuzzy_c_means
from radiotype.imaging.parenchyma.shapes import filled, largest, otsu
from radiotype.imaging.parenchyma.working import Bools, Singles, WorkingScan

#: The middle class is fat when it lies within this fraction of the way from fat to the class at the other end.
STILL_FAT = 1 / 3

#: A chest wall is looked for where a scan is at least this deep from front to back, and at most this fraction of the tissue that
#: it meets first lies at its very front, mm.
DEEP_MM, AT_FRONT = 100.0, 0.3


def find_breast(scan: WorkingScan, *, is_map: bool) -> Organ:
    """Fibroglandular tissue: what is not fat within the breast.

    1. The bias field is removed (N4; not on a map). 2. Breast is what is brighter than Otsu's threshold of the logarithm, in one
    part, with cavities. 3. The chest wall: see `chest_wall`. 4. Fuzzy c-means of the intensities, the tumour left out, in three
    classes. Fat is the darkest or the brightest, whichever is farther from the median of the tumour, for with and without
    suppression of fat a tumour looks more like gland than like fat; the middle class joins it when its centre lies within a third
    of the way.

    Parameters
    ----------
    scan : WorkingScan
        Before contrast, or a map of signal enhancement.
    is_map : bool

    Returns
    -------
    Organ

    Raises
    ------
    ComputeError
        RT311 if there is no breast, or nothing but fat in it.
    """
    values = scan.values if is_map else without_bias(scan.values, scan.spacing_mm)
    breast, remarks = breast_region(scan, values)
    inside = breast & ~scan.tumour
    if np.count_nonzero(inside) < MIN_BLOCKS:
        raise ComputeError("RT311", "no breast was found around the tumour", hint=HINT)
    classes = fuzzy_c_means(values[inside].astype(np.float64))
    low, middle, high = classes.centres.tolist()
    tumour = float(np.median(values[scan.tumour])) if scan.tumour.any() else high
    fat_is_dark = abs(tumour - low) > abs(tumour - high)
    way = (middle - low) / (high - low)
    nearest = classes.nearest(values)
    if fat_is_dark:
        tissue = breast & (nearest >= (2 if way <= STILL_FAT else 1))
    else:
        tissue = breast & (nearest <= (0 if 1 - way <= STILL_FAT else 1))
    share = np.count_nonzero(tissue) / np.count_nonzero(breast)
    doubts = (f"{100 * share:.0f} % of the breast",) if not USUAL[0] <= share <= USUAL[1] else ()
    bright = "bright gland" if fat_is_dark else "dark gland"
    return Organ(tissue, f"fuzzy c-means ({bright})", doubts, remarks)


def breast_region(scan: WorkingScan, values: Singles) -> tuple[Bools, tuple[str, ...]]:
    """The breast with its fat, in front of the chest wall, and what to remark."""
    shifted = np.nan_to_num(values, nan=0.0)
    shifted = np.clip(shifted - min(0.0, float(shifted.min())), 0, None)
    middle = float(np.median(shifted[shifted > 0])) if (shifted > 0).any() else 0.0
    if middle <= 0:
        raise ComputeError("RT311", "the scan holds hardly anything but one value", hint=HINT)
    logarithms = np.log1p(shifted / (0.1 * middle))
    body = filled(largest(logarithms > otsu(logarithms)) | scan.tumour)
    wall = chest_wall(body, scan)
    if wall is None:
        return body, ("no chest wall was looked for",)
    body[:, wall:] = False
    return body, (f"{100 * wall / body.shape[1]:.0f} % of the depth lies before the chest wall",)
