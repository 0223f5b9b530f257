"""Manifests in, feature tables in and out."""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

import pandas as pd

from radiotype.core.case import Case, Region, RowKey
from radiotype.core.cohort import MANIFEST_COLUMNS, REQUIRED_COLUMNS, Cohort
from radiotype.core.feature import FeatureRecord
from radiotype.core.table import KEY_COLUMNS, FeatureTable
from radiotype.core.volume import UNIT_OF_MODALITY, Mask, Scan
from radiotype.errors import RecipeError, StoreError
from radiotype.io import guard
from radiotype.io.masks import read_masks, read_masks_nearest
from radiotype.io.text_table import TextTable, read_text_lines, uneven_line
from radiotype.io.volumes import files_of, read_scan

Resample = Literal["refuse", "nearest"]

#: What people write for a modality.
OTHER_NAMES = {"PET": "PT", "MRI": "MR", "CTA": "CT"}


@dataclass(frozen=True)
class ScanFile:
    """Reads a scan when called."""

    path: Path
    modality: str
    phase: int | None = None

    def __call__(self) -> Scan:
        return read_scan(self.path, phase=self.phase, modality=self.modality)

    def files(self) -> tuple[Path, ...]:
        return files_of(self.path)

    def how(self) -> dict[str, str]:
        return {"modality": self.modality, "phase": "" if self.phase is None else str(self.phase)}


@dataclass(frozen=True)
class MaskFile:
    """Reads the regions of a mask file when called, and refuses another grid than the scan's unless resampling is allowed."""

    path: Path
    label: str | None = None
    resample: Resample = "refuse"
    roi: str | None = None

    def __call__(self, like: Scan) -> tuple[Mask, ...]:
        if self.resample == "nearest":
            return read_masks_nearest(self.path, like, label=self.label, roi=self.roi)
        return read_masks(self.path, label=self.label, roi=self.roi, like=like)

    def files(self) -> tuple[Path, ...]:
        return (self.path,)

    def how(self) -> dict[str, str]:
        return {"label": self.label or "", "resample": self.resample, "roi": self.roi or ""}


def read_cohort(manifest: str | Path, *, resample_masks: Resample = "refuse") -> Cohort:
    """The cohort that a manifest lists (version 1); no image is opened.

    Parameters
    ----------
    manifest : path
        CSV, TSV or Parquet. Columns `case_id`, `image` and `mask` are required; paths are relative to its folder. A row is
        one region of one scan at one visit. Columns that are not the manifest's own are clinical.
    resample_masks : "refuse" or "nearest"
        What to do with a mask on another grid than its scan.

    Raises
    ------
    RecipeError
        RT103, RT110 .. RT114, naming the manifest and the line.

    Examples
    --------
    >>> cohort = read_cohort("manifest.csv")  # doctest: +SKIP
    """
    path = Path(manifest)
    text = read_manifest_lines(path)
    if text.uneven:
        raise uneven_line(text, *text.uneven[0], path)
    table = text.frame
    clinical = [name for name in table.columns if name not in MANIFEST_COLUMNS]
    regions: dict[str, list[Region]] = {}
    cells: dict[str, dict[str, str]] = {}
    lines: dict[RowKey, int] = {}
    for line, row in zip(text.lines, table.to_dict("records"), strict=True):
        region = region_of_row({str(name): value for name, value in row.items()}, path, line, resample_masks)
        key = region.key
        if key in lines:
            raise RecipeError(
                "RT112",
                f"lines {lines[key]} and {line} have the same case, visit, scan and roi",
                file=path,
                hint="give each row its own `roi`, `scan` or `visit`",
            )
        lines[key] = line
        regions.setdefault(key.case_id, []).append(region)
        values = {name: row[name] for name in clinical}
        known = cells.setdefault(key.case_id, values)
        different = [name for name in clinical if known[name] != values[name]]
        if different:
            raise RecipeError(
                "RT113",
                f"the column {different[0]!r} changes between the rows of one case (line {line})",
                case=key.case_id,
                file=path,
                hint="a clinical column has one value per case; give each visit its own case_id",
            )
    cases = [Case(name, rows[0].key.patient_id, tuple(rows), cells[name]) for name, rows in sorted(regions.items())]
    return Cohort(tuple(cases))


def read_manifest_lines(path: Path) -> TextTable:
    """The manifest as text, with the line of each row.

    Raises
    ------
    RecipeError
        RT103 for a limit of memory that is no number, before anything is read; RT110 if the manifest cannot be read or has no
        rows, RT111 if a column is missing.
    """
    guard.max_volume_bytes()
    text = read_text_lines(path)
    text = replace(text, frame=text.frame.set_axis([own_column(name) for name in text.frame.columns], axis=1))
    _require_plain_names(list(text.frame.columns), path)
    missing = [name for name in REQUIRED_COLUMNS if name not in text.frame.columns]
    if missing:
        columns = list(text.frame.columns)
        raise RecipeError(
            "RT111",
            f"the manifest lacks the column {', '.join(missing)}; it has {', '.join(columns[:30])}",
            file=path,
            hint=f"a manifest needs {', '.join(REQUIRED_COLUMNS)}",
        )
    if text.frame.empty and not text.uneven:
        raise RecipeError("RT110", "the table has no rows", file=path)
    return text


