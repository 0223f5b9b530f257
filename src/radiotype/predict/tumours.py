"""The tumours that a model was made from: codes and small pictures, to show a new case beside those it is most like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from radiotype.errors import ModelError
from radiotype.subtypes.distances import METRICS, distances_between, without_distance

#: Side of a picture, pixels; larger ones are thinned out.
SIDE = 96
#: Codes of this size or above are none that a model gives; their squares would be no numbers.
LARGEST_CODE = 1e100
#: Larger files are not read, bytes.
MAX_BYTES = 2**30

_VERSION = 1
_KINDS: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "version": ("int64", ()),
    "model": ("uint8", (32,)),
    "metric": ("int64", ()),
    "codes": ("float64", ("n", "c")),
    "subtype": ("int64", ("n",)),
    "images": ("uint8", ("n", SIDE, SIDE)),
    "masks": ("uint8", ("n", SIDE, SIDE // 8)),
    "shapes": ("int64", ("n", 2)),
    "spacing_mm": ("float64", ("n", 2)),
}


@dataclass(frozen=True, eq=False)
class TrainingTumours:
    """Tumours by number, from 1 on; no id, no date, no clinical value of any patient.

    Parameters
    ----------
    model : bytes
        SHA-256 of the model file that they belong to.
    metric : str
        How codes are compared.
    codes : array, shape (n_tumours, n_codes)
    subtype : array of int, shape (n_tumours,)
        Position of the subtype among the model's.
    images : array of uint8, shape (n_tumours, 96, 96)
        The axial plane in which the tumour is largest, in the upper left corner.
    masks : array of bool, shape (n_tumours, 96, 96)
    shapes : array of int, shape (n_tumours, 2)
        Rows and columns that are used; 0 where there is no picture.
    spacing_mm : array, shape (n_tumours, 2)
        Per row and column.
    """

    model: bytes
    metric: str
    codes: npt.NDArray[Any]
    subtype: npt.NDArray[Any]
    images: npt.NDArray[Any]
    masks: npt.NDArray[Any]
    shapes: npt.NDArray[Any]
    spacing_mm: npt.NDArray[Any]

    def __post_init__(self) -> None:
        for one in fields(self):
            array = getattr(self, one.name)
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.codes)

    def nearest(self, codes: npt.NDArray[Any], n: int = 3) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The tumours that each case is least unlike.

        Parameters
        ----------
        codes : array, shape (n_cases, n_codes)
            As `Model.codes` gives them.
        n : int
            How many, at most.

        Returns
        -------
        array of int, shape (n_cases, n)
            Positions, nearest first; -1 for a case without codes or without any distance.
        array, shape (n_cases, n)
            Distances; NaN there.

        Raises
        ------
        ModelError
            RT501 if these codes are not those of the model.
        """
        if codes.shape[1] != self.codes.shape[1]:
            raise ModelError("RT501", f"a case has {codes.shape[1]} codes, the training tumours have {self.codes.shape[1]}")
        n = min(n, len(self))
        places, distances = np.full((len(codes), n), -1), np.full((len(codes), n), np.nan)
        rows = np.flatnonzero(np.isfinite(codes).all(axis=1))
        rows = rows[~without_distance(codes[rows], self.metric)] if len(rows) else rows
        if len(rows):
            between = distances_between(codes[rows], self.codes, self.metric)
            places[rows] = np.argsort(between, axis=1, kind="stable")[:, :n]
            distances[rows] = np.take_along_axis(between, places[rows], axis=1)
        return places, distances

    def picture(self, at: int) -> dict[str, npt.NDArray[Any]]:
        """The axial plane of one tumour as the report draws it; empty where there is none."""
        rows, columns = (int(length) for length in self.shapes[at])
        if not rows:
            return {}
        plane = slice(rows), slice(columns)
        return {
            "image_axial": self.images[at][plane],
            "mask_axial": self.masks[at][plane],
            "spacing_axial": self.spacing_mm[at],
        }

    def to_bytes(self) -> bytes:
        """What `read_tumours` reads: plain arrays, the same bytes for the same tumours."""
        from safetensors.numpy import save

        arrays = {
            "version": np.array(_VERSION),
            "model": np.frombuffer(self.model, dtype=np.uint8),
            "metric": np.array(METRICS.index(self.metric)),
            "codes": self.codes.astype(np.float64),
            "subtype": self.subtype.astype(np.int64),
            "images": self.images.astype(np.uint8),
            "masks": np.packbits(self.masks.astype(bool), axis=2),
            "shapes": self.shapes.astype(np.int64),
            "spacing_mm": self.spacing_mm.astype(np.float64),
        }
        written: bytes = save({name: np.array(array, order="C") for name, array in arrays.items()})
        return written


