"""Image series: the files that belong together, as one scan."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from radiotype.core.geometry import Grid
from radiotype.core.volume import Scan
from radiotype.errors import InputError
from radiotype.io import guard
from radiotype.io.dicom.dataset import CUT_SHORT, has_dicom_marker
from radiotype.io.dicom.header import Instance, read_header
from radiotype.io.dicom.phases import Phases, split_phases
from radiotype.io.dicom.pixels import DicomVoxels, Digests, require_pixels
from radiotype.io.dicom.stack import Plane, grid_of, require_geometry, split_stacks
from radiotype.io.dicom.suv import activity_factor, suv_factors

#: Files with these modalities hold no scan, even where they hold pixels.
NOT_SCANS = frozenset({"SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "RTIMAGE", "SR", "PR", "KO", "REG", "FID", "DOC", "AU", "PLAN"})

#: Files called so are DICOM, whatever they hold.
SUFFIXES = (".dcm", ".ima")

#: A series of several stacks is read as its largest one if that has this many times the images of all others together.
DOMINANT = 3

#: Volumes of one series are one grid when none of their planes lies further from the others' than this, in gaps.
PHASE_TOLERANCE = 0.1


@dataclass(frozen=True, eq=False)
class Stack:
    """The volume or volumes of a series: where the voxels lie, the planes of each phase, and how many images were left out."""

    grid: Grid
    phases: Phases
    n_left_out: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scan should know."""
        notes = []
        if self.n_left_out:
            notes.append(f"{self.n_left_out} images of another size or direction were left out")
        if self.phases.n_dropped:
            notes.append(f"{self.phases.n_dropped} images stood twice with the same pixels and were taken once")
        if self.phases.split_by:
            notes.append(f"{len(self.phases.volumes)} phases were told apart by {self.phases.split_by}")
        return tuple(notes)


