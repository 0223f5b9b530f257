"""Samples with planted groups, or of one population, for tests of studies; no images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.core import Case, Cohort, FeatureRecord, Features, FeatureTable, Grid, Mask, Region, RowKey, Scan
from radiotype.studies.selection import Sample

N_SHAPES = 19
NAMES = ("volume_mm3", *(f"shape_{i}" for i in range(N_SHAPES)))
RECORDS = tuple(FeatureRecord(name, "test", "a test", unit="mm3" if name == "volume_mm3" else "1") for name in NAMES)


def planted_sample(n: int = 240, k: int = 4, *, seed: int = 0, noise: float = 0.5) -> tuple[Sample, np.ndarray]:
    """Patients of k profiles in three cancer types and two modalities, two fifths in validation, and their groups.

    Cancer type, modality and split tell nothing about the group; with k = 1 there are no groups.
    """
    rng = np.random.default_rng(seed)
    at = np.arange(n)
    group = at % k
    profiles = np.random.default_rng(5).normal(size=(k, N_SHAPES)) if k > 1 else np.zeros((1, N_SHAPES))
    volume = np.exp(5 + group + rng.normal(0, 0.4, n))
    values = pd.DataFrame(np.column_stack([volume, profiles[group] + rng.normal(0, noise, (n, N_SHAPES))]), columns=NAMES)
    cancer_type = np.array(["lung", "brain", "breast"])[at // k % 3]
    cases = pd.DataFrame(
        {
            "case_id": [f"c{i:04}" for i in at], "patient_id": [f"p{i:04}" for i in at], "visit": "1", "scan": "s",
            "roi": "tumour", "modality": np.where(cancer_type == "lung", "CT", "MR"), "reader": "",
            "split": np.where(at // (3 * k) % 5 < 3, "discovery", "validation"), "type": cancer_type,
        }
    )  # fmt: skip
    return Sample(cases, values, RECORDS, "type"), group


class Drawn:
    """The image and the mask of a case without files: a ball."""

    path = Path("none")
    grid = Grid((16, 16, 16), np.eye(4))

    def files(self):
        return ()

    def how(self):
        return {}

    def __call__(self, like=None):
        inside = ((np.indices(self.grid.shape) - 7.5) ** 2).sum(axis=0) < 36
        return Scan(inside.astype(np.float32), self.grid, "MR") if like is None else (Mask(inside, self.grid),)


def cohort_of(sample: Sample) -> tuple[Cohort, FeatureTable]:
    """The cohort and the table of features of which a study would make this sample; every mask is a ball."""
    own = {"reader", *RowKey._fields, "split", "modality", "cohort"}
    cases, rows = [], []
    for case, values in zip(sample.cases.to_dict("records"), sample.values.to_dict("records"), strict=True):
        key = RowKey(*(case[name] for name in RowKey._fields))
        attributes = {name: case[name] for name in ("split", "modality", "cohort") if name in case}
        region = Region(key, Drawn(), Drawn(), attributes=attributes)
        cases.append(Case(key.case_id, key.patient_id, (region,), {name: case[name] for name in case if name not in own}))
        gaps = {name: "empty_region" for name, value in values.items() if np.isnan(value)}
        rows.append((key, Features(values, gaps, sample.records)))
    return Cohort(tuple(cases)), FeatureTable.from_rows(rows)
