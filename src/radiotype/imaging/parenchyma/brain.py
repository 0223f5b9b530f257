"""Brain on MR: as it is when the skull was removed before, else what lies within the dark ring of the skull."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from radiotype.errors import ComputeError
from radiotype.imaging.distances import distances_inside
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.shapes import closed, components, dilated, eroded, filled, largest, otsu
from radiotype.imaging.parenchyma.working import Bools, WorkingScan

#: What the method is called where the skull was removed before.
STRIPPED = "background of a skull-stripped scan"

#: Skull-stripped: at least this fraction of the faces of the scan has one value, this fraction of the rest is one part, and
#: that is no larger than a brain, ml.
SAME_ON_FACES, ONE_PART, LARGEST_ML = 0.9, 0.95, 2200.0

#: The percentile of the scan that counts as the darkest air.
FLOOR = 0.5

#: Parts smaller than this fraction of the largest are noise in the air.
MINOR = 0.05

#: Brain lies between these fractions of its median: skull and air are darker on any sequence, fat under the scalp is mostly
#: brighter. The median is that of the head at this depth, mm, or of its deeper half.
DARK, BRIGHT = 0.6, 1.6
DEEP_MM = 30.0

#: Bridges between brain and scalp are cut by erosions of rising depth, mm, until the brain leaves the surface of the head
#: alone: it reaches at most this fraction of the first 3 mm below the surface.
CUTS_MM = (2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
SURFACE_MM, TOUCHED = 3.0, 0.02

#: Gaps at the surface of the brain that no ball of this radius fits into belong to it, mm: furrows, a tumour or oedema that is
#: brighter or darker than brain.
CLOSING_MM = 15.0

#: Brains, ml; less is doubtful where the whole head is seen, more always.
USUAL_ML = (700.0, 2000.0)

#: Less of the tumour than this within the brain that was found is doubtful.
WITHIN = 0.5


def find_brain(scan: WorkingScan) -> Organ:
    """What lies within the skull on an MR, cerebrospinal fluid included.

    A scan from which the skull was removed is recognised: one value on its faces, and one part of other values, no larger than
    a brain; this part is taken. Otherwise: 1. The head is what is brighter than Otsu's threshold of the logarithm. 2. Its
    voxels between 0.6 and 1.6 of the median in the depth are eroded, by 2 mm first and more as long as their largest part still
    reaches the surface of the head, or is larger than a brain. 3. This part is dilated again, its gaps are closed with a ball
    of 15 mm, and its cavities filled.

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
    stripped = stripped_brain(scan)
    if stripped is not None:
        return Organ(stripped, STRIPPED, *doubts_of_brain(stripped, scan, whole=True))
    head = _head(scan)
    below = min(0.0, float(np.nanpercentile(scan.values, FLOOR)))  # of a standardised scan
    scan = replace(scan, values=scan.values - np.float32(below))
    median = _depth_median(scan, head)
    alike = head & (scan.values > DARK * median) & (scan.values < BRIGHT * median)
    outside = dilated(~head, SURFACE_MM, scan.spacing_mm) & head
    surface = max(1, int(np.count_nonzero(outside)))
    found: Bools | None = None
    for cut_mm in CUTS_MM:
        core = largest(eroded(alike, cut_mm, scan.spacing_mm))
        brain = largest(dilated(core, cut_mm, scan.spacing_mm) & alike)
        if core.any() and np.count_nonzero(brain & outside) <= TOUCHED * surface:
            brain = filled(closed(brain, CLOSING_MM, scan.spacing_mm) & head)
            found = found if found is not None else brain
            if scan.ml(brain) <= USUAL_ML[1]:
                found = brain
                break
    if found is not None:
        return Organ(found, "histogram and shape", *doubts_of_brain(found, scan, whole=is_whole(found)))
    raise ComputeError(
        "RT311",
        "brain and scalp cannot be told apart",
        hint="remove the skull beforehand, or give a mask of the brain in the column `parenchyma`",
    )


def stripped_brain(scan: WorkingScan) -> Bools | None:
    """The brain of a skull-stripped scan; None for another."""
    values = scan.values
    faces = np.concatenate([np.take(values, end, axis=axis).ravel() for axis in range(3) for end in (0, -1)])
    found, counts = np.unique(faces, return_counts=True)
    if counts.max() < SAME_ON_FACES * len(faces):
        return None
    other = np.isfinite(values) & (values != found[counts.argmax()])  # the one value may be that no value is known
    labels, sizes = components(other)
    if len(sizes) < 2 or sizes[1:].max() < ONE_PART * sizes[1:].sum():
        return None
    brain = filled(labels == 1 + int(np.argmax(sizes[1:])))
    return brain if scan.ml(brain) <= LARGEST_ML else None


def _head(scan: WorkingScan) -> Bools:
    """What is no air: brighter than the threshold between the two classes of the logarithm, with what that encloses.

    The skull may be as dark as air, so that brain and scalp are parts of their own; in an axial slice the scalp encloses it.
    """
    from scipy import ndimage

    known = np.isfinite(scan.values)
    values = np.where(known, scan.values, scan.values[known].min() if known.any() else np.float32(0))
    floor = float(np.percentile(values, FLOOR))
    middle = max(float(np.median(values - floor)), float(np.mean(values - floor)) / 10)
    if middle <= 0:
        raise ComputeError("RT311", "the scan holds hardly anything but one value", hint="look at it in a viewer")
    logarithms = np.log1p(np.clip(values - floor, 0, None) / (0.1 * middle))
    labels, sizes = components(logarithms > otsu(logarithms))
    sizes[0] = 0
    head = (sizes >= MINOR * sizes.max())[labels]
    for z in range(head.shape[2]):
        head[:, :, z] = ndimage.binary_fill_holes(head[:, :, z])
    return filled(largest(head))


def _depth_median(scan: WorkingScan, head: Bools) -> float:
    """The median of the head where it is deepest, the tumour left out."""
    depth = distances_inside(head, scan.spacing_mm) if not head.all() else np.full(head.shape, DEEP_MM)
    rest = head & ~scan.tumour
    if not rest.any():
        raise ComputeError("RT311", "the scan holds hardly anything but tumour", hint="give the whole scan, not a part of it")
    deep = rest & (depth >= min(DEEP_MM, float(np.median(depth[rest]))))
    return float(np.nanmedian(scan.values[deep]))


def is_whole(brain: Bools) -> bool:
    """Whether the brain ends within the scan; at the foot it may go on."""
    return not any(np.take(brain, end, axis=axis).any() for axis in (0, 1) for end in (0, -1)) and not brain[:, :, -1].any()


def doubts_of_brain(brain: Bools, scan: WorkingScan, *, whole: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    doubts = []
    volume = scan.ml(brain)
    if (whole and volume < USUAL_ML[0]) or volume > USUAL_ML[1]:
        doubts.append(f"a brain of {volume:,.0f} ml")
    n_tumour = np.count_nonzero(scan.tumour)
    if n_tumour and np.count_nonzero(scan.tumour & brain) < WITHIN * n_tumour:
        doubts.append("most of the tumour lies outside")
    return tuple(doubts), () if whole else ("the scan shows a part of the brain",)
