"""How much memory a row needs, said before its voxels are read."""

from __future__ import annotations

import math
import resource

from radiotype.core.case import Region
from radiotype.core.volume import Scan
from radiotype.errors import ComputeError
from radiotype.run.resources import available_bytes

#: Bytes per voxel of the grid that reading a mask takes at its peak: the stored numbers, and two arrays of truth values.
MASK_BYTES_PER_VOXEL = 3


def estimate_bytes(scan: Scan, region: Region) -> int:
    """Memory that describing a row takes at its peak, bytes; from headers alone.

    The scan is held in its stored type, masks as truth values. What is computed in the box around a region comes on top, and is
    small beside them unless the region fills its scan.
    """
    n_voxels = math.prod(scan.grid.shape)
    n_masks = 1 if region.parenchyma is None else 2
    return scan.stored_bytes + n_masks * MASK_BYTES_PER_VOXEL * n_voxels


def require_memory(scan: Scan, region: Region, budget: int | None) -> None:
    """Refuse a row that needs more memory than it may take.

    Parameters
    ----------
    scan : Scan
        Its voxels not read yet.
    region : Region
    budget : int or None
        Bytes beyond what this process holds already; None: what the machine has free.

    Raises
    ------
    ComputeError
        RT306 with the estimate.
    """
    if "data" in vars(scan):  # read for the row before, and so within its limits
        return
    needed = estimate_bytes(scan, region)
    allowed = available_bytes() if budget is None else budget - _resident_bytes()
    if needed > allowed:
        raise ComputeError(
            "RT306",
            f"a scan of {' x '.join(map(str, scan.grid.shape))} voxels needs about {needed / 1e9:.1f} GB, "
            f"{max(allowed, 0) / 1e9:.1f} GB are allowed",
            hint="give more with --memory, or start fewer processes with --jobs",
        )


def _resident_bytes() -> int:
    """Memory that this process holds, bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize()