def own_column(name: str) -> str:
    """The manifest's own spelling of one of its columns (`Case ID` is `case_id`); any other name stays as it is."""
    plain = name.lower().replace(" ", "_").replace("-", "_")
    return plain if plain in MANIFEST_COLUMNS else name


def _require_plain_names(columns: list[str], path: Path) -> None:
    """Refuse a column that is nearly one of the manifest's: taken for clinical, it would change the method without a word."""
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        raise RecipeError("RT110", f"the table has the column {repeated[0]!r} more than once", file=path)
    absent = [name for name in MANIFEST_COLUMNS if name not in columns]
    for name in columns:
        alike = [one for one in absent if one[:1] == name[:1].lower() and abs(len(one) - len(name)) <= 2]
        close = difflib.get_close_matches(name.lower(), alike, n=1, cutoff=0.85) if name not in MANIFEST_COLUMNS else []
        if close:
            raise RecipeError(
                "RT111",
                f"the column {name!r} looks like the manifest's `{close[0]}`",
                file=path,
                hint=f"call it `{close[0]}`, or give a clinical column another name",
            )


def region_of_row(row: dict[str, str], manifest: Path, line: int, resample: Resample) -> Region:
    """What one row of a manifest lists.

    Raises
    ------
    RecipeError
        RT114 for a cell that is not allowed.
    """

    def refuse(found: str, hint: str | None = None) -> RecipeError:
        return RecipeError("RT114", f"line {line}: {found}", file=manifest, hint=hint)

    for name in REQUIRED_COLUMNS:
        if not row[name]:
            raise refuse(f"the cell `{name}` is empty")
    modality = row.get("modality", "").upper() or "OT"
    modality = OTHER_NAMES.get(modality, modality)
    if modality not in UNIT_OF_MODALITY:
        raise refuse(f"modality {modality!r} is not known", hint=f"use one of {', '.join(UNIT_OF_MODALITY)}")
    label, phase = (_without_zeros(row.get(name, "")) for name in ("label", "phase"))
    if label and label.lower() != "any" and not _is_whole_number(label):
        raise refuse(f"label {label!r} is neither a whole number nor `any`")
    if phase and not _is_whole_number(phase):
        raise refuse(f"phase {phase!r} is not a whole number (0 is the first)")
    reader = row.get("reader", "")
    key = RowKey(
        patient_id=row.get("patient_id", "") or row["case_id"],
        case_id=row["case_id"],
        visit=row.get("visit", "") or "1",
        scan=row.get("scan", "") or modality,
        roi=row.get("roi", "") or (f"reader-{reader}" if reader else "tumour"),
    )
    folder = manifest.parent.absolute()  # workers may stand in another folder
    own = ("time_days", "modality", "reader", "site", "scanner", "cohort", "split")
    parenchyma = row.get("parenchyma", "")
    return Region(
        key=key,
        image=ScanFile(_placed(row["image"], folder), modality, int(phase) if phase else None),
        masks=MaskFile(_placed(row["mask"], folder), label or None, resample, row.get("roi", "") or None),
        parenchyma=MaskFile(_placed(parenchyma, folder), "any", resample) if parenchyma else None,
        attributes={name: row.get(name, "") for name in own} | {"modality": modality},
    )


def _placed(cell: str, folder: Path) -> Path:
    """The path that a cell means: relative to the manifest, from the home folder with ~/, or as Windows writes it."""
    path = folder / (Path(cell).expanduser() if cell.startswith("~/") else cell)
    if "\\" in cell and not os.path.lexists(path):
        return folder / cell.replace("\\", "/")
    return path


def _without_zeros(text: str) -> str:
    """A whole number without the .0 that a table of floating point numbers gives it; other text as it is."""
    whole, point, zeros = text.partition(".")
    return whole if point and zeros and not zeros.strip("0") and _is_whole_number(whole) else text


def _is_whole_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def write_features(table: FeatureTable, file: Path | IO[bytes]) -> None:
    """Write a feature table as Parquet: key, status, one column per feature, reasons and flags as JSON text."""
    frame = table.keys.copy()
    frame["status"] = table.status
    frame = pd.concat([frame, table.values], axis=1)
    frame["reasons"] = [json.dumps(dict(sorted(row.items()))) for row in table.reasons]
    frame["flags"] = [json.dumps(dict(sorted(row.items()))) for row in table.flags]
    frame.to_parquet(file, index=False)


def read_features(path: Path, records: list[FeatureRecord]) -> FeatureTable:
    """Read what `write_features` wrote.

    Raises
    ------
    StoreError
        RT403 if the file is missing, damaged or has other columns.
    """
    try:
        frame = pd.read_parquet(path)
        return FeatureTable(
            keys=frame[list(KEY_COLUMNS)],
            values=frame[[record.name for record in records]],
            records=tuple(records),
            reasons=tuple(json.loads(text) for text in frame["reasons"]),
            flags=tuple(json.loads(text) for text in frame["flags"]),
        )
    except (OSError, ValueError, KeyError) as error:
        raise StoreError("RT403", f"the feature table cannot be read ({error})", file=path) from error
