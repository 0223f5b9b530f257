"""Regions of a file by name or number. Names can hold anything, a patient's name too: no error quotes them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from radiotype.core.volume import Mask
from radiotype.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

Source = TypeVar("Source")

#: Longest name that a mask carries.
MAX_NAME = 32

#: What makes one region useless and says nothing against the others of its file. Damage is none of these.
ITS_OWN_FAULT = frozenset({"RT203", "RT204", "RT207", "RT217"})


class Named(NamedTuple):
    """One region of a file."""

    number: int
    name: str


def listed(dataset: Dataset, sequence: str, number: str, name: str, *, least: int | None = None) -> list[Named]:
    """The regions that a sequence of a DICOM file lists, in its order; those with a number below `least` are none.

    Raises
    ------
    InputError
        RT202 if there is none, one has no number, or two have the same.
    """
    found = []
    for item in dataset.get(sequence) or ():
        value = item.get(number)
        if value is None or isinstance(value, list):
            raise InputError("RT202", f"a region of the file has no number ({number})", hint="export it again")
        if least is None or int(value) >= least:
            found.append(Named(int(value), str(item.get(name, "") or "")))
    if not found:
        raise InputError("RT202", "the file lists no regions", hint="export it again")
    if len({one.number for one in found}) < len(found):
        raise InputError("RT202", "two regions of the file have the same number", hint="export it again")
    return found


def wants_any(label: int | str | None) -> bool:
    """Whether all regions are to be joined."""
    return label is not None and str(label).strip().lower() == "any"


def choose(found: Sequence[Named], label: int | str | None, roi: str | None, path: Path) -> list[Named]:
    """The regions that a number or a name asks for; all when neither is given. The number decides if both are.

    Parameters
    ----------
    found : sequence of Named
        What the file holds.
    label : int, "any" or None
        The number of a region; "any" leaves the choice to the name.
    roi : str, optional
        A name, or a shell pattern such as GTV*.

    Raises
    ------
    InputError
        RT205 if no region has this number, RT214 if none has this name.
    """
    text = "" if label is None or wants_any(label) else str(label).strip()
    if text:
        chosen = [one for one in found if str(one.number) == text]
        if not chosen:
            numbers = ", ".join(str(one.number) for one in found[:20])
            raise InputError(
                "RT205", f"no region of the file has the number asked for; it holds {numbers or 'none'}",
                file=path, hint="correct the column `label` of the manifest",
            )  # fmt: skip
        return chosen
    name = (roi or "").strip()
    if not name:
        if not found:
            raise InputError("RT214", "the file lists no region", file=path, hint="check the export")
        return list(found)
    chosen = [one for one in found if one.name.strip() == name] or [one for one in found if fnmatchcase(one.name.strip(), name)]
    if not chosen:
        raise InputError(
            "RT214", f"none of the {len(found)} regions of the file has the name asked for, or fits the pattern",
            file=path, hint="list the names with `radiotype.io.list_regions(path)`; upper and lower case differ",
        )  # fmt: skip
    return chosen


def short_names(chosen: Sequence[Named]) -> list[str]:
    """A short name for each region, of letters, digits, - and _ only, no two alike even where case does not count."""
    names = []
    for one in chosen:
        plain = unicodedata.normalize("NFKD", one.name).encode("ascii", "ignore").decode()
        names.append(re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:MAX_NAME].strip("-") or str(one.number))
    folded = [name.lower() for name in names]
    alone = [folded.count(name) == 1 for name in folded]
    unique = [name if own else f"{name}-{one.number}" for name, own, one in zip(names, alone, chosen, strict=True)]
    if len({name.lower() for name in unique}) < len(unique):
        unique = [f"{name}-{position}" for position, name in enumerate(unique, start=1)]
    return unique


def mask_of_each(
    sources: Sequence[Source], make: Callable[[Source], Mask], *, join: bool = False, whole: bool = False
) -> tuple[Mask, ...]:
    """One mask per region, or all of them joined.

    A region that cannot be used is left out, which the remarks of the others tell, unless all are to be joined or `whole`.

    Raises
    ------
    InputError
        That of the first region that cannot be used, if none can, if all are needed, or if the file is damaged.
    """
    masks, errors = [], []
    for one in sources:
        try:
            masks.append(make(one))
        except InputError as error:
            if join or whole or error.code not in ITS_OWN_FAULT:
                raise
            errors.append(error)
    if not masks:
        raise errors[0]
    if errors:
        codes = ", ".join(sorted({error.code for error in errors}))
        remark = f"{len(errors)} other regions of the file left out ({codes})"
        masks = [replace(mask, remarks=(*mask.remarks, remark)) for mask in masks]
    return (joined(masks),) if join else tuple(masks)


def joined(masks: Sequence[Mask]) -> Mask:
    """The union of masks on one grid, labelled "any"."""
    data = masks[0].data if len(masks) == 1 else np.logical_or.reduce([mask.data for mask in masks])
    remarks = tuple(dict.fromkeys(remark for mask in masks for remark in mask.remarks))
    return Mask(data, masks[0].grid, "any", masks[0].source, remarks)
