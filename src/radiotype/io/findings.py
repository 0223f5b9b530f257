"""What `check` can find, and how a finding is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from radiotype.errors import RadiotypeError

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

#: Every check by name: how much it matters, what it means, what to do. Errors end a row in `extract` or spoil its numbers.
CHECKS: dict[str, tuple[Severity, str, str]] = {
    # the manifest
    "uneven_line": ("error", "the line does not have one cell per column", "put quotes around cells that hold the separator"),
    "cell_not_allowed": ("error", "a cell has a value that is not allowed", "correct the cell"),
    "key_twice": ("error", "two lines have the same case, visit, scan and roi", "give each its own roi, scan or visit"),
    "clinical_changes": ("error", "a clinical column changes between lines of one case", "give it one value per case"),
    "split_unknown": ("error", "split is neither discovery nor validation", "correct the column split"),
    "patient_in_both_splits": (
        "error",
        "one patient is in discovery and in validation",
        "give all rows of a patient one split",
    ),
    "ids_alike": ("warning", "two ids differ only in case, blanks or accents", "make sure that they are two cases"),
    "time_implausible": ("warning", "a time is negative or no number", "correct the column"),
    "event_implausible": ("warning", "an event is neither 0 nor 1", "code events as 1 and censored cases as 0"),
    "outcome_half_known": (
        "warning",
        "a time is given without its event, or the event without its time",
        "fill in both or neither",
    ),
    "times_contradict": ("warning", "progression lies after death or last contact", "correct one of the two times"),
    "patient_contradicts": ("warning", "sex differs between cases of one patient", "correct one of them"),
    "modality_not_given": ("note", "without a modality intensities have no unit", "fill in the column modality"),
    # files and headers
    "file_missing": ("error", "the file does not exist", "check the path"),
    "file_unreadable": ("error", "the file cannot be read", "export it again"),
    "geometry_unusable": ("error", "the header does not place the voxels", "export or resample it again"),
    "modality_contradicts": ("error", "the header has another modality than the manifest", "correct the column modality"),
    "slices_missing": ("error", "slices are missing or stand twice", "export the series again"),
    "phase_missing": ("error", "the scan has several phases and none is named", "fill in the column phase"),
    "phase_absent": ("error", "the scan does not have this phase", "correct the column phase"),
    "grid_differs": ("error", "the mask lies on another grid than the scan", "check the export, or allow resampling"),
    "frame_differs": ("error", "the mask was drawn in another frame of reference", "use the mask of this series"),
    "roi_absent": ("error", "the region is not in the file", "correct the column roi or label"),
    "mixed_units": ("error", "scans of one name have different units", "give them different scan names, or one unit"),
    "mixed_modalities": ("warning", "scans of one name have different modalities", "give them different scan names"),
    "same_file": ("error", "one file stands under several cases", "correct the paths"),
    "same_mask": ("warning", "masks of several cases have the same content", "correct the paths if one is a copy"),
    "spacing_uneven": ("warning", "voxels are over 10 times longer than wide", "make sure that the spacing is right"),
    "spacing_large": ("warning", "voxels are over 10 mm long", "make sure that the spacing is in mm"),
    "spacing_small": ("warning", "voxels are under 0.1 mm", "make sure that the spacing is in mm"),
    "orientation_unknown": (
        "warning",
        "the header does not say how the patient lies",
        "left and right may be swapped: export it again",
    ),
    "orientation_contradicts": ("warning", "the header places the voxels in two ways that differ", "export it again"),
    "orientation_unlike": (
        "note",
        "the slices run in another direction than in most scans of this name",
        "make sure that it is meant",
    ),
    "burned_in": (
        "warning",
        "the pixels may show the patient's name or data",
        "look at the pictures; export it without annotation",
    ),
    "face_visible": ("warning", "the patient's face may be recognised", "deface it before you share it"),
    "id_of_patient": (
        "warning",
        "the case id is the patient's id or name in the header",
        "use a pseudonym, or index --ids numbers",
    ),
    # voxels
    "mask_empty": ("error", "the mask has no voxel inside", "check the export of the mask"),
    "mask_unusable": ("error", "the mask cannot be made into a region", "check the export of the mask"),
    "mask_at_border": ("warning", "the mask touches the border of the scan", "the region may be cut off; use the whole scan"),
    "mask_cut": ("warning", "a part of the mask lies outside the scan", "the region is cut off; use the whole scan"),
    "mask_fills_scan": ("warning", "the mask covers more than half of the scan", "make sure that it is a mask of the tumour"),
    "mask_remark": ("note", "reading the mask changed or left out something", "make sure that it is meant"),
    "mask_tiny": ("note", "the mask has fewer than 10 voxels", "shape and texture of it mean little"),
    "mask_off_body": ("warning", "the centre of the mask lies outside the patient", "mask and scan may not belong together"),
    "values_not_finite": ("error", "the region holds values that are not finite", "export the scan again"),
    "values_constant": ("warning", "all voxels of the region have one value", "mask and scan may not belong together"),
    "not_hounsfield": (
        "warning",
        "the values of the CT are not Hounsfield units",
        "export it with rescale slope and intercept",
    ),
}

#: The check that an error of a reader belongs to.
CHECK_OF_CODE = {
    "RT201": "file_missing",
    "RT203": "grid_differs",
    "RT204": "mask_empty",
    "RT205": "roi_absent",
    "RT206": "values_not_finite",
    "RT207": "geometry_unusable",
    "RT208": "modality_contradicts",
    "RT212": "phase_absent",
    "RT213": "slices_missing",
    "RT214": "roi_absent",
    "RT217": "frame_differs",
}


@dataclass(frozen=True, order=True)
class Found:
    """One problem of one line. It holds no path and nothing from inside a file but numbers, so that it may be stored."""

    line: int
    check: str
    role: str = ""
    case_id: str = ""
    roi: str = ""
    code: str = ""
    found: str = ""
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """error, warning or note."""
        return CHECKS[self.check][0]


COLUMNS = ("severity", "check", "code", "line", "case_id", "roi", "role", "found", "hint")


def of_error(error: RadiotypeError, line: int, role: str, *, case_id: str = "", roi: str = "") -> Found:
    """An error of a reader as a finding."""
    check = CHECK_OF_CODE.get(error.code, "mask_unusable" if role == "mask" and error.code > "RT212" else "file_unreadable")
    return Found(line, check, role, case_id, roi, error.code, error.found, error.hint or CHECKS[check][2])


def table_of(findings: Iterable[Found]) -> pd.DataFrame:
    """Findings as a table, errors first, each only once."""
    unique = sorted(set(findings), key=lambda one: (SEVERITIES.index(one.severity), one))
    rows = [{name: getattr(one, name) for name in COLUMNS} for one in unique]
    for row in rows:
        _, what, next_step = CHECKS[row["check"]]
        row["found"], row["hint"] = row["found"] or what, row["hint"] or next_step
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"line": "int64"})
