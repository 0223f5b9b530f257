"""Checks of a manifest that need no file but itself."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from radiotype.core.case import Region, RowKey
from radiotype.core.cohort import MANIFEST_COLUMNS
from radiotype.errors import RecipeError
from radiotype.io.findings import Found
from radiotype.io.tables import Resample, read_manifest_lines, region_of_row

_TIME = re.compile(r"(^|_)(time|days|weeks|months|years)$")
_EVENT = re.compile(r"(^|_)(event|status|died|dead)$")
_UNIT = re.compile(r"_(time|days|weeks|months|years|event|status)$")


@dataclass(frozen=True)
class Line:
    """One row of the manifest that can be used: its line, what it lists, and its cells."""

    line: int
    region: Region
    cells: Mapping[str, str]


def check_manifest(path: Path, resample_masks: Resample) -> tuple[list[Line], list[Found]]:
    """Every row that can be used and every problem of the manifest itself.

    Raises
    ------
    RecipeError
        RT110 or RT111 if it is no manifest at all.
    """
    text = read_manifest_lines(path)
    found = [
        Found(line, "uneven_line", found=f"the line has {n} cells, the header {text.frame.shape[1]}") for line, n in text.uneven
    ]
    lines = []
    for number, row in zip(text.lines, text.frame.to_dict("records"), strict=True):
        cells = {str(name): value for name, value in row.items()}
        try:
            lines.append(Line(number, region_of_row(cells, path, number, resample_masks), cells))
        except RecipeError as error:
            words = error.found.removeprefix(f"line {number}: ")
            found.append(
                Found(number, "cell_not_allowed", case_id=cells["case_id"], code=error.code, found=words, hint=error.hint or "")
            )
    clinical = [name for name in text.frame.columns if name not in MANIFEST_COLUMNS]
    found += [*_keys(lines), *_cases(lines, clinical), *_splits(lines), *_ids_alike(lines)]
    for name in clinical:
        found += _column(lines, name)
    found += [*_outcomes(lines, clinical), *_patients(lines, clinical)]
    return lines, found


def _keys(lines: list[Line]) -> list[Found]:
    first: dict[RowKey, int] = {}
    found = []
    for one in lines:
        key = one.region.key
        before = first.setdefault(key, one.line)
        if before != one.line:
            words = f"lines {before} and {one.line} have the same case, visit, scan and roi"
            found.append(Found(one.line, "key_twice", case_id=key.case_id, roi=key.roi, code="RT112", found=words))
        if not one.cells.get("modality"):
            found.append(Found(one.line, "modality_not_given", "image", key.case_id))
    return found


def _cases(lines: list[Line], clinical: list[str]) -> list[Found]:
    first: dict[str, Line] = {}
    found = []
    for one in lines:
        case = one.region.key.case_id
        before = first.setdefault(case, one)
        for name in clinical:
            if before.cells[name] != one.cells[name]:
                words = f"the column {name!r} differs between lines {before.line} and {one.line}"
                found.append(Found(one.line, "clinical_changes", case_id=case, code="RT113", found=words))
    return found


def _splits(lines: list[Line]) -> list[Found]:
    found = []
    splits: dict[str, dict[str, Line]] = defaultdict(dict)
    for one in lines:
        split = one.cells.get("split", "") or "discovery"
        if split not in ("discovery", "validation"):
            found.append(Found(one.line, "split_unknown", case_id=one.region.key.case_id, code="RT114"))
        else:
            splits[one.region.key.patient_id].setdefault(split, one)
    for of_patient in splits.values():
        if len(of_patient) > 1:
            one, other = sorted(of_patient.values(), key=lambda line: line.line)
            words = f"the patient of line {other.line} is in the other split on line {one.line}"
            found.append(Found(other.line, "patient_in_both_splits", case_id=other.region.key.case_id, found=words))
    return found


def _ids_alike(lines: list[Line]) -> list[Found]:
    """Ids that a file system, a spreadsheet or a tired eye takes for the same."""
    plain: dict[str, dict[str, int]] = defaultdict(dict)
    for one in lines:
        case = one.region.key.case_id
        plain[_plain(case)].setdefault(case, one.line)
    found = []
    for ids in plain.values():
        (_, before), *others = ids.items()
        for case, line in others:
            found.append(
                Found(line, "ids_alike", case_id=case, found=f"the ids of lines {before} and {line} are nearly the same")
            )
    return found


def _plain(text: str) -> str:
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)).casefold()
    return "-".join(re.findall(r"[^\W_]+", letters)).lstrip("0") or letters


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _column(lines: list[Line], name: str) -> list[Found]:
    """Times that are no times and events that are no events."""
    found = []
    lower = name.lower()
    for one in lines:
        text, case = one.cells[name], one.region.key.case_id
        if text and _TIME.search(lower) and not 0 <= _number(text) < math.inf:
            found.append(
                Found(one.line, "time_implausible", case_id=case, found=f"the cell of {name!r} is negative or no number")
            )
        if text and _EVENT.search(lower) and _number(text) not in (0.0, 1.0):
            found.append(Found(one.line, "event_implausible", case_id=case, found=f"the cell of {name!r} is neither 0 nor 1"))
    return found


def _outcomes(lines: list[Line], clinical: list[str]) -> list[Found]:
    """Outcomes of which one half is missing, and progression after death."""
    times = {_UNIT.sub("", name.lower()): name for name in clinical if _TIME.search(name.lower())}
    events = {_UNIT.sub("", name.lower()): name for name in clinical if _EVENT.search(name.lower())}
    found = []
    for one in lines:
        case = one.region.key.case_id
        for what in sorted(times.keys() & events.keys()):
            time, event = times[what], events[what]
            if bool(one.cells[time]) != bool(one.cells[event]):
                words = f"only one of {time!r} and {event!r} is filled in"
                found.append(Found(one.line, "outcome_half_known", case_id=case, found=words))
        late = [times[what] for what in ("pfs", "dfs", "rfs") if what in times and "os" in times]
        for name in late:
            if _number(one.cells[name]) > _number(one.cells[times["os"]]):
                words = f"{name!r} is later than {times['os']!r}"
                found.append(Found(one.line, "times_contradict", case_id=case, found=words))
    return found


def _patients(lines: list[Line], clinical: list[str]) -> list[Found]:
    names = [name for name in clinical if name.lower() in ("sex", "gender")]
    first: dict[tuple[str, str], tuple[str, int]] = {}
    found = []
    for one in lines:
        for name in names:
            text = one.cells[name].lower()
            if not text:
                continue
            before, line = first.setdefault((one.region.key.patient_id, name), (text, one.line))
            if before != text:
                words = f"{name!r} differs between lines {line} and {one.line} of one patient"
                found.append(Found(one.line, "patient_contradicts", case_id=one.region.key.case_id, found=words))
    return found
