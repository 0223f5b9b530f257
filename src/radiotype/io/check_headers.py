"""Checks that need the headers of the files a manifest lists, and no voxel."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from radiotype.core.geometry import Grid
from radiotype.core.volume import UNIT_OF_MODALITY, Scan
from radiotype.errors import InputError, RadiotypeError
from radiotype.io import guard
from radiotype.io.check_manifest import Line
from radiotype.io.dicom_index import is_dicom, regions_of
from radiotype.io.findings import Found, of_error
from radiotype.io.header_tags import Links, Risks, opaque, read_links, read_risks
from radiotype.io.named import Named, choose
from radiotype.io.nifti_header import read_nifti_header
from radiotype.io.volumes import ITK, NIFTI, read_header, suffix_of

#: Bytes at each end of a file that are compared to find copies, and number and bytes of the samples between.
_ENDS, _SAMPLES, _SAMPLE = 2**16, 32, 2**11


@dataclass
class Header:
    """What the header of an image or mask says; `problems` are errors of reading it."""

    path: Path
    grid: Grid | None = None
    modality: str = ""
    unit: str = ""
    n_phases: int = 1
    regions: tuple[tuple[str, str], ...] | None = None
    fingerprint: str = ""
    content: str = ""
    problems: list[RadiotypeError] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    risks: Risks | None = None
    links: Links | None = None
    frame: str = ""
    series: str = ""

    def mark(self, twice: Counter[str]) -> str:
        """A key that copies share: the fingerprint, and all of the content where another file has the same one."""
        if self.fingerprint and not self.content and twice[self.fingerprint] > 1:
            self.content = digest(self.path)
        return f"{self.fingerprint} {self.content}" if self.fingerprint else ""


@dataclass
class HeaderChecks:
    """Reads every header once and collects what is wrong with it, alone, beside its mask, and within the cohort."""

    found: list[Found] = field(default_factory=list)
    n_headers: int = 0
    images: dict[object, Header] = field(default_factory=dict)
    masks: dict[Path, Header] = field(default_factory=dict)

    def row(self, line: Line) -> bool:
        """Check the files of one row; whether its voxels are worth reading."""
        image = self._image(line)
        self._alone(line, image)
        fine = not image.problems and self._phase(line, image)
        masks = [("mask", line.region.masks)]
        if line.region.parenchyma is not None:
            masks.append(("parenchyma", line.region.parenchyma))
        for role, loader in masks:
            fine = self._mask(line, role, loader, image) and fine
        return fine

    def cohort(self, lines: Sequence[Line]) -> None:
        """Checks that compare rows with each other."""
        self._copies(lines)
        self._unlike(lines)

    def _add(self, line: Line, check: str, role: str = "image", found: str = "") -> None:
        key = line.region.key
        self.found.append(Found(line.line, check, role, key.case_id, key.roi if role == "mask" else "", found=found))

    def _problems(self, line: Line, role: str, header: Header) -> None:
        key = line.region.key
        for error in header.problems:
            self.found.append(of_error(error, line.line, role, case_id=key.case_id, roi=key.roi if role == "mask" else ""))

    def _image(self, line: Line) -> Header:
        loader: Any = line.region.image
        identity = (loader.path, loader.modality)
        if identity not in self.images:
            self.n_headers += 1
            self.images[identity] = read_image_header(loader)
        header = self.images[identity]
        self._problems(line, "image", header)
        return header

    def _alone(self, line: Line, image: Header) -> None:
        """Spacing, orientation and what may identify the patient."""
        for check, words in image.doubts:
            self._add(line, check, found=words)
        if image.grid is not None:
            spacing = image.grid.spacing_mm
            words = f"voxels of {' x '.join(f'{s:.4g}' for s in spacing)} mm"
            if max(spacing) > 10 * min(spacing):
                self._add(line, "spacing_uneven", found=words)
            if max(spacing) > 10:
                self._add(line, "spacing_large", found=words)
            if min(spacing) < 0.1:
                self._add(line, "spacing_small", found=words)
        if image.risks is not None:
            key = line.region.key
            if image.risks.burned_in == "YES" or image.risks.screen:
                self._add(line, "burned_in")
            if image.risks.recognisable:
                self._add(line, "face_visible")
            if {opaque(key.case_id), opaque(key.patient_id)} & image.risks.identity:
                self._add(line, "id_of_patient", role="")

    def _phase(self, line: Line, image: Header) -> bool:
        phase = getattr(line.region.image, "phase", None)
        if phase is None and image.n_phases > 1:
            self._add(line, "phase_missing", found=f"the scan has {image.n_phases} phases and none is named")
            return False
        if phase is not None and phase >= image.n_phases:
            self._add(line, "phase_absent", found=f"phase {phase} is named, the scan has {image.n_phases} (0 is the first)")
            return False
        return True

    def _mask(self, line: Line, role: str, loader: Any, image: Header) -> bool:
        if loader.path not in self.masks:
            self.n_headers += 1
            self.masks[loader.path] = read_mask_header(loader.path)
        mask = self.masks[loader.path]
        self._problems(line, role, mask)
        if mask.problems:
            return False
        if mask.n_phases > 1:
            self._add(line, "mask_unusable", role, f"a mask has one phase, this file has {mask.n_phases}")
            return False
        if mask.regions is not None:
            return self._frame(line, role, mask, image) and self._region(line, loader, mask.regions)
        if image.grid is None or mask.grid is None or image.grid.same_as(mask.grid):
            return True
        if getattr(loader, "resample", "refuse") == "nearest":
            return True
        self._add(line, "grid_differs", role, f"scan {image.grid}; mask {mask.grid}")
        return False

    def _frame(self, line: Line, role: str, mask: Header, image: Header) -> bool:
        """Whether an RTSTRUCT or SEG was drawn in the frame of reference of the scan, as far as both say."""
        links = mask.links
        if links is None or not image.frame or not links.frames or image.frame in links.frames or image.series in links.series:
            return True
        self._add(line, "frame_differs", role)
        return False

    def _region(self, line: Line, loader: Any, regions: tuple[tuple[str, str], ...]) -> bool:
        """Whether the region a row names is in its RTSTRUCT or SEG."""
        try:
            choose([Named(_whole(number), name) for name, number in regions], loader.label, loader.roi, loader.path)
        except InputError as error:
            key = line.region.key
            self.found.append(of_error(error, line.line, "mask", case_id=key.case_id, roi=key.roi))
            return False
        return True

    def _copies(self, lines: Sequence[Line]) -> None:
        """One file under several cases, by path or by content."""
        images: dict[str, Line] = {}
        masks: dict[tuple[str, str], Line] = {}
        twice = Counter(header.fingerprint for header in [*self.images.values(), *self.masks.values()])
        for line in lines:
            key = line.region.key
            loader: Any = line.region.image
            mark = self.images[(loader.path, loader.modality)].mark(twice)
            first = images.setdefault(mark, line) if mark else line
            if first.region.key.patient_id != key.patient_id:
                self._add(line, "same_file", found=f"lines {first.line} and {line.line} are two patients with one image")
            mask: Any = line.region.masks
            mark = self.masks[mask.path].mark(twice)
            part = f"{getattr(mask, 'label', None) or ''} {key.roi if self.masks[mask.path].regions is not None else ''}"
            other = masks.setdefault((mark, part), line) if mark else line
            if other.region.key.case_id != key.case_id:
                same = other.region.masks.path == mask.path
                words = f"lines {other.line} and {line.line} are two cases with one mask"
                self._add(line, "same_file" if same else "same_mask", "mask", words)

    def _unlike(self, lines: Sequence[Line]) -> None:
        """Units, modalities and orientations that differ between scans of one name."""
        scans: dict[str, dict[Path, tuple[Line, Header]]] = defaultdict(dict)
        for line in lines:
            loader: Any = line.region.image
            header = self.images[(loader.path, loader.modality)]
            if header.grid is not None:
                scans[line.region.key.scan].setdefault(loader.path, (line, header))
        for members in scans.values():
            self._minority([(line, header.unit) for line, header in members.values()], "mixed_units", "unit")
            kinds = [(line, header.modality) for line, header in members.values()]
            self._minority(kinds, "mixed_modalities", "modality")
            ways = [(line, _slice_axis(header.grid)) for line, header in members.values() if header.grid]
            if len(ways) > 2:
                self._minority(ways, "orientation_unlike", "direction of slices")

    def _minority(self, members: Sequence[tuple[Line, str]], check: str, what: str) -> None:
        counts = Counter(value for _, value in members)
        if len(counts) < 2:
            return
        most = min(counts, key=lambda value: (-counts[value], value))
        for line, value in members:
            if value != most:
                words = f"{what} {value}, most scans of this name have {most}"
                self._add(line, check, found=words)


def read_image_header(loader: Any) -> Header:
    """The header of an image of a manifest; whatever is wrong with it becomes a problem."""
    header = Header(loader.path)
    try:
        scan = replace(loader, phase=None)()
        header.grid, header.n_phases = scan.grid, scan.n_phases
        header.modality, header.unit = scan.modality, scan.unit
        header.path = Path(getattr(scan.voxels, "path", loader.path))  # of a series its first slice
        header.fingerprint = fingerprint(header.path)
        if suffix_of(loader.path) in NIFTI:
            header.doubts += _nifti_placement(loader.path)
        elif suffix_of(loader.path) not in ITK:
            from radiotype.io.dicom.header import read_header as read_dicom_header

            instance = read_dicom_header(header.path)
            header.frame, header.series = instance.frame_of_reference_uid, instance.series_uid
            header.risks = read_risks(header.path)
            header.doubts += _contradictions(scan, loader.modality)
    except RadiotypeError as error:
        header.problems.append(error)
    return header


def read_mask_header(path: Path) -> Header:
    """The header of a mask of a manifest: its grid, or the names and labels of its regions."""
    header = Header(path)
    try:
        if suffix_of(path) in NIFTI + ITK:
            volume = read_header(path)
            header.grid = volume.grid
            header.n_phases = volume.voxels.shape[0] if len(volume.voxels.shape) == 4 else 1
        else:
            header.regions = _regions(path)
            header.links = read_links(path)
        header.fingerprint = fingerprint(path)
    except RadiotypeError as error:
        header.problems.append(error)
    return header


def _regions(path: Path) -> tuple[tuple[str, str], ...]:
    guard.require_file(path)
    if not is_dicom(path):
        raise InputError("RT211", "files of this type are not read; a mask is a volume, an RTSTRUCT or a SEG", file=path)
    from radiotype.io.dicom.header import read_header as read_dicom_header

    modality = read_dicom_header(path).modality
    if modality not in ("RTSTRUCT", "SEG"):
        raise InputError("RT211", "a mask may be a volume, an RTSTRUCT or a SEG; this DICOM file is neither", file=path)
    return tuple(regions_of(path, modality))


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def fingerprint(path: Path) -> str:
    """A key that two files share when their size, ends and samples between are the same; `digest` then tells whether all is."""
    with guard.foreign(path, "the file"):
        size = path.stat().st_size
        seen = hashlib.blake2b(digest_size=16)
        with path.open("rb") as file:
            for start in (0, *range(_ENDS, size - _ENDS, max(1, size // _SAMPLES)), max(0, size - _ENDS)):
                file.seek(start)
                seen.update(file.read(_ENDS if start in (0, size - _ENDS) else _SAMPLE))
    return f"{size} {seen.hexdigest()}"


def digest(path: Path) -> str:
    """A key that two files share when all of their bytes are the same."""
    with guard.foreign(path, "the file"), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _nifti_placement(path: Path) -> list[tuple[str, str]]:
    """Doubts about where a NIfTI header places its voxels: it may say so twice, or not at all."""
    with guard.foreign(path, "the NIfTI header"):
        head = read_nifti_header(path, compressed=suffix_of(path) == ".nii.gz")
    if head.qform is None and head.sform is None:
        return [("orientation_unknown", "")]
    if head.qform is not None and head.sform is not None:
        both = [Grid((head.shape[0], head.shape[1], head.shape[2]), matrix) for matrix in (head.qform, head.sform)]
        if not both[0].same_as(both[1]):
            shift = float(np.linalg.norm(both[0].corners_mm() - both[1].corners_mm(), axis=1).max())
            return [("orientation_contradicts", f"the two ways of placing the voxels differ by {shift:.1f} mm")]
    return []


def _contradictions(scan: Scan, modality: str) -> list[tuple[str, str]]:
    if modality in UNIT_OF_MODALITY and modality not in ("OT", "SER", scan.modality):
        return [("modality_contradicts", f"the manifest says {modality}, the header {scan.modality}")]
    return []


def _slice_axis(grid: Grid) -> str:
    """The direction in which the third index runs, as one word."""
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(grid.direction[:, 2])))]
