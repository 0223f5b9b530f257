"""All cases of a study, still on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radiotype.core.case import Case, Region
from radiotype.errors import RecipeError

if TYPE_CHECKING:
    import pandas as pd

#: Columns of a manifest, version 1, and what each holds. Every other column is clinical.
MANIFEST_COLUMNS = {
    "patient_id": "the patient; the case id when left out; no patient is split between discovery and validation",
    "case_id": "the case, any text",
    "visit": "name of the visit; 1 when left out",
    "time_days": "days from the first visit",
    "scan": "name of the scan; the modality when left out",
    "modality": "CT, MR, PT, SER or OT",
    "image": "path of the scan, relative to the manifest",
    "phase": "volume of a four-dimensional file, 0 is the first",
    "mask": "path of the mask, relative to the manifest",
    "roi": "name of the region; of a DICOM mask the name or pattern of the region or segment to read; tumour when left out",
    "label": "label of the mask, number of a DICOM region or segment, or any; one row for each when left out",
    "reader": "who drew the mask; names the region when roi is left out",
    "parenchyma": "path of the mask of the organ tissue around the tumour",
    "site": "hospital",
    "scanner": "scanner",
    "cohort": "name of the cohort the case belongs to",
    "split": "discovery or validation; discovery when left out",
}
REQUIRED_COLUMNS = ("case_id", "image", "mask")


@dataclass(frozen=True)
class Cohort:
    """Cases with their clinical columns.

    Parameters
    ----------
    cases : tuple of Case
        Ordered by case id.

    Raises
    ------
    RecipeError
        RT112 if a case id or a row key stands twice; RT113 if the rows of one case name different patients.
    """

    cases: tuple[Case, ...]

    def __post_init__(self) -> None:
        seen: set[object] = set()
        for identity in [case.id for case in self.cases] + [region.key for region in self.regions()]:
            if identity in seen:
                raise RecipeError("RT112", f"{identity} stands twice in the cohort")
            seen.add(identity)
        for case in self.cases:
            if any(region.key.patient_id != case.patient_id for region in case.regions):
                raise RecipeError(
                    "RT113",
                    "the column 'patient_id' changes between the rows of one case",
                    case=case.id,
                    hint="a case belongs to one patient; correct patient_id or case_id",
                )

    def __len__(self) -> int:
        return len(self.cases)

    def regions(self) -> Iterator[Region]:
        """Every region of every case, in order."""
        for case in self.cases:
            yield from case.regions

    def clinical(self) -> pd.DataFrame:
        """Clinical columns and the manifest's own descriptive ones, one row per case, all text.

        Columns that the manifest keeps per row (split, cohort, site ...) are taken from the first row of the case.
        """
        import pandas as pd

        rows = []
        for case in self.cases:
            own = dict(case.regions[0].attributes) if case.regions else {}
            rows.append({"case_id": case.id, "patient_id": case.patient_id, **own, **case.clinical})
        return pd.DataFrame(rows).fillna("")
