"""What a study of 600 simulated patients finds of what was planted, and of what was not.

Run: python benchmarks/soak/planted.py; about twenty minutes of two cores. Three cohorts as `radiotype demo --full` writes
them (three cancer types, CT and MR, six centres, scans and masks as files): with four subtypes; with outcomes, expression and
molecular subtypes that belong to other patients (`null="outcomes"`); with shapes of one population (`null="shapes"`). The seed
was chosen before the first run. Bands are those of the binomial distribution, 0.001 outside.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from scipy.stats import binom
from sklearn.metrics import adjusted_rand_score

from radiotype import simulate, studies
from radiotype.cli.demo import N_WHOLE, demo_recipe
from radiotype.run.workers import Workers
from radiotype.simulate import SimulatedCohort

SEED = 20261122
LEVEL = 0.05
LEAST_RAND, LEAST_PROPORTION = 0.9, 0.8


@dataclass
class Marks:
    """A table of what was asked, what was found, and whether it is as it should be."""

    rows: list[tuple[str, str, bool]]

    def add(self, what: str, found: str, good: bool) -> None:
        self.rows.append((what, found, bool(good)))


@dataclass
class Study:
    """A cohort and the tables of its study."""

    cohort: SimulatedCohort
    folder: Path

    def table(self, name: str) -> pd.DataFrame:
        file = self.folder / "results" / f"{name}.parquet"
        return pd.read_parquet(file) if file.exists() else pd.DataFrame()

    @property
    def members(self) -> pd.DataFrame:
        """Patients with the subtype found and the one planted."""
        return self.table("subtypes").merge(self.cohort.truth, on="case_id", suffixes=("", "_planted"))

    def planted_of(self) -> dict[str, str]:
        """The planted subtype that most patients of each subtype have."""
        both = self.members
        return {str(name): str(own["subtype_planted"].mode()[0]) for name, own in both.groupby("subtype")}


def study(folder: Path, null: str, **changed: Any) -> Study:
    """The demo's study of a cohort of 600."""
    cohort = simulate.cohort(folder / "cohort", n_cases=N_WHOLE, size="full", seed=SEED, centre_effects=1.0, null=null)
    recipe = demo_recipe("full", SEED)
    recipe["subtypes"] = {**recipe["subtypes"], **changed}  # type: ignore[dict-item]
    file = folder / "study.yaml"
    file.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return Study(cohort, studies.run(file, folder / "run", workers=Workers(2)).folder)


def subtypes(found: Study, marks: Marks) -> None:
    both = found.members
    k = both["subtype"].nunique()
    marks.add("number of subtypes", f"{k} of {found.cohort.planted.n_subtypes}", k == found.cohort.planted.n_subtypes)
    for name, part in (("all", both), *both.groupby("split")):
        rand = adjusted_rand_score(part["subtype_planted"], part["subtype"])
        marks.add(f"adjusted Rand index, {name} ({len(part)})", f"{rand:.3f}", rand >= LEAST_RAND)
    proportions = found.table("in_group_proportions")
    for (kind, fitted, tested), own in proportions.groupby(["comparison", "fitted_in", "tested_in"], sort=False):
        values = own["in_group_proportion"]
        told = f"{' '.join(f'{one:.2f}' for one in values)} (largest p = {own['p_value'].max():.2g})"
        marks.add(f"in-group proportions, {kind}: {fitted} in {tested}", told, values.min() > LEAST_PROPORTION)
    regions = pd.read_parquet(found.folder / "cases.parquet")
    failed = int((~regions["status"].isin(["ok", "partial"])).sum())
    marks.add("regions that failed", f"{failed} of {len(regions)}", failed == 0)


def survival(found: Study, marks: Marks) -> None:
    """Hazard ratios of subtypes and of treatment in each of them, beside the planted ones."""
    planted, truth = found.planted_of(), found.cohort.planted
    models = found.table("cox")
    models = models[(models["model"] == "all") & models["term"].str.startswith("subtype ")]
    for row in models.to_dict("records"):
        one, other = (planted[row[side].rsplit(" ", 1)[1]] for side in ("term", "reference"))
        ratio = truth.hazard_ratios[int(one)] / truth.hazard_ratios[int(other)]
        marks.add(f"hazard ratio, planted {one} against {other}: {ratio:.2f}", *_within(row, "hazard_ratio", ratio))
    ratios = found.table("treatment_ratios")
    for row in ratios[ratios["stratum"] == "all"].to_dict("records"):
        one, other = planted[row["subtype"]], planted[row["reference_subtype"]]
        ratio = truth.treatment[int(one)] / truth.treatment[int(other)]
        ratio = 1 / ratio if row["reference"] == "radiotherapy" else ratio
        what = f"{row['treatment']} against {row['reference']}, planted {one} against {other}: {ratio:.2f}"
        marks.add(what, *_within(row, "ratio", ratio))
    tests = found.table("logrank")
    p = tests.loc[(tests["stratum"] == "all") & (tests["split"] == "all"), "p_value"].item()
    differ = len(set(truth.hazard_ratios.values())) > 1
    marks.add(f"log-rank, {'planted' if differ else 'nothing planted'}", f"p = {p:.2g}", (p < LEVEL) == differ)


