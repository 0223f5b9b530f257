"""The cohort as its scans are to be measured: harmonised, with the organ tissue found where no mask gives it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from radiotype.core.case import Region
from radiotype.core.cohort import Cohort
from radiotype.errors import RecipeError
from radiotype.imaging import harmonise
from radiotype.imaging.harmonise import Harmonisation, harmonised
from radiotype.imaging.parenchyma import loader, organ_named, with_parenchyma
from radiotype.imaging.parenchyma.deepbet import require_deepbet
from radiotype.imaging.parenchyma.finder import ORGANS
from radiotype.studies.image_settings import ImageSettings, ParenchymaSettings


def prepared(cohort: Cohort, images: ImageSettings, parenchyma: ParenchymaSettings, manifest: Path | None = None) -> Cohort:
    """The cohort as a recipe wants its scans; no image is opened.

    Raises
    ------
    RecipeError
        RT103 if deepbet is asked for and not installed; RT111 if the manifest lacks the column of organs, RT114 for a cell of
        it that names none.
    """
    organ = _organs(cohort, parenchyma.organ, manifest)
    if parenchyma.find == "auto":
        if parenchyma.brain == "deepbet":
            require_deepbet()
        cohort = with_parenchyma(cohort, organ, brain=parenchyma.brain)
    return harmonised(cohort, Harmonisation(**images.harmonise.model_dump()), organ)


def image_versions(images: ImageSettings, parenchyma: ParenchymaSettings) -> dict[str, int]:
    """Version of each algorithm that changes scans, or finds tissue in them, before anything is measured; none by default."""
    versions = {} if images == ImageSettings() else {"harmonise": harmonise.VERSION}
    return versions if parenchyma.find == "none" else versions | {"parenchyma": loader.VERSION}


def _organs(cohort: Cohort, organ: str | None, manifest: Path | None) -> Callable[[Region], str | None] | None:
    """The organ of each row: the one that is named, that of its cell, or that of its modality."""
    if organ is None:
        return None
    if organ in ORGANS:
        return lambda _: organ
    clinical = {case.id: case.clinical for case in cohort.cases}
    if not any(organ in columns for columns in clinical.values()):
        raise RecipeError(
            "RT111",
            f"parenchyma.organ is {organ!r}: neither {', '.join(ORGANS)} nor a column of the manifest",
            file=manifest,
            hint="name the organ, the column that names it, or nothing: by modality",
        )
    cells = {case_id: columns.get(organ, "") for case_id, columns in clinical.items()}
    strange = sorted({cell for cell in cells.values() if cell and organ_named(cell) is None})
    if strange:
        raise RecipeError(
            "RT114",
            f"the column {organ!r} holds {strange[0]!r}, which names none of {', '.join(ORGANS)}",
            file=manifest,
            hint="an empty cell leaves the margins of that case unrestricted",
        )
    return lambda region: organ_named(cells[region.key.case_id]) or ""