@dataclass(frozen=True, eq=False)
class Series:
    """Image files of one SeriesInstanceUID.

    Parameters
    ----------
    instances : tuple of Instance
        Every file, in any order.
    named : path, optional
        The file by which the series was asked for; where a series mixes stacks, the stack of this file is meant.

    Examples
    --------
    >>> series_of("scan/").scan(phase=0).grid.spacing_mm  # doctest: +SKIP
    (0.98, 0.98, 3.0)
    """

    instances: tuple[Instance, ...]
    named: Path | None = None

    @property
    def uid(self) -> str:
        """SeriesInstanceUID."""
        return self.instances[0].series_uid

    @property
    def frame_of_reference_uid(self) -> str:
        """FrameOfReferenceUID of the stack that is read."""
        return self.stack.phases.volumes[0][0].instance.frame_of_reference_uid

    @property
    def modality(self) -> str:
        """CT, MR or PT; OT for anything else."""
        found = self.instances[0].modality
        return found if found in ("CT", "MR", "PT") else "OT"

    @property
    def n_phases(self) -> int:
        """Number of volumes."""
        return len(self.stack.phases.volumes)

    @property
    def path(self) -> Path:
        """A file of the stack that is read; naming it names the series."""
        return self.stack.phases.volumes[0][0].path

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""
        return self.stack.grid

    @cached_property
    def stack(self) -> Stack:
        """The planes that make the scan, from headers alone.

        Raises
        ------
        InputError
            RT207 if the planes do not say where they lie or mix directions; RT213 if slices are missing or stand twice; RT217
            if they lie in different frames of reference.
        """
        try:
            return self._stack()
        except InputError as error:
            error.file = error.file or self.named or self.instances[0].path
            raise

    def _stack(self) -> Stack:
        planes = self._placed_planes()
        stacks = split_stacks(planes)
        chosen = self._choose(stacks)
        if len({plane.instance.frame_of_reference_uid for plane in chosen}) > 1:
            raise InputError("RT217", "the images of the series lie in different frames of reference")
        phases = split_phases(chosen, Digests())
        grids = [grid_of(volume) for volume in phases.volumes]
        first, gap = phases.volumes[0], grids[0].spacing_mm[2]
        for volume in phases.volumes[1:]:
            for ours, theirs in zip(first, volume, strict=True):
                apart = np.abs(np.array(ours.frame.position) - np.array(theirs.frame.position)).max()
                if apart > PHASE_TOLERANCE * min(gap, *(ours.frame.spacing or ())):
                    raise InputError("RT213", f"the phases lie up to {apart:.2f} mm apart", file=theirs.path)
        n_left_out = sum(one.n_frames for one in self.instances) - len(chosen)
        return Stack(grids[0], phases, max(n_left_out, 0))

    def _placed_planes(self) -> list[Plane]:
        """The planes that say where they lie. Files of another kind among them (pictures, reports) may fail to."""
        kinds = Counter(one.sop_class_uid for one in self.instances)
        usual = kinds.most_common(1)[0][0]
        planes: list[Plane] = []
        for one in self.instances:
            if one.pixels is None and one.sop_class_uid == usual:
                raise InputError("RT209", "the file ends before its pixel data", file=one.path, hint=CUT_SHORT)
            if not one.frames:
                if one.sop_class_uid == usual:
                    raise InputError("RT207", f"the file does not say where its {one.n_frames} frames lie", file=one.path)
                continue
            for frame in one.frames:
                try:
                    require_geometry(Plane(one, frame))
                except InputError:
                    if one.sop_class_uid == usual:
                        raise
                    break
            else:
                planes += [Plane(one, frame) for frame in one.frames]
        return planes

    def _choose(self, stacks: list[list[Plane]]) -> list[Plane]:
        if self.named is not None:
            for stack in stacks:
                if any(plane.path == self.named for plane in stack) and (len(stack) > 1 or len(stacks) == 1):
                    return stack
        if len(stacks[0]) >= DOMINANT * sum(map(len, stacks[1:])):
            return stacks[0]
        counts = " + ".join(str(len(stack)) for stack in stacks)
        raise InputError(
            "RT207",
            f"the series mixes {len(stacks)} sizes or directions ({counts} images)",
            hint="name one file of the images that are meant",
        )

    def scan(self, phase: int | None = None, *, modality: str = "", unit: str = "") -> Scan:
        """The scan of the series; its voxels are read when first needed.

        Parameters
        ----------
        phase : int, optional
            One phase, 0 is the first; all of them when left out.
        modality : str
            What the manifest says. The file decides: OT or nothing takes the file's, SER marks an MR map, and anything else
            must be the file's own.
        unit : str
            "Bq/mL" keeps the activity of a PET scan instead of SUVbw.

        Returns
        -------
        Scan
            Stored numbers with slope and intercept where one pair holds for all planes, else float32 values.

        Raises
        ------
        InputError
            RT202 .. RT217, naming the file and what to do.
        """
        try:
            return self._scan(phase, modality.upper(), unit)
        except InputError as error:
            error.file = error.file or self.named or self.instances[0].path
            raise

    def _scan(self, phase: int | None, wanted: str, unit: str) -> Scan:
        modality = self._modality(wanted)
        stack = self.stack
        volumes, times = stack.phases.volumes, stack.phases.times_s
        if phase is not None:
            if not 0 <= phase < len(volumes):
                raise InputError("RT212", f"phase {phase} was asked for, the scan has {len(volumes)} (0 is the first)")
            volumes, times = volumes[phase : phase + 1], None
        for one in {id(plane.instance): plane.instance for volume in volumes for plane in volume}.values():
            require_pixels(one)
        scaling, unit = self._scaling(volumes, modality, unit)
        pairs = scaling.reshape(-1, 2)
        one_pair = bool((pairs == pairs[0]).all())
        voxels = DicomVoxels(volumes, None if one_pair else scaling)
        itemsize = voxels.dtype.itemsize
        claimed = math.prod(voxels.shape) * itemsize
        guard.require_size(voxels.shape, itemsize, path=voxels.path, stored=claimed, compressed=False)
        slope, intercept = pairs[0].tolist() if one_pair else (1.0, 0.0)
        times = times if len(volumes) > 1 else None
        return Scan(voxels, stack.grid, modality, unit, slope, intercept, times, stack.notes)

    def _modality(self, wanted: str) -> str:
        if wanted in ("", "OT", self.modality):
            return self.modality
        if wanted == "SER" and self.modality in ("MR", "OT"):
            return wanted
        raise InputError(
            "RT208",
            f"the manifest says {wanted}, the file says {self.modality}",
            hint="leave the column `modality` empty: DICOM files say what they are",
        )

    def _scaling(self, volumes: tuple[tuple[Plane, ...], ...], modality: str, unit: str) -> tuple[npt.NDArray[np.float64], str]:
        """Slope and intercept of each plane, shape (T, K, 2), and the unit they lead to."""
        planes = [plane for volume in volumes for plane in volume]
        pairs = np.array([_rescale(plane) for plane in planes])
        if modality == "PT" and unit in ("", "SUVbw"):
            images = {plane.path: plane.instance for volume in self.stack.phases.volumes for plane in volume}
            factors = dict(zip(images, suv_factors(images.values()), strict=True))
            pairs *= np.array([factors[plane.path] for plane in planes])[:, None]
            found = "SUVbw"
        elif modality == "PT":
            pairs *= np.array([activity_factor(plane.instance) for plane in planes])[:, None]
            found = "Bq/mL"
        else:
            found = "HU" if modality == "CT" and planes[0].instance.rescale_type in ("", "HU") else "1"
        if unit not in ("", found):
            raise InputError("RT208", f"unit {unit!r} was asked for, the file holds {found}")
        return pairs.reshape(len(volumes), len(volumes[0]), 2), found


