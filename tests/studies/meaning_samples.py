"""Patients with features of the four families, in planted subtypes or of one population; no images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from radiotype.core import FeatureRecord
from radiotype.studies.recipe import Recipe, check_recipe
from radiotype.studies.selection import Sample
from radiotype.studies.subtyping import Subtyping, subtype

DISTANCES = ("chi_square", "bhattacharyya", "correlation", "intersection")
SIZES = tuple(FeatureRecord(name, "morphology", "a size", unit) for name, unit in (("volume_mm3", "mm3"), ("area_mm2", "mm2")))
SYMMETRY = tuple(FeatureRecord(f"spharm_entropy_l{n}", "spharm", "evenness") for n in range(1, 9))
REGULARITY = tuple(FeatureRecord(f"spharm_energy_l{n}", "spharm", "detail") for n in range(2, 12))
MARGINS = tuple(
    FeatureRecord(f"margin_{pair}_{one}", "margin", "a distance", detail={"distance": one})
    for pair in "ab"
    for one in DISTANCES
)
OTHER = tuple(FeatureRecord(f"texture_{n}", "ibsi", "a texture") for n in range(4))
RECORDS = (*SIZES, *SYMMETRY, *REGULARITY, *MARGINS, *OTHER)
NAMES = tuple(record.name for record in RECORDS)

#: Shift of each planted subtype, by family: the second has large and irregular tumours, the third distinct margins.
PLANTED = (
    {},
    {"size": 2.5, "energy": 2.0},
    {"chi_square": 2.5, "bhattacharyya": 2.5, "correlation": -2.5, "intersection": -2.5},
)


def patients(n: int = 240, *, seed: int = 0, planted: tuple[dict[str, float], ...] = ({},)) -> tuple[Sample, np.ndarray]:
    """Patients of two cancer types, half of them in validation, and their planted groups; all features are independent."""
    rng = np.random.default_rng(seed)
    group = np.arange(n) % len(planted)
    values = pd.DataFrame(rng.normal(size=(n, len(NAMES))), columns=NAMES)
    for at, shifts in enumerate(planted):
        for word, shift in shifts.items():
            names = [record.name for record in RECORDS if word in record.name or (word == "size" and record in SIZES)]
            values.loc[group == at, names] += shift
    for record in SIZES:
        values[record.name] = np.exp(5 + values[record.name])
    at = np.arange(n) // len(planted)
    cases = pd.DataFrame(
        {
            "case_id": [f"c{i:04}" for i in range(n)], "patient_id": [f"p{i:04}" for i in range(n)], "visit": "1",
            "scan": "s", "roi": "tumour", "modality": "CT", "reader": "",
            "split": np.where(at % 4 < 2, "discovery", "validation"), "type": np.where(at % 2, "lung", "brain"),
        }
    )  # fmt: skip
    return Sample(cases, values, RECORDS, "type"), group


def recipe(k: int, **subtypes: object) -> Recipe:
    settings = {"k": k, "k_range": [k, k], "n_resamples": 50} | subtypes
    return check_recipe({"manifest": "m.csv", "cancer_type": "type", "subtypes": settings})


def found_in(sample: Sample, k: int, **subtypes: object) -> Subtyping:
    return subtype(sample, recipe(k, **subtypes))
