"""Cases that are broken on purpose, as files are broken in practice."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np

from radiotype.core.geometry import Grid
from radiotype.errors import RecipeError
from radiotype.io.nifti_write import write_nifti
from radiotype.simulate.files import read_volume

#: Ways to break a case, and the code of the error that each must end in.
BREAKAGES = MappingProxyType(
    {"missing_mask": "RT201", "other_grid": "RT203", "truncated_scan": "RT209", "empty_mask": "RT204", "not_finite": "RT206"}
)


def break_case(kind: str, image: Path, mask: Path) -> None:
    """Break the files of one simulated case.

    Parameters
    ----------
    kind : str
        A key of `BREAKAGES`: the mask file is missing; the mask lies on another grid, as when exported from another series;
        the scan was cut short, as when a copy was interrupted; the mask is empty; voxels of the tumour are not finite.
    image, mask : path
        Files that `write_nifti` wrote.

    Raises
    ------
    RecipeError
        RT103 for another kind.
    """
    if kind not in BREAKAGES:
        raise RecipeError("RT103", f"there is no breakage {kind!r}", hint=f"use one of {', '.join(BREAKAGES)}")
    if kind == "missing_mask":
        mask.unlink()
    elif kind == "truncated_scan":
        whole = image.read_bytes()
        image.write_bytes(whole[: len(whole) // 2])
    elif kind == "not_finite":
        stored, grid, step = read_volume(image)
        values = stored.astype(np.float32) * np.float32(step)
        inside = np.argwhere(read_volume(mask)[0] > 0)
        values[tuple(inside[len(inside) // 2])] = np.nan
        write_nifti(image, values, grid)
    else:
        stored, grid, _ = read_volume(mask)
        if kind == "other_grid":
            stored, grid = stored[:-2], Grid((grid.shape[0] - 2, *grid.shape[1:]), grid.affine)
        else:
            stored = np.zeros_like(stored)
        write_nifti(mask, stored, grid)
