"""A cohort on disk whose subtypes and hazards are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import RecipeError, StoreError, unwritable
from radiotype.io.nifti_write import write_nifti
from radiotype.simulate.biology_files import BiologyFiles, biology_files, write_biology
from radiotype.simulate.broken import BREAKAGES, break_case
from radiotype.simulate.clinic import draw_markers, draw_treatment
from radiotype.simulate.expression import draw_collection, draw_expression, has_expression, planted_shifts
from radiotype.simulate.files import stored_values
from radiotype.simulate.outcomes import Hazards, draw_patient, draw_survival
from radiotype.simulate.plan import Place, broken_place, draw_plan, organ_of, permuted_subtypes
from radiotype.simulate.streams import generator
from radiotype.simulate.truth import NULLS, Null, Planted, planted
from radiotype.simulate.tumours import ONE_POPULATION, Phantom, draw_phantom, draw_tumour

#: One case in this many comes without a parenchyma mask.
WITHOUT_PARENCHYMA = 24

#: Intact cases when the caller names no number.
N_CASES = MappingProxyType({"full": 120, "small": 48})


@dataclass(frozen=True)
class Scanner:
    """A kind of scanner; every centre has both.

    `voxels` gives shape and spacing (mm) by size of the cohort; `flip` says which index axes run against the patient's.
    """

    name: str
    voxels: Mapping[str, tuple[tuple[int, int, int], tuple[float, float, float]]]
    flip: tuple[int, int, int]
    noise_scale: float


SCANNERS = (
    Scanner(
        "scanner-a", {"full": ((72, 72, 72), (1.0, 1.0, 1.0)), "small": ((54, 54, 54), (1.33, 1.33, 1.33))},
        (1, 1, 1), 0.9,
    ),
    Scanner(
        "scanner-b", {"full": ((80, 80, 36), (0.9, 0.9, 2.0)), "small": ((60, 60, 36), (1.2, 1.2, 2.0))},
        (-1, -1, 1), 1.1,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SimulatedCohort:
    """Where a simulated cohort lies, and the truth behind it.

    Parameters
    ----------
    manifest : path
        manifest.csv, version 1.
    truth : data frame
        case_id and planted subtype (1 to 4) of every intact case.
    hazard_ratios : mapping of int to float
        Planted hazard ratio of each subtype against subtype 1.
    broken : mapping of str to str
        Case id of every broken case and the error code that it must end with.
    planted : Planted
        What goes with the subtypes.
    biology : BiologyFiles
        Paths of expression and gene sets.
    """

    manifest: Path
    truth: pd.DataFrame
    hazard_ratios: Mapping[int, float]
    broken: Mapping[str, str]
    planted: Planted
    biology: BiologyFiles


def n_cases_of(size: str) -> int:
    """Intact cases of a cohort of this size, "full" or "small".

    Raises
    ------
    RecipeError
        RT103 for another size.

    Examples
    --------
    >>> n_cases_of("small")
    48
    """
    if size not in N_CASES:
        raise RecipeError("RT103", f"size {size!r} is not known", hint=f"use one of {', '.join(N_CASES)}")
    return N_CASES[size]


def cohort(
    folder: str | Path,
    *,
    n_cases: int | None = None,
    seed: int = 0,
    size: str = "full",
    n_broken: int = 0,
    centre_effects: float = 0.0,
    null: Null = "none",
    progress: Callable[[], None] | None = None,
) -> SimulatedCohort:
    """Write a cohort of tumours of three cancer types with planted subtypes, survival and expression, from six centres.

    Parameters
    ----------
    folder : path
        New, empty, or holding an earlier simulated cohort, which is overwritten.
    n_cases : int, optional
        Intact cases, one patient each; 120 ("full") or 48 ("small") when left out.
    seed : int
        Same seed, same bytes. Each case draws from streams of its own.
    size : "full" or "small"
        Voxels of about 1 mm, or coarser ones.
    n_broken : int
        Cases that are added and broken on purpose, each in another way.
    centre_effects : float
        How much the scans of the centres differ in noise, sharpness and, on MR, level: 0 not at all, 1 as `Centre` says.
    null : "none", "outcomes" or "shapes"
        Nothing is left out; or survival, treatment effect, molecular subtype and expression are those of another patient's
        subtype; or all tumours are of one population.
    progress : callable, optional
        Called once after each case.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    RecipeError
        RT103 for a size, number of cases, seed, strength of the centres' effects or null that is not allowed.
    StoreError
        RT401 or RT405 if the folder cannot be written; RT402 if it holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulated = cohort(folder, n_cases=4, size="small")
    ...     sorted(path.name for path in Path(folder).iterdir() if path.is_file())
    ['cells.gmt', 'expression.csv', 'manifest.csv', 'pathways.gmt', 'truth.csv', 'truth.json']
    >>> simulated.truth["case_id"].tolist()
    ['0001', '0002', '0003', '0004']
    """
    n_cases = n_cases_of(size) if n_cases is None else n_cases
    n_cases_of(size)
    if n_cases < 1 or n_broken < 0 or seed < 0:
        raise RecipeError("RT103", f"{n_cases} cases, {n_broken} broken ones and seed {seed} were asked for")
    if not 0 <= centre_effects <= 2 or null not in NULLS:
        raise RecipeError(
            "RT103",
            f"centre effects of {centre_effects} and the null {null!r} were asked for",
            hint=f"use 0 to 2, and one of {', '.join(NULLS)}",
        )
    folder = Path(folder)
    try:
        _prepare(folder)
        plan = draw_plan(n_cases, seed)
        known = [place.subtype for place in plan]
        followed = permuted_subtypes(known, seed) if null == "outcomes" else known
        plan += [broken_place(index) for index in range(n_cases, n_cases + n_broken)]
        followed = followed + [place.subtype for place in plan[n_cases:]]
        clinical = _Clinical(seed, followed, _hazards(null))
        images = _Images(folder, size, seed, centre_effects, one_population=null == "shapes")
        rows: list[dict[str, str]] = []
        broken: dict[str, str] = {}
        for index, place in enumerate(plan):
            row = _row(index, place, images.write(index, place), clinical.columns(index))
            if index >= n_cases:
                kind = list(BREAKAGES)[(index - n_cases) % len(BREAKAGES)]
                break_case(kind, folder / row["image"], folder / row["mask"])
                broken[row["case_id"]] = BREAKAGES[kind]
            rows.append(row)
            if progress is not None:
                progress()
        manifest = pd.DataFrame(rows)
        truth = manifest[["case_id"]].iloc[:n_cases].assign(subtype=1 if null == "shapes" else known)
        _write_table(manifest, folder / "manifest.csv")
        _write_table(truth, folder / "truth.csv")
        clinical.write_expression(folder, manifest)
        facts = planted(null, clinical.hazards)
        (folder / "truth.json").write_text(json.dumps({"null": null} | facts.to_dict(), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(error, Path(error.filename or folder)) from error
    return SimulatedCohort(
        folder / "manifest.csv", truth, facts.hazard_ratios, MappingProxyType(broken), facts, biology_files(folder)
    )


def _prepare(folder: Path) -> None:
    """Make the folders; refuse one that holds something else."""
    ours = {"images", "masks", "parenchyma", "manifest.csv", "truth.csv", "truth.json"}
    ours |= {path.name for path in biology_files(folder)}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []
    if strange:
        raise StoreError(
            "RT402", f"the folder already holds {strange[0]}", file=folder, hint="name a new folder for the simulated cohort"
        )
    for name in ("images", "masks", "parenchyma"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def _hazards(null: Null) -> Hazards:
    """The planted model; where no imaging subtype has to do with survival, treatment has not either."""
    return Hazards() if null == "none" else Hazards(treatment=dict.fromkeys(Hazards().treatment, 1.0))


def _row(index: int, place: Place, files: Mapping[str, str], clinical: Mapping[str, str]) -> dict[str, str]:
    """One row of the manifest."""
    organ = organ_of(index)
    own = {
        "patient_id": f"{(index + 1) * 37:06d}",
        "case_id": f"{index + 1:04d}",
        "visit": "1",
        "scan": organ.modality,
        "modality": organ.modality,
        "image": files["images"],
        "mask": files["masks"],
        "roi": "tumour",
        "label": "1",
        "parenchyma": files.get("parenchyma", ""),
        "site": place.centre.name,
        "scanner": files["scanner"],
        "cohort": f"{organ.cancer_type}-{place.centre.name}",
        "split": place.split,
        "cancer_type": organ.cancer_type,
    }
    return own | dict(clinical)


@dataclass(frozen=True)
class _Images:
    """Draws the scans of a cohort and writes them."""

    folder: Path
    size: str
    seed: int
    centre_effects: float
    one_population: bool

    def write(self, index: int, place: Place) -> dict[str, str]:
        """The files of one case, relative to the folder, and its scanner."""
        organ, centre, effects = organ_of(index), place.centre, self.centre_effects
        rng = generator(self.seed, "scan", index)
        scanner = SCANNERS[int(rng.integers(len(SCANNERS)))]
        with_parenchyma = index % WITHOUT_PARENCHYMA != WITHOUT_PARENCHYMA // 2
        grid, axes = _grid(scanner, self.size, rng)
        population = ONE_POPULATION if self.one_population else place.subtype
        tumour = draw_tumour(population, generator(self.seed, "tumour", index))
        clear_mm = float(rng.uniform(4.0, 12.0)) if with_parenchyma else 13.0
        if effects:
            tumour = replace(tumour, margin_mm=float(np.hypot(tumour.margin_mm, effects * centre.kernel_mm)))
        noise_scale = scanner.noise_scale * centre.noise_scale**effects
        phantom = draw_phantom(tumour, organ, axes, rng, clear_mm=clear_mm, noise_scale=noise_scale)
        if organ.modality == "MR" and effects:
            phantom = replace(phantom, values=phantom.values * centre.gain**effects)
        case_id = f"{index + 1:04d}"
        names = _write_volumes(self.folder, case_id, phantom, grid, organ.step, with_parenchyma=with_parenchyma)
        return names | {"scanner": scanner.name}


@dataclass(frozen=True)
class _Clinical:
    """Draws everything that is not in the scans; `subtypes` are those that survival and expression go by."""

    seed: int
    subtypes: list[int]
    hazards: Hazards

    def columns(self, index: int) -> dict[str, str]:
        """The clinical columns of one case."""
        cancer_type, subtype = organ_of(index).cancer_type, self.subtypes[index]
        rng = generator(self.seed, "clinic", index)
        patient = draw_patient(cancer_type, generator(self.seed, "patient", index))
        patient = replace(patient, treatment=draw_treatment(rng))
        survival = draw_survival(patient, subtype, generator(self.seed, "survival", index), hazards=self.hazards)
        return {
            "age": str(patient.age_years),
            "sex": patient.sex,
            "stage": patient.stage,
            "treatment": patient.treatment,
            **draw_markers(cancer_type, subtype, rng),
            "os_days": str(survival.days),
            "os_event": str(survival.event),
        }

    def write_expression(self, folder: Path, manifest: pd.DataFrame) -> None:
        """Expression of most patients, and the gene sets."""
        collection = draw_collection()
        shifts = np.concatenate([frame.to_numpy() for frame in planted_shifts()])
        measured = [index for index in range(len(manifest)) if has_expression(index)]
        expression = [
            draw_expression(
                collection,
                shifts[:, self.subtypes[index] - 1],
                organ_of(index).cancer_type,
                manifest["site"].iloc[index],
                generator(self.seed, "expression", index),
            )
            for index in measured
        ]
        write_biology(folder, collection, manifest["patient_id"].iloc[measured].tolist(), expression)


def _grid(scanner: Scanner, size: str, rng: np.random.Generator) -> tuple[Grid, tuple[Floats, Floats, Floats]]:
    """The voxels of one scan, and their positions relative to the tumour's centre along each index axis, mm."""
    shape, spacing = scanner.voxels[size]
    affine = np.diag([*(np.array(spacing) * scanner.flip), 1.0])
    affine[:3, 3] = np.rint(rng.uniform(-150.0, 150.0, 3))
    centre = rng.uniform(-1.5, 1.5, 3)
    x, y, z = ((np.arange(n) - (n - 1) / 2) * step + c for n, step, c in zip(shape, spacing, centre, strict=True))
    return Grid(shape, affine), (x, y, z)


def _write_volumes(
    folder: Path, case_id: str, phantom: Phantom, grid: Grid, step: float, *, with_parenchyma: bool
) -> dict[str, str]:
    """Write the files of one case; their paths relative to the folder."""
    volumes: dict[str, npt.NDArray[Any]] = {
        "images": stored_values(phantom.values, step),
        "masks": phantom.tumour.astype(np.uint8),
    }
    if with_parenchyma:
        volumes["parenchyma"] = phantom.parenchyma.astype(np.uint8)
    names = {kind: f"{kind}/{case_id}.nii.gz" for kind in volumes}
    for kind, stored in volumes.items():
        write_nifti(folder / names[kind], stored, grid, step=step if kind == "images" else 1.0)
    return names


def _write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
