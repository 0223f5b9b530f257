"""Reads a parenchyma that is found rather than given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from radiotype.core.case import Loader, MaskLoader, Region
from radiotype.core.cohort import Cohort
from radiotype.core.volume import Mask, Scan
from radiotype.imaging.parenchyma.finder import BrainMethod, find_parenchyma
from radiotype.imaging.parenchyma.found import Parenchyma
from radiotype.imaging.resample import Lattice, resampled_region

#: Rises whenever another parenchyma is found in some scan; part of the key of every stored result that uses one.
VERSION = 2


@dataclass(frozen=True)
class FoundParenchyma:
    """Stands where a parenchyma mask is given: finds it in the scan when called.

    `image` and `masks` are the scan as it was stored and the tumour in it. `organ` None: by modality. `apart`: the scan that is
    measured is made from the stored one, in which the parenchyma is looked for.
    """

    image: Loader[Scan]
    masks: MaskLoader
    organ: str | None = None
    brain: BrainMethod = "histogram"
    apart: bool = False

    @property
    def path(self) -> Path:
        return self.image.path

    def files(self) -> tuple[Path, ...]:
        return self.image.files()

    def how(self) -> Mapping[str, str]:
        return {**self.image.how(), "found": f"{self.organ or 'by modality'}, brain by {self.brain}, version {VERSION}"}

    def find(self, like: Scan, masks: Sequence[Mask]) -> Parenchyma:
        """The parenchyma around all regions of a row together, on the grid of `like`, whose masks these are.

        Raises
        ------
        RadiotypeError
            As `find_parenchyma`.
        """
        scan = self.image() if self.apart else like
        same = scan.grid.same_as(like.grid)
        found = find_parenchyma(scan, _together(masks if same else self.masks(scan)), organ=self.organ, brain=self.brain)
        return found if same else replace(found, mask=on_grid(found.mask, like))

    def __call__(self, like: Scan) -> tuple[Mask, ...]:
        return (self.find(like, self.masks(like)).mask,)


def with_parenchyma(
    cohort: Cohort, organ: Callable[[Region], str | None] | None = None, *, brain: BrainMethod = "histogram"
) -> Cohort:
    """The cohort with the parenchyma of every row that names no mask of it found when it is read.

    Parameters
    ----------
    cohort : Cohort
    organ : callable, optional
        The organ of a row: "lung", "brain", "breast"; "" where none is to be looked for, None for the one of its modality. That
        of its modality everywhere when left out; PT has none, and OT none that is not named.
    brain : "histogram" or "deepbet"
        As in `find_parenchyma`.
    """

    def of(region: Region) -> Region:
        named = organ(region) if organ is not None else None
        if region.parenchyma is not None or named == "" or not _may_show(named, region.attributes.get("modality", "")):
            return region
        return replace(region, parenchyma=FoundParenchyma(region.image, region.masks, named, brain))

    return Cohort(tuple(replace(case, regions=tuple(map(of, case.regions))) for case in cohort.cases))


def on_grid(mask: Mask, like: Scan) -> Mask:
    """A mask on a grid of other voxels along the same axes."""
    there = np.linalg.inv(mask.grid.affine) @ like.grid.affine
    lattice = Lattice(there[:3, 3], np.diag(there[:3, :3]).copy(), like.grid.shape)
    return Mask(resampled_region(mask.data, lattice), like.grid, mask.label, mask.source, mask.remarks)


def _together(masks: Sequence[Mask]) -> Mask:
    if len(masks) == 1:
        return masks[0]
    data = np.zeros(masks[0].grid.shape, dtype=np.bool_)
    for mask in masks:
        data |= mask.data
    return Mask(data, masks[0].grid)


def _may_show(organ: str | None, modality: str) -> bool:
    """Whether an organ is looked for on such a scan; one that is named is not left out in silence but on PET."""
    return modality != "PT" if organ else modality in ("CT", "MR", "SER")
