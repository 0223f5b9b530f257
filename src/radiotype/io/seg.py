"""Regions from DICOM segmentations: binary, fractional and label maps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.core.volume import Mask, Scan
from radiotype.errors import InputError, RecipeError
from radiotype.io.dicom.header import read_header
from radiotype.io.named import Named, choose, listed, mask_of_each, short_names, wants_any
from radiotype.io.objects import LABEL_MAP, SEGMENTATION, open_object, reading, require_same_frame
from radiotype.io.seg_frames import Frames
from radiotype.io.seg_pixels import FramePixels
from radiotype.io.seg_place import Place
from radiotype.io.seg_write import write_seg

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["list_segments", "read_seg", "write_seg"]

SEG_KINDS = (SEGMENTATION, LABEL_MAP)


def list_segments(path: str | Path) -> tuple[tuple[int, str], ...]:
    """Number and label of each segment of a DICOM segmentation, in its order.

    Raises
    ------
    InputError
        RT201, RT202 or RT211.

    Examples
    --------
    >>> list_segments("lesions.dcm")  # doctest: +SKIP
    ((1, 'Lesion'), (2, 'Prostate'))
    """
    path = Path(path)
    with reading(path, "the segmentation"):
        return tuple((one.number, one.name) for one in _names(open_object(path, SEG_KINDS, "a segmentation")))


def read_seg(
    path: str | Path,
    like: Scan | None = None,
    *,
    label: int | str | None = None,
    roi: str | None = None,
    threshold: float = 0.5,
    whole: bool = False,
) -> tuple[Mask, ...]:
    """Segments of a DICOM segmentation as masks.

    Parameters
    ----------
    path : path
        A DICOM SEG: binary, fractional or label map; segments may overlap and slices without a frame may be left out.
    like : Scan, optional
        The scan it belongs to. The masks then lie on its grid, on which every frame with a pixel inside must fall; without it
        they lie on the smallest regular grid that holds all frames of the file.
    label : int or "any", optional
        The number of one segment; "any" joins those that `roi` leaves.
    roi : str, optional
        The label of a segment, exact, or a shell pattern. Without name and number: one mask per segment that is not empty.
        Of several segments, those that do not lie on the scan are left out, with a remark on the others.
    threshold : float
        Least fraction of the largest possible value that is inside, of a fractional segmentation.
    whole : bool
        Refuse the file if one of the segments asked for does not lie on the scan.

    Returns
    -------
    tuple of Mask
        Labelled with the segments' labels as far as they are letters, digits, - and _.

    Raises
    ------
    RecipeError
        RT103 for a threshold that is no fraction.
    InputError
        RT201, RT202, RT207, RT209, RT211, RT215; RT203 if frames fall on no slice of `like`, RT204 if nothing is inside,
        RT205 or RT214 for a number or name that is not there, RT213 for frames that stand twice, RT217 for another frame of
        reference.

    Examples
    --------
    >>> masks = read_seg("lesions.dcm", scan, roi="Lesion*")  # doctest: +SKIP
    """
    path = Path(path)
    if not 0 < threshold <= 1:
        raise RecipeError("RT103", f"a threshold lies above 0 and at most at 1, found {threshold}", file=path)
    with reading(path, "the segmentation"):
        dataset = open_object(path, SEG_KINDS, "a segmentation")
        segments = _names(dataset)
        chosen = choose(segments, label, roi, path)
        frames = Frames.of(dataset)
        values = _Values.of(dataset, {one.number for one in segments}, threshold, FramePixels.of(read_header(path)))
        _refuse_contradictions(frames, values)
        if like is not None:
            require_same_frame(like, str(dataset.get("FrameOfReferenceUID", "") or ""), _series(dataset), "the segmentation")
        grid = like.grid if like is not None else frames.grid()
        placed = _placed(frames, values, grid, [one.number for one in chosen])
        inside = [one for one in chosen if one.number in placed]
        if not inside:
            raise InputError(
                "RT204",
                f"none of the {len(chosen)} segments asked for has a pixel inside",
                hint="check the export of this mask",
            )

        def finish(one: tuple[Named, str]) -> Mask:
            segment = placed[one[0].number]
            segment.require_whole(frames, grid)
            remarks = (f"fractions from {threshold:g} on were taken as inside",) if segment.cut_fractions else ()
            return Mask(segment.data, grid, one[1], path.name, remarks)

        named = list(zip(inside, short_names(inside), strict=True))
        return mask_of_each(named, finish, join=wants_any(label), whole=whole)


@dataclass(frozen=True, eq=False)
class _Values:
    """What the stored values of a frame mean."""

    pixels: FramePixels
    kind: str
    least: float
    largest: int
    known: npt.NDArray[np.int64]
    padding: int | None

    @staticmethod
    def of(dataset: Dataset, numbers: Collection[int], threshold: float, pixels: FramePixels) -> _Values:
        kind = str(dataset.get("SegmentationType", "")).strip().upper()
        if kind not in ("BINARY", "FRACTIONAL", "LABELMAP"):
            raise InputError("RT202", "the segmentation is neither binary nor fractional nor a label map")
        least, largest = 1.0, 1
        if kind == "FRACTIONAL":
            largest = int(dataset.get("MaximumFractionalValue") or 0)
            if not 1 <= largest <= 255:
                raise InputError("RT202", f"the largest fractional value is stated as {largest}; 1 to 255 is possible")
            least = threshold * largest
        padding = dataset.get("PixelPaddingValue")
        known = np.array(sorted({0, *numbers}), dtype=np.int64)
        return _Values(pixels, kind, least, largest, known, None if padding is None else int(padding))

    def inside(self, stored: npt.NDArray[Any], segment: int) -> list[tuple[int, npt.NDArray[np.bool_]]]:
        """Segments with a pixel inside a frame, each with its pixels."""
        if self.kind != "LABELMAP":
            inside = stored >= self.least
            return [(segment, inside)] if inside.any() else []
        present = np.unique(stored)
        strange = [int(one) for one in present if one not in self.known and one != self.padding]
        if strange:
            raise InputError("RT202", f"the label map holds {len(strange)} values that are no segment, such as {strange[0]}")
        return [(int(one), stored == one) for one in present if one != 0 and one in self.known]


def _refuse_contradictions(frames: Frames, values: _Values) -> None:
    if values.kind == "LABELMAP":
        keys = frames.position
    else:
        strange = np.setdiff1d(frames.segment, values.known[values.known > 0])
        if len(strange):
            raise InputError(
                "RT202", f"frames belong to {len(strange)} segments that are not listed, such as {strange[0]}",
                hint="export it again",
            )  # fmt: skip
        keys = np.column_stack([frames.segment, frames.position])
    twice = len(keys) - len(np.unique(keys.round(3), axis=0))
    if twice:
        raise InputError(
            "RT213", f"{twice} frames stand twice at one place of one segment",
            hint="a segmentation of several time points is not read; save one per time point",
        )  # fmt: skip


@dataclass(eq=False)
class _Segment:
    """One segment on a grid, and what of it did not fit there."""

    data: npt.NDArray[np.bool_]
    n_off: int = 0
    n_lost: int = 0
    cut_fractions: bool = False

    def require_whole(self, frames: Frames, grid: Grid) -> None:
        if self.n_off or self.n_lost:
            own = f"{frames.columns} x {frames.rows} pixels in {len(frames.segment)} frames"
            raise InputError(
                "RT203",
                f"{self.n_off} frames fall on no slice of the scan, {self.n_lost} pixels beside its image\n"
                f"  scan  {grid}\n  mask  {own}",
                hint="check that it belongs to this scan, or allow resampling: --resample-masks nearest",
            )
        self.data.setflags(write=False)


def _placed(frames: Frames, values: _Values, grid: Grid, numbers: list[int]) -> dict[int, _Segment]:
    """The chosen segments that are not empty, on a grid; by number."""
    place = Place.of(frames, grid)
    placed: dict[int, _Segment] = {}
    wanted = [n for n, segment in enumerate(frames.segment.tolist()) if segment in (0, *numbers)]
    for n, stored in zip(wanted, values.pixels.frames(wanted), strict=True):
        for number, inside in values.inside(stored, int(frames.segment[n])):
            if number not in numbers:
                continue
            if number not in placed:
                # Slices lie one after another in memory, and pages that are never written take none.
                placed[number] = _Segment(np.zeros(grid.shape[::-1], dtype=bool).transpose(2, 1, 0))
            segment = placed[number]
            if not place.on_grid[n]:
                segment.n_off += 1
                continue
            where, kept = place.cut(n, inside)
            segment.n_lost += int(inside.sum()) - int(kept.sum())
            segment.data.transpose(place.order)[where] |= kept
        if values.kind == "FRACTIONAL" and int(frames.segment[n]) in placed:
            placed[int(frames.segment[n])].cut_fractions |= bool(((stored > 0) & (stored < values.largest)).any())
    return placed


def _names(dataset: Dataset) -> list[Named]:
    """The segments; 0 is the background of a label map."""
    return listed(dataset, "SegmentSequence", "SegmentNumber", "SegmentLabel", least=1)


def _series(dataset: Dataset) -> list[str]:
    return [str(one.get("SeriesInstanceUID", "")) for one in dataset.get("ReferencedSeriesSequence") or ()]
