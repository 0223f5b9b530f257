"""Find scans and their regions in a folder, and propose a manifest."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import pandas as pd

from radiotype.core.cohort import MANIFEST_COLUMNS
from radiotype.core.watching import Progress, unwatched
from radiotype.errors import InputError, RecipeError
from radiotype.io.cases import IDS, Finding, Ids, name_cases
from radiotype.io.dicom_index import DicomIndex, is_dicom
from radiotype.io.names import MODALITY_WORDS, STORAGE_FOLDERS, Name, read_name, region_name, split_words
from radiotype.io.pairs import Pair, Volume, pair_volumes
from radiotype.io.volumes import ITK, NIFTI, read_header, suffix_of
from radiotype.io.walk import Note, Walk, walk

#: Columns of the manifest that is proposed; the others of `MANIFEST_COLUMNS` are for a person to add.
COLUMNS = ("patient_id", "case_id", "visit", "scan", "modality", "image", "phase", "mask", "roi", "label", "parenchyma")

#: Volumes whose voxels lie in a second file, and what else is worth a line of its own.
_PAIRS_OF_FILES = (".hdr", ".img", ".mhd", ".nhdr")

#: A dataset.json larger than this is none of nnU-Net, bytes.
_MAX_JSON = 2**20


@dataclass(frozen=True, eq=False)
class Index:
    """What was found in a folder.

    Parameters
    ----------
    manifest : data frame, text
        One row per region of a scan, in the columns of a manifest; may be empty.
    notes : data frame, text
        path, why: what was found but not used, or used with a doubt.
    n_files : int
        Number of files looked at.
    """

    manifest: pd.DataFrame
    notes: pd.DataFrame
    n_files: int


def index(
    folder: str | Path,
    *,
    relative_to: str | Path | None = None,
    ids: Ids = "layout",
    progress: Progress = unwatched,
) -> Index:
    """Find DICOM series with their RTSTRUCT and SEG, and image and mask volumes, below a folder. Only headers are read.

    Parameters
    ----------
    folder : path
        Links that leave it are not followed. A file that cannot be read is noted, never fatal.
    relative_to : path, optional
        The folder the manifest will lie in; paths are relative to it. The folder itself when left out.
    ids : "layout", "numbers" or "patient-id"
        What cases are called: after folders and files; case-0001 and so on; or after the PatientID of the DICOM header.
    progress : Progress, optional
        Told of each file.

    Returns
    -------
    Index
        Ordered by case, image and region: the same folder gives the same tables.

    Raises
    ------
    RecipeError
        RT110 if `folder` is no folder; RT103 for another value of `ids`.

    Examples
    --------
    >>> found = index("scans")  # doctest: +SKIP
    >>> found.manifest.to_csv("manifest.csv", index=False)  # doctest: +SKIP
    """
    if ids not in IDS:
        raise RecipeError("RT103", f"cases cannot be called after {ids!r}; it may be {', '.join(IDS)}")
    found = walk(folder)
    root = found.root
    dicom = DicomIndex(root, keep_patient_id=ids == "patient-id")
    volumes: list[Volume] = []
    notes = [*found.notes]
    others: Counter[tuple[str, str]] = Counter()
    with progress("reading headers", len(found.files)) as advance:
        for path in found.files:
            _look_at(path, root, volumes, dicom, notes, others)
            advance()
    pairs = pair_volumes(volumes)
    findings = sorted(
        [*dicom.findings(), *_of_pairs(pairs, root, numbered=ids == "numbers")], key=lambda one: (str(one.image), str(one.mask))
    )
    _name_modalities(findings, _channels(found))
    if findings:
        name_cases(findings, ids, root)
    _name_scans(findings)
    _name_regions(findings, notes, root)
    notes += [*dicom.notes, *_of_volumes(volumes, pairs), *_doubts(findings, root)]
    notes += [
        Note(place, f"{n} file{'s' * (n > 1)} of type {kind}: no scan and no mask") for (place, kind), n in others.items()
    ]
    base = Path(relative_to) if relative_to is not None else root
    return Index(_table(findings, base), pd.DataFrame(sorted(set(notes)), columns=["path", "why"]), len(found.files))


def _look_at(
    path: Path, root: Path, volumes: list[Volume], dicom: DicomIndex, notes: list[Note], others: Counter[tuple[str, str]]
) -> None:
    """Sort one file into volumes, DICOM or others."""
    relative = path.relative_to(root)
    suffix = suffix_of(path)
    if suffix in NIFTI + ITK:
        try:
            header = read_header(path)
        except InputError as error:
            notes.append(Note(relative.as_posix(), f"{error.code} {error.found}"))
            return
        n_phases = header.voxels.shape[0] if len(header.voxels.shape) == 4 else 1
        volumes.append(Volume(read_name(PurePath(relative)), header.grid, n_phases))
    elif suffix in _PAIRS_OF_FILES:
        notes.append(Note(relative.as_posix(), "header and data in two files are not read; convert them to one file"))
    elif is_dicom(path):
        dicom.add(path)
    else:
        kind = path.suffix.lower()
        others[(relative.parent.as_posix(), kind if kind[1:].isalnum() and len(kind) <= 8 else "unknown")] += 1


def _of_pairs(pairs: Sequence[Pair], root: Path, *, numbered: bool) -> list[Finding]:
    """A finding per pair of volumes."""
    crowded = Counter(pair.image.name.base for pair in {id(pair.image): pair for pair in pairs}.values())
    findings = []
    tissue = {pair.image.name.path: pair.mask.name.path for pair in pairs if pair.mask.name.is_parenchyma}
    drawn = {pair.image.name.path for pair in pairs if not pair.mask.name.is_parenchyma}
    for pair in pairs:
        image, mask = pair.image.name, pair.mask.name
        if mask.is_parenchyma and image.path in drawn:
            continue
        modality, scan = image.modality
        entities = dict(image.entities)
        alone = pair.by_folder or crowded[image.base] == 1
        place = _place(image, alone=alone)
        findings.append(
            Finding(
                image=root / image.path,
                mask=root / mask.path,
                place=(f"sub-{entities['sub']}",) if "sub" in entities else place,
                flat=not alone,
                modality=modality,
                scan=scan or (image.channel and f"channel-{image.channel}"),
                roi=region_name(mask, image, known_words_only=numbered),
                parenchyma=root / tissue[image.path] if image.path in tissue and not mask.is_parenchyma else None,
                visit=entities.get("ses", ""),
            )
        )
    return findings


def _place(image: Name, *, alone: bool) -> tuple[str, ...]:
    """Folder names, and the words of the file name, that stand for the case of an image."""
    folders = [part for part in image.base.parts if part.lower() not in STORAGE_FOLDERS]
    parts = (_told(part, image) for part in image.stem.replace(".", "_").split("_"))
    words = "_".join(part for part in parts if part)
    return (*folders, words) if words and not (alone and image.base.parts) else tuple(folders)


def _told(part: str, image: Name) -> str:
    """What of a part of a file name belongs to the case rather than to the scan, as it is written."""
    pieces = re.split(r"([\s\-]+)", part)
    kept = [n for n in range(0, len(pieces), 2) if not set(split_words(pieces[n])).isdisjoint(image.key)]
    return "".join(pieces[kept[0] : kept[-1] + 1]) if kept else ""


def _channels(found: Walk) -> dict[Path, dict[str, str]]:
    """Names of the channels of nnU-Net data sets, by folder: what dataset.json says."""
    named: dict[Path, dict[str, str]] = {}
    for path in found.files:
        if path.name != "dataset.json" or path.stat().st_size > _MAX_JSON:
            continue
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            names = content.get("channel_names") or content.get("modality") or {}
            named[path.parent] = {f"channel-{int(number):04d}": str(name) for number, name in names.items()}
        except (ValueError, AttributeError, OSError, RecursionError):
            continue
    return named


def _name_modalities(findings: Sequence[Finding], channels: dict[Path, dict[str, str]]) -> None:
    """Fill in modalities that a data set's own description names."""
    for one in findings:
        name = channels.get(one.image.parent.parent, {}).get(one.scan, "")
        hints = [MODALITY_WORDS[word] for word in split_words(name) if word in MODALITY_WORDS]
        if hints and not one.modality:
            one.modality, one.scan = hints[0]


