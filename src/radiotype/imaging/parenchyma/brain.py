"""Brain on MR: as it is when the skull was removed before, else what lies within the dark ring of the skull."""

from __future__ import annotations

import numpy as np

from radiotype.errors import ComputeError
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.shapes import closed, components, dilated, eroded, filled, largest, otsu
from radiotype.imaging.parenchyma.working import Bools, WorkingScan

#: Skull-stripped: at least this fraction of the faces of the scan has one value, this fraction of the rest is one part, and that
#: is no larger than a brain, ml.
SAME_ON_FACES, ONE_PART, LARGEST_ML = 0.9, 0.95, 2200.0

#: Skull, air and flowing blood are darker than this fraction of the median of the head.
DARK = 0.4

#: Bridges between brain and scalp are cut by erosions of rising depth, mm, until the brain leaves the surface of the head alone:
#: it reaches at most this fraction of the first 3 mm below the surface.
CUTS_MM = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
SURFACE_MM, TOUCHED = 3.0, 0.02

#: Furrows narrower than twice this belong to the brain, mm.
CLOSING_MM = 5.0

#: Brains, ml; another volume is doubtful where the whole head is seen.
USUAL_ML = (700.0, 2000.0)

#: Less of the tumour than this within the brain that was found is doubtful.
WITHIN = 0.5


def find_brain(scan: WorkingScan) -> Organ:
    """What lies within the skull on an MR, cerebrospinal fluid included.

    A scan from which the skull was removed is recognised: one value on its faces, and one part of other values, no larger than a
    brain; this part is taken. Otherwise: 1. The head is what is brighter than Otsu's threshold of the logarithm. 2. The skull is
    darker than 0.4 of its median; what is not is eroded, by 2 mm first and more as long as its largest part still reaches the
    surface of the head. 3. This part is dilated again within what is not dark, its furrows are closed (5 mm) and its cavities
    filled.

    Parameters
    ----------
    scan : WorkingScan
        In arbitrary units, air darkest.

    Returns
    -------
    Organ

    Raises
    ------
    ComputeError
        RT311 if brain and scalp cannot be told apart.
    """
    stripped = _stripped(scan)
    if stripped is not None:
        return Organ(stripped, "background of a skull-stripped scan", *_doubts(stripped, scan, whole=True))
    head = _head(scan)
    bright = head & (scan.values > DARK * float(np.median(scan.values[head])))
    outside = dilated(~head, SURFACE_MM, scan.spacing_mm) & head
    for cut_mm in CUTS_MM:
        core = largest(eroded(bright, cut_mm, scan.spacing_mm))
        brain = dilated(core, cut_mm, scan.spacing_mm) & bright
        if core.any() and np.count_nonzero(brain & outside) <= TOUCHED * max(1, np.count_nonzero(outside)):
            brain = filled(closed(largest(brain), CLOSING_MM, scan.spacing_mm) & head)
            return Organ(brain, "histogram and shape", *_doubts(brain, scan, whole=_whole(brain)))
    raise ComputeError(
        "RT311",
        "brain and scalp cannot be told apart",
        hint="remove the skull beforehand, or give a mask of the brain in the column `parenchyma`",
    )


def _stripped(scan: WorkingScan) -> Bools | None:
    """The brain of a skull-stripped scan; None for another."""
    values = scan.values
    faces = np.concatenate([np.take(values, end, axis=axis).ravel() for axis in range(3) for end in (0, -1)])
    found, counts = np.unique(faces[np.isfinite(faces)], return_counts=True)
    if not len(found) or counts.max() < SAME_ON_FACES * len(faces):
        return None
    other = np.isfinite(values) & (values != found[counts.argmax()])
    labels, sizes = components(other)
    if len(sizes) < 2 or sizes[1:].max() < ONE_PART * sizes[1:].sum():
        return None
    brain = filled(labels == 1 + int(np.argmax(sizes[1:])))
    return brain if scan.ml(brain) <= LARGEST_ML else None


def _head(scan: WorkingScan) -> Bools:
    """What is no air: brighter than the threshold between the two classes of the logarithm, in one part, with cavities."""
    values = np.nan_to_num(scan.values, nan=float(np.nanmin(scan.values)))
    floor = float(np.percentile(values, 0.5))
    middle = max(float(np.median(values - floor)), float(np.mean(values - floor)) / 10)
    if middle <= 0:
        raise ComputeError("RT311", "the scan holds hardly anything but one value", hint="look at it in a viewer")
    logarithms = np.log1p(np.clip(values - floor, 0, None) / (0.1 * middle))
    return filled(largest(logarithms > otsu(logarithms)))


def _whole(brain: Bools) -> bool:
    """Whether the brain ends within the scan; at the foot it may go on."""
    return not any(np.take(brain, end, axis=axis).any() for axis in (0, 1) for end in (0, -1)) and not brain[:, :, -1].any()


def _doubts(brain: Bools, scan: WorkingScan, *, whole: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    doubts = []
    volume = scan.ml(brain)
    if whole and not USUAL_ML[0] <= volume <= USUAL_ML[1]:
        doubts.append(f"a brain of {volume:,.0f} ml")
    n_tumour = np.count_nonzero(scan.tumour)
    if n_tumour and np.count_nonzero(scan.tumour & brain) < WITHIN * n_tumour:
        doubts.append("most of the tumour lies outside")
    return tuple(doubts), () if whole else ("the scan shows a part of the brain",)