def _rescale(plane: Plane) -> tuple[float, float]:
    frame, modality = plane.frame, plane.instance.modality
    needed = {"CT": ("RescaleSlope", "RescaleIntercept"), "PT": ("RescaleSlope",)}.get(modality, ())
    values = {"RescaleSlope": frame.slope, "RescaleIntercept": frame.intercept}
    for name in needed:
        if values[name] is None:
            raise InputError(
                "RT216",
                f"{name} is missing, so the unit of the values is not known",
                file=plane.path,
                hint="export the original series again",
            )
    slope = 1.0 if frame.slope is None else frame.slope
    intercept = 0.0 if frame.intercept is None else frame.intercept
    if slope == 0 or abs(slope) > 1e30 or abs(intercept) > 1e30:
        raise InputError("RT209", "RescaleSlope or RescaleIntercept is not usable", file=plane.path)
    return slope, intercept


def group_series(instances: Iterable[Instance]) -> list[Series]:
    """Scans among DICOM files: one `Series` per SeriesInstanceUID, in order of series number.

    Files without pixels, and segmentations, doses and other objects that are no scan, are left out.
    """
    groups: dict[tuple[str, str], list[Instance]] = {}
    for one in instances:
        if one.modality not in NOT_SCANS:
            groups.setdefault((one.study_uid, one.series_uid), []).append(one)
    found = []
    for group in groups.values():
        kinds = {one.sop_class_uid for one in group if one.has_pixels}
        # A file that was cut short may have lost its pixels: it stays, so that it is missed.
        images = [one for one in group if one.has_pixels or one.sop_class_uid in kinds]
        if kinds:
            found.append(Series(tuple(sorted(images, key=_order))))
    return sorted(found, key=lambda series: (_number(series.instances[0].series_number), series.instances[0].path))


def _order(one: Instance) -> tuple[float, Path]:
    return _number(one.instance_number), one.path


def _number(value: int | None) -> float:
    return float("inf") if value is None else value


def series_of(path: str | Path) -> Series:
    """The series that a path means: a folder that holds one series of images, or any file of a series.

    Parameters
    ----------
    path : path
        A folder (its own files, not those of folders within), or one file; its siblings of the same series belong to it.

    Returns
    -------
    Series

    Raises
    ------
    InputError
        RT201 if there is nothing; RT202 if the folder holds no series or several, or a file is damaged.
    """
    path = Path(path)
    if path.is_dir():
        return _series_of_folder(path)
    named = read_header(path)
    if not named.has_pixels or named.modality in NOT_SCANS:
        raise InputError(
            "RT202", "this DICOM file holds no scan", file=path, hint="name a file of the image series, or its folder"
        )
    if not named.series_uid:
        return Series((named,), named=path)
    siblings = [one for one in _headers(path.parent) if one.series_uid == named.series_uid and one.study_uid == named.study_uid]
    return Series(group_series(siblings)[0].instances, named=path)


def _series_of_folder(folder: Path) -> Series:
    found = group_series(_headers(folder))
    if not found:
        raise InputError("RT202", "the folder holds no DICOM images", file=folder, hint="name the folder of one series")
    if len(found) > 1:
        counts = ", ".join(f"{one.modality} of {len(one.instances)} files" for one in found[:8])
        raise InputError(
            "RT202",
            f"the folder holds {len(found)} series ({counts}{', ...' if len(found) > 8 else ''}); one was expected",
            file=folder,
            hint="name one file of the series that is meant as `image`",
        )
    return found[0]


def _headers(folder: Path) -> list[Instance]:
    """Headers of the DICOM files of a folder, by name; hidden files and files of other kinds are passed over."""
    try:
        files = sorted(
            entry
            for entry in folder.iterdir()
            if entry.is_file() and entry.name.upper() != "DICOMDIR" and not entry.name.startswith(".")
        )
    except OSError as error:
        raise InputError("RT202", "the folder cannot be read", file=folder) from error
    # A file that is called .dcm and carries no marker is damaged: to pass over it could lose a slice.
    headers = [read_header(file) for file in files if file.suffix.lower() in SUFFIXES or has_dicom_marker(file)]
    for one in headers:
        if not one.series_uid:
            raise InputError("RT202", "the file does not say to which series it belongs", file=one.path, hint=CUT_SHORT)
    return headers
