"""Patients with subtypes, expression on two platforms and planted differences, for tests of the biology of subtypes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from radiotype.core import Case, Cohort, Region, RowKey
from radiotype.studies.biology_data import BiologyData, ExpressionTable
from radiotype.studies.recipe import Recipe, check_recipe
from radiotype.studies.selection import Sample

GENES = [f"GENE{i}" for i in range(600)]
SETS = {f"SET_{i:02d}": tuple(GENES[i * 10 : i * 10 + 10]) for i in range(50)}
CELLS = {f"cells {i}": tuple(GENES[500 + i * 6 : 506 + i * 6]) for i in range(16)}


def patients(n: int = 160, seed: int = 0) -> tuple[Sample, pd.Series]:
    """Patients of two cancer types and both splits in four subtypes, unevenly spread over the types."""
    rng = np.random.default_rng(seed)
    kind = np.where(np.arange(n) % 2 == 0, "lung", "breast")
    chances = {"lung": (0.4, 0.3, 0.2, 0.1), "breast": (0.1, 0.2, 0.3, 0.4)}
    subtype = [str(1 + rng.choice(4, p=chances[one])) for one in kind]
    cases = pd.DataFrame(
        {
            "case_id": [f"c{i:03d}" for i in range(n)],
            "patient_id": [f"p{i:03d}" for i in range(n)],
            "split": np.where(np.arange(n) % 4 < 2, "discovery", "validation"),
            "cancer_type": kind,
        }
    )
    return Sample(cases, pd.DataFrame(index=cases.index), cancer_type_column="cancer_type"), pd.Series(subtype, name="subtype")


def expression(
    sample: Sample, subtype: pd.Series, planted: dict[str, list[str]], *, shift: float = 1.0, seed: int = 1
) -> pd.DataFrame:
    """Log2 expression with the genes of `planted` (subtype: genes) raised, a level of each type, and noise."""
    rng = np.random.default_rng(seed)
    values = rng.normal(7, 1, len(GENES)) + rng.normal(0, 1, (len(subtype), len(GENES)))
    values += np.where(sample.cancer_type == "lung", 1, -1)[:, None] * rng.normal(0, 0.7, len(GENES))
    table = pd.DataFrame(values, columns=GENES, index=sample.cases["case_id"].to_numpy())
    for name, genes in planted.items():
        table.loc[(subtype == name).to_numpy(), genes] += shift
    return table


def data(table: pd.DataFrame, *others: pd.DataFrame) -> BiologyData:
    tables = [ExpressionTable(f"platform {i + 1}.csv", one, *one.shape) for i, one in enumerate((table, *others))]
    return BiologyData(tuple(tables), SETS, CELLS)


def recipe(**biology: object) -> Recipe:
    settings = {"expression": "expression.csv", "gene_sets": "sets.gmt", "cells": "cells.gmt"} | biology
    return check_recipe({"manifest": "m.csv", "cancer_type": "cancer_type", "biology": settings})


def cohort(sample: Sample, **columns: list[str]) -> Cohort:
    """The same patients as the manifest lists them."""
    cases = []
    for i, row in enumerate(sample.cases.to_dict("records")):
        key = RowKey(row["patient_id"], row["case_id"], "1", "CT", "tumour")
        region = Region(key, None, None, {"modality": "CT", "split": row["split"]})
        clinical = {"cancer_type": row["cancer_type"]} | {name: cells[i] for name, cells in columns.items()}
        cases.append(Case(row["case_id"], row["patient_id"], (region,), clinical))
    return Cohort(tuple(cases))


def write_gmt(path: Path, sets: dict[str, tuple[str, ...]]) -> Path:
    path.write_text("".join("\t".join([name, "planted", *genes]) + "\n" for name, genes in sets.items()), encoding="utf-8")
    return path