def training_tumours(
    model: bytes,
    metric: str,
    codes: npt.NDArray[Any],
    subtype: npt.NDArray[Any],
    pictures: list[Mapping[str, npt.NDArray[Any]]],
) -> TrainingTumours:
    """Tumours with their pictures, in an order that tells nothing but subtype and code.

    Parameters
    ----------
    model, metric, codes, subtype
        As in `TrainingTumours`.
    pictures : list of mappings
        `image_axial`, `mask_axial` and `spacing_axial` of each; empty where there is none.
    """
    order = np.lexsort((*codes.T[::-1], subtype))
    n = len(codes)
    images = np.zeros((n, SIDE, SIDE), dtype=np.uint8)
    masks = np.zeros((n, SIDE, SIDE), dtype=bool)
    shapes, spacing = np.zeros((n, 2), dtype=np.int64), np.ones((n, 2))
    for row, at in enumerate(order):
        if "image_axial" not in pictures[at]:
            continue
        image, mask = pictures[at]["image_axial"], pictures[at]["mask_axial"]
        step = -(-max(image.shape) // SIDE)
        image, mask = image[::step, ::step], mask[::step, ::step]
        shapes[row], spacing[row] = image.shape, pictures[at]["spacing_axial"] * step
        images[row, : image.shape[0], : image.shape[1]] = image
        masks[row, : image.shape[0], : image.shape[1]] = mask
    return TrainingTumours(model, metric, codes[order], subtype[order], images, masks, shapes, spacing)


def read_tumours(path: Path, model: bytes, n_subtypes: int) -> TrainingTumours:
    """Read the tumours of a model.

    Parameters
    ----------
    path : Path
    model : bytes
        SHA-256 of the model file.
    n_subtypes : int

    Raises
    ------
    ModelError
        RT502 if the file is damaged or belongs to another model.
    """
    from safetensors.numpy import load

    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES} bytes")
        arrays = load(path.read_bytes())
        _check(arrays, n_subtypes)
    except Exception as error:  # whatever is wrong in the bytes, a user can do one thing only
        raise _refusal(path, f"they cannot be read ({type(error).__name__})") from error
    if arrays["model"].tobytes() != model:
        raise _refusal(path, "they belong to another model")
    masks = np.unpackbits(arrays["masks"], axis=2).astype(bool)
    rest = {name: arrays[name] for name in ("codes", "subtype", "images", "shapes", "spacing_mm")}
    return TrainingTumours(model, METRICS[int(arrays["metric"])], masks=masks, **rest)


def _refusal(path: Path, why: str) -> ModelError:
    hint = "copy the model and its training tumours from one run together, or take the tumours away: a model works without"
    return ModelError("RT502", f"the training tumours of the model cannot be used: {why}", file=path, hint=hint)


def _check(arrays: dict[str, npt.NDArray[Any]], n_subtypes: int) -> None:
    if set(arrays) != set(_KINDS):
        raise ValueError("there are other arrays")
    lengths: dict[str, int] = {}
    for name, (dtype, shape) in _KINDS.items():
        array = arrays[name]
        if array.dtype.name != dtype or array.ndim != len(shape):
            raise ValueError(f"{name} is of another kind")
        for expected, length in zip(shape, array.shape, strict=True):
            if (lengths.setdefault(expected, length) if isinstance(expected, str) else expected) != length:
                raise ValueError(f"{name} has another shape")
    if int(arrays["version"]) != _VERSION or not 0 <= int(arrays["metric"]) < len(METRICS):
        raise ValueError("it is of another version")
    inside = (arrays["subtype"] >= 0) & (arrays["subtype"] < n_subtypes)
    if not inside.all() or (arrays["shapes"] < 0).any() or (arrays["shapes"] > SIDE).any():
        raise ValueError("a number is not possible")
    if (arrays["shapes"] > 0).sum(axis=1).tolist().count(1):
        raise ValueError("a picture has rows and no columns, or columns and no rows")
    if not (np.abs(arrays["codes"]) < LARGEST_CODE).all() or not arrays["codes"].size:
        raise ValueError("a number is not possible, or there is none")
    if without_distance(arrays["codes"], METRICS[int(arrays["metric"])]).any():
        raise ValueError("a tumour correlates with nothing")
    if not (arrays["spacing_mm"] > 0).all() or np.isinf(arrays["spacing_mm"]).any():
        raise ValueError("a number is not possible")
