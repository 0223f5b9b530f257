"""Study A at the size of its paper: time and memory from features to report, step by step, and what the features cost.

Run: python benchmarks/study_a.py [PATIENTS [RESAMPLES [FOLDER]]]. 1,682 patients and 10,000 resamples when left out, as in Wu
et al., Nature Machine Intelligence 3 (2021) 787-798; FOLDER (new) keeps the run. results/study_a.md has what it printed.

Forty simulated tumours of three cancer types, on CT and MR, are drawn and measured like a user's: that gives seconds per
tumour. The features of every patient are then drawn from a normal distribution with the mean and covariance of the measured
tumours of one subtype, with noise: the correlations of real feature tables at no cost. Clinic, survival and expression (2,424
genes, 50 pathways, 16 cell populations) are those of the simulated cohort. The study is the program's own; only `measure` hands
over the tables instead of measuring. CPU time is that of all threads; peak memory is that of the whole process within a step
(Linux only).
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})  # before NumPy loads

import numpy as np
import pandas as pd

from radiotype import report, simulate
from radiotype.core import Cohort, Features, FeatureTable, RowKey
from radiotype.features.settings import FeatureSettings
from radiotype.io.tables import read_cohort
from radiotype.run.outcome import Extraction, Outcome
from radiotype.run.record import record_extraction
from radiotype.run.run import Run, open_run
from radiotype.simulate.biology_files import write_biology
from radiotype.simulate.clinic import draw_markers, draw_treatment
from radiotype.simulate.expression import draw_collection, draw_expression, has_expression, planted_shifts
from radiotype.simulate.plan import draw_plan, organ_of
from radiotype.studies import imaging_subtypes
from radiotype.studies.recipe import Recipe, check_recipe
from radiotype.studies.selection import SIZE_UNITS

N_PATIENTS, N_RESAMPLES, N_TUMOURS, SEED = 1682, 10_000, 40, 20261122

#: Steps of less CPU time stand together.
SMALL_S = 0.05

#: Noise between patients, in standard deviations of a feature over the measured tumours.
NOISE = 0.3

#: Functions of the study in the order of its page, and what the table calls them.
STEPS = {
    "patients": "read and check manifest, expression, recipe",
    "measure": "store the feature table",
    "measure_conventional": "conventional features",
    "select": "one tumour per patient",
    "comparability": "comparability of cancer types and modalities",
    "subtype": "scaling, autoencoder, consensus clustering of discovery",
    "refined": "all patients clustered again",
    "store_subtypes": "store subtypes",
    "validate": "validation: own clusters, in-group proportions, purity",
    "meaning": "meaning: features and families by subtype",
    "medoid_tumours": "medoid tumours",
    "model_of": "model for new patients",
    "store_model": "store model",
    "survive": "survival by subtype",
    "survival_contrasts": "survival contrasts",
    "outcome_models": "subgroups, treatment, conventional radiomics",
    "biology_by_subtype": "expression by subtype",
}


@dataclass
class Step:
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0


class Clock:
    """Wall time, CPU time and peak memory of named steps; a step of some size is printed when it is done."""

    def __init__(self, *, printed: bool = False) -> None:
        self.steps: dict[str, Step] = {}
        self.small = Step()
        self.printed = printed

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        forget_peak()
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        own = Step(time.perf_counter() - wall, time.process_time() - cpu, peak_mb())
        self.steps[name] = own
        if own.cpu_s < SMALL_S:
            self.small = total([self.small, own])
        elif self.printed:
            print(row(name, own), flush=True)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            with self.step(name):
                return function(*arguments, **named)

        return call

    def finish(self) -> None:
        """The last rows of the table."""
        print(row("everything else", self.small))
        print(row("**in all**", total(list(self.steps.values()))))


def total(steps: list[Step]) -> Step:
    return Step(sum(one.wall_s for one in steps), sum(one.cpu_s for one in steps), max(one.peak_mb for one in steps))


def row(name: str, one: Step) -> str:
    return f"| {name} | {one.wall_s:.1f} | {one.cpu_s:.1f} | {one.peak_mb:,.0f} |"


def forget_peak() -> None:
    with suppress(OSError):  # elsewhere than on Linux the peak is that of the process so far
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines() if Path("/proc/self/status").exists() else []
    found = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return found[0] if found else float("nan")


@dataclass(frozen=True)
class Measured:
    """The tumours that were drawn and measured, in one table of their own features and one of conventional ones."""

    folder: Path
    cases: pd.DataFrame
    own: Extraction
    conventional: Extraction


class Handed(Run):
    """A run that is handed its tables: those of all patients are made of the tumours measured."""

    tables: tuple[Extraction, Extraction]

    def measure(self, cohort: Cohort, settings: FeatureSettings, *, pictures: bool = False) -> Extraction:
        self.folder.clear()
        extraction = self.tables[0]
        record_extraction(self.folder, cohort, extraction, settings, run_log=self.log)
        self.n_regions = len(extraction.outcomes)
        return extraction

    def measure_beside(self, cohort: Cohort, settings: FeatureSettings) -> Extraction:
        return self.tables[1]


def recipe(n_resamples: int) -> Recipe:
    """What the paper did; everything else as the program does it when nothing is said."""
    by_type = {"lung": ["age", "sex", "stage"], "breast": ["age", "er", "her2"], "brain": ["age", "sex", "mgmt", "idh1"]}
    volume = "spharm_volume_mm3"
    return check_recipe(
        {
            "manifest": "manifest.csv", "cancer_type": "cancer_type", "outcome": {}, "covariates": ["age", "stage", volume],
            "subtypes": {"n_resamples": n_resamples, "encoder": "autoencoder", "refine": True},
            "biology": {"expression": "expression.csv", "gene_sets": "pathways.gmt", "cells": "cells.gmt",
                        "molecular": ["molecular_subtype"]},
            "evidence": {"covariates_by_type": {kind: [*names, volume] for kind, names in by_type.items()},
                         "subgroups": ["stage", "treatment", "egfr", "kras", "er", "her2"], "treatment": "treatment",
                         "comparator": {}},
            "contrasts": [[3, 4]], "seed": SEED,
        }
    )  # fmt: skip


def measure(folder: Path, chosen: Recipe, clock: Clock) -> Measured:
    """Draw the tumours, then read and measure each of them, as a study does."""
    drawn = simulate.cohort(folder, n_cases=N_TUMOURS, seed=SEED, centre_effects=1.0)
    cohort = read_cohort(drawn.manifest)
    with open_run(folder / "run", "run") as run:
        with clock.step("own"):
            own = run.measure(cohort, chosen.features, pictures=True)
        assert chosen.evidence is not None and chosen.evidence.comparator is not None
        with clock.step("conventional"):
            beside = run.measure_beside(cohort, chosen.evidence.comparator.features)
    cases = pd.read_csv(drawn.manifest, dtype=str).merge(drawn.truth, on="case_id")
    return Measured(folder, cases, own, beside)


def mixtures(measured: Measured, n: int, rng: np.random.Generator) -> np.ndarray:
    """Weights of measured tumours in each patient, (n, n_tumours): a normal draw with mean and covariance of its subtype."""
    subtypes = measured.cases["subtype"].to_numpy().astype(int)
    same = np.array([subtypes == place.subtype for place in draw_plan(n, SEED)])
    share = same / same.sum(axis=1, keepdims=True)
    drawn = np.sqrt(share) * rng.standard_normal(same.shape)
    return share + drawn - share * drawn.sum(axis=1, keepdims=True)


def write_cohort(folder: Path, measured: Measured, first: np.ndarray, seed: int) -> None:
    """The manifest of all patients, whose files are those of a measured tumour, and their expression."""
    collection = draw_collection()
    shifts = np.concatenate([frame.to_numpy() for frame in planted_shifts()])
    rows, patients, expression = [], [], []
    for index, place in enumerate(draw_plan(len(first), seed)):
        rng, organ = np.random.default_rng([seed, index]), organ_of(index)
        patient = replace(simulate.draw_patient(organ.cancer_type, rng), treatment=draw_treatment(rng))
        survival = simulate.draw_survival(patient, place.subtype, rng)
        files = measured.cases.iloc[first[index]]
        rows.append(
            {"patient_id": f"p{index:05}", "case_id": f"c{index:05}", "visit": "1", "scan": organ.modality,
             "modality": organ.modality, "roi": "tumour", "label": "1"}
            | {name: measured.folder / files[name] for name in ("image", "mask")}
            | {"site": place.centre.name, "cohort": f"{organ.cancer_type}-{place.centre.name}", "split": place.split,
               "cancer_type": organ.cancer_type, "age": patient.age_years, "sex": patient.sex, "stage": patient.stage,
               "treatment": patient.treatment, "os_days": survival.days, "os_event": survival.event}
            | draw_markers(organ.cancer_type, place.subtype, rng)
        )  # fmt: skip
        if has_expression(index):
            patients.append(f"p{index:05}")
            expression.append(
                draw_expression(collection, shifts[:, place.subtype - 1], organ.cancer_type, place.centre.name, rng)
            )
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    write_biology(folder, collection, patients, expression)


def extraction_of_all(folder: Path, measured: Extraction, weights: np.ndarray, rng: np.random.Generator) -> Extraction:
    """The features of every patient: those of measured tumours by their weights, sizes by their logarithm, and noise."""
    table = measured.table
    assert table is not None
    first = weights.argmax(axis=1)
    size = np.array([record.unit in SIZE_UNITS for record in table.records])
    known = table.values.to_numpy()
    known = np.where(np.isnan(known), np.nanmedian(known, axis=0), known)
    scaled = np.where(size, np.log(np.maximum(known, 1e-6)), known)
    values = weights @ scaled
    values += NOISE * scaled.std(axis=0) * rng.standard_normal(values.shape)
    values[:, size] = np.exp(values[:, size])
    values = np.clip(values, [one.low for one in table.records], [one.high for one in table.records])
    names = list(table.values.columns)
    for at, record in enumerate(table.records):
        if record.duplicate_of in names:
            values[:, at] = values[:, names.index(record.duplicate_of)]
    rows = read_cohort(folder / "manifest.csv").regions()
    pictures = [one.picture for one in measured.outcomes]
    outcomes = []
    for at, (region, row) in enumerate(zip(rows, values.tolist(), strict=True)):
        features = Features(dict(zip(names, row, strict=True)), {}, table.records, dict(table.flags[first[at]]))
        outcomes.append(Outcome(RowKey(*region.key), region.attributes["modality"], features, picture=pictures[first[at]]))
    described = [(one.key, one.features) for one in outcomes if one.features is not None]
    return Extraction(FeatureTable.from_rows(described), tuple(outcomes))


def study(folder: Path, out: Path, chosen: Recipe, tables: tuple[Extraction, Extraction], clock: Clock) -> None:
    """The study itself, each of its steps timed."""
    from threadpoolctl import threadpool_limits

    own = {name: getattr(imaging_subtypes, name) for name in STEPS}
    try:
        for name, function in own.items():
            setattr(imaging_subtypes, name, clock.timed(STEPS[name], function))
        with open_run(out, "run") as opened, threadpool_limits(1):
            run = Handed(opened.folder, opened.log, opened.workers)
            run.tables = tables
            for picture in {one.picture for one in tables[0].outcomes}:
                data = (folder / "tumours/run/overlays" / picture).read_bytes()
                run.folder.write(f"overlays/{picture}", lambda file, data=data: file.write(data))
            imaging_subtypes.run(chosen, folder / "manifest.csv", run, folder=folder)
            with clock.step("report"):
                page = report.build(run.folder)
    finally:
        for name, function in own.items():
            setattr(imaging_subtypes, name, function)
    clock.finish()
    print(f"\nThe report has {page.stat().st_size / 1e6:.1f} MB.", flush=True)


def main(n: int, n_resamples: int, folder: Path) -> None:
    chosen, rng = recipe(n_resamples), np.random.default_rng(SEED)
    images, clock = Clock(), Clock(printed=True)
    measured = measure(folder / "tumours", chosen, images)
    weights = mixtures(measured, n, rng)
    write_cohort(folder, measured, weights.argmax(axis=1), SEED)
    tables = tuple(extraction_of_all(folder, one, weights, rng) for one in (measured.own, measured.conventional))
    names = ("shape and margin", "conventional (IBSI)")
    print(
        f"| features | tumours | CPU s per tumour | CPU min of {n:,} tumours, extrapolated | peak, MB |\n|---|---|---|---|---|"
    )
    for name, one in zip(names, images.steps.values(), strict=True):
        each = one.cpu_s / N_TUMOURS
        print(f"| {name} | {N_TUMOURS} | {each:.2f} | {each * n / 60:.0f} | {one.peak_mb:,.0f} |")
    print(f"\n| step, {n:,} patients, {n_resamples:,} resamples | wall, s | CPU, s | peak, MB |\n|---|---|---|---|", flush=True)
    study(folder, folder / "run", chosen, tables, clock)


if __name__ == "__main__":
    given = [int(word.replace(",", "")) for word in sys.argv[1:3]]
    sizes = (*given, *(N_PATIENTS, N_RESAMPLES)[len(given) :])
    if len(sys.argv) > 3:
        Path(sys.argv[3]).mkdir(parents=True)
        main(*sizes, Path(sys.argv[3]).absolute())
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(*sizes, Path(temporary))