def _name_scans(findings: Sequence[Finding]) -> None:
    """Tell the scans of one case apart by name; a case with one scan needs none."""
    cases: dict[tuple[str, str], dict[Path, str]] = {}
    for one in findings:
        cases.setdefault((one.case_id, one.visit), {}).setdefault(one.image, one.scan or one.modality or "scan")
    for one in findings:
        names = cases[(one.case_id, one.visit)]
        alike = [image for image, name in names.items() if name == names[one.image]]
        number = f"-{alike.index(one.image) + 1}" if len(alike) > 1 else ""
        one.scan = names[one.image] + number if len(names) > 1 else ""


def _name_regions(findings: list[Finding], notes: list[Note], root: Path) -> None:
    """Tell the regions of one scan apart: those of DICOM files by name, and by number where names return."""
    seen: Counter[tuple[str, ...]] = Counter()
    for one in list(findings):
        key = (one.case_id, one.visit, one.scan, one.roi or "tumour")
        seen[key] += 1
        if seen[key] == 1:
            continue
        in_dicom = suffix_of(one.mask) not in NIFTI + ITK
        if in_dicom and not one.number:
            findings.remove(one)
            notes.append(
                Note(one.mask.relative_to(root).as_posix(), "another region of this scan has the same name and no number")
            )
            continue
        one.roi = f"{one.roi or 'tumour'}-{seen[key]}"
        one.label = one.number if in_dicom else one.label


