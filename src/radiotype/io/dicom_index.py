"""DICOM series and the RTSTRUCT and SEG that reference them, found among many files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from radiotype.core.volume import UNIT_OF_MODALITY
from radiotype.errors import InputError
from radiotype.io.cases import Finding
from radiotype.io.header_tags import Links, opaque, read_links, read_patient_id
from radiotype.io.names import STORAGE_FOLDERS
from radiotype.io.walk import Note

#: Objects that hold regions.
_REGIONS = ("RTSTRUCT", "SEG")

#: First bytes of a DICOM file without preamble: group 0008 or 0002, little endian.
_GROUPS = (b"\x08\x00", b"\x02\x00")


@dataclass
class FoundSeries:
    """The files of one series that lie in one folder."""

    folder: Path
    uid: str
    modality: str
    frame: str
    paths: list[Path] = field(default_factory=list)
    instances: set[str] = field(default_factory=set)
    patient: str = ""
    patient_id: str = ""

    @property
    def path(self) -> Path:
        """The file that stands for the series in a manifest."""
        return min(self.paths)


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM does; files of other kinds are told apart without reading them."""
    try:
        with path.open("rb") as file:
            start = file.read(132)
    except OSError:
        return False
    return start[128:] == b"DICM" or (
        start[:2] in _GROUPS and len(start) == 132 and start[2:3] != b"\0" and start[3:4] == b"\0"
    )


@dataclass
class DicomIndex:
    """Collects DICOM files one by one; `findings` then says which region belongs to which series."""

    root: Path
    keep_patient_id: bool = False
    notes: list[Note] = field(default_factory=list)
    _series: dict[tuple[Path, str], FoundSeries] = field(default_factory=dict)
    _regions: list[tuple[Path, str]] = field(default_factory=list)
    _series_in: dict[Path, set[str]] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Read the header of one file and remember what it is; what cannot be read is noted."""
        if path.name.upper() == "DICOMDIR":
            return self._note(path, "a directory of DICOM files; the files themselves are read")
        from radiotype.io.dicom.header import read_header

        try:
            instance = read_header(path)
        except InputError as error:
            return self._note(path, f"{error.code} {error.found}")
        self._series_in.setdefault(path.parent, set()).add(instance.series_uid)
        if instance.modality in _REGIONS:
            self._regions.append((path, instance.modality))
        elif instance.modality not in UNIT_OF_MODALITY:
            self._note(path, f"an object of modality {_code(instance.modality)} is not used")
        else:
            key = (path.parent, instance.series_uid)
            found = self._series.setdefault(
                key, FoundSeries(*key, modality=instance.modality, frame=instance.frame_of_reference_uid or "")
            )
            if instance.sop_instance_uid in found.instances:
                self._note(path, "the same image stands in this folder under another name")
            found.paths.append(path)
            found.instances.add(instance.sop_instance_uid)
        return None

    def findings(self) -> list[Finding]:
        """One finding per series and region, ordered by path."""
        series = self._complete_series()
        by_uid = {one.uid: one for one in series}  # a series that is complete lies in one folder, so its UID is its own
        by_frame: dict[str, list[FoundSeries]] = {}
        for one in series:
            by_frame.setdefault(one.frame, []).append(one)
        used: set[int] = set()
        result: list[Finding] = []
        for path, kind in sorted(self._regions):
            try:
                links = read_links(path)
                regions = regions_of(path, kind)
            except InputError as error:
                self._note(path, f"{error.code} {error.found}")
                continue
            target = self._target(path, links, by_uid, by_frame)
            if target is None:
                continue
            if not regions:
                self._note(path, "it holds no region")
            used.add(id(target))
            result += self._rows(path, target, regions, is_seg=kind == "SEG")
        for one in series:
            if id(one) not in used:
                self._note(one.path, f"no RTSTRUCT or SEG references this {one.modality} series")
        return result

    def _complete_series(self) -> list[FoundSeries]:
        """Series that lie whole in one folder; a copy in a second folder is passed by, one spread over folders too."""
        by_uid: dict[str, list[FoundSeries]] = {}
        for key in sorted(self._series, key=lambda key: (key[0].as_posix(), key[1])):
            by_uid.setdefault(key[1], []).append(self._series[key])
        complete = []
        for parts in by_uid.values():
            first, *others = sorted(parts, key=lambda one: -len(one.instances))
            spread = [one for one in others if not one.instances <= first.instances]
            for one in others:
                why = "a part of a series spread over folders; put its files into one" if spread else "a copy of a series"
                self._note(one.path, why)
            if spread:
                self._note(first.path, "a part of a series spread over folders; put its files into one")
                continue
            patient_id = self._patient_id(first.path)
            first.patient = opaque(patient_id) if patient_id else ""
            first.patient_id = patient_id if self.keep_patient_id else ""
            complete.append(first)
        return sorted(complete, key=lambda one: one.path)

    def _patient_id(self, path: Path) -> str:
        try:
            return read_patient_id(path)
        except InputError:
            return ""

    def _target(
        self, path: Path, links: Links, by_uid: dict[str, FoundSeries], by_frame: dict[str, list[FoundSeries]]
    ) -> FoundSeries | None:
        """The series a region object was drawn on: the one it names, else the only one in its frame of reference."""
        named = [by_uid[uid] for uid in links.series if uid in by_uid]
        if len(named) == 1:
            return named[0]
        if named:
            self._note(path, f"it references {len(named)} series; name one by hand")
            return None
        framed = [one for frame in links.frames if frame for one in by_frame.get(frame, [])]
        if len(framed) == 1:
            self._note(path, "it names no series found here; the only one in its frame of reference was taken")
            return framed[0]
        self._note(path, "it references no series found here" if not framed else f"{len(framed)} series share its frame")
        return None

    def _rows(self, path: Path, series: FoundSeries, regions: list[tuple[str, str]], *, is_seg: bool) -> list[Finding]:
        folder = series.folder
        whole = len(self._series_in[folder]) == 1 and folder != self.root
        place = _common_place(folder.relative_to(self.root), path.parent.relative_to(self.root))
        return [
            Finding(
                image=folder if whole else series.path,
                mask=path,
                place=place,
                modality=series.modality,
                roi=roi,
                label=number if is_seg else "",
                number=number,
                patient=series.patient,
                patient_id=series.patient_id,
            )
            for roi, number in regions
        ]

    def _note(self, path: Path, why: str) -> None:
        self.notes.append(Note(path.relative_to(self.root).as_posix(), why))


def regions_of(path: Path, kind: str) -> list[tuple[str, str]]:
    """Name and number of each region of an RTSTRUCT or SEG."""
    if kind == "RTSTRUCT":
        from radiotype.io.rtstruct import list_rois as listed
    else:
        from radiotype.io.seg import list_segments as listed
    return [(name, str(number)) for number, name in listed(path)]


def _common_place(first: Path, second: Path) -> tuple[str, ...]:
    """The folders that a series and its regions have in common; the longer one's when one lies within the other."""
    shared = []
    for a, b in zip(first.parts, second.parts, strict=False):
        if a != b:
            break
        shared.append(a)
    return tuple(part for part in shared if part.lower() not in STORAGE_FOLDERS)


def _code(text: str) -> str:
    """A modality as it may be printed: a code, not whatever a header holds."""
    return text if text.isascii() and text.isalnum() and len(text) <= 16 else "unknown"
