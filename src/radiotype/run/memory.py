"""How much memory a row needs, said before it is taken."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from radiotype.core.case import MaskLoader, Region
from radiotype.core.machine import available_bytes
from radiotype.core.volume import Mask, PhaseVoxels, Scan
from radiotype.errors import ComputeError
from radiotype.features.ibsi.preprocess import PEAK_RADIUS_MM
from radiotype.features.settings import FeatureSettings
from radiotype.imaging.harmonise import HarmonisedVoxels
from radiotype.imaging.parenchyma.loader import FoundParenchyma
from radiotype.imaging.planes import MARGIN_MM
from radiotype.io.volumes import ITK, NIFTI, read_header, suffix_of
from radiotype.run.memory_ibsi import needed_for_ibsi
from radiotype.run.memory_pyradiomics import needed_for_pyradiomics
from radiotype.run.memory_spharm import needed_for_spharm
from radiotype.run.parts import PICTURES, SHOWN

#: Bytes per voxel of the box around a region that measuring takes at its peak. A margin: on the voxels of the scan, while they
#: are resampled (theirs and those of the result), and on the voxels of the result.
MORPHOLOGY = 5
PICTURE = {"CT": 8}
OTHER_PICTURE = 17
MARGIN = 19
RESAMPLING = (10, 17)
RESAMPLED = 32

#: Families that need the mask alone.
SHAPES = frozenset({"morphology", "spharm"})

#: Bytes of a mapped file that are brought into memory at a time, by default of Linux.
AT_ONCE = 2**16


def needed_to_read(scan: Scan, region: Region, parts: Iterable[str]) -> int:
    """Memory that reading a row takes at its peak beyond what is held now, bytes; from headers alone.

    The masks are read first, one after another, then the scan. Of a region in DICOM only the slices that it touches take
    memory, which are known once it is read.
    """
    held = peak = 0
    for loader in (region.masks, region.parenchyma):
        given = loader is not None and not isinstance(loader, FoundParenchyma)  # what finding takes is asked for apart
        stored, inside = _mask_bytes(loader) if given else (0, 0)  # type: ignore[arg-type]
        peak = max(peak, held + stored + inside)
        held += inside
    return max(peak, held + _scan_bytes(scan, parts)[0])


def needed_to_measure(scan: Scan, masks: Sequence[Mask], parts: Sequence[str], settings: FeatureSettings) -> int:
    """Memory that reading the scan and measuring each region takes at its peak beyond what is held now, bytes."""
    reading, kept = _scan_bytes(scan, parts)
    return max(reading, kept + max((_around(scan, mask, name, settings) for mask in masks for name in parts), default=0))


def require_memory(needed: int, scan: Scan, budget: int | None) -> None:
    """Refuse a row that needs more memory than it may take.

    Parameters
    ----------
    needed : int
        Bytes beyond what this process holds now.
    scan : Scan
    budget : int or None
        Bytes that this process may hold in all; None: no more than the machine has free.

    Raises
    ------
    ComputeError
        RT306 with the estimate and what is left.
    """
    allowed = available_bytes() if budget is None else max(0, budget - held_bytes())
    if needed > allowed:
        raise ComputeError(
            "RT306",
            f"a region in a scan of {' x '.join(map(str, scan.grid.shape))} voxels needs about {needed / 1e9:.2f} GB, "
            f"{allowed / 1e9:.2f} GB are left",
            hint="give more with --memory, or start fewer processes with --jobs",
        )


def held_bytes() -> int:
    """Memory that this process holds, bytes: what lies in memory, or what the limit of a worker counts if that is more."""
    lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    return max(int(line.split()[1]) * 1024 for line in lines if line.startswith(("VmRSS:", "VmData:")))


def _scan_bytes(scan: Scan, parts: Iterable[str]) -> tuple[int, int]:
    """What reading the scan takes, and what stays. A phase is taken out of its series; a mapped file takes nothing yet.

    The shape of a region needs no scan.
    """
    voxels = scan.voxels
    if "data" in vars(scan) or voxels.mapped or all(name in SHAPES for name in parts):
        return 0, 0
    own = math.prod(voxels.shape) * np.dtype(voxels.dtype).itemsize
    if isinstance(voxels, HarmonisedVoxels):
        return own + voxels.needed_bytes, own
    if isinstance(voxels, PhaseVoxels):
        return own + (own if voxels.series.mapped else own * voxels.series.shape[0]), own
    return own, own


def _mask_bytes(loader: MaskLoader) -> tuple[int, int]:
    """The numbers stored in a mask file, and one array of truth values."""
    if suffix_of(loader.path) not in NIFTI + ITK:
        return 0, 0
    voxels = read_header(loader.path).voxels
    n_voxels = math.prod(voxels.shape)
    return n_voxels * np.dtype(voxels.dtype).itemsize, n_voxels


def _around(scan: Scan, mask: Mask, name: str, settings: FeatureSettings) -> int:
    """What one family takes in the box around a region; one that is not listed here is taken to cost what a margin does."""
    if name == "spharm":
        return needed_for_spharm(mask, settings)
    options = settings.margin
    peaks = dict.fromkeys(("ibsi", "captk", "pyradiomics"), PEAK_RADIUS_MM)
    reach = ({"morphology": 0.0, PICTURES: MARGIN_MM} | peaks).get(name, max(options.distances_mm))
    spacing = np.array(scan.grid.spacing_mm)
    low, high = (np.array(corner) for corner in mask.box)
    margin = np.ceil(reach / spacing).astype(int)
    size = np.minimum(high + margin, scan.grid.shape) - np.maximum(low - margin, 0)
    n_voxels = math.prod(size.tolist())
    if name == "morphology":
        return MORPHOLOGY * n_voxels
    row = scan.grid.shape[0] * np.dtype(scan.voxels.dtype).itemsize
    touched = int(size[2]) * min(row * scan.grid.shape[1], row * int(size[1]) + AT_ONCE)
    mapped = touched if scan.voxels.mapped else 0
    if name == "ibsi":
        return mapped + needed_for_ibsi(scan, mask, settings.ibsi)
    if name == "captk":
        return mapped + needed_for_ibsi(scan, mask, settings.captk.preparation)
    if name == "pyradiomics":
        return mapped + needed_for_pyradiomics(scan, mask, settings.pyradiomics)
    if name == PICTURES:
        drawing = mapped + PICTURE.get(scan.modality, OTHER_PICTURE) * n_voxels
        return max(drawing + n_voxels, _around(scan, mask, SHOWN, settings)) if SHOWN in settings.families else drawing
    step = options.spacing_mm
    if options.definition == "authors_code" or step is None:
        return mapped + max(MARGIN, RESAMPLED) * n_voxels
    resampled = int(n_voxels * scan.grid.voxel_volume_mm3 / step**3)
    return mapped + max(MARGIN * n_voxels, RESAMPLING[0] * n_voxels + RESAMPLING[1] * resampled, RESAMPLED * resampled)