def _of_volumes(volumes: Sequence[Volume], pairs: Sequence[Pair]) -> list[Note]:
    """Volumes without a partner, and pairs with a doubt."""
    used = {id(one) for pair in pairs for one in (pair.image, pair.mask)}
    notes = [Note(pair.mask.name.path.as_posix(), pair.doubt) for pair in pairs if pair.doubt]
    for one in volumes:
        if id(one) not in used:
            why = "a mask for which no image was found" if one.name.is_mask else "an image for which no mask was found"
            notes.append(Note(one.name.path.as_posix(), why))
    for image in {id(pair.image): pair.image for pair in pairs if pair.image.n_phases > 1}.values():
        notes.append(Note(image.name.path.as_posix(), f"it has {image.n_phases} phases: fill in the column `phase`"))
    tissues = Counter(pair.image.name.path for pair in pairs if pair.mask.name.is_parenchyma)
    notes += [
        Note(path.as_posix(), f"it has {n} masks of organ tissue, the last is taken") for path, n in tissues.items() if n > 1
    ]
    return notes


def _doubts(findings: Sequence[Finding], root: Path) -> list[Note]:
    """Images without a modality, and cases taken for one patient because of their folder."""
    notes = [
        Note(one.image.relative_to(root).as_posix(), "its modality is not known: fill in the column `modality`")
        for one in findings
        if not one.modality
    ]
    for one in findings:
        if one.patient_id and one.patient_id != one.case_id and not one.patient and not one.visit:
            why = "several cases of one folder are taken for one patient; correct `patient_id` if they are not"
            notes.append(Note(one.image.relative_to(root).as_posix(), why))
    return notes


def _table(findings: Sequence[Finding], base: Path) -> pd.DataFrame:
    """The manifest, paths relative to `base` and with forward slashes."""
    rows = [
        {
            **dict.fromkeys(COLUMNS, ""),
            **{name: getattr(one, name) for name in ("patient_id", "case_id", "visit", "scan", "modality", "label")},
            "roi": _harmless_pattern(one.roi),
            "image": _relative(one.image, base),
            "mask": _relative(one.mask, base),
            "parenchyma": _relative(one.parenchyma, base) if one.parenchyma else "",
        }
        for one in findings
    ]
    rows.sort(
        key=lambda row: (row["case_id"], row["visit"], row["image"], row["mask"], len(row["label"]), row["label"], row["roi"])
    )
    columns = [name for name in MANIFEST_COLUMNS if name in COLUMNS]
    return pd.DataFrame(rows, columns=columns).astype(object)


def _relative(path: Path, base: Path) -> str:
    """A path as the manifest holds it; never one that a spreadsheet takes for a formula, or that begins with a blank."""
    text = Path(os.path.relpath(path.absolute(), base.absolute())).as_posix()
    return f"./{text}" if text[:1] in ("=", "+", "-", "@", "~") or text[:1].isspace() else text


def _harmless_pattern(roi: str) -> str:
    """The same region as a pattern, where a spreadsheet would take its name for a formula."""
    return f"[{roi[0]}]{roi[1:]}" if roi[:1] in ("=", "+", "-", "@") else roi
