"""Masks written as a DICOM segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from radiotype.core.volume import Mask
from radiotype.errors import InputError, RecipeError, StoreError
from radiotype.io import guard
from radiotype.io.dicom.dataset import has_dicom_marker, read_dataset
from radiotype.io.objects import reading
from radiotype.io.seg_frames import Frames
from radiotype.io.seg_place import Place

if TYPE_CHECKING:
    from pydicom import Dataset

#: SNOMED CT codes of what is outlined when nothing else is said.
CATEGORY = ("49755003", "SCT", "Morphologically abnormal structure")
NEOPLASM = ("108369006", "SCT", "Neoplasm")


def write_seg(
    path: str | Path,
    masks: Sequence[Mask],
    series: str | Path | Sequence[str | Path],
    *,
    algorithm: str = "",
    property_code: tuple[str, str, str] = NEOPLASM,
) -> None:
    """Write masks as one binary DICOM segmentation, one segment per mask; masks may overlap.

    As the standard asks, the file carries the patient and study of the series: it is no less identifying than the scan.

    Parameters
    ----------
    path : path
        The file to write; replaced if it exists.
    masks : sequence of Mask
        On one grid, whose slices are those of the series. Labels become segment labels.
    series : path or sequence of paths
        The scan they belong to: a folder that holds one series of single-frame images, or its files.
    algorithm : str
        Name of the program that drew them; empty when a person did.
    property_code : tuple of str
        Value, scheme and meaning of the code of what is outlined.

    Raises
    ------
    InputError
        RT202 if the series cannot be read or lacks what a segmentation must repeat, RT203 if masks reach beyond its slices,
        RT211 for several series or multi-frame images.
    RecipeError
        RT103 if the package highdicom (extra `seg`) is not installed.
    StoreError
        RT401 if the file cannot be written.

    Examples
    --------
    >>> write_seg("tumour.dcm", [mask], "CT")  # doctest: +SKIP
    """
    path = Path(path)
    if find_spec("highdicom") is None:
        raise RecipeError("RT103", "writing a segmentation needs the package highdicom", hint="pip install 'radiotype[seg]'")
    if not masks:
        raise InputError("RT204", "no mask was given to write", file=path)
    if any(not mask.grid.same_as(masks[0].grid) for mask in masks):
        raise InputError("RT203", "the masks to be written lie on different grids", file=path)
    folder = Path(series) if isinstance(series, str | Path) else path
    images = _images(series)
    with reading(folder, "the series"):
        frames = _frames(images)
    place = Place.of(frames, masks[0].grid)
    used, pixels = _pixels(frames, place, masks, folder)
    first, last = used[0], used[-1] + 1
    with reading(folder, "the series"):
        try:
            gap_mm = masks[0].grid.spacing_mm[place.order[0]]
            segmentation = _segmentation(images[first:last], pixels, masks, gap_mm, algorithm, property_code)
        except AttributeError as error:
            raise InputError("RT202", f"the images lack {error.name}, which a segmentation repeats") from None
    part = path.with_name(path.name + ".part")
    try:
        segmentation.save_as(part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError("RT401", f"the segmentation cannot be written ({type(error).__name__})", file=path) from error


def _images(series: str | Path | Sequence[str | Path]) -> list[Dataset]:
    """Headers of the images of one series, in order of position along their normal."""
    if isinstance(series, str | Path):
        folder = Path(series)
        if not folder.is_dir():
            raise InputError("RT201", "the folder of the series does not exist", file=folder)
        paths = sorted(one for one in folder.iterdir() if one.is_file() and has_dicom_marker(one))
    else:
        paths = [Path(one) for one in series]
        for one in paths:
            guard.require_file(one)
    if not paths:
        raise InputError("RT202", "no DICOM file was found", file=Path(series) if isinstance(series, str | Path) else None)
    images = []
    for one in paths:
        with reading(one, "the image"):
            images.append(read_dataset(one)[0])
    with reading(paths[0].parent, "the series"):
        if len({str(one.SeriesInstanceUID) for one in images}) > 1:
            raise InputError("RT211", "the images belong to several series", hint="give the files of one series")
        if any(int(one.get("NumberOfFrames") or 1) > 1 for one in images):
            raise InputError("RT211", "segmentations of multi-frame images are not written")
        normal = np.cross(*np.array(images[0].ImageOrientationPatient, dtype=float).reshape(2, 3))
        return sorted(images, key=lambda one: float(np.array(one.ImagePositionPatient, dtype=float) @ normal))


def _frames(images: list[Any]) -> Frames:
    orientation = np.array([one.ImageOrientationPatient for one in images], dtype=float)
    spacing = np.array([one.PixelSpacing for one in images], dtype=float)
    sizes = {(int(one.Rows), int(one.Columns)) for one in images}
    if len(sizes) > 1 or np.ptp(orientation, axis=0).max() > 1e-3 or np.ptp(spacing, axis=0).max() > 1e-3 * spacing.min():
        raise InputError("RT207", "the images of the series differ in size, orientation or pixel spacing")
    rows, columns = sizes.pop()
    position = np.array([one.ImagePositionPatient for one in images], dtype=float)
    across, down = orientation[0, :3] * spacing[0, 1], orientation[0, 3:] * spacing[0, 0]
    return Frames(rows, columns, np.ones(len(images), dtype=np.int64), position, across, down, 0.0)


def _pixels(frames: Frames, place: Place, masks: Sequence[Mask], folder: Path) -> tuple[list[int], Any]:
    """Numbers of the images that a mask touches, and the pixels of those from first to last: (images, rows, columns, masks)."""
    shape = (frames.rows, frames.columns)
    of_slice = dict(zip(place.start[place.on_grid, 0].tolist(), np.flatnonzero(place.on_grid).tolist(), strict=True))
    touched = sorted({int(k) for mask in masks for k in np.flatnonzero(mask.data.transpose(place.order).any(axis=(1, 2)))})
    missing = [k for k in touched if k not in of_slice]
    used = sorted(of_slice[k] for k in touched if k in of_slice)
    pixels = np.zeros((used[-1] - used[0] + 1 if used else 0, *shape, len(masks)), dtype=np.uint8)
    for n in used:
        for m, mask in enumerate(masks):
            pixels[n - used[0], ..., m] = place.pull(n, mask.data, shape)
    lost = sum(mask.n_voxels for mask in masks) - int(pixels.sum(dtype=np.int64))
    if missing or lost:
        raise InputError(
            "RT203",
            f"{lost:,} voxels of the masks lie on no image of the series ({len(missing)} of {len(touched)} slices without one)",
            file=folder,
            hint="write masks on the slices of the scan they were drawn on",
        )
    return used, pixels


def _segmentation(
    images: list[Any], pixels: Any, masks: Sequence[Mask], gap_mm: float, algorithm: str, code: tuple[str, str, str]
) -> Any:
    import highdicom
    from pydicom.sr.coding import Code
    from pydicom.uid import generate_uid
    from pydicom.valuerep import DS

    from radiotype import __version__

    family = Code("123109", "DCM", "Artificial Intelligence")
    identified = highdicom.AlgorithmIdentificationSequence(algorithm, family, __version__) if algorithm else None
    described = [
        highdicom.seg.SegmentDescription(
            segment_number=n,
            segment_label=mask.label[:64] or str(n),
            segmented_property_category=Code(*CATEGORY),
            segmented_property_type=Code(*code),
            algorithm_type="AUTOMATIC" if algorithm else "MANUAL",
            algorithm_identification=identified,
        )
        for n, mask in enumerate(masks, start=1)
    ]
    spacing = float(np.linalg.norm(_step(images))) if len(images) > 1 else gap_mm
    thickness = images[0].get("SliceThickness") or spacing
    for one in images:
        one.SliceThickness = one.get("SliceThickness") or thickness  # images may leave it empty, a segmentation may not
    segmentation = highdicom.seg.Segmentation(
        source_images=images,
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=generate_uid(prefix=None),
        series_number=100,
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer="radiotype",
        manufacturer_model_name="radiotype",
        software_versions=__version__,
        device_serial_number="1",
        pixel_measures=highdicom.PixelMeasuresSequence(images[0].PixelSpacing, float(thickness), spacing),
        omit_empty_frames=True,
    )
    if len(images) == 1:  # for which 1 mm is written, whatever is asked for
        (measures,) = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
        measures.SpacingBetweenSlices = DS(spacing, auto_format=True)
    return segmentation


def _step(images: list[Any]) -> Any:
    position = np.array([one.ImagePositionPatient for one in images], dtype=float)
    return (position[-1] - position[0]) / (len(images) - 1)
