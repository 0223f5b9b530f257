"""`radiotype predict`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import typer

from radiotype.cli.app import DONE, SOME_FAILED
from radiotype.cli.extract import MAX_PRINTED, print_summary
from radiotype.core.case import Case
from radiotype.core.cohort import Cohort
from radiotype.core.volume import UNIT_OF_MODALITY
from radiotype.errors import RecipeError, did_you_mean
from radiotype.imaging.parenchyma.finder import ORGANS
from radiotype.io import read_cohort, read_scan
from radiotype.io.tables import OTHER_NAMES, region_of_row
from radiotype.report.words import plain
from radiotype.run.workers import Workers
from radiotype.studies.new_patients import LoadedModel, assign, load_model

#: How the name of a volume file ends.
VOLUMES = (".nii", ".nii.gz", ".nrrd", ".mha")


class SingleCase(NamedTuple):
    """What the options say of a single scan."""

    case_id: str
    mask: Path | None
    parenchyma: Path | None
    modality: str | None
    label: str | None
    roi: str | None
    organ: str | None = None


def run_predict(
    model: Path,
    cases: Path,
    output: Path,
    single: SingleCase,
    *,
    by: str | None,
    resample_masks: str,
    workers: Workers,
    verify: bool = False,
) -> int:
    """Assign a scan, or all cases of a manifest; the exit code."""
    if resample_masks not in ("refuse", "nearest"):
        raise RecipeError("RT103", f"--resample-masks {resample_masks!r} is neither refuse nor nearest")
    if by not in (None, "classifier", "assignment"):
        raise RecipeError("RT103", f"--by {by!r} is neither classifier nor assignment")
    loaded = load_model(model)
    if single.mask is not None:
        cohort = _one_case(cases, single, loaded, resample_masks)
    else:
        _only_with_a_mask(cases, single)
        cohort = read_cohort(cases, resample_masks=resample_masks)  # type: ignore[arg-type]
    found = assign(loaded, cohort, output, by=by, workers=workers, verify=verify)
    print_summary(found.extraction)
    for row in found.predictions.head(MAX_PRINTED).to_dict("records"):
        sure = f", probability {row['probability']:.2f}" if row["probability"] == row["probability"] else ""
        what = f"subtype {row['subtype']}{sure}" if row["subtype"] else f"no subtype ({row['reason']})"
        domain = "OUTSIDE the domain of the model" if row["outside_domain"] else "within the domain of the model"
        remarks = f"; {row['remarks']}" if row["remarks"] else ""
        typer.echo(plain(f"{row['case_id']} {row['roi']}: {what}; {domain}{remarks}"))
    if len(found.predictions) > MAX_PRINTED:
        typer.echo(f"and {len(found.predictions) - MAX_PRINTED} more")
    typer.echo(f"table: {found.folder / 'predictions.csv'}")
    typer.echo(f"report: {found.report}")
    return SOME_FAILED if found.extraction.problems else DONE


def _only_with_a_mask(cases: Path, single: SingleCase) -> None:
    """Refuse a scan without a mask, and options of a scan beside a manifest."""
    if cases.is_dir() or cases.name.lower().endswith((*VOLUMES, ".dcm")):
        raise RecipeError("RT103", f"{cases.name} is a scan, and no mask is given", hint="name the region with --mask")
    for name in ("parenchyma", "modality", "label", "roi", "organ"):
        if getattr(single, name) is not None:
            found = f"--{name} belongs to a single scan with --mask; a manifest has a column for it"
            raise RecipeError("RT103", found)


def _one_case(scan: Path, single: SingleCase, loaded: LoadedModel, resample_masks: str) -> Cohort:
    """A cohort of one region."""
    modality = _modality(scan, single.modality, loaded)
    row = {
        "case_id": single.case_id,
        "image": str(scan.absolute()),
        "mask": str(single.mask.absolute()) if single.mask is not None else "",
        "parenchyma": str(single.parenchyma.absolute()) if single.parenchyma is not None else "",
        "modality": modality,
        "label": single.label or "",
        "roi": single.roi or "",
    }
    region = region_of_row(row, Path("command-line"), 1, resample_masks)  # type: ignore[arg-type]
    return Cohort((Case(single.case_id, single.case_id, (region,), _organ(single.organ, loaded)),))


def _organ(told: str | None, loaded: LoadedModel) -> dict[str, str]:
    """The cell that the study of the model read the organ from; nothing where it read none."""
    column = loaded.parenchyma.organ
    if column is None or column in ORGANS:
        if told is not None:
            whose = "the modality tells" if column is None else f"it is {column}"
            raise RecipeError("RT103", f"--organ is given, but the model asks for none: {whose}", hint="leave it out")
        return {}
    if told is None:
        found = f"the study of the model read the organ from the column {column!r}, and a single scan has none"
        raise RecipeError("RT103", found, hint=f"give --organ {', '.join(ORGANS)}, or a cancer of it, such as NSCLC")
    return {column: told}


def _modality(scan: Path, told: str | None, loaded: LoadedModel) -> str:
    """What the scan holds: as told, else as its DICOM file says, else as every training scan."""
    if told is not None:
        name = OTHER_NAMES.get(told.upper(), told.upper())
        if name not in UNIT_OF_MODALITY:
            found = f"--modality {told!r} is not a modality{did_you_mean(told, UNIT_OF_MODALITY)}"
            raise RecipeError("RT103", found, hint=f"one of {', '.join(UNIT_OF_MODALITY)}")
        return name
    if not scan.name.lower().endswith(VOLUMES):
        return read_scan(scan).modality
    if len(loaded.modalities) == 1:
        return loaded.modalities[0]
    trained = f"the model was made from {', '.join(loaded.modalities)}" if loaded.modalities else "the model does not tell"
    raise RecipeError("RT103", f"a volume file does not say its modality, and {trained}", hint="give --modality CT, MR ...")
