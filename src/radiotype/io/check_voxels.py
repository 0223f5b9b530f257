"""Checks that need the voxels of a mask, and of its scan."""

from __future__ import annotations

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.core.volume import Mask, Scan

#: A region this far from anything brighter than air does not lie in the patient, mm.
OFF_BODY_MM = 20.0

#: Voxels of a scan that are looked at to find the patient.
_SAMPLE = 64**3

#: What is brighter than this is not air; other images: a tenth of their 99th percentile.
_AIR_BELOW = {"CT": -500.0, "PT": 0.05}

#: What the remarks of masks that lost a part to the border of the scan have in common.
_CUT = "cut at the border"


def check_mask(mask: Mask) -> list[tuple[str, str]]:
    """What is odd about a mask alone, as (check, words)."""
    found = []
    low, high = mask.box
    axes = [axis for axis in range(3) if mask.grid.shape[axis] > 1]
    if any(low[axis] == 0 or high[axis] == mask.grid.shape[axis] for axis in axes):
        found.append(("mask_at_border", ""))
    fraction = mask.n_voxels / np.prod(mask.grid.shape)
    if fraction > 0.5:
        found.append(("mask_fills_scan", f"the mask covers {fraction:.0%} of the scan"))
    found += [("mask_cut" if _CUT in remark else "mask_remark", remark) for remark in mask.remarks]
    if mask.n_voxels < 10:
        found.append(("mask_tiny", f"the mask has {mask.n_voxels} voxel{'s' * (mask.n_voxels > 1)}"))
    return found


def check_region(scan: Scan, mask: Mask) -> list[tuple[str, str]]:
    """What is odd about a mask in its scan, as (check, words)."""
    found = []
    values = scan.box(*mask.box)[mask.cropped(*mask.box)]
    bad = int((~np.isfinite(values)).sum())
    if bad:
        found.append(("values_not_finite", f"{bad} voxels of the region are not finite"))
    elif values.size > 1 and values.min() == values.max():
        found.append(("values_constant", ""))
    sample, step = _sample(scan)
    finite = sample[np.isfinite(sample)]
    if finite.size and scan.modality == "CT" and finite.min() >= 0 and np.percentile(finite, 95) > 700:
        found.append(
            ("not_hounsfield", f"the smallest value is {finite.min():.4g}, most lie below {np.percentile(finite, 95):.4g}")
        )
    elif finite.size:
        distance = _distance_to_body_mm(scan, mask, sample, step)
        if distance > OFF_BODY_MM:
            found.append(("mask_off_body", f"the centre of the mask lies {distance:.0f} mm outside the patient"))
    return found


def _sample(scan: Scan) -> tuple[Floats, int]:
    """Every n-th voxel of the scan along each axis, as values."""
    step = max(1, round((np.prod(scan.grid.shape) / _SAMPLE) ** (1 / 3)))
    stored = scan.data[::step, ::step, ::step].astype(np.float64)
    sample: Floats = stored * scan.slope + scan.intercept
    return sample, step


def _distance_to_body_mm(scan: Scan, mask: Mask, sample: Floats, step: int) -> float:
    """Distance from the centre of the mask to the nearest sampled voxel that is not air, mm; 0 when all are air."""
    finite = sample[np.isfinite(sample)]
    threshold = _AIR_BELOW.get(scan.modality, 0.1 * float(np.percentile(finite, 99)))
    with np.errstate(invalid="ignore"):
        body = np.argwhere(sample > threshold) * step
    if not len(body):
        return 0.0
    low, high = mask.box
    centre = np.argwhere(mask.cropped(low, high)).mean(axis=0) + low
    apart: Floats = np.linalg.norm((body - centre) * scan.grid.spacing_mm, axis=1)
    return float(apart.min())
