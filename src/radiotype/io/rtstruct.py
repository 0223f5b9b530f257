"""Regions of interest from DICOM RT structure sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from radiotype.core.geometry import Floats
from radiotype.core.volume import Mask, Scan
from radiotype.errors import InputError
from radiotype.io.named import Named, choose, listed, mask_of_each, short_names, wants_any
from radiotype.io.objects import RTSTRUCT, open_object, reading, require_same_frame
from radiotype.io.rasterise import Drawing, draw_contours

if TYPE_CHECKING:
    from pydicom import Dataset

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
OPEN = ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR")

#: Three planes or more, no two of them nearer than this, were drawn on thicker slices, or on every other slice.
THICKER_SLICES = 1.4


@dataclass(frozen=True, eq=False)
class Roi:
    """One region of interest as it was drawn.

    Parameters
    ----------
    number : int
        Its number in the file.
    name : str
        As the file has it; may hold anything, a patient's name too.
    contours : tuple of arrays, each (n_points, 3), mm
        Closed contours in patient coordinates (LPS).
    n_open : int
        Open contours and points, which bound no region and are left out of `contours`.
    frame_uid : str
        Frame of reference it was drawn in.
    series_uids : tuple of str
        Series that the file refers to in that frame of reference.
    """

    number: int
    name: str
    contours: tuple[Floats, ...]
    n_open: int = 0
    frame_uid: str = ""
    series_uids: tuple[str, ...] = ()


def list_rois(path: str | Path) -> tuple[tuple[int, str], ...]:
    """Number and name of each region of interest of a structure set, in its order.

    Raises
    ------
    InputError
        RT201, RT202 or RT211.

    Examples
    --------
    >>> list_rois("structures.dcm")  # doctest: +SKIP
    ((1, 'GTV-1'), (2, 'Lung_L'))
    """
    path = Path(path)
    with reading(path, "the structure set"):
        return tuple((one.number, one.name) for one in _regions(open_object(path, (RTSTRUCT,), "a structure set")))


def read_contours(path: str | Path, *, label: int | str | None = None, roi: str | None = None) -> tuple[Roi, ...]:
    """Contours of the regions asked for: by number (`label`), by name or pattern (`roi`), or all.

    Raises
    ------
    InputError
        RT201, RT202, RT207, RT211; RT205 or RT214 for a number or name that is not there.
    """
    path = Path(path)
    with reading(path, "the structure set"):
        structures = _Structures.of(open_object(path, (RTSTRUCT,), "a structure set"))
        return tuple(structures.roi(one) for one in choose(structures.regions, label, roi, path))


def read_rtstruct(
    path: str | Path, like: Scan, *, label: int | str | None = None, roi: str | None = None, keep_tiny: bool = True
) -> tuple[Mask, ...]:
    """Regions of interest of a structure set on the grid of the scan they were drawn on.

    Parameters
    ----------
    path : path
        A DICOM RT structure set.
    like : Scan
        The scan; its grid is that of the masks.
    label : int or "any", optional
        The number of one region; "any" joins those that `roi` leaves.
    roi : str, optional
        A name, exact, or a shell pattern such as GTV*. Without name and number: one mask per region with closed contours.
        Of several regions, those that cannot be drawn are left out, with a remark on the others.
    keep_tiny : bool
        A contour around no voxel centre becomes the voxel that holds its centroid.

    Returns
    -------
    tuple of Mask
        Labelled with the regions' names as far as they are letters, digits, - and _; `remarks` tell what had to be decided.

    Raises
    ------
    InputError
        RT201, RT202, RT207, RT211; RT204 if nothing closed was drawn, RT205 or RT214 for a number or name that is not there,
        RT217 if it was drawn in another frame of reference or all of it lies beyond the scan.

    Examples
    --------
    >>> masks = read_rtstruct("structures.dcm", scan, roi="GTV*")  # doctest: +SKIP
    """
    path = Path(path)
    with reading(path, "the structure set"):
        structures = _Structures.of(open_object(path, (RTSTRUCT,), "a structure set"))
        chosen = choose(structures.regions, label, roi, path)
        chosen = [one for one in chosen if structures.bounds(one)] or chosen
        named = list(zip(chosen, short_names(chosen), strict=True))

        def draw(one: tuple[Named, str]) -> Mask:
            return _mask(structures.roi(one[0]), one[1], like, keep_tiny, path)

        return mask_of_each(named, draw, join=wants_any(label))


def _mask(roi: Roi, name: str, like: Scan, keep_tiny: bool, path: Path) -> Mask:
    what = f"region number {roi.number}"
    require_same_frame(like, roi.frame_uid, roi.series_uids, what)
    if not roi.contours:
        raise InputError(
            "RT204",
            f"{what} has no closed contour ({roi.n_open} open contours or points)",
            file=path,
            hint="name another region in the column `roi` of the manifest",
        )
    try:
        drawing = draw_contours(roi.contours, like.grid, keep_tiny=keep_tiny)
    except InputError as error:
        raise InputError(error.code, f"{what}: {error.found}", file=path, hint=error.hint) from error
    if not drawing.data.any():
        raise _nothing_drawn(what, roi, drawing, like)
    if drawing.gap_slices > THICKER_SLICES:
        raise InputError(
            "RT207",
            f"{what} has contours on every {drawing.gap_slices:.1f} slices of the scan; between them it would be empty",
            file=path,
            hint="use the series it was drawn on, or have its contours interpolated where they were drawn",
        )
    return Mask(drawing.data, like.grid, name, path.name, _remarks(roi.n_open, drawing))


def _nothing_drawn(what: str, roi: Roi, drawing: Drawing, like: Scan) -> InputError:
    if not drawing.n_off_scan and not drawing.n_clipped:
        return InputError("RT204", f"{what} encloses no area ({drawing.n_contours} contours)")
    points = np.concatenate(roi.contours)
    along = like.grid.direction[:, 2]
    low, high = (points @ along).min(), (points @ along).max()
    first, last = (float(corner @ along) for corner in like.grid.corners_mm()[[0, -1]])
    return InputError(
        "RT217",
        f"{what} lies beyond the scan: {drawing.n_off_scan} of {drawing.n_contours} contours on other slices, "
        f"{drawing.n_clipped} beside the image\n  contours  {low:.1f} to {high:.1f} mm along the slices\n"
        f"  scan      {first:.1f} to {last:.1f} mm",
        hint="it was drawn on another series, or slices of this one are missing",
    )


def _remarks(n_open: int, drawing: Drawing) -> tuple[str, ...]:
    """What had to be decided, with counts."""
    counts = {
        "open contours or points ignored": n_open,
        "contours without area ignored": drawing.n_without_area,
        "contours beyond the first or last slice ignored": drawing.n_off_scan,
        "contours between two slices ignored": drawing.n_between,
        f"contours moved to the nearest slice, by up to {drawing.farthest_slices:.2f} of a slice": drawing.n_moved,
        "repeated contours drawn once": drawing.n_repeated,
        "contours around no voxel centre kept as one voxel": drawing.n_tiny,
        "contours cut at the border of the image": drawing.n_clipped,
        "pairs of contours overlap in part, and what both enclose is outside": drawing.n_overlapping,
        "slices without a contour inside the region": drawing.n_skipped_slices,
    }
    return tuple(f"{n} {what}" for what, n in counts.items() if n)


def _regions(dataset: Dataset) -> list[Named]:
    return listed(dataset, "StructureSetROISequence", "ROINumber", "ROIName")


class _Structures(NamedTuple):
    """A structure set: its regions; by number of a region, its frame of reference and contours; by frame, its series."""

    regions: list[Named]
    frames: dict[int, str]
    contours: dict[int, list[Dataset]]
    series: list[tuple[str, tuple[str, ...]]]

    @staticmethod
    def of(dataset: Dataset) -> _Structures:
        regions = _regions(dataset)
        frames = {int(item.ROINumber): _text(item, "ReferencedFrameOfReferenceUID") for item in dataset.StructureSetROISequence}
        contours: dict[int, list[Dataset]] = {one.number: [] for one in regions}
        for item in dataset.get("ROIContourSequence") or ():
            number = item.get("ReferencedROINumber")
            if number is None:
                raise InputError("RT202", "the structure set lacks ReferencedROINumber", hint="export it again")
            contours.setdefault(int(number), []).extend(item.get("ContourSequence") or ())
        return _Structures(regions, frames, contours, _series(dataset))

    def bounds(self, region: Named) -> bool:
        """Whether it has a contour that is not open."""
        return any(_kind(one) not in OPEN for one in self.contours[region.number])

    def roi(self, region: Named) -> Roi:
        """The region with its contours."""
        number, closed = region.number, []
        for contour in self.contours[number]:
            kind = _kind(contour)
            if kind in CLOSED:
                closed.append(_points(contour, number))
            elif kind not in OPEN:
                raise InputError("RT202", f"region number {number} has a contour of no known type", hint="export it again")
        frame = self.frames[number] or (self.series[0][0] if len(self.series) == 1 else "")
        series = next((found for uid, found in self.series if uid == frame or len(self.series) == 1), ())
        return Roi(number, region.name, tuple(closed), len(self.contours[number]) - len(closed), frame, series)


def _text(item: Dataset, keyword: str) -> str:
    return str(item.get(keyword, "") or "").strip()


def _kind(contour: Dataset) -> str:
    return _text(contour, "ContourGeometricType").upper()


def _series(dataset: Dataset) -> list[tuple[str, tuple[str, ...]]]:
    """Frames of reference, each with the series that the structure set refers to in it."""
    found = []
    for frame in dataset.get("ReferencedFrameOfReferenceSequence") or ():
        studies = frame.get("RTReferencedStudySequence") or ()
        uids = [_text(one, "SeriesInstanceUID") for study in studies for one in study.get("RTReferencedSeriesSequence") or ()]
        found.append((_text(frame, "FrameOfReferenceUID"), tuple(uid for uid in uids if uid)))
    return found


def _points(contour: Dataset, number: int) -> Floats:
    offset = contour.get("ContourOffsetVector")
    if offset is not None and any(float(one) for one in offset):
        raise InputError("RT207", f"region number {number} has contours with an offset vector, which was retired in 2004")
    values = _numbers(contour.get_item("ContourData") if "ContourData" in contour else None)
    if values is None or len(values) % 3:
        raise InputError("RT202", f"region number {number} has a contour whose points cannot be read", hint="export it again")
    points = values.reshape(-1, 3)
    stated = contour.get("NumberOfContourPoints")
    if stated is not None and int(stated) != len(points):
        raise InputError(
            "RT202",
            f"region number {number} has a contour of {len(points)} points where {int(stated)} are stated",
            hint="the file was cut short or changed; export it again",
        )
    return points


def _numbers(element: Any) -> Floats | None:
    """Numbers of an element, from its stored text where possible: a list of decimal strings takes ten times the memory."""
    if element is None:
        return np.zeros(0)
    value = element.value
    if value is None and getattr(element, "length", None):
        return None  # too large a value to be read
    if isinstance(value, bytes):
        text = value.decode("ascii").strip(" \0")
        if not text:
            return np.zeros(0)
        numbers = np.fromstring(text, sep="\\")
        return numbers if len(numbers) == text.count("\\") + 1 else None
    return np.atleast_1d(np.array(value if value is not None else [], dtype=np.float64))