def _within(row: dict[str, Any], column: str, ratio: float) -> tuple[str, bool]:
    return f"{row[column]:.2f} ({row['lower']:.2f} to {row['upper']:.2f})", row["lower"] <= ratio <= row["upper"]


def comparator(found: Study, marks: Marks) -> None:
    """Told, not marked: the subtypes beside the conventional model in validation patients."""
    for row in found.table("risk_concordance").to_dict("records"):
        if row["split"] == "validation" and row["stratum"] == "all":
            marks.add(f"told only: C of {row['score']} in validation", f"{row['concordance']:.3f}", True)


def sets(found: Study, marks: Marks, name: str, column: str, shifts: pd.DataFrame) -> None:
    """Planted sets at FDR < 0.05 in their subtype; of the others no more than chance."""
    tests = found.table(name)
    tests = tests[(tests["stratum"] == "all") & (tests["split"] == "all") & tests["comparison"].str.endswith(" v rest")]
    own = tests["comparison"].str.removesuffix(" v rest").map(found.planted_of())
    shift = [shifts.loc[one, int(k)] if one in shifts.index else 0.0 for one, k in zip(tests[column], own, strict=True)]
    shifted = pd.Series(shift, index=tests.index)
    hits = (tests["q_value"] < LEVEL) & (tests["effect"] * shifted > 0)
    n, n_found = int((shifted != 0).sum()), int(hits[shifted != 0].sum())
    if n:
        marks.add(f"{name}: planted ones found at FDR < {LEVEL}, in their direction", f"{n_found} of {n}", n_found == n)
    never = tests[~tests[column].isin(shifts.index[(shifts != 0).any(axis=1)])]
    low, upper = int((never["p_value"] < LEVEL).sum()), int(binom.ppf(0.9995, len(never), LEVEL))
    marks.add(f"{name}: others with p < {LEVEL}, at most {upper}", f"{low} of {len(never)}", low <= upper)
    false, total = int((never["q_value"] < LEVEL).sum()), int((tests["q_value"] < LEVEL).sum())
    upper = int(binom.ppf(0.9995, max(total, 1), LEVEL))
    marks.add(f"{name}: others at FDR < {LEVEL}, at most {upper}", f"{false} of {total} findings", false <= upper)


def with_subtypes(found: Study, marks: Marks) -> None:
    """Subtypes, hazards, treatment, expression and molecular subtypes; what was planted says what is right."""
    subtypes(found, marks)
    survival(found, marks)
    comparator(found, marks)
    sets(found, marks, "hallmarks", "gene_set", found.cohort.planted.gene_sets)
    sets(found, marks, "cells", "population", found.cohort.planted.cells)
    molecular(found, marks)


def molecular(found: Study, marks: Marks) -> None:
    tests = found.table("molecular")
    row = tests[(tests["stratum"] == "all") & (tests["split"] == "all")].iloc[0]
    planted = found.cohort.planted.cramers_v > 0
    what = f"molecular subtype, planted Cramer's V {found.cohort.planted.cramers_v:.2f}"
    marks.add(what, f"V = {row['cramers_v']:.2f} (p = {row['p_value']:.2g})", (row["p_value"] < LEVEL) == planted)


def without_subtypes(found: Study, marks: Marks) -> None:
    k = json.loads((found.folder / "results" / "consensus.json").read_text(encoding="utf-8"))["k"]
    marks.add("number of subtypes (1: none are stable)", str(k), k == 1)
    for name in ("logrank", "hallmarks", "feature_differences", "in_group_proportions"):
        marks.add(f"tests in {name}", str(len(found.table(name))), found.table(name).empty)
    marks.add("model for new patients", "none", not (found.folder / "model.radiotype").exists())


def main() -> None:
    print("# What a study of 600 simulated patients finds\n")
    print(f"`python benchmarks/soak/planted.py`, seed {SEED}; the recipe of `radiotype demo`; **no** is not as it should be.\n")
    missed = 0
    parts = (
        ("Four subtypes and what goes with them", "none", with_subtypes, {}),
        ("Outcomes, expression and molecular subtypes of other patients", "outcomes", with_subtypes, {}),
        ("Shapes of one population, `choose: stability`", "shapes", without_subtypes, {"choose": "stability"}),
    )
    for title, null, look, changed in parts:
        with tempfile.TemporaryDirectory() as folder:
            marks = Marks([])
            look(study(Path(folder), null, **changed), marks)
        print(f"## {title}\n\n| asked | found | as planted |\n|---|---|---|")
        for what, value, good in marks.rows:
            print(f"| {what} | {value} | {'yes' if good else '**no**'} |")
            missed += not good
        print(flush=True)
    raise SystemExit(f"{missed} not as planted" if missed else 0)


if __name__ == "__main__":
    main()
