"""Which case an image belongs to, and how the case is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: The place of a case and the opaque key of its patient.
Group = tuple[tuple[str, ...], str]

Ids = Literal["layout", "numbers", "patient-id"]
IDS = ("layout", "numbers", "patient-id")

#: A folder that holds at most this many cases is taken for one patient's; more are a collection.
MAX_CASES_OF_A_PATIENT = 8

#: Folders of this name are parts of a collection, never a patient.
_PARTS = frozenset(
    ["train", "test", "val", "training", "testing", "validation", "discovery", "data", "cases", "patients", "derivatives"]
)


@dataclass
class Finding:
    """One row of the manifest to be: an image and one region of it.

    `place` are the folder names (and words of the file name, when `flat`) that stand for the case; `patient` an opaque key from
    the DICOM header, `patient_id` the id itself where a user asked for it; `number` that of the region in a DICOM file.
    """

    image: Path
    mask: Path
    place: tuple[str, ...]
    modality: str = ""
    scan: str = ""
    roi: str = ""
    label: str = ""
    number: str = ""
    parenchyma: Path | None = None
    patient: str = ""
    patient_id: str = ""
    visit: str = ""
    flat: bool = False
    case_id: str = field(default="", init=False)


def name_cases(findings: Sequence[Finding], ids: Ids, root: Path) -> None:
    """Fill in `case_id` and `patient_id` of every finding.

    Parameters
    ----------
    findings : sequence of Finding
        In order of path; changed in place.
    ids : "layout", "numbers" or "patient-id"
        From folder and file names; case-0001 and so on; or from the DICOM header (files without one: from the layout).
    root : path
        The folder searched; its name is used when nothing below it tells cases apart.
    """
    _share_patients(findings)
    groups = list(dict.fromkeys((one.place, one.patient) for one in findings))
    flat = {(one.place, one.patient) for one in findings if one.flat}
    names = _layout_names(groups, root)
    if ids == "patient-id":
        owners = {(one.place, one.patient): one.patient_id for one in findings}
        names = _unlike([owners[group] or name for group, name in zip(groups, names, strict=True)])
    patients = _patients(groups, names, flat)
    if ids == "numbers":
        order = {name: f"case-{n:04d}" for n, name in enumerate(dict.fromkeys(names), 1)}
        people = {name: f"patient-{n:04d}" for n, name in enumerate(dict.fromkeys(p for p in patients if p), 1)}
        names, patients = [order[name] for name in names], [people.get(name, "") for name in patients]
    of_group = dict(zip(groups, zip(names, patients, strict=True), strict=True))
    for one in findings:
        one.case_id, patient = of_group[(one.place, one.patient)]
        one.patient_id = one.patient_id if ids == "patient-id" and one.patient_id else patient


def _share_patients(findings: Sequence[Finding]) -> None:
    """Files without a patient belong to the one patient whose DICOM files lie in the same place."""
    found: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for one in findings:
        if one.patient:
            found.setdefault(one.place, set()).add((one.patient, one.patient_id))
    for one in findings:
        if not one.patient and len(found.get(one.place, ())) == 1:
            one.patient, one.patient_id = next(iter(found[one.place]))


def _layout_names(groups: Sequence[Group], root: Path) -> list[str]:
    """The shortest beginning of each place that no other place has, without what all have in common."""
    places = list(dict.fromkeys(place for place, _ in groups))
    common = _n_common(places) if len(places) > 1 else max(0, len(places[0]) - 1)
    begun = Counter(place[common : common + n] for place in places for n in range(1, len(place) - common + 1))
    shortened = {}
    for place in places:
        rest = place[common:]
        rest = next((rest[:n] for n in range(1, len(rest) + 1) if begun[rest[:n]] == 1), rest)
        shortened[place] = "_".join(rest) or (place[-1] if place else root.resolve().name) or "case"
    return _unlike([_harmless(shortened[place]) for place, _ in groups])


def _n_common(places: Sequence[tuple[str, ...]]) -> int:
    """Number of parts with which all places begin."""
    n = 0
    while all(len(place) > n and place[n] == places[0][n] for place in places):
        n += 1
    return n


def _unlike(names: Sequence[str]) -> list[str]:
    """The names with -2, -3 ... where one returns; no number gives a name that another one has."""
    taken, seen = set(names), Counter[str]()
    result = []
    for name in names:
        seen[name] += 1
        while seen[name] > 1 and f"{name}-{seen[name]}" in taken:
            seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
        taken.add(result[-1])
    return result


def _harmless(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return name.lstrip("=+-@\t\r ") or "case"


def _patients(groups: Sequence[Group], names: Sequence[str], flat: set[Group]) -> list[str]:
    """The patient of each case where several cases belong to one; empty text where a case is its own patient."""
    owners: dict[str, list[int]] = {}
    places = list(dict.fromkeys(place for place, _ in groups))
    common = _n_common(places) if len(places) > 1 else 0
    for n, (place, patient) in enumerate(groups):
        first = place[common] if len(place) > common + 1 else ""
        key = f"header {patient}" if patient else f"folder {first}"
        if patient or (first and first.lower() not in _PARTS and (place, patient) not in flat):
            owners.setdefault(key, []).append(n)
    result = [""] * len(groups)
    given: set[str] = set()
    for key, members in owners.items():
        if len(members) > 1 and (key.startswith("header") or len(members) <= MAX_CASES_OF_A_PATIENT):
            firsts = {groups[n][0][common : common + 1] for n in members}
            name = _harmless("".join(firsts.pop())) if len(firsts) == 1 and () not in firsts else names[members[0]]
            name = names[members[0]] if name in given else name
            given.add(name)
            for n in members:
                result[n] = name
    return result
