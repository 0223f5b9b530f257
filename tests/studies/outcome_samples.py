"""Patients of the simulated clinic with its planted hazards, and features of their own; no images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.core import FeatureRecord, FeatureTable
from radiotype.core.table import KEY_COLUMNS
from radiotype.simulate.clinic import draw_markers, draw_treatment
from radiotype.simulate.outcomes import Hazards, Patient, draw_patient, draw_survival
from radiotype.simulate.plan import draw_plan, organ_of
from radiotype.studies.selection import Sample

TRUTH = Hazards()
N_TEXTURES = 12
RECORDS = (FeatureRecord("volume_mm3", "test", "a test", unit="mm3"),)


def clinic(n: int, seed: int, *, treated: bool = True, null: bool = False) -> tuple[Sample, pd.Series]:
    """Patients as the simulated cohort has them, and their subtypes; with `null` outcomes belong to other patients.

    Without a treatment the hazard ratios of `TRUTH.subtype` hold exactly. Volume grows with the subtype.
    """
    rng = np.random.default_rng([seed, n])
    plan = draw_plan(n, seed)
    rows = []
    for index, place in enumerate(plan):
        patient = draw_patient(organ_of(index).cancer_type, rng)
        treatment = draw_treatment(rng) if treated else ""
        patient = Patient(patient.cancer_type, patient.age_years, patient.sex, patient.stage, treatment)
        survival = draw_survival(patient, place.subtype, rng)
        rows.append(
            {"case_id": f"c{index:04}", "patient_id": f"p{index:04}", "visit": "1", "scan": "s", "roi": "tumour",
             "modality": "CT", "reader": "", "split": place.split, "type": patient.cancer_type,
             "age": str(patient.age_years), "sex": patient.sex, "stage": patient.stage, "treatment": treatment,
             "os_days": str(survival.days), "os_event": str(survival.event)}
            | draw_markers(patient.cancer_type, place.subtype, rng)
        )  # fmt: skip
    cases = pd.DataFrame(rows)
    if null:
        order = rng.permutation(n)
        cases[["os_days", "os_event"]] = cases[["os_days", "os_event"]].to_numpy()[order]
    subtype = pd.Series([str(place.subtype) for place in plan])
    volume = np.exp(6 + 0.8 * subtype.astype(int) + rng.normal(0, 0.6, n))
    return Sample(cases, pd.DataFrame({"volume_mm3": volume}), RECORDS, "type"), subtype


def textures(sample: Sample, seed: int) -> FeatureTable:
    """Features of the conventional model: one that goes with volume, the others are noise."""
    rng = np.random.default_rng([seed, 7])
    n = len(sample.cases)
    values = pd.DataFrame(rng.normal(size=(n, N_TEXTURES)), columns=[f"texture_{i}" for i in range(N_TEXTURES)])
    values["texture_0"] = np.log(sample.values["volume_mm3"]) + 0.3 * values["texture_0"]
    records = tuple(FeatureRecord(name, "test", "a test") for name in values)
    keys = sample.cases[list(KEY_COLUMNS)]
    return FeatureTable(keys, values, records, tuple({} for _ in range(n)), tuple({} for _ in range(n)))
