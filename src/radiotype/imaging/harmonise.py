"""Scans of many scanners made comparable, each by what its modality needs, when they are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from radiotype.core.case import Loader, MaskLoader, Region
from radiotype.core.cohort import Cohort
from radiotype.core.volume import ArrayVoxels, Mask, PhaseVoxels, Scan
from radiotype.errors import ComputeError
from radiotype.imaging.bias import without_bias
from radiotype.imaging.parenchyma.brain import STRIPPED, find_brain
from radiotype.imaging.parenchyma.breast import breast_region
from radiotype.imaging.parenchyma.loader import FoundParenchyma, on_grid
from radiotype.imaging.parenchyma.working import Bools, WorkingScan, finding_bytes, working_scan
from radiotype.imaging.resample import centred_lattice, require_room, resampled

Singles = npt.NDArray[np.float32]
Intensity = Literal["as_stored", "z_score", "percentiles"]

#: Rises whenever a harmonised scan changes; part of the key of every stored result that uses one.
VERSION = 2

#: The ratio is 0 where the signal before contrast is below this fraction of its 95th percentile, or rises early by less than
#: this fraction of itself; it ends at the last number, as on published maps.
DARKEST, LEAST_RISE, LARGEST_RATIO = 0.1, 0.1, 3.0

#: Bytes per stored voxel at the peak of each step, beside the stored scan and the result; and per resampled voxel, beside it.
#: Measured in scans of 1 to 27 million voxels.
BIAS_FIELD, SCALE, RATIO, COPY = 28, 12, 24, 12
RESAMPLED = 8


@dataclass(frozen=True)
class Harmonisation:
    """What is done to scans; by default nothing. CT stays in HU, PT in SUV: of these only the spacing changes.

    Parameters
    ----------
    spacing_mm : float or None
        All scans and masks are brought to isotropic voxels of this size: linear, masks at half.
    bias_field : bool
        The bias field of MR is removed (N4).
    intensity : "as_stored", "z_score" or "percentiles"
        MR in standard deviations from the mean of the brain (or breast), or between two percentiles of it; as stored where
        the tumour lies in neither.
    percentiles : (low, high)
        What becomes 0 and 1.
    enhancement_ratio : bool
        An MR of three phases or more becomes the map of its signal enhancement ratio, modality SER.
    """

    spacing_mm: float | None = None
    bias_field: bool = False
    intensity: Intensity = "as_stored"
    percentiles: tuple[float, float] = (1.0, 99.0)
    enhancement_ratio: bool = False

    def sentence(self, modality: str, *, is_map: bool, organ: str) -> str:
        """What is done to a scan of that modality, in words; empty where nothing is."""
        done = ["signal enhancement ratio of the first three phases"] if is_map else []
        if modality == "MR" and not is_map:
            done += ["bias field removed (N4)"] if self.bias_field else []
            if self.intensity != "as_stored" and not organ:
                done.append("intensity as stored: neither brain nor breast")
            elif self.intensity == "z_score":
                done.append(f"standardised within the {organ}")
            elif self.intensity == "percentiles":
                low, high = self.percentiles
                done.append(f"scaled between the percentiles {low:g} and {high:g} of the {organ}")
        done += [f"resampled to {self.spacing_mm:g} mm"] if self.spacing_mm is not None else []
        return "; ".join(done)


def enhancement_ratio(before: Singles, early: Singles, late: Singles) -> Singles:
    """Signal enhancement ratio (early - before) / (late - before), between 0 and 3.

    0 where a voxel is dark before contrast (below a tenth of the 95th percentile) or rises early by less than a tenth of
    itself; 3 where it has fallen back to where it was, or below, when late.

    Parameters
    ----------
    before, early, late : array of float32, shape (I, J, K)

    References
    ----------
    Hylton et al., Radiology 263 (2012) 663-672.

    Examples
    --------
    >>> phases = [np.array([[[100.0, 100, 100, 1]]], dtype=np.float32) * rise for rise in (1, 2, 3)]
    >>> enhancement_ratio(*phases).tolist()
    [[[0.5, 0.5, 0.5, 0.0]]]
    """
    rise, late_rise = early - before, late - before
    counts = (before > DARKEST * np.percentile(before, 95)) & (rise >= LEAST_RISE * before) & (rise > 0)
    ratio = np.full(before.shape, LARGEST_RATIO, dtype=np.float32)
    np.divide(rise, late_rise, out=ratio, where=late_rise > 0)
    result: Singles = np.where(counts, np.minimum(ratio, np.float32(LARGEST_RATIO)), np.float32(0))
    return result


@dataclass(frozen=True, eq=False)
class HarmonisedVoxels:
    """The values of a scan as they are harmonised when they are read; `shape` is that after resampling."""

    stored: Scan
    done: Harmonisation
    organ: str
    shape: tuple[int, ...]
    is_map: bool

    @property
    def dtype(self) -> npt.DTypeLike:
        return np.dtype(np.float32)

    @property
    def mapped(self) -> bool:
        return False

    @property
    def needed_bytes(self) -> int:
        """What reading takes at its peak beside the result."""
        voxels = self.stored.voxels
        own = voxels.series if isinstance(voxels, PhaseVoxels) else voxels
        stored, n = math.prod(own.shape) * np.dtype(own.dtype).itemsize, math.prod(self.stored.grid.shape)
        peaks = [RATIO * n] if self.is_map else []
        if self.stored.modality == "MR" and not self.is_map:
            peaks += [BIAS_FIELD * n] if self.done.bias_field else []
            peaks += [] if self.done.intensity == "as_stored" else [SCALE * n, finding_bytes(self.stored.grid)]
        peaks += [] if self.done.spacing_mm is None else [COPY * n + RESAMPLED * math.prod(self.shape)]
        return stored + max(peaks)

    def read(self) -> Singles:
        values = self._values()
        if self.done.spacing_mm is None:
            return values
        grid = self.stored.grid
        lattice = centred_lattice(grid.shape, grid.spacing_mm, (self.done.spacing_mm,) * 3)
        return resampled(values.astype(np.float64), lattice).astype(np.float32)

    def _values(self) -> Singles:
        if self.is_map:
            before, early, late = (_whole(self.stored.phase(number)) for number in range(3))
            return enhancement_ratio(before, early, late)
        values = _whole(self.stored)
        if self.stored.modality != "MR":
            return values
        if self.done.bias_field:
            values = without_bias(values, self.stored.grid.spacing_mm)
        return values if self.done.intensity == "as_stored" or not self.organ else self._scaled(values)

    def _scaled(self, values: Singles) -> Singles:
        """Values by those of the brain, or the breast."""
        scan = Scan(ArrayVoxels(values), self.stored.grid, "MR")
        work = working_scan(scan, None)
        found = breast_region(work, work.values)[0] if self.organ == "breast" else _brain(work)
        inside = values[work.blocks.back(found)]
        inside = inside[np.isfinite(inside)].astype(np.float64)
        if self.done.intensity == "z_score":
            zero, unit = float(inside.mean()), float(inside.std())
        else:
            zero, high = np.percentile(inside, self.done.percentiles).tolist()
            unit = high - zero
        if unit <= 0:
            raise ComputeError("RT305", f"the {self.organ} has one value, so its scale cannot be told")
        result: Singles = ((values - np.float32(zero)) / np.float32(unit)).astype(np.float32)
        return result


def _brain(work: WorkingScan) -> Bools:
    """The brain; none where another scale would be taken for that of the brain."""
    organ = find_brain(work)
    if organ.doubts and organ.method != STRIPPED:
        raise ComputeError(
            "RT311",
            f"the scale of the brain cannot be told: {', '.join(organ.doubts)} was found",
            hint="remove the skull beforehand, or measure this scan with `intensity: as_stored`",
        )
    return organ.tissue


def _whole(scan: Scan) -> Singles:
    """All values of a volume, slab by slab, so that no copy of twice their size is made."""
    i, j, n_slices = scan.grid.shape
    values = np.empty((n_slices, j, i), dtype=np.float32).transpose(2, 1, 0)
    for k in range(n_slices):
        values[:, :, k] = scan.box((0, 0, k), (i, j, k + 1))[:, :, 0]
    return values


@dataclass(frozen=True)
class HarmonisedScan:
    """Reads the scan that `source` reads, harmonised; its voxels are made when they are first asked for."""

    source: Loader[Scan]
    done: Harmonisation
    organ: str

    @property
    def path(self) -> Path:
        return self.source.path

    def files(self) -> tuple[Path, ...]:
        return self.source.files()

    def how(self) -> Mapping[str, str]:
        return {**self.source.how(), "harmonised": f"{self.done!r}, {self.organ}, version {VERSION}"}

    def __call__(self) -> Scan:
        """The harmonised scan. A series of phases that is to become no map is left as it is.

        Raises
        ------
        ComputeError
            RT306 if it would have too many voxels.
        """
        stored = self.source()
        is_map = self.done.enhancement_ratio and stored.modality == "MR" and stored.n_phases >= 3
        sentence = self.done.sentence(stored.modality, is_map=is_map, organ=self.organ)
        if not sentence or (stored.n_phases > 1 and not is_map):
            return stored
        grid = stored.grid
        if self.done.spacing_mm is not None:
            lattice = centred_lattice(grid.shape, grid.spacing_mm, (self.done.spacing_mm,) * 3)
            require_room(lattice.shape, grid.shape, grid.spacing_mm, setting="images.harmonise.spacing_mm")
            grid = lattice.grid(grid)
        voxels = HarmonisedVoxels(stored, self.done, self.organ, grid.shape, is_map)
        return Scan(voxels, grid, "SER" if is_map else stored.modality, remarks=(*stored.remarks, sentence))


@dataclass(frozen=True)
class HarmonisedMasks:
    """Reads the masks that `source` reads in the stored scan, and brings them to the harmonised one."""

    source: MaskLoader
    image: Loader[Scan]

    @property
    def path(self) -> Path:
        return self.source.path

    def files(self) -> tuple[Path, ...]:
        return self.source.files()

    def how(self) -> Mapping[str, str]:
        return {**self.source.how(), "harmonised": f"with the scan, version {VERSION}"}

    def __call__(self, like: Scan) -> tuple[Mask, ...]:
        stored = self.image()
        masks = self.source(stored)
        return masks if stored.grid.same_as(like.grid) else tuple(on_grid(mask, like) for mask in masks)


def harmonised(cohort: Cohort, done: Harmonisation, organ: Callable[[Region], str | None] | None = None) -> Cohort:
    """The cohort with every scan harmonised when it is read, and its masks brought to it.

    Parameters
    ----------
    cohort : Cohort
        A parenchyma that is to be found is looked for in the stored scan: call `with_parenchyma` first.
    done : Harmonisation
        What is done; nothing leaves the cohort as it is.
    organ : callable, optional
        "brain" or "breast" for a row of MR: what intensities are scaled by. Brain when left out, or for None; with any other
        answer intensities stay as stored.
    """
    if done == Harmonisation():
        return cohort

    def of(region: Region) -> Region:
        modality = region.attributes.get("modality", "")
        if modality != "MR" and done.spacing_mm is None:
            return region
        named = organ(region) if organ is not None else None
        scan = HarmonisedScan(region.image, done, "brain" if named is None else named if named in ("brain", "breast") else "")
        tissue: MaskLoader | None = region.parenchyma
        if isinstance(tissue, FoundParenchyma):
            tissue = replace(tissue, apart=True)
        if done.spacing_mm is None:
            return replace(region, image=scan, parenchyma=tissue)
        if tissue is not None and not isinstance(tissue, FoundParenchyma):
            tissue = HarmonisedMasks(tissue, region.image)
        return replace(region, image=scan, masks=HarmonisedMasks(region.masks, region.image), parenchyma=tissue)

    return Cohort(tuple(replace(case, regions=tuple(map(of, case.regions))) for case in cohort.cases))
