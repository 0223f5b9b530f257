"""A cohort on disk whose subtypes and hazards are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from radiotype.core.geometry import Floats, Grid
from radiotype.errors import RecipeError, StoreError, unwritable
from radiotype.io.nifti_write import write_nifti
from radiotype.simulate.broken import BREAKAGES, break_case
from radiotype.simulate.files import stored_values
from radiotype.simulate.organs import ORGANS, Organ
from radiotype.simulate.outcomes import Hazards, draw_patient, draw_survival
from radiotype.simulate.tumours import Phantom, draw_phantom, draw_tumour

#: Fraction of patients with each planted subtype.
PROPORTIONS = MappingProxyType({1: 0.30, 2: 0.30, 3: 0.20, 4: 0.20})

#: Fraction of patients in discovery.
DISCOVERY = 0.6

#: One case in this many comes without a parenchyma mask.
WITHOUT_PARENCHYMA = 24

#: Intact cases when the caller names no number.
N_CASES = MappingProxyType({"full": 120, "small": 48})

#: What is drawn for a case, each from its own stream.
_STAGES = {"plan": 0, "tumour": 1, "scan": 2, "patient": 3, "survival": 4}


@dataclass(frozen=True)
class Site:
    """A hospital with one scanner.

    `voxels` gives shape and spacing (mm) by size of the cohort; `flip` says which index axes run against the patient's.
    """

    name: str
    scanner: str
    voxels: Mapping[str, tuple[tuple[int, int, int], tuple[float, float, float]]]
    flip: tuple[int, int, int]
    noise_scale: float


SITES = (
    Site(
        "north", "scanner-a", {"full": ((72, 72, 72), (1.0, 1.0, 1.0)), "small": ((54, 54, 54), (1.33, 1.33, 1.33))},
        (1, 1, 1), 0.9,
    ),
    Site(
        "south", "scanner-b", {"full": ((80, 80, 36), (0.9, 0.9, 2.0)), "small": ((60, 60, 36), (1.2, 1.2, 2.0))},
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
    """

    manifest: Path
    truth: pd.DataFrame
    hazard_ratios: Mapping[int, float]
    broken: Mapping[str, str]


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
    progress: Callable[[], None] | None = None,
) -> SimulatedCohort:
    """Write a cohort of tumours of three cancer types with planted subtypes and survival.

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
    progress : callable, optional
        Called once after each case.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    RecipeError
        RT103 for a size, number of cases or seed that is not allowed.
    StoreError
        RT401 or RT405 if the folder cannot be written; RT402 if it holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulated = cohort(folder, n_cases=4, size="small")
    ...     sorted(path.name for path in Path(folder).iterdir())
    ['images', 'manifest.csv', 'masks', 'parenchyma', 'truth.csv']
    >>> simulated.truth["case_id"].tolist()
    ['0001', '0002', '0003', '0004']
    """
    n_cases = n_cases_of(size) if n_cases is None else n_cases
    n_cases_of(size)
    if n_cases < 1 or n_broken < 0 or seed < 0:
        raise RecipeError("RT103", f"{n_cases} cases, {n_broken} broken ones and seed {seed} were asked for")
    folder = Path(folder)
    try:
        _prepare(folder)
        plan = _plan(n_cases, seed)
        rows: list[dict[str, str]] = []
        broken: dict[str, str] = {}
        for index in range(n_cases + n_broken):
            subtype, split = plan[index] if index < n_cases else (1 + index % 4, "discovery")
            row = _write_case(folder, index, subtype, size=size, seed=seed) | {"split": split}
            if index >= n_cases:
                kind = list(BREAKAGES)[(index - n_cases) % len(BREAKAGES)]
                break_case(kind, folder / row["image"], folder / row["mask"])
                broken[row["case_id"]] = BREAKAGES[kind]
            rows.append(row)
            if progress is not None:
                progress()
        manifest = pd.DataFrame(rows)
        truth = manifest[["case_id"]].iloc[:n_cases].assign(subtype=[subtype for subtype, _ in plan[:n_cases]])
        _write_table(manifest, folder / "manifest.csv")
        _write_table(truth, folder / "truth.csv")
    except OSError as error:
        raise unwritable(error, Path(error.filename or folder)) from error
    return SimulatedCohort(folder / "manifest.csv", truth, Hazards().subtype, MappingProxyType(broken))


