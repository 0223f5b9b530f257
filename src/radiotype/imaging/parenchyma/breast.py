"""Fibroglandular tissue of the breast on MR, or on a map of signal enhancement."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radiotype.errors import ComputeError
from radiotype.imaging.bias import is_signed, without_bias
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.fuzzy import fuzzy_c_means
from radiotype.imaging.parenchyma.shapes import closed, dilated, filled, largest, otsu
from radiotype.imaging.parenchyma.working import Bools, Singles, WorkingScan

#: The middle class is fat when it lies within this fraction of the way from fat to the class at the other end.
STILL_FAT = 1 / 3

#: Classes closer than this, darkest over brightest, are one tissue.
ONE_TISSUE = 0.7

#: A chest wall is looked for where a scan is at least this deep from front to back, mm.
DEEP_MM = 100.0

#: A scan at least so wide from left to right shows both breasts, mm.
BOTH_MM = 220.0

#: Gaps narrower than twice this belong to the breast, mm: fat far from the coil may be as dark as air.
CLOSING_MM = 5.0

#: What is this near to the tumour may be tumour, and says nothing of the classes, mm.
NEAR_MM = 5.0

#: Skin: this far from the air, mm.
SKIN_MM = 4.0

#: Fewer blocks of breast than this part into no classes.
MIN_BLOCKS = 50

#: Gland is this fraction of the breast; another is doubtful.
USUAL = (0.01, 0.9)

HINT = "a mask of the fibroglandular tissue in the column `parenchyma` is taken as it is"


def find_breast(scan: WorkingScan, *, is_map: bool) -> Organ:
    """Fibroglandular tissue: what is not fat within the breast.

    1. The bias field is removed (N4; not on a map, nor of standardised values). 2. Breast is what is brighter than Otsu's
    threshold of the logarithm, in one part, closed with a ball of 5 mm, with its cavities, without the first 4 mm from the air:
    the skin. 3. The chest wall is cut off, see `chest_wall`. 4. Fuzzy c-means of the intensities, the tumour and 5 mm around it
    left out, in three classes. Fat is the darkest or the brightest, whichever is farther from the median of the tumour: with
    and without suppression of fat a tumour looks more like gland than like fat. The middle class joins it when its centre lies
    within a third of the way. Where the darkest class has more than 0.7 of the intensity of the brightest, all is gland.

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
    values = scan.values if is_map or is_signed(scan.values) else without_bias(scan.values, scan.spacing_mm)
    breast, remarks = breast_region(scan, values)
    inside = breast & ~dilated(scan.tumour, NEAR_MM, scan.spacing_mm)
    if np.count_nonzero(inside) < MIN_BLOCKS:
        raise ComputeError("RT311", "no breast was found around the tumour", hint=HINT)
    classes = fuzzy_c_means(values[inside].astype(np.float64))
    low, middle, high = classes.centres.tolist()
    tumour = float(np.median(values[scan.tumour])) if scan.tumour.any() else high
    fat_is_dark = abs(tumour - low) > abs(tumour - high)
    way = (middle - low) / (high - low)
    nearest = classes.nearest(values)
    if low > ONE_TISSUE * high:
        tissue, remarks = breast, (*remarks, "no fat was told apart")
    elif fat_is_dark:
        tissue = breast & (nearest >= (2 if way <= STILL_FAT else 1))
    else:
        tissue = breast & (nearest <= (0 if 1 - way <= STILL_FAT else 1))
    share = np.count_nonzero(tissue) / np.count_nonzero(breast)
    doubts = (f"{100 * share:.0f} % of the breast",) if not USUAL[0] <= share <= USUAL[1] else ()
    bright = "bright gland" if fat_is_dark else "dark gland"
    return Organ(tissue, f"fuzzy c-means ({bright})", doubts, remarks)


def breast_region(scan: WorkingScan, values: Singles) -> tuple[Bools, tuple[str, ...]]:
    """The breast with its fat, without skin, in front of the chest wall, and what to remark."""
    shifted = np.nan_to_num(values, nan=0.0)
    shifted = np.clip(shifted - min(0.0, float(shifted.min())), 0, None)
    middle = float(np.median(shifted[shifted > 0])) if (shifted > 0).any() else 0.0
    if middle <= 0:
        raise ComputeError("RT311", "the scan holds hardly anything but one value", hint=HINT)
    logarithms = np.log1p(shifted / (0.1 * middle))
    body = filled(closed(largest(logarithms > otsu(logarithms)) | scan.tumour, CLOSING_MM, scan.spacing_mm))
    wall = chest_wall(body, scan)
    body &= ~dilated(~body, SKIN_MM, scan.spacing_mm)
    if wall is None:
        return body, ("no chest wall was looked for",)
    body[:, wall:] = False
    return body, (f"{100 * wall / body.shape[1]:.0f} % of the depth lies before the chest wall",)


def chest_wall(body: Bools, scan: WorkingScan) -> int | None:
    """The first block, from the front, behind the breast; None where the scan shows no front of the body, or little depth.

    Seen from the front, the body has a nearest point in every column of an axial slice. With both breasts in view, the wall is
    as deep as the lowest point between the two peaks, the skin on the breastbone; with one, as the nearer of the two ends of
    the profile. The median over the axial slices that hold tumour, or over all; never before the tumour ends.
    """
    if body.shape[1] * scan.spacing_mm[1] < DEEP_MM or body[:, 0].mean() > 0.5:
        return None
    front = np.where(body.any(axis=1), np.argmax(body, axis=1), body.shape[1])  # (X, Z)
    with_tumour = np.flatnonzero(scan.tumour.any(axis=(0, 1)))
    slices = with_tumour if len(with_tumour) else np.flatnonzero(body.any(axis=(0, 1)))
    depths = [_lowest(front[:, z], scan.spacing_mm[0]) for z in slices]
    found = int(np.median([depth for depth in depths if depth < body.shape[1]] or [body.shape[1]]))
    behind_tumour = np.flatnonzero(scan.tumour.any(axis=(0, 2)))
    last = int(behind_tumour[-1]) + 1 if len(behind_tumour) else 0
    return min(body.shape[1], max(found, last))


def _lowest(profile: npt.NDArray[np.int64], step_mm: float) -> int:
    """How deep the concavity of one slice is, in blocks from the front."""
    middle = len(profile) // 2
    if len(profile) * step_mm >= BOTH_MM:
        left, right = int(np.argmin(profile[:middle])), middle + int(np.argmin(profile[middle:]))
        return int(profile[left : right + 1].max())
    return int(min(profile[: max(1, len(profile) // 10)].max(), profile[-max(1, len(profile) // 10) :].max()))
