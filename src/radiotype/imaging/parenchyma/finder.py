"""The organ tissue around a tumour, found in its scan."""

from __future__ import annotations

from typing import Literal

import numpy as np

from radiotype.core.volume import Mask, Scan, require_same_grid
from radiotype.errors import ComputeError, RecipeError
from radiotype.imaging.parenchyma.brain import find_brain
from radiotype.imaging.parenchyma.breast import find_breast
from radiotype.imaging.parenchyma.deepbet import find_brain_deepbet
from radiotype.imaging.parenchyma.found import Organ, Parenchyma
from radiotype.imaging.parenchyma.lung import find_lung
from radiotype.imaging.parenchyma.shapes import dilated
from radiotype.imaging.parenchyma.working import Bools, WorkingScan, working_scan

#: Organs that can be found, and words by which a column may name them.
ORGANS = {
    "lung": ("lung", "lungs", "nsclc", "sclc", "luad", "lusc"),
    "brain": ("brain", "gbm", "glioma", "glioblastoma", "lgg", "cns"),
    "breast": ("breast", "brca"),
}

#: The organ that is looked for where nothing names it. A series of phases on MR is taken for a breast.
BY_MODALITY = {"CT": "lung", "MR": "brain", "SER": "breast"}

BrainMethod = Literal["histogram", "deepbet"]

#: Less of the surroundings of a tumour, up to this distance, mm, than this fraction is doubtful.
NEAR_MM, HARDLY = 10.0, 0.05


def organ_named(text: str) -> str | None:
    """The organ that a cell of a table names, as an organ or a cancer of it; None if it names none.

    Examples
    --------
    >>> organ_named("NSCLC"), organ_named("left breast"), organ_named("liver")
    ('lung', 'breast', None)
    """
    words = set("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())
    return next((organ for organ, names in ORGANS.items() if words & set(names)), None)


def find_parenchyma(scan: Scan, tumour: Mask, *, organ: str | None = None, brain: BrainMethod = "histogram") -> Parenchyma:
    """The organ tissue around a tumour.

    Parameters
    ----------
    scan : Scan
        CT in HU, MR in arbitrary units, or a map of signal enhancement; of a series of phases (breast) the first is taken.
    tumour : Mask
        On the grid of the scan.
    organ : str, optional
        "lung" (CT), "brain" (MR) or "breast" (MR or SER); by modality when left out: lung on CT, breast on SER and on a series
        of phases, brain on any other MR.
    brain : "histogram" or "deepbet"
        How a brain with its skull is found; the second needs the package deepbet, which was made for T1 images.

    Returns
    -------
    Parenchyma

    Raises
    ------
    ComputeError
        RT311 if none was found, or the organ cannot be found on this modality; RT303 if no bias field could be fitted.
    InputError
        RT203 for a mask on another grid; RT212 for a series of phases of something else than a breast.
    RecipeError
        RT103 for another organ or method, or if deepbet is not installed.

    Examples
    --------
    >>> from radiotype.core import Grid
    >>> grid = Grid((30, 30, 30), np.diag([2.0, 2.0, 2.0, 1.0]))
    >>> distance = np.sqrt(((np.indices(grid.shape) - 14.5) ** 2).sum(axis=0)) * 2
    >>> scan = Scan(np.where(distance < 22, -850.0, 40.0) + 880 * (distance < 6), grid, "CT")
    >>> found = find_parenchyma(scan, Mask(distance < 6, grid))
    >>> found.sentence
    'lung found by density and shape: 46 ml with the tumour (doubtful: lungs of 46 ml)'
    """
    require_same_grid(scan, tumour)
    if (organ is not None and organ not in ORGANS) or brain not in ("histogram", "deepbet"):
        wrong = f"organ {organ!r}" if organ not in (None, *ORGANS) else f"method {brain!r}"
        raise RecipeError("RT103", f"{wrong} is not known", hint=f"organs are {', '.join(ORGANS)}; methods histogram, deepbet")
    chosen = organ or ("breast" if scan.n_phases > 1 else BY_MODALITY.get(scan.modality))
    if chosen is None or not _fits(chosen, scan.modality):
        what = f"{chosen} is" if chosen else "organs are"
        raise ComputeError(
            "RT311", f"{what} not looked for on {scan.modality}", hint="lung on CT, brain on MR, breast on MR and SER"
        )
    first = scan.phase(0) if chosen == "breast" else scan
    work = working_scan(first, tumour)
    found = _found(chosen, work, first, brain)
    tissue = work.blocks.back(found.tissue)
    tissue |= tumour.data
    tissue.setflags(write=False)
    mask = Mask(tissue, scan.grid, label=chosen)
    doubts = (*found.doubts, *_too_little(found.tissue, work))
    return Parenchyma(mask, chosen, found.method, doubts, found.remarks)


def _fits(organ: str, modality: str) -> bool:
    return modality in {"lung": ("CT",), "brain": ("MR",), "breast": ("MR", "SER")}[organ]


def _found(organ: str, work: WorkingScan, scan: Scan, brain: str) -> Organ:
    if organ == "lung":
        return find_lung(work)
    if organ == "breast":
        return find_breast(work, is_map=scan.modality == "SER")
    return find_brain_deepbet(work, scan) if brain == "deepbet" else find_brain(work)


def _too_little(tissue: Bools, work: WorkingScan) -> tuple[str, ...]:
    """What to doubt when next to the tumour there is hardly any of the organ."""
    near = dilated(work.tumour, NEAR_MM, work.spacing_mm) & ~work.tumour
    share = int(np.count_nonzero(tissue & near)) / max(1, int(np.count_nonzero(near)))
    return (f"it is {100 * share:.0f} % of what lies within {NEAR_MM:g} mm of the tumour",) if share < HARDLY else ()