def _prepare(folder: Path) -> None:
    """Make the folders; refuse one that holds something else."""
    ours = {"images", "masks", "parenchyma", "manifest.csv", "truth.csv"}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []
    if strange:
        raise StoreError(
            "RT402", f"the folder already holds {strange[0]}", file=folder, hint="name a new folder for the simulated cohort"
        )
    for name in ("images", "masks", "parenchyma"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def _generator(seed: int, stage: str, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([seed, _STAGES[stage], index]))


def _organ(index: int) -> Organ:
    return ORGANS[index % len(ORGANS)]


def _plan(n: int, seed: int) -> list[tuple[int, str]]:
    """Subtype and split of every case: fixed proportions within each cancer type, the split even within each subtype."""
    plan: dict[int, tuple[int, str]] = {}
    for kind in range(len(ORGANS)):
        members = np.arange(kind, n, len(ORGANS))
        rng = _generator(seed, "plan", kind)
        bounds = np.cumsum(list(PROPORTIONS.values()))[:-1]
        places = (np.arange(len(members)) + 0.5) / max(len(members), 1)
        subtypes = np.array(list(PROPORTIONS))[np.searchsorted(bounds, places, side="right")]
        offset = rng.random()
        for rank, (index, subtype) in enumerate(zip(rng.permutation(members), subtypes, strict=True)):
            first = np.floor((rank + 1) * DISCOVERY + offset) > np.floor(rank * DISCOVERY + offset)
            plan[int(index)] = (int(subtype), "discovery" if first else "validation")
    return [plan[index] for index in range(n)]


def _write_case(folder: Path, index: int, subtype: int, *, size: str, seed: int) -> dict[str, str]:
    """Draw one case, write its files and return its row of the manifest."""
    organ, case_id = _organ(index), f"{index + 1:04d}"
    rng = _generator(seed, "scan", index)
    site = SITES[int(rng.integers(len(SITES)))]
    with_parenchyma = index % WITHOUT_PARENCHYMA != WITHOUT_PARENCHYMA // 2
    grid, axes = _grid(site, size, rng)
    tumour = draw_tumour(subtype, _generator(seed, "tumour", index))
    clear_mm = float(rng.uniform(4.0, 12.0)) if with_parenchyma else 13.0
    phantom = draw_phantom(tumour, organ, axes, rng, clear_mm=clear_mm, noise_scale=site.noise_scale)
    names = _write_volumes(folder, case_id, phantom, grid, organ.step, with_parenchyma=with_parenchyma)
    patient = draw_patient(organ.cancer_type, _generator(seed, "patient", index))
    survival = draw_survival(patient, subtype, _generator(seed, "survival", index))
    return {
        "patient_id": f"{(index + 1) * 37:06d}",
        "case_id": case_id,
        "visit": "1",
        "scan": organ.modality,
        "modality": organ.modality,
        "image": names["images"],
        "mask": names["masks"],
        "roi": "tumour",
        "label": "1",
        "parenchyma": names.get("parenchyma", ""),
        "site": site.name,
        "scanner": site.scanner,
        "cohort": f"simulated-{organ.cancer_type}",
        "split": "",
        "cancer_type": organ.cancer_type,
        "age": str(patient.age_years),
        "sex": patient.sex,
        "stage": patient.stage,
        "os_days": str(survival.days),
        "os_event": str(survival.event),
    }


def _grid(site: Site, size: str, rng: np.random.Generator) -> tuple[Grid, tuple[Floats, Floats, Floats]]:
    """The voxels of one scan, and their positions relative to the tumour's centre along each index axis, mm."""
    shape, spacing = site.voxels[size]
    affine = np.diag([*(np.array(spacing) * site.flip), 1.0])
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
