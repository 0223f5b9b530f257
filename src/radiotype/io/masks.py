"""Regions from label volumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from radiotype.core.volume import Mask, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.io.volumes import read_header

#: More labels than this in one file are taken for an image that is not a mask.
MAX_LABELS = 64


def read_mask(path: str | Path, *, label: int | str | None = None, like: Scan | None = None) -> Mask:
    """One region from a NIfTI, NRRD or MHA label volume.

    Parameters
    ----------
    path : path
        A volume of whole numbers; 0 is outside.
    label : int or "any", optional
        The label to take; "any" joins all. May be left out when the file holds one label.
    like : Scan, optional
        The scan it belongs to; a mask on another grid is refused.

    Returns
    -------
    Mask

    Raises
    ------
    InputError
        RT201 .. RT211; RT203 for another grid than `like`, RT204 when empty, RT205 when the label is absent or ambiguous.

    Examples
    --------
    >>> mask = read_mask("labels.nii.gz", label=2)  # doctest: +SKIP
    """
    masks = read_masks(path, label=label)
    if len(masks) > 1:
        found = ", ".join(mask.label for mask in masks)
        raise InputError(
            "RT205",
            f"the file holds the labels {found}; one must be named",
            file=path,
            hint='give `label=`, or "any" to join them',
        )
    if like is not None:
        try:
            require_same_grid(like, masks[0])
        except InputError as error:
            error.file = error.file or Path(path)
            raise
    return masks[0]


def read_masks(path: str | Path, *, label: int | str | None = None) -> tuple[Mask, ...]:
    """Every region of a label volume: the label named, all joined ("any"), or one mask per label when none is named."""
    path = Path(path)
    header = read_header(path)
    if len(header.voxels.shape) == 4:
        raise InputError("RT212", f"a mask has one phase, this file has {header.voxels.shape[0]}", file=path)
    numbers = _whole_numbers(header.voxels.read(), header.slope, header.intercept, path)
    inside = numbers != 0
    if not inside.any():
        raise InputError("RT204", "the mask has no voxel inside", file=path, hint="check the export of this mask")
    if label is not None and str(label).strip().lower() == "any":
        return (Mask(inside, header.grid, "any", path.name),)
    present = [int(n) for n in np.unique(numbers[inside])]
    if label is not None and str(label).strip() != "":
        wanted = _label_number(label, path)
        if wanted not in present:
            found = ", ".join(map(str, present[:20]))
            raise InputError(
                "RT205",
                f"label {wanted} is not in the mask; it holds {found}",
                file=path,
                hint="correct the column `label` of the manifest",
            )
        present = [wanted]
    if len(present) > MAX_LABELS:
        raise InputError(
            "RT205", f"the file holds {len(present)} different values and looks like an image, not a mask", file=path
        )
    return tuple(Mask(numbers == n, header.grid, str(n), path.name) for n in present)


def _label_number(label: int | str, path: Path) -> int:
    try:
        return int(str(label))
    except ValueError:
        raise InputError("RT205", f'label {label!r} is neither a whole number nor "any"', file=path) from None


def _whole_numbers(data: npt.NDArray[np.generic], slope: float, intercept: float, path: Path) -> npt.NDArray[np.generic]:
    if data.dtype.kind in "iub" and (slope, intercept) == (1.0, 0.0):
        return data
    values = data.astype(np.float64) * slope + intercept
    rounded = np.rint(values)
    with np.errstate(invalid="ignore"):
        broken = ~(np.abs(values - rounded) <= 1e-3)
    if broken.any():
        raise InputError(
            "RT205",
            f"{int(broken.sum()):,} voxels of the mask are not whole numbers",
            file=path,
            hint="threshold a probability map into a mask first",
        )
    return rounded.astype(np.int64)
