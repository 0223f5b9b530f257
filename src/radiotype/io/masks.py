"""Regions from mask files of any kind: label volumes, RT structure sets, DICOM segmentations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.core.volume import Mask, Scan, require_same_grid
from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.guard import require_file
from radiotype.io.named import mask_of_each, wants_any
from radiotype.io.volumes import ITK, NIFTI, read_header, suffix_of

#: More labels than this are taken for an image that is no mask, if most voxels have another number than the one before.
MANY_LABELS = 64

#: What an empty slice of a mask takes, against one with voxels inside: its pages are never written to, but listed and read.
EMPTY = 1 / 64

#: No label stored as a floating point number is larger.
MAX_NUMBER = 2**31 - 1


def read_mask(path: str | Path, *, label: int | str | None = None, roi: str | None = None, like: Scan | None = None) -> Mask:
    """One region from a label volume, an RT structure set or a DICOM segmentation.

    Parameters
    ----------
    path : path
        NIfTI, NRRD or MHA of whole numbers, 0 outside; or a DICOM file.
    label : int or "any", optional
        The label of a volume, or the number of a region or segment of a DICOM file; "any" joins all. May be left out when the
        file holds one.
    roi : str, optional
        The name of a region or segment of a DICOM file, exact, or a shell pattern such as GTV*. Not used for volumes.
    like : Scan, optional
        The scan it belongs to; a mask on another grid is refused. A structure set holds no grid and needs it.

    Returns
    -------
    Mask

    Raises
    ------
    InputError
        RT201 .. RT217; RT203 for another grid than `like`, RT204 when empty, RT205 when the label is absent or ambiguous, RT214
        when the name is absent.

    Examples
    --------
    >>> mask = read_mask("labels.nii.gz", label=2)  # doctest: +SKIP
    >>> mask = read_mask("structures.dcm", roi="GTV-1", like=scan)  # doctest: +SKIP
    """
    masks = read_masks(path, label=label, roi=roi, like=like)
    if len(masks) > 1:
        volume = _is_volume(Path(path))
        found = f"the labels {', '.join(mask.label for mask in masks)}" if volume else f"{len(masks)} such regions"
        hint = "`label=`" if volume else "`roi=` (`radiotype.io.list_regions` tells the names)"
        raise InputError(
            "RT205", f"the file holds {found}; one must be named", file=path, hint=f'give {hint}, or `label="any"` to join them'
        )
    return masks[0]


def read_masks(
    path: str | Path, *, label: int | str | None = None, roi: str | None = None, like: Scan | None = None
) -> tuple[Mask, ...]:
    """Every region that is asked for: by label or name, joined ("any"), or one mask per region when none is named.

    Parameters and errors are those of `read_mask`.
    """
    path = Path(path)
    if not _is_volume(path):
        return _from_dicom(path, label, roi, like)
    masks = _from_volume(path, label)
    if like is not None:
        try:
            require_same_grid(like, masks[0])
        except InputError as error:
            error.file = error.file or path
            raise
    return masks


def read_masks_nearest(
    path: str | Path, like: Scan, *, label: int | str | None = None, roi: str | None = None
) -> tuple[Mask, ...]:
    """As `read_masks`, but a mask on another grid than `like` is brought to it by nearest neighbour."""
    from radiotype.io.regrid import mask_to_grid

    path = Path(path)
    if not _is_volume(path):
        try:
            return _from_dicom(path, label, roi, like, whole=True)
        except InputError as error:
            if error.code != "RT203":
                raise
    masks = read_masks(path, label=label, roi=roi)
    try:
        return mask_of_each(masks, lambda mask: mask_to_grid(mask, like.grid))
    except InputError as error:
        error.file = error.file or path
        raise


def list_regions(path: str | Path) -> tuple[str, ...]:
    """Names of the regions of a structure set, or of the segments of a DICOM segmentation, in the order of the file.

    They can hold anything that a person typed, a patient's name too.

    Raises
    ------
    InputError
        RT201, RT202, or RT211 for any other file.

    Examples
    --------
    >>> list_regions("structures.dcm")  # doctest: +SKIP
    ('GTV-1', 'Lung_L')
    """
    from radiotype.io.objects import LABEL_MAP, SEGMENTATION, sop_class

    if sop_class(path) in (SEGMENTATION, LABEL_MAP):
        from radiotype.io.seg import list_segments as listed
    else:
        from radiotype.io.rtstruct import list_rois as listed
    return tuple(name for _, name in listed(path))


def _is_volume(path: Path) -> bool:
    return suffix_of(path) in NIFTI + ITK


def _from_dicom(
    path: Path, label: int | str | None, roi: str | None, like: Scan | None, *, whole: bool = False
) -> tuple[Mask, ...]:
    from radiotype.io.objects import LABEL_MAP, RTSTRUCT, SEGMENTATION, sop_class

    require_file(path)
    kind = sop_class(path)
    if kind == RTSTRUCT:
        from radiotype.io.rtstruct import read_rtstruct

        if like is None:
            raise InputError(
                "RT203", "a structure set holds contours and no grid; the scan it was drawn on is needed", file=path,
                hint="give `like=`, the scan",
            )  # fmt: skip
        return read_rtstruct(path, like, label=label, roi=roi)
    if kind in (SEGMENTATION, LABEL_MAP):
        from radiotype.io.seg import read_seg

        return read_seg(path, like, label=label, roi=roi, whole=whole)
    raise InputError(
        "RT211",
        "this DICOM file is neither a structure set nor a segmentation" if kind else
        f"masks may be {', '.join(NIFTI + ITK)} or DICOM files; this file of type {path.suffix or 'unknown'!r} is none of them",
        file=path, hint="name the mask, not an image, in the column `mask` of the manifest",
    )  # fmt: skip


def _from_volume(path: Path, label: int | str | None) -> tuple[Mask, ...]:
    header = read_header(path)
    if len(header.voxels.shape) == 4:
        raise InputError("RT212", f"a mask has one phase, this file has {header.voxels.shape[0]}", file=path)
    numbers = _Numbers(header.voxels.read(), header.slope, header.intercept)
    present = numbers.present(path)
    if not present:
        raise InputError("RT204", "the mask has no voxel inside", file=path, hint="check the export of this mask")
    if wants_any(label):
        return (Mask(numbers.inside(None), header.grid, "any", path.name),)
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
    if len(present) > MANY_LABELS and numbers.look_like_an_image():
        raise InputError(
            "RT205", f"the file holds {len(present)} different values and looks like an image, not a mask", file=path
        )
    size, needed = numbers.stored.size, numbers.bytes_of(present)
    if needed > max(size, guard.max_volume_bytes() // 4) and len(present) > 1:
        raise InputError(
            "RT209",
            f"{len(present)} masks of {size:,} voxels would take {needed / 2**30:.1f} GB",
            file=path,
            hint="name the label of each row; RADIOTYPE_MAX_VOLUME_GB raises the limit, which is a quarter of it",
        )
    return tuple(Mask(numbers.inside(n), header.grid, str(n), path.name) for n in present)


def _label_number(label: int | str, path: Path) -> int:
    try:
        return int(str(label))
    except ValueError:
        raise InputError("RT205", f'label {label!r} is neither a whole number nor "any"', file=path) from None


class _Numbers:
    """The whole numbers of a label volume, made slice by slice: of the whole volume only the stored numbers are held."""

    def __init__(self, stored: npt.NDArray[Any], slope: float, intercept: float) -> None:
        self.stored = stored
        self._scaling = slope, intercept
        self._whole = stored.dtype.kind in "iub" and self._scaling == (1.0, 0.0)
        self._slices: dict[int, list[int]] = {}

    def present(self, path: Path) -> list[int]:
        """The labels, in order; and in which slices each stands, so that no label takes another pass over the whole volume.

        Raises
        ------
        InputError
            RT205 for voxels that are not whole numbers.
        """
        n_broken = 0
        for k in range(self.stored.shape[2]):
            numbers, broken = self._slice(k)
            for number in _different(numbers):
                self._slices.setdefault(int(number), []).append(k)
            n_broken += broken
        if n_broken:
            raise InputError(
                "RT205",
                f"{n_broken:,} voxels of the mask are not whole numbers",
                file=path,
                hint="threshold a probability map into a mask first",
            )
        return sorted(self._slices)

    def bytes_of(self, labels: list[int]) -> int:
        """Memory that masks of these labels take: the slices in which each stands, and little for the rest."""
        n_slices = sum(len(self._slices[label]) for label in labels)
        return int((n_slices + EMPTY * len(labels) * self.stored.shape[2]) * (self.stored.size // self.stored.shape[2]))

    def look_like_an_image(self) -> bool:
        """Whether most voxels that are not 0 have another number than their neighbour along the first axis."""
        n_inside = n_alike = 0
        for k in range(self.stored.shape[2]):
            numbers = self._slice(k)[0]
            inside = numbers[1:] != 0
            n_inside += int(np.count_nonzero(inside))
            n_alike += int(np.count_nonzero(inside & (numbers[1:] == numbers[:-1])))
        return 2 * n_alike < n_inside

    def inside(self, label: int | None) -> npt.NDArray[np.bool_]:
        """Where a label that is present stands, or any; read-only, so that a mask need not copy it."""
        inside = np.zeros(self.stored.shape, dtype=bool, order="F")
        for k in sorted({k for slices in self._slices.values() for k in slices}) if label is None else self._slices[label]:
            numbers = self._slice(k)[0]
            inside[:, :, k] = numbers != 0 if label is None else numbers == label
        inside.setflags(write=False)
        return inside

    def _slice(self, k: int) -> tuple[npt.NDArray[Any], int]:
        """Numbers of one slice, 0 where they are no whole number, and how often that is."""
        if self._whole:
            return self.stored[:, :, k], 0
        slope, intercept = self._scaling
        values = self.stored[:, :, k].astype(np.float64) * slope + intercept
        rounded = np.rint(values)
        with np.errstate(invalid="ignore"):
            broken = ~(np.abs(values - rounded) <= 1e-3) | (np.abs(rounded) > MAX_NUMBER)
        return np.where(broken, 0, rounded), int(broken.sum())


def _different(numbers: npt.NDArray[Any]) -> list[Any]:
    """The different numbers of a slice other than 0, in order."""
    flat = numbers.ravel(order="K")
    inside = flat[flat != 0]
    if inside.size == 0 or inside.min() == inside.max():  # sorting takes longest, and most slices hold no label or one
        return inside[:1].tolist()
    return np.unique(inside).tolist()
