"""Brain on T1 by deepbet, a network, where that package is installed."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
from pathlib import Path

import numpy as np

from radiotype.core.volume import Mask, Scan
from radiotype.errors import ComputeError, RecipeError
from radiotype.imaging.parenchyma.brain import STRIPPED, doubts_of_brain, is_whole, stripped_brain
from radiotype.imaging.parenchyma.found import Organ
from radiotype.imaging.parenchyma.working import WorkingScan, working_scan
from radiotype.io.masks import read_mask
from radiotype.io.nifti_write import write_scan


def require_deepbet() -> None:
    """Refuse where deepbet is not installed.

    Raises
    ------
    RecipeError
        RT103.
    """
    if importlib.util.find_spec("deepbet") is None:
        raise RecipeError("RT103", "the package deepbet is not installed", hint="install it, or use the method histogram")


def find_brain_deepbet(work: WorkingScan, scan: Scan) -> Organ:
    """The brain that deepbet finds, on the CPU; a skull-stripped scan is recognised first.

    Parameters
    ----------
    work : WorkingScan
    scan : Scan
        The same; deepbet was made for T1 images of whole heads.

    Raises
    ------
    RecipeError
        RT103 if deepbet is not installed.
    ComputeError
        RT311 if it finds nothing, or fails.

    References
    ----------
    Fisch et al., Computers in Biology and Medicine 179 (2024) 108845.
    """
    require_deepbet()
    stripped = stripped_brain(work)
    if stripped is not None:
        return Organ(stripped, STRIPPED, *doubts_of_brain(stripped, work, whole=True))
    run_bet = importlib.import_module("deepbet").run_bet
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder, name)) for name in ("t1.nii.gz", "brain.nii.gz", "mask.nii.gz", "volume.csv")]
        write_scan(paths[0], scan)
        try:
            run_bet(*([path] for path in paths), no_gpu=True)
            mask = read_mask(paths[2], label="any", like=scan)
        except Exception as error:  # whatever a foreign package raises, it costs this region only
            raise ComputeError("RT311", "deepbet found no brain", hint="use the method histogram, or give a mask") from error
    tissue = working_scan(scan, Mask(np.asarray(mask.data), scan.grid)).tumour
    return Organ(tissue, "deepbet", *doubts_of_brain(tissue, work, whole=is_whole(tissue)))
